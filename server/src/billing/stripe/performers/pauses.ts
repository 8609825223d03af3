/**
 * A time without charges, and how it ends. Stripe has two kinds: it collects nothing while periods go on and their
 * invoices are void (`pause_collection`), or the subscription itself stands still (status `paused`).
 */
import { asking } from "../errors.ts";
import type { Action, Performer, Snapshot, Step, Tools } from "../model.ts";
import { refuse } from "../rules.ts";
import {
  isChargeStopped,
  isForeign,
  isOurs,
  mainItem,
  pauseEntryOf,
  pausesService,
  periodEndOf,
  present,
} from "../view.ts";
import { changed, ends, outlookOf, withoutSchedule } from "./foreseen.ts";
import { withPlannedPause } from "./foreseen-schedules.ts";
import { checkPossible } from "./limits.ts";
import { release, write } from "./pause-schedules.ts";
import { movePause, planPause } from "./scheduling.ts";
import { checkCharges } from "./terms.ts";

export { resume } from "./resuming.ts";

/** `collection`: as said above. `planned`: a schedule stops the service. `moved`: it does already, until then. */
type Way = "collection" | "planned" | "moved";

/** @throws BillingError rejected */
function wayOf(before: Snapshot, { type, resumesAt }: Action<"pause">, tools: Tools): Way {
  const { now, settings } = tools;
  const { subscription, schedule } = before;
  const { status } = present(before, undefined, now, settings);
  if (status !== "active" && status !== "paused")
    refuse("subscription_not_active", `${subscription.id} is ${status}`);
  if (!Number.isSafeInteger(resumesAt) || resumesAt <= now)
    refuse("resume_in_past", "resumesAt must lie ahead");
  checkPossible(before, type, tools);
  const entry = pauseEntryOf(schedule);
  if (subscription.status === "paused" && !entry)
    refuse("managed_elsewhere", `${subscription.id} was not paused here`);
  const stops = entry && (subscription.status === "paused" || resumesAt > entry.pause.pause_at * 1000);
  if (stops) return "moved";
  // Inside what is paid for there is nothing to stop, and Stripe pauses nothing for which something else is scheduled.
  const isPlanned =
    pausesService(subscription, settings) &&
    resumesAt > periodEndOf(before, now) &&
    !subscription.pause_collection &&
    (!schedule || entry || isUnused(before));
  if (isPlanned) return "planned";
  checkPossible(before, type, { settings: {} });
  return "collection";
}

/** What an attempt has left behind that did not live to plan anything with it. */
const isUnused = (before: Snapshot): boolean =>
  before.schedule !== undefined && !isForeign(before) && !isOurs(before.schedule);

/** Of what is paused already only the end moves. */
function sinceOf(before: Snapshot, { now, settings }: Tools): Record<string, string> {
  const { status } = present(before, undefined, now, settings);
  return status === "paused" ? {} : { renumerate_paused_since: String(now) };
}

/** Who has paused it elsewhere may want drafts: the behaviour stays. */
const collectionOf = ({ subscription: { pause_collection: running } }: Snapshot, resumesAt: number) => ({
  behavior: running?.behavior ?? ("void" as const),
  resumes_at: resumesAt,
});

function paused(before: Snapshot, way: Way, resumesAt: number, tools: Tools): Snapshot {
  const { now } = tools;
  const { metadata } = before.subscription;
  const paidUntil = isChargeStopped(before, now) ? before.paidUntil : periodEndOf(before, now);
  const stopped = {
    ...changed(before, { metadata: { ...metadata, ...sinceOf(before, tools) } }),
    ...(paidUntil === undefined ? {} : { paidUntil }),
  };
  if (way === "collection")
    return changed(pauseEntryOf(before.schedule) ? withoutSchedule(stopped) : stopped, {
      pause_collection: collectionOf(before, resumesAt),
    });
  const pauseAt =
    pauseEntryOf(before.schedule)?.pause.pause_at ?? mainItem(before.subscription).current_period_end;
  return withPlannedPause(stopped, pauseAt, resumesAt);
}

export const pause: Performer<"pause"> = {
  async foresee(before, action, tools) {
    const way = wayOf(before, action, tools);
    const after = paused(before, way, ends(action.resumesAt), tools);
    checkCharges(after);
    return outlookOf(after, tools);
  },

  async perform(before, action, step, tools) {
    const way = wayOf(before, action, tools);
    const resumesAt = ends(action.resumesAt);
    checkCharges(paused(before, way, resumesAt, tools));
    const metadata = { ...sinceOf(before, tools), ...step.done };
    if (way === "collection") return collectNothing(before, resumesAt, metadata, step, tools);
    // Whoever finds the effect there looks no further.
    await step.begin(sinceOf(before, tools));
    await (way === "planned" ? planPause : movePause)(before, resumesAt, step, tools);
    await write(before.subscription.id, metadata, step.once("done"), tools);
  },

  holds({ subscription, schedule }, action) {
    const planned = pauseEntryOf(schedule)?.resume?.resume_at;
    return (subscription.pause_collection?.resumes_at ?? planned) === ends(action.resumesAt);
  },
};

async function collectNothing(
  before: Snapshot,
  resumesAt: number,
  metadata: Record<string, string>,
  step: Step,
  tools: Tools,
): Promise<void> {
  if (pauseEntryOf(before.schedule)) {
    await step.begin();
    await release(before, step, tools);
  }
  const { stripe } = tools.account;
  const change = { pause_collection: collectionOf(before, resumesAt), metadata };
  await asking(() => stripe.subscriptions.update(before.subscription.id, change, step.once("pause")));
}

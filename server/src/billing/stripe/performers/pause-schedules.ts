/**
 * What is planned for a subscription: another price from the next period on, or a pause that stops the service. Stripe
 * holds both in a subscription schedule, and while one is attached it refuses or overwrites much of what is done to the
 * subscription itself. So the plan is taken off, noted in the subscription's metadata, and put back afterwards.
 */
import type Stripe from "stripe";
import { BillingError } from "../../provider.ts";
import { findPrice } from "../catalogue.ts";
import { asking } from "../errors.ts";
import type { Snapshot, Step, Tools } from "../model.ts";
import { ASIDE, PLANNED, type Plan, parsed, written } from "../plans.ts";
import { readSnapshot } from "../snapshot.ts";
import { isForeign, mainItem, pauseEntryOf, scheduledPriceOf } from "../view.ts";
import { withoutSchedule } from "./foreseen.ts";
import { withPlannedPause, withPlannedPrice } from "./foreseen-schedules.ts";
import { type Once, planPause, planPrice } from "./scheduling.ts";

/**
 * To put something back can be asked for as often as one likes: Stripe takes one schedule and no second. What is known of
 * an earlier time, under a key, would not be done again.
 */
const ANEW: Once = { once: () => ({}) };

/** As metadata, to be remembered with the subscription. */
export function plannedOf(snapshot: Snapshot): Record<string, string> {
  const plan = planOf(snapshot);
  const note = snapshot.subscription.metadata[ASIDE];
  const planned = plan ? written(plan) : note;
  return planned ? { [PLANNED]: planned, ...(note ? { [ASIDE]: "" } : {}) } : {};
}

function planOf(snapshot: Snapshot): Plan | undefined {
  const { schedule } = snapshot;
  if (!schedule || isForeign(snapshot)) return undefined;
  const pause = pauseEntryOf(schedule);
  if (pause?.resume) return { resumesAt: pause.resume.resume_at };
  const planned = scheduledPriceOf(snapshot);
  return planned && { price: planned.price.id, quantity: planned.quantity };
}

/** Whose it is is for the caller to know. */
export async function release({ schedule }: Snapshot, step: Step, { account }: Tools): Promise<void> {
  if (!schedule) return;
  // An end by contract stays what it is.
  const params = schedule.end_behavior === "cancel" ? { preserve_cancel_date: true } : {};
  await asking(() =>
    account.stripe.subscriptionSchedules.release(schedule.id, params, step.once(`release-${schedule.id}`)),
  );
}

/**
 * What was planned is planned again, for the period that runs now.
 * @param planned as `plannedOf` wrote it
 */
export async function restore(
  current: Snapshot,
  planned: string | undefined,
  step: Once,
  tools: Tools,
): Promise<void> {
  const plan = parsed(planned);
  if (!plan || isPlannedAnew(current) || isTrue(plan, current)) return;
  try {
    if ("price" in plan) await planPrice(current, plan, step, tools);
    // What would have ended by now has ended.
    else if (plan.resumesAt * 1000 > tools.now) await planPause(current, plan.resumesAt, step, tools);
  } catch (error) {
    // A price that nobody can buy any more, …: that cannot be planned again, and is no reason to undo the rest.
    if (!(error instanceof BillingError && error.kind === "rejected")) throw error;
    if (current.schedule) return;
    // Or another process is at the same, and may not live to see the end of it.
    const now = await readSnapshot(tools.account, current.subscription.id);
    if (now?.schedule) await restore(now, planned, step, tools);
  }
}

/** By whomever. */
const isPlannedAnew = (current: Snapshot): boolean =>
  current.schedule !== undefined && (isForeign(current) || planOf(current) !== undefined);

/** The one request that is the effect, with the metadata that it has to write. */
type Change = (metadata: Record<string, string>) => Promise<unknown>;

/** Whether it has what was planned for it. */
function isTrue(plan: Plan, { subscription }: Snapshot): boolean {
  const { price, quantity } = mainItem(subscription);
  return "price" in plan && plan.price === price.id && plan.quantity === quantity;
}

/**
 * Changes the subscription itself while nothing is planned for it. If billing says no, what was planned is put back by
 * whoever hears it.
 */
export async function besidePlan(before: Snapshot, step: Step, tools: Tools, change: Change): Promise<void> {
  await setAside(before, step, tools);
  await change(step.done);
  await putBack(before, asideOf(before), tools);
}

/** The same for a change with which the plan becomes void. */
export async function insteadOfPlan(
  before: Snapshot,
  step: Step,
  tools: Tools,
  change: Change,
): Promise<void> {
  await setAside(before, step, tools);
  await change(asideOf(before) ? { ...step.done, [ASIDE]: "" } : step.done);
}

/** Whether something is still put aside. */
export const isLeftAside = ({ subscription }: Snapshot): boolean => Boolean(subscription.metadata[ASIDE]);

/** What is left to do of an action that is through otherwise. */
export const finish = (before: Snapshot, tools: Tools): Promise<void> =>
  putBack(before, before.subscription.metadata[ASIDE], tools);

/** As it is once what was put aside is put back. */
export async function asPlanned(before: Snapshot, { account }: Tools): Promise<Snapshot> {
  const { subscription } = before;
  const plan = parsed(subscription.metadata[ASIDE]);
  if (!plan || isPlannedAnew(before) || isTrue(plan, before)) return before;
  const { current_period_end: end } = mainItem(subscription);
  const bare = withoutSchedule(before);
  if ("resumesAt" in plan) return withPlannedPause(bare, end, plan.resumesAt);
  const price = await findPrice(account, plan.price);
  return price ? withPlannedPrice(bare, price, plan.quantity) : before;
}

function asideOf(before: Snapshot): string | undefined {
  const plan = planOf(before);
  return plan ? written(plan, before.schedule?.id) : before.subscription.metadata[ASIDE];
}

async function setAside(before: Snapshot, step: Step, tools: Tools): Promise<void> {
  const planned = asideOf(before);
  if (!before.schedule && !planned) return;
  const { id, metadata } = before.subscription;
  await step.begin();
  // Not once more by who comes late: the same schedule is put aside once.
  const options = step.once(`note-${before.schedule?.id}`);
  if (planned && metadata[ASIDE] !== planned) await write(id, { [ASIDE]: planned }, options, tools);
  await release(before, step, tools);
}

async function putBack(before: Snapshot, planned: string | undefined, tools: Tools): Promise<void> {
  if (!planned) return;
  const { id } = before.subscription;
  const current = await readSnapshot(tools.account, id);
  if (!current) return;
  await restore(current, planned, ANEW, tools);
  await write(id, { [ASIDE]: "" }, undefined, tools);
}

/** Metadata alone, where the effect is another object's. */
export async function write(
  id: string,
  metadata: Record<string, string>,
  options: Stripe.RequestOptions | undefined,
  { account }: Tools,
): Promise<void> {
  await asking(() => account.stripe.subscriptions.update(id, { metadata }, options));
}

/**
 * What is planned for a subscription: another price from the next period on, or a pause that stops the service. Stripe
 * holds both in a subscription schedule, and while one is attached it refuses or overwrites much of what is done to the
 * subscription itself. So the plan is taken off, noted in the subscription's metadata, and put back afterwards.
 */
import type Stripe from "stripe";
import { BillingError } from "../../provider.ts";
import { asking } from "../errors.ts";
import type { Snapshot, Step, Tools } from "../model.ts";
import { PLANNED, type Plan, parsed, written } from "../plans.ts";
import { readSnapshot } from "../snapshot.ts";
import { isForeign, pauseEntryOf, scheduledPriceOf } from "../view.ts";
import { planPause, planPrice } from "./scheduling.ts";

/** What an action has put aside until it is through: what is found later was left by one that did not live to see it. */
const ASIDE = "renumerate_aside";

/** As metadata, to be remembered with the subscription. */
export function plannedOf(snapshot: Snapshot): Record<string, string> {
  const plan = planOf(snapshot);
  return plan ? { [PLANNED]: written(plan) } : {};
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
  await asking(() => account.stripe.subscriptionSchedules.release(schedule.id, {}, step.once("release")));
}

/**
 * What was planned is planned again, for the period that runs now.
 * @param planned as `plannedOf` wrote it
 */
export async function restore(
  current: Snapshot,
  planned: string | undefined,
  step: Step,
  tools: Tools,
): Promise<void> {
  const plan = parsed(planned);
  if (!plan || (current.schedule && planOf(current))) return;
  try {
    if ("price" in plan) await planPrice(current, plan, step, tools);
    // What would have ended by now has ended.
    else if (plan.resumesAt * 1000 > tools.now) await planPause(current, plan.resumesAt, step, tools);
  } catch (error) {
    // A price that nobody can buy any more, …: that cannot be planned again, and is no reason to undo the rest.
    if (!(error instanceof BillingError && error.kind === "rejected")) throw error;
  }
}

/**
 * Changes the subscription itself while nothing is planned for it. If billing says no, what was planned stays planned.
 * @param change the one request that is the effect, with the metadata that it has to write
 */
export async function besidePlan(
  before: Snapshot,
  step: Step,
  tools: Tools,
  change: (metadata: Record<string, string>) => Promise<unknown>,
): Promise<void> {
  const planned = asideOf(before);
  if (!before.schedule && !planned) return void (await change(step.done));
  await setAside(before, planned, step, tools);
  try {
    await change(step.done);
  } catch (error) {
    if (error instanceof BillingError && error.kind === "rejected")
      await putBack(before, planned, step, tools);
    throw error;
  }
  await putBack(before, planned, step, tools);
}

/** The same for a change with which the plan becomes void. */
export async function insteadOfPlan(
  before: Snapshot,
  step: Step,
  tools: Tools,
  change: (metadata: Record<string, string>) => Promise<unknown>,
): Promise<void> {
  const planned = asideOf(before);
  if (!before.schedule && !planned) return void (await change(step.done));
  await setAside(before, planned, step, tools);
  try {
    await change({ ...step.done, [ASIDE]: "" });
  } catch (error) {
    if (error instanceof BillingError && error.kind === "rejected")
      await putBack(before, planned, step, tools);
    throw error;
  }
}

const asideOf = (before: Snapshot): string | undefined =>
  plannedOf(before)[PLANNED] ?? before.subscription.metadata[ASIDE];

async function setAside(
  before: Snapshot,
  planned: string | undefined,
  step: Step,
  tools: Tools,
): Promise<void> {
  const { id, metadata } = before.subscription;
  await step.begin();
  if (planned && metadata[ASIDE] !== planned) await write(id, { [ASIDE]: planned }, step.once("note"), tools);
  await release(before, step, tools);
}

async function putBack(
  before: Snapshot,
  planned: string | undefined,
  step: Step,
  tools: Tools,
): Promise<void> {
  if (!planned) return;
  const { id } = before.subscription;
  const current = await readSnapshot(tools.account, id);
  if (!current) return;
  await restore(current, planned, step, tools);
  await write(id, { [ASIDE]: "" }, step.once("noted"), tools);
}

/** Metadata alone, where the effect is another object's. */
export async function write(
  id: string,
  metadata: Record<string, string>,
  options: Stripe.RequestOptions,
  { account }: Tools,
): Promise<void> {
  await asking(() => account.stripe.subscriptions.update(id, { metadata }, options));
}

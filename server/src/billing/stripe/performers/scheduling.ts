/** What Stripe does by itself at the end of a period: subscription schedules with another price, or with a pause. */
import type Stripe from "stripe";
import { BillingError } from "../../provider.ts";
import { asking } from "../errors.ts";
import type { Snapshot, Step, Tools } from "../model.ts";
import { mainItem, pauseEntryOf } from "../view.ts";
import { discountsThen } from "./foreseen.ts";
import { phasesFor } from "./phases.ts";

const OURS = { renumerate: "1" };

/** The part of a step that says how each of its requests is made. */
export type Once = Pick<Step, "once">;

/** From the end of the running period on. A schedule that is there already gets other phases. */
export async function planPrice(
  current: Snapshot,
  { price, quantity }: { price: string; quantity: number },
  step: Once,
  tools: Tools,
): Promise<void> {
  const main = mainItem(current.subscription);
  const at = main.current_period_end;
  const { cancel_at: end } = current.subscription;
  await scheduled(current, step, tools, (schedule) => ({
    // Stripe takes an end by contract from the schedule, for as long as there is one.
    end_behavior: end === null ? "release" : "cancel",
    proration_behavior: "none",
    phases: phasesFor(schedule, {
      from: main.price.id,
      to: price,
      quantity,
      at,
      ...(end === null ? {} : { end }),
      ...discountsThen(current, at),
    }),
  }));
}

/** From the end of what is paid for until then, s; of what pauses already only until then. */
export async function planPause(
  current: Snapshot,
  resumesAt: number,
  step: Once,
  tools: Tools,
): Promise<void> {
  await scheduled(current, step, tools, () => ({ pause_schedules: [pauseEntry(current, resumesAt)] }));
}

function pauseEntry(
  { subscription }: Snapshot,
  resumesAt: number,
): Stripe.SubscriptionScheduleUpdateParams.PauseSchedule {
  const resume = {
    resume_at: { type: "timestamp", timestamp: resumesAt },
    settings: {
      billing_cycle_anchor: "resume_at",
      payment_behavior: "resume_on_payment_success",
      proration_behavior: "none",
    },
  } as const;
  if (subscription.status === "paused") return { resume };
  const timestamp = mainItem(subscription).current_period_end;
  // What is used is billed, what is paid for is used up: there is nothing to give back.
  const settings = { type: "subscription", bill_for: { unused_time_from: { type: "none" } } } as const;
  return { pause: { pause_at: { type: "timestamp", timestamp }, settings }, resume };
}

/** Of a pause that waits or runs only the end moves. */
export async function movePause(
  { schedule }: Snapshot,
  resumesAt: number,
  step: Once,
  { account }: Tools,
): Promise<void> {
  const key = pauseEntryOf(schedule)?.key;
  if (!schedule || key === undefined) throw new Error("There is no pause to move");
  const resume = { resume_at: { type: "timestamp", timestamp: resumesAt } } as const;
  const params = { pause_schedules: [{ key, resume }] };
  await asking(() => account.stripe.subscriptionSchedules.update(schedule.id, params, step.once("moved")));
}

/**
 * Two requests, since Stripe takes next to nothing together with `from_subscription`, not even the metadata that says
 * whose it is. One that is left after the first request plans nothing and is known by that.
 */
async function scheduled(
  { schedule: there, subscription: { id } }: Snapshot,
  step: Once,
  { account }: Tools,
  update: (schedule: Stripe.SubscriptionSchedule) => Stripe.SubscriptionScheduleUpdateParams,
): Promise<void> {
  const { subscriptionSchedules: schedules } = account.stripe;
  const schedule =
    there ?? (await asking(() => schedules.create({ from_subscription: id }, step.once("schedule"))));
  try {
    const changes = { ...update(schedule), metadata: OURS };
    await asking(() => schedules.update(schedule.id, changes, step.once("phases")));
  } catch (error) {
    // Nothing is left of what was refused.
    if (!there && error instanceof BillingError && error.kind === "rejected")
      await asking(() =>
        schedules.release(schedule.id, { preserve_cancel_date: true }, step.once("unscheduled")),
      );
    throw error;
  }
}

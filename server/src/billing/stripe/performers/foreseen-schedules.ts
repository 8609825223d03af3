/** A subscription schedule as Stripe would have it, for a state that is only foreseen. */
import type Stripe from "stripe";
import type { Snapshot } from "../model.ts";
import { FORESEEN } from "../plans.ts";
import { mainItem } from "../view.ts";

type Schedule = Stripe.SubscriptionSchedule;

/** From the end of the running period on. */
export function withPlannedPrice(snapshot: Snapshot, price: Stripe.Price, quantity: number): Snapshot {
  const {
    current_period_start: from,
    current_period_end: at,
    price: present,
  } = mainItem(snapshot.subscription);
  const phases = [phase(from, at, present, quantity), phase(at, at + 86_400, price, quantity)];
  return { ...snapshot, schedule: { ...scheduleOf(snapshot), phases } };
}

/** @param pauseAt s @param resumeAt s */
export function withPlannedPause(snapshot: Snapshot, pauseAt: number, resumeAt: number): Snapshot {
  const entry: Stripe.SubscriptionSchedule.PauseSchedule = {
    key: "foreseen",
    pause: { pause_at: pauseAt, settings: null, status: { type: "scheduled" } },
    resume: {
      resume_at: resumeAt,
      settings: {
        billing_cycle_anchor: "resume_at",
        payment_behavior: "resume_on_payment_success",
        proration_behavior: "none",
      },
      status: { type: "scheduled" },
    },
  };
  return { ...snapshot, schedule: { ...scheduleOf(snapshot), pause_schedules: [entry] } };
}

/** No more than what is read of one: it is shown, and never sent. */
function scheduleOf({ subscription, schedule }: Snapshot): Schedule {
  const metadata = { renumerate: "1" };
  if (schedule) return { ...schedule, metadata };
  const foreseen = { id: FORESEEN, status: "active", metadata, end_behavior: "release", pause_schedules: [] };
  return { ...foreseen, phases: [], subscription: subscription.id } as unknown as Schedule;
}

const phase = (from: number, to: number, price: Stripe.Price, quantity: number): Schedule["phases"][number] =>
  ({ start_date: from, end_date: to, items: [{ price, quantity }] }) as unknown as Schedule["phases"][number];

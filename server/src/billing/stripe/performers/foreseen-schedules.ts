/** A subscription schedule as Stripe would have it, for a state that is only foreseen. */
import type Stripe from "stripe";
import type { Snapshot } from "../model.ts";
import { FORESEEN } from "../plans.ts";
import { mainItem } from "../view.ts";
import { began } from "./foreseen.ts";

type Schedule = Stripe.SubscriptionSchedule;

/** From the end of the running period on. */
export function withPlannedPrice(
  snapshot: Snapshot,
  price: Stripe.Price,
  quantity: number,
  now: number,
): Snapshot {
  const schedule = scheduleOf(snapshot, now);
  const { current_period_start: from, current_period_end: at } = mainItem(snapshot.subscription);
  const planned = phase(snapshot, { start_date: at, end_date: at + 86_400 }, { price, quantity });
  const running = phase(
    snapshot,
    { start_date: from, end_date: at },
    { price: mainItem(snapshot.subscription).price, quantity },
  );
  return { ...snapshot, schedule: { ...schedule, phases: [running, planned] } };
}

/** @param pauseAt s @param resumeAt s */
export function withPlannedPause(
  snapshot: Snapshot,
  pauseAt: number,
  resumeAt: number,
  now: number,
): Snapshot {
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
  return { ...snapshot, schedule: { ...scheduleOf(snapshot, now), pause_schedules: [entry] } };
}

function scheduleOf(snapshot: Snapshot, now: number): Schedule {
  const { subscription, customer, schedule } = snapshot;
  const main = mainItem(subscription);
  const period = { start_date: main.current_period_start, end_date: main.current_period_end };
  if (schedule) return { ...schedule, current_phase: period, metadata: { renumerate: "1" } };
  return {
    id: FORESEEN,
    object: "subscription_schedule",
    application: null,
    billing_mode: subscription.billing_mode,
    canceled_at: null,
    completed_at: null,
    created: began(now),
    current_phase: period,
    customer: customer.id,
    customer_account: null,
    default_settings: {
      application_fee_percent: null,
      billing_cycle_anchor: "automatic",
      billing_thresholds: null,
      collection_method: subscription.collection_method,
      default_payment_method: null,
      description: null,
      invoice_settings: {
        account_tax_ids: null,
        custom_fields: null,
        days_until_due: null,
        description: null,
        footer: null,
        issuer: { type: "self" },
      },
      on_behalf_of: null,
      transfer_data: null,
    },
    end_behavior: "release",
    livemode: subscription.livemode,
    metadata: { renumerate: "1" },
    pause_schedules: [],
    phases: [phase(snapshot, period, { price: main.price, quantity: main.quantity ?? 1 })],
    released_at: null,
    released_subscription: null,
    status: "active",
    subscription: subscription.id,
    test_clock: subscription.test_clock,
  };
}

function phase(
  { subscription }: Snapshot,
  period: Stripe.SubscriptionSchedule.CurrentPhase,
  { price, quantity }: { price: Stripe.Price; quantity: number },
): Stripe.SubscriptionSchedule.Phase {
  const item: Stripe.SubscriptionSchedule.Phase["items"][number] = {
    billing_thresholds: null,
    discounts: [],
    metadata: null,
    plan: price.id,
    price,
    quantity,
  };
  return {
    add_invoice_items: [],
    application_fee_percent: null,
    billing_cycle_anchor: null,
    billing_thresholds: null,
    collection_method: null,
    currency: subscription.currency,
    default_payment_method: null,
    description: null,
    discounts: [],
    ...period,
    invoice_settings: null,
    items: [item],
    metadata: null,
    on_behalf_of: null,
    proration_behavior: "none",
    transfer_data: null,
    trial_end: null,
  };
}

/** Ends of subscriptions: https://docs.stripe.com/billing/subscriptions/cancel */
import type Stripe from "stripe";
import { Refusal, type State } from "../state.ts";
import { isMetered, rounded } from "./amounts.ts";
import { pendingOf, putPending, taxRatesOf } from "./entries.ts";
import { draft } from "./invoices.ts";
import { nextPeriodEnd } from "./items.ts";
import { idOf, memory } from "./memory.ts";
import { invoiceNow } from "./renewals.ts";
import { invoicesOf, tracked } from "./standing.ts";

type Subscription = Stripe.Subscription;
type Details = NonNullable<Subscription["cancellation_details"]>;

interface Cancellation {
  cancel_at?: Stripe.Emptyable<number | string>;
  cancel_at_period_end?: boolean;
  proration_behavior?: string;
}

const details = (subscription: Subscription, more: Partial<Details>): Details => ({
  comment: null,
  feedback: null,
  feedback_option: null,
  reason: null,
  ...subscription.cancellation_details,
  ...more,
});

function instantOf(subscription: Subscription, at: number, given: number | string): number {
  if (given === "min_period_end") return nextPeriodEnd(subscription);
  if (given === "max_period_end")
    return Math.max(...subscription.items.data.map((item) => item.current_period_end));
  if (typeof given !== "number" || given <= at)
    throw new Refusal(400, "Invalid timestamp: cancel_at must be in the future.", { param: "cancel_at" });
  return given;
}

/** What is paid for beyond the end is given back as credit. */
export function creditUnused(
  state: State,
  subscription: Subscription,
  from: number,
  at: number,
): Stripe.InvoiceItem[] {
  return subscription.items.data.flatMap((item) => {
    const { billed } = memory(state, item.id);
    if (!billed || isMetered(item.price) || from >= billed.end) return [];
    const start = Math.max(from, billed.start);
    const amount = -rounded((billed.net * (billed.end - start)) / (billed.end - billed.start));
    if (!amount) return [];
    const of = {
      id: item.id,
      price: item.price,
      quantity: item.quantity ?? 1,
      taxRates: taxRatesOf(subscription, item),
    };
    return putPending(state, subscription, of, amount, { start, end: billed.end }, at);
  });
}

/**
 * Sets or takes back an end that lies ahead. Whether comment and feedback stay when it is taken back is not documented;
 * here they go with the reason.
 */
export function scheduleCancellation(
  state: State,
  subscription: Subscription,
  { cancel_at, cancel_at_period_end, proration_behavior = "create_prorations" }: Cancellation,
  at: number,
): void {
  if (cancel_at !== undefined && cancel_at !== "" && cancel_at_period_end)
    throw new Refusal(400, "You cannot set both `cancel_at` and `cancel_at_period_end`.", {
      code: "parameters_exclusive",
    });
  const isSet = (cancel_at !== undefined && cancel_at !== "") || cancel_at_period_end === true;
  if (isSet) {
    const end =
      cancel_at_period_end === true
        ? nextPeriodEnd(subscription)
        : instantOf(subscription, at, cancel_at ?? at);
    const prorates = subscription.status !== "trialing" && proration_behavior !== "none";
    if (prorates && end < nextPeriodEnd(subscription)) creditUnused(state, subscription, end, at);
    subscription.cancel_at = end;
    subscription.cancel_at_period_end = cancel_at_period_end === true;
    subscription.canceled_at = at;
    subscription.cancellation_details = details(subscription, { reason: "cancellation_requested" });
  } else if (cancel_at === "" || cancel_at_period_end === false) {
    if (subscription.cancel_at === null) return;
    Object.assign(subscription, { cancel_at: null, cancel_at_period_end: false, canceled_at: null });
    subscription.cancellation_details = {
      comment: null,
      feedback: null,
      feedback_option: null,
      reason: null,
    };
  }
}

export interface Feedback {
  comment?: string;
  feedback?: string;
}

/** "" clears. */
export function explain(subscription: Subscription, given: Feedback | undefined): void {
  if (!given) return;
  subscription.cancellation_details = details(subscription, {
    ...(given.comment === undefined ? {} : { comment: given.comment || null }),
    ...(given.feedback === undefined ? {} : { feedback: given.feedback || null }),
  });
}

/** A schedule does not outlive its subscription. */
function endSchedule(state: State, subscription: Subscription, at: number): void {
  const schedule = state.find("subscription_schedules", idOf(subscription.schedule as string | null));
  if (!schedule) return;
  Object.assign(schedule, { status: "canceled", canceled_at: at, current_phase: null });
  subscription.schedule = null;
  state.emit("subscription_schedule.canceled", schedule, at);
}

interface End {
  invoiceNow?: boolean;
  prorate?: boolean;
  /** The end was planned: what waits to be invoiced gets an invoice of its own. */
  planned?: boolean;
}

/** It ends. Nobody asks any more for what is not paid, and what waits to be invoiced is dropped or invoiced. */
export function end(state: State, subscription: Subscription, at: number, how: End = {}): void {
  tracked(state, subscription, at, () => {
    if (how.prorate) creditUnused(state, subscription, at, at);
    if (how.invoiceNow && pendingOf(state, subscription).length > 0)
      invoiceNow(state, subscription, [], { reason: "subscription_update", at });
    for (const pending of pendingOf(state, subscription))
      if (!how.prorate && !how.planned && pending.parent) delete state.data.objects.invoiceitems[pending.id];
    for (const invoice of invoicesOf(state, subscription))
      if (invoice.status === "draft" || invoice.status === "open")
        Object.assign(invoice, {
          auto_advance: false,
          automatically_finalizes_at: null,
          next_payment_attempt: null,
        });
    endSchedule(state, subscription, at);
    const reason = subscription.cancellation_details?.reason ?? "cancellation_requested";
    Object.assign(subscription, {
      status: "canceled",
      ended_at: at,
      canceled_at: how.planned ? (subscription.canceled_at ?? at) : at,
      cancellation_details: details(subscription, { reason }),
    });
    delete subscription.status_details;
    delete memory(state, subscription.id).resumption;
    if (how.planned && pendingOf(state, subscription).length > 0)
      draft(state, subscription, [], { reason: "subscription_cycle", at });
  });
}

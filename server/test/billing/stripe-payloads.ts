/** What Stripe sends, cut down to what somebody could look at, in the shapes of three times. */

export const SECOND = 1_000;

export interface Sent {
  id: string;
  object: "event";
  api_version: string;
  created: number;
  livemode: boolean;
  type: string;
  data: { object: Record<string, unknown>; previous_attributes?: Record<string, unknown> };
  [more: string]: unknown;
}

let made = 0;
const newId = (prefix: string): string => `${prefix}_${String(++made).padStart(6, "0")}`;
const seconds = (ms: number): number => Math.floor(ms / SECOND);

/** @param at ms */
export function event(type: string, at: number, object: Record<string, unknown>, more: object = {}): Sent {
  return {
    id: newId("evt"),
    object: "event",
    api_version: "2026-10-28.endive",
    created: seconds(at),
    livemode: true,
    pending_webhooks: 1,
    request: { id: null, idempotency_key: null },
    type,
    data: { object },
    ...more,
  };
}

export interface Details {
  reason?: "cancellation_requested" | "payment_failed" | "payment_disputed";
  feedback?: string;
  comment?: string;
}

const details = (given: Details = {}) => ({ comment: null, feedback: null, reason: null, ...given });

const subscription = (id: string, more: object) => ({
  id,
  object: "subscription",
  customer: "cus_NffrFeUfNV2Hib",
  status: "active",
  cancel_at: null,
  cancel_at_period_end: false,
  canceled_at: null,
  cancellation_details: details(),
  currency: "usd",
  items: { object: "list", data: [{ id: "si_1", current_period_end: 1_900_000_000 }] },
  metadata: { private: "PRIVATE-WORDS" },
  ...more,
});

/** Somebody has scheduled the end. @param at ms */
export const leaves = (id: string, at: number, given: Details = {}): Sent =>
  changed(
    at,
    subscription(id, {
      cancel_at_period_end: true,
      cancel_at: 1_900_000_000,
      canceled_at: seconds(at),
      cancellation_details: details({ reason: "cancellation_requested", ...given }),
    }),
    { cancel_at_period_end: false, cancel_at: null, canceled_at: null },
  );

/** It was taken back. */
export const stays = (id: string, at: number): Sent =>
  changed(at, subscription(id, {}), { cancel_at_period_end: true, canceled_at: seconds(at) - 60 });

/** Something else of it has changed. */
export const changed = (
  at: number,
  object: Record<string, unknown>,
  previous: Record<string, unknown>,
): Sent =>
  event("customer.subscription.updated", at, object, { data: { object, previous_attributes: previous } });

export const renamed = (id: string, at: number): Sent =>
  changed(at, subscription(id, {}), { metadata: { private: "OTHER-WORDS" } });

/** It is over. @param asked when that was asked for, ms */
export const ended = (id: string, at: number, given: Details = {}, asked = at): Sent =>
  event(
    "customer.subscription.deleted",
    at,
    subscription(id, {
      status: "canceled",
      canceled_at: seconds(asked),
      ended_at: seconds(at),
      cancellation_details: details(given),
    }),
  );

export interface Billed {
  id?: string;
  subscription?: string | undefined;
  attempt?: number;
  amount?: number;
  currency?: string;
  /** ms */
  next?: number;
}

function invoice({ id = "in_1", attempt = 1, amount = 4900, currency = "usd", next }: Billed) {
  return {
    id,
    object: "invoice",
    amount_due: amount,
    amount_paid: 0,
    amount_remaining: amount,
    attempt_count: attempt,
    billing_reason: "subscription_cycle",
    currency,
    customer: "cus_NffrFeUfNV2Hib",
    customer_email: "john.doe@example.com",
    customer_name: "PRIVATE-WORDS",
    next_payment_attempt: next === undefined ? null : seconds(next),
    status: "open",
  };
}

const parent = (subscription: string | undefined) => ({
  parent:
    subscription === undefined
      ? null
      : { type: "subscription_details", subscription_details: { subscription, metadata: {} } },
});

export const failed = (at: number, given: Billed = {}, more: object = {}): Sent =>
  event("invoice.payment_failed", at, { ...invoice(given), ...parent(given.subscription), ...more });

export const paid = (at: number, given: Billed = {}, more: object = {}): Sent => {
  const written = invoice(given);
  const done = { status: "paid", amount_paid: written.amount_due, amount_remaining: 0 };
  return event("invoice.paid", at, { ...written, ...done, ...parent(given.subscription), ...more });
};

export const closed = (type: "voided" | "marked_uncollectible", at: number, given: Billed = {}): Sent =>
  event(`invoice.${type}`, at, { ...invoice(given), ...parent(given.subscription) });

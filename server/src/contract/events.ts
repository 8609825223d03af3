/**
 * What each event carries. `cancel.saved` holds the keys that Retainly documents, and all others follow it: snake case,
 * amounts in minor units of `currency`, dates in ISO 8601. Every field is always there, and null where nothing is known.
 * `cancellation.…` and `issue.…` hold the objects that the API itself answers.
 */
import { z } from "zod";
import { Cancellation } from "./cancellations.ts";
import type { EventType } from "./event-types.ts";
import { Issue } from "./insights.ts";

const text = z.string();
const date = text.meta({ format: "date-time" }).describe("ISO 8601, UTC, with milliseconds");
const dateOrNull = date.nullable();
const cents = z.int();
const currency = text.describe("Lower-case ISO 4217; amounts are in its minor units");
const mrr = cents.nullable().describe("Monthly recurring revenue before discounts");

/** Whose visit it was, and what they have said in it so far. */
const visit = {
  session_id: text.describe("`ses_…`, the same as in `GET /api/v1/sessions`"),
  customer_id: text,
  subscription_id: text.nullable().describe("Null where your own system bills, and its id is not known"),
  email: text.nullable(),
  plan: text.nullable(),
  mrr_cents: mrr,
  currency,
  cancel_reason: text.nullable().describe("Key of the reason"),
  reason_text: text.nullable().describe("In the customer's own words"),
};

const months = z.int().nullable().describe("Null where it is no number of months; `duration` says what");
const duration = z.enum(["once", "forever"]).optional();

/** Only what is `nullable` may be missing from a discount; see `OfferValue` in domain/retainly-words.ts. */
export const OfferValueData = z
  .union([
    z.object({ percent: z.number(), duration_months: months, duration }),
    z.object({ amount_cents: cents, currency, duration_months: months, duration }),
    z.object({ months: z.int() }).describe("Of a pause"),
    z.object({ until: date }).describe("Of a pause to a date that was picked"),
    z.object({ price_id: text }).describe("Of another plan"),
    z.object({ days: z.int() }).describe("Of a longer trial"),
    z.object({ url: text }),
    z.object({ name: text }),
  ])
  .meta({ id: "OfferValue", description: "What an offer comes to; a key for each kind" });

const offered = {
  offer: text
    .nullable()
    .describe(
      "`discount`, `pause`, `downgrade`, `annual_switch`, `trial_extension`, `contact`, `redirect` or `custom`; null where nothing was accepted",
    ),
  offer_value: OfferValueData.nullable(),
};
const saved = cents.nullable().describe("Monthly revenue that is kept, before discounts");
const lost = cents.nullable().describe("Monthly revenue that is lost");
const ends = {
  requested_at: dateOrNull.describe("When it was asked for"),
  effective_at: dateOrNull.describe("The last instant of access, if it is known"),
};
const involuntary = z.boolean().describe("Nobody asked for it: payments had failed, or were disputed");

/** Of a subscription that was ended at billing itself. */
const ending = {
  customer_id: text.nullable(),
  subscription_id: text.nullable(),
  email: text.nullable(),
  plan: text.nullable(),
  mrr_cents: mrr,
  currency,
  cancel_reason: text.nullable(),
  reason_text: text.nullable().describe("What was written with it at billing"),
};
const Ending = z.object({ ...ending, ...ends, involuntary, lost_mrr_cents: lost });

const Terms = z
  .object({
    price_id: text,
    amount_cents: cents.describe("For one interval, for the whole quantity, before discounts"),
    interval: z.enum(["day", "week", "month", "year"]),
    interval_count: z.int(),
    scheduled_price_id: text.nullable().describe("Takes its place at the next charge"),
    paused_until: dateOrNull,
    next_charge: z.object({ amount_cents: cents, at: date }).nullable(),
  })
  .meta({ id: "SubscriptionTerms" });

const Change = z.object({
  change: text.describe(
    "`plan_change`, `annual_switch`, `pause`, `extend_pause`, `resume`, `undo_cancellation`, `promo_code`, `retry_payment` or `offer`",
  ),
  customer_id: text,
  subscription_id: text,
  due_now_cents: cents.describe("What was to be charged at once"),
  currency,
  from: Terms,
  to: Terms.describe("As the customer agreed to it"),
  promo_code: text.nullable(),
  offer_id: text.nullable().describe("Of an offer that the hub made"),
});

const payment = {
  recovery_id: text.describe("`rec_…`, the same as in `GET /api/v1/recoveries`"),
  invoice_id: text,
  subscription_id: text.nullable(),
  customer_id: text,
  email: text.nullable(),
  amount_cents: cents,
  currency,
  decline_code: text.nullable().describe("The bank's word"),
  decline_class: text.describe("`retryable`, `card_update`, `authenticate` or `stop`"),
  attempt: z.int().describe("Of how many, as billing counts them"),
  next_attempt_at: dateOrNull.describe("Null if billing will not try again by itself"),
};

/** The data of each type, as it goes out. */
export const EVENT_DATA = {
  "cancel.started": z.object(visit),
  "cancel.saved": z.object({
    ...visit,
    ...offered,
    saved_mrr_cents: saved,
    lost_mrr_cents: lost.describe("What a cheaper plan has lost"),
  }),
  "cancel.canceled": z.object({ ...visit, ...ends, lost_mrr_cents: lost }),
  "cancel.abandoned": z.object(visit),
  "cancel.requested": z.object({
    ...visit,
    outcome: z.enum(["saved", "canceled"]).describe("What it will be once billing has confirmed it"),
    ...offered,
    ...ends,
  }),
  "cancel.request_failed": z.object({
    ...visit,
    outcome: z.enum(["saved", "canceled"]).nullable().describe("What it has not come to"),
    ...offered,
  }),
  "cancel.undone": z.object({ ...visit, saved_mrr_cents: saved }),
  "payment.failed": z.object(payment),
  "payment.recovered": z.object({ ...payment, recovered_at: date, attempts: z.int() }),
  "payment.lost": z.object({
    ...payment,
    reason: z.enum(["voided", "uncollectible", "subscription_ended", "given_up"]),
  }),
  "subscription.ending": Ending,
  "subscription.ended": Ending,
  "subscription.ending_undone": z.object({ ...ending, saved_mrr_cents: saved }),
  "subscription.changed": Change,
  "subscription.change_failed": Change.extend({ fault: text.describe("Billing's word, or ours") }),
  "cancellation.created": Cancellation,
  "cancellation.updated": Cancellation,
  "issue.opened": Issue,
  "issue.resolved": Issue,
  "webhook.test": z.object({ message: text }),
} as const satisfies Record<EventType, z.ZodType>;

export type EventData<Type extends EventType = EventType> = z.output<(typeof EVENT_DATA)[Type]>;

/** When each of them is sent. */
export const EVENT_MEANINGS: Readonly<Record<EventType, string>> = {
  "cancel.started": "A customer has begun a cancel flow",
  "cancel.saved": "A customer has stayed, with an offer or without",
  "cancel.canceled": "A customer has cancelled, and billing has confirmed it",
  "cancel.abandoned": "A customer has left a cancel flow and decided nothing",
  "cancel.requested": "A customer has decided, and billing has not confirmed it yet",
  "cancel.request_failed": "What was requested has not come to pass: billing has refused it",
  "cancel.undone": "A customer has taken a cancellation back, and stays",
  "payment.failed": "An attempt to collect an invoice has failed",
  "payment.recovered": "An invoice that had failed was paid",
  "payment.lost": "An invoice that had failed will not be paid",
  "subscription.ending": "A subscription will end, and no flow has asked for it",
  "subscription.ended": "A subscription has ended, and no flow has asked for it",
  "subscription.ending_undone": "A subscription that was going to end goes on",
  "subscription.changed": "A customer has changed their subscription in the hub",
  "subscription.change_failed": "What a customer changed in the hub has not come to pass",
  "cancellation.created": "A cancellation was reported",
  "cancellation.updated": "Something else was reported of a cancellation",
  "issue.opened": "Customers name a reason unusually often",
  "issue.resolved": "They no longer do, or somebody has said so",
  "webhook.test": "Somebody wants to see whether an endpoint works",
};

/** One event as endpoints get it. */
export const envelopeOf = (type: EventType) =>
  z.object({
    id: text.describe("`evt_…`, the same in every delivery of it, and in `webhook-id`"),
    type: z.literal(type),
    timestamp: date.describe("When it happened"),
    workspace_id: text,
    data: EVENT_DATA[type],
  });

/** What visits have come to, in the words that Retainly documents. */
import { z } from "zod";
import { instant } from "./fields.ts";
import { page, pageFields, wholeNumber } from "./paging.ts";
import { scopeQuery } from "./scope.ts";

const text = z.string();
const count = z.int().min(0);
const cents = z.int().describe("Minor units of the workspace's currency");
const percent = z.number().min(0).max(100);
const date = text.meta({ format: "date-time" }).describe("ISO 8601, UTC");

export const SKIPPED = "X-Currency-Skipped";

/** What every one of these may name. */
export const AnalyticsQuery = z.object(scopeQuery);

export const Analytics = z
  .object({
    workspace_id: text,
    period: z.literal("last_30_days").describe("Of 24 hours each, up to now"),
    cancel_sessions: count.describe("Visits that began in the period, whatever they have come to"),
    saves: count.describe(
      "Of these, visits after which the customer has stayed; also where a cancellation was taken back",
    ),
    save_rate_pct: percent.describe("100 × saves ÷ cancel_sessions, one decimal; 0 if there are none"),
    failed_payments: count.describe("Invoices whose payment failed for the first time in the period"),
    recoveries: count.describe("Of these invoices, those that were paid since"),
    recovery_rate_pct: percent.describe(
      "100 × recoveries ÷ failed_payments, one decimal; 0 if there are none",
    ),
    mrr_saved_cents: cents.describe("Monthly revenue that the saves kept"),
    mrr_lost_cents: cents.describe(
      "Monthly revenue of those who cancelled, and what a change to a cheaper plan took off",
    ),
  })
  .meta({ id: "Analytics" });

export const RevenueQuery = AnalyticsQuery.extend({
  months: wholeNumber(1, 24, 12).describe("How many, with the running one as the last"),
});

const ofMonths = {
  mrr_saved_cents: cents.describe("Monthly revenue that was kept, by when the visit began"),
  mrr_lost_cents: cents.describe("Monthly revenue that was lost, by when the visit began"),
  payments_recovered_cents: cents.describe("What was paid after it had failed, by when it was paid"),
  saves: count,
  recoveries: count.describe("Invoices that were paid after all, by when they were"),
};

export const Revenue = z
  .object({
    workspace_id: text,
    currency: text.describe("Lower-case ISO 4217"),
    months: z
      .array(z.object({ month: text.meta({ pattern: "^\\d{4}-\\d{2}$" }).describe("In UTC"), ...ofMonths }))
      .describe("Oldest first, also those in which nothing happened"),
    totals: z.object(ofMonths),
  })
  .meta({ id: "Revenue" });

const MOMENT = "an ISO 8601 date, such as 2027-05-14, or a date and time with its offset";

/** A day of UTC, or an instant. */
const moment = z.union(
  [
    z.iso.date(MOMENT).transform((day) => ({ at: Date.parse(day), isDay: true })),
    instant.transform((at) => ({ at, isDay: false })),
  ],
  MOMENT,
);

export const SessionsQuery = AnalyticsQuery.extend({
  outcome: z.enum(["saved", "canceled", "abandoned"]).optional().describe("All if left out, open ones too"),
  since: moment.optional().describe("When the visit began, at the earliest: a day in UTC, or an instant"),
  until: moment.optional().describe("And at the latest: a day is meant as a whole, an instant is excluded"),
  after: text
    .min(1)
    .max(255)
    .optional()
    .describe("Id of the last session of the page before: a way through lists of any length"),
  ...page,
});

export const ListedSession = z
  .object({
    id: text,
    customer_id: text.nullable(),
    subscription_id: text.nullable(),
    email: text.nullable(),
    reason: text.nullable(),
    outcome: z
      .enum(["saved", "canceled", "abandoned"])
      .nullable()
      .describe("null while nothing is decided; a cancellation that was taken back is `saved`"),
    offer_type: text
      .nullable()
      .describe("Of the last offer that was shown: `discount`, `pause`, `downgrade`, `annual_switch`, …"),
    offer_accepted: z.boolean(),
    mrr_cents: cents
      .nullable()
      .describe("Monthly revenue at the beginning. null if it is unknown, or in another currency"),
    saved_mrr_cents: cents.nullable().describe("What was kept of it; null unless the visit was a save"),
    metadata: z.record(text, z.union([text, z.number(), z.boolean(), z.null()])),
    started_at: date,
    completed_at: date.nullable(),
  })
  .meta({ id: "ListedSession" });

export const SessionList = z
  .object({ data: z.array(ListedSession).describe("Latest begun first"), ...pageFields })
  .meta({ id: "SessionList" });

export const SessionParams = z.object({ id: text.min(1).max(255) });

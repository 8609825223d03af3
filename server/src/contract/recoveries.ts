/** Invoices that could not be collected at once, as a business's own server reads them. */
import { z } from "zod";
import { SessionsQuery } from "./analytics.ts";
import { line } from "./fields.ts";
import { stretch, stretchFields } from "./paging.ts";
import { scopeQuery } from "./scope.ts";

const text = z.string();
const date = text.meta({ format: "date-time" }).describe("ISO 8601, UTC");

export const RecoveryStatus = z
  .enum(["pending", "recovered", "failed"])
  .describe("`pending`: nobody has paid or given up yet. `recovered`: paid after all. `failed`: given up")
  .meta({ id: "RecoveryStatus" });

export const Attempt = z
  .object({
    object: z.literal("recovery_attempt"),
    id: text,
    attempt: z.int().describe("As billing counts its own: one by hand has the number of the one before"),
    status: z.enum(["failed", "succeeded"]),
    decline_code: text.nullable(),
    attempted_at: date,
  })
  .meta({ id: "RecoveryAttempt" });

export const Recovery = z
  .object({
    object: z.literal("recovery"),
    id: text,
    environment: z.enum(["prod", "sandbox"]),
    invoice_id: text,
    subscription_id: text.nullable(),
    customer_id: text,
    email: text.nullable(),
    amount_cents: z.int().describe("Minor units: what is to be paid, and once it is recovered what was paid"),
    currency: text.describe("Lower-case ISO 4217"),
    decline_code: text.nullable().describe("The bank's word at the latest attempt; null if nobody knows"),
    decline_class: z
      .enum(["retryable", "card_update", "authenticate", "stop"])
      .describe("What it takes: patience, another card, the customer's confirmation, or nothing that helps"),
    status: RecoveryStatus,
    attempt_count: z.int().describe("As billing counts its own"),
    first_failed_at: date,
    last_attempt_at: date.describe("Of the latest attempt that failed"),
    next_attempt_at: date.nullable().describe("null if billing will not try again by itself"),
    recovered_at: date.nullable(),
    closed_reason: z
      .enum(["voided", "uncollectible", "subscription_ended", "given_up"])
      .nullable()
      .describe("Of one that failed"),
  })
  .meta({ id: "Recovery" });
export type Recovery = z.output<typeof Recovery>;

export const RecoveryWithAttempts = Recovery.extend({
  attempts: z.array(Attempt).describe("Oldest first"),
}).meta({ id: "RecoveryWithAttempts" });

export const RecoveryList = z
  .object({ data: z.array(Recovery).describe("By their first failure, latest first"), ...stretchFields })
  .meta({ id: "RecoveryList" });

export const RecoveryQuery = z.object(scopeQuery);

export const RecoveriesQuery = RecoveryQuery.extend({
  status: RecoveryStatus.optional(),
  customer_id: line(255, 1).optional(),
  since: SessionsQuery.shape.since.describe(
    "When it first failed, at the earliest: a day in UTC, or an instant",
  ),
  until: SessionsQuery.shape.until,
  ...stretch,
});

export const RecoveryParams = z.object({ id: text.min(1).max(255) });

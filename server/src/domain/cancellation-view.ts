/** A reported cancellation as its caller sees it, and what they have said, to compare it. */
import { createHash } from "node:crypto";
import type { Cancellation, CancellationHistory, CancellationRequest } from "../contract/cancellations.ts";
import type { LedgerOutcomeRow, LedgerRow, Outcome } from "../store/store.ts";
import { isoOf, isoOrNull } from "./dates.ts";
import { toMajor } from "./major-units.ts";
import { endOf } from "./outcomes.ts";

/** Their words, and ours. */
export const OUTCOMES = {
  churned: "cancelled",
  recovered: "retained",
  abandoned: "abandoned",
} as const satisfies Record<Exclude<Cancellation["outcome"], "pending">, Outcome>;

const WORDS = {
  cancelled: "churned",
  retained: "recovered",
  abandoned: "abandoned",
} as const satisfies Record<Outcome, keyof typeof OUTCOMES>;

export function viewOf(row: LedgerRow): Cancellation {
  const outcome = endOf(row);
  const { mrr, currency, metadata, occurredAt, effectiveAt, createdAt, updatedAt } = row;
  return {
    object: "cancellation",
    id: row.id,
    eventId: row.eventId ?? "",
    environment: row.environment,
    userId: row.customerId ?? null,
    reasonKey: row.reason ?? null,
    reasonText: row.reasonText ?? null,
    outcome: outcome ? WORDS[outcome] : "pending",
    offer: {
      type: row.offerType ?? "none",
      accepted: row.offerAccepted,
      label: row.offerLabel ?? null,
    },
    context: {
      plan: row.plan ?? null,
      mrr: mrr === undefined ? null : toMajor(mrr, currency),
      tenureDays: row.tenureDays ?? null,
    },
    metadata: metadata ?? null,
    occurredAt: isoOf(occurredAt),
    effectiveAt: isoOrNull(effectiveAt),
    createdAt: isoOf(createdAt),
    updatedAt: isoOf(updatedAt),
  };
}

/** As many reports of one event as are shown. */
export const MOST_HISTORY = 100;

/** @param outcomes oldest first, one more than are shown if there are more */
export function historyOf(row: LedgerRow, outcomes: readonly LedgerOutcomeRow[]): CancellationHistory {
  const history = outcomes.slice(-MOST_HISTORY).map(({ outcome, effectiveAt, metadata = null, at }) => ({
    outcome: WORDS[outcome],
    effectiveAt: isoOrNull(effectiveAt),
    metadata,
    at: isoOf(at),
  }));
  return { ...viewOf(row), history, historyTruncated: outcomes.length > MOST_HISTORY };
}

/** The same text for the same value, in whichever order its keys were sent. */
export function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, each) =>
    typeof each === "object" && each !== null && !Array.isArray(each)
      ? Object.fromEntries(Object.entries(each).sort(([one], [other]) => (one < other ? -1 : 1)))
      : each,
  );
}

/** Of what was said: neither what was ignored, nor what stands for what was left out. */
export function digestOf(request: CancellationRequest): string {
  const { eventId, userId, reasonKey, outcome, offer, reasonText, context, occurredAt, metadata } = request;
  const said = { eventId, userId, reasonKey, outcome, offer, reasonText, context, occurredAt, metadata };
  return createHash("sha256").update(canonical(said)).digest("hex");
}

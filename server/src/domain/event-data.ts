/** What events carry of visits, of ends that no visit brought about, and of changes: their rows in Retainly's words. */
import type { Settlement, Subscription } from "../../../src/api/wire.ts";
import type { EventData } from "../contract/events.ts";
import type { ChangeRow, LedgerRow, SessionRow } from "../store/store.ts";
import { isoOf, isoOrNull } from "./dates.ts";
import { offersIn } from "./outcomes.ts";
import { OUTCOME_WORDS, offerValue, offerWord } from "./retainly-words.ts";

/** @param row as it is stored afterwards */
export const visitData = (session: SessionRow, row: LedgerRow): EventData<"cancel.started"> => ({
  session_id: session.id,
  customer_id: session.customerId,
  subscription_id: row.subscriptionId ?? null,
  email: row.email ?? null,
  plan: row.plan ?? null,
  mrr_cents: row.mrr ?? null,
  currency: row.currency,
  cancel_reason: row.reason ?? null,
  reason_text: row.reasonText ?? null,
});

/** What was accepted; null both where the customer has simply stayed, or has not stayed. */
function offered(
  { config }: SessionRow,
  { offer, choice }: Partial<Settlement>,
): Pick<EventData<"cancel.saved">, "offer" | "offer_value"> {
  if (!offer) return { offer: null, offer_value: null };
  const shown = offersIn(config.flow).find(({ id }) => id === offer.id);
  return { offer: offerWord(offer.type), offer_value: shown ? offerValue(shown, choice) : null };
}

/** What is kept and lost, where it is known what the subscription costs. */
const worth = ({ savedMrr, lostMrr = savedMrr === undefined ? undefined : 0 }: LedgerRow) => ({
  saved_mrr_cents: savedMrr ?? null,
  lost_mrr_cents: lostMrr ?? null,
});

/** @param settlement absent if the customer has simply stayed */
export const savedData = (
  session: SessionRow,
  row: LedgerRow,
  settlement: Partial<Settlement> = {},
): EventData<"cancel.saved"> => ({
  ...visitData(session, row),
  ...offered(session, settlement),
  ...worth(row),
});

const endsOf = (settlement: Settlement, { effectiveAt }: LedgerRow) => {
  const isEnd = settlement.outcome === "cancelled";
  return {
    requested_at: isEnd ? isoOf(settlement.at) : null,
    effective_at: isEnd ? isoOrNull(effectiveAt) : null,
  };
};

export const canceledData = (
  session: SessionRow,
  row: LedgerRow,
  settlement: Settlement,
): EventData<"cancel.canceled"> => ({
  ...visitData(session, row),
  ...endsOf(settlement, row),
  lost_mrr_cents: row.lostMrr ?? null,
});

export const requestedData = (
  session: SessionRow,
  row: LedgerRow,
  settlement: Settlement,
): EventData<"cancel.requested"> => ({
  ...visitData(session, row),
  outcome: OUTCOME_WORDS[settlement.outcome],
  ...offered(session, settlement),
  ...endsOf(settlement, row),
});

/** @param session as it was, with what had been requested */
export const requestFailedData = (
  session: SessionRow,
  row: LedgerRow,
): EventData<"cancel.request_failed"> => ({
  ...visitData(session, row),
  outcome: session.settlement ? OUTCOME_WORDS[session.settlement.outcome] : null,
  ...offered(session, session.settlement ?? {}),
});

export const undoneData = (session: SessionRow, row: LedgerRow): EventData<"cancel.undone"> => ({
  ...visitData(session, row),
  saved_mrr_cents: row.savedMrr ?? null,
});

const endingOf = (row: LedgerRow) => ({
  customer_id: row.customerId ?? null,
  subscription_id: row.subscriptionId ?? null,
  email: row.email ?? null,
  plan: row.plan ?? null,
  mrr_cents: row.mrr ?? null,
  currency: row.currency,
  cancel_reason: row.reason ?? null,
  reason_text: row.feedback ?? null,
});

/** It is no visit, so that its row has no worth of its own. */
export const endingData = (row: LedgerRow): EventData<"subscription.ending"> => ({
  ...endingOf(row),
  requested_at: isoOf(row.occurredAt),
  effective_at: isoOrNull(row.effectiveAt),
  involuntary: row.reason === "involuntary",
  lost_mrr_cents: row.mrr ?? null,
});

export const endingUndoneData = (row: LedgerRow): EventData<"subscription.ending_undone"> => ({
  ...endingOf(row),
  saved_mrr_cents: row.mrr ?? null,
});

/** What a change may be about, as it was and as it was announced. */
const termsOf = ({ price, scheduledChange, pausedUntil, nextCharge }: Subscription) => ({
  price_id: price.id,
  amount_cents: price.amount,
  interval: price.interval,
  interval_count: price.intervalCount,
  scheduled_price_id: scheduledChange?.price.id ?? null,
  paused_until: isoOrNull(pausedUntil),
  next_charge: nextCharge ? { amount_cents: nextCharge.amount, at: isoOf(nextCharge.at) } : null,
});

export const changeData = ({
  customerId,
  subscriptionId,
  change,
  offerId,
  before,
  seen,
}: ChangeRow): EventData<"subscription.changed"> => ({
  change: change.type,
  customer_id: customerId,
  subscription_id: subscriptionId,
  due_now_cents: seen.dueNow,
  currency: seen.currency,
  from: termsOf(before),
  to: termsOf(seen.subscription),
  promo_code: change.type === "promo_code" ? change.code : null,
  offer_id: offerId ?? null,
});

/**
 * What becomes of an invoice that could not be collected at once: three more attempts, each with the card of then, and if
 * they fail too, it is written off some weeks later. Whoever owes can pay at any time until then. Pure, as the engine is.
 */
import type { BillingEvent } from "./billing-event.ts";
import { declineCodeOf, isRefused, paymentWith } from "./simulator-cards.ts";
import type { Advanced, SimulatedInvoice, SimulatedSubscription, UnpaidInvoice } from "./simulator-model.ts";

const DAY = 86_400_000;

/** How long after each attempt the next one is made; after the last one, how long until it is written off. */
const PAUSES = [3 * DAY, 5 * DAY, 7 * DAY, 25 * DAY];

const isLastAttempt = (attempts: number): boolean => attempts >= PAUSES.length;

/** An invoice whose first attempt has just failed. */
export function unpaid(invoice: SimulatedInvoice): UnpaidInvoice {
  return { invoice, attempts: 1, nextAt: invoice.at + (PAUSES[0] ?? 0) };
}

/** The next thing that happens to one of them; of several at one instant the oldest. */
export const nextCollection = ({ unpaid = [] }: SimulatedSubscription): UnpaidInvoice | undefined =>
  unpaid.reduce<UnpaidInvoice | undefined>(
    (first, each) => (first && first.nextAt <= each.nextAt ? first : each),
    undefined,
  );

/** Another attempt, or the end of attempts. */
export function collect(subscription: SimulatedSubscription, at: number): Advanced {
  const next = nextCollection(subscription);
  if (!next) return { subscription, invoices: [] };
  const { invoice, attempts } = next;
  if (isLastAttempt(attempts)) {
    const lost = { ...invoice, status: "uncollectible" as const };
    return settled(subscription, [lost], [givenUp(lost, at, "uncollectible")]);
  }
  const { paymentMethod } = subscription;
  const attempt = attempts + 1;
  if (!isRefused(paymentMethod, at)) {
    const paid = { ...invoice, status: "paid" as const, payment: paymentWith(paymentMethod, at) };
    return settled(subscription, [paid], [succeeded(paid, at, attempt)]);
  }
  const tried = { ...next, attempts: attempt, nextAt: at + (PAUSES[attempts] ?? 0) };
  return {
    subscription: {
      ...subscription,
      unpaid: (subscription.unpaid ?? []).map((each) => (each === next ? tried : each)),
    },
    invoices: [],
    news: [failed(subscription, tried, at)],
  };
}

/** Nobody collects these any more: they are paid, void or written off. Who owes nothing else is not past due. */
export function settled(
  subscription: SimulatedSubscription,
  invoices: readonly SimulatedInvoice[],
  news: readonly BillingEvent[],
): Advanced {
  const after = withoutUnpaid(subscription, invoices);
  const isPaidUp = after.status === "past_due" && !after.unpaid;
  return { subscription: isPaidUp ? { ...after, status: "active" } : after, invoices, news };
}

export function withoutUnpaid(
  subscription: SimulatedSubscription,
  invoices: readonly SimulatedInvoice[],
): SimulatedSubscription {
  const { unpaid = [], ...rest } = subscription;
  const left = unpaid.filter((each) => !invoices.some(({ id }) => id === each.invoice.id));
  return left.length ? { ...rest, unpaid: left } : rest;
}

/** How often billing has tried to collect it by itself. */
export const attemptsAt = ({ unpaid = [] }: SimulatedSubscription, { id }: SimulatedInvoice): number =>
  unpaid.find(({ invoice }) => invoice.id === id)?.attempts ?? 1;

/** @param key of an attempt that was asked for: billing's own have none, and count */
export function failed(
  { paymentMethod }: SimulatedSubscription,
  { invoice, attempts, nextAt }: UnpaidInvoice,
  at: number,
  key?: string,
): BillingEvent {
  const { id, customerId, subscriptionId, amount, currency } = invoice;
  const declineCode = declineCodeOf(paymentMethod, at);
  return {
    id: `evt_${id}_${key ?? attempts}`,
    at,
    type: "payment_failed",
    invoiceId: id,
    subscriptionId,
    customerId,
    amount,
    currency,
    attempt: attempts,
    ...(declineCode === undefined ? {} : { declineCode }),
    ...(isLastAttempt(attempts) ? {} : { nextAttemptAt: nextAt }),
  };
}

export const succeeded = ({ id, amount }: SimulatedInvoice, at: number, attempt: number): BillingEvent => ({
  id: `evt_${id}_paid`,
  at,
  type: "payment_succeeded",
  invoiceId: id,
  amount,
  attempt,
});

export const givenUp = (
  { id }: SimulatedInvoice,
  at: number,
  reason: "voided" | "uncollectible",
): BillingEvent => ({ id: `evt_${id}_${reason}`, at, type: "payment_given_up", invoiceId: id, reason });

/** Of one that owes something: nobody tries to collect that afterwards. */
export function endedOwing(subscription: SimulatedSubscription, at: number): BillingEvent[] {
  const { id, unpaid, cancellation } = subscription;
  if (!unpaid) return [];
  return [
    {
      id: `evt_${id}_ended`,
      at,
      type: "subscription_ended",
      subscriptionId: id,
      leaving: { ...cancellation },
    },
  ];
}

/**
 * How a subscription passes through time: pure functions, so that one long jump and many short ones agree.
 *
 * - A trial ends with the first invoice. A period ends with the next one, in advance for the period that begins.
 * - A pause charges nothing. It ends at `resumesAt`: inside the paid period that period simply goes on; after it a
 *   new period begins at `resumesAt` and is charged then, so that nobody pays twice and nobody skips a year.
 * - A scheduled cancellation comes before everything else of the same instant: no charge at the end.
 * - A failed payment leaves its invoice open and the subscription past_due; periods go on. It is tried again some times,
 *   with the card of then, and written off if that does not help. What has ended is not tried again.
 */
import { hash } from "node:crypto";
import { addIntervals, discounted, isAnchored } from "../../../src/flow/offers.ts";
import type { BillingEvent } from "./billing-event.ts";
import { isRefused, paymentWith } from "./simulator-cards.ts";
import { collect, endedOwing, failed as failure, nextCollection, unpaid } from "./simulator-collection.ts";
import type { Advanced, SimulatedInvoice, SimulatedSubscription } from "./simulator-model.ts";

/** Everything that happens to the subscription up to and including `until`, in order. */
export function settle(subscription: SimulatedSubscription, until: number): Advanced {
  const invoices: SimulatedInvoice[] = [];
  const news: BillingEvent[] = [];
  let current = subscription;
  for (;;) {
    const next = nextStep(current);
    if (!next || next.at > until) return { subscription: current, invoices, news };
    const after = next.run(current, next.at);
    invoices.push(...after.invoices);
    news.push(...(after.news ?? []));
    current = after.subscription;
  }
}

interface Step {
  at: number;
  run: (subscription: SimulatedSubscription, at: number) => Advanced;
}

/** The earliest; of several at one instant the first of this list. */
function nextStep(subscription: SimulatedSubscription): Step | undefined {
  const { status, cancelAt, discount, pause, periodEnd } = subscription;
  if (status === "cancelled") return undefined;
  const steps: Step[] = [];
  if (cancelAt !== undefined) steps.push({ at: cancelAt, run: end });
  if (discount?.endsAt !== undefined) steps.push({ at: discount.endsAt, run: dropDiscount });
  steps.push(pause ? { at: pause.resumesAt, run: endPause } : { at: periodEnd, run: startPeriod });
  const owed = nextCollection(subscription);
  if (owed) steps.push({ at: owed.nextAt, run: collect });
  return steps.reduce((first, step) => (step.at < first.at ? step : first));
}

export function end(subscription: SimulatedSubscription, at: number): Advanced {
  const rest = without(subscription, "pause", "discount", "nextPrice", "trialEnd", "unpaid");
  return {
    subscription: { ...rest, status: "cancelled", cancelAt: at, endedAt: at },
    invoices: [],
    news: endedOwing(subscription, at),
  };
}

function dropDiscount(subscription: SimulatedSubscription): Advanced {
  return { subscription: without(subscription, "discount"), invoices: [] };
}

/** What is paid for goes on; if nothing is, a new period begins. */
export function endPause(subscription: SimulatedSubscription, at: number): Advanced {
  const active = { ...without(subscription, "pause"), status: "active" as const };
  return at < active.periodEnd ? { subscription: active, invoices: [] } : startPeriod(active, at);
}

/** Begins a period at `at` and writes its invoice. A zero invoice is paid by nature. */
export function startPeriod(subscription: SimulatedSubscription, at: number): Advanced {
  const rest = without(
    subscription,
    "trialEnd",
    "nextPrice",
    ...(subscription.discount?.once ? ["discount" as const] : []),
  );
  const price = subscription.nextPrice ?? subscription.price;
  const anchor = isAnchored(subscription.anchor, at) ? subscription.anchor : at;
  const bill = amounts(subscription);
  const failed = bill.due > 0 && isRefused(rest.paymentMethod, at);
  const next: SimulatedSubscription = {
    ...rest,
    status: failed || rest.status === "past_due" ? "past_due" : "active",
    price,
    anchor,
    periodStart: at,
    periodEnd: addIntervals(at, price.interval, price.intervalCount, anchor),
    periodValue: bill.value,
    credit: rest.credit - bill.credited,
    invoices: rest.invoices + 1,
  };
  const written = invoice(next, bill, failed ? "open" : "paid");
  if (!failed) return { subscription: next, invoices: [written] };
  const owed = unpaid(written);
  return {
    subscription: { ...next, unpaid: [...(next.unpaid ?? []), owed] },
    invoices: [written],
    news: [failure(next, owed, at)],
  };
}

interface Bill {
  full: number;
  /** After the discount. */
  value: number;
  credited: number;
  /** What is charged. */
  due: number;
}

/** What the next invoice says, at the next price. A discount in `subscription` is taken to be running then. */
function amounts({ price, nextPrice, quantity, discount, credit }: SimulatedSubscription): Bill {
  const full = (nextPrice ?? price).amount * quantity;
  const value = discounted(full, discount ?? {});
  const credited = Math.min(credit, value);
  return { full, value, credited, due: value - credited };
}

function invoice(subscription: SimulatedSubscription, bill: Bill, status: "paid" | "open"): SimulatedInvoice {
  const { id, customerId, price, quantity, invoices, periodStart, periodEnd, paymentMethod } = subscription;
  const lines = [
    { description: `${quantity} × ${price.name}`, amount: bill.full },
    { description: "Discount", amount: bill.value - bill.full },
    { description: "Credit for unused time", amount: -bill.credited },
  ];
  return {
    id: `in_${id.replace(/^sub_/, "")}_${invoices}`,
    number: `${hash("sha256", id).slice(0, 8).toUpperCase()}-${String(invoices).padStart(4, "0")}`,
    customerId,
    subscriptionId: id,
    at: periodStart,
    amount: bill.due,
    currency: price.currency,
    status,
    ...(status === "paid" && bill.due > 0 ? { payment: paymentWith(paymentMethod, periodStart) } : {}),
    lines: lines.filter(({ amount }, index) => index === 0 || amount !== 0),
    periodStart,
    periodEnd,
  };
}

/** When the next invoice is due, were it not for a cancellation. */
export function chargeAt({ pause, periodEnd }: SimulatedSubscription): number {
  return pause ? Math.max(pause.resumesAt, periodEnd) : periodEnd;
}

/** The next invoice as things stand; undefined if there will be none. `subscription` is settled to now. */
export function nextCharge(
  subscription: SimulatedSubscription,
): { amount: number; currency: string; at: number } | undefined {
  const { status, cancelAt, discount, price } = subscription;
  const at = chargeAt(subscription);
  if (status === "cancelled" || (cancelAt !== undefined && cancelAt <= at)) return undefined;
  const gone = discount?.endsAt !== undefined && discount.endsAt <= at;
  const { due } = amounts(gone ? dropDiscount(subscription).subscription : subscription);
  return { amount: due, currency: price.currency, at };
}

/** First charge without the discount, for a discount that only the next invoice takes. */
export function onceEndsAt(subscription: SimulatedSubscription): number {
  const at = chargeAt(subscription);
  const { interval, intervalCount } = subscription.nextPrice ?? subscription.price;
  return addIntervals(at, interval, intervalCount, subscription.anchor);
}

/** The share of the running period's value that is still unused at `at`. */
export function unusedValue(
  { status, periodValue, periodStart, periodEnd }: SimulatedSubscription,
  at: number,
): number {
  if (status === "trialing" || at >= periodEnd) return 0;
  return Math.round((periodValue * (periodEnd - at)) / (periodEnd - periodStart));
}

/** A copy that lacks these keys: what is absent is left out, never undefined, so that JSON gives back what went in. */
export function without<T extends object, Key extends keyof T>(value: T, ...keys: Key[]): Omit<T, Key> {
  const rest = { ...value };
  for (const key of keys) delete rest[key];
  return rest;
}

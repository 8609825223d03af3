/** How what Stripe has looks from outside: pure, so that a state that is only foreseen looks as it will. */
import type Stripe from "stripe";
import type { Price } from "../../../../src/api/wire.ts";
import { monthlyAmount } from "../../../../src/flow/offers.ts";
import type { BilledSubscription, BillingAction } from "../provider.ts";
import { fromStripe } from "./amounts.ts";
import { featuresOf, intervalOf, isPerUnit } from "./catalogue.ts";
import { shownDiscount } from "./discount-view.ts";
import {
  couponOf,
  isForeign,
  leavesAt,
  licensedItems,
  mainItem,
  mrrOf,
  type Part,
  periodEndOf,
  runningDiscounts,
  scheduledPriceOf,
  stopOf,
} from "./facts.ts";
import { amountOf } from "./item-amounts.ts";
import type { Charge, Snapshot, StripeSettings } from "./model.ts";
import { expanded, milliseconds } from "./parts.ts";
import { paymentMethodOf, takesDays } from "./payment-methods.ts";
import { isFull } from "./room.ts";

export {
  couponOf,
  isChargeStopped,
  isForeign,
  isOurs,
  mainItem,
  mrrOf,
  pauseEntryOf,
  periodEndOf,
  runningDiscounts,
  scheduledPriceOf,
} from "./facts.ts";

/** Metadata of the adapter's own, on subscriptions: nobody's attributes. */
const OWN = "renumerate_";

type Status = BilledSubscription["status"];

const STATUS: Readonly<Record<string, Status>> = {
  trialing: "trialing",
  active: "active",
  past_due: "past_due",
  unpaid: "past_due",
  paused: "paused",
  canceled: "cancelled",
};

/** @param now billing's clock, ms */
export function present(
  snapshot: Snapshot,
  charge: Charge | undefined,
  now: number,
  settings: StripeSettings = {},
): BilledSubscription {
  const { subscription, customer, product } = snapshot;
  const main = mainItem(subscription);
  const price = priceOf(subscription, main);
  const cancelAt = leavesAt(snapshot);
  const discount = shownDiscount(snapshot, now);
  const method = paymentMethodOf(subscription, customer);
  const mrr = mrrOf(subscription);
  const refuses = refusals(snapshot, settings);
  return {
    id: subscription.id,
    customerId: customer.id,
    quantity: licensedItems(subscription).length > 1 ? 1 : (main.quantity ?? 1),
    anchor: milliseconds(subscription.billing_cycle_anchor),
    ...stateOf(snapshot, now),
    plan: { id: product.id, name: product.name, features: featuresOf(product) },
    price,
    startedAt: milliseconds(subscription.start_date),
    periodEnd: periodEndOf(snapshot, now),
    ...(cancelAt === undefined ? {} : { cancelAt }),
    ...(discount ? { discount } : {}),
    ...charged(snapshot, charge),
    ...(method ? { paymentMethod: method } : {}),
    ...dueOf(snapshot),
    metadata: { ...factsOf(customer), ...factsOf(subscription) },
    ...(mrr === monthlyAmount(price) ? {} : { mrr }),
    ...(refuses.length ? { refuses } : {}),
  };
}

function stateOf(
  snapshot: Snapshot,
  now: number,
): Pick<BilledSubscription, "status" | "trialEnd" | "pausedUntil" | "pausedSince"> {
  const { trial_end } = snapshot.subscription;
  const stop = stopOf(snapshot, now);
  const known = STATUS[snapshot.subscription.status] ?? "active";
  // A trial is a trial and a debt a debt, whether anything is collected afterwards or not.
  const status = known === "active" && stop ? "paused" : known;
  if (status === "trialing") return { status, ...(trial_end ? { trialEnd: milliseconds(trial_end) } : {}) };
  if (status !== "paused") return { status };
  const since = pausedSince(snapshot.subscription);
  return {
    status,
    ...(stop?.until === undefined ? {} : { pausedUntil: stop.until }),
    ...(since === undefined ? {} : { pausedSince: since }),
  };
}

/** Who asked for it here has left the moment, ms; Stripe knows when the service stopped. */
function pausedSince({ metadata, status_details }: Stripe.Subscription): number | undefined {
  const noted = Number(metadata.renumerate_paused_since);
  if (Number.isSafeInteger(noted) && noted > 0) return noted;
  const stopped = status_details?.paused?.transitioned_at;
  return stopped ? milliseconds(stopped) : undefined;
}

/** For everything that is paid for by number in the plan's own interval. */
function priceOf(subscription: Stripe.Subscription, main: Stripe.SubscriptionItem): Price {
  const parts = licensedItems(subscription).map(({ price, quantity }) => ({
    price,
    quantity: quantity ?? 1,
  }));
  return shownPrice(main.price, parts, subscription.currency);
}

function shownPrice(of: Stripe.Price, parts: readonly Part[], currency: string): Price {
  const rhythm = intervalOf(of.recurring ?? MONTHLY);
  const amount = parts
    .filter(({ price }) => isSame(rhythm, intervalOf(price.recurring ?? MONTHLY)))
    .reduce((sum, { price, quantity }) => sum + amountOf(price, quantity, currency), 0);
  return { id: of.id, amount: fromStripe(amount, currency), currency, ...rhythm };
}

type Rhythm = Pick<Price, "interval" | "intervalCount">;

/** A subscription's price always has one of its own; the type does not say so. */
const MONTHLY = { interval: "month", interval_count: 1 } as Stripe.Price.Recurring;

const isSame = (one: Rhythm, other: Rhythm) =>
  one.interval === other.interval && one.intervalCount === other.intervalCount;

/** What comes next, and what it is for. */
function charged(
  snapshot: Snapshot,
  charge: Charge | undefined,
): Pick<BilledSubscription, "nextCharge" | "tax" | "usage" | "scheduledChange"> {
  const scheduled = scheduledPriceOf(snapshot);
  const change = (at: number) =>
    scheduled ? { scheduledChange: { ...shownChange(snapshot, scheduled), at } } : {};
  // What is planned is known although Stripe may not say what it will cost.
  if (!charge) return scheduled && leavesAt(snapshot) === undefined ? change(scheduled.at) : {};
  const { amount, currency, at, tax, usage } = charge;
  return {
    nextCharge: { amount, currency, at },
    ...(tax ? { tax } : {}),
    ...(usage ? { usage } : {}),
    ...change(at),
  };
}

function shownChange({ subscription, product }: Snapshot, next: Part): { name: string; price: Price } {
  const to = expanded<Stripe.Product | Stripe.DeletedProduct>(next.price.product);
  return {
    name: to && !to.deleted ? to.name : product.name,
    price: shownPrice(next.price, [next], subscription.currency),
  };
}

/** What could not be collected. An invoice that is sent, or a debit that is under way, is not that. */
function dueOf({ subscription, open }: Snapshot): Pick<BilledSubscription, "due"> {
  const isOwed = ["past_due", "unpaid", "paused", "canceled"].includes(subscription.status);
  const [first] = open;
  if (!isOwed || !first) return {};
  const { currency } = first;
  const amount = open.reduce((sum, invoice) => sum + invoice.amount_remaining, 0);
  if (amount <= 0) return {};
  return { due: { amount: fromStripe(amount, currency), currency, at: Math.min(...open.map(writtenAt)) } };
}

/** When an invoice was due: a renewal's at the renewal, which Stripe gets round to a little later. */
export function writtenAt({
  billing_reason,
  created,
  period_end,
}: Pick<Stripe.Invoice, "billing_reason" | "created" | "period_end">): number {
  return milliseconds(billing_reason === "subscription_cycle" ? Math.min(created, period_end) : created);
}

const factsOf = ({ metadata }: { metadata: Stripe.Metadata | null }): Record<string, string> =>
  Object.fromEntries(Object.entries(metadata ?? {}).filter(([key]) => !key.startsWith(OWN)));

/** What would change what is charged, or when, or until when. */
const CHANGES = [
  "discount",
  "promo_code",
  "pause",
  "change_price",
  "extend_trial",
  "undo_cancellation",
] as const;

/** What is not done with this subscription, whatever its state: the customer would pay what nobody has foreseen. */
export function refusals(snapshot: Snapshot, settings: StripeSettings = {}): BillingAction["type"][] {
  const { subscription, customer } = snapshot;
  const found = new Set<BillingAction["type"]>(isForeign(snapshot) ? CHANGES : []);
  const [only, ...others] = licensedItems(subscription);
  if (!only || others.length || !isPerUnit(only.price)) found.add("change_price");
  // What is sent is not charged, neither at once nor again.
  if (subscription.collection_method === "send_invoice") found.add("change_price").add("retry_payment");
  // What may be under way already would be asked for twice.
  if (takesDays(subscription, customer)) found.add("retry_payment");
  const makesVoid = !pausesService(subscription, settings);
  if (makesVoid && (isLong(subscription) || hasOnceLeft(snapshot))) found.add("pause");
  if (subscription.pause_collection) found.add("promo_code");
  for (const type of [...CHANGES, "resume", "undo_cancellation"] as const)
    if (isFull(snapshot, type)) found.add(type);
  return [...found];
}

/**
 * Whether a discount for one charge waits for it. Stripe does not say whether an invoice that a pause makes void uses it
 * up: what the customer then pays would be a guess, so that the two are kept apart.
 */
export const hasOnceLeft = (snapshot: Snapshot): boolean =>
  runningDiscounts(snapshot, 0).some((discount) => couponOf(discount)?.duration === "once");

/** Whether a pause stops the service, so that Stripe counts no time meanwhile. Its schedule would have to keep an end. */
export const pausesService = (
  { billing_mode, collection_method, cancel_at }: Stripe.Subscription,
  { pause }: StripeSettings,
): boolean =>
  pause === "subscription" &&
  cancel_at === null &&
  billing_mode.type === "flexible" &&
  collection_method === "charge_automatically";

/** An invoice that falls into a pause is void as a whole: of a year's, two months of pause would give away ten more. */
function isLong(subscription: Stripe.Subscription): boolean {
  const { interval, intervalCount } = intervalOf(mainItem(subscription).price.recurring ?? MONTHLY);
  return intervalCount > { day: 92, week: 13, month: 3, year: 0 }[interval];
}

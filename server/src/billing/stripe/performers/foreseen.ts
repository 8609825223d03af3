/**
 * A subscription as it would be. Copies with changes: what was read stays as it is. Nothing is cloned deeply, since what
 * the library reads holds instances of classes.
 */
import type Stripe from "stripe";
import type { Interval } from "../../../../../src/api/wire.ts";
import { addIntervals, addMonths } from "../../../../../src/flow/offers.ts";
import { nextCharge } from "../charges.ts";
import type { Charge, Outlook, Snapshot, Tools, Variation } from "../model.ts";
import { idOf } from "../parts.ts";
import { mainItem, present } from "../view.ts";

/** Stripe's instants are whole seconds: what has begun has begun. */
export const began = (at: number): number => Math.floor(at / 1000);
/** And what has not ended has not ended. */
export const ends = (at: number): number => Math.ceil(at / 1000);

/** What is seen of a state that is only foreseen, when nothing is due at once. */
export async function outlookOf(after: Snapshot, tools: Tools, variation?: Variation): Promise<Outlook> {
  return shown(after, await nextCharge(tools.account, after, tools.now, variation), tools);
}

export const shown = (
  after: Snapshot,
  charge: Charge | undefined,
  { now, settings }: Tools,
  dueNow = 0,
): Outlook => ({ dueNow, subscription: present(after, charge, now, settings) });

export const changed = (snapshot: Snapshot, fields: Partial<Stripe.Subscription>): Snapshot => ({
  ...snapshot,
  subscription: { ...snapshot.subscription, ...fields },
});

export function withoutSchedule({ schedule: _, ...rest }: Snapshot): Snapshot {
  return { ...rest, subscription: { ...rest.subscription, schedule: null } };
}

/** Charges are made again. */
export function collecting({ paidUntil: _, ...rest }: Snapshot): Snapshot {
  const { renumerate_paused_since: _since, ...metadata } = rest.subscription.metadata;
  return changed(rest, { pause_collection: null, metadata });
}

export function withItems(
  snapshot: Snapshot,
  change: (item: Stripe.SubscriptionItem) => Stripe.SubscriptionItem,
): Snapshot {
  const { items } = snapshot.subscription;
  return changed(snapshot, { items: { ...items, data: items.data.map(change) } });
}

/** Another price in the place of the running one, for as many. */
export function withPrice(snapshot: Snapshot, price: Stripe.Price & { product: Stripe.Product }): Snapshot {
  const main = mainItem(snapshot.subscription);
  const after = withItems(snapshot, (item) => (item.id === main.id ? { ...item, price } : item));
  return { ...after, product: price.product };
}

/** A new period begins and is charged: what was for one charge only is used up. @param now ms */
export function renewed(snapshot: Snapshot, now: number): Snapshot {
  const at = began(now);
  const after = withItems(changed(snapshot, { billing_cycle_anchor: at }), (item) => ({
    ...item,
    current_period_start: at,
    current_period_end: began(periodAfter(item.price, at * 1000)),
  }));
  return usedOnce(after);
}

export function periodAfter({ recurring }: Stripe.Price, from: number): number {
  return addIntervals(from, (recurring?.interval ?? "month") as Interval, recurring?.interval_count ?? 1);
}

function usedOnce(snapshot: Snapshot): Snapshot {
  const { subscription, customer } = snapshot;
  const isLeft = (discount: string | Stripe.Discount) => !isForOnce(discount);
  // Its customer's discount is only used where it has none of its own.
  const isCustomersUsed = !subscription.discounts.length && customer.discount && isForOnce(customer.discount);
  const after = withItems(snapshot, (item) => ({ ...item, discounts: item.discounts.filter(isLeft) }));
  const rest = changed(after, { discounts: subscription.discounts.filter(isLeft) });
  return isCustomersUsed ? { ...rest, customer: { ...customer, discount: null } } : rest;
}

function isForOnce(discount: string | Stripe.Discount): boolean {
  const coupon = typeof discount === "string" ? undefined : discount.source.coupon;
  return typeof coupon === "object" && coupon?.duration === "once";
}

/** A discount as Stripe makes it of a coupon that is redeemed now. @param now ms */
export function redeemed(
  { subscription, customer }: Snapshot,
  coupon: Stripe.Coupon,
  now: number,
  promotionCode: string | null = null,
): Stripe.Discount {
  const start = began(now);
  const months = coupon.duration === "repeating" ? coupon.duration_in_months : null;
  return {
    id: "di_foreseen",
    object: "discount",
    checkout_session: null,
    customer: customer.id,
    customer_account: null,
    end: months === null ? null : began(addMonths(start * 1000, months)),
    invoice: null,
    invoice_item: null,
    promotion_code: promotionCode,
    source: { type: "coupon", coupon },
    start,
    subscription: subscription.id,
    subscription_item: null,
  };
}

/** How to ask what is charged at an instant (s) with the discounts that a foreseen subscription has. */
export function discountsOf(
  { subscription, customer }: Snapshot,
  at: number,
): NonNullable<Variation["discounts"]> {
  const own = subscription.discounts;
  const running = (own.length ? own : customer.discount ? [customer.discount] : []).filter(runsAt(at));
  return running.length ? running.map((discount) => ({ discount: idOf(discount) })) : "";
}

/**
 * The subscription's own discounts for the phases of a schedule: a phase that names none gets its customer's.
 * @param at when the second phase begins, s
 */
export function discountsThen(
  { subscription, customer }: Snapshot,
  at: number,
): { discounts?: Record<"now" | "next", "" | { discount: string }[]> } {
  const { discounts } = subscription;
  if (!discounts.length) return customer.discount ? {} : { discounts: { now: "", next: "" } };
  const kept = (some: typeof discounts) => some.map((discount) => ({ discount: idOf(discount) }));
  const goOn = kept(discounts.filter(runsAt(at)));
  const none = customer.discount ? [{ discount: customer.discount.id }] : "";
  return { discounts: { now: kept(discounts), next: goOn.length ? goOn : none } };
}

export const runsAt = (at: number) => (discount: string | Stripe.Discount) =>
  typeof discount === "string" || discount.end === null || discount.end > at;

/** A running discount as a customer reads it. */
import type Stripe from "stripe";
import type { Discount } from "../../../../src/api/wire.ts";
import { fromStripe } from "./amounts.ts";
import {
  after,
  chargeAt,
  couponOf,
  licensedItems,
  mainItem,
  periodEndOf,
  runningDiscounts,
  scheduledPriceOf,
} from "./facts.ts";
import type { Snapshot } from "./model.ts";
import { expanded, milliseconds } from "./parts.ts";

/**
 * Several at once become one where that can be said: percentages of each other, amounts together, until the first of
 * them ends. Of others the first is shown. What the next charge comes to is Stripe's own figure in any case.
 */
export function shownDiscount(snapshot: Snapshot, now: number): Discount | undefined {
  const shown = runningDiscounts(snapshot, now / 1000)
    .filter((discount) => isOfPlan(snapshot, discount))
    .flatMap((discount) => termsOf(snapshot, discount, now));
  const [first] = shown;
  if (!first || shown.length === 1) return first;
  const ends = shown.map(({ endsAt }) => endsAt).filter((each) => each !== undefined);
  const endsAt = ends.length ? { endsAt: Math.min(...ends) } : {};
  if (shown.every(({ percentOff }) => percentOff !== undefined))
    return { percentOff: together(shown.map(({ percentOff = 0 }) => percentOff)), ...endsAt };
  if (shown.every(({ amountOff }) => amountOff !== undefined))
    return { amountOff: shown.reduce((sum, { amountOff = 0 }) => sum + amountOff, 0), ...endsAt };
  return first;
}

/** 20 % and then 10 % is 28 %. */
const together = (percentages: readonly number[]): number => {
  const left = percentages.reduce((rest, percent) => rest * (1 - percent / 100), 1);
  return Math.round((1 - left) * 10_000) / 100;
};

/** Whether it is taken off the whole price that is shown. */
function isOfPlan({ subscription, product }: Snapshot, discount: Stripe.Discount): boolean {
  const isItems = subscription.items.data.some((item) =>
    item.discounts.some((each) => expanded(each)?.id === discount.id),
  );
  if (isItems && licensedItems(subscription).length > 1) return false;
  const isMains = mainItem(subscription).discounts.some((each) => expanded(each)?.id === discount.id);
  if (isItems && !isMains) return false;
  return couponOf(discount)?.applies_to?.products.includes(product.id) ?? true;
}

function termsOf(snapshot: Snapshot, discount: Stripe.Discount, now: number): Discount[] {
  const { currency } = snapshot.subscription;
  const coupon = couponOf(discount);
  const size = coupon && sizeOf(coupon, currency);
  if (!size) return [];
  if (discount.end !== null) return [{ ...size, endsAt: milliseconds(discount.end) }];
  return [coupon.duration === "once" ? { ...size, endsAt: onceEndsAt(snapshot, now) } : size];
}

function sizeOf(
  { percent_off, amount_off, currency: own, currency_options }: Stripe.Coupon,
  currency: string,
): Discount | undefined {
  if (percent_off !== null) return { percentOff: percent_off };
  const off = own === currency ? amount_off : (currency_options?.[currency]?.amount_off ?? null);
  return off === null ? undefined : { amountOff: fromStripe(off, currency) };
}

/** The first charge without it, for one that only the next charge takes. */
function onceEndsAt(snapshot: Snapshot, now: number): number {
  const at = chargeAt(snapshot, now) ?? periodEndOf(snapshot, now);
  const { recurring } = (scheduledPriceOf(snapshot) ?? mainItem(snapshot.subscription)).price;
  return recurring ? after(at, recurring, snapshot.subscription) : at;
}

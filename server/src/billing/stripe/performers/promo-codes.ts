/** What a customer means by a code, and what stands in its way. */
import type Stripe from "stripe";
import { orMissing, reading } from "../errors.ts";
import type { Snapshot, StripeAccount } from "../model.ts";
import { idOf } from "../parts.ts";
import { scheduledPriceOf } from "../view.ts";

/** Of what is charged next, since that is what would be discounted. */
export interface Purchase {
  customerId: string;
  currency: string;
  productIds: readonly string[];
  /** Stripe's minor units. */
  subtotal: number;
  isDiscounted: boolean;
}

export type Obstacle = `promo_code_${"invalid" | "expired" | "used_up" | "not_applicable"}`;

/** Stripe keeps old codes: of several the one that works for this customer, else the newest. */
export async function findCode(
  { stripe }: StripeAccount,
  typed: string,
  customerId: string,
): Promise<Stripe.PromotionCode | undefined> {
  const code = typed.trim();
  if (!code || code.length > 500) return undefined;
  const expand = ["promotion.coupon.applies_to", "promotion.coupon.currency_options"];
  const list = { code, limit: 100, expand: expand.map((path) => `data.${path}`) };
  const found = await orMissing(reading(() => stripe.promotionCodes.list(list)));
  const same = (found?.data ?? []).filter((each) => each.code.toLowerCase() === code.toLowerCase());
  const rank = ({ active, customer }: Stripe.PromotionCode) =>
    (active ? 2 : 0) + (customer && idOf(customer) !== customerId ? 0 : 1) + (active && customer ? 0.5 : 0);
  return same.toSorted((one, other) => rank(other) - rank(one) || other.created - one.created)[0];
}

export const couponIn = ({ promotion }: Stripe.PromotionCode): Stripe.Coupon | undefined =>
  promotion.coupon && typeof promotion.coupon === "object" ? promotion.coupon : undefined;

/**
 * @param now billing's clock, s
 * @param machine the machine's clock, s: Stripe itself ends codes by it
 */
export function obstacleTo(
  code: Stripe.PromotionCode | undefined,
  purchase: Purchase,
  now: number,
  machine: number,
): Obstacle | undefined {
  const coupon = code && couponIn(code);
  if (!code || !coupon) return "promo_code_invalid";
  const clock = code.active ? now : Math.max(now, machine);
  if (isPast(code.expires_at, clock) || isPast(coupon.redeem_by, clock)) return "promo_code_expired";
  if (isUsedUp(code) || isUsedUp(coupon)) return "promo_code_used_up";
  if (!code.active || !coupon.valid) return "promo_code_invalid";
  return isMeantFor(code, coupon, purchase) ? undefined : "promo_code_not_applicable";
}

const isPast = (at: number | null, now: number): boolean => at !== null && at <= now;

const isUsedUp = (of: Pick<Stripe.Coupon, "max_redemptions" | "times_redeemed">): boolean =>
  of.max_redemptions !== null && of.times_redeemed >= of.max_redemptions;

function isMeantFor(
  { customer, restrictions }: Stripe.PromotionCode,
  coupon: Stripe.Coupon,
  { customerId, currency, productIds, subtotal, isDiscounted }: Purchase,
): boolean {
  if (isDiscounted || (customer && idOf(customer) !== customerId)) return false;
  const { amount_off: amount, currency_options: options, applies_to: products } = coupon;
  if (amount !== null && coupon.currency !== currency && !options?.[currency]) return false;
  if (products?.products.length && !products.products.some((id) => productIds.includes(id))) return false;
  const least = leastOf(restrictions, currency);
  return least === undefined || subtotal >= least;
}

/** A minimum that is not known in this currency cannot be reached in it. */
function leastOf(restrictions: Stripe.PromotionCode.Restrictions, currency: string): number | undefined {
  const { minimum_amount: least, minimum_amount_currency: in_, currency_options: options } = restrictions;
  if (least === null) return undefined;
  if (in_ === currency) return least;
  return options?.[currency]?.minimum_amount ?? Number.POSITIVE_INFINITY;
}

export function purchaseOf(snapshot: Snapshot, isDiscounted: boolean): Purchase {
  const { subscription, customer } = snapshot;
  const planned = scheduledPriceOf(snapshot);
  const items = subscription.items.data.filter(({ price }) => price.recurring?.usage_type !== "metered");
  const next: { price: Stripe.Price; quantity?: number }[] = planned ? [planned] : items;
  return {
    customerId: customer.id,
    currency: subscription.currency,
    productIds: next.map(({ price }) => idOf(price.product)),
    subtotal: next.reduce(
      (sum, { price, quantity = 1 }) => sum + unitAmount(price, subscription.currency) * quantity,
      0,
    ),
    isDiscounted,
  };
}

function unitAmount(price: Stripe.Price, currency: string): number {
  const own = price.currency === currency ? price : price.currency_options?.[currency];
  return own?.unit_amount ?? 0;
}

/** Whether this customer has paid for something before, for codes that are for new ones. A trial has cost nothing. */
export async function hasBought({ stripe }: StripeAccount, customerId: string): Promise<boolean> {
  const of = { customer: customerId, status: "paid", limit: 100 } as const;
  const { data } = await reading(() => stripe.invoices.list(of));
  return data.some(({ amount_paid: paid }) => paid > 0);
}

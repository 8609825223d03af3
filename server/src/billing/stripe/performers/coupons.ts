/** Coupons for discounts that are offered here: one for each kind, with an id that says what it is. */
import type Stripe from "stripe";
import { minorDigits } from "../../../../../src/flow/offers.ts";
import { BillingError } from "../../provider.ts";
import { toStripe } from "../amounts.ts";
import { asking, orMissing, reading } from "../errors.ts";
import type { Action, StripeAccount } from "../model.ts";
import { refuse } from "../rules.ts";

type Terms = Omit<Action<"discount">, "type" | "subscriptionId">;
export type CouponTerms = Pick<
  Stripe.CouponCreateParams,
  "percent_off" | "amount_off" | "currency" | "duration" | "duration_in_months"
>;

/** How often somebody else may have taken the id that was meant. */
const ATTEMPTS = 5;

/**
 * @param billedIn the subscription's currency
 * @throws BillingError rejected for terms that are none
 */
export function couponTerms(terms: Terms, billedIn: string): CouponTerms {
  const { duration, months } = terms;
  const size = sizeOf(terms, billedIn);
  if (duration !== "repeating") return { ...size, duration };
  if (months === undefined || !Number.isSafeInteger(months) || months < 1)
    return refuse("parameter_invalid", "months");
  return { ...size, duration, duration_in_months: months };
}

function sizeOf({ percentOff, amountOff, currency }: Terms, billedIn: string): CouponTerms {
  if (percentOff !== undefined && amountOff === undefined) {
    if (!(percentOff > 0 && percentOff <= 100)) refuse("parameter_invalid", "percentOff");
    return { percent_off: percentOff };
  }
  if (amountOff === undefined || percentOff !== undefined)
    return refuse("parameter_invalid", "One of percentOff, amountOff");
  if (!Number.isSafeInteger(amountOff) || amountOff <= 0) refuse("parameter_invalid", "amountOff");
  if (currency !== billedIn) refuse("currency_mismatch", `It is billed in ${billedIn}`);
  return { amount_off: inStripesUnits(amountOff, currency), currency };
}

function inStripesUnits(amount: number, currency: string): number {
  try {
    return toStripe(amount, currency);
  } catch (error) {
    if (error instanceof RangeError) return refuse("parameter_invalid", error.message);
    throw error;
  }
}

/** `renumerate_50_once`, `renumerate_500usd_repeating_3`: the same terms always have the same one. */
export function couponId(terms: CouponTerms): string {
  const { percent_off, amount_off, currency, duration, duration_in_months } = terms;
  const size = percent_off === undefined ? `${amount_off}${currency}` : String(percent_off).replace(".", "-");
  return ["renumerate", size, duration, ...(duration_in_months ? [duration_in_months] : [])].join("_");
}

/** What customers read on their invoices. @param amountOff in our minor units */
export function couponName({ percentOff, amountOff = 0, currency, duration, months }: Terms): string {
  const size = percentOff === undefined ? money(amountOff, currency) : `${percentOff}%`;
  if (duration !== "repeating") return `${size} off`;
  return `${size} off for ${months} ${months === 1 ? "month" : "months"}`;
}

function money(amount: number, currency: string): string {
  const format = new Intl.NumberFormat("en", { style: "currency", currency, currencyDisplay: "code" });
  return format.format(amount / 10 ** minorDigits(currency)).replaceAll("\u00a0", " ");
}

/**
 * The coupon of these terms, made if it is missing. One of the same id that was made or changed by somebody else is left
 * alone, and the next id taken.
 */
export async function readyCoupon(
  account: StripeAccount,
  terms: Terms,
  billedIn: string,
): Promise<Stripe.Coupon> {
  const wanted = couponTerms(terms, billedIn);
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    const id = attempt === 1 ? couponId(wanted) : `${couponId(wanted)}_${attempt}`;
    const coupon =
      (await find(account, id)) ?? (await make(account, { ...wanted, id, name: couponName(terms) }));
    if (coupon && isSame(coupon, wanted)) return coupon;
  }
  return refuse("coupon_unavailable", `No coupon of the kind of ${couponId(wanted)} can be redeemed`);
}

const find = ({ stripe }: StripeAccount, id: string): Promise<Stripe.Coupon | undefined> =>
  orMissing(reading(() => stripe.coupons.retrieve(id, { expand: ["applies_to"] })));

/** It is known by its id, so that no key is needed: two who make it at once make one. */
async function make(
  account: StripeAccount,
  params: Stripe.CouponCreateParams & { id: string },
): Promise<Stripe.Coupon | undefined> {
  try {
    return await asking(() => account.stripe.coupons.create(params));
  } catch (error) {
    if (error instanceof BillingError && error.code === "resource_already_exists")
      return find(account, params.id);
    throw error;
  }
}

export function isSame(coupon: Stripe.Coupon, terms: CouponTerms): boolean {
  return (
    coupon.valid &&
    !coupon.applies_to?.products.length &&
    coupon.duration === terms.duration &&
    (coupon.duration_in_months ?? undefined) === terms.duration_in_months &&
    (coupon.percent_off ?? undefined) === terms.percent_off &&
    (coupon.amount_off ?? undefined) === terms.amount_off &&
    (coupon.currency ?? undefined) === terms.currency
  );
}

/** Whether what a coupon takes off can be this product's price. */
export async function isFor(
  { stripe, cache }: StripeAccount,
  couponId: string,
  productId: string,
): Promise<boolean> {
  const coupon = await cache.get(`coupon:${couponId}`, 300_000, () =>
    orMissing(reading(() => stripe.coupons.retrieve(couponId, { expand: ["applies_to"] }))),
  );
  // A coupon that was deleted still works where it was redeemed, and what it was for is not known any more.
  return coupon?.applies_to?.products.includes(productId) ?? true;
}

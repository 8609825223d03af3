/** What makes the next charges smaller: a discount as such, or one that a promo code stands for. */
import { addMonths } from "../../../src/flow/offers.ts";
import { without } from "./simulator-engine.ts";
import type {
  SimulatedDiscount,
  SimulatedPrice,
  SimulatedPromoCode,
  SimulatedSubscription,
} from "./simulator-model.ts";
import { type Action, refuse } from "./simulator-rules.ts";

type Terms = Omit<Action<"discount">, "type" | "subscriptionId">;

export function discountFor(
  subscription: SimulatedSubscription,
  terms: Terms,
  now: number,
): SimulatedDiscount {
  const { percentOff, amountOff, currency, duration, months } = terms;
  if (subscription.discount) refuse("discount_running", `${subscription.id} has a discount already`);
  if ((percentOff === undefined) === (amountOff === undefined))
    refuse("parameter_invalid", "One of percentOff, amountOff");
  if (percentOff !== undefined && !(percentOff > 0 && percentOff <= 100))
    refuse("parameter_invalid", "percentOff");
  if (amountOff !== undefined) {
    if (!Number.isSafeInteger(amountOff) || amountOff <= 0) refuse("parameter_invalid", "amountOff");
    if (currency !== subscription.price.currency)
      refuse("currency_mismatch", `It is billed in ${subscription.price.currency}`);
  }
  const size = percentOff === undefined ? { amountOff: amountOff as number } : { percentOff };
  if (duration === "forever") return size;
  if (duration === "once") return { ...size, once: true };
  if (months === undefined || !Number.isSafeInteger(months) || months < 1)
    return refuse("parameter_invalid", "months");
  return { ...size, endsAt: addMonths(now, months) };
}

/** Whether what is for some plans alone is for this price. */
const isFor = (
  { priceIds, productIds }: Pick<SimulatedDiscount, "priceIds" | "productIds">,
  { id, productId }: SimulatedPrice,
): boolean => (priceIds?.includes(id) ?? true) && (productIds?.includes(productId) ?? true);

/** After another price was chosen: a discount that is not for what is charged next goes. */
export function withFittingDiscount(subscription: SimulatedSubscription): SimulatedSubscription {
  const { discount, nextPrice, price } = subscription;
  return discount && !isFor(discount, nextPrice ?? price) ? without(subscription, "discount") : subscription;
}

/** The discount of a code, if it is good, here and now. Counting it is the caller's part. */
export function redeem(
  subscription: SimulatedSubscription,
  promoCode: SimulatedPromoCode | undefined,
  now: number,
): SimulatedDiscount {
  if (!promoCode?.active) return refuse("promo_code_invalid", "There is no such code");
  const { code, expiresAt, maxRedemptions, redeemed, priceIds, productIds, duration } = promoCode;
  if (expiresAt !== undefined && expiresAt <= now) refuse("promo_code_expired", `${code} has expired`);
  if (maxRedemptions !== undefined && redeemed >= maxRedemptions)
    refuse("promo_code_used_up", `${code} has been redeemed ${redeemed} times`);
  // What is charged next is what would be discounted.
  const price = subscription.nextPrice ?? subscription.price;
  const isMoney = promoCode.amountOff === undefined || promoCode.currency === price.currency;
  if (!isFor(promoCode, price) || !isMoney || subscription.discount)
    refuse("promo_code_not_applicable", `${code} is not for ${subscription.id}`);
  const { percentOff, amountOff, months } = promoCode;
  const size = {
    ...(percentOff === undefined ? {} : { percentOff }),
    ...(amountOff === undefined ? {} : { amountOff }),
  };
  const length = months === undefined ? { duration } : { duration, months };
  const discount = discountFor(subscription, { ...size, ...length, currency: price.currency }, now);
  return { ...discount, ...(priceIds ? { priceIds } : {}), ...(productIds ? { productIds } : {}) };
}

/** The code that a customer means, whatever the case it is typed in. */
export function findCode(
  codes: readonly SimulatedPromoCode[],
  typed: string,
): SimulatedPromoCode | undefined {
  const plain = (code: string) => code.trim().toLowerCase();
  return codes.find(({ code }) => plain(code) === plain(typed));
}

/** Coupons on subscriptions and their items: https://docs.stripe.com/billing/subscriptions/coupons */
import type Stripe from "stripe";
import { Refusal, type State } from "../state.ts";
import { plus } from "./calendar.ts";
import { idOf } from "./memory.ts";

export interface DiscountParam {
  coupon?: string;
  discount?: string;
  promotion_code?: string;
}

/** Where a new discount goes. */
interface Place {
  customer: string;
  currency: string;
  subscription: string | null;
  item?: string;
  at: number;
}

export const couponOf = (state: State, discount: Stripe.Discount): Stripe.Coupon =>
  state.get("coupons", idOf(discount.source.coupon));

/** What a coupon takes off in this currency; undefined where it is a percentage. */
export const amountOff = (coupon: Stripe.Coupon, currency: string): number | undefined =>
  coupon.percent_off !== null
    ? undefined
    : coupon.currency === currency
      ? (coupon.amount_off ?? 0)
      : (coupon.currency_options?.[currency]?.amount_off ?? undefined);

function goodCoupon(state: State, id: string, place: Place): Stripe.Coupon {
  const coupon = state.find("coupons", id);
  if (!coupon || coupon.deleted)
    throw new Refusal(400, `No such coupon: '${id}'`, { code: "resource_missing", param: "discounts" });
  const used = coupon.max_redemptions !== null && coupon.times_redeemed >= coupon.max_redemptions;
  const late = coupon.redeem_by !== null && coupon.redeem_by <= place.at;
  if (used || late || !coupon.valid)
    throw new Refusal(400, `Coupon expired: ${id}`, { code: "coupon_expired", param: "discounts" });
  if (coupon.percent_off === null && amountOff(coupon, place.currency) === undefined)
    throw new Refusal(
      400,
      `The coupon's currency does not match the subscription's: \`${place.currency}\`.`,
      { param: "discounts" },
    );
  return coupon;
}

/** First-time codes are for customers who have paid nothing yet. */
const hasPaid = (state: State, customer: string): boolean =>
  state
    .all("invoices")
    .some((invoice) => idOf(invoice.customer) === customer && invoice.status === "paid" && invoice.total > 0);

function goodCode(state: State, id: string, place: Place): Stripe.PromotionCode {
  const code = state.find("promotion_codes", id);
  const refuse = (says: string, reason?: string) =>
    new Refusal(400, says, { param: "discounts", ...(reason ? { code: reason } : {}) });
  if (!code) throw refuse(`No such promotion code: '${id}'`, "resource_missing");
  const used = code.max_redemptions !== null && code.times_redeemed >= code.max_redemptions;
  const late = code.expires_at !== null && code.expires_at <= place.at;
  if (!code.active || used || late) throw refuse("This promotion code is not active or has expired.");
  if (code.customer !== null && idOf(code.customer) !== place.customer)
    throw refuse("This promotion code is for another customer.");
  if (code.restrictions.first_time_transaction && hasPaid(state, place.customer))
    throw refuse(
      "This promotion code cannot be redeemed because the associated customer has prior transactions.",
    );
  return code;
}

/** A repeating coupon ends so many months later, whatever is billed until then. */
const endOf = (coupon: Stripe.Coupon, at: number): number | null =>
  coupon.duration === "repeating"
    ? plus(at, { interval: "month", interval_count: coupon.duration_in_months ?? 1 })
    : null;

function redeem(state: State, given: DiscountParam, place: Place): Stripe.Discount {
  const code = given.promotion_code ? goodCode(state, given.promotion_code, place) : undefined;
  const coupon = goodCoupon(state, code ? idOf(code.promotion.coupon) : (given.coupon ?? ""), place);
  coupon.times_redeemed += 1;
  if (coupon.times_redeemed === coupon.max_redemptions) coupon.valid = false;
  if (code) code.times_redeemed += 1;
  return state.put("discounts", {
    id: state.newId("discounts"),
    object: "discount",
    checkout_session: null,
    customer: place.customer,
    customer_account: null,
    end: endOf(coupon, place.at),
    invoice: null,
    invoice_item: null,
    promotion_code: code?.id ?? null,
    source: { coupon: coupon.id, type: "coupon" },
    start: place.at,
    subscription: place.subscription,
    subscription_item: place.item ?? null,
  });
}

/** @returns ids of discounts: those that were there and are named again, and new ones */
export function redeemAll(state: State, given: readonly DiscountParam[], place: Place): string[] {
  return given.map((each) => {
    if (Object.values(each).filter(Boolean).length !== 1)
      throw new Refusal(400, "You must pass exactly one of `coupon`, `discount` or `promotion_code`.", {
        param: "discounts",
      });
    if (!each.discount) return redeem(state, each, place).id;
    if (state.find("discounts", each.discount)) return each.discount;
    throw new Refusal(400, `No such discount: '${each.discount}'`, {
      code: "resource_missing",
      param: "discounts",
    });
  });
}

const existing = (state: State, ids: readonly (string | { id: string })[]): Stripe.Discount[] =>
  ids.flatMap((id) => state.find("discounts", idOf(id)) ?? []);

/** The subscription's, or else the customer's: one takes the other's place. */
export function discountsOf(state: State, subscription: Stripe.Subscription): Stripe.Discount[] {
  const own = existing(state, subscription.discounts);
  const theirs = state.get("customers", idOf(subscription.customer)).discount;
  return own.length > 0 || !theirs ? own : [theirs];
}

export const itemDiscountsOf = (state: State, item: Stripe.SubscriptionItem): Stripe.Discount[] =>
  existing(state, item.discounts);

const without = (ids: readonly (string | Stripe.Discount)[], gone: readonly string[]): string[] =>
  ids.map(idOf).filter((id) => !gone.includes(id));

/** Takes discounts away from wherever they are on a subscription or its customer. */
export function removeDiscounts(
  state: State,
  subscription: Stripe.Subscription,
  gone: readonly string[],
): void {
  subscription.discounts = without(subscription.discounts, gone);
  for (const item of subscription.items.data) item.discounts = without(item.discounts, gone);
  const customer = state.get("customers", idOf(subscription.customer));
  if (customer.discount && gone.includes(customer.discount.id)) customer.discount = null;
}

/** All that could be taken off an invoice of this subscription. */
export const allDiscountsOf = (state: State, subscription: Stripe.Subscription): Stripe.Discount[] => [
  ...subscription.items.data.flatMap((item) => itemDiscountsOf(state, item)),
  ...discountsOf(state, subscription),
];

/** A `once` discount is gone after the invoice that it has made cheaper. */
export function useUp(state: State, subscription: Stripe.Subscription, used: readonly string[]): void {
  const once = allDiscountsOf(state, subscription).filter(
    (discount) => used.includes(discount.id) && couponOf(state, discount).duration === "once",
  );
  removeDiscounts(
    state,
    subscription,
    once.map(({ id }) => id),
  );
}

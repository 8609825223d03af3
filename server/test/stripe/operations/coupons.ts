/** https://docs.stripe.com/api/coupons and /promotion_codes */
import type Stripe from "stripe";
import { page } from "../lists.ts";
import { type Call, type Operations, Refusal, type State } from "../state.ts";
import { idOf, isCreated, mergeMetadata, named, textOf } from "./parts.ts";

/**
 * Whether a coupon can still be given. Coupons and codes are on no test clock, so that it is Stripe's own time by which
 * they are shown. What counts for a customer who lives on a clock is not documented; when a code is redeemed it is the
 * time on it.
 */
const isValid = (coupon: Stripe.Coupon, now: number): boolean =>
  (coupon.redeem_by === null || coupon.redeem_by >= now) &&
  (coupon.max_redemptions === null || coupon.times_redeemed < coupon.max_redemptions);

const isGone = (state: State, id: string): boolean => state.data.hidden[id]?.deleted === true;

/** A coupon as it is shown: validity is a matter of time. */
export function shownCoupon(state: State, coupon: Stripe.Coupon, now = state.data.now): Stripe.Coupon {
  return { ...coupon, valid: isValid(coupon, now) && !isGone(state, coupon.id) };
}

function isActive(state: State, code: Stripe.PromotionCode, now: number): boolean {
  const coupon = state.get("coupons", code.promotion.coupon as string);
  return (
    code.active &&
    shownCoupon(state, coupon, now).valid &&
    (code.expires_at === null || code.expires_at >= now) &&
    (code.max_redemptions === null || code.times_redeemed < code.max_redemptions)
  );
}

/** A promotion code as it is shown. What is stored says whether somebody has switched it off. */
export function shownCode(
  state: State,
  code: Stripe.PromotionCode,
  now = state.data.now,
): Stripe.PromotionCode {
  return { ...code, active: isActive(state, code, now) };
}

function coupon(state: State, id: string): Stripe.Coupon {
  const found = state.get("coupons", id);
  if (isGone(state, id)) throw new Refusal(404, `No such coupon: '${id}'`, { code: "resource_missing" });
  return found;
}

function checkTerms(params: Stripe.CouponCreateParams): void {
  const { amount_off: amount, percent_off: percent, currency, duration, duration_in_months: months } = params;
  const refuse = (message: string, param: string) => new Refusal(400, message, { param });
  if ((amount === undefined) === (percent === undefined)) {
    throw refuse("You must pass either percent_off or amount_off, and not both.", "percent_off");
  }
  if (amount !== undefined && amount < 1)
    throw refuse("amount_off must be a positive integer.", "amount_off");
  if (amount !== undefined && !currency) {
    throw refuse("You must pass currency when passing amount_off", "currency");
  }
  if (percent !== undefined && !(percent > 0 && percent <= 100)) {
    throw refuse("percent_off must be larger than 0 and at most 100.", "percent_off");
  }
  if ((duration === "repeating") !== (months !== undefined)) {
    throw refuse("duration_in_months goes with duration=repeating.", "duration_in_months");
  }
  if (months !== undefined && months < 1) throw refuse("Invalid positive integer", "duration_in_months");
  if (params.name !== undefined && params.name.length > 40) {
    throw refuse("Invalid string: must be at most 40 characters", "name");
  }
}

function createCoupon({ state, params }: Call<Stripe.CouponCreateParams>): object {
  checkTerms(params);
  const id = params.id ?? state.newId("coupons").slice("coupons_".length);
  if (state.find("coupons", id) && !isGone(state, id)) {
    throw new Refusal(400, "Coupon already exists.", { code: "resource_already_exists" });
  }
  for (const each of params.applies_to?.products ?? [])
    named(state, "products", each, "applies_to[products]");
  delete state.data.hidden[id];
  const made: Stripe.Coupon = {
    id,
    object: "coupon",
    amount_off: params.amount_off ?? null,
    ...(params.applies_to ? { applies_to: { products: params.applies_to.products ?? [] } } : {}),
    created: state.data.now,
    currency: params.amount_off === undefined ? null : (params.currency?.toLowerCase() ?? null),
    duration: params.duration ?? "once",
    duration_in_months: params.duration_in_months ?? null,
    livemode: false,
    max_redemptions: params.max_redemptions ?? null,
    metadata: mergeMetadata(null, params.metadata),
    name: params.name ?? null,
    percent_off: params.percent_off ?? null,
    redeem_by: params.redeem_by ?? null,
    times_redeemed: 0,
    valid: true,
  };
  return state.put("coupons", made);
}

function updateCoupon({ state, params, ids }: Call<Stripe.CouponUpdateParams>): object {
  const before = coupon(state, idOf({ ids }));
  const after = {
    ...before,
    metadata: mergeMetadata(before.metadata, params.metadata),
    name: textOf(params.name, before.name),
  };
  return shownCoupon(state, state.put("coupons", after));
}

/** Discounts that it has given go on, so that it is kept where they find it. */
function deleteCoupon({ state, ids }: Call): object {
  const found = coupon(state, idOf({ ids }));
  const { id } = found;
  state.data.hidden[id] = { deleted: true };
  state.put("coupons", { ...found, valid: false });
  return { id, object: "coupon", deleted: true };
}

function listCoupons({ state, params }: Call<Stripe.CouponListParams>): object {
  const all = state
    .all("coupons")
    .filter(({ id }) => !isGone(state, id))
    .filter(isCreated(params.created))
    .map((each) => shownCoupon(state, each));
  return page(all, params, "/v1/coupons");
}

const same = (one: string, other: string): boolean => one.toLowerCase() === other.toLowerCase();

/** "Regardless of case, this code must be unique across all active promotion codes for a specific customer." */
function checkCode(state: State, code: string, customer: string | null): void {
  if (!/^[A-Za-z0-9-]+$/.test(code)) {
    throw new Refusal(400, "Code can only contain letters, digits and dashes.", { param: "code" });
  }
  const taken = state
    .all("promotion_codes")
    .some(
      (each) => same(each.code, code) && each.customer === customer && isActive(state, each, state.data.now),
    );
  if (taken) {
    throw new Refusal(400, `An active promotion code with \`code: ${code}\` already exists.`, {
      code: "resource_already_exists",
      param: "code",
    });
  }
}

function checkLimits(of: Stripe.Coupon, params: Stripe.PromotionCodeCreateParams, now: number): void {
  const { expires_at: expires, max_redemptions: most } = params;
  if (expires !== undefined && expires <= now) {
    throw new Refusal(400, "expires_at must be in the future.", { param: "expires_at" });
  }
  if (of.redeem_by !== null && expires !== undefined && expires > of.redeem_by) {
    throw new Refusal(400, "expires_at cannot be after the coupon's redeem_by.", { param: "expires_at" });
  }
  if (of.max_redemptions !== null && most !== undefined && most > of.max_redemptions) {
    throw new Refusal(400, "max_redemptions cannot be greater than the coupon's.", {
      param: "max_redemptions",
    });
  }
}

function restrictionsOf(
  given: Stripe.PromotionCodeCreateParams["restrictions"] = {},
): Stripe.PromotionCode.Restrictions {
  return {
    first_time_transaction: given.first_time_transaction ?? false,
    minimum_amount: given.minimum_amount ?? null,
    minimum_amount_currency: given.minimum_amount_currency?.toLowerCase() ?? null,
  };
}

function createCode({ state, params }: Call<Stripe.PromotionCodeCreateParams>): object {
  const { coupon: couponId = "" } = params.promotion;
  const of = named(state, "coupons", couponId, "promotion[coupon]");
  if (!shownCoupon(state, of).valid) {
    throw new Refusal(400, "The coupon is no longer valid.", { param: "promotion[coupon]" });
  }
  if (params.customer) named(state, "customers", params.customer, "customer");
  const id = state.newId("promotion_codes");
  const code = params.code ?? id.slice(-8).toUpperCase();
  checkCode(state, code, params.customer ?? null);
  checkLimits(of, params, state.data.now);
  const made: Stripe.PromotionCode = {
    id,
    object: "promotion_code",
    active: params.active ?? true,
    code,
    created: state.data.now,
    customer: params.customer ?? null,
    customer_account: null,
    expires_at: params.expires_at ?? null,
    livemode: false,
    max_redemptions: params.max_redemptions ?? null,
    metadata: mergeMetadata(null, params.metadata),
    promotion: { coupon: couponId, type: "coupon" },
    restrictions: restrictionsOf(params.restrictions),
    times_redeemed: 0,
  };
  return state.put("promotion_codes", made);
}

function updateCode({ state, params, ids }: Call<Stripe.PromotionCodeUpdateParams>): object {
  const before = state.get("promotion_codes", idOf({ ids }));
  const after = {
    ...before,
    active: params.active ?? before.active,
    metadata: mergeMetadata(before.metadata, params.metadata),
  };
  if (params.active && !isActive(state, after, state.data.now)) {
    throw new Refusal(400, "This promotion code cannot be activated: it has expired or is used up.", {
      param: "active",
    });
  }
  return shownCode(state, state.put("promotion_codes", after));
}

function listCodes({ state, params }: Call<Stripe.PromotionCodeListParams>): object {
  const { code, customer } = params;
  const all = state
    .all("promotion_codes")
    .map((each) => shownCode(state, each))
    .filter((each) => params.active === undefined || each.active === params.active)
    .filter((each) => code === undefined || same(each.code, code))
    .filter((each) => customer === undefined || each.customer === customer)
    .filter((each) => params.coupon === undefined || each.promotion.coupon === params.coupon)
    .filter(isCreated(params.created));
  return page(all, params, "/v1/promotion_codes");
}

export const couponOperations: Operations = {
  "POST /v1/coupons": createCoupon,
  "GET /v1/coupons": listCoupons,
  "GET /v1/coupons/:id": ({ state, ids }: Call) => shownCoupon(state, coupon(state, idOf({ ids }))),
  "POST /v1/coupons/:id": updateCoupon,
  "DELETE /v1/coupons/:id": deleteCoupon,
  "POST /v1/promotion_codes": createCode,
  "GET /v1/promotion_codes": listCodes,
  "GET /v1/promotion_codes/:id": ({ state, ids }: Call) =>
    shownCode(state, state.get("promotion_codes", idOf({ ids }))),
  "POST /v1/promotion_codes/:id": updateCode,
};

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type Stripe from "stripe";
import { obstacleTo, type Purchase } from "../../src/billing/stripe/performers/promo-codes.ts";

const NOW = 1_800_000_000;

const purchase: Purchase = {
  customerId: "cus_1",
  currency: "usd",
  productIds: ["prod_1"],
  subtotal: 2000,
  isDiscounted: false,
};

const coupon = {
  id: "spring",
  object: "coupon",
  valid: true,
  amount_off: null,
  currency: null,
  percent_off: 20,
  redeem_by: null,
  max_redemptions: null,
  times_redeemed: 7,
} as unknown as Stripe.Coupon;

type Restrictions = Partial<Stripe.PromotionCode.Restrictions>;
interface Given {
  code?: Partial<Stripe.PromotionCode>;
  coupon?: Partial<Stripe.Coupon>;
  restrictions?: Restrictions;
  purchase?: Partial<Purchase>;
  machine?: number;
}

function obstacle(given: Given = {}) {
  const code = {
    id: "promo_1",
    code: "SPRING",
    active: true,
    customer: null,
    expires_at: null,
    max_redemptions: null,
    times_redeemed: 3,
    promotion: { type: "coupon", coupon: { ...coupon, ...given.coupon } },
    restrictions: {
      first_time_transaction: false,
      minimum_amount: null,
      minimum_amount_currency: null,
      ...given.restrictions,
    },
    ...given.code,
  } as unknown as Stripe.PromotionCode;
  return obstacleTo(code, { ...purchase, ...given.purchase }, NOW, given.machine ?? NOW);
}

describe("a promo code", () => {
  it("works where nothing stands in its way", () => assert.equal(obstacle(), undefined));

  it("that there is not, or not any more, is invalid", () => {
    assert.equal(obstacleTo(undefined, purchase, NOW, NOW), "promo_code_invalid");
    assert.equal(obstacle({ code: { active: false } }), "promo_code_invalid");
    assert.equal(obstacle({ coupon: { valid: false } }), "promo_code_invalid");
    const none = { type: "coupon", coupon: null } as const;
    assert.equal(obstacle({ code: { promotion: none } }), "promo_code_invalid");
  });

  it("expires with itself or with its coupon, at that second", () => {
    assert.equal(obstacle({ code: { expires_at: NOW } }), "promo_code_expired");
    assert.equal(obstacle({ code: { expires_at: NOW + 1 } }), undefined);
    assert.equal(obstacle({ coupon: { redeem_by: NOW } }), "promo_code_expired");
    assert.equal(obstacle({ coupon: { redeem_by: NOW + 1 } }), undefined);
  });

  it("expires by Stripe's clock, too, where billing's stands before it", () => {
    const later = { expires_at: NOW + 10 };
    assert.equal(obstacle({ code: { ...later, active: false }, machine: NOW + 10 }), "promo_code_expired");
    assert.equal(obstacle({ code: later, machine: NOW + 10 }), undefined);
  });

  it("is used up with itself or with its coupon", () => {
    assert.equal(obstacle({ code: { max_redemptions: 3, active: false } }), "promo_code_used_up");
    assert.equal(obstacle({ code: { max_redemptions: 4 } }), undefined);
    assert.equal(obstacle({ coupon: { max_redemptions: 7, valid: false } }), "promo_code_used_up");
    assert.equal(obstacle({ coupon: { max_redemptions: 8 } }), undefined);
  });

  it("is for who and what it is for", () => {
    assert.equal(obstacle({ code: { customer: "cus_2" } }), "promo_code_not_applicable");
    assert.equal(obstacle({ code: { customer: "cus_1" } }), undefined);
    const other = { applies_to: { products: ["prod_2"] } };
    assert.equal(obstacle({ coupon: other }), "promo_code_not_applicable");
    assert.equal(obstacle({ coupon: other, purchase: { productIds: ["prod_1", "prod_2"] } }), undefined);
    assert.equal(obstacle({ coupon: { applies_to: { products: [] } } }), undefined);
  });

  it("of an amount is for its currencies", () => {
    const euros = { percent_off: null, amount_off: 500, currency: "eur" };
    assert.equal(obstacle({ coupon: euros }), "promo_code_not_applicable");
    const more = { currency_options: { usd: { amount_off: 600 } } };
    assert.equal(obstacle({ coupon: { ...euros, ...more } }), undefined);
    assert.equal(obstacle({ coupon: { ...euros, currency: "usd" } }), undefined);
  });

  it("wants its minimum, in a currency that it knows", () => {
    const of = (minimum_amount: number, minimum_amount_currency: string, more: Restrictions = {}) =>
      obstacle({ restrictions: { minimum_amount, minimum_amount_currency, ...more } });
    assert.equal(of(2001, "usd"), "promo_code_not_applicable");
    assert.equal(of(2000, "usd"), undefined);
    assert.equal(of(1, "eur"), "promo_code_not_applicable");
    assert.equal(of(1, "eur", { currency_options: { usd: { minimum_amount: 2000 } } }), undefined);
  });

  it("comes second to a discount that runs", () => {
    assert.equal(obstacle({ purchase: { isDiscounted: true } }), "promo_code_not_applicable");
  });

  it("says first what is wrong with itself", () => {
    const elsewhere = { purchase: { isDiscounted: true } };
    assert.equal(obstacle({ ...elsewhere, code: { active: false } }), "promo_code_invalid");
    assert.equal(obstacle({ ...elsewhere, code: { expires_at: NOW } }), "promo_code_expired");
  });
});

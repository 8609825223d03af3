import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type Stripe from "stripe";
import { BillingError } from "../../src/billing/provider.ts";
import { couponId, couponName, couponTerms, isSame } from "../../src/billing/stripe/performers/coupons.ts";

type Terms = Parameters<typeof couponName>[0];

const half: Terms = { percentOff: 50, currency: "usd", duration: "once" };
const five: Terms = { amountOff: 500, currency: "usd", duration: "once" };
const idOf = (terms: Terms) => couponId(couponTerms(terms, terms.currency));

describe("a coupon's id", () => {
  it("is the same for the same terms", () => {
    assert.equal(idOf(half), "renumerate_50_once");
    assert.equal(idOf({ ...half, duration: "forever" }), "renumerate_50_forever");
    assert.equal(idOf({ ...half, duration: "repeating", months: 3 }), "renumerate_50_repeating_3");
    assert.equal(idOf(five), "renumerate_500usd_once");
    assert.equal(idOf({ ...half, percentOff: 12.5 }), "renumerate_12-5_once");
  });

  it("does not hold what the terms do not need", () => {
    assert.equal(idOf({ ...half, months: 3 }), idOf(half));
    assert.equal(idOf({ ...half, currency: "eur" }), idOf(half));
  });

  it("is another for other terms", () => {
    const all: Terms[] = [
      half,
      { ...half, percentOff: 51 },
      { ...half, percentOff: 5 },
      { ...half, duration: "forever" },
      { ...half, duration: "repeating", months: 1 },
      { ...half, duration: "repeating", months: 11 },
      five,
      { ...five, amountOff: 50 },
      { ...five, currency: "eur" },
    ];
    assert.equal(new Set(all.map(idOf)).size, all.length);
  });
});

describe("a coupon's terms", () => {
  const refuses = (terms: Terms, code: string, billedIn = terms.currency) =>
    assert.throws(
      () => couponTerms(terms, billedIn),
      (error) => error instanceof BillingError && error.kind === "rejected" && error.code === code,
    );

  it("are in the units of Stripe", () => {
    assert.equal(couponTerms({ ...five, currency: "jpy" }, "jpy").amount_off, 500);
    // Intl has no decimals for it, and Stripe writes two.
    assert.equal(couponTerms({ ...five, currency: "isk" }, "isk").amount_off, 50_000);
  });

  it("are refused where they are none", () => {
    const { percentOff: _, ...none } = half;
    refuses(none, "parameter_invalid");
    refuses({ ...half, amountOff: 1 }, "parameter_invalid");
    for (const percentOff of [0, -1, 100.5, Number.NaN])
      refuses({ ...half, percentOff }, "parameter_invalid");
    for (const amountOff of [0, -1, 1.5]) refuses({ ...five, amountOff }, "parameter_invalid");
    refuses({ ...half, duration: "repeating" }, "parameter_invalid");
    for (const months of [0, 1.5]) refuses({ ...half, duration: "repeating", months }, "parameter_invalid");
    refuses(five, "currency_mismatch", "eur");
    // Stripe takes no thousandths.
    refuses({ ...five, currency: "kwd", amountOff: 5001 }, "parameter_invalid");
  });
});

describe("a coupon's name", () => {
  it("can be read on an invoice", () => {
    assert.equal(couponName(half), "50% off");
    assert.equal(couponName({ ...half, duration: "repeating", months: 1 }), "50% off for 1 month");
    assert.equal(couponName({ ...half, duration: "repeating", months: 3 }), "50% off for 3 months");
    assert.equal(couponName(five), "USD 5.00 off");
    assert.equal(couponName({ ...five, currency: "jpy" }), "JPY 500 off");
  });

  it("is never longer than Stripe allows", () => {
    const largest = { amountOff: 99_999_999, currency: "usd", duration: "repeating", months: 120 } as const;
    assert.ok(couponName(largest).length <= 40);
  });
});

describe("a coupon that is there already", () => {
  const terms = couponTerms({ ...half, duration: "repeating", months: 3 }, "usd");
  const coupon = {
    valid: true,
    duration: "repeating",
    duration_in_months: 3,
    percent_off: 50,
    amount_off: null,
    currency: null,
  } as unknown as Stripe.Coupon;

  it("is taken if it says the same", () => assert.ok(isSame(coupon, terms)));

  it("is not taken if it says something else, or to few", () => {
    const others: Partial<Stripe.Coupon>[] = [
      { valid: false },
      { duration: "forever", duration_in_months: null },
      { duration: "forever" },
      { duration_in_months: 4 },
      { percent_off: 40 },
      { percent_off: null, amount_off: 50, currency: "usd" },
      { applies_to: { products: ["prod_1"] } },
    ];
    for (const other of others) assert.equal(isSame({ ...coupon, ...other }, terms), false);
  });
});

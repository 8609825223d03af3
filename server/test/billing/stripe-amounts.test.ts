import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createFormat } from "../../../src/i18n/format.ts";
import { fromStripe, toStripe } from "../../src/billing/stripe/amounts.ts";

const said = (amount: number, currency: string) => createFormat("en").money(amount, currency);

describe("Stripe's amounts", () => {
  it("say the same money in ours", () => {
    for (const [amount, currency, money] of [
      [1050, "usd", "$10.50"],
      [500, "jpy", "¥500"],
      [500, "mga", "MGA 500"],
      [5120, "kwd", "KWD 5.120"],
      [500, "isk", "ISK 5"],
      [500, "ugx", "UGX 5"],
      [129_900, "huf", "HUF 1,299"],
      [129_950, "huf", "HUF 1,299.50"],
      [4_900_000, "idr", "IDR 49,000"],
    ] as const) {
      assert.equal(said(fromStripe(amount, currency), currency).replaceAll("\u00a0", " "), money);
      assert.equal(toStripe(fromStripe(amount, currency), currency), amount);
    }
  });

  it("are the same where the currency has no smaller unit at either", () => {
    for (const currency of "bif clp djf gnf jpy kmf krw pyg rwf vnd vuv xaf xof xpf".split(" "))
      assert.deepEqual([fromStripe(500, currency), toStripe(500, currency)], [500, 500], currency);
  });

  it("go there and back in every currency, given back or charged", () => {
    for (const currency of Intl.supportedValuesOf("currency").map((each) => each.toLowerCase()))
      for (const amount of [0, 100, 12_300, -12_300, 99_999_900])
        assert.equal(fromStripe(toStripe(amount, currency), currency), amount, `${amount} ${currency}`);
  });

  it("are whole, and no zero has a sign", () => {
    assert.equal(fromStripe(1049, "isk"), 10);
    assert.equal(fromStripe(1050, "isk"), 11);
    for (const zero of [fromStripe(-10, "isk"), fromStripe(-0, "usd"), toStripe(-0, "usd")])
      assert.ok(Object.is(zero, 0));
  });

  it("are refused where Stripe cannot take them", () => {
    for (const [amount, currency] of [
      [5123, "kwd"],
      [10.5, "usd"],
      [1250, "mga"],
      [Number.NaN, "usd"],
      [Number.MAX_SAFE_INTEGER, "isk"],
    ] as const)
      assert.throws(() => toStripe(amount, currency), RangeError);
    assert.equal(toStripe(5120, "kwd"), 5120);
  });
});

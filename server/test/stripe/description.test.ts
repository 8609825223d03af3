import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { describeStripe } from "./description.ts";
import { expansionsOf } from "./expand.ts";
import { decodeForm } from "./form.ts";
import { refused, requests } from "./sample-requests.ts";
import { Refusal } from "./state.ts";

const stripe = describeStripe();

const send = (name: string, form: string) => {
  const params = decodeForm(form);
  stripe.checkParams(name, params);
  expansionsOf(stripe.answerOf(name), (params.expand as string[] | undefined) ?? []);
  return params;
};

describe("What Stripe's API takes", () => {
  for (const [name, forms] of Object.entries(requests)) {
    it(`${name} with what it knows, and nothing else`, () => {
      for (const form of forms) {
        send(name, form);
        const unknown = { status: 400, code: "parameter_unknown", param: "colour" };
        assert.throws(() => send(name, `${form}&colour=red`), unknown);
      }
    });
  }

  for (const [name, form, code, param, message] of refused) {
    it(`${name} refuses ${form.slice(0, 60)}`, () => {
      assert.throws(
        () => send(name, form),
        (error) => {
          assert(error instanceof Refusal, String(error));
          const { status, type } = error;
          assert.deepEqual({ status, type }, { status: 400, type: "invalid_request_error" });
          assert.deepEqual({ code: error.code, param: error.param }, { code, param });
          assert.match(error.message, message);
          return true;
        },
      );
    });
  }

  it("makes numbers and booleans of text", () => {
    assert.deepEqual(
      send(
        "POST /v1/subscriptions/:id",
        "trial_end=1800000000&cancel_at_period_end=true&items[0][quantity]=2",
      ),
      { trial_end: 1_800_000_000, cancel_at_period_end: true, items: [{ quantity: 2 }] },
    );
    assert.deepEqual(send("POST /v1/prices", "currency=eur&unit_amount_decimal=0.50"), {
      currency: "eur",
      unit_amount_decimal: "0.50",
    });
  });

  it("takes texts and metadata up to their limits", () => {
    send("POST /v1/subscriptions/:id", `metadata[${"k".repeat(40)}]=${"x".repeat(500)}`);
    send("POST /v1/subscriptions/:id", `cancellation_details[comment]=${"x".repeat(5000)}`);
    const keys = (count: number) =>
      Array.from({ length: count }, (_, place) => `metadata[k${place}]=x`).join("&");
    send("POST /v1/subscriptions/:id", keys(50));
    assert.throws(() => send("POST /v1/subscriptions/:id", keys(51)), { param: "metadata" });
  });

  it("knows its addresses, and takes words before ids", () => {
    assert.deepEqual(stripe.match("POST", "/v1/subscriptions/sub%201"), {
      name: "POST /v1/subscriptions/:id",
      ids: ["sub 1"],
    });
    assert.equal(
      stripe.match("POST", "/v1/invoices/create_preview")?.name,
      "POST /v1/invoices/create_preview",
    );
    assert.equal(stripe.match("GET", "/v1/customers/search")?.name, "GET /v1/customers/search");
    assert.deepEqual(stripe.match("GET", "/v1/customers/a/balance_transactions/b")?.ids, ["a", "b"]);
    for (const [method, address] of [
      ["PUT", "/v1/customers"],
      ["DELETE", "/v1/customers"],
      ["POST", "/v1/customers/"],
      ["POST", "/v1/subscriptions/sub_1/pay"],
      ["GET", "/v1/unicorns"],
      ["GET", "/v2/core/accounts"],
    ] as const) {
      assert.equal(stripe.match(method, address), undefined, `${method} ${address}`);
    }
  });
});

describe("What may be expanded", () => {
  for (const [name, path, message] of [
    [
      "GET /v1/subscriptions",
      "customer",
      /cannot be expanded \(customer\)\. You may want to try expanding 'data.customer'/,
    ],
    ["GET /v1/subscriptions/:id", "metadata", /cannot be expanded \(metadata\)\.$/],
    ["GET /v1/invoices/:id", "subscription", /cannot be expanded/],
    ["GET /v1/invoices", "data.payments.data.payment.charge", /more than 4 levels/],
    ["GET /v1/coupons/:id", "percent_off", /cannot be expanded/],
  ] as const) {
    it(`${name} does not expand ${path}`, () => {
      assert.throws(() => send(name, `expand[]=${path}`), { status: 400, param: "expand", message });
    });
  }
});

describe("What Stripe's API answers", () => {
  const coupon = {
    id: "a_20",
    object: "coupon",
    amount_off: null,
    created: 1_800_000_000,
    currency: null,
    duration: "once",
    duration_in_months: null,
    livemode: false,
    max_redemptions: null,
    metadata: {},
    name: null,
    percent_off: 12.5,
    redeem_by: null,
    times_redeemed: 0,
    valid: true,
  };
  const defects = (changes: object, name = "GET /v1/coupons/:id") =>
    stripe.defectsOf(name, JSON.parse(JSON.stringify({ ...coupon, ...changes })));

  it("is what the types say", () => {
    assert.deepEqual(defects({}), []);
    assert.deepEqual(defects({ applies_to: { products: ["prod_1"] } }), []);
  });

  for (const [what, changes, found] of [
    ["lacks a field", { valid: undefined }, /'valid'/],
    ["has one that there is not", { subscription: "sub_1" }, /subscription/],
    ["holds null where there must be something", { created: null }, /^\/created/],
    ["has a number for text", { id: 7 }, /^\/id must be string/],
    ["has text for a number", { created: "1800000000" }, /^\/created must be integer/],
    ["has a broken number of cents", { amount_off: 12.5 }, /^\/amount_off/],
    ["has a value of no list", { duration: "daily" }, /^\/duration/],
    ["is deleted and there", { deleted: true }, /^\/deleted/],
    ["has something else inside", { applies_to: { products: [5] } }, /^\/applies_to\/products\/0/],
  ] as const) {
    it(`is not one that ${what}`, () => assert.match(defects(changes).join("\n"), found));
  }

  it("is a page where a list is asked for", () => {
    const list = { object: "list", data: [coupon], has_more: false, url: "/v1/coupons" };
    assert.deepEqual(stripe.defectsOf("GET /v1/coupons", list), []);
    assert.match(stripe.defectsOf("GET /v1/coupons", [coupon]).join(), /object/);
    const broken = { ...list, data: [{ ...coupon, valid: 1 }] };
    assert.match(stripe.defectsOf("GET /v1/coupons", broken).join(), /^\/data\/0\/valid/);
  });

  it("has decimals as text, and objects in place of ids where they may be", () => {
    const discount = {
      id: "di_1",
      object: "discount",
      checkout_session: null,
      customer: "cus_1",
      customer_account: null,
      end: null,
      invoice: null,
      invoice_item: null,
      promotion_code: null,
      source: { type: "coupon", coupon: "a_20" },
      start: 1,
      subscription: null,
      subscription_item: null,
    };
    const of = (source: object) =>
      stripe.defectsOf("GET /v1/subscriptions/:id", { discounts: [{ ...discount, source }] }).join("\n");
    assert.doesNotMatch(of({ type: "coupon", coupon: "a_20" }), /^\/discounts/m);
    assert.doesNotMatch(of({ type: "coupon", coupon }), /^\/discounts/m);
    assert.match(
      of({ type: "coupon", coupon: { ...coupon, valid: 1 } }),
      /^\/discounts\/0\/source\/coupon\/valid/m,
    );
  });
});

import assert from "node:assert/strict";
import { after, before, beforeEach, describe, it } from "node:test";
import Stripe from "stripe";
import { StripeDouble, startDouble } from "./double.ts";
import { code, connect, coupon, customersOf, NOW, operations } from "./small-stripe.ts";
import { State } from "./state.ts";
import { merged } from "./tables.ts";

describe("The double of Stripe", () => {
  let double: StripeDouble;
  let stripe: Stripe;

  const open = (key: string) => connect(double, key);
  const ask = (method: string, path: string, body?: string, headers: Record<string, string> = {}) =>
    fetch(double.url + path, {
      method,
      ...(body === undefined ? {} : { body }),
      headers: {
        authorization: "Bearer sk_test_double",
        "stripe-version": Stripe.API_VERSION,
        "content-type": "application/x-www-form-urlencoded",
        ...headers,
      },
    });
  const customers = () => customersOf(double);

  before(async () => {
    double = await startDouble({ operations });
    stripe = connect(double);
  });
  beforeEach(() => {
    double.state = State.empty(NOW);
    double.defects.length = 0;
    double.restricted = {};
  });
  after(() => double.close());

  it("does what the official library asks", async () => {
    const made = await stripe.customers.create({ email: "ada@example.com", metadata: {} });
    const found = await stripe.customers.retrieve(made.id);
    assert(!found.deleted);
    assert.equal(found.email, "ada@example.com");
    assert.equal(found.lastResponse.statusCode, 200);
    assert.match(found.lastResponse.requestId, /^req_\w+$/);
    assert.deepEqual(await stripe.customers.del(made.id), {
      id: made.id,
      object: "customer",
      deleted: true,
    });
    assert.deepEqual(double.defects, []);
  });

  it("lists the newest first, page by page", async () => {
    for (const second of [3, 1, 2]) {
      double.state.data.now = NOW + second;
      for (const each of ["a", "b", "c", "d"]) {
        await stripe.customers.create({ description: `${second}${each}` });
      }
    }
    const newest = ["3d", "3c", "3b", "3a", "2d", "2c", "2b", "2a", "1d", "1c", "1b", "1a"];
    const first = await stripe.customers.list();
    assert.deepEqual(
      [first.data.map(({ description }) => description), first.has_more],
      [newest.slice(0, 10), true],
    );
    const all = await stripe.customers.list({ limit: 5 }).autoPagingToArray({ limit: 100 });
    assert.deepEqual(
      all.map(({ description }) => description),
      newest,
    );
    const before = await stripe.customers.list({ limit: 2, ending_before: first.data[4]?.id ?? "" });
    assert.deepEqual(
      [before.data.map(({ description }) => description), before.has_more],
      [["3b", "3a"], true],
    );
    const exact = await stripe.customers.list({ limit: 12 });
    assert.equal(exact.has_more, false);
    const found = await stripe.customers.search({ query: "x", limit: 5 }).autoPagingToArray({ limit: 99 });
    assert.deepEqual(
      found.map(({ description }) => description),
      newest,
    );
  });

  it("has pages of 1 to 100, after what there is", async () => {
    await stripe.customers.list({ limit: 100 });
    await stripe.customers.list({ limit: 1 });
    for (const limit of [0, 101]) {
      await assert.rejects(stripe.customers.list({ limit }), { statusCode: 400, param: "limit" });
    }
    await assert.rejects(stripe.customers.list({ starting_after: "cus_none" }), {
      code: "resource_missing",
      param: "starting_after",
    });
  });

  it("expands what is asked for, and shows no more than that", async () => {
    double.state.put("coupons", coupon);
    double.state.put("promotion_codes", code);
    const plain = (await stripe.promotionCodes.list()).data[0];
    assert.equal(plain?.promotion.coupon, "HALF");
    const once = (await stripe.promotionCodes.list({ expand: ["data.promotion.coupon"] })).data[0];
    const expanded = once?.promotion.coupon as Stripe.Coupon;
    assert.deepEqual([expanded.percent_off, "applies_to" in expanded], [50, false]);
    const twice = await stripe.promotionCodes.list({ expand: ["data.promotion.coupon.applies_to"] });
    const included = twice.data[0]?.promotion.coupon as Stripe.Coupon | undefined;
    assert.deepEqual(included?.applies_to, { products: ["prod_1"] });
    assert.equal("applies_to" in (await stripe.coupons.retrieve("HALF")), false);
    assert.deepEqual(double.state.get("promotion_codes", "promo_1").promotion.coupon, "HALF");
  });

  it("expands one object in another, and what an object does not hold itself", async () => {
    const clock = { id: "clock_1", object: "test_helpers.test_clock", frozen_time: NOW };
    double.state.put("test_clocks", {
      ...clock,
      created: NOW,
      deletes_after: NOW,
      livemode: false,
      name: null,
      status: "ready",
      status_details: {},
    } as Stripe.TestHelpers.TestClock);
    const { id } = await stripe.customers.create({ test_clock: "clock_1" });
    const found = await stripe.customers.retrieve(id, { expand: ["test_clock", "subscriptions"] });
    assert(!found.deleted);
    assert.equal((found.test_clock as Stripe.TestHelpers.TestClock).frozen_time, NOW);
    assert.deepEqual(found.subscriptions?.data, []);
    assert.deepEqual(double.defects, []);
  });

  it("refuses in the library's own classes", async () => {
    const { errors } = Stripe;
    await assert.rejects(stripe.customers.retrieve("cus_none"), (error) => {
      assert(error instanceof errors.StripeInvalidRequestError);
      assert.deepEqual([error.statusCode, error.code, error.param], [404, "resource_missing", "id"]);
      return true;
    });
    await assert.rejects(stripe.customers.create({ description: "declined" }), (error) => {
      assert(error instanceof errors.StripeCardError);
      assert.deepEqual([error.code, error.decline_code], ["card_declined", "generic_decline"]);
      return true;
    });
    await assert.rejects(
      stripe.customers.create({ nickname: "Ada" } as Stripe.CustomerCreateParams),
      (error) => {
        assert(error instanceof errors.StripeInvalidRequestError);
        assert.deepEqual([error.statusCode, error.code, error.param], [400, "parameter_unknown", "nickname"]);
        return true;
      },
    );
    await assert.rejects(stripe.products.list(), { statusCode: 404, message: /does not do this/ });
    assert.equal((await ask("PUT", "/v1/customers", "")).status, 404);
    assert.equal((await ask("GET", "/v1/unicorns")).status, 404);
    assert.deepEqual(customers(), []);
  });

  it("asks for a key that it knows and for the version that it speaks", async () => {
    for (const key of ["sk_live_1234567890abcdef", "rk_test_1234567890abcdef", "nonsense"]) {
      await assert.rejects(open(key).customers.list(), (error) => {
        assert(error instanceof Stripe.errors.StripeAuthenticationError);
        assert.doesNotMatch(error.message, /567890/);
        return true;
      });
    }
    assert.equal((await ask("GET", "/v1/customers", undefined, { authorization: "" })).status, 401);
    const old = await ask("GET", "/v1/customers", undefined, { "stripe-version": "2020-08-27" });
    assert.match(await old.text(), /Invalid Stripe API version: 2020-08-27/);
    assert.equal(old.status, 400);
  });

  it("lets a restricted key do what it may", async () => {
    double.restricted = { rk_test_reads: ["customer_read"], rk_test_writes: ["customer_write"] };
    await open("rk_test_reads").customers.list();
    await open("rk_test_writes").customers.list();
    await open("rk_test_writes").customers.create({});
    await assert.rejects(open("rk_test_reads").customers.create({}), (error) => {
      assert(error instanceof Stripe.errors.StripePermissionError);
      assert.deepEqual([error.statusCode, error.rawType], [403, "invalid_request_error"]);
      assert.match(error.message, /'rak_customer_write' permission/);
      return true;
    });
    await assert.rejects(open("rk_test_writes").coupons.retrieve("HALF"), { statusCode: 403 });
    assert.equal(customers().length, 1);
  });

  it("finds what Stripe would not answer", async () => {
    await assert.rejects(stripe.customers.create({ name: "faulty" }), (error) => {
      assert(error instanceof Stripe.errors.StripeAPIError);
      assert.match(error.message, /\/tax_exempt must be equal to one of the allowed values \(exempt/);
      return true;
    });
    await assert.rejects(stripe.customers.create({ name: "crash" }), { statusCode: 500 });
    assert.equal(double.defects.length, 2);
    assert.match(double.defects[0] ?? "", /^POST \/v1\/customers: .*tax_exempt/s);
  });

  it("remembers what was asked", async () => {
    await stripe.customers.create({ email: "a@b.c", balance: 5 }, { idempotencyKey: "k1" });
    await stripe.customers.list({ limit: 3 });
    assert.deepEqual(
      double.requests.map(({ id: _, ...entry }) => entry),
      [
        {
          method: "POST",
          path: "/v1/customers",
          name: "POST /v1/customers",
          params: { email: "a@b.c", balance: 5 },
          idempotencyKey: "k1",
          status: 200,
          carriedOut: true,
        },
        {
          method: "GET",
          path: "/v1/customers",
          name: "GET /v1/customers",
          params: { limit: 3 },
          status: 200,
        },
      ],
    );
  });

  it("forgets keys and requests with its state, which is another account then", async () => {
    const prepared = double.state;
    await stripe.customers.create({ description: "a" }, { idempotencyKey: "k1" });
    double.state = prepared.copy();
    await stripe.customers.create({ description: "b" }, { idempotencyKey: "k1" });
    assert.deepEqual(customers(), ["a", "b"]);
    assert.equal(prepared.all("customers").length, 1);
    assert.equal(double.requests.length, 1);
  });

  it("reads forms as Stripe does", async () => {
    for (const [form, status] of [
      ["metadata[0]=x&preferred_locales[]=de&preferred_locales[]=en", 200],
      ["address=&metadata=", 200],
      ["metadata[a=x", 400],
      ["metadata=x&metadata[a]=x", 400],
    ] as const) {
      assert.equal((await ask("POST", "/v1/customers", form)).status, status, form);
    }
    assert.deepEqual(double.requests[0]?.params, { metadata: { 0: "x" }, preferred_locales: ["de", "en"] });
  });

  it("has only what Stripe has, and each thing once", () => {
    const nothing = () => ({});
    assert.throws(() => new StripeDouble({ "GET /v1/unicorns": nothing }, {}), /no GET \/v1\/unicorns/);
    assert.throws(
      () => merged([operations, { "GET /v1/customers": nothing }]),
      /GET \/v1\/customers is there twice/,
    );
  });
});

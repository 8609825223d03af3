import assert from "node:assert/strict";
import { after, before, beforeEach, describe, it } from "node:test";
import Stripe from "stripe";
import { type Fault, type StripeDouble, startDouble } from "./double.ts";
import { connect, customersOf, NOW, operations } from "./small-stripe.ts";
import { State } from "./state.ts";

describe("The double of Stripe, when a request is made twice or gets lost,", () => {
  let double: StripeDouble;
  let stripe: Stripe;
  const customers = () => customersOf(double);

  before(async () => {
    double = await startDouble({ operations });
    stripe = connect(double);
  });
  beforeEach(() => {
    double.state = State.empty(NOW);
  });
  after(() => double.close());

  it("does a thing once per idempotency key", async () => {
    const first = await stripe.customers.create({ email: "a@b.c" }, { idempotencyKey: "k1" });
    const second = await stripe.customers.create({ email: "a@b.c" }, { idempotencyKey: "k1" });
    assert.equal(second.id, first.id);
    assert.equal(second.lastResponse.headers["idempotent-replayed"], "true");
    assert.equal(first.lastResponse.headers["idempotent-replayed"], undefined);
    assert.equal(customers().length, 1);
    await stripe.customers.create({ email: "a@b.c" }, { idempotencyKey: "k2" });
    assert.equal(customers().length, 2);
  });

  it("refuses a key that was used for something else", async () => {
    const { id } = await stripe.customers.create({ email: "a@b.c" }, { idempotencyKey: "k1" });
    for (const [other, message] of [
      [() => stripe.customers.create({ email: "d@e.f" }, { idempotencyKey: "k1" }), /same parameters/],
      [() => stripe.customers.create({}, { idempotencyKey: "k1" }), /same parameters/],
    ] as const) {
      await assert.rejects(other, (error) => {
        assert(error instanceof Stripe.errors.StripeIdempotencyError);
        assert.match(error.message, message);
        return true;
      });
    }
    assert.equal(customers().length, 1);
    // What reads or deletes needs no key and minds none.
    await stripe.customers.retrieve(id, {}, { idempotencyKey: "k1" });
    await stripe.customers.del(id, {}, { idempotencyKey: "k1" });
  });

  it("keeps a refusal of what has begun, and none of what has not", async () => {
    const options = { idempotencyKey: "k1" };
    const declined = { description: "declined" };
    await assert.rejects(stripe.customers.create(declined, options), { code: "card_declined" });
    await assert.rejects(stripe.customers.create(declined, options), { code: "card_declined" });
    assert.deepEqual(
      double.requests.map(({ status, replayed }) => [status, replayed]),
      [
        [402, undefined],
        [402, true],
      ],
    );
    const unknown = { nickname: "x" } as Stripe.CustomerCreateParams;
    await assert.rejects(stripe.customers.create(unknown, { idempotencyKey: "k2" }), { statusCode: 400 });
    await stripe.customers.create({}, { idempotencyKey: "k2" });
  });

  it("turns away a second request with a key that is in use", async () => {
    const { promise: held, resolve: release } = Promise.withResolvers<undefined>();
    const { promise: begun, resolve: begin } = Promise.withResolvers<void>();
    double.fault = (_, n) => {
      if (n > 1) return undefined;
      begin();
      return held;
    };
    const first = stripe.customers.create({}, { idempotencyKey: "k1" });
    await begun;
    await assert.rejects(stripe.customers.create({}, { idempotencyKey: "k1" }), {
      statusCode: 409,
      code: "idempotency_key_in_use",
    });
    release(undefined);
    const { id } = await first;
    assert.equal((await stripe.customers.create({}, { idempotencyKey: "k1" })).id, id);
    assert.equal(customers().length, 1);
  });

  describe("fails on demand", () => {
    const once =
      (fault: Fault) =>
      (_: unknown, n: number): Fault | undefined =>
        n === 1 ? fault : undefined;
    /** The library tries once more when a connection is closed, whatever it was told about retries. */
    const twice =
      (fault: Fault) =>
      (_: unknown, n: number): Fault | undefined =>
        n <= 2 ? fault : undefined;
    const again = () => stripe.customers.create({ description: "a" }, { idempotencyKey: "k1" });

    for (const how of [429, 409, "lock_timeout"] as const) {
      it(`with ${how}: nothing has happened, and the key is free`, async () => {
        double.fault = once({ when: "before", how });
        await assert.rejects(again(), {
          statusCode: how === 409 ? 409 : 429,
          code: how === "lock_timeout" ? "lock_timeout" : how === 429 ? "rate_limit" : undefined,
        });
        assert.deepEqual(customers(), []);
        await again();
        assert.deepEqual(customers(), ["a"]);
        assert.equal(double.requests[1]?.replayed, undefined);
      });
    }

    for (const how of [500, 503] as const) {
      for (const when of ["before", "after"] as const) {
        it(`with ${how} ${when}: the key gives it again`, async () => {
          double.fault = once({ when, how });
          const effect = when === "after" ? ["a"] : [];
          await assert.rejects(again(), Stripe.errors.StripeAPIError);
          assert.deepEqual(customers(), effect);
          await assert.rejects(again(), (error) => {
            assert(error instanceof Stripe.errors.StripeAPIError);
            assert.deepEqual([error.statusCode, error.headers?.["idempotent-replayed"]], [how, "true"]);
            return true;
          });
          assert.deepEqual(customers(), effect);
          assert.equal(double.requests.at(-1)?.replayed, true);
        });
      }
    }

    it("with a connection that breaks before: the next try is the first", async () => {
      double.fault = twice({ when: "before", how: "reset" });
      await assert.rejects(again(), Stripe.errors.StripeConnectionError);
      assert.deepEqual(customers(), []);
      await again();
      assert.deepEqual(customers(), ["a"]);
    });

    it("with a connection that breaks after: the next try hears what came of it", async () => {
      double.fault = twice({ when: "after", how: "reset" });
      await assert.rejects(again(), Stripe.errors.StripeConnectionError);
      assert.deepEqual(customers(), ["a"]);
      const { id } = await again();
      assert.deepEqual(
        double.state.all("customers").map((each) => each.id),
        [id],
      );
    });

    it("with a connection that breaks, and the library tries again by itself", async () => {
      double.fault = once({ when: "after", how: "reset" });
      await stripe.customers.create({ description: "a" }, { idempotencyKey: "k1" });
      assert.deepEqual(customers(), ["a"]);
      assert.deepEqual(
        double.requests.map(({ status, replayed }) => [status, replayed]),
        [
          [undefined, undefined],
          [200, true],
        ],
      );
    });

    for (const when of ["before", "after"] as const) {
      it(`by not answering, ${when}`, async () => {
        double.fault = once({ when, how: "hang" });
        const impatient = connect(double, "sk_test_double", { timeout: 200 });
        await assert.rejects(
          impatient.customers.create({ description: "a" }, { idempotencyKey: "k1" }),
          Stripe.errors.StripeConnectionError,
        );
        assert.deepEqual(customers(), when === "after" ? ["a"] : []);
        assert.equal(double.requests[0]?.status, undefined);
      });
    }

    it("for the requests that are meant", async () => {
      double.fault = ({ name, params }) =>
        name === "POST /v1/customers" && params.email === "a@b.c" ? { when: "before", how: 500 } : undefined;
      await stripe.customers.list();
      await stripe.customers.create({ email: "d@e.f" });
      await assert.rejects(stripe.customers.create({ email: "a@b.c" }), { statusCode: 500 });
    });
  });
});

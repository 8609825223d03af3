import assert from "node:assert/strict";
import { describe, it } from "node:test";
import Stripe from "stripe";
import { BillingError } from "../../src/billing/provider.ts";
import { asking, isReplay, orMissing, reading } from "../../src/billing/stripe/errors.ts";

type Raw = Partial<ConstructorParameters<typeof Stripe.errors.StripeError>[0]> & { statusCode: number };

/** As the library makes it of an answer. */
const thrown = (raw: Raw) =>
  Stripe.errors.StripeError.generate({ message: "Words", type: "invalid_request_error", ...raw } as never);

const failure = async (work: Promise<unknown>): Promise<BillingError> => {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof BillingError, `${error}`);
  return error;
};

const cases: Record<string, [error: unknown, kind: "rejected" | "unknown", code: string]> = {
  "a card that is declined": [
    thrown({ statusCode: 402, type: "card_error", code: "card_declined" } as Raw),
    "rejected",
    "payment_declined",
  ],
  "a bank that asks the customer": [
    thrown({ statusCode: 402, code: "subscription_payment_intent_requires_action" }),
    "rejected",
    "payment_declined",
  ],
  "a bank that asks the customer, at an invoice": [
    thrown({ statusCode: 402, type: "api_error", code: "invoice_payment_intent_requires_action" } as Raw),
    "rejected",
    "payment_declined",
  ],
  "a confirmation that is missing": [
    thrown({ statusCode: 400, code: "authentication_required" }),
    "rejected",
    "payment_declined",
  ],
  "a confirmation that failed": [
    thrown({ statusCode: 400, code: "payment_intent_authentication_failure" }),
    "rejected",
    "payment_declined",
  ],
  "a failure at Stripe meanwhile": [
    thrown({ statusCode: 500, type: "api_error", code: "authentication_required" } as Raw),
    "unknown",
    "api_error",
  ],
  "an account that has no right to it": [
    thrown({ statusCode: 400, code: "authentication_failure" }),
    "rejected",
    "authentication_failure",
  ],
  "nothing to charge": [
    thrown({
      statusCode: 400,
      code: "resource_missing",
      message: "This customer has no attached payment source or default payment method.",
    }),
    "rejected",
    "payment_declined",
  ],
  "what is not there": [
    thrown({ statusCode: 404, code: "resource_missing" }),
    "rejected",
    "resource_missing",
  ],
  "parameters without a code": [thrown({ statusCode: 400 }), "rejected", "invalid_request"],
  "a key that was used for something else": [
    thrown({ statusCode: 400, type: "idempotency_error" } as Raw),
    "rejected",
    "idempotency_mismatch",
  ],
  "a key that is in use": [
    thrown({ statusCode: 409, type: "idempotency_error", code: "idempotency_key_in_use" } as Raw),
    "unknown",
    "lock_timeout",
  ],
  "an object that is in use": [thrown({ statusCode: 429, code: "lock_timeout" }), "unknown", "lock_timeout"],
  "too many requests": [thrown({ statusCode: 429, code: "rate_limit" }), "unknown", "rate_limited"],
  "a key that is no key": [thrown({ statusCode: 401 }), "unknown", "authentication_failed"],
  "a key that may not": [thrown({ statusCode: 403 }), "unknown", "permission_missing"],
  "a failure of Stripe": [thrown({ statusCode: 500, type: "api_error" } as Raw), "unknown", "api_error"],
  "no connection": [
    new Stripe.errors.StripeConnectionError({ message: "An error occurred" } as never),
    "unknown",
    "connection_failed",
  ],
};

describe("what Stripe's library throws", () => {
  for (const [name, [error, kind, code]] of Object.entries(cases)) {
    it(`${name}: ${kind}, ${code}; a read never says rejected`, async () => {
      const asked = await failure(asking(() => Promise.reject(error)));
      assert.deepEqual([asked.kind, asked.code], [kind, code]);
      const read = await failure(reading(() => Promise.reject(error)));
      assert.deepEqual([read.kind, read.code], ["unknown", code]);
    });
  }

  it("is told without keys and addresses, but with the request's id", async () => {
    const message =
      "Invalid API Key provided: sk_test_********4242 or rk_live_51AbCdEf, whsec_xyz for <ada@example.com>";
    const error = await failure(
      asking(() => Promise.reject(thrown({ statusCode: 401, message, requestId: "req_1" } as Raw))),
    );
    assert.equal(error.message, "Invalid API Key provided: [key] or [key], [key] for <[e-mail]> (req_1)");
  });

  it("may be an answer that was given before, which is known of it", async () => {
    const headers = { "idempotent-replayed": "true" };
    const replay = thrown({ statusCode: 500, headers } as Raw);
    assert.ok(isReplay(replay));
    assert.ok(isReplay(await failure(asking(() => Promise.reject(replay)))));
    assert.ok(!isReplay(await failure(asking(() => Promise.reject(thrown({ statusCode: 500 }))))));
  });

  it("passes where it is not the library's: ours, and defects", async () => {
    const own = new BillingError("rejected", "nothing_due", "No");
    const defect = new TypeError("undefined is no function");
    for (const error of [own, defect])
      for (const work of [asking, reading])
        await assert.rejects(
          work(() => Promise.reject(error)),
          (found) => found === error,
        );
  });

  it("is nothing where nothing was found, and only there", async () => {
    const missing = thrown({ statusCode: 404, code: "resource_missing" });
    assert.equal(await orMissing(Promise.reject(missing)), undefined);
    assert.equal(await orMissing(reading(() => Promise.reject(missing))), undefined);
    assert.equal(await orMissing(Promise.reject(thrown({ statusCode: 404 }))), undefined);
    assert.equal(await orMissing(Promise.resolve(1)), 1);
    for (const statusCode of [400, 401, 403, 429, 500])
      await assert.rejects(orMissing(Promise.reject(thrown({ statusCode }))));
  });
});

describe("a read that Stripe has no time for", () => {
  const busy = (wait?: string) =>
    thrown({ statusCode: 429, code: "rate_limit", headers: wait ? { "retry-after": wait } : {} } as Raw);
  const failing = (times: number, error: unknown) => {
    let asked = 0;
    const work = async () => {
      asked += 1;
      if (asked <= times) throw error;
      return asked;
    };
    return { work, asked: () => asked };
  };

  it("is tried once more, and no oftener", async () => {
    assert.equal(await reading(failing(1, busy()).work), 2);
    const always = failing(9, busy("1"));
    assert.equal((await failure(reading(always.work))).code, "rate_limited");
    assert.equal(always.asked(), 2);
  });

  it("is given up where it would take long", async () => {
    const long = failing(1, busy("30"));
    await assert.rejects(reading(long.work));
    assert.equal(long.asked(), 1);
  });
});

/** Who an e-mail address belongs to, when Stripe's search does not answer. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { useStripe } from "../billing/stripe-bench.ts";
import type { Fault } from "./double.ts";

const SEARCH = "GET /v1/customers/search";

describe("an e-mail address while Stripe's search is silent", () => {
  const bench = useStripe();
  const fail = (how: Fault["how"], times: number) => {
    let asked = 0;
    bench.double.fault = ({ name }) =>
      name === SEARCH && ++asked <= times ? { when: "before", how } : undefined;
  };
  const find = async (email: string) =>
    (await bench.suite.provider.findCustomers({ email })).map(({ id }) => id);

  /** Somebody whose address has a spelling that the lists do not know. */
  const zoe = async () => {
    const { customer } = bench.suite.fixtures;
    const found = await bench.stripe.customers.retrieve(customer.id);
    assert.ok(!found.deleted);
    const email = "Zoe@Example.com";
    return bench.stripe.customers.create({ email, test_clock: found.test_clock as string });
  };

  it("is found by a second try", async () => {
    const { id } = await zoe();
    fail(429, 1);
    assert.deepEqual(await find("zoe@example.com"), [id]);
  });

  for (const how of [429, 503, "reset"] as const)
    it(`is whose it is by the lists: ${how}`, async () => {
      const { customer } = bench.suite.fixtures;
      fail(how, Number.POSITIVE_INFINITY);
      assert.deepEqual(await find(customer.email), [customer.id]);
    });

  it("is not nobody's because the lists know nobody", async () => {
    await zoe();
    fail(503, Number.POSITIVE_INFINITY);
    await assert.rejects(find("zoe@example.com"), { kind: "unknown" });
  });
});

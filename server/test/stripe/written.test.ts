/** What people write reaches Stripe whatever it is: a text that was cut can end in half a character. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { BillingAction } from "../../src/billing/provider.ts";
import { useStripe } from "../billing/stripe-bench.ts";

const HALF = "bye \ud83d";
const SENT = "bye \ufffd";

describe("half a character, which no address can hold,", () => {
  const bench = useStripe();
  const { refuses } = bench.suite;

  const leave = (comment: string): BillingAction => ({
    type: "cancel",
    subscriptionId: bench.suite.fixtures.monthly,
    effective: "period_end",
    comment,
  });
  const commentOf = async (id: string) =>
    (await bench.stripe.subscriptions.retrieve(id)).cancellation_details?.comment;

  it("in a comment keeps nobody", async () => {
    const { provider, fixtures } = bench.suite;
    const action = leave(HALF);
    const { subscription } = await provider.preview(action);
    const left = await provider.execute(action, "key");
    assert.equal(left.cancelAt, subscription.cancelAt);
    assert.equal(await commentOf(fixtures.monthly), SENT);
    assert.deepEqual(await provider.readBack(action, "key"), left);
    assert.deepEqual(await provider.readBack(leave(SENT), "key"), left, "a store may have mended it");
  });

  it("is not made by cutting a comment to what Stripe takes", async () => {
    const { provider, fixtures } = bench.suite;
    await provider.execute(leave(`${"x".repeat(4999)}😀😀`), "key");
    assert.equal(await commentOf(fixtures.monthly), `${"x".repeat(4999)}😀`);
  });

  it("in a name or an address is changed with it", async () => {
    const { provider, fixtures } = bench.suite;
    const { id, email } = fixtures.customer;
    const customer = (text: string) => ({
      id,
      name: text,
      email,
      address: { line1: text, line2: text, city: text, postalCode: text, state: text, country: "US" },
    });
    assert.deepEqual(await provider.updateCustomer(customer(HALF)), customer(SENT));
    const refused = provider.updateCustomer({ id, email: "a\ud83d b" });
    await assert.rejects(refused, { kind: "rejected", code: "email_invalid" });
  });

  it("in a code is a code that there is not", () =>
    refuses(
      bench.suite.fixtures.monthly,
      { type: "promo_code", code: "SPRING\ud83d" },
      "promo_code_invalid",
    ));

  it("in an e-mail address is nobody's", async () => {
    const { provider } = bench.suite;
    assert.deepEqual(await provider.findCustomers({ email: "ada\udc00@example.com" }), []);
    assert.deepEqual(await provider.findCustomers({ id: "cus_\ud83d" }), []);
  });
});

/** Subscriptions on which the business has left no room for what is noted of an action. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { BillingAction } from "../../src/billing/provider.ts";
import { useStripe } from "../billing/stripe-bench.ts";

const DAY = 86_400_000;
const facts = (count: number) =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`fact_${index}`, "x"]));

describe("a subscription whose metadata is full", () => {
  const bench = useStripe();
  const fill = async (id: string, count = 50) => {
    const { metadata } = await bench.stripe.subscriptions.retrieve(id);
    const own = Object.keys(metadata).length;
    await bench.stripe.subscriptions.update(id, { metadata: facts(count - own) });
  };

  it("takes one more key no more than at Stripe", async () => {
    const { monthly } = bench.suite.fixtures;
    await fill(monthly);
    const more = bench.stripe.subscriptions.update(monthly, { metadata: { more: "x" } });
    await assert.rejects(more, {
      statusCode: 400,
      param: "metadata",
      message: /^Metadata can have up to 50 keys, but you've set 51\./,
    });
    const instead = { fact_0: "", more: "x" };
    const { metadata } = await bench.stripe.subscriptions.update(monthly, { metadata: instead });
    assert.equal(metadata.more, "x");
  });

  it("is not changed, and that is said before anything is done", async () => {
    const { provider, fixtures } = bench.suite;
    const { monthly, trialing, paused, cancelling, codes, prices } = fixtures;
    const now = await provider.now();
    const trialEnd = (await provider.subscription(trialing))?.trialEnd ?? assert.fail();
    const actions: BillingAction[] = [
      { type: "discount", percentOff: 50, currency: "usd", duration: "once", subscriptionId: monthly },
      { type: "promo_code", code: codes.percent, subscriptionId: monthly },
      { type: "pause", resumesAt: now + 60 * DAY, subscriptionId: monthly },
      { type: "change_price", priceId: prices.cheaper, charge: "now", subscriptionId: monthly },
      { type: "change_price", priceId: prices.cheaper, charge: "renewal", subscriptionId: monthly },
      { type: "extend_trial", trialEnd: trialEnd + 7 * DAY, subscriptionId: trialing },
      { type: "resume", subscriptionId: paused },
      { type: "undo_cancellation", subscriptionId: cancelling },
    ];
    for (const id of [monthly, trialing, paused, cancelling]) await fill(id);
    const before = bench.double.requests.length;
    for (const [index, action] of actions.entries()) {
      await assert.rejects(
        provider.preview(action),
        { kind: "rejected", code: "metadata_full" },
        action.type,
      );
      const asked = provider.execute(action, `key_${index}`);
      await assert.rejects(asked, { kind: "rejected", code: "metadata_full" }, action.type);
      assert.equal(await provider.readBack(action, `key_${index}`), undefined);
    }
    const written = bench.double.requests
      .slice(before)
      .filter(({ method, name }) => method !== "GET" && !name?.endsWith("create_preview"));
    assert.deepEqual(written, []);
  });

  it("can be paid, once, and what has become of it is known", async () => {
    const { provider, fixtures } = bench.suite;
    const { pastDue } = fixtures;
    await fill(pastDue);
    const { customerId, due } = (await provider.subscription(pastDue)) ?? assert.fail();
    assert.ok(due);
    const retry = { type: "retry_payment", subscriptionId: pastDue } as const;
    await assert.rejects(provider.execute(retry, "declined"), { kind: "rejected", code: "payment_declined" });
    assert.equal(await provider.readBack(retry, "declined"), undefined);
    await bench.suite.payWith(customerId, "good");
    const paid = await provider.execute(retry, "paid");
    assert.deepEqual([paid.status, paid.due], ["active", undefined]);
    assert.deepEqual(await provider.readBack(retry, "paid"), paid);
    assert.deepEqual(await provider.execute(retry, "paid"), paid);
    assert.equal(Object.keys((await bench.stripe.subscriptions.retrieve(pastDue)).metadata).length, 50);
  });

  it("can be left", async () => {
    const { provider, fixtures } = bench.suite;
    await fill(fixtures.monthly);
    const leave = { type: "cancel", effective: "immediately", subscriptionId: fixtures.monthly } as const;
    const left = await provider.execute(leave, "leave");
    assert.equal(left.status, "cancelled");
    assert.deepEqual(await provider.readBack(leave, "leave"), left);
    assert.deepEqual(await provider.execute(leave, "leave"), left);
  });

  it("is changed as long as there is room for the note", async () => {
    const { provider, fixtures } = bench.suite;
    const { monthly } = fixtures;
    const half = { percentOff: 50, currency: "usd", duration: "once" } as const;
    await fill(monthly, 49);
    const action = { type: "discount", ...half, subscriptionId: monthly } as const;
    assert.equal((await provider.execute(action, "key")).discount?.percentOff, 50);
    // The note is there: another action writes into the same.
    const leave = { type: "cancel", effective: "period_end", subscriptionId: monthly } as const;
    await provider.execute(leave, "leave");
    const stay = { type: "undo_cancellation", subscriptionId: monthly } as const;
    assert.equal((await provider.execute(stay, "stay")).cancelAt, undefined);
    assert.deepEqual((await provider.readBack(stay, "stay"))?.discount?.percentOff, 50);
  });

  it("is not paused where that notes one thing more", async () => {
    const { provider, fixtures } = bench.suite;
    const resumesAt = (await provider.now()) + 60 * DAY;
    const action = { type: "pause", resumesAt, subscriptionId: fixtures.monthly } as const;
    await fill(fixtures.monthly, 49);
    await assert.rejects(provider.preview(action), { kind: "rejected", code: "metadata_full" });
    await assert.rejects(provider.execute(action, "key"), { kind: "rejected", code: "metadata_full" });
    await bench.stripe.subscriptions.update(fixtures.monthly, { metadata: { fact_0: "" } });
    assert.equal((await provider.execute(action, "key")).status, "paused");
  });

  it("keeps its plan to come where setting it aside would be one thing more", async () => {
    const { provider, fixtures } = bench.suite;
    const { monthly, prices, codes } = fixtures;
    const plan = { type: "change_price", priceId: prices.cheaper, charge: "renewal" } as const;
    await provider.execute({ ...plan, subscriptionId: monthly }, "plan");
    await fill(monthly);
    const redeem = { type: "promo_code", code: codes.percent, subscriptionId: monthly } as const;
    await assert.rejects(provider.preview(redeem), { kind: "rejected", code: "metadata_full" });
    await assert.rejects(provider.execute(redeem, "redeem"), { kind: "rejected", code: "metadata_full" });
    const { scheduledChange } = (await provider.subscription(monthly)) ?? assert.fail();
    assert.equal(scheduledChange?.price.id, prices.cheaper);
  });
});

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import Stripe from "stripe";
import { type BilledSubscription, BillingError } from "../../src/billing/provider.ts";
import { createStripeBilling } from "../../src/billing/stripe/provider.ts";
import type { Fault } from "../stripe/double.ts";
import { DAYS } from "../stripe/fixtures.ts";
import { accountOf } from "../stripe/harness.ts";
import type { Terms } from "./provider-harness.ts";
import { useStripe } from "./stripe-bench.ts";

const DAY = 86_400_000;
const half = { type: "discount", percentOff: 50, currency: "usd", duration: "once" } as const;

/** While a schedule holds what is planned, Stripe overwrites much of what is done to the subscription itself. */
describe("beside a planned price", () => {
  const bench = useStripe();
  const { act, preview, read, charge, refuses } = bench.suite;

  const planned = async (id: string) => {
    const priceId = bench.suite.fixtures.prices.cheaper;
    return act(id, { type: "change_price", priceId, charge: "renewal" });
  };
  const notesOf = async (id: string) => {
    const { metadata } = await bench.stripe.subscriptions.retrieve(id);
    return Object.entries(metadata).filter(([key, value]) => key === "renumerate_aside" && value);
  };

  it("a discount is for it, and it stays planned", async () => {
    const { monthly } = bench.suite.fixtures;
    const before = await planned(monthly);
    const cheap = before.scheduledChange?.price.amount ?? 0;
    const foreseen = await preview(monthly, half);
    const after = await act(monthly, half);
    assert.deepEqual(after, foreseen.subscription);
    assert.deepEqual(after.scheduledChange, before.scheduledChange);
    assert.deepEqual(after.nextCharge, { ...before.nextCharge, amount: cheap / 2 });
    assert.deepEqual(await notesOf(monthly), []);
    const paid = await bench.suite.books(monthly);
    await charge(monthly);
    assert.equal((await bench.suite.books(monthly)).paid - paid.paid, cheap / 2);
    assert.equal((await read(monthly)).nextCharge?.amount, cheap);
  });

  it("so is a code", async () => {
    const { monthly, codes } = bench.suite.fixtures;
    const { scheduledChange } = await planned(monthly);
    const terms = { type: "promo_code", code: codes.percent } as const;
    const foreseen = await preview(monthly, terms);
    const after = await act(monthly, terms);
    assert.deepEqual(after, foreseen.subscription);
    assert.deepEqual(after.scheduledChange, scheduledChange);
    const paid = await bench.suite.books(monthly);
    await charge(monthly);
    const { amount = 0 } = scheduledChange?.price ?? {};
    assert.equal((await bench.suite.books(monthly)).paid - paid.paid, amount * 0.8);
    assert.equal((await read(monthly)).discount?.percentOff, 20);
  });

  it("a discount that is over by then is not for it", async () => {
    const { monthly } = bench.suite.fixtures;
    const { price, nextCharge } = await read(monthly);
    await act(monthly, { ...half, duration: "repeating", months: 1 });
    await planned(monthly);
    await bench.suite.advance((nextCharge?.at ?? 0) + 40 * DAY);
    const after = await read(monthly);
    assert.equal(after.discount, undefined);
    assert.ok((after.nextCharge?.amount ?? 0) < price.amount / 2);
    assert.equal(after.nextCharge?.amount, after.price.amount);
  });

  it("a longer trial moves the beginning of it", async () => {
    const { trialing } = bench.suite.fixtures;
    const before = await planned(trialing);
    const trialEnd = (before.trialEnd ?? 0) + 14 * DAY;
    const terms = { type: "extend_trial", trialEnd } as const;
    const foreseen = await preview(trialing, terms);
    const after = await act(trialing, terms);
    assert.deepEqual(after, foreseen.subscription);
    assert.deepEqual(after.scheduledChange, { ...before.scheduledChange, at: trialEnd });
    assert.deepEqual(after.nextCharge, { ...before.nextCharge, at: trialEnd });
    await charge(trialing);
    assert.equal((await read(trialing)).price.id, bench.suite.fixtures.prices.cheaper);
  });

  it("another one can be planned, or none", async () => {
    const { monthly, several } = bench.suite.fixtures;
    const running = await read(monthly);
    const to = (priceId: string) => ({ type: "change_price", priceId, charge: "renewal" }) as const;
    const other = await read(several);
    await planned(monthly);
    for (const terms of [to(other.price.id), to(running.price.id)]) {
      const foreseen = await preview(monthly, terms);
      assert.deepEqual(await act(monthly, terms), foreseen.subscription);
    }
    assert.deepEqual(await read(monthly), running);
  });

  it("another price now makes it void, unless the bank refuses", async () => {
    const { monthly, prices } = bench.suite.fixtures;
    const { customerId } = await planned(monthly);
    const terms = { type: "change_price", priceId: prices.annual, charge: "now" } as const;
    await bench.suite.payWith(customerId, "declined");
    await refuses(monthly, terms, "payment_declined");
    assert.deepEqual(await notesOf(monthly), []);
    await bench.suite.payWith(customerId, "good");
    const foreseen = await preview(monthly, terms);
    const after = await act(monthly, terms);
    assert.deepEqual(after, foreseen.subscription);
    const { price, scheduledChange } = after;
    assert.deepEqual([price.id, scheduledChange], [prices.annual, undefined]);
    assert.equal((await bench.stripe.subscriptions.retrieve(monthly)).schedule, null);
  });

  it("a pause leaves it planned", async () => {
    const { monthly } = bench.suite.fixtures;
    const { periodEnd, scheduledChange } = await planned(monthly);
    const after = await act(monthly, { type: "pause", resumesAt: periodEnd + 40 * DAY });
    assert.equal(after.nextCharge?.amount, scheduledChange?.price.amount);
    await charge(monthly);
    assert.equal((await read(monthly)).price.id, scheduledChange?.price.id);
  });
});

/** Billing that lives until its n-th request that changes something, and another one that begins where it ended. */
describe("an attempt that ends in the middle", () => {
  const bench = useStripe();
  const { act, read } = bench.suite;

  /** Without the library's own attempts, which a process that is gone does not make either. */
  async function billing(subscriptionId: string) {
    const { hostname: host, port } = new URL(bench.double.url);
    const stripe = new Stripe("sk_test_of_the_double", {
      host,
      port,
      protocol: "http",
      maxNetworkRetries: 0,
    });
    const { test_clock: testClock } = await stripe.subscriptions.retrieve(subscriptionId);
    const account = accountOf(stripe, () => DAYS.everyMonth.now, { testClock: String(testClock) });
    return createStripeBilling(account);
  }

  /** Ends at one request after the other; each time the same key is tried again afterwards. */
  async function interrupted(
    how: Fault,
    prepare: () => Promise<string>,
    terms: Terms,
  ): Promise<BilledSubscription[]> {
    const all: BilledSubscription[] = [];
    const state = bench.double.state.copy();
    for (let dies = 1; dies < 60; dies++) {
      bench.double.state = state.copy();
      const subscriptionId = await prepare();
      const action = { ...terms, subscriptionId };
      const first = await billing(subscriptionId);
      let [changes, died] = [0, false];
      bench.double.fault = ({ method }) => {
        if (died) return { when: "before", how: "reset" };
        died = method === "POST" && ++changes === dies;
        return died ? how : undefined;
      };
      const ended = await first.execute(action, "key").catch((error: unknown) => error);
      bench.double.fault = undefined;
      if (died && ended instanceof Error) {
        assert.ok(ended instanceof BillingError, String(ended));
        assert.equal(ended.kind, "unknown", "what may have happened is not said to be refused");
      }
      all.push(await (await billing(subscriptionId)).execute(action, "key"));
      if (!died) return all;
    }
    return assert.fail("it never came to an end");
  }

  const plan = async () => {
    const { monthly, prices } = bench.suite.fixtures;
    await act(monthly, { type: "change_price", priceId: prices.cheaper, charge: "renewal" });
    return monthly;
  };

  for (const when of ["before", "after"] as const)
    it(`${when} a request has its effect: planning a price happens once`, async () => {
      const { monthly, prices } = bench.suite.fixtures;
      const terms = { type: "change_price", priceId: prices.cheaper, charge: "renewal" } as const;
      const all = await interrupted({ when, how: "reset" }, async () => monthly, terms);
      assert.ok(all.length > 4, "a begin, two for the schedule, and an end");
      for (const each of all) {
        assert.equal(each.scheduledChange?.price.id, prices.cheaper);
        assert.equal(each.refuses, undefined);
      }
    });

  for (const when of ["before", "after"] as const)
    it(`${when} a request has its effect: another price now is charged once`, async () => {
      const { monthly, prices } = bench.suite.fixtures;
      const { paid } = await bench.suite.books(monthly);
      const { dueNow } = await bench.suite.preview(await plan(), {
        type: "change_price",
        priceId: prices.annual,
        charge: "now",
      });
      const terms = { type: "change_price", priceId: prices.annual, charge: "now" } as const;
      const back = async () => {
        await act(monthly, {
          type: "change_price",
          priceId: (await read(monthly)).price.id,
          charge: "renewal",
        });
        return plan();
      };
      const all = await interrupted({ when, how: "reset" }, back, terms);
      for (const { price, scheduledChange } of all)
        assert.deepEqual([price.id, scheduledChange], [prices.annual, undefined]);
      assert.equal((await bench.suite.books(monthly)).paid, paid + dueNow);
    });
});

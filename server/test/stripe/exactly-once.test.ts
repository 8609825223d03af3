/** Whatever goes wrong on the way: nothing twice, and nothing that may have happened is called refused. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import Stripe from "stripe";
import { type BillingAction, BillingError, type BillingProvider } from "../../src/billing/provider.ts";
import { createStripeBilling } from "../../src/billing/stripe/provider.ts";
import type { Fixtures, Terms } from "../billing/provider-harness.ts";
import type { Fault } from "./double.ts";
import { accountOf, type DoubleHarness, onDouble } from "./harness.ts";

const DAY = 86_400_000;
const TODAY = { now: Date.parse("2027-05-14T09:41:00Z"), nextCharge: Date.parse("2027-06-01T09:41:00Z") };
const open = onDouble(TODAY);

/** In front of the library that a server has stands one that retries nothing, so that each fault is seen. */
async function impatient({ double, stripe, fixtures }: DoubleHarness): Promise<BillingProvider> {
  const { hostname, port } = new URL(double.url);
  const customer = await stripe.customers.retrieve(fixtures.customer.id);
  assert.ok(!customer.deleted);
  const own = new Stripe("sk_test_of_the_double", {
    protocol: "http",
    host: hostname,
    port,
    maxNetworkRetries: 0,
    timeout: 2000,
  });
  return createStripeBilling(accountOf(own, () => TODAY.now, { testClock: customer.test_clock as string }));
}

interface Case {
  of: (fixtures: Fixtures) => string;
  terms: (fixtures: Fixtures) => Terms;
  /** What happens before. */
  prepare?: (harness: DoubleHarness, id: string) => Promise<unknown>;
}

const act = ({ provider }: DoubleHarness, subscriptionId: string, terms: Terms) =>
  provider.execute({ ...terms, subscriptionId } as BillingAction, "before");

const cases: Record<string, Case> = {
  "a discount": {
    of: (all) => all.monthly,
    terms: () => ({ type: "discount", percentOff: 50, currency: "usd", duration: "once" }),
  },
  "a cancellation": {
    of: (all) => all.monthly,
    terms: () => ({ type: "cancel", effective: "period_end", reason: "other" }),
  },
  "a cancellation at once": {
    of: (all) => all.monthly,
    terms: () => ({ type: "cancel", effective: "immediately" }),
  },
  "a cancellation of what has another price to come": {
    of: (all) => all.monthly,
    prepare: (harness, id) =>
      act(harness, id, {
        type: "change_price",
        priceId: harness.fixtures.prices.cheaper,
        charge: "renewal",
      }),
    terms: () => ({ type: "cancel", effective: "period_end" }),
  },
  "a cancellation that arrives after two renewals": {
    of: (all) => all.monthly,
    prepare: async ({ advance }) => {
      await advance(TODAY.nextCharge);
      await advance(TODAY.nextCharge + 40 * DAY);
    },
    terms: () => ({ type: "cancel", effective: "period_end", requestedAt: TODAY.now }),
  },
  "a cancellation that is undone": {
    of: (all) => all.monthly,
    prepare: async (harness, id) => {
      const priceId = harness.fixtures.prices.cheaper;
      await act(harness, id, { type: "change_price", priceId, charge: "renewal" });
      const leave = { type: "cancel", effective: "period_end", subscriptionId: id } as const;
      await harness.provider.execute(leave, "left");
    },
    terms: () => ({ type: "undo_cancellation" }),
  },
  "two open invoices": {
    of: (all) => all.pastDue,
    prepare: async ({ provider, advance, payWith }, id) => {
      const found = await provider.subscription(id);
      await advance(found?.nextCharge?.at ?? 0);
      await payWith(found?.customerId ?? "", "good");
    },
    terms: () => ({ type: "retry_payment" }),
  },
  "another price now": {
    of: (all) => all.monthly,
    terms: ({ prices }) => ({ type: "change_price", priceId: prices.annual, charge: "now" }),
  },
  "a pause": {
    of: (all) => all.monthly,
    terms: () => ({ type: "pause", resumesAt: TODAY.now + 90 * DAY }),
  },
};

const FAULTS: Fault[] = [
  { when: "before", how: 500 },
  { when: "after", how: 500 },
  { when: "before", how: 409 },
  { when: "after", how: "reset" },
];

/** A harness until the end of the block, with the provider of a server that was just started. */
async function started() {
  const harness = await open();
  const provider = await impatient(harness);
  return { ...harness, harness, provider, [Symbol.asyncDispose]: () => harness.close() };
}

interface Run extends AsyncDisposable {
  harness: DoubleHarness;
  provider: BillingProvider;
  action: BillingAction;
}

async function prepared({ of, terms, prepare }: Case): Promise<Run> {
  const { harness, provider, [Symbol.asyncDispose]: close } = await started();
  const id = of(harness.fixtures);
  await prepare?.(harness, id);
  const action = { ...terms(harness.fixtures), subscriptionId: id } as BillingAction;
  return { harness, provider, action, [Symbol.asyncDispose]: close };
}

/** What one would see afterwards, and what has been paid. */
async function outcome({ harness, provider, action }: Run): Promise<object> {
  const { subscriptionId } = action;
  const state = await provider.subscription(subscriptionId);
  return { state, books: await harness.books(subscriptionId) };
}

/** The same, with as many requests as it takes without a fault. */
async function undisturbed(each: Case): Promise<{ expected: object; requests: number }> {
  await using run = await prepared(each);
  const { double } = run.harness;
  const before = double.requests.length;
  await run.provider.execute(run.action, "key");
  const requests = double.requests.length - before;
  const expected = await outcome(run);
  return { expected, requests };
}

/** With a fault at one of its requests; a server that is started again knows nothing of it. */
async function disturbed(each: Case, at: number, fault: Fault, expected: object): Promise<void> {
  await using run = await prepared(each);
  const { provider, action, harness } = run;
  harness.double.fault = (_, n) => (n === at ? fault : undefined);
  await provider.execute(action, "key").catch((error: unknown) => {
    assert.ok(error instanceof BillingError, String(error));
    assert.equal(error.kind, "unknown", `request ${at}: ${error.code} ${error.message}`);
  });
  harness.double.fault = undefined;
  const again = await impatient(harness);
  // As the server does: it looks first, and asks again if nothing is to be seen.
  if (!(await again.readBack(action, "key"))) await again.execute(action, "key");
  assert.deepEqual(await outcome(run), expected, `request ${at}`);
  await again.execute(action, "key");
  assert.deepEqual(await outcome(run), expected, `request ${at}, asked for once more`);
}

for (const [name, each] of Object.entries(cases)) {
  describe(`once and no more, whatever goes wrong: ${name}`, () => {
    for (const fault of FAULTS)
      it(`with ${fault.how} ${fault.when} each of its requests`, async () => {
        const { expected, requests } = await undisturbed(each);
        const all = Array.from({ length: requests }, (_, index) => index + 1);
        await Promise.all(all.map((at) => disturbed(each, at, fault, expected)));
      });
  });
}

const half = { type: "discount", percentOff: 50, currency: "usd", duration: "once" } as const;
const isEffect = ({ name }: { name?: string }) => name === "POST /v1/subscriptions/:id";

describe("a key", () => {
  it("under which Stripe has failed for good is left behind at once", async () => {
    await using run = await started();
    const { provider, double, fixtures } = run;
    let failures = 0;
    double.fault = (request) =>
      isEffect(request) && failures++ < 2 ? { when: "before", how: 500 } : undefined;
    const { discount } = await provider.execute({ ...half, subscriptionId: fixtures.monthly }, "key");
    assert.equal(discount?.percentOff, 50);
    assert.ok(double.requests.some(({ status, replayed }) => status === 500 && replayed));
    const worked = double.requests.filter((each) => isEffect(each) && each.status === 200);
    assert.equal(worked.length, 1);
  });

  it("is left behind only when it is known that nothing is under way", async () => {
    await using run = await started();
    const { provider, double, fixtures } = run;
    double.fault = (request) => (isEffect(request) ? { when: "before", how: "reset" } : undefined);
    await assert.rejects(provider.execute({ ...half, subscriptionId: fixtures.monthly }, "key"), {
      kind: "unknown",
    });
    const keys = double.requests.filter(isEffect).map(({ idempotencyKey }) => idempotencyKey);
    assert.equal(new Set(keys).size, 1);
  });

  it("that the bank has refused can succeed with another card", async () => {
    await using run = await started();
    const { provider, fixtures, payWith } = run;
    const priceId = fixtures.prices.annual;
    const action = {
      type: "change_price",
      priceId,
      charge: "now",
      subscriptionId: fixtures.monthly,
    } as const;
    await payWith(fixtures.customer.id, "declined");
    for (let times = 0; times < 2; times++)
      await assert.rejects(provider.execute(action, "key"), { kind: "rejected", code: "payment_declined" });
    await payWith(fixtures.customer.id, "good");
    assert.equal((await provider.execute(action, "key")).price.id, priceId);
  });

  it("stands for one subscription and one action, also after a restart", async () => {
    await using run = await started();
    const { provider, harness, fixtures } = run;
    await provider.execute({ ...half, subscriptionId: fixtures.monthly }, "key");
    const before = await provider.subscription(fixtures.trialing);
    const others: Terms[] = [
      half,
      { type: "cancel", effective: "period_end" },
      { type: "cancel", effective: "immediately" },
      { type: "extend_trial", trialEnd: (before?.trialEnd ?? 0) + DAY },
    ];
    for (const terms of others) {
      const action = { ...terms, subscriptionId: fixtures.trialing } as BillingAction;
      await assert.rejects(provider.execute(action, "key"), {
        kind: "rejected",
        code: "idempotency_mismatch",
      });
      await assert.rejects((await impatient(harness)).execute(action, "key"), BillingError);
      assert.equal(await provider.readBack(action, "key"), undefined);
    }
    assert.deepEqual(await provider.subscription(fixtures.trialing), before);
  });

  it("under which something else may have happened is not called refused", async () => {
    await using run = await started();
    const { provider, harness, double, fixtures, stripe } = run;
    const action = { ...half, subscriptionId: fixtures.monthly } as const;
    // The request is stored as failed, and then Stripe is gone.
    let seen = 0;
    double.fault = (request) => {
      if (isEffect(request)) seen++;
      if (!seen) return undefined;
      return { when: "before", how: seen === 1 && isEffect(request) ? 500 : "reset" };
    };
    await assert.rejects(provider.execute(action, "key"), { kind: "unknown" });
    double.fault = undefined;
    // What was written down meanwhile makes it another request under the same key.
    await stripe.subscriptions.update(fixtures.monthly, {
      metadata: { renumerate_actions: "other.01234567" },
    });
    const again = await impatient(harness);
    await assert.rejects(again.execute(action, "key"), { kind: "unknown", code: "idempotency_conflict" });
  });
});

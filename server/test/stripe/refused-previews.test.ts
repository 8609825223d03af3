/** What is seen and done of a subscription of which Stripe does not say what it will charge next. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { BillingError } from "../../src/billing/provider.ts";
import type { StripeAccount } from "../../src/billing/stripe/model.ts";
import { createStripeBilling } from "../../src/billing/stripe/provider.ts";
import { useStripe } from "../billing/stripe-bench.ts";
import type { FaultPlan } from "./double.ts";
import { accountOf } from "./harness.ts";
import { Refusal } from "./state.ts";

const PREVIEW = "POST /v1/invoices/create_preview";
const CHANGES = ["discount", "promo_code", "pause", "change_price", "extend_trial"];

const refusing =
  (refusal: Refusal): FaultPlan =>
  ({ name }) => {
    if (name === PREVIEW) throw refusal;
    return undefined;
  };

/** https://docs.stripe.com/tax/customer-locations */
const noLocation = new Refusal(
  400,
  "The customer's location isn't recognized. Set a valid customer address of ada@example.com in order to automatically calculate tax.",
  { code: "customer_tax_location_invalid" },
);
const outage: FaultPlan = ({ name }) => (name === PREVIEW ? { when: "before", how: 503 } : undefined);
const cut: FaultPlan = ({ name }) => (name === PREVIEW ? { when: "before", how: "reset" } : undefined);
const tooMany: FaultPlan = ({ name }) => (name === PREVIEW ? { when: "before", how: 429 } : undefined);

describe("a subscription of which Stripe refuses to say what comes next", () => {
  const bench = useStripe();
  /** One that has asked nothing yet, and remembers nothing. */
  const anew = async (warn?: StripeAccount["warn"]) => {
    const customer = await bench.stripe.customers.retrieve(bench.suite.fixtures.customer.id);
    assert.ok(!customer.deleted);
    const account = accountOf(bench.stripe, () => 0, { testClock: customer.test_clock as string });
    return createStripeBilling({ ...account, ...(warn ? { warn } : {}) });
  };

  it("is shown without it, and can be left but not changed", async () => {
    const { provider, fixtures } = bench.suite;
    const { nextCharge: _, ...before } =
      (await (await anew()).subscription(fixtures.monthly)) ?? assert.fail();
    bench.double.fault = refusing(noLocation);
    const seen = await provider.subscription(fixtures.monthly);
    assert.deepEqual(seen, { ...before, refuses: CHANGES });
    const all = await provider.subscriptions(fixtures.customer.id);
    assert.deepEqual(
      all.find(({ id }) => id === fixtures.monthly),
      seen,
    );
    const leave = { type: "cancel", effective: "period_end", subscriptionId: fixtures.monthly } as const;
    assert.ok((await provider.preview(leave)).subscription.cancelAt);
    assert.ok((await provider.execute(leave, "leave")).cancelAt);
    const stay = { type: "undo_cancellation", subscriptionId: fixtures.monthly } as const;
    const stayed = await provider.execute(stay, "stay");
    assert.deepEqual([stayed.cancelAt, stayed.nextCharge], [undefined, undefined]);
  });

  it("is shown so as well if the key may not ask", async () => {
    const { provider, fixtures } = bench.suite;
    bench.double.fault = refusing(new Refusal(403, "This key does not have the required permissions."));
    assert.deepEqual((await provider.subscription(fixtures.monthly))?.refuses, CHANGES);
  });

  it("keeps what it refuses already", async () => {
    const { provider, fixtures } = bench.suite;
    const sent = { collection_method: "send_invoice", days_until_due: 7 } as const;
    await bench.stripe.subscriptions.update(fixtures.monthly, sent);
    bench.double.fault = refusing(noLocation);
    const { refuses } = (await provider.subscription(fixtures.monthly)) ?? assert.fail();
    assert.deepEqual(refuses?.toSorted(), [...CHANGES, "retry_payment"].toSorted());
  });

  it("is in the log, with why", async () => {
    const { fixtures } = bench.suite;
    const lines: [Record<string, unknown>, string][] = [];
    const note: StripeAccount["warn"] = (fields, message) => lines.push([{ ...fields }, message]);
    await (await anew(note)).subscription(fixtures.monthly);
    assert.equal(lines.length, 0);
    bench.double.fault = refusing(noLocation);
    await (await anew(note)).subscription(fixtures.monthly);
    const [line, ...others] = lines;
    assert.ok(line && !others.length);
    const [{ subscription, code, reason }, message] = line;
    assert.deepEqual([subscription, code], [fixtures.monthly, "customer_tax_location_invalid"]);
    assert.match(String(reason), /customer's location isn't recognized.*\[e-mail\].*\(req_\d+\)$/);
    assert.match(message, /next/);
  });

  it("is previewed with a change as strictly as ever", async () => {
    const { provider, fixtures } = bench.suite;
    bench.double.fault = refusing(noLocation);
    const action = {
      type: "pause",
      resumesAt: (await provider.now()) + 60 * 86_400_000,
      subscriptionId: fixtures.monthly,
    } as const;
    await assert.rejects(provider.preview(action), {
      kind: "unknown",
      code: "customer_tax_location_invalid",
    });
  });

  for (const [name, fault] of Object.entries({ outage, cut, tooMany }))
    it(`is not what one is while Stripe does not answer: ${name}`, async () => {
      const { provider, fixtures } = bench.suite;
      bench.double.fault = fault;
      const silent = (error: unknown) => error instanceof BillingError && error.kind === "unknown";
      await assert.rejects(provider.subscription(fixtures.monthly), silent);
      await assert.rejects(provider.subscriptions(fixtures.customer.id), silent);
    });
});

describe("an action that is done", () => {
  const bench = useStripe();
  const half = (subscriptionId: string) =>
    ({ type: "discount", percentOff: 50, currency: "usd", duration: "once", subscriptionId }) as const;

  for (const [name, fault] of Object.entries({ refused: refusing(noLocation), outage, cut, tooMany }))
    it(`stays done, whatever Stripe says of the next charge: ${name}`, async () => {
      const { provider, fixtures } = bench.suite;
      bench.double.fault = fault;
      const action = half(fixtures.monthly);
      const done = await provider.execute(action, "key");
      assert.deepEqual([done.discount?.percentOff, done.nextCharge], [50, undefined]);
      assert.deepEqual(await provider.readBack(action, "key"), done);
      assert.deepEqual(await provider.execute(action, "key"), done);
      bench.double.fault = undefined;
      assert.ok((await provider.subscription(fixtures.monthly))?.nextCharge, "and is known again later");
    });
});

describe("many subscriptions of one customer", () => {
  const bench = useStripe();

  it("are asked about five at a time, and all of them are", async () => {
    const { provider, fixtures } = bench.suite;
    const { customer, items } = await bench.stripe.subscriptions.retrieve(fixtures.monthly);
    const price = items.data[0]?.price.id ?? assert.fail();
    for (let count = 0; count < 12; count++)
      await bench.stripe.subscriptions.create({ customer: customer as string, items: [{ price }] });
    let [asking, most] = [0, 0];
    const turn = () => new Promise<void>((resolve) => setImmediate(resolve));
    bench.double.fault = async ({ name }) => {
      if (name !== PREVIEW) return undefined;
      asking++;
      most = Math.max(most, asking);
      for (let turns = 0; turns < 200; turns++) await turn();
      asking--;
      return undefined;
    };
    const all = await provider.subscriptions(customer as string);
    assert.equal(most, 5);
    assert.ok(all.length >= 13 && all.filter(({ nextCharge }) => nextCharge).length >= 13);
    assert.equal(new Set(all.map(({ id }) => id)).size, all.length);
  });
});

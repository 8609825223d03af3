/** What is charged at once and declined by the bank: nothing has changed, and another card makes it possible. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { openStripe } from "../../src/billing/stripe/client.ts";
import { offering } from "../flows/fixtures.ts";
import { DAY } from "../harness.ts";
import { stores, type TestStore } from "../stores.ts";
import { type StripeDouble, startDouble } from "./double.ts";
import { payWith } from "./fixtures.ts";
import type { DoubleHarness } from "./harness.ts";
import {
  type Attempt,
  begin,
  type Case,
  checkSettled,
  prepare,
  rowsOf,
  type Stage,
  TODAY,
} from "./last-steps.ts";
import { createStripeWorld, type StripeWorld } from "./world.ts";

const decline = async ({ provider, payWith: pay }: DoubleHarness, id: string): Promise<void> => {
  await pay((await provider.subscription(id))?.customerId ?? assert.fail(), "declined");
};

const planCheaper = ({ provider, fixtures }: DoubleHarness, subscriptionId: string) =>
  provider.execute(
    { type: "change_price", subscriptionId, priceId: fixtures.prices.cheaper, charge: "renewal" },
    "planned",
  );

interface Declined extends Case {
  /** What the customer is told. */
  code: string;
}

const annual = {
  definition: () => offering({ type: "annual_switch", id: "annual" }),
  decide: (visit) => visit.act({ type: "accept" }),
} satisfies Case["flow"];

const cases: Record<string, Declined> = {
  "the yearly plan in a flow": {
    of: (all) => all.monthly,
    before: decline,
    flow: annual,
    code: "offer_not_available",
  },
  "a dearer plan": {
    of: (all) => all.monthly,
    before: decline,
    change: ({ team }) => ({ type: "plan_change", priceId: team }),
    code: "payment_declined",
  },
  "a dearer plan in place of the one to come": {
    of: (all) => all.monthly,
    before: async (harness, id) => {
      await planCheaper(harness, id);
      await decline(harness, id);
    },
    change: ({ team }) => ({ type: "plan_change", priceId: team }),
    code: "payment_declined",
  },
  "the end of a pause beyond what is paid for": {
    of: (all) => all.monthly,
    before: async (harness, id) => {
      const { provider, advance } = harness;
      await provider.execute(
        { type: "pause", subscriptionId: id, resumesAt: TODAY.now + 80 * DAY },
        "paused",
      );
      await advance(TODAY.nextCharge + 14 * DAY);
      await decline(harness, id);
    },
    change: () => ({ type: "resume" }),
    code: "payment_declined",
  },
  "an open invoice": {
    of: (all) => all.pastDue,
    change: () => ({ type: "retry_payment" }),
    code: "payment_declined",
  },
};

const [home = assert.fail()] = stores;
let store: TestStore;
let double: StripeDouble;
before(async () => {
  store = await home.open();
  double = await startDouble();
});
after(async () => {
  await double.close();
  await store.drop();
});

/** What the customer has, and has paid. */
async function standing(world: StripeWorld, { id }: Stage): Promise<object> {
  const invoices = double.state
    .all("invoices")
    .map(({ id, status, amount_paid }) => ({ id, status, amount_paid }));
  return { subscription: await world.billing.subscription(id), invoices };
}

async function another(world: StripeWorld, { id }: Stage): Promise<void> {
  const { secretKey } = world.options;
  await payWith(openStripe({ secretKey, apiBase: double.url }), world.customerOf(id), "good");
}

const statuses = async (world: StripeWorld) => (await rowsOf(world)).map(({ status }) => status);

async function declined(attempt: Attempt, code: string): Promise<void> {
  const reply = await attempt.send();
  assert.deepEqual([reply.status, reply.code], [code === "payment_declined" ? 402 : 409, code], reply.text);
}

for (const [name, each] of Object.entries(cases))
  describe(`a card that is declined for ${name}`, () => {
    let stage: Stage;
    before(async () => {
      stage = await prepare(each);
    });
    const open = () => createStripeWorld(store, double, stage.state, { plans: stage.plans });
    const last = each.flow ? "cancel.saved" : "subscription.changed";

    it("changes nothing, and with another card it is done once", async () => {
      await using world = await open();
      const attempt = await begin(world, each, stage);
      const before = await standing(world, stage);
      await declined(attempt, each.code);
      assert.deepEqual(await standing(world, stage), before);
      assert.deepEqual(await statuses(world), ["failed"]);
      await another(world, stage);
      const again = each.flow ? attempt : await begin(world, each, stage);
      const reply = await again.send();
      assert.equal(reply.body.status, "done", reply.text);
      assert.deepEqual((await statuses(world)).sort(), ["failed", "succeeded"]);
      const facts = await world.facts();
      assert.equal(facts.filter((type) => type === last).length, 1, String(facts));
      await checkSettled(world);
    });

    it("is told as well where Stripe was silent at first", async () => {
      await using world = await open();
      const attempt = await begin(world, each, stage);
      const before = await standing(world, stage);
      double.fault = ({ method, name }) =>
        method === "POST" && name !== "POST /v1/invoices/create_preview"
          ? { when: "before", how: "reset" }
          : undefined;
      assert.equal((await attempt.send()).body.status, "requested");
      double.fault = undefined;
      world.pass(30_000);
      await world.tick();
      assert.deepEqual(await statuses(world), ["failed"]);
      assert.deepEqual(await standing(world, stage), before);
      const facts = await world.facts();
      assert.equal(facts.at(-1), each.flow ? "cancel.request_failed" : "subscription.change_failed");
      assert.equal(facts.includes(last), false);
      await checkSettled(world);
    });
  });

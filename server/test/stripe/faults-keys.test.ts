/** A key that Stripe no longer takes, or that may not do what is asked for: no customer is refused for it. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { half, offering } from "../flows/fixtures.ts";
import { stores, type TestStore } from "../stores.ts";
import { type StripeDouble, startDouble } from "./double.ts";
import { begin, type Case, checkSettled, prepare, rowsOf, type Stage } from "./last-steps.ts";
import { createStripeWorld } from "./world.ts";

const KEY = "rk_test_of_the_double";

const cases: Record<string, { each: Case; facts: string[] }> = {
  "a cancellation": {
    each: {
      of: (all) => all.monthly,
      flow: {
        definition: () => ({
          name: "End",
          steps: [{ type: "confirm", id: "confirm", effective: "period_end" }],
        }),
        decide: (visit) => visit.act({ type: "confirm" }),
      },
    },
    facts: ["cancel.started", "cancel.requested", "cancel.canceled"],
  },
  "an offer": {
    each: {
      of: (all) => all.monthly,
      flow: { definition: () => offering(half), decide: (visit) => visit.act({ type: "accept" }) },
    },
    facts: ["cancel.started", "cancel.requested", "cancel.saved"],
  },
  "a promo code": {
    each: {
      of: (all) => all.monthly,
      change: ({ codes }) => ({ type: "promo_code", code: codes.percent }),
    },
    facts: ["subscription.changed"],
  },
};

/** All that the cases need but to change a subscription. */
const READS = [
  "subscription_read",
  "customer_read",
  "product_read",
  "plan_read",
  "invoice_write",
  "coupon_write",
  "promotion_code_read",
];

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

for (const [name, { each, facts }] of Object.entries(cases))
  describe(name, () => {
    let stage: Stage;
    before(async () => {
      stage = await prepare(each);
    });

    async function opened() {
      double.restricted = { [KEY]: [...READS, "subscription_write"] };
      const options = { plans: stage.plans, secretKey: KEY };
      const world = await createStripeWorld(store, double, stage.state, options);
      return { world, attempt: await begin(world, each, stage) };
    }

    const statuses = async ({ world }: Awaited<ReturnType<typeof opened>>) =>
      (await rowsOf(world)).map(({ status }) => status);

    it("with a key that may not do it is requested, and done once the key may", async () => {
      const run = await opened();
      await using world = run.world;
      double.restricted = { [KEY]: READS };
      assert.equal((await run.attempt.send()).body.status, "requested");
      assert.deepEqual(await statuses(run), ["pending"]);
      world.pass(30_000);
      await world.tick();
      assert.deepEqual(await statuses(run), ["pending"], "and stays so");
      const said = world.log.filter((line) => line.includes("permission_missing"));
      assert.ok(said.length >= 2, "the log says what is wrong");
      assert.match(said[0] ?? "", /rak_subscription_write/);
      assert.doesNotMatch(world.log.join(), /rk_test/);

      double.restricted = { [KEY]: [...READS, "subscription_write"] };
      world.pass(60_000);
      await world.tick();
      assert.deepEqual(await statuses(run), ["succeeded"]);
      assert.equal((await run.attempt.send()).body.status, "done");
      assert.deepEqual(await world.facts(), facts);
      await checkSettled(world);
    });

    it("with a key that Stripe no longer takes is never refused", async () => {
      const run = await opened();
      await using world = run.world;
      double.restricted = {};
      const reply = await run.attempt.send();
      const isLeaving = name === "a cancellation";
      // Who leaves is not kept by it; what is offered cannot be promised.
      if (isLeaving) assert.equal(reply.body.status, "requested", reply.text);
      else assert.deepEqual([reply.status, reply.code], [503, "billing_unavailable"]);
      assert.deepEqual(await statuses(run), isLeaving ? ["pending"] : []);
      assert.match(world.log.join(), /authentication_failed|Invalid API Key/);
      assert.doesNotMatch(world.log.join(), /rk_test/);

      double.restricted = { [KEY]: [...READS, "subscription_write"] };
      world.pass(30_000);
      await world.tick();
      if (isLeaving) assert.deepEqual(await statuses(run), ["succeeded"]);
      assert.equal((await run.attempt.send()).body.status, "done");
      assert.deepEqual(
        await world.facts(),
        facts.filter((type) => isLeaving || type !== "cancel.requested"),
      );
      await checkSettled(world);
    });
  });

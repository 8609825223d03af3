/** Billing that never answers, in each of its methods: nobody waits for ever, and nothing else stops. */
import assert from "node:assert/strict";
import { it, mock } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import type { Gate, Operation } from "../billing/faulty.ts";
import { offering } from "../flows/fixtures.ts";
import { alone, BILLING_TIMEOUT, DAY, john, MINUTE, onEachStore } from "../harness.ts";
import { settled } from "../visit.ts";

const operations: readonly Operation[] = [
  "now",
  "findCustomers",
  "subscriptions",
  "subscription",
  "price",
  "prices",
  "preview",
  "execute",
  "readBack",
  "invoices",
  "updateCustomer",
  "paymentPage",
];

/** Nobody ever comes out. */
function trap(): Gate & { caught: number } {
  const never = new Promise<void>(() => {});
  const hangs = {
    caught: 0,
    reached: never,
    open() {},
    pass() {
      hangs.caught++;
      return never;
    },
  };
  return hangs;
}

/**
 * Lets the time limit pass for each call that is caught; all other time passes as it does, for writers that have met and wait for
 * a moment. @returns how many were waited for
 */
async function ends<T>(
  work: () => Promise<T>,
  hangs: { caught: number },
): Promise<{ result: T; waits: number }> {
  // Only this timer, of which nobody in a store or a test waits for long.
  mock.timers.enable({ apis: ["setTimeout"] });
  try {
    let waits = 0;
    let over = false;
    const answer = work().finally(() => {
      over = true;
    });
    answer.catch(() => {});
    const patience = performance.now() + 5_000;
    let passed = performance.now();
    while (!over) {
      assert.ok(performance.now() < patience, "it hangs");
      await turn();
      const since = Math.floor(performance.now() - passed);
      passed += since;
      mock.timers.tick(since);
      if (hangs.caught <= waits) continue;
      waits = hangs.caught;
      mock.timers.tick(BILLING_TIMEOUT);
    }
    return { result: await answer, waits };
  } finally {
    mock.timers.reset();
  }
}

onEachStore("Billing that hangs", ({ open, home }) => {
  // Offers that ask billing for everything it can be asked for.
  const curious = offering(
    { type: "plan_change", id: "none", plans: [{ priceId: "price_pro_monthly" }] },
    { type: "annual_switch", id: "annual" },
  );

  for (const operation of operations) {
    it(`in ${operation}: the flow is there, or refused in time`, async () => {
      const world = await open();
      await world.publish(curious);
      const token = await world.mint(john);
      const hangs = trap();
      world.billing.plan = { [operation]: { when: "before", hangs } };
      const { result, waits } = await ends(() => world.request("/v1/widget/flow", { token }), hangs);
      const asked = ["now", "findCustomers", "subscriptions", "price", "prices", "preview"].includes(
        operation,
      );
      assert.deepEqual(
        [result.status, result.code, waits],
        asked ? [503, "billing_unavailable", 1] : [200, undefined, 0],
      );
      world.billing.plan = {};
      assert.equal((await world.flow(token)).flow.steps.length, 2);
    });

    it(`in ${operation}: a session is made, or refused in time`, async () => {
      const world = await open();
      const hangs = trap();
      world.billing.plan = { [operation]: { when: "before", hangs } };
      const json = { retention: { customer_id: john, subscription_id: "sub_1MowQVLkdIwHu7ixeRlqHVzs" } };
      const mint = () => world.request("/v1/retention/session", { key: world.key, json });
      const { result, waits } = await ends(mint, hangs);
      const asked = ["findCustomers", "subscription"].includes(operation);
      assert.deepEqual([result.status, waits], asked ? [503, 1] : [200, 0]);
    });

    for (const decision of ["confirm", "accept"] as const) {
      it(`in ${operation}: ${decision} ends, and is done once when billing is well again`, async () => {
        await using world = await alone(home);
        const visit = await world.visit(john);
        if (decision === "accept")
          visit.select("not_using").next().choose({ months: 2 }).act({ type: "accept" });
        else visit.leave().act({ type: "confirm" });
        const request = visit.decision();
        const hangs = trap();
        world.billing.plan = { [operation]: { when: "before", hangs } };
        const { result, waits } = await ends(() => visit.decide(request), hangs);
        assert.ok(waits <= 1, "one limit at most");
        const needs = decision === "accept" ? ["now", "subscription"] : ["now"];
        if (needs.includes(operation)) {
          assert.deepEqual([result.status, result.code], [503, "billing_unavailable"]);
          assert.deepEqual(await world.effects(), []);
        } else {
          assert.equal(settled(result).status, operation === "execute" ? "requested" : "done");
        }
        world.billing.plan = {};
        const last = settled(await visit.decide(request));
        assert.deepEqual(
          [last.status, last.outcome],
          ["done", decision === "accept" ? "retained" : "cancelled"],
        );
        assert.equal((await world.effects()).length, 1);
      });
    }

    it(`in ${operation}: the worker goes on`, async () => {
      await using world = await alone(home);
      const visit = await world.visit("cus_zoe");
      await visit.select("other").send();
      const pending = await world.visit(john);
      world.billing.plan = { execute: { when: "before", throws: "unknown" } };
      assert.equal(settled(await pending.cancel()).status, "requested");
      // Somebody else's work, which billing has no part in.
      const job = { topic: "settle", key: "ses_gone", payload: { sessionId: "ses_gone" } };
      await world.deps.store.enqueue({ ...job, dueAt: world.clock.now });
      await world.deps.store.ensureSchedule("sweep", world.clock.now);
      const hangs = trap();
      world.billing.plan = { [operation]: { when: "before", hangs } };
      world.pass(31 * MINUTE);
      const { result, waits } = await ends(() => world.tick(), hangs);
      assert.equal(result, 2, "both jobs were claimed in this very tick");
      assert.ok(waits <= 2);
      world.billing.plan = {};
      world.pass(DAY);
      assert.equal((await world.tick()) <= 1, true);
      assert.equal(await world.tick(), 0, "nothing is left to do");
      assert.equal((await world.flow(await world.mint(john))).subscription.cancelAt !== undefined, true);
      const facts = await world.facts();
      for (const type of ["cancel.canceled", "cancel.abandoned"])
        assert.equal(facts.filter((each) => each === type).length, 1, type);
    });
  }
});

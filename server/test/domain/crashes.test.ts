/** Billing that fails at every point where it can: what the customer is told, what is kept, how it ends. */
import assert from "node:assert/strict";
import { it, mock } from "node:test";
import { demoSubscriptions as ids } from "../../src/billing/simulator-demo.ts";
import { OUTCOME_WORDS } from "../../src/domain/retainly-words.ts";
import { gate, type Plan } from "../billing/faulty.ts";
import { alone, BILLING_TIMEOUT, john, MINUTE, onEachStore, type World } from "../harness.ts";
import { settled, type Visit } from "../visit.ts";

/** When the request that wrote an action is no longer expected to settle it. */
const SETTLE_AFTER = 30_000;

const accept = (visit: Visit) =>
  visit.select("not_using").next().choose({ months: 2 }).act({ type: "accept" });
const leave = (visit: Visit) => visit.select("other").leave().act({ type: "confirm" });

onEachStore("When billing fails", ({ home }) => {
  const decisions: [string, (visit: Visit) => Visit, "retained" | "cancelled"][] = [
    ["an offer", accept, "retained"],
    ["a cancellation", leave, "cancelled"],
  ];

  /** The customer's decision in a world where billing goes wrong. */
  async function meeting(world: World, decide: (visit: Visit) => Visit, plan: Plan) {
    const visit = decide(await world.visit(john));
    world.billing.plan = plan;
    return { visit, request: visit.decision() };
  }

  /** Requested: said as such, everywhere. */
  async function isRequested(world: World, visit: Visit, outcome: string): Promise<void> {
    const [row] = await world.ledger();
    assert.deepEqual([row?.outcome, row?.confirmed, row?.effectiveAt], [outcome, false, undefined]);
    assert.deepEqual(await world.facts(), ["cancel.started", "cancel.requested"]);
    const session = await world.deps.store.session(visit.session);
    assert.deepEqual([session?.outcome, session?.settlement?.status], [undefined, "requested"]);
  }

  async function isDone(world: World, visit: Visit, outcome: "retained" | "cancelled"): Promise<void> {
    assert.equal((await world.effects()).length, 1, "billing did it exactly once");
    const [row, ...others] = await world.ledger();
    assert.deepEqual([row?.outcome, row?.confirmed, others], [outcome, true, []]);
    const facts = await world.facts();
    assert.equal(facts.filter((type) => type === `cancel.${OUTCOME_WORDS[outcome]}`).length, 1);
    const { settlement } = (await world.flow(visit.token)).session;
    assert.deepEqual([settlement?.outcome, settlement?.status], [outcome, "done"]);
    assert.deepEqual(settlement?.subscription, (await world.flow(await world.mint(john))).subscription);
    world.pass(MINUTE);
    assert.equal(await world.tick(), 0, "nothing is left to do");
  }

  for (const [name, decide, outcome] of decisions) {
    for (const when of ["before", "after"] as const) {
      it(`${name}: an answer lost ${when} the effect is requested, then done once`, async () => {
        await using world = await alone(home);
        const { visit, request } = await meeting(world, decide, { execute: { when, throws: "unknown" } });
        const first = settled(await visit.decide(request));
        assert.deepEqual([first.outcome, first.status], [outcome, "requested"]);
        await isRequested(world, visit, outcome);
        assert.equal((await world.effects()).length, when === "after" ? 1 : 0);

        world.pass(SETTLE_AFTER - 1);
        assert.equal(await world.tick(), 0, "not yet: the request may still be under way");
        await isRequested(world, visit, outcome);
        world.billing.plan = {};
        world.pass(1);
        assert.equal(await world.tick(), 1);
        await isDone(world, visit, outcome);
        assert.deepEqual(await world.facts(), [
          "cancel.started",
          "cancel.requested",
          `cancel.${OUTCOME_WORDS[outcome]}`,
        ]);
      });
    }

    it(`${name}: the customer's own retry or reload settles it as well`, async () => {
      for (const again of ["retry", "reload"]) {
        await using world = await alone(home);
        const plan: Plan = { execute: { when: "after", throws: "unknown", times: 1 } };
        const { visit, request } = await meeting(world, decide, plan);
        assert.equal(settled(await visit.decide(request)).status, "requested");
        if (again === "retry") assert.equal(settled(await visit.decide(request)).status, "done");
        else assert.equal((await world.flow(visit.token)).session.settlement?.status, "done");
        await isDone(world, visit, outcome);
      }
    });

    it(`${name}: billing that stays silent is asked less and less often, but again and again`, async () => {
      await using world = await alone(home);
      const silent = { when: "before", throws: "unknown" } as const;
      const { visit, request } = await meeting(world, decide, { execute: silent, readBack: silent });
      assert.equal(settled(await visit.decide(request)).status, "requested");
      world.pass(SETTLE_AFTER);
      assert.equal(await world.tick(), 1);
      for (const wait of [10_000, 20_000, 40_000]) {
        world.pass(wait - 1);
        assert.equal(await world.tick(), 0, `not before ${wait} ms`);
        world.pass(1);
        assert.equal(await world.tick(), 1, `after ${wait} ms`);
      }
      await isRequested(world, visit, outcome);
      world.pass(31 * MINUTE);
      assert.equal(
        (await world.deps.store.session(visit.session))?.outcome,
        undefined,
        "waiting is not silence",
      );
      world.billing.plan = {};
      world.pass(60 * MINUTE);
      assert.equal(await world.tick(), 1);
      await isDone(world, visit, outcome);
    });

    it(`${name}: billing that hangs is not waited for for ever`, async () => {
      await using world = await alone(home);
      const hangs = gate();
      const { visit, request } = await meeting(world, decide, { execute: { when: "before", hangs } });
      // Only this timer: the stores keep theirs.
      mock.timers.enable({ apis: ["setTimeout"] });
      try {
        const answer = visit.decide(request);
        await hangs.reached;
        mock.timers.tick(BILLING_TIMEOUT - 1);
        mock.timers.tick(1);
        assert.equal(settled(await answer).status, "requested");
      } finally {
        mock.timers.reset();
      }
      await isRequested(world, visit, outcome);
      world.billing.plan = {};
      world.pass(SETTLE_AFTER);
      assert.equal(await world.tick(), 1);
      // The call that hung arrives late, and is the same call.
      hangs.open();
      await isDone(world, visit, outcome);
    });

    it(`${name}: when the process dies right after billing did it, the next one finds out`, async () => {
      await using world = await alone(home);
      const hangs = gate();
      const { visit, request } = await meeting(world, decide, { execute: { when: "after", hangs } });
      const answer = visit.decide(request);
      await hangs.reached;
      // Nobody will ever hear of the first process again; another takes the job.
      world.billing.plan = {};
      world.pass(SETTLE_AFTER);
      assert.equal(await world.tick(), 1);
      await isDone(world, visit, outcome);
      assert.deepEqual(await world.facts(), ["cancel.started", `cancel.${OUTCOME_WORDS[outcome]}`]);
      hangs.open();
      assert.deepEqual(settled(await answer), (await world.flow(visit.token)).session.settlement);
      await isDone(world, visit, outcome);
    });

    it(`${name}: a clock that fails after the effect loses nothing`, async () => {
      await using world = await alone(home);
      const hangs = gate();
      const { visit, request } = await meeting(world, decide, { execute: { when: "after", hangs } });
      const answer = visit.decide(request);
      await hangs.reached;
      world.billing.plan = { now: { when: "before", throws: "unknown" } };
      hangs.open();
      const reply = await answer;
      assert.deepEqual([reply.status, (await world.effects()).length], [200, 1], reply.text);
      assert.equal(settled(reply).status, "requested");
      world.billing.plan = {};
      world.pass(SETTLE_AFTER);
      await world.tick();
      await isDone(world, visit, outcome);
    });
  }

  it("a refused offer leaves the session open, and the way out with it", async () => {
    await using world = await alone(home);
    const plan: Plan = { execute: { when: "before", throws: "rejected", times: 1 } };
    const { visit, request } = await meeting(world, accept, plan);
    const reply = await visit.decide(request);
    assert.deepEqual([reply.status, reply.code], [409, "offer_not_available"]);
    assert.deepEqual(await world.facts(), ["cancel.started"]);
    assert.equal((await world.ledger())[0]?.offerAccepted, false);
    assert.equal((await world.flow(visit.token)).session.settlement, undefined);
    assert.equal(settled(await visit.decline().cancel()).outcome, "cancelled");
    await isDone(world, visit, "cancelled");
  });

  it("a refused offer was not taken: it may be accepted again", async () => {
    await using world = await alone(home);
    const plan: Plan = { execute: { when: "before", throws: "rejected", times: 1 } };
    const { visit, request } = await meeting(world, accept, plan);
    assert.equal((await visit.decide(request)).code, "offer_not_available");
    assert.equal(settled(await visit.decide(request)).outcome, "retained");
    await isDone(world, visit, "retained");
  });

  it("an action that another request has given up is neither announced nor answered with nothing", async () => {
    await using world = await alone(home);
    const hangs = gate();
    const { visit, request } = await meeting(world, accept, { execute: { when: "before", hangs } });
    const answer = visit.decide(request);
    await hangs.reached;
    const [action] = await world.deps.store.actions(visit.session);
    await world.deps.store.settleAction(action?.id as string, { status: "failed", settledAt: 1 });
    world.billing.plan = {};
    hangs.open();
    assert.equal((await answer).code, "billing_unavailable");
    assert.deepEqual(await world.facts(), ["cancel.started"]);
  });

  it("a refused cancellation is said, and works when billing is well again", async () => {
    await using world = await alone(home);
    const plan: Plan = { execute: { when: "before", throws: "rejected", times: 1 } };
    const { visit, request } = await meeting(world, leave, plan);
    const reply = await visit.decide(request);
    assert.deepEqual([reply.status, reply.code], [409, "billing_rejected"]);
    assert.deepEqual(await world.facts(), ["cancel.started"]);
    assert.equal((await world.billed(ids.monthly)).cancelAt, undefined);
    settled(await visit.decide(request));
    await isDone(world, visit, "cancelled");
  });

  it("what was requested and then refused is taken back, for the business to act on", async () => {
    await using world = await alone(home);
    const { visit, request } = await meeting(world, leave, {
      execute: { when: "before", throws: "unknown" },
    });
    assert.equal(settled(await visit.decide(request)).status, "requested");
    world.billing.plan = { execute: { when: "before", throws: "rejected", code: "card_declined" } };
    world.pass(SETTLE_AFTER);
    assert.equal(await world.tick(), 1);
    assert.deepEqual(await world.facts(), ["cancel.started", "cancel.requested", "cancel.request_failed"]);
    const [row] = await world.ledger();
    assert.deepEqual([row?.outcome, row?.confirmed, row?.reason], [undefined, false, "other"]);
    assert.equal((await world.flow(visit.token)).session.settlement, undefined);
    assert.equal(await world.tick(), 0);
    const [action] = await world.deps.store.actions(visit.session);
    assert.deepEqual(
      [action?.status, action?.fault],
      ["failed", { code: "card_declined", retryable: false }],
    );
    world.billing.plan = {};
    settled(await (await world.visit(visit.token)).cancel());
    await isDone(world, visit, "cancelled");
  });

  it("while an offer is pending nothing else is begun, and the customer is told to try again", async () => {
    await using world = await alone(home);
    const silent = { when: "before", throws: "unknown" } as const;
    const { visit, request } = await meeting(world, accept, { execute: silent, readBack: silent });
    assert.equal(settled(await visit.decide(request)).status, "requested");
    const other = await world.visit(visit.token);
    const reply = await other.record({ type: "confirm" }).decide();
    assert.deepEqual([reply.status, reply.code], [503, "billing_unavailable"]);
    world.billing.plan = {};
    assert.equal((await other.decide()).code, "session_completed");
    await isDone(world, visit, "retained");
    settled(await (await world.visit(visit.token, "?restart=1")).cancel());
    assert.equal((await world.effects()).length, 2);
  });

  it("a job of a session that is gone, or of an unknown kind, is put aside", async () => {
    await using world = await alone(home);
    const { store } = world.deps;
    const dueAt = world.clock.now;
    await store.enqueue({ topic: "settle", key: "ses_gone", payload: { sessionId: "ses_gone" }, dueAt });
    assert.equal(await world.tick(), 1);
    assert.equal(await world.tick(), 0);
  });
});

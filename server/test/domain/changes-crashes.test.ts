/** Billing that fails at every point of a change: what the customer is told, what is kept, how it ends. */
import assert from "node:assert/strict";
import { it, mock } from "node:test";
import { publicView } from "../../src/billing/provider.ts";
import { demoSubscriptions as ids } from "../../src/billing/simulator-demo.ts";
import { gate, type Plan } from "../billing/faulty.ts";
import { half, offering } from "../flows/fixtures.ts";
import { alone, BILLING_TIMEOUT, DAY, john, MINUTE, onEachStore, type World } from "../harness.ts";
import { settled } from "../visit.ts";
import { agree, ask, changed, make, preview, readHub } from "./changing.ts";

/** When the request that wrote a change is no longer expected to settle it. */
const SETTLE_AFTER = 30_000;

const annual = { type: "annual_switch" } as const;
const pause = { type: "pause", choice: { months: 2 } } as const;
const silent = { when: "before", throws: "unknown" } as const;

onEachStore("A change, when billing fails", ({ home }) => {
  /** What the customer has agreed to, in a world where billing goes wrong. */
  async function meeting(world: World, plan: Plan) {
    const token = await world.mint(john, undefined, "subscription");
    const request = await agree(world, token, ids.monthly, annual);
    const before = publicView(await world.billed(ids.monthly));
    world.billing.plan = plan;
    return { token, request, before, send: () => ask(world, token, request) };
  }

  type Meeting = Awaited<ReturnType<typeof meeting>>;

  const rowOf = (world: World, { request }: Meeting) =>
    world.deps.store.changeByKey(world.scope, john, request.id);

  /** Requested: said as such, everywhere. */
  async function isRequested(world: World, met: Meeting): Promise<void> {
    const row = await rowOf(world, met);
    assert.deepEqual([row?.status, row?.settledAt], ["pending", undefined]);
    assert.deepEqual(row?.before, met.before);
    assert.deepEqual(await world.facts(), []);
  }

  async function isDone(world: World, met: Meeting): Promise<void> {
    assert.equal((await world.effects()).length, 1, "billing did it exactly once");
    assert.deepEqual(await world.facts(), ["subscription.changed"]);
    const row = await rowOf(world, met);
    assert.equal(row?.status, "succeeded");
    const subscription = changed(await met.send());
    assert.deepEqual(subscription, publicView(await world.billed(ids.monthly)));
    assert.equal(subscription.price?.interval, "year");
    assert.equal((await readHub(world, met.token)).requested, undefined);
    world.pass(MINUTE);
    assert.equal(await world.tick(), 0, "nothing is left to do");
  }

  for (const when of ["before", "after"] as const) {
    it(`an answer lost ${when} the effect is requested, then done once`, async () => {
      await using world = await alone(home);
      const met = await meeting(world, { execute: { when, throws: "unknown" } });
      assert.deepEqual(changed(await met.send(), "requested"), met.before);
      await isRequested(world, met);
      assert.equal((await world.effects()).length, when === "after" ? 1 : 0);

      world.pass(SETTLE_AFTER - 1);
      assert.equal(await world.tick(), 0, "not yet: the request may still be under way");
      await isRequested(world, met);
      world.billing.plan = {};
      world.pass(1);
      assert.equal(await world.tick(), 1);
      await isDone(world, met);
    });
  }

  it("the customer's own retry, the hub, a preview or the flow settles it as well", async () => {
    for (const again of ["retry", "hub", "preview", "flow"]) {
      await using world = await alone(home);
      const met = await meeting(world, { execute: { when: "after", throws: "unknown", times: 1 } });
      changed(await met.send(), "requested");
      if (again === "retry") changed(await met.send());
      if (again === "hub") {
        const { subscriptions, requested } = await readHub(world, met.token);
        assert.deepEqual([subscriptions[0]?.price.interval, requested], ["year", undefined]);
      }
      if (again === "preview") await preview(world, met.token, ids.monthly, pause);
      if (again === "flow") assert.equal((await world.flow(met.token)).subscription.price?.interval, "year");
      await isDone(world, met);
    }
  });

  it("billing that stays silent is asked less and less often, but again and again", async () => {
    await using world = await alone(home);
    const met = await meeting(world, { execute: silent, readBack: silent });
    changed(await met.send(), "requested");
    changed(await met.send(), "requested");
    assert.deepEqual((await readHub(world, met.token)).requested, [ids.monthly]);
    world.pass(SETTLE_AFTER);
    assert.equal(await world.tick(), 1);
    for (const wait of [10_000, 20_000, 40_000]) {
      world.pass(wait - 1);
      assert.equal(await world.tick(), 0, `not before ${wait} ms`);
      world.pass(1);
      assert.equal(await world.tick(), 1, `after ${wait} ms`);
    }
    await isRequested(world, met);
    world.billing.plan = {};
    world.pass(60 * MINUTE);
    assert.equal(await world.tick(), 1);
    await isDone(world, met);
  });

  it("billing that hangs is not waited for for ever", async () => {
    await using world = await alone(home);
    const hangs = gate();
    const met = await meeting(world, { execute: { when: "before", hangs } });
    // Only this timer: the stores keep theirs.
    mock.timers.enable({ apis: ["setTimeout"] });
    try {
      const answer = met.send();
      await hangs.reached;
      mock.timers.tick(BILLING_TIMEOUT);
      changed(await answer, "requested");
    } finally {
      mock.timers.reset();
    }
    await isRequested(world, met);
    world.billing.plan = {};
    world.pass(SETTLE_AFTER);
    assert.equal(await world.tick(), 1);
    // The call that hung arrives late, and is the same call.
    hangs.open();
    await isDone(world, met);
  });

  for (const when of ["before", "after"] as const) {
    it(`when the process dies right ${when} billing does it, the next one finds out`, async () => {
      await using world = await alone(home);
      const hangs = gate();
      const met = await meeting(world, { execute: { when, hangs } });
      const answer = met.send();
      await hangs.reached;
      await isRequested(world, met);
      // Nobody will ever hear of the first process again; another takes the job.
      world.billing.plan = {};
      world.pass(SETTLE_AFTER);
      assert.equal(await world.tick(), 1);
      await isDone(world, met);
      hangs.open();
      changed(await answer);
      await isDone(world, met);
    });
  }

  it("when it dies before the change is written down, nothing has happened and the same may be asked again", async () => {
    await using world = await alone(home);
    const met = await meeting(world, { preview: { when: "after", throws: "unknown", times: 1 } });
    assert.equal((await met.send()).code, "billing_unavailable");
    assert.deepEqual([await rowOf(world, met), await world.effects()], [undefined, []]);
    changed(await met.send());
    await isDone(world, met);
  });

  it("a clock that fails after the effect loses nothing", async () => {
    await using world = await alone(home);
    const hangs = gate();
    const met = await meeting(world, { execute: { when: "after", hangs } });
    const answer = met.send();
    await hangs.reached;
    world.billing.plan = { now: silent };
    hangs.open();
    changed(await answer, "requested");
    world.billing.plan = {};
    world.pass(SETTLE_AFTER);
    await world.tick();
    await isDone(world, met);
  });

  it("what was requested and then refused is over, and told to who asks again", async () => {
    await using world = await alone(home);
    const met = await meeting(world, { execute: silent });
    changed(await met.send(), "requested");
    world.billing.plan = { execute: { when: "before", throws: "rejected", code: "payment_declined" } };
    world.pass(SETTLE_AFTER);
    assert.equal(await world.tick(), 1);
    const row = await rowOf(world, met);
    assert.deepEqual([row?.status, row?.fault], ["failed", "payment_declined"]);
    assert.equal((await readHub(world, met.token)).requested, undefined);
    assert.equal((await met.send()).code, "payment_declined");
    assert.deepEqual([await world.effects(), await world.facts()], [[], ["subscription.change_failed"]]);
    world.pass(MINUTE);
    assert.equal(await world.tick(), 0);
    world.billing.plan = {};
    changed(await make(world, met.token, ids.monthly, annual));
  });

  it("what would cost something else by now is not carried out any more", async () => {
    await using world = await alone(home);
    const token = await world.mint(john, undefined, "subscription");
    changed(await make(world, token, ids.monthly, pause));
    world.pass(1);
    // Inside the period that is paid for it costs nothing.
    const request = await agree(world, token, ids.monthly, { type: "resume" });
    assert.equal(request.seen.dueNow, 0);
    world.billing.plan = { execute: silent };
    changed(await ask(world, token, request), "requested");
    world.billing.plan = {};
    world.pass(20 * DAY);
    const paused = await world.billed(ids.monthly);
    assert.equal(await world.tick(), 1);

    assert.deepEqual(await world.billed(ids.monthly), paused, "nothing is charged that nobody agreed to");
    assert.deepEqual(await world.facts(), ["subscription.changed", "subscription.change_failed"]);
    const again = await world.mint(john, undefined, "subscription");
    assert.equal((await ask(world, again, request)).code, "terms_changed");
    assert.equal((await readHub(world, again)).requested, undefined);
  });

  it("a change that another request has given up is neither announced nor answered as done", async () => {
    await using world = await alone(home);
    const hangs = gate();
    const met = await meeting(world, { execute: { when: "before", hangs } });
    const answer = met.send();
    await hangs.reached;
    const row = (await rowOf(world, met)) ?? assert.fail();
    await world.deps.store.settleChange(row.id, { status: "failed", settledAt: 1 });
    world.billing.plan = {};
    hangs.open();
    assert.equal((await answer).code, "billing_unavailable");
    assert.deepEqual(await world.facts(), []);
    assert.ok(world.log.some((line) => line.includes("two answers")));
  });

  it("while it waits for billing nothing else is begun: no change, no offer, no cancellation", async () => {
    await using world = await alone(home);
    await world.publish(offering(half));
    const visit = await world.visit(john);
    const other = await agree(world, visit.token, ids.monthly, pause);
    const met = await meeting(world, { execute: silent, readBack: silent });
    changed(await met.send(), "requested");
    const effects = await world.effects();
    for (const reply of [
      await preview(world, met.token, ids.monthly, pause),
      await ask(world, met.token, other),
      await visit.accept(),
    ])
      assert.deepEqual([reply.status, reply.code], [503, "billing_unavailable"]);
    const leaving = await world.visit(john);
    assert.equal((await leaving.cancel()).code, "billing_unavailable");
    assert.deepEqual(await world.effects(), effects);
    world.billing.plan = {};
    settled(await leaving.decide());
    // The other way round billing would have refused the change.
    const types = (await world.effects()).map(({ type }) => type).sort();
    assert.deepEqual(types, ["cancel", "change_price"]);
    assert.ok((await world.billed(ids.monthly)).cancelAt);
  });

  it("nor is a change while a decision of a flow waits", async () => {
    await using world = await alone(home);
    await world.publish(offering(half));
    const visit = await world.visit(john);
    const met = await meeting(world, { execute: silent, readBack: silent });
    assert.equal(settled(await visit.accept()).status, "requested");
    for (const reply of [await met.send(), await preview(world, met.token, ids.monthly, annual)])
      assert.deepEqual([reply.status, reply.code], [503, "billing_unavailable"]);
    assert.equal(await rowOf(world, met), undefined);
    world.billing.plan = {};
    assert.equal((await met.send()).status, 409, "the decision has changed what was seen");
    assert.deepEqual(
      (await world.effects()).map(({ type }) => type),
      ["discount"],
    );
  });

  it("a job of a change that is gone is put aside", async () => {
    await using world = await alone(home);
    const job = { topic: "change", key: "chg_gone", payload: { changeId: "chg_gone" } };
    await world.deps.store.enqueue({ ...job, dueAt: world.clock.now });
    assert.equal(await world.tick(), 1);
    assert.equal(await world.tick(), 0);
  });
});

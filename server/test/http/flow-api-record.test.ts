/** A cancellation that is recorded and left to the business: what the books, the widgets and billing's own word make of it. */
import assert from "node:assert/strict";
import { it } from "node:test";
import type { BillingEvent } from "../../src/billing/billing-event.ts";
import { demoSubscriptions as ids } from "../../src/billing/simulator-demo.ts";
import { keepBillingEvent } from "../../src/domain/billing-events.ts";
import { readHub } from "../domain/changing.ts";
import { DAY, john, MINUTE, onEachStore, type World } from "../harness.ts";
import { settled } from "../visit.ts";
import { call, discount, everything, refused, start, succeeds } from "./flowing.ts";

let made = 0;
const told = (world: World, leaving?: object): BillingEvent => ({
  id: `evt_${++made}`,
  at: world.clock.now,
  type: "subscription_changed",
  subscriptionId: ids.monthly,
  ...(leaving ? { leaving } : {}),
});

async function hear(world: World, ...events: BillingEvent[]): Promise<void> {
  for (const event of events) await keepBillingEvent(world.deps, world.scope, event);
  for (let round = 0; round < 3; round++) {
    world.pass(10_000);
    while (await world.tick());
  }
}

/** As the business does it, at billing itself. */
const carryOut = (world: World) =>
  world.simulator.execute(
    { type: "cancel", effective: "period_end", subscriptionId: ids.monthly },
    `left-${++made}`,
  );
const goOn = (world: World) =>
  world.simulator.execute({ type: "undo_cancellation", subscriptionId: ids.monthly }, `on-${++made}`);

const books = async (world: World) =>
  (await world.ledger())
    .map(({ source, outcome, undoneAt }) => [source, outcome, undoneAt !== undefined])
    .sort((one, other) => (String(one) < String(other) ? -1 : 1));

const count = async (world: World, type: string) =>
  (await world.facts()).filter((each) => each === type).length;

onEachStore("A cancellation that is only recorded", ({ open }) => {
  async function left(): Promise<{ world: World; session: string }> {
    const world = await open();
    await world.publish(everything);
    const session = await start(world);
    await succeeds(call(world, "cancel", { session_id: session, reason: "too_expensive" }));
    return { world, session };
  }

  it("is in the books, and billing has been left alone", async () => {
    const { world, session } = await left();
    const [row, ...others] = await world.ledger();
    assert.deepEqual(others, []);
    assert.deepEqual(
      [row?.sessionId, row?.outcome, row?.confirmed, row?.reason, row?.lostMrr, row?.effectiveAt],
      [session, "cancelled", true, "too_expensive", 4900, undefined],
    );
    assert.deepEqual(await world.facts(), ["cancel.started", "cancel.canceled"]);
    assert.deepEqual(await world.effects(), []);
    assert.equal((await world.billed(ids.monthly)).cancelAt, undefined);
    world.pass(MINUTE);
    assert.equal(await world.tick(), 0, "nothing is left to do");
  });

  it("is not taken for undone because billing goes on", async () => {
    const { world, session } = await left();
    for (const later of [0, MINUTE, DAY]) {
      world.pass(later);
      const hub = await readHub(world, await world.mint(john));
      assert.equal(hub.subscriptions[0]?.cancelAt, undefined, "the hub says what billing says");
      await world.flow(await world.mint(john));
    }
    await hear(world, told(world));
    assert.deepEqual(await books(world), [["flow", "cancelled", false]]);
    assert.equal((await world.deps.store.session(session))?.undoneAt, undefined);
    assert.equal(await count(world, "cancel.undone"), 0);
  });

  it("is told as requested by a widget with the same session id, until it is carried out", async () => {
    const world = await open();
    await world.publish(everything);
    const token = await world.mint(john);
    const visit = await world.visit(token);
    await succeeds(call(world, "cancel", { session_id: visit.session }, token));
    const { settlement } = (await world.flow(token)).session;
    assert.deepEqual([settlement?.outcome, settlement?.status], ["cancelled", "requested"]);
    assert.deepEqual(settled(await visit.cancel()), settlement, "and so is who confirms it there");
    const { cancelAt } = await carryOut(world);
    const after = (await world.flow(token)).session.settlement;
    assert.deepEqual([after?.status, after?.subscription.cancelAt], ["done", cancelAt]);
  });

  it("and the end that billing tells of later are one", async () => {
    const { world } = await left();
    world.pass(DAY);
    const { cancelAt } = await carryOut(world);
    await hear(world, told(world, { requestedAt: world.clock.now }));
    assert.deepEqual(await books(world), [["flow", "cancelled", false]]);
    assert.equal((await world.ledger())[0]?.effectiveAt, cancelAt);
    assert.deepEqual(await world.facts(), ["cancel.started", "cancel.canceled"]);
    await goOn(world);
    await hear(world, told(world));
    assert.deepEqual(await books(world), [["flow", "cancelled", true]], "taken back there, and noticed");
    assert.equal(await count(world, "cancel.undone"), 1);
  });

  it("was carried out and taken back before anybody looked", async () => {
    const { world } = await left();
    world.pass(MINUTE);
    await carryOut(world);
    const end = told(world, { requestedAt: world.clock.now });
    world.pass(1000);
    await goOn(world);
    await hear(world, end, told(world));
    assert.deepEqual(await books(world), [["flow", "cancelled", true]]);
  });

  it("after the business has ended it at billing says until when at once", async () => {
    const world = await open();
    const session = await start(world);
    const { cancelAt } = await carryOut(world);
    await succeeds(call(world, "cancel", { session_id: session }));
    assert.equal((await world.ledger())[0]?.effectiveAt, cancelAt);
    await hear(world, told(world, {}));
    assert.deepEqual(await books(world), [["flow", "cancelled", false]]);
    await goOn(world);
    await readHub(world, await world.mint(john));
    assert.deepEqual(await books(world), [["flow", "cancelled", true]]);
  });

  it("counts once, whoever asks for it again", async () => {
    const { world, session } = await left();
    await succeeds(call(world, "cancel", { session_id: session, reason: "no_time" }));
    world.pass(MINUTE);
    const second = await start(world);
    assert.notEqual(second, session, "what is decided is over");
    await succeeds(call(world, "cancel", { session_id: second }));
    assert.equal(await count(world, "cancel.canceled"), 1);
    assert.deepEqual(await books(world), [
      ["flow", "abandoned", false],
      ["flow", "cancelled", false],
    ]);
    // A widget carries it out, and what it has ended is the same subscription.
    const visit = await world.visit(john);
    assert.equal(visit.config.session.settlement, undefined);
    const { subscription } = settled(await visit.cancel());
    assert.equal(await count(world, "cancel.canceled"), 1);
    const row = (await world.ledger()).find(({ sessionId }) => sessionId === session);
    assert.deepEqual([row?.outcome, row?.effectiveAt], ["cancelled", subscription.cancelAt]);
    await goOn(world);
    await readHub(world, visit.token);
    assert.equal(await count(world, "cancel.undone"), 1, "all three are over, one of them counted");
  });

  it("counts once after a widget has ended it, though billing does not say so", async () => {
    const world = await open();
    const session_id = await start(world);
    settled(await (await world.visit(john)).cancel());
    world.billing.plan = { subscription: { when: "before", throws: "unknown" } };
    await succeeds(call(world, "cancel", { session_id }));
    assert.deepEqual(await books(world), [
      ["flow", "abandoned", false],
      ["flow", "cancelled", false],
    ]);
    assert.equal(await count(world, "cancel.canceled"), 1);
  });

  const ways: [string, (world: World) => Promise<unknown>][] = [
    [
      "takes an offer of a new session",
      async (world) => call(world, "save", { session_id: await start(world), ...discount }),
    ],
    ["says so in a widget", async (world) => (await world.visit(john)).keep()],
  ];
  for (const [name, stay] of ways) {
    it(`is taken back by who ${name}`, async () => {
      const { world, session } = await left();
      world.pass(MINUTE);
      await stay(world);
      assert.deepEqual(await books(world), [
        ["flow", "abandoned", false],
        ["flow", "retained", false],
      ]);
      assert.equal((await world.deps.store.session(session))?.undoneAt, world.clock.now);
      assert.deepEqual(await count(world, "cancel.undone"), 1);
    });
  }

  it("is final in its session", async () => {
    const { world, session } = await left();
    await refused(call(world, "save", { session_id: session, ...discount }), 409, "session_completed");
    assert.deepEqual(await world.effects(), []);
  });

  for (const effective of ["period_end", "immediately"] as const) {
    it(`is carried out where the server is told to: ${effective}`, async () => {
      const world = await open({ cancelAtBilling: effective });
      await world.publish(everything);
      const session = await start(world);
      const body = { session_id: session, reason: "too_expensive", reason_text: "Too much for me" };
      await succeeds(call(world, "cancel", body));
      await succeeds(call(world, "cancel", body));
      const [action, ...others] = await world.effects();
      assert.deepEqual([action?.type, action?.effective, others], ["cancel", effective, []]);
      const { cancelAt, status } = await world.billed(ids.monthly);
      assert.equal(status === "cancelled", effective === "immediately");
      assert.equal((await world.ledger())[0]?.effectiveAt, cancelAt);
      assert.deepEqual(await world.cancellation(ids.monthly), {
        ...(await world.cancellation(ids.monthly)),
        reason: "too_expensive",
        comment: "Too much for me",
      });
    });
  }
});

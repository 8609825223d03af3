/** A cancellation that is taken back, in the hub or at billing: the books say so, and the customer can leave again. */
import assert from "node:assert/strict";
import { it } from "node:test";
import { demoSubscriptions as ids } from "../../src/billing/simulator-demo.ts";
import { gate } from "../billing/faulty.ts";
import { confirm } from "../flows/fixtures.ts";
import { DAY, john, MINUTE, onEachStore, type World } from "../harness.ts";
import { settled, type Visit } from "../visit.ts";
import { agree, ask, changed, make, readHub } from "./changing.ts";

const undo = { type: "undo_cancellation" } as const;

/** As somebody of the business does it. */
const undoAtBilling = (world: World) =>
  world.simulator.execute({ ...undo, subscriptionId: ids.monthly }, `undone-${world.clock.now}`);

/** Of the whole workspace, newest first: how each visit ended, and since when that no longer holds. */
const books = async (world: World) =>
  (await world.ledger()).map(({ outcome, undoneAt }) => [outcome, undoneAt]);

const count = async (world: World, type: string) =>
  (await world.facts()).filter((each) => each === type).length;

onEachStore("Undoing a cancellation", ({ open }) => {
  async function left(): Promise<{ world: World; visit: Visit }> {
    const world = await open();
    const visit = await world.visit(john);
    settled(await visit.select("other").next().cancel());
    world.pass(DAY / 2);
    return { world, visit };
  }

  const ways: [string, (world: World, visit: Visit) => Promise<unknown>][] = [
    ["in the hub", async (world, { token }) => changed(await make(world, token, ids.monthly, undo))],
    [
      "at billing, noticed by a hub",
      async (world) => {
        await undoAtBilling(world);
        await readHub(world, await world.mint(john));
      },
    ],
    [
      "at billing, noticed by the next opening of the flow",
      async (world) => {
        await undoAtBilling(world);
        await world.flow(await world.mint(john));
      },
    ],
  ];

  for (const [name, takeBack] of ways) {
    it(`${name}: session and ledger say since when, and it is announced once`, async () => {
      const { world, visit } = await left();
      const at = world.clock.now;
      await takeBack(world, visit);
      assert.equal((await world.billed(ids.monthly)).cancelAt, undefined);
      const session = await world.deps.store.session(visit.session);
      assert.deepEqual([session?.outcome, session?.undoneAt], ["cancelled", at]);
      assert.deepEqual(await books(world), [["cancelled", at]]);
      const events = await world.deps.store.events(world.scope, { limit: 99 });
      const [cancelled, undone] = ["cancel.canceled", "cancel.undone"].map(
        (type) => events.find((each) => each.type === type) ?? assert.fail(type),
      );
      const { requested_at: _, effective_at: _e, lost_mrr_cents: lost, ...data } = Object(cancelled?.data);
      const expected = { ...data, saved_mrr_cents: lost };
      assert.deepEqual([undone?.data, undone?.at, undone?.sessionId], [expected, at, visit.session]);
      assert.deepEqual([data.cancel_reason, lost], ["other", 4900]);

      world.pass(MINUTE);
      await readHub(world, visit.token);
      await world.flow(await world.mint(john));
      assert.equal(await count(world, "cancel.undone"), 1);
      assert.deepEqual(await books(world), [["cancelled", at]]);
    });

    it(`${name}: who opens the flow again can leave again, and is counted again`, async () => {
      const { world, visit } = await left();
      await takeBack(world, visit);
      const again = await world.visit(visit.token);
      assert.equal(again.config.session.settlement, undefined);
      const session = await world.deps.store.session(again.session);
      assert.equal(session?.ordinal, 1);
      assert.equal((await world.visit(visit.token)).session, again.session, "the same until it is decided");
      world.pass(MINUTE);
      const settlement = settled(await again.select("other").next().cancel());
      assert.equal(settlement.outcome, "cancelled");
      assert.equal(await count(world, "cancel.canceled"), 2);
      const outcomes = (await books(world)).map(([outcome, undoneAt]) => [outcome, undoneAt === undefined]);
      assert.deepEqual(outcomes, [
        ["cancelled", true],
        ["cancelled", false],
      ]);
      const { session: told } = await world.flow(visit.token);
      assert.deepEqual(told.settlement, settlement, "a reload says so");
      world.pass(1);
      changed(await make(world, visit.token, ids.monthly, undo));
      assert.equal((await world.flow(visit.token)).session.settlement, undefined);
      assert.equal(await count(world, "cancel.undone"), 2);
    });
  }

  it("a renewed token that goes on with the session that ended it begins anew as well", async () => {
    const { world, visit } = await left();
    changed(await make(world, visit.token, ids.monthly, undo));
    const token = await world.mint(john);
    const first = await world.flow(token, `?session=${visit.session}`);
    assert.equal(first.session.settlement, undefined);
    const second = await world.flow(token, `?session=${visit.session}`);
    assert.equal(second.session.id, first.session.id);
    world.pass(20 * MINUTE);
    const later = await world.flow(token, `?session=${visit.session}`);
    assert.deepEqual([later.session.id, later.now], [first.session.id, world.clock.now], "with terms of now");
  });

  it("a visit that only repeated the cancellation begins anew, and never counted", async () => {
    const world = await open();
    const visits = [await world.visit(john), await world.visit(john)] as const;
    for (const visit of visits) settled(await visit.cancel());
    world.pass(MINUTE);
    const at = world.clock.now;
    changed(await make(world, visits[0].token, ids.monthly, undo));
    assert.deepEqual((await books(world)).map(String).sort(), ["abandoned,", `cancelled,${at}`]);
    assert.equal(await count(world, "cancel.undone"), 1);
    for (const { token } of visits) assert.equal((await world.flow(token)).session.settlement, undefined);
  });

  it("a page that was open all the time and leaves now is counted, though nobody has noticed before", async () => {
    const world = await open();
    const [first, second] = [await world.visit(john), await world.visit(john)] as const;
    settled(await first.cancel());
    await undoAtBilling(world);
    world.pass(MINUTE);
    settled(await second.cancel());
    assert.equal(await count(world, "cancel.canceled"), 2);
    assert.equal(await count(world, "cancel.undone"), 1);
    assert.deepEqual(
      (await books(world)).map(([outcome]) => outcome),
      ["cancelled", "cancelled"],
    );
  });

  it("a cancellation that stands is not touched by looking at it, nor by silence", async () => {
    const { world, visit } = await left();
    await readHub(world, visit.token);
    assert.equal((await world.flow(visit.token)).session.settlement?.outcome, "cancelled");
    await undoAtBilling(world);
    // Asked again, billing does not answer: nothing is concluded from that.
    world.billing.plan = { subscription: { when: "before", throws: "unknown" } };
    await readHub(world, visit.token);
    assert.deepEqual(await books(world), [["cancelled", undefined]]);
  });

  it("what has ended is over, and not undone", async () => {
    const { world, visit } = await left();
    world.pass(60 * DAY);
    const { subscriptions } = await readHub(world, await world.mint(john));
    assert.deepEqual(
      subscriptions.map(({ status }) => status),
      ["cancelled"],
    );
    assert.deepEqual(await books(world), [["cancelled", undefined]]);
    assert.equal((await world.deps.store.session(visit.session))?.undoneAt, undefined);
  });

  it("at once is at once: who left immediately is not taken for one who stayed", async () => {
    const world = await open();
    await world.publish({ name: "Now", steps: [{ ...confirm, effective: "immediately" }] });
    const visit = await world.visit(john);
    settled(await visit.cancel());
    await readHub(world, visit.token);
    await world.flow(await world.mint(john));
    assert.deepEqual(await books(world), [["cancelled", undefined]]);
  });

  for (const looking of ["hub", "flow"] as const) {
    it(`a cancellation that is confirmed while a ${looking} is being read is not taken for undone`, async () => {
      const world = await open();
      const visit = await world.visit(john);
      const other = await world.mint(john);
      const hangs = gate();
      // What billing has said is from before; it arrives when the cancellation has been confirmed.
      world.billing.plan = { subscriptions: { when: "after", hangs, times: 1 } };
      const reading = world.request(`/v1/widget/${looking}`, { token: other });
      await hangs.reached;
      settled(await visit.cancel());
      hangs.open();
      assert.equal((await reading).status, 200);
      assert.deepEqual(await books(world), [["cancelled", undefined]]);
      assert.equal(await count(world, "cancel.undone"), 0);
    });
  }

  it("two tabs that undo it at once have undone it once", async () => {
    const { world, visit } = await left();
    const requests = [
      await agree(world, visit.token, ids.monthly, undo),
      await agree(world, visit.token, ids.monthly, undo),
    ];
    const replies = await Promise.all(requests.map((request) => ask(world, visit.token, request)));
    assert.equal(replies.filter(({ status }) => status === 200).length, 1, JSON.stringify(replies));
    assert.equal(await count(world, "cancel.undone"), 1);
    assert.equal(await count(world, "subscription.changed"), 1);
  });

  it("ten pages that notice it at once announce it once", async () => {
    const { world, visit } = await left();
    await undoAtBilling(world);
    const arrived = Promise.withResolvers<void>();
    const hangs = gate();
    let waiting = 0;
    const pass = () => {
      if (++waiting === 10) arrived.resolve();
      return hangs.pass();
    };
    world.billing.plan = { subscription: { when: "after", hangs: { ...hangs, pass } } };
    const reading = Array.from({ length: 10 }, () => readHub(world, visit.token));
    await arrived.promise;
    hangs.open();
    await Promise.all(reading);
    assert.equal(await count(world, "cancel.undone"), 1);
  });

  it("one that billing confirms later is noted when it does", async () => {
    const { world, visit } = await left();
    const request = await agree(world, visit.token, ids.monthly, undo);
    world.billing.plan = { execute: { when: "after", throws: "unknown", times: 1 } };
    changed(await ask(world, visit.token, request), "requested");
    assert.deepEqual(await books(world), [["cancelled", undefined]]);
    world.pass(MINUTE);
    while (await world.tick());
    assert.deepEqual(await books(world), [["cancelled", world.clock.now]]);
    assert.equal(await count(world, "cancel.undone"), 1);
  });
});

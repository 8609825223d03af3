/** One subscription ends once, in however many tabs and page views it is asked for. */
import assert from "node:assert/strict";
import { it } from "node:test";
import { demoSubscriptions as ids } from "../../src/billing/simulator-demo.ts";
import { gate } from "../billing/faulty.ts";
import { confirm } from "../flows/fixtures.ts";
import { DAY, john, onEachStore, type World } from "../harness.ts";
import { settled, type Visit } from "../visit.ts";

onEachStore("Several sessions that end one subscription", ({ open }) => {
  /** Every one with a session id of its own, as one page view each. */
  const visits = (world: World, count: number): Promise<Visit[]> =>
    Promise.all(Array.from({ length: count }, () => world.visit(john)));

  async function countsOnce(world: World, all: readonly Visit[]): Promise<void> {
    const rows = await world.ledger();
    const outcomes = rows.map(({ outcome }) => outcome).sort();
    assert.deepEqual(outcomes, [...all.slice(1).map(() => "abandoned"), "cancelled"]);
    assert.ok(rows.every(({ confirmed }) => confirmed));
    const facts = await world.facts();
    const count = (type: string) => facts.filter((each) => each === type).length;
    assert.deepEqual(
      [count("cancel.started"), count("cancel.canceled"), count("cancel.abandoned")],
      [all.length, 1, all.length - 1],
    );
    for (const { token, session } of all) {
      const { settlement } = (await world.flow(token)).session;
      assert.deepEqual([settlement?.outcome, settlement?.status], ["cancelled", "done"], "a reload says so");
      const row = await world.deps.store.session(session);
      const ledger = rows.find(({ sessionId }) => sessionId === session);
      assert.equal(row?.outcome, ledger?.outcome);
    }
  }

  for (const effective of ["period_end", "immediately"] as const) {
    for (const count of [2, 3]) {
      it(`${count}, one after the other, ${effective}`, async () => {
        const world = await open();
        await world.publish({ name: "Leaving", steps: [{ ...confirm, effective }] });
        const all = await visits(world, count);
        for (const visit of all) {
          const { outcome, status, subscription } = settled(await visit.cancel());
          assert.deepEqual([outcome, status], ["cancelled", "done"]);
          assert.equal(subscription.cancelAt, (await world.billed(ids.monthly)).cancelAt);
        }
        await countsOnce(world, all);
      });

      it(`${count} at the same time, ${effective}`, async () => {
        const world = await open();
        await world.publish({ name: "Leaving", steps: [{ ...confirm, effective }] });
        const all = await visits(world, count);
        const arrived = Promise.withResolvers<void>();
        const hangs = gate();
        let waiting = 0;
        const pass = () => {
          if (++waiting === count) arrived.resolve();
          return hangs.pass();
        };
        world.billing.plan = { execute: { when: "before", hangs: { ...hangs, pass } } };
        const replies = all.map((visit) => visit.cancel());
        await arrived.promise;
        hangs.open();
        for (const reply of await Promise.all(replies)) assert.equal(settled(reply).outcome, "cancelled");
        await countsOnce(world, all);
      });
    }
  }

  it("the reason of the visit that ended it is the one that counts", async () => {
    const world = await open();
    const [one, two] = (await visits(world, 2)) as [Visit, Visit];
    settled(await one.select("not_using").next().cancel());
    settled(await two.select("other").next().cancel());
    const told = (await world.ledger()).map(({ outcome, reason }) => `${outcome}: ${reason}`).sort();
    assert.deepEqual(told, ["abandoned: other", "cancelled: not_using"]);
    assert.equal((await world.cancellation(ids.monthly))?.reason, "not_using");
  });

  it("one that was only requested until another was quicker counts as abandoned", async () => {
    const world = await open();
    const [one, two] = (await visits(world, 2)) as [Visit, Visit];
    const silent = { when: "before", throws: "unknown" } as const;
    world.billing.plan = { execute: silent, readBack: silent };
    assert.equal(settled(await one.cancel()).status, "requested");
    world.billing.plan = {};
    assert.equal(settled(await two.cancel()).status, "done");
    assert.equal((await world.flow(one.token)).session.settlement?.status, "done");
    assert.deepEqual((await world.ledger()).map(({ outcome }) => outcome).sort(), ["abandoned", "cancelled"]);
    assert.equal((await world.facts()).filter((type) => type === "cancel.canceled").length, 1);
  });

  it("a subscription that went on after all can end once more", async () => {
    const world = await open();
    settled(await (await world.visit(john)).cancel());
    // Taken back at billing, by whatever means it has for that.
    await world.storage.transaction(`${world.scope.workspaceId}/prod`, async (rows) => {
      const found = (await rows.get("subscription", ids.monthly)) ?? assert.fail();
      const { cancelAt: _, cancellation: _c, ...going } = found;
      await rows.put("subscription", [going]);
    });
    await world.simulator.advance({ by: 40 * DAY });
    settled(await (await world.visit(john)).cancel());
    assert.deepEqual(
      (await world.ledger()).map(({ outcome }) => outcome),
      ["cancelled", "cancelled"],
    );
    assert.equal((await world.facts()).filter((type) => type === "cancel.canceled").length, 2);
  });
});

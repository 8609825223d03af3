/** One subscription, several visits: what was said in one of them holds for the others. */
import assert from "node:assert/strict";
import { it } from "node:test";
import { demoSubscriptions as ids } from "../../src/billing/simulator-demo.ts";
import { asking, half, offering } from "../flows/fixtures.ts";
import { DAY, john, MINUTE, onEachStore, type World } from "../harness.ts";
import { settled, type Visit } from "../visit.ts";

const late = (world: World, { config, session }: Visit, age: number) =>
  world.request("/v1/widget/decision", {
    token: config.session.deliveryToken as string,
    json: {
      session,
      age,
      events: [{ id: "late_0001", run: "late_run_1", seq: 0, at: 0, type: "confirm" }],
    },
  });

onEachStore("Two visits", ({ open }) => {
  it("a late cancellation does not undo that the customer has stayed since", async () => {
    const world = await open();
    const first = await world.visit(john);
    world.pass(3 * DAY);
    const second = await world.visit(john);
    await second.keep();
    world.pass(3 * DAY);
    const reply = await late(world, first, 4 * DAY);
    assert.deepEqual([reply.status, reply.code], [409, "session_completed"]);
    assert.equal((await world.billed(ids.monthly)).cancelAt, undefined);
    // What is confirmed now is news.
    settled(await late(world, first, 0));
    assert.ok((await world.billed(ids.monthly)).cancelAt);
  });

  it("a cancellation after having stayed is taken, however late it arrives", async () => {
    const world = await open();
    const second = await world.visit(john);
    await second.keep();
    world.pass(DAY);
    const first = await world.visit(john);
    world.pass(3 * DAY);
    settled(await late(world, first, 2 * DAY));
    assert.ok((await world.billed(ids.monthly)).cancelAt);
  });

  it("what billing has not answered is told on the next page, and nothing else can be decided there", async () => {
    const world = await open();
    await world.publish(offering(half));
    const first = await world.visit(john);
    world.billing.plan = { execute: { when: "before", throws: "unknown" } };
    assert.equal(settled(await first.cancel()).status, "requested");
    const second = await world.visit(john);
    assert.deepEqual(
      [second.session, second.config.session.settlement?.outcome, second.config.session.settlement?.status],
      [first.session, "cancelled", "requested"],
    );
    world.billing.plan = {};
    world.pass(2 * MINUTE);
    const third = await world.visit(john);
    assert.ok(third.config.subscription.cancelAt, "billing answers, so that the next page knows");
    assert.deepEqual(await world.facts(), ["cancel.started", "cancel.requested", "cancel.canceled"]);
  });

  const offers = {
    discount: { type: "discount", id: "half", percentOff: 50, duration: "forever" },
    annual: { type: "annual_switch", id: "annual" },
    pause: { type: "pause", id: "pause", months: [3] },
  } as const;
  for (const [one, other] of [
    ["discount", "annual"],
    ["annual", "discount"],
    ["discount", "pause"],
  ] as const) {
    it(`${one} and ${other} in two tabs at once: one of them is taken`, async () => {
      const world = await open();
      await world.publish(asking({ [one]: [offers[one]], [other]: [offers[other]] } as never));
      const visits = [await world.visit(john), await world.visit(john)] as const;
      visits[0].select(one).next();
      visits[1].select(other).next();
      const choice = { months: 3 };
      const replies = await Promise.all([
        visits[0].accept(),
        other === "pause" ? visits[1].accept(choice) : visits[1].accept(),
      ]);
      assert.equal(replies.filter(({ status }) => status === 200).length, 1, JSON.stringify(replies));
      assert.equal((await world.effects()).length, 1);
    });
  }

  it("a renewed token goes on with a session of this week, and with none that is older", async () => {
    const world = await open();
    const visit = await world.visit(john);
    for (const [days, same] of [
      [6, true],
      [8, false],
    ] as const) {
      world.pass(days * DAY);
      const config = await world.flow(await world.mint(john), `?session=${visit.session}`);
      assert.equal(config.session.id === visit.session, same, `${days} days`);
    }
  });
});

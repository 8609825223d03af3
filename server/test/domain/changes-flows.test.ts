/** Changes in a hub and decisions in a flow, side by side: what was said in one holds for the other. */
import assert from "node:assert/strict";
import { it } from "node:test";
import { demoSubscriptions as ids } from "../../src/billing/simulator-demo.ts";
import { half, offering } from "../flows/fixtures.ts";
import { DAY, john, MINUTE, onEachStore, type World } from "../harness.ts";
import { settled, type Visit } from "../visit.ts";
import { agree, ask, changed, make, mintFor, preview, readHub } from "./changing.ts";

const pause = { type: "pause", choice: { months: 2 } } as const;
const annual = { type: "annual_switch" } as const;

const late = (world: World, { config, session }: Visit, age: number) =>
  world.request("/v1/widget/decision", {
    token: config.session.deliveryToken as string,
    json: {
      session,
      age,
      events: [{ id: "late_0001", run: "late_run_1", seq: 0, at: 0, type: "confirm" }],
    },
  });

onEachStore("A hub and a flow", ({ open }) => {
  it("a change makes an offer stale that was shown before", async () => {
    const world = await open();
    await world.publish(offering(half));
    const visit = await world.visit(john);
    changed(await make(world, visit.token, ids.monthly, annual));
    const reply = await visit.accept();
    assert.deepEqual([reply.status, reply.code], [409, "offer_changed"]);
    assert.equal((await world.effects()).length, 1);
    world.pass(1);
    const again = await world.visit(visit.token);
    assert.equal(again.config.subscription.price?.interval, "year");
    settled(await again.accept());
  });

  it("an accepted offer makes a preview stale", async () => {
    const world = await open();
    await world.publish(offering(half));
    const visit = await world.visit(john);
    const request = await agree(world, visit.token, ids.monthly, pause);
    settled(await visit.accept());
    const reply = await ask(world, visit.token, request);
    assert.deepEqual([reply.status, reply.code], [409, "terms_changed"]);
    assert.equal((await world.effects()).length, 1);
  });

  it("an offer and a change at the same time: one of them happens", async () => {
    const world = await open();
    await world.publish(offering(half));
    const visit = await world.visit(john);
    const request = await agree(world, visit.token, ids.monthly, annual);
    const replies = await Promise.all([visit.accept(), ask(world, visit.token, request)]);
    assert.equal(replies.filter(({ status }) => status === 200).length, 1, JSON.stringify(replies));
    assert.equal((await world.effects()).length, 1);
  });

  it("a cancellation and a change at the same time: the customer leaves", async () => {
    const world = await open();
    const visit = await world.visit(john);
    const request = await agree(world, visit.token, ids.monthly, pause);
    const [cancelled, other] = await Promise.all([visit.cancel(), ask(world, visit.token, request)]);
    settled(cancelled);
    assert.ok((await world.billed(ids.monthly)).cancelAt);
    assert.equal((await world.effects()).length, other.status === 200 ? 2 : 1);
  });

  it("a late cancellation does not undo what the customer has changed since", async () => {
    const world = await open();
    const visit = await world.visit(john);
    world.pass(3 * DAY);
    changed(await make(world, await world.mint(john), ids.monthly, pause));
    world.pass(3 * DAY);
    const reply = await late(world, visit, 4 * DAY);
    assert.deepEqual([reply.status, reply.code], [409, "session_completed"]);
    assert.equal((await world.billed(ids.monthly)).cancelAt, undefined);
    // What is confirmed now is news.
    settled(await late(world, visit, 0));
    assert.ok((await world.billed(ids.monthly)).cancelAt);
  });

  it("a cancellation after a change is taken, however late it arrives", async () => {
    const world = await open();
    const visit = await world.visit(john);
    changed(await make(world, await world.mint(john), ids.monthly, pause));
    world.pass(DAY);
    settled(await late(world, visit, DAY - 1));
    assert.ok((await world.billed(ids.monthly)).cancelAt);
  });

  it("what was taken in one is not offered in the other", async () => {
    const world = await open();
    await world.publish({ ...offering(half), proactive: { offers: [half] } });
    const hub = await mintFor(world, ids.second);
    assert.equal((await readHub(world, hub)).offer?.offer.id, "half");
    changed(await make(world, hub, ids.second, { type: "offer", offer: "half" }));
    const other = await world.flow(hub, `?subscription_id=${ids.first}`);
    assert.deepEqual(
      other.flow.steps.map(({ type }) => type),
      ["confirm"],
    );

    const visit = await world.visit(john);
    const change = { type: "offer", offer: "half" } as const;
    const request = await agree(world, visit.token, ids.monthly, change);
    settled(await visit.accept());
    world.pass(1);
    assert.equal((await ask(world, visit.token, request)).code, "change_not_available");
    assert.equal((await preview(world, visit.token, ids.monthly, change)).code, "change_not_available");
    assert.equal((await readHub(world, visit.token)).offer, undefined);
  });

  it("a flow that is opened after a change was requested waits for what became of it", async () => {
    const world = await open();
    const token = await world.mint(john);
    const request = await agree(world, token, ids.monthly, pause);
    const silent = { when: "before", throws: "unknown" } as const;
    world.billing.plan = { execute: silent, readBack: silent };
    changed(await ask(world, token, request), "requested");
    assert.equal((await world.flow(token)).subscription.status, "active", "leaving can be thought about");
    world.billing.plan = {};
    world.pass(MINUTE);
    assert.equal((await world.flow(token)).subscription.status, "paused");
  });
});

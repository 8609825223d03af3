/** Customers who come back to a flow: on every page view, after a renewal, or when they have left already. */
import assert from "node:assert/strict";
import { it } from "node:test";
import { demoSubscriptions as ids } from "../../src/billing/simulator-demo.ts";
import { DAY, john, MINUTE, onEachStore } from "../harness.ts";
import { call, everything, names, refused, start, succeeds } from "./flowing.ts";

onEachStore("A flow that is started again", ({ open }) => {
  it("is one visit, whichever page or server asks, until it has fallen silent", async () => {
    const world = await open();
    await world.publish(everything);
    const first = await start(world, {}, await world.mint(john));
    world.pass(29 * MINUTE);
    assert.equal(await start(world, {}, await world.mint(john)), first, "another page view");
    assert.equal(await start(world), first, "the business's server");
    assert.equal(await start(world, {}, await world.mint(john, ids.monthly)), first);
    assert.equal((await world.facts()).filter((type) => type === "cancel.started").length, 1);
    world.pass(31 * MINUTE);
    assert.notEqual(await start(world, {}, await world.mint(john)), first);
  });

  it("goes on with the visit of a widget", async () => {
    const world = await open();
    const visit = (await world.visit(john)).select("other");
    await visit.send();
    assert.equal(await start(world), visit.session);
    assert.equal(await start(world, {}, await world.mint(john)), visit.session);
  });

  it("counts again who has paid for another period since, and says so to the business", async () => {
    const world = await open();
    const cancelled = async () => (await world.facts()).filter((type) => type === "cancel.canceled").length;
    await succeeds(call(world, "cancel", { session_id: await start(world), reason: "too_expensive" }));
    await succeeds(call(world, "cancel", { session_id: await start(world), reason: "too_expensive" }));
    assert.equal(await cancelled(), 1, "the same once more");
    world.pass(43 * DAY);
    await succeeds(call(world, "cancel", { session_id: await start(world), reason: "too_expensive" }));
    assert.equal(await cancelled(), 2);
    const ends = (await world.ledger()).map(({ outcome, undoneAt }) => [outcome, undoneAt !== undefined]);
    assert.equal(ends.filter(([outcome, undone]) => outcome === "cancelled" && !undone).length, 1);
  });

  it("has nothing to offer who is leaving already", async () => {
    const world = await open();
    for (const [subscription, customer] of [
      [ids.cancelling, "cus_priya"],
      [ids.cancelled, "cus_olivia"],
    ]) {
      const wanted = { ...names, subscription_id: subscription, customer_id: customer };
      await refused(call(world, "start", wanted), 409, "subscription_ending");
    }
    assert.deepEqual(await world.ledger(), []);
  });
});

/** What happens between the look at billing and the row that is written: a change stands on what is true then. */
import assert from "node:assert/strict";
import { it } from "node:test";
import { demoSubscriptions as ids } from "../../src/billing/simulator-demo.ts";
import { gate } from "../billing/faulty.ts";
import { half, offering } from "../flows/fixtures.ts";
import { john, onEachStore, type World } from "../harness.ts";
import { settled } from "../visit.ts";
import { agree, ask, changed } from "./changing.ts";

const annual = { type: "annual_switch" } as const;
const pause = { type: "pause", choice: { months: 2 } } as const;

/** A request that has checked everything, and is held up before it writes anything down. */
async function heldUp(world: World, token: string, request: Awaited<ReturnType<typeof agree>>) {
  const hangs = gate();
  world.billing.plan = { preview: { when: "after", hangs, times: 1 } };
  const answer = ask(world, token, request);
  await hangs.reached;
  world.billing.plan = {};
  return {
    goOn() {
      hangs.open();
      return answer;
    },
  };
}

onEachStore("A change that is held up", ({ open }) => {
  it("does not happen on top of another that was done meanwhile", async () => {
    const world = await open();
    const token = await world.mint(john);
    const slow = await agree(world, token, ids.monthly, annual);
    const quick = await agree(world, token, ids.monthly, pause);
    const { goOn } = await heldUp(world, token, slow);
    changed(await ask(world, token, quick));
    assert.equal((await goOn()).code, "terms_changed");
    assert.deepEqual(
      (await world.effects()).map(({ type }) => type),
      ["pause"],
    );
  });

  it("does not happen on top of an offer that was accepted meanwhile", async () => {
    const world = await open();
    await world.publish(offering(half));
    const visit = await world.visit(john);
    const slow = await agree(world, visit.token, ids.monthly, annual);
    const { goOn } = await heldUp(world, visit.token, slow);
    settled(await visit.accept());
    assert.equal((await goOn()).code, "terms_changed");
    assert.equal((await world.effects()).length, 1);
  });

  it("does not begin beside a decision that billing has not answered", async () => {
    const world = await open();
    await world.publish(offering(half));
    const visit = await world.visit(john);
    const slow = await agree(world, visit.token, ids.monthly, annual);
    const { goOn } = await heldUp(world, visit.token, slow);
    const silent = { when: "before", throws: "unknown" } as const;
    world.billing.plan = { execute: silent, readBack: silent };
    assert.equal(settled(await visit.accept()).status, "requested");
    const reply = await goOn();
    assert.deepEqual([reply.status, reply.code], [503, "billing_unavailable"]);
    assert.equal(await world.deps.store.changeByKey(world.scope, john, slow.id), undefined);
  });

  it("is answered with what the same request has led to that was quicker", async () => {
    const world = await open();
    const token = await world.mint(john);
    const request = await agree(world, token, ids.monthly, annual);
    const { goOn } = await heldUp(world, token, request);
    const done = changed(await ask(world, token, request));
    assert.deepEqual(changed(await goOn()), done);
    assert.equal((await world.effects()).length, 1);
  });
});

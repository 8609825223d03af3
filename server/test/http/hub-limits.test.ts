/** How often a customer may try what is worth guessing, or costs something each time. */
import assert from "node:assert/strict";
import { it } from "node:test";
import type { HubChange } from "../../../src/api/wire.ts";
import { demoSubscriptions as ids } from "../../src/billing/simulator-demo.ts";
import { ATTEMPTS } from "../../src/routes/hub.ts";
import { ask, mintFor, preview } from "../domain/changing.ts";
import { MINUTE, onEachStore, type World } from "../harness.ts";

const guess = { type: "promo_code", code: "NOBODY" } as const;
const pay = { type: "retry_payment" } as const;

onEachStore("A hub's limits", ({ open }) => {
  for (const [change, subscription, status] of [
    [guess, ids.monthly, 404],
    [pay, ids.pastDue, 200],
  ] as const) {
    const { [change.type]: most = 0 } = ATTEMPTS;

    it(`${change.type}: ${most} a minute and not one more, whatever session they come with`, async () => {
      const world = await open();
      for (let count = 0; count < most; count++) {
        const token = await mintFor(world, subscription);
        assert.equal((await preview(world, token, subscription, change)).status, status, `${count}`);
      }
      const token = await mintFor(world, subscription);
      const refused = await preview(world, token, subscription, change);
      assert.deepEqual([refused.status, refused.code], [429, "rate_limited"]);
      assert.ok(Number(refused.headers.get("retry-after")) > 0);
      assert.equal((await make(world, token, subscription, change)).status, 429, "nor by the other door");

      const others = await mintFor(world, ids.first);
      assert.equal((await preview(world, others, ids.first, guess)).status, 404, "somebody else may");
      const anything = await preview(world, token, subscription, { type: "resume" });
      assert.equal(anything.code, "change_not_available", "and other things are not counted");
      world.pass(MINUTE);
      assert.equal((await preview(world, token, subscription, change)).status, status);
    });
  }
});

const make = (world: World, token: string, subscription: string, change: HubChange) =>
  ask(world, token, {
    id: "change_0000",
    subscription,
    change,
    seen: { at: world.clock.now, dueNow: 0 },
  });

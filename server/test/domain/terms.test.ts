/** Terms are promises about a subscription as it was when they were made: until when they hold, and what ends them. */
import assert from "node:assert/strict";
import { it } from "node:test";
import type { BillingAction } from "../../src/billing/provider.ts";
import { demoSubscriptions as ids } from "../../src/billing/simulator-demo.ts";
import { asking, confirm, half, offering } from "../flows/fixtures.ts";
import { john, MINUTE, onEachStore, type World } from "../harness.ts";
import { settled, type Visit } from "../visit.ts";

const TERMS_TTL = 15 * MINUTE;

const contact = (more: object = {}) => ({
  type: "contact",
  id: "talk",
  url: "https://papercrane.example",
  ...more,
});

onEachStore("Terms", ({ open }) => {
  /** The accept is refused, billing hears nothing of it, and leaving is as possible as before. */
  async function refused(world: World, visit: Visit, code: string): Promise<void> {
    const subscription = visit.config.subscription.id;
    const [before, effects] = [await world.billed(subscription), await world.effects()];
    const reply = await visit.accept();
    assert.deepEqual([reply.status, reply.code], [409, code], reply.text);
    assert.deepEqual(await world.billed(subscription), before);
    assert.deepEqual(await world.effects(), effects);
    assert.deepEqual(await world.deps.store.actions(visit.session), []);
    assert.deepEqual(await world.facts(), ["cancel.started"]);
    // What has changed is shown anew, as the widget does it by itself; the session stays the same.
    const leaving = code === "offer_changed" ? await world.visit(visit.token) : visit;
    assert.equal(leaving.session, visit.session);
    assert.equal(settled(await leaving.cancel()).outcome, "cancelled");
    assert.ok((await world.billed(subscription)).cancelAt);
    assert.deepEqual(await world.facts(), ["cancel.started", "cancel.canceled"]);
  }

  for (const offer of [half, contact()]) {
    it(`of a ${offer.type} hold for a quarter of an hour, to the millisecond`, async () => {
      const world = await open();
      await world.publish(offering(offer));
      const visit = await world.visit(john);
      world.pass(TERMS_TTL - 1);
      assert.equal(settled(await visit.accept()).offer?.id, offer.id);
      // What was accepted in time is answered the same when it is asked for again later.
      world.pass(MINUTE);
      assert.equal(settled(await visit.decide()).offer?.id, offer.id);
    });

    it(`of a ${offer.type} are over after it, and the customer may still leave`, async () => {
      const world = await open();
      await world.publish(offering(offer));
      const visit = await world.visit(john);
      world.pass(TERMS_TTL);
      await refused(world, visit, "offer_changed");
    });
  }

  const elsewhere: [string, BillingAction][] = [
    [
      "the plan was changed",
      { type: "change_price", subscriptionId: ids.monthly, priceId: "price_team_monthly", charge: "now" },
    ],
    [
      "another plan was scheduled",
      {
        type: "change_price",
        subscriptionId: ids.monthly,
        priceId: "price_basic_monthly",
        charge: "renewal",
      },
    ],
    [
      "a discount was given",
      {
        type: "discount",
        subscriptionId: ids.monthly,
        percentOff: 5,
        currency: "usd",
        duration: "once",
      },
    ],
  ];
  for (const [what, action] of elsewhere) {
    it(`are over when ${what} elsewhere`, async () => {
      const world = await open();
      await world.publish(offering(half));
      const visit = await world.visit(john);
      await world.simulator.execute(action, "elsewhere");
      await refused(world, visit, "offer_changed");
    });
  }

  it("are over when the subscription was renewed meanwhile", async () => {
    const world = await open();
    await world.publish(offering(half));
    const { periodEnd } = await world.billed(ids.monthly);
    await world.simulator.advance({ to: periodEnd - 5 * MINUTE });
    const visit = await world.visit(john);
    world.pass(5 * MINUTE);
    assert.notEqual((await world.billed(ids.monthly)).periodEnd, periodEnd);
    await refused(world, visit, "offer_changed");
  });

  it("are over when the subscription was cancelled meanwhile", async () => {
    const world = await open();
    await world.publish(offering(contact()));
    const visit = await world.visit(john);
    const cancel = { type: "cancel", subscriptionId: ids.monthly, effective: "period_end" } as const;
    await world.simulator.execute(cancel, "elsewhere");
    assert.equal((await visit.accept()).code, "offer_changed");
  });

  /** Metadata is nothing that the customer is shown, so only the conditions notice. */
  async function leaveTeam(world: World): Promise<void> {
    await world.storage.transaction(`${world.scope.workspaceId}/prod`, async (rows) => {
      const customer = (await rows.get("customer", john)) ?? assert.fail();
      const subscription = (await rows.get("subscription", ids.monthly)) ?? assert.fail();
      await rows.put("customer", [{ ...customer, metadata: {} }]);
      await rows.put("subscription", [{ ...subscription, metadata: {} }]);
    });
  }
  const when = { field: "attributes.team", is: "Storyboards" };
  const conditioned: [string, object][] = [
    ["an offer's own condition", offering(contact({ when }))],
    [
      "its step's condition",
      { name: "Step", steps: [{ type: "offer", id: "offer", when, offers: [contact()] }, confirm] },
    ],
  ];
  for (const [whose, definition] of conditioned) {
    it(`do not outlive ${whose}`, async () => {
      const world = await open();
      await world.publish(definition);
      const visit = await world.visit(john);
      visit.shown("contact");
      await leaveTeam(world);
      await refused(world, visit, "offer_not_available");
    });
  }

  it("of one offer under two reasons need the conditions of one of them", async () => {
    const world = await open();
    const never = { field: "attributes.team", is: "Nobody's" };
    await world.publish(asking({ money: [contact({ when: never })], time: [contact({ when })] }));
    const visit = await world.visit(john);
    visit.select("time").next().shown("contact");
    assert.equal(settled(await visit.accept()).offer?.id, "talk");
  });
});

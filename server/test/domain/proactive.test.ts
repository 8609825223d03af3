/** What a hub offers without being asked: to whom, once, and never again soon after a no. */
import assert from "node:assert/strict";
import { it } from "node:test";
import type { Hub } from "../../../src/api/wire.ts";
import { demoSubscriptions as ids } from "../../src/billing/simulator-demo.ts";
import { demoFlow } from "../../src/domain/default-flow.ts";
import { half, offering } from "../flows/fixtures.ts";
import { DAY, john, onEachStore, type World } from "../harness.ts";
import { settled } from "../visit.ts";

const HUB = "/v1/widget/hub";
const lucia = "cus_lucia";
const yearly = { type: "annual_switch", id: "yearly" };

/** A flow with one offer of its own, and these in the hub. */
const offers = (proactive: object[], more: object = {}, quietDays?: number) => ({
  ...offering(half),
  proactive: { offers: proactive, ...(quietDays ? { quietDays } : {}) },
  ...more,
});

onEachStore("What a hub offers by itself", ({ open }) => {
  async function hubOf(world: World, token: string, query = ""): Promise<Hub> {
    const reply = await world.request(HUB + query, { token });
    assert.equal(reply.status, 200, reply.text);
    return reply.body as unknown as Hub;
  }
  const offered = async (world: World, customer: string) =>
    (await hubOf(world, await world.mint(customer))).offer?.offer.id;
  const dismiss = async (world: World, customer: string, offer: string) => {
    const reply = await world.request(`${HUB}/dismiss`, {
      token: await world.mint(customer),
      json: { offer },
    });
    assert.equal(reply.status, 200, reply.text);
    return reply.body.dismissed;
  };

  /** Accepts as a hub does. @returns the code of a refusal, or how it has ended */
  async function accept(world: World, customer: string, subscription: string, offer: string) {
    const token = await world.mint(customer);
    const json = { subscription, change: { type: "offer", offer } };
    const { body: seen, code } = await world.request(`${HUB}/preview`, { token, json });
    if (code) return code;
    const made = await world.request(`${HUB}/change`, { token, json: { ...json, id: "change_0001", seen } });
    return made.code ?? made.body.status;
  }

  it("is nothing where the flow names nothing", async () => {
    const world = await open();
    assert.equal(await offered(world, john), undefined);
    assert.equal(await accept(world, john, ids.monthly, "quarter-off"), "change_not_available");
    assert.equal(await dismiss(world, john, "quarter-off"), false);
  });

  it("is the first that applies, with the terms that would be executed", async () => {
    const world = await open();
    const never = { ...half, id: "never", when: { field: "plan.id", is: "prod_nothing" } };
    await world.publish(offers([never, yearly, { ...half, id: "last" }]));
    const { offer } = await hubOf(world, await world.mint(john));
    assert.equal(offer?.subscription, ids.monthly);
    assert.equal(offer.offer.type, "annual_switch");
    const { plan, saving, dueNow } = (offer.offer as Extract<typeof offer.offer, { type: "annual_switch" }>)
      .terms;
    assert.deepEqual([plan.price.id, saving], ["price_pro_annual", 12 * 4900 - 49_000]);
    assert.equal(await accept(world, john, ids.monthly, "yearly"), "done");
    assert.equal((await world.billed(ids.monthly)).price.id, "price_pro_annual");
    assert.equal((await world.invoices(ids.monthly)).at(-1)?.amount, dueNow);
  });

  it("is at most one, for the newest subscription that it makes sense for", async () => {
    const world = await open();
    await world.publish(offers([yearly]));
    assert.equal((await hubOf(world, await world.mint(lucia))).offer?.subscription, ids.second);
    await world.simulator.execute(
      { type: "pause", subscriptionId: ids.second, resumesAt: world.clock.now + 30 * DAY },
      "pause",
    );
    assert.equal((await hubOf(world, await world.mint(lucia))).offer?.subscription, ids.first);
    const named = await hubOf(world, await world.mint(lucia, ids.second));
    assert.equal(named.offer, undefined, "of what a session names, and of nothing else");
  });

  it("is made to nobody who leaves, pauses or owes", async () => {
    const world = await open();
    const any = { ...half, id: "any", oncePerCustomer: false };
    await world.publish(offers([any, { type: "trial_extension", id: "longer", days: 7 }, yearly]));
    assert.equal(await offered(world, john), "any");
    assert.equal(await offered(world, "cus_mateo"), "any");
    for (const [customer, subscription] of [
      ["cus_priya", ids.cancelling],
      ["cus_olivia", ids.cancelled],
      ["cus_ingrid", ids.paused],
      ["cus_sam", ids.pastDue],
    ] as const) {
      assert.equal(await offered(world, customer), undefined, customer);
      assert.equal(await accept(world, customer, subscription, "any"), "change_not_available", customer);
    }
    assert.deepEqual(await world.effects(), []);
  });

  it("waits until billing has answered about something else", async () => {
    const world = await open();
    await world.publish(offers([yearly]));
    world.billing.plan = { execute: { when: "before", throws: "unknown" } };
    const visit = await world.visit(await world.mint(lucia, ids.second));
    assert.equal(settled(await visit.accept()).status, "requested");
    const hub = await hubOf(world, await world.mint(lucia));
    assert.deepEqual([hub.requested, hub.offer?.subscription], [[ids.second], ids.first]);
  });

  it("is not the one that the hub does not show", async () => {
    const world = await open();
    await world.publish(offers([yearly, { ...half, id: "other" }]));
    assert.equal(await accept(world, john, ids.monthly, "other"), "change_not_available");
    assert.equal(await accept(world, john, ids.monthly, "half"), "change_not_available");
    assert.deepEqual(await world.effects(), []);
  });

  it("goes away with a no, and comes back after the quiet days by billing's clock", async () => {
    for (const [quietDays, days] of [
      [undefined, 30],
      [3, 3],
    ] as const) {
      const world = await open();
      await world.publish(offers([yearly, { ...half, id: "other" }], {}, quietDays));
      assert.equal(await dismiss(world, john, "yearly"), true);
      assert.equal(await offered(world, john), undefined, "not the next one either");
      assert.equal(await accept(world, john, ids.monthly, "yearly"), "change_not_available");
      assert.equal(await offered(world, lucia), "yearly", "another customer has said nothing");
      await world.simulator.advance({ by: days * DAY - 1 });
      assert.equal(await offered(world, john), undefined);
      await world.simulator.advance({ by: 1 });
      assert.equal(await offered(world, john), "yearly");
      // The last no counts.
      await dismiss(world, john, "yearly");
      await world.simulator.advance({ by: days * DAY - 1 });
      assert.equal(await offered(world, john), undefined);
    }
  });

  it("is dismissed as what it is: another id is accepted and changes nothing", async () => {
    const world = await open();
    await world.publish(offers([yearly]));
    for (const id of ["other", "half"]) assert.equal(await dismiss(world, john, id), false);
    assert.deepEqual(await world.deps.store.dismissedOffers(world.scope, john), []);
    assert.equal(await offered(world, john), "yearly");
  });

  it("counts as accepted in the flow as well, and the other way round", async () => {
    const world = await open();
    const once = { ...half, id: "half" };
    await world.publish({ ...offering(once), proactive: { offers: [once] } });
    assert.equal(await offered(world, john), "half");
    assert.equal(await accept(world, john, ids.monthly, "half"), "done");
    assert.equal(await offered(world, john), undefined);
    // Its month is over: nothing but having been taken is in its way.
    await world.simulator.advance({ by: 70 * DAY });
    assert.equal((await world.billed(ids.monthly)).discount, undefined);
    assert.equal(await offered(world, john), undefined);
    const [step] = (await world.flow(await world.mint(john))).flow.steps;
    assert.equal(step?.type, "confirm", "the flow does not offer it again");

    assert.equal(await offered(world, "cus_zoe"), "half");
    settled(await (await world.visit("cus_zoe")).accept());
    await world.simulator.advance({ by: 70 * DAY });
    assert.equal((await world.billed(ids.markup)).discount, undefined);
    assert.equal(await offered(world, "cus_zoe"), undefined);
  });

  it("keeps to the cooldown of what was taken in a flow", async () => {
    const world = await open();
    await world.publish(offers([{ ...yearly, cooldownDays: 90 }]));
    settled(await (await world.visit(john)).accept());
    await world.simulator.advance({ by: 90 * DAY - 1 });
    assert.equal(await offered(world, john), undefined);
    await world.simulator.advance({ by: 1 });
    assert.equal(await offered(world, john), "yearly");
  });

  it("speaks the customer's language, in the words that the offer has anywhere", async () => {
    const world = await open();
    const translations = { de: { "yearly.title": "Jährlich zahlen" }, "de-AT": { "yearly.body": "Servus" } };
    await world.publish(offers([{ ...yearly, title: "Pay by the year" }], { translations }));
    const token = await world.mint(john);
    const said = async (query: string) => {
      const { offer } = await hubOf(world, token, query);
      return [offer?.offer.title, offer?.offer.body];
    };
    assert.deepEqual(await said(""), ["Pay by the year", undefined]);
    assert.deepEqual(await said("?locale=de"), ["Jährlich zahlen", undefined]);
    assert.deepEqual(await said("?locale=de_at"), ["Jährlich zahlen", "Servus"]);
    assert.deepEqual(await said("?locale=nonsense!"), ["Pay by the year", undefined]);
    assert.equal(await accept(world, john, ids.monthly, "yearly"), "done");
  });

  it("of the demo is a discount in trial and a year for who pays by the month", async () => {
    const world = await open();
    await world.publish(demoFlow);
    assert.equal(await offered(world, "cus_mateo"), "first-months-off");
    assert.equal(await offered(world, john), "annual");
    assert.equal(await offered(world, "cus_amara"), undefined);
    assert.equal(await accept(world, "cus_mateo", ids.trialing, "first-months-off"), "done");
    assert.equal((await world.billed(ids.trialing)).discount?.percentOff, 20);
  });

  it("is left out when billing does not answer about it", async () => {
    const world = await open();
    await world.publish(offers([yearly]));
    for (const throws of ["unknown", "rejected"] as const) {
      world.billing.plan = { preview: { when: "before", throws } };
      const { offer, subscriptions } = await hubOf(world, await world.mint(john));
      assert.deepEqual([offer, subscriptions.length], [undefined, 1]);
    }
  });
});

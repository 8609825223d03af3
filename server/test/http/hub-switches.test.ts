/** What a business has switched off is neither shown nor done, whatever a browser asks for. */
import assert from "node:assert/strict";
import { it } from "node:test";
import type { Hub, HubActions, HubChange } from "../../../src/api/wire.ts";
import { demoSubscriptions as ids } from "../../src/billing/simulator-demo.ts";
import { demoFlow } from "../../src/domain/default-flow.ts";
import type { HubSettings, HubSwitch } from "../../src/store/store.ts";
import { john, MINUTE, onEachStore, type World } from "../harness.ts";
import { settled } from "../visit.ts";

const HUB = "/v1/widget/hub";
const SHOP = "https://shop.example";

/** A switch, who would see what it hides, and what they would ask for. */
const changes: { off: HubSwitch; action: keyof HubActions; who: string; of: string; change: HubChange }[] = [
  {
    off: "plan_change",
    action: "plan_change",
    who: john,
    of: ids.monthly,
    change: { type: "plan_change", priceId: "price_pro_annual" },
  },
  {
    off: "annual_switch",
    action: "annual_switch",
    who: john,
    of: ids.monthly,
    change: { type: "annual_switch" },
  },
  {
    off: "pause",
    action: "pause",
    who: john,
    of: ids.monthly,
    change: { type: "pause", choice: { months: 1 } },
  },
  {
    off: "pause",
    action: "extend_pause",
    who: "cus_ingrid",
    of: ids.paused,
    change: { type: "extend_pause", choice: { months: 1 } },
  },
  { off: "resume", action: "resume", who: "cus_ingrid", of: ids.paused, change: { type: "resume" } },
  {
    off: "undo_cancellation",
    action: "undo_cancellation",
    who: "cus_priya",
    of: ids.cancelling,
    change: { type: "undo_cancellation" },
  },
  {
    off: "promo_code",
    action: "promo_code",
    who: john,
    of: ids.monthly,
    change: { type: "promo_code", code: "WELCOME20" },
  },
  {
    off: "retry_payment",
    action: "retry_payment",
    who: "cus_sam",
    of: ids.pastDue,
    change: { type: "retry_payment" },
  },
];

const good = { brand: "Visa", last4: "4242", expMonth: 12, expYear: 2039 };
const details = { name: "John Doe", email: "john@example.com", address: { country: "US" } };

onEachStore("A switch of the hub", ({ open }) => {
  const hubOf = async (world: World, token: string) =>
    (await world.request(HUB, { token })).body as unknown as Hub;

  async function switchOff(world: World, ...names: HubSwitch[]): Promise<void> {
    const hub: HubSettings = { actions: Object.fromEntries(names.map((name) => [name, false])) };
    const workspace = (await world.deps.store.workspace(world.scope.workspaceId)) ?? assert.fail();
    const settings = { ...workspace.settings, hub };
    await world.deps.store.updateWorkspace(workspace.id, { settings });
  }

  for (const { off, action, who, of, change } of changes) {
    it(`${off} takes ${action} away, on a page that showed it before too`, async () => {
      const world = await open();
      // So that a retry would go through.
      await world.simulator.setPaymentMethod(who, good);
      const token = await world.mint(who);
      const named = async () => (await hubOf(world, token)).subscriptions[0]?.actions[action] !== undefined;
      const preview = () => world.request(`${HUB}/preview`, { token, json: { subscription: of, change } });
      const make = (seen: unknown) =>
        world.request(`${HUB}/change`, {
          token,
          json: { id: "change_0001", subscription: of, change, seen },
        });
      assert.equal(await named(), true);
      const seen = await preview();
      assert.equal(seen.status, 200, seen.text);

      await switchOff(world, off);
      assert.equal(await named(), false);
      for (const reply of [await preview(), await make(seen.body)])
        assert.deepEqual([reply.status, reply.code], [409, "change_not_available"]);
      assert.deepEqual(await world.effects(), []);

      await switchOff(world);
      const made = await make(seen.body);
      assert.deepEqual([made.status, made.body.status], [200, "done"], made.text);
    });
  }

  it("payment_method takes the way to the payment page away", async () => {
    const world = await open();
    const token = await world.mint(john);
    const json = { subscription: ids.monthly, returnUrl: `${SHOP}/billing` };
    const ask = () => world.request(`${HUB}/payment-page`, { token, origin: SHOP, json });
    assert.equal((await ask()).status, 200);
    await switchOff(world, "payment_method");
    const [johns] = (await hubOf(world, token)).subscriptions;
    assert.equal(johns?.actions.payment_method, undefined);
    assert.ok(johns?.paymentMethod, "what is charged is still told");
    assert.deepEqual([(await ask()).status, (await ask()).code], [409, "change_not_available"]);
  });

  it("invoices takes the billing history away", async () => {
    const world = await open();
    const token = await world.mint(john);
    await switchOff(world, "invoices");
    assert.deepEqual((await hubOf(world, token)).sections, ["billing_details"]);
    const before = world.billing.calls.length;
    const reply = await world.request(`${HUB}/invoices`, { token });
    assert.deepEqual([reply.status, reply.code], [409, "change_not_available"]);
    assert.equal(world.billing.calls.length, before, "billing is not asked");
  });

  it("billing_details takes the form away, and the customer stays as they are", async () => {
    const world = await open();
    const token = await world.mint(john);
    await switchOff(world, "billing_details");
    const { sections, customer } = await hubOf(world, token);
    assert.deepEqual(sections, ["invoices"]);
    const hub = { actions: { billing_details: false, billing_email: true } };
    const workspace = (await world.deps.store.workspace(world.scope.workspaceId)) ?? assert.fail();
    await world.deps.store.updateWorkspace(workspace.id, { settings: { ...workspace.settings, hub } });
    assert.deepEqual((await hubOf(world, token)).sections, ["invoices"], "nor the address alone");
    const reply = await world.request(`${HUB}/billing-details`, { token, json: details });
    assert.deepEqual([reply.status, reply.code], [409, "change_not_available"]);
    assert.deepEqual((await hubOf(world, token)).customer, customer);
  });

  it("billing_email is off unless it is switched on", async () => {
    const world = await open();
    const token = await world.mint(john);
    assert.deepEqual((await hubOf(world, token)).sections, ["invoices", "billing_details"]);
    const save = () => world.request(`${HUB}/billing-details`, { token, json: details });
    assert.deepEqual([(await save()).status, (await save()).code], [409, "change_not_available"]);
    const hub = { actions: { billing_email: true } };
    const workspace = (await world.deps.store.workspace(world.scope.workspaceId)) ?? assert.fail();
    await world.deps.store.updateWorkspace(workspace.id, { settings: { ...workspace.settings, hub } });
    assert.deepEqual((await hubOf(world, token)).sections, ["invoices", "billing_details", "billing_email"]);
    assert.equal((await save()).status, 200);
    assert.equal((await hubOf(world, token)).customer.email, details.email);
  });

  it("offers takes what the hub offers by itself away", async () => {
    const world = await open();
    await world.publish(demoFlow);
    const token = await world.mint(john);
    const { offer } = await hubOf(world, token);
    assert.ok(offer);
    const change = { type: "offer", offer: offer.offer.id };
    const json = { subscription: offer.subscription, change };
    const seen = await world.request(`${HUB}/preview`, { token, json });
    assert.equal(seen.status, 200, seen.text);
    await switchOff(world, "offers");
    assert.equal((await hubOf(world, token)).offer, undefined);
    assert.equal((await world.request(`${HUB}/preview`, { token, json })).code, "change_not_available");
    const made = { ...json, id: "change_0001", seen: seen.body };
    assert.equal((await world.request(`${HUB}/change`, { token, json: made })).code, "change_not_available");
    assert.deepEqual(await world.effects(), []);
  });

  it("never keeps anybody from leaving", async () => {
    const world = await open();
    const all = [...changes.map(({ off }) => off)];
    await switchOff(world, ...all, "payment_method", "invoices", "billing_details", "offers");
    const token = await world.mint(john);
    const { subscriptions, sections } = await hubOf(world, token);
    assert.deepEqual([subscriptions[0]?.actions, sections], [{ cancel: {} }, []]);
    world.pass(MINUTE);
    settled(await (await world.visit(token)).cancel());
    assert.ok((await world.billed(ids.monthly)).cancelAt);
  });
});

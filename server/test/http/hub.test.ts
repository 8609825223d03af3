/** What a subscription hub gets to show: this customer's subscriptions, as billing has them. */
import assert from "node:assert/strict";
import { it } from "node:test";
import { Hub as HubShape } from "../../../src/api/contract.ts";
import type { Hub } from "../../../src/api/wire.ts";
import { demoSubscriptions as ids } from "../../src/billing/simulator-demo.ts";
import { begin } from "../../src/billing/simulator-seed.ts";
import { demoFlow } from "../../src/domain/default-flow.ts";
import { SHOWN_AFTER_THE_END } from "../../src/domain/hub.ts";
import { sealSession } from "../../src/domain/session-token.ts";
import { DAY, john, NOW, onEachStore, type World } from "../harness.ts";
import { settled } from "../visit.ts";
import { handshake } from "./handshake.ts";

const HUB = "/v1/widget/hub";
const SHOP = "https://shop.example";
const lucia = "cus_lucia";

async function read(world: World, token: string, query = ""): Promise<Hub> {
  const reply = await world.request(HUB + query, { token });
  assert.equal(reply.status, 200, reply.text);
  const hub = HubShape.parse(reply.body) as Hub;
  assert.deepEqual(reply.body, hub, "nothing beyond the contract leaves the server");
  return hub;
}

const shown = async (world: World, token: string) =>
  (await read(world, token)).subscriptions.map(({ id }) => id);

/** A customer with one running Pro subscription for each id, the first of them the oldest. */
async function newcomer(world: World, id: string, ...subscriptions: string[]): Promise<string> {
  await world.storage.transaction(`${world.scope.workspaceId}/prod`, async (rows) => {
    await rows.put("customer", [{ id, metadata: {}, createdAt: world.clock.now }]);
    const lives = subscriptions.map((each, index) =>
      begin({ id: each, priceId: "price_pro_monthly", startedAt: world.clock.now + index }, id),
    );
    await rows.put(
      "subscription",
      lives.map(({ subscription }) => subscription),
    );
  });
  return world.mint(id, undefined, "subscription");
}

/** At once, and not through a flow. */
const end = (world: World, subscriptionId: string) =>
  world.simulator.execute(
    { type: "cancel", effective: "immediately", subscriptionId },
    `end-${subscriptionId}`,
  );

onEachStore("A subscription hub", ({ open }) => {
  it("shows who somebody is and what they have, newest first, for every kind of session id", async () => {
    const world = await open();
    const { body } = await world.request("/v1/session/exchange", {
      json: { handshakeToken: handshake(world, { subscriberId: lucia }) },
    });
    const { sessionId } = body.session as { sessionId: string };
    for (const token of [
      await world.mint(lucia, undefined, "subscription"),
      await world.mint(lucia),
      sessionId,
    ]) {
      const { subscriptions, ...rest } = await read(world, token);
      assert.deepEqual(rest, {
        environment: "prod",
        customer: {
          name: "Lucía Fernández",
          email: "lucia.fernandez@example.com",
          address: {
            line1: "Calle del Mar 3",
            line2: "2.º B",
            postalCode: "46003",
            city: "València",
            country: "ES",
          },
        },
        sections: ["invoices", "billing_details"],
        fallbackEmail: "help@papercrane.example",
        now: NOW,
      });
      assert.deepEqual(
        subscriptions.map(({ id }) => id),
        [ids.second, ids.first],
      );
      const [team] = subscriptions;
      assert.deepEqual([team?.plan.name, team?.price.amount, team?.status], ["Team", 3 * 3900, "active"]);
    }
  });

  it("shows one subscription to a session that names it, whether it runs or has ended long ago", async () => {
    const world = await open();
    const token = await world.mint(lucia, ids.first, "subscription");
    assert.deepEqual(await shown(world, token), [ids.first]);
    await end(world, ids.first);
    await world.simulator.advance({ by: 400 * DAY });
    assert.deepEqual(await shown(world, token), [ids.first]);
  });

  it("tells the time by billing's clock", async () => {
    const world = await open();
    await world.simulator.advance({ by: 40 * DAY });
    const { now, subscriptions } = await read(world, await world.mint(john));
    assert.equal(now, NOW + 40 * DAY);
    assert.ok((subscriptions[0]?.nextCharge?.at ?? 0) > now);
  });

  it("shows what has ended for sixty days, and after that only if there is nothing else", async () => {
    const world = await open();
    const token = await newcomer(world, "cus_ends", "sub_one", "sub_two", "sub_runs");
    await end(world, "sub_two");
    await world.simulator.advance({ by: 1 });
    await end(world, "sub_one");
    await world.simulator.advance({ by: SHOWN_AFTER_THE_END - 1 });
    assert.deepEqual(await shown(world, token), ["sub_runs", "sub_two", "sub_one"]);
    await world.simulator.advance({ by: 1 });
    assert.deepEqual(await shown(world, token), ["sub_runs", "sub_one"]);
    await world.simulator.advance({ by: 1 });
    assert.deepEqual(await shown(world, token), ["sub_runs"]);
    await end(world, "sub_runs");
    await world.simulator.advance({ by: SHOWN_AFTER_THE_END + 1 });
    const { subscriptions } = await read(world, token);
    assert.deepEqual(
      subscriptions.map(({ id, status }) => [id, status]),
      [["sub_runs", "cancelled"]],
    );
  });

  it("is empty for whom billing does not know, and for who has nothing", async () => {
    const world = await open();
    const token = await newcomer(world, "cus_new");
    assert.deepEqual(await read(world, token), {
      environment: "prod",
      subscriptions: [],
      customer: {},
      sections: ["invoices", "billing_details"],
      fallbackEmail: "help@papercrane.example",
      now: NOW,
    });
    const gone = sealSession(world.deps.keys.session, "sub_", {
      ...world.scope,
      tokenId: "tok_1",
      customerId: "cus_gone",
      expiresAt: NOW + DAY,
    });
    const { customer, subscriptions, sections } = await read(world, gone);
    assert.deepEqual([customer, subscriptions, sections], [{}, [], []]);
  });

  it("never shows another customer's subscription", async () => {
    const world = await open();
    // Nobody is given such a session; what it names may have moved to another customer since.
    for (const subscriptionId of [ids.annual, "sub_nowhere"]) {
      const token = sealSession(world.deps.keys.session, "ret_", {
        ...world.scope,
        tokenId: "tok_1",
        customerId: john,
        subscriptionId,
        expiresAt: NOW + DAY,
      });
      assert.deepEqual(await shown(world, token), []);
    }
    const query = `?subscription_id=${ids.annual}&customer_id=cus_amara`;
    const { subscriptions } = await read(world, await world.mint(john), query);
    assert.deepEqual(
      subscriptions.map(({ id }) => id),
      [ids.monthly],
    );
  });

  it("shows a sandbox's own customers", async () => {
    const world = await open({ environment: "sandbox" });
    assert.equal((await read(world, await world.mint(john))).environment, "sandbox");
  });

  it("speaks the words of the business, in the language that is asked for", async () => {
    const messages = { "*": { keep: "Stay" }, de: { keep: "Bleiben" } };
    const world = await open({ settings: { messages } });
    const token = await world.mint(john);
    const words = async (query: string) => (await read(world, token, query)).messages?.keep;
    assert.deepEqual(
      [await words(""), await words("?locale=de-AT"), await words("?locale=fr"), await words("?locale=%00")],
      ["Stay", "Bleiben", "Stay", "Stay"],
    );
  });

  it("shows a cancellation once billing has confirmed it, and finds that out by itself", async () => {
    const world = await open();
    const token = await world.mint(john, undefined, "subscription");
    const visit = await world.visit(token);
    world.billing.plan = { execute: { when: "before", throws: "unknown" } };
    assert.equal(settled(await visit.cancel()).status, "requested");
    // Billing has never heard of it: nothing may be promised.
    const asked = await read(world, token);
    const [waiting] = asked.subscriptions;
    assert.deepEqual([waiting?.status, waiting?.cancelAt], ["active", undefined]);
    assert.deepEqual(asked.requested, [waiting?.id]);
    assert.ok(waiting?.nextCharge);
    assert.equal((await world.flow(token)).session.settlement?.status, "requested");

    world.billing.plan = {};
    const told = await read(world, token);
    assert.equal(told.requested, undefined);
    const [ending] = told.subscriptions;
    assert.deepEqual([ending?.cancelAt, ending?.nextCharge], [waiting.periodEnd, undefined]);
    assert.deepEqual(await world.facts(), ["cancel.started", "cancel.requested", "cancel.canceled"]);
    assert.equal((await world.effects()).length, 1);
  });

  it("shows a cancellation whose answer was lost, whichever session asked for it", async () => {
    const world = await open();
    const visit = await world.visit(john);
    world.billing.plan = {
      execute: { when: "after", throws: "unknown" },
      readBack: { when: "before", throws: "unknown", times: 1 },
    };
    assert.equal(settled(await visit.cancel()).status, "requested");
    world.billing.plan = {};
    const [ending] = (await read(world, await world.mint(john, undefined, "subscription"))).subscriptions;
    assert.equal(ending?.cancelAt, visit.config.subscription.periodEnd);
    assert.equal((await world.ledger())[0]?.confirmed, true);
    assert.equal((await world.effects()).length, 1);
  });

  it("names for each subscription what can be done with it now", async () => {
    const world = await open();
    const possible = async (customer: string) =>
      (await read(world, await world.mint(customer))).subscriptions.map(({ actions }) =>
        Object.keys(actions).sort(),
      );
    const running = ["annual_switch", "cancel", "pause", "payment_method", "plan_change", "promo_code"];
    assert.deepEqual(await possible(lucia), [running, running]);
    assert.deepEqual(await possible("cus_mateo"), [
      ["cancel", "payment_method", "plan_change", "promo_code"],
    ]);
    assert.deepEqual(await possible("cus_ingrid"), [["cancel", "extend_pause", "payment_method", "resume"]]);
    assert.deepEqual(await possible("cus_sam"), [["cancel", "payment_method", "retry_payment"]]);
    assert.deepEqual(await possible("cus_priya"), [["undo_cancellation"]]);
    assert.deepEqual(await possible("cus_olivia"), [[]]);
    assert.deepEqual(await possible("cus_wren"), []);
  });

  it("says what the next charge is taken from, and what could not be", async () => {
    const world = await open();
    const [johns] = (await read(world, await world.mint(john))).subscriptions;
    assert.deepEqual(johns?.paymentMethod, { brand: "Visa", last4: "4242", expMonth: 9, expYear: 2034 });
    assert.equal(johns?.due, undefined);
    const [sams] = (await read(world, await world.mint("cus_sam"))).subscriptions;
    const billed = await world.billed(ids.pastDue);
    assert.ok(billed.due);
    assert.deepEqual(sams?.due, billed.due);
    assert.equal(sams?.paymentMethod?.last4, "0002");
  });

  it("lets customers change to the plans that the business names", async () => {
    const plans = [
      "price_team_monthly",
      "price_basic_monthly",
      "price_pro_monthly_jpy",
      "price_basic_monthly_2019",
    ];
    const world = await open({ settings: { hub: { plans, pause: { months: [6] } } } });
    const [johns] = (await read(world, await world.mint(john))).subscriptions;
    const { plan_change, pause, annual_switch } = johns?.actions ?? {};
    assert.deepEqual(
      plan_change?.plans.map(({ price, name }) => [price.id, name, price.amount]),
      [
        ["price_basic_monthly", "Basic", 1900],
        ["price_team_monthly", "Team", 3900],
      ],
    );
    assert.equal(annual_switch, undefined);
    assert.deepEqual(pause, { months: [6], startsAt: NOW });
    const token = await world.mint(lucia);
    const before = world.billing.calls.length;
    assert.equal((await read(world, token)).subscriptions.length, 2);
    const asked = world.billing.calls.slice(before).filter(({ operation }) => operation === "price");
    assert.equal(
      asked.length,
      plans.length,
      "billing is asked once for each, not once for each subscription",
    );
  });

  it("leaves out the plans of billing that does not tell them, and nothing else", async () => {
    const world = await open();
    await world.publish(demoFlow);
    const token = await world.mint(lucia);
    const { subscriptions: full, offer: made, ...head } = await read(world, token);
    assert.equal(made?.offer.type, "annual_switch");
    world.billing.plan = { prices: { when: "before", throws: "unknown" } };
    const { subscriptions: some, offer, ...rest } = await read(world, token);
    assert.deepEqual(rest, head);
    assert.equal(offer, undefined);
    assert.deepEqual(
      some,
      full.map(({ actions: { plan_change: _p, annual_switch: _a, ...actions }, ...each }) => ({
        ...each,
        actions,
      })),
    );
    // One whose prices are known keeps them: the second time it is asked.
    world.billing.plan = { prices: { when: "before", throws: "unknown", times: 1 } };
    const first = (await read(world, token)).subscriptions;
    assert.deepEqual(first.filter(({ actions }) => actions.plan_change).length, 1);
    assert.ok(world.log.some((line) => line.includes("does not answer about a part of a hub")));
  });

  it("finds out what became of a change, and says so until it knows", async () => {
    const world = await open();
    const token = await world.mint(lucia);
    const change = { type: "pause", choice: { months: 1 } };
    const preview = await world.request(`${HUB}/preview`, {
      token,
      json: { subscription: ids.first, change },
    });
    assert.equal(preview.status, 200, preview.text);
    world.billing.plan = { execute: { when: "before", throws: "unknown" } };
    const json = { id: "change_0001", subscription: ids.first, change, seen: preview.body };
    const made = await world.request(`${HUB}/change`, { token, json });
    assert.equal(made.body.status, "requested", made.text);
    const waiting = await read(world, token);
    assert.deepEqual(waiting.requested, [ids.first]);
    assert.equal(waiting.subscriptions.find(({ id }) => id === ids.first)?.status, "active");
    world.billing.plan = {};
    const told = await read(world, await world.mint(lucia));
    assert.equal(told.requested, undefined);
    assert.equal(told.subscriptions.find(({ id }) => id === ids.first)?.status, "paused");
    assert.equal((await world.effects()).length, 1);
  });

  it("notices that a cancellation was taken back elsewhere", async () => {
    const world = await open();
    const token = await world.mint(john);
    settled(await (await world.visit(john)).cancel());
    await read(world, token);
    assert.ok(!(await world.facts()).includes("cancel.undone"));
    await world.simulator.execute({ type: "undo_cancellation", subscriptionId: ids.monthly }, "dashboard");
    for (let views = 0; views < 2; views++) await read(world, token);
    assert.equal((await world.facts()).filter((type) => type === "cancel.undone").length, 1);
  });

  it("says that billing does not answer, and never a part of the truth", async () => {
    const world = await open();
    const token = await world.mint(john);
    for (const operation of ["now", "findCustomers", "subscriptions"] as const) {
      world.billing.plan = { [operation]: { when: "before", throws: "unknown" } };
      const reply = await world.request(HUB, { token });
      assert.deepEqual([reply.status, reply.code], [503, "billing_unavailable"], operation);
    }
    world.billing.plan = {};
    assert.deepEqual(await shown(world, token), [ids.monthly]);
  });

  it("is opened by no delivery token, and by no session id that has expired", async () => {
    const world = await open();
    const visit = await world.visit(john);
    const delivery = await world.request(HUB, { token: visit.config.session.deliveryToken ?? assert.fail() });
    assert.deepEqual([delivery.status, delivery.code], [401, "session_invalid"]);
    world.pass(DAY);
    assert.equal((await world.request(HUB, { token: visit.token })).code, "session_expired");
  });

  it("checks the address, the method, the session, the rate and the origin, in this order", async () => {
    const world = await open({ limits: { perSession: 0 } });
    const token = await world.mint(john);
    const origin = "https://elsewhere.example";
    const wrong = await world.request(HUB, { method: "DELETE", origin });
    assert.deepEqual([wrong.status, wrong.headers.get("allow")], [405, "GET"]);
    assert.equal((await world.request(HUB, { origin })).status, 401);
    assert.equal((await world.request(HUB, { origin, token })).status, 429);
    world.deps.limits.perSession = 100;
    const before = world.billing.calls.length;
    const foreign = await world.request(HUB, { origin, token });
    assert.deepEqual([foreign.status, foreign.code], [403, "origin_not_allowed"]);
    assert.equal(world.billing.calls.length, before, "billing is not asked for a page that may not read");
    const own = await world.request(HUB, { origin: SHOP, token });
    assert.deepEqual([own.status, own.headers.get("access-control-allow-origin")], [200, SHOP]);
    assert.equal(own.headers.get("cache-control"), "no-store");
  });
});

/** What a customer changes in a hub: seen before, carried out once, and nothing that is not allowed. */
import assert from "node:assert/strict";
import { it } from "node:test";
import type { HubChange } from "../../../src/api/wire.ts";
import { addMonths } from "../../../src/flow/offers.ts";
import { publicView } from "../../src/billing/provider.ts";
import { demoSubscriptions as ids } from "../../src/billing/simulator-demo.ts";
import { demoFlow } from "../../src/domain/default-flow.ts";
import { DAY, john, MINUTE, NOW, onEachStore, type World } from "../harness.ts";
import {
  agree,
  ask,
  changed,
  make,
  mintFor,
  owners,
  PLANS,
  preview,
  previewed,
  readHub,
  told,
} from "./changing.ts";

const GOOD_CARD = { brand: "Visa", last4: "4242", expMonth: 12, expYear: 2031 };
const pause = { type: "pause", choice: { months: 2 } } as const;

interface Case {
  name: string;
  of: keyof typeof owners;
  change: HubChange;
  action: object;
  charged: boolean;
  before?: (world: World) => Promise<unknown>;
}

const price = (priceId: string) => ({ type: "change_price", priceId });
const midnight = Math.floor(NOW / DAY) * DAY + 20 * DAY;

const cases: readonly Case[] = [
  {
    name: "a dearer plan, at once",
    of: ids.first,
    change: { type: "plan_change", priceId: "price_pro_monthly" },
    action: { ...price("price_pro_monthly"), charge: "now", asOf: NOW },
    charged: true,
  },
  {
    name: "a cheaper plan, with the next charge",
    of: ids.monthly,
    change: { type: "plan_change", priceId: "price_basic_monthly" },
    action: { ...price("price_basic_monthly"), charge: "renewal" },
    charged: false,
  },
  {
    name: "a longer interval that costs less per month, at once",
    of: ids.monthly,
    change: { type: "plan_change", priceId: "price_pro_annual" },
    action: { ...price("price_pro_annual"), charge: "now", asOf: NOW },
    charged: true,
  },
  {
    name: "a shorter interval that costs more per month, with the next charge",
    of: ids.annual,
    change: { type: "plan_change", priceId: "price_pro_monthly" },
    action: { ...price("price_pro_monthly"), charge: "renewal" },
    charged: false,
  },
  {
    name: "another plan in a trial, at once and without a charge",
    of: ids.trialing,
    change: { type: "plan_change", priceId: "price_basic_monthly" },
    action: { ...price("price_basic_monthly"), charge: "now", asOf: NOW },
    charged: false,
  },
  {
    name: "the switch to yearly",
    of: ids.monthly,
    change: { type: "annual_switch" },
    action: { ...price("price_pro_annual"), charge: "now", asOf: NOW },
    charged: true,
  },
  {
    name: "a pause for two months",
    of: ids.monthly,
    change: pause,
    action: { type: "pause", resumesAt: addMonths(NOW, 2) },
    charged: false,
  },
  {
    name: "a pause until a day",
    of: ids.monthly,
    change: { type: "pause", choice: { until: midnight } },
    action: { type: "pause", resumesAt: midnight },
    charged: false,
  },
  {
    name: "another end of a pause",
    of: ids.paused,
    change: { type: "extend_pause", choice: { months: 3 } },
    action: { type: "pause", resumesAt: addMonths(NOW - 20 * DAY, 3) },
    charged: false,
  },
  {
    name: "the end of a pause",
    of: ids.paused,
    change: { type: "resume" },
    action: { type: "resume" },
    charged: true,
  },
  {
    name: "the undoing of a cancellation",
    of: ids.cancelling,
    change: { type: "undo_cancellation" },
    action: { type: "undo_cancellation" },
    charged: false,
  },
  {
    name: "a promo code",
    of: ids.monthly,
    change: { type: "promo_code", code: "WELCOME20" },
    action: { type: "promo_code", code: "WELCOME20" },
    charged: false,
  },
  {
    name: "a payment, once there is a card for it",
    of: ids.pastDue,
    change: { type: "retry_payment" },
    action: { type: "retry_payment" },
    charged: true,
    before: (world) => world.simulator.setPaymentMethod(owners[ids.pastDue], GOOD_CARD),
  },
  {
    name: "what the business offers",
    of: ids.monthly,
    change: { type: "offer", offer: "annual" },
    action: { ...price("price_pro_annual"), charge: "now", asOf: NOW },
    charged: true,
    before: (world) => world.publish(demoFlow),
  },
];

onEachStore("A change in a hub", ({ open: openWorld }) => {
  const open = () => openWorld({ settings: { hub: { plans: PLANS } } });

  for (const { name, of, change, action, charged, before } of cases) {
    it(`${name}: leads to what was shown, once`, async () => {
      const world = await open();
      await before?.(world);
      const token = await mintFor(world, of);
      const untouched = await world.billed(of);
      const request = await agree(world, token, of, change);
      assert.deepEqual(await world.billed(of), untouched, "a preview changes nothing");
      assert.deepEqual(
        [request.seen.at, request.seen.currency, request.seen.dueNow > 0],
        [NOW, "usd", charged],
      );
      const subscription = changed(await ask(world, token, request));
      assert.deepEqual(subscription, request.seen.subscription);
      assert.deepEqual(publicView(await world.billed(of)), subscription);
      const [effect, ...others] = await world.effects();
      assert.deepEqual([effect, others], [{ ...action, subscriptionId: of }, []]);
      const [event, ...more] = await world.deps.store.events(world.scope, { limit: 9 });
      assert.deepEqual([event?.type, event?.at, more], ["subscription.changed", NOW, []]);
      assert.deepEqual(event?.data, {
        change: change.type,
        customer_id: owners[of],
        subscription_id: of,
        due_now_cents: request.seen.dueNow,
        currency: request.seen.currency,
        from: told(publicView(untouched)),
        to: told(subscription),
        promo_code: change.type === "promo_code" ? change.code : null,
        offer_id: change.type === "offer" ? change.offer : null,
      });
      assert.match(event?.sessionId ?? "", /^tok_/);
      world.pass(MINUTE);
      assert.deepEqual(await world.deps.store.pendingChanges(world.scope, of), []);
    });
  }

  it("choosing the present plan takes back what was planned", async () => {
    const world = await open();
    const token = await world.mint(john);
    const to = (priceId: string) => make(world, token, ids.monthly, { type: "plan_change", priceId });
    const before = publicView(await world.billed(ids.monthly));
    assert.equal(changed(await to("price_basic_monthly")).scheduledChange?.name, "Basic");
    world.pass(1);
    assert.deepEqual(changed(await to("price_pro_monthly")), before);
  });

  it("is charged what was shown, a little later as well", async () => {
    const world = await open();
    const token = await world.mint(john);
    const request = await agree(world, token, ids.monthly, { type: "annual_switch" });
    world.pass(15 * MINUTE);
    changed(await ask(world, token, request));
    const last = (await world.invoices(ids.monthly)).at(-1);
    assert.deepEqual([last?.at, last?.amount], [world.clock.now, request.seen.dueNow]);
  });

  it("the same id again is answered with what it has led to", async () => {
    const world = await open();
    const token = await world.mint(john);
    const request = await agree(world, token, ids.monthly, pause);
    const first = await ask(world, token, request);
    const again = await ask(world, await world.mint(john), request);
    assert.deepEqual([again.status, again.body], [200, first.body]);
    assert.equal((await world.effects()).length, 1);
    world.pass(20 * MINUTE);
    changed(await make(world, token, ids.monthly, { type: "resume" }));
    const resumed = publicView(await world.billed(ids.monthly));
    assert.deepEqual(changed(await ask(world, token, request)), resumed, "as billing has it now");
    assert.deepEqual(await world.facts(), ["subscription.changed", "subscription.changed"]);
  });

  it("the same id for something else is a conflict", async () => {
    const world = await open();
    const token = await mintFor(world, ids.first);
    const request = await agree(world, token, ids.first, pause);
    changed(await ask(world, token, request));
    for (const other of [
      { ...request, change: { type: "pause", choice: { months: 3 } } as const },
      { ...request, subscription: ids.second },
    ]) {
      const reply = await ask(world, token, other);
      assert.deepEqual([reply.status, reply.code], [409, "change_conflict"]);
    }
    assert.equal((await world.effects()).length, 1);
    const theirs = await agree(world, await world.mint(john), ids.monthly, pause);
    changed(await ask(world, await world.mint(john), { ...theirs, id: request.id }));
  });

  it("is the customer's own affair, and of the subscription that the session names", async () => {
    const world = await open();
    const mine = await mintFor(world, ids.first);
    const named = await world.mint("cus_lucia", ids.first, "subscription");
    const request = await agree(world, await world.mint(john), ids.monthly, pause);
    const second = await agree(world, mine, ids.second, pause);
    for (const [token, wanted] of [
      [mine, request],
      [named, second],
      [mine, { ...second, subscription: "sub_unknown" }],
    ] as const) {
      for (const reply of [
        await preview(world, token, wanted.subscription, wanted.change),
        await ask(world, token, wanted),
      ])
        assert.deepEqual([reply.status, reply.code], [404, "subscription_not_found"]);
    }
    assert.deepEqual(await world.effects(), []);
    changed(await make(world, named, ids.first, pause));
  });

  it("takes no more than what was seen: another sum, a field more or less, words in place of it", async () => {
    const world = await open();
    const token = await world.mint(john);
    const request = await agree(world, token, ids.monthly, { type: "annual_switch" });
    const { seen } = request;
    const { nextCharge: _, ...poorer } = seen.subscription;
    for (const other of [
      { ...seen, dueNow: seen.dueNow - 1 },
      { ...seen, currency: "eur" },
      { ...seen, more: 1 },
      { ...seen, subscription: poorer },
      {
        ...seen,
        subscription: { ...seen.subscription, plan: { id: "prod_pro", name: "Pro", features: [] } },
      },
      { ...seen, at: String(seen.at) },
      "annual",
      null,
    ]) {
      const reply = await ask(world, token, { ...request, seen: other });
      assert.deepEqual([reply.status, reply.code], [409, "terms_changed"], JSON.stringify(other));
    }
    assert.deepEqual(await world.effects(), []);
    changed(await ask(world, token, request));
  });

  it("holds for a quarter of an hour, and is not of tomorrow", async () => {
    const world = await open();
    const token = await world.mint(john);
    const request = await agree(world, token, ids.monthly, pause);
    const reply = await ask(world, token, { ...request, seen: { ...request.seen, at: NOW + 1 } });
    assert.equal(reply.code, "terms_changed");
    world.pass(15 * MINUTE + 1);
    assert.equal((await ask(world, token, request)).code, "terms_changed");
    const anew = await agree(world, token, ids.monthly, pause);
    world.pass(15 * MINUTE);
    const { pausedUntil } = changed(await ask(world, token, anew));
    assert.equal(pausedUntil, anew.seen.subscription.pausedUntil, "counted from what was shown");
  });

  it("is refused where billing has something else meanwhile", async () => {
    const world = await open();
    const token = await world.mint(john);
    const request = await agree(world, token, ids.monthly, pause);
    await world.simulator.execute(
      { type: "discount", subscriptionId: ids.monthly, percentOff: 10, currency: "usd", duration: "forever" },
      "elsewhere",
    );
    assert.equal((await ask(world, token, request)).code, "terms_changed");
  });

  for (const [code, refusal] of [
    ["NEVER", "promo_code_invalid"],
    ["SUMMER24", "promo_code_expired"],
    ["FIRST100", "promo_code_used_up"],
    ["TEAMONLY", "promo_code_not_applicable"],
  ] as const) {
    it(`the promo code ${code} is refused before anything is agreed to: ${refusal}`, async () => {
      const world = await open();
      const token = await world.mint(john);
      const good = await agree(world, token, ids.monthly, { type: "promo_code", code: "WELCOME20" });
      const change = { type: "promo_code", code } as const;
      assert.equal((await preview(world, token, ids.monthly, change)).code, refusal);
      assert.equal((await ask(world, token, { ...good, change })).code, refusal);
      assert.deepEqual(await world.effects(), []);
    });
  }

  for (const [code, refusal, status] of [
    ["payment_declined", "payment_declined", 402],
    ["promo_code_used_up", "promo_code_used_up", 409],
    ["nothing_of_the_kind", "billing_rejected", 409],
  ] as const) {
    it(`what billing refuses in the end (${code}) is told, again and again, and may be tried anew`, async () => {
      const world = await open();
      const token = await world.mint(john);
      const change = { type: "promo_code", code: "FIVEOFF" } as const;
      const request = await agree(world, token, ids.monthly, change);
      world.billing.plan = { execute: { when: "before", throws: "rejected", code, times: 1 } };
      for (const reply of [await ask(world, token, request), await ask(world, token, request)])
        assert.deepEqual([reply.status, reply.code], [status, refusal]);
      const row = await world.deps.store.changeByKey(world.scope, john, request.id);
      assert.deepEqual([row?.status, row?.fault], ["failed", code]);
      assert.deepEqual([await world.effects(), await world.facts()], [[], ["subscription.change_failed"]]);
      changed(await make(world, token, ids.monthly, change));
    });
  }

  it("a card that is refused is told, and the same again works with another", async () => {
    const world = await open();
    const token = await mintFor(world, ids.pastDue);
    const reply = await make(world, token, ids.pastDue, { type: "retry_payment" });
    assert.deepEqual([reply.status, reply.code], [402, "payment_declined"]);
    await world.simulator.setPaymentMethod(owners[ids.pastDue], GOOD_CARD);
    const { status } = changed(await make(world, token, ids.pastDue, { type: "retry_payment" }));
    assert.equal(status, "active");
  });

  it("what is not possible now is neither previewed nor carried out", async () => {
    const world = await open();
    const token = await world.mint(john);
    const good = await agree(world, token, ids.monthly, pause);
    const impossible: HubChange[] = [
      { type: "resume" },
      { type: "undo_cancellation" },
      { type: "retry_payment" },
      { type: "extend_pause", choice: { months: 1 } },
      { type: "plan_change", priceId: "price_pro_monthly" },
      { type: "plan_change", priceId: "price_basic_monthly_2019" },
      { type: "pause", choice: {} },
      { type: "pause", choice: { months: 11 } },
      { type: "pause", choice: { until: NOW + 3650 * DAY } },
      { type: "offer", offer: "annual" },
    ];
    for (const change of impossible) {
      for (const reply of [
        await preview(world, token, ids.monthly, change),
        await ask(world, token, { ...good, change }),
      ])
        assert.deepEqual([reply.status, reply.code], [409, "change_not_available"], JSON.stringify(change));
    }
    assert.deepEqual(await world.effects(), []);
  });

  it("what was offered is taken once", async () => {
    const world = await open();
    await world.publish(demoFlow);
    const token = await mintFor(world, ids.trialing);
    const change = { type: "offer", offer: "first-months-off" } as const;
    const request = await agree(world, token, ids.trialing, change);
    assert.ok(changed(await ask(world, token, request)).discount);
    assert.equal((await preview(world, token, ids.trialing, change)).code, "change_not_available");
    assert.equal((await readHub(world, token)).offer, undefined);
    const { customerId } = await world.billed(ids.trialing);
    assert.deepEqual(await world.deps.store.acceptedOffers(world.scope, customerId), [
      { offerId: "first-months-off", at: NOW },
    ]);
  });

  it("of one offer at once for two subscriptions, one is taken", async () => {
    const world = await open();
    const offers = [{ type: "discount", id: "half", percentOff: 50, duration: "once" }];
    await world.publish({ ...demoFlow, proactive: { offers } });
    const change = { type: "offer", offer: "half" } as const;
    // Each session is for one of them, and is offered it for that.
    const named = (subscription: string) => world.mint(owners[ids.first], subscription, "subscription");
    const tokens = [await named(ids.first), await named(ids.second)] as const;
    const requests = [
      await agree(world, tokens[0], ids.first, change),
      await agree(world, tokens[1], ids.second, change),
    ] as const;
    const replies = await Promise.all([
      ask(world, tokens[0], requests[0]),
      ask(world, tokens[1], requests[1]),
    ]);
    assert.equal(replies.filter(({ status }) => status === 200).length, 1, JSON.stringify(replies));
    assert.equal((await world.effects()).length, 1);
  });

  it("asked for five times at once it happens once, and all hear the same", async () => {
    const world = await open();
    const token = await world.mint(john);
    const request = await agree(world, token, ids.monthly, { type: "annual_switch" });
    const replies = await Promise.all(Array.from({ length: 5 }, () => ask(world, token, request)));
    for (const reply of replies) assert.deepEqual(changed(reply), request.seen.subscription);
    assert.equal((await world.effects()).length, 1);
    assert.deepEqual(await world.facts(), ["subscription.changed"]);
  });

  it("of several different ones at once, one wins", async () => {
    const world = await open();
    const token = await world.mint(john);
    const wanted: HubChange[] = [
      { type: "annual_switch" },
      pause,
      { type: "promo_code", code: "WELCOME20" },
      { type: "plan_change", priceId: "price_basic_monthly" },
    ];
    const requests = await Promise.all(wanted.map((change) => agree(world, token, ids.monthly, change)));
    const replies = await Promise.all(requests.map((request) => ask(world, token, request)));
    assert.equal(replies.filter(({ status }) => status === 200).length, 1, JSON.stringify(replies));
    for (const { status, code } of replies)
      if (status !== 200)
        assert.match(code ?? "", /^(terms_changed|change_not_available|billing_unavailable|promo_code_.*)$/);
    assert.equal((await world.effects()).length, 1);
    assert.deepEqual(await world.facts(), ["subscription.changed"]);
  });

  it("two subscriptions of one customer do not wait for each other", async () => {
    const world = await open();
    const token = await mintFor(world, ids.first);
    const requests = [
      await agree(world, token, ids.first, pause),
      await agree(world, token, ids.second, pause),
    ];
    for (const reply of await Promise.all(requests.map((request) => ask(world, token, request))))
      changed(reply);
  });

  it("is told to be unavailable where billing does not answer before anything is written", async () => {
    const world = await open();
    const token = await world.mint(john);
    const request = await agree(world, token, ids.monthly, pause);
    for (const operation of ["subscription", "now", "preview"] as const) {
      world.billing.plan = { [operation]: { when: "before", throws: "unknown" } };
      for (const reply of [await preview(world, token, ids.monthly, pause), await ask(world, token, request)])
        assert.deepEqual([reply.status, reply.code], [503, "billing_unavailable"], operation);
    }
    assert.equal(await world.deps.store.changeByKey(world.scope, john, request.id), undefined);
    world.billing.plan = {};
    assert.equal(previewed(await preview(world, token, ids.monthly, pause)).at, NOW);
    changed(await ask(world, token, request));
  });
});

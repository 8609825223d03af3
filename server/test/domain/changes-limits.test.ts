/** What a customer could want from the changes of a hub that is not meant: something for nothing, or twice. */
import assert from "node:assert/strict";
import { it } from "node:test";
import type { HubChange } from "../../../src/api/wire.ts";
import { addMonths } from "../../../src/flow/offers.ts";
import { demoSubscriptions as ids } from "../../src/billing/simulator-demo.ts";
import { demoFlow } from "../../src/domain/default-flow.ts";
import { half } from "../flows/fixtures.ts";
import { alone, DAY, john, MINUTE, NOW, onEachStore, type World } from "../harness.ts";
import { agree, ask, changed, make, mintFor, type owners, PLANS, preview, readHub } from "./changing.ts";

const code = (typed: string) => ({ type: "promo_code", code: typed }) as const;
const plan = (priceId: string) => ({ type: "plan_change", priceId }) as const;

onEachStore("A change in a hub, beyond what is meant,", ({ home, open: openWorld }) => {
  const open = () => openWorld({ settings: { hub: { plans: PLANS } } });

  /** Neither shown nor done, though something else had been agreed to. */
  async function isRefused(world: World, subscription: keyof typeof owners, change: HubChange, why: string) {
    const token = await mintFor(world, subscription);
    const before = await world.effects();
    const seen = { at: world.clock.now };
    const shown = await preview(world, token, subscription, change);
    const asked = await ask(world, token, { id: "change_refused", subscription, change, seen } as never);
    for (const reply of [shown, asked]) assert.deepEqual([reply.status, reply.code], [409, why], reply.text);
    assert.deepEqual(await world.effects(), before);
  }

  it("makes no discount for some months one for a year", async () => {
    const world = await open();
    const token = await world.mint(john);
    const early = await agree(world, token, ids.monthly, plan("price_pro_annual"));
    changed(await make(world, token, ids.monthly, code("WELCOME20")));
    assert.equal((await ask(world, token, early)).code, "change_not_available");
    await isRefused(world, ids.monthly, plan("price_pro_annual"), "change_not_available");
    await isRefused(world, ids.monthly, { type: "annual_switch" }, "change_not_available");
    const { actions } = (await readHub(world, token)).subscriptions[0] ?? assert.fail();
    const left = actions.plan_change?.plans.map(({ price }) => price.id);
    assert.deepEqual(left, ["price_basic_monthly", "price_team_monthly"]);
  });

  it("is no way around a switch to yearly that is off", async () => {
    const actions = { annual_switch: false };
    const world = await openWorld({ settings: { hub: { plans: PLANS, actions } } });
    await isRefused(world, ids.monthly, plan("price_pro_annual"), "change_not_available");
    changed(await make(world, await world.mint(john), ids.monthly, plan("price_basic_monthly")));
  });

  it("leaves the rest of a year as it is when the next is by the month", async () => {
    const world = await open();
    const token = await mintFor(world, ids.annual);
    const before = await world.billed(ids.annual);
    const paid = (await world.invoices(ids.annual)).length;
    const after = changed(await make(world, token, ids.annual, plan("price_pro_monthly")));
    assert.deepEqual([after.price, after.periodEnd], [before.price, before.periodEnd]);
    assert.deepEqual(after.nextCharge, { amount: 4900, currency: "usd", at: before.periodEnd });
    assert.equal((await world.invoices(ids.annual)).length, paid);
  });

  it("is no pause that is over before the next charge", async () => {
    const world = await open();
    const [annual] = (await readHub(world, await mintFor(world, ids.annual))).subscriptions;
    assert.deepEqual([annual?.actions.pause, annual?.status], [undefined, "active"]);
    const pause = { type: "pause", choice: { months: 3 } } as const;
    await isRefused(world, ids.annual, pause, "change_not_available");
    world.pass(213 * DAY - 80 * DAY);
    const [later] = (await readHub(world, await mintFor(world, ids.annual))).subscriptions;
    assert.deepEqual(later?.actions.pause?.months, [3]);
    changed(await make(world, await mintFor(world, ids.annual), ids.annual, pause));
  });

  it("makes a pause no longer than a pause may be, however often it is extended", async () => {
    const world = await open();
    const end = addMonths(NOW, 3);
    const latest = Math.floor(end / DAY) * DAY;
    changed(await make(world, await world.mint(john), ids.monthly, { type: "pause", choice: { months: 1 } }));
    for (let passed = 0; passed < 3; passed++) {
      world.pass(20 * DAY);
      const token = await world.mint(john);
      const [paused] = (await readHub(world, token)).subscriptions;
      const { dates, startsAt } = paused?.actions.extend_pause ?? assert.fail("it can be extended");
      assert.deepEqual([startsAt, dates?.max], [NOW, latest]);
      const choices = [{ months: 3 }, { until: latest }];
      for (const choice of choices) {
        const extended = changed(await make(world, token, ids.monthly, { type: "extend_pause", choice }));
        assert.equal(extended.pausedUntil, "months" in choice ? end : latest);
        world.pass(1);
      }
      const beyond = { type: "extend_pause", choice: { until: latest + DAY } } as const;
      await isRefused(world, ids.monthly, beyond, "change_not_available");
    }
    world.pass(end - world.clock.now);
    assert.equal((await world.billed(ids.monthly)).status, "active");
  });

  it("redeems a promo code once for each customer", async () => {
    const world = await open();
    changed(await make(world, await mintFor(world, ids.first), ids.first, code("FIVEOFF")));
    world.pass(1);
    for (const typed of ["FIVEOFF", "fiveoff", " FiveOff "])
      await isRefused(world, ids.second, code(typed), "promo_code_used_up");
    world.pass(70 * DAY);
    assert.equal((await world.billed(ids.first)).discount, undefined, "its month is over");
    await isRefused(world, ids.first, code("FIVEOFF"), "promo_code_used_up");
    // Another code is as good as ever, and so is this one for somebody else.
    changed(await make(world, await mintFor(world, ids.first), ids.first, code("WELCOME20")));
    changed(await make(world, await world.mint(john), ids.monthly, code("fiveoff")));
  });

  it("redeems a promo code once for two subscriptions at once", async () => {
    const world = await open();
    const token = await mintFor(world, ids.first);
    const requests = [
      await agree(world, token, ids.first, code("FIVEOFF")),
      await agree(world, token, ids.second, code("fiveoff")),
    ];
    const replies = await Promise.all(requests.map((request) => ask(world, token, request)));
    assert.equal(replies.filter(({ status }) => status === 200).length, 1, JSON.stringify(replies));
    assert.equal((await world.effects()).length, 1);
  });

  it("takes no code for one plan to another", async () => {
    const world = await open();
    const token = await world.mint(john);
    await isRefused(world, ids.monthly, code("TEAMONLY"), "promo_code_not_applicable");
    const full = (await world.billed(ids.monthly)).nextCharge;
    changed(await make(world, token, ids.monthly, plan("price_team_monthly")));
    world.pass(1);
    const { discount, nextCharge } = changed(await make(world, token, ids.monthly, code("teamonly")));
    assert.deepEqual([discount?.percentOff, nextCharge?.amount], [15, 3315]);
    world.pass(1);
    const back = changed(await make(world, token, ids.monthly, plan("price_pro_monthly")));
    assert.deepEqual([back.plan.name, back.discount, back.nextCharge], ["Pro", undefined, full]);
    // Nor with a change that waits, or one that is charged at once.
    for (const priceId of ["price_basic_monthly", "price_pro_monthly"]) {
      const other = await open();
      const lucia = await mintFor(other, ids.second);
      changed(await make(other, lucia, ids.second, code("TEAMONLY")));
      other.pass(1);
      assert.equal(changed(await make(other, lucia, ids.second, plan(priceId))).discount, undefined);
    }
  });

  it("is seen anew where a charge has come in between", async () => {
    const world = await open();
    const { periodEnd } = await world.billed(ids.monthly);
    world.pass(periodEnd - world.clock.now - 2 * MINUTE);
    const token = await world.mint(john);
    const wanted: HubChange[] = [
      { type: "annual_switch" },
      plan("price_pro_annual"),
      plan("price_basic_monthly"),
      { type: "pause", choice: { months: 2 } },
    ];
    const requests = await Promise.all(wanted.map((change) => agree(world, token, ids.monthly, change)));
    world.pass(4 * MINUTE);
    for (const request of requests) {
      const reply = await ask(world, token, request);
      assert.deepEqual([reply.status, reply.code], [409, "terms_changed"], JSON.stringify(request.change));
    }
    assert.deepEqual(await world.effects(), []);
    changed(await make(world, token, ids.monthly, { type: "annual_switch" }));
  });

  for (const [by, status] of [
    [10 * MINUTE - 1, "succeeded"],
    [10 * MINUTE, "failed"],
  ] as const) {
    it(`that billing did not answer to for ${by} ms, ten minutes before a charge, has ${status}`, async () => {
      await using world = await alone(home);
      const { periodEnd } = await world.billed(ids.monthly);
      world.pass(periodEnd - world.clock.now - 10 * MINUTE);
      const token = await world.mint(john);
      const pause = { type: "pause", choice: { months: 2 } } as const;
      const request = await agree(world, token, ids.monthly, pause);
      world.billing.plan = { execute: { when: "before", throws: "unknown" } };
      changed(await ask(world, token, request), "requested");
      world.billing.plan = {};
      world.pass(by);
      assert.equal(await world.tick(), 1);
      const row = await world.deps.store.changeByKey(world.scope, john, request.id);
      const isFailed = status === "failed";
      assert.deepEqual([row?.status, row?.fault], [status, isFailed ? "terms_changed" : undefined]);
      assert.equal((await world.effects()).length, isFailed ? 0 : 1);
      assert.equal((await world.billed(ids.monthly)).status, isFailed ? "active" : "paused");
      const reply = await ask(world, token, request);
      assert.equal(reply.code, isFailed ? "terms_changed" : undefined);
    });
  }

  it("takes an offer for no other subscription than it was made for", async () => {
    const world = await open();
    await world.publish({ ...demoFlow, proactive: { offers: [half] } });
    const { offer } = await readHub(world, await mintFor(world, ids.first));
    assert.equal(offer?.subscription, ids.second);
    const change = { type: "offer", offer: "half" } as const;
    await isRefused(world, ids.first, change, "change_not_available");
    changed(await make(world, await mintFor(world, ids.second), ids.second, change));
    assert.equal((await world.billed(ids.first)).discount, undefined);
  });

  it("takes the offer that is shown while another subscription waits for billing", async () => {
    const world = await open();
    await world.publish({ ...demoFlow, proactive: { offers: [{ type: "annual_switch", id: "yearly" }] } });
    const token = await mintFor(world, ids.first);
    world.billing.plan = { execute: { when: "before", throws: "unknown" } };
    const pause = { type: "pause", choice: { months: 2 } } as const;
    changed(await make(world, token, ids.second, pause), "requested");
    assert.equal((await readHub(world, token)).offer?.subscription, ids.first);
    const reply = await preview(world, token, ids.first, { type: "offer", offer: "yearly" });
    assert.equal(reply.status, 200, reply.text);
  });
});

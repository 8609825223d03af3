/** Each kind of offer, from the screen to billing: what was picked is what was done, once, and what everybody says. */
import assert from "node:assert/strict";
import { it } from "node:test";
import type { Choice } from "../../../src/api/wire.ts";
import { addMonths } from "../../../src/flow/offers.ts";
import { publicView } from "../../src/billing/provider.ts";
import { demoSubscriptions as ids } from "../../src/billing/simulator-demo.ts";
import { half, offering, pause } from "../flows/fixtures.ts";
import { DAY, john, MINUTE, NOW, onEachStore, type World } from "../harness.ts";
import { settled, type Visit } from "../visit.ts";

onEachStore("Offers", ({ open }) => {
  async function meet(offer: object, customer = john): Promise<{ world: World; visit: Visit }> {
    const world = await open();
    await world.publish(offering(offer));
    return { world, visit: await world.visit(customer) };
  }

  /** Takes the offer on screen and checks that everybody tells the same story about it. */
  async function takes(
    world: World,
    visit: Visit,
    { choice, effect, ...told }: { choice?: Choice; effect?: object; offer: string; offer_value: object },
  ) {
    const { id, type } = visit.offer ?? assert.fail("an offer is on screen");
    const subscriptionId = visit.config.subscription.id;
    const settlement = settled(await visit.accept(choice));
    const billed = await world.billed(subscriptionId);
    assert.deepEqual(settlement, {
      outcome: "retained",
      status: "done",
      offer: { id, type },
      choice: choice ?? {},
      at: NOW,
      subscription: publicView(billed),
    });
    assert.deepEqual(await world.effects(), effect ? [{ subscriptionId, ...effect }] : []);

    const { subscription, customer } = visit.config;
    const [row, ...others] = await world.ledger();
    assert.equal(others.length, 0);
    const booked = {
      outcome: "retained",
      confirmed: true,
      offerAccepted: true,
      offerId: id,
      offerType: type,
      plan: subscription.plan.name,
      currency: subscription.price?.currency,
      email: customer.email,
      subscriptionId,
    };
    assert.deepEqual({ ...row, ...booked }, row);
    const [started, retained, ...more] = await world.deps.store.events(world.scope, { limit: 10 });
    assert.deepEqual([started?.type, retained?.type, more], ["cancel.started", "cancel.saved", []]);
    const said = {
      session_id: visit.session,
      customer_id: row?.customerId,
      email: customer.email,
      ...told,
      saved_mrr_cents: row?.savedMrr,
      cancel_reason: null,
      subscription_id: subscriptionId,
    };
    assert.deepEqual({ ...(retained?.data as object), ...said }, retained?.data);

    assert.deepEqual(settled(await visit.decide()), settlement, "the same again has the same answer");
    assert.equal((await world.effects()).length, effect ? 1 : 0);
    assert.deepEqual((await world.flow(visit.token)).session.settlement, settlement, "a reload shows it");
    return { settlement, billed };
  }

  it("discount: a percentage for some months", async () => {
    const offer = { type: "discount", id: "third", percentOff: 30, duration: "repeating", months: 3 };
    const { world, visit } = await meet(offer);
    const { terms } = visit.shown("discount");
    const effect = { type: "discount", percentOff: 30, currency: "usd", duration: "repeating", months: 3 };
    const { billed } = await takes(world, visit, {
      effect,
      offer: "discount",
      offer_value: { percent: 30, duration_months: 3 },
    });
    assert.equal(terms.amount, 4900);
    assert.equal(terms.discounted, 3430);
    assert.equal(billed.nextCharge?.amount, 3430);
    await world.simulator.advance({ to: terms.fullPriceAt as number });
    const [full, ...before] = (await world.invoices(ids.monthly)).reverse();
    assert.deepEqual([full?.at, full?.amount], [terms.fullPriceAt, 4900]);
    assert.deepEqual(
      before.slice(0, 4).map(({ amount }) => amount),
      [3430, 3430, 3430, 4900],
    );
  });

  it("discount: an amount in the subscription's own currency, for ever", async () => {
    const offer = { type: "discount", id: "off", amountOff: 900, currency: "jpy", duration: "forever" };
    const { world, visit } = await meet(offer, "cus_misaki");
    assert.equal(visit.shown("discount").terms.discounted, 2000);
    assert.equal(visit.shown("discount").terms.fullPriceAt, undefined);
    await takes(world, visit, {
      effect: { type: "discount", amountOff: 900, currency: "jpy", duration: "forever" },
      offer: "discount",
      offer_value: { amount_cents: 900, currency: "jpy", duration_months: null, duration: "forever" },
    });
    await world.simulator.advance({ by: 800 * DAY });
    const late = (await world.invoices(ids.yen)).filter(({ at }) => at > NOW);
    assert.ok(late.length > 24);
    assert.ok(late.every(({ amount }) => amount === 2000));
  });

  it("pause: ends after the next charge, or is not offered", async () => {
    const long = { ...pause, months: [1, 3, 8] };
    const termsFor = async (offer: object) => {
      const { visit } = await meet(offer, "cus_amara");
      return visit.offer ? visit.shown("pause").terms : undefined;
    };
    // The next year begins in 213 days.
    assert.equal(await termsFor(pause), undefined);
    assert.deepEqual(await termsFor(long), { months: [8], startsAt: NOW });
    const min = Math.floor((NOW + 213 * DAY) / DAY) * DAY + DAY;
    const dates = { min, max: Math.floor(addMonths(NOW, 8) / DAY) * DAY };
    const late = { ...pause, untilDate: { maxMonths: 8 } };
    assert.deepEqual(await termsFor(late), { months: [], dates, startsAt: NOW });
  });

  it("pause: the length that was picked", async () => {
    const { world, visit } = await meet(pause);
    const resumesAt = addMonths(NOW, 3);
    const { billed } = await takes(world, visit, {
      choice: { months: 3 },
      effect: { type: "pause", resumesAt },
      offer: "pause",
      offer_value: { months: 3 },
    });
    assert.equal(billed.status, "paused");
    assert.equal(billed.pausedUntil, resumesAt);
    await world.simulator.advance({ to: resumesAt - 1 });
    assert.equal((await world.billed(ids.monthly)).status, "paused");
    assert.ok(
      (await world.invoices(ids.monthly)).every(({ at }) => at <= NOW),
      "nothing was charged",
    );
    await world.simulator.advance({ to: resumesAt });
    assert.equal((await world.billed(ids.monthly)).status, "active");
  });

  it("pause: the date that was picked, from the first to the last possible", async () => {
    for (const end of ["min", "max"] as const) {
      const { world, visit } = await meet(pause);
      const until = visit.shown("pause").terms.dates?.[end] as number;
      assert.equal(until % DAY, 0, "a date, not a time of day");
      const { billed } = await takes(world, visit, {
        choice: { until },
        effect: { type: "pause", resumesAt: until },
        offer: "pause",
        offer_value: { until: new Date(until).toISOString() },
      });
      assert.equal(billed.pausedUntil, until);
    }
  });

  it("plan change: the plan that was picked, from the next charge on", async () => {
    const offer = {
      type: "plan_change",
      id: "smaller",
      plans: [{ priceId: "price_basic_monthly", description: "Less" }, { priceId: "price_team_monthly" }],
    };
    const { world, visit } = await meet(offer);
    const { plans, startsAt } = visit.shown("plan_change").terms;
    assert.deepEqual(
      plans.map(({ price }) => price.id),
      ["price_basic_monthly", "price_team_monthly"],
    );
    const priceId = "price_basic_monthly";
    await takes(world, visit, {
      choice: { priceId },
      effect: { type: "change_price", priceId, charge: "renewal" },
      offer: "downgrade",
      offer_value: { price_id: priceId },
    });
    await world.simulator.advance({ to: startsAt });
    const last = (await world.invoices(ids.monthly)).at(-1);
    assert.deepEqual([last?.at, last?.amount], [startsAt, plans[0]?.price.amount]);
    assert.equal((await world.billed(ids.monthly)).plan.name, "Basic");
  });

  it("plan change: shows what all seats cost", async () => {
    const offer = { type: "plan_change", id: "smaller", plans: [{ priceId: "price_basic_monthly" }] };
    const { world, visit } = await meet(offer, "cus_zoe");
    const { plans, startsAt } = visit.shown("plan_change").terms;
    assert.equal(plans[0]?.price.amount, 5 * 1900);
    settled(await visit.accept({ priceId: "price_basic_monthly" }));
    await world.simulator.advance({ to: startsAt });
    assert.equal((await world.invoices(ids.markup)).at(-1)?.amount, 5 * 1900);
  });

  it("annual switch: charges what it said and saves what it said", async () => {
    const { world, visit } = await meet({ type: "annual_switch", id: "annual" });
    const { plan, dueNow, saving } = visit.shown("annual_switch").terms;
    assert.equal(saving, 12 * 4900 - 49_000);
    const effect = { type: "change_price", priceId: plan.price.id, charge: "now", asOf: NOW };
    const { billed } = await takes(world, visit, {
      effect,
      offer: "annual_switch",
      offer_value: { price_id: "price_pro_annual" },
    });
    assert.equal(billed.price.interval, "year");
    const invoice = (await world.invoices(ids.monthly)).at(-1);
    assert.deepEqual([invoice?.at, invoice?.amount], [NOW, dueNow]);
    assert.ok(dueNow < 49_000, "the unused time is credited");
    await world.simulator.advance({ to: billed.periodEnd });
    assert.equal((await world.invoices(ids.monthly)).at(-1)?.amount, plan.price.amount);
  });

  it("annual switch: charges what was shown, however long the customer thinks about it", async () => {
    const { world, visit } = await meet({ type: "annual_switch", id: "annual" });
    const { plan, dueNow } = visit.shown("annual_switch").terms;
    world.pass(14 * MINUTE);
    const now = await world.simulator.preview({
      type: "change_price",
      subscriptionId: ids.monthly,
      priceId: plan.price.id,
      charge: "now",
    });
    assert.notEqual(now.dueNow, dueNow, "by now less time would be credited");
    const settlement = settled(await visit.accept());
    assert.equal(settlement.at, NOW + 14 * MINUTE);
    const invoice = (await world.invoices(ids.monthly)).at(-1);
    assert.deepEqual([invoice?.at, invoice?.amount], [NOW + 14 * MINUTE, dueNow]);
    // The new period begins when it is paid for.
    assert.equal((await world.billed(ids.monthly)).periodEnd, addMonths(NOW + 14 * MINUTE, 12));
  });

  it("annual switch: for all seats", async () => {
    const { world, visit } = await meet({ type: "annual_switch", id: "annual" }, "cus_eleanor");
    const { plan, dueNow, saving } = visit.shown("annual_switch").terms;
    assert.equal(plan.price.amount, 12 * 39_000);
    assert.equal(saving, 12 * (12 * 3900 - 39_000));
    settled(await visit.accept());
    assert.equal((await world.invoices(ids.longTenured)).at(-1)?.amount, dueNow);
  });

  it("trial extension: the trial ends when it said", async () => {
    const { world, visit } = await meet({ type: "trial_extension", id: "longer", days: 14 }, "cus_mateo");
    const { trialEnd } = visit.shown("trial_extension").terms;
    assert.equal(trialEnd, NOW + 26 * DAY);
    const { billed } = await takes(world, visit, {
      effect: { type: "extend_trial", trialEnd },
      offer: "trial_extension",
      offer_value: { days: 14 },
    });
    assert.equal(billed.trialEnd, trialEnd);
    await world.simulator.advance({ to: trialEnd - 1 });
    assert.deepEqual(await world.invoices(ids.trialing), []);
    await world.simulator.advance({ to: trialEnd });
    assert.equal((await world.invoices(ids.trialing)).length, 1);
  });

  for (const offer of [
    { type: "contact", id: "talk", url: "mailto:help@papercrane.example" },
    { type: "redirect", id: "guide", url: "https://papercrane.example/guide" },
    { type: "custom", id: "training", name: "training", data: { hours: 2 } },
  ]) {
    it(`${offer.type}: is kept without billing`, async () => {
      const { world, visit } = await meet(offer);
      const before = await world.billed(ids.monthly);
      world.billing.plan = { execute: { when: "before", throws: "unknown" } };
      const offer_value = "name" in offer ? { name: offer.name } : { url: offer.url };
      await takes(world, visit, { offer: offer.type, offer_value });
      assert.deepEqual(await world.billed(ids.monthly), before);
      assert.ok(world.billing.calls.every(({ operation }) => operation !== "execute"));
    });
  }

  it("annual switch: is not offered when billing would not do it", async () => {
    const world = await open();
    await world.publish(offering({ type: "annual_switch", id: "annual" }));
    world.billing.plan = { preview: { when: "before", throws: "rejected" } };
    const { flow } = await world.flow(await world.mint(john));
    assert.deepEqual(
      flow.steps.map(({ id }) => id),
      ["confirm"],
    );
  });

  it("are not made where they mean nothing", async () => {
    const world = await open();
    const never: [string, object][] = [
      ["cus_tom", half],
      ["cus_mateo", pause],
      ["cus_ingrid", pause],
      [john, { type: "trial_extension", id: "longer", days: 7 }],
      [john, { type: "discount", id: "yen", amountOff: 500, currency: "jpy", duration: "once" }],
      [john, { type: "plan_change", id: "same", plans: [{ priceId: "price_pro_monthly" }] }],
      [john, { type: "plan_change", id: "yen", plans: [{ priceId: "price_basic_monthly_jpy" }] }],
      [john, { type: "plan_change", id: "none", plans: [{ priceId: "price_nowhere" }] }],
      [john, { type: "plan_change", id: "retired", plans: [{ priceId: "price_basic_monthly_2019" }] }],
      ["cus_ingrid", { type: "plan_change", id: "paused", plans: [{ priceId: "price_basic_monthly" }] }],
      ["cus_amara", { type: "annual_switch", id: "annual" }],
      ["cus_mateo", { type: "annual_switch", id: "annual" }],
      // A discount that was meant for some months would become one for a year.
      ["cus_tom", { type: "annual_switch", id: "annual" }],
      ["cus_misaki", { type: "annual_switch", id: "annual" }],
      [john, { type: "annual_switch", id: "monthly", priceId: "price_team_monthly" }],
      ["cus_noah", { type: "annual_switch", id: "costly", priceId: "price_team_annual" }],
      [john, { type: "annual_switch", id: "nowhere", priceId: "price_nowhere" }],
      ["cus_amara", { ...half, id: "brief", duration: "repeating", months: 1 }],
    ];
    for (const [customer, offer] of never) {
      await world.publish(offering(offer));
      const { flow } = await world.flow(await world.mint(customer));
      assert.deepEqual(
        flow.steps.map(({ id }) => id),
        ["confirm"],
        `${customer}: ${JSON.stringify(offer)}`,
      );
    }
  });
});

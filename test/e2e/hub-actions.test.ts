import assert from "node:assert/strict";
import { after, afterEach, before, it } from "node:test";
import { addMonths } from "../../src/flow/offers.ts";
import type { AnyPage, Preferences } from "./drivers/page.ts";
import { createWorld, describeInEachEngine, type Visitor, type World } from "./harness.ts";
import {
  button,
  cancelInHub,
  cardFacts,
  confirm,
  day,
  dollars,
  ids,
  invoicesOf,
  john,
  panel,
  plainFlow,
  plans,
  previewed,
  told,
  visitHub,
} from "./hub-page.ts";

const DAY = 86_400_000;

/** Each change, from the button to billing's books: what was read before is what is there afterwards. */
describeInEachEngine("a customer who manages a subscription in the hub", (engine) => {
  let world: World<AnyPage, Preferences>;
  let visitor: Visitor<AnyPage>;
  before(async () => {
    world = await createWorld(engine);
    await world.publish(plainFlow);
    await world.setHub({ plans });
  });
  after(() => world.close());
  afterEach(async () => {
    assert.deepEqual(visitor.faults, []);
    await visitor.close();
  });

  async function visit(customer: string): Promise<AnyPage> {
    visitor = await visitHub(world, customer);
    return visitor.page;
  }

  /** The one change that the page was told of. */
  async function announced(change: string, subscriptionId: string): Promise<void> {
    const changes = (await visitor.events()).filter(({ name }) => name === "renumerate-change");
    assert.deepEqual(changes.at(-1)?.detail, { subscriptionId, change, status: "done" });
  }

  it("takes a larger plan, and is charged at once what the confirmation said", async () => {
    const before = await invoicesOf(world, ids.noah);
    const page = await visit("cus_noah");
    await button(page, "Change plan").click();
    await page.getByRole("radio", { name: /^Pro\s*\$49\.00 per month/ }).check();
    const seen = await previewed(page);
    assert.partialDeepStrictEqual(seen, { "New plan": "Pro", "From today": "$49.00 per month" });
    await confirm(page, "Switch plan");
    await told(page, "Your plan is changed");
    const { price, nextCharge } = await world.subscription(ids.noah);
    assert.equal(price.id, "price_pro_monthly");
    const [charged, ...older] = await invoicesOf(world, ids.noah);
    assert.deepEqual(older, before);
    assert.equal(dollars(charged?.amount), seen["Due today"]);
    assert.ok((charged?.amount ?? 0) > 0);
    assert.equal(seen["Next charge"], `${dollars(nextCharge?.amount)} on ${day(nextCharge?.at)}`);
    assert.equal((await cardFacts(page))["Next charge"], seen["Next charge"]);
    await page.getByRole("heading", { name: "Pro", exact: true }).waitFor();
    await announced("plan_change", ids.noah);
  });

  it("takes a smaller plan for later, which costs nothing now, and takes it back", async () => {
    const before = await invoicesOf(world, ids.john);
    const { nextCharge } = await world.subscription(ids.john);
    const page = await visit(john);
    await button(page, "Change plan").click();
    await page.getByRole("radio", { name: /^Basic\s*\$19\.00 per month/ }).check();
    const seen = await previewed(page);
    assert.equal(seen["Due today"], "$0.00");
    assert.equal(seen[`From ${day(nextCharge?.at)}`], "Basic · $19.00 per month");
    assert.equal(seen["Next charge"], `$19.00 on ${day(nextCharge?.at)}`);
    await confirm(page, "Switch plan");
    await told(page, `Your plan will change on ${day(nextCharge?.at)}`);
    const planned = await world.subscription(ids.john);
    assert.equal(planned.price.id, "price_pro_monthly");
    assert.equal(planned.scheduledChange?.price.id, "price_basic_monthly");
    assert.equal(planned.nextCharge?.amount, 1900);
    await announced("plan_change", ids.john);

    await button(page, "Change plan").click();
    await page.getByRole("radio", { name: /^Pro\s*\$49\.00 per month/ }).check();
    assert.equal((await previewed(page))["Next charge"], `$49.00 on ${day(nextCharge?.at)}`);
    await confirm(page, "Switch plan");
    await told(page, "Your subscription continues");
    const { scheduledChange, ...back } = await world.subscription(ids.john);
    assert.equal(scheduledChange, undefined);
    assert.deepEqual(back.nextCharge, nextCharge);
    assert.deepEqual(await invoicesOf(world, ids.john), before);
  });

  it("switches to yearly: what is due is charged, and the saving is for all seats", async () => {
    const before = await invoicesOf(world, ids.zoe);
    const page = await visit("cus_zoe");
    await button(page, "Switch to yearly").click();
    const seen = await previewed(page);
    assert.partialDeepStrictEqual(seen, {
      "From today": "$1,950.00 per year",
      "You save per year": dollars(12 * 5 * 3900 - 5 * 39_000),
    });
    await panel(page).getByText("You pay for a whole year in advance.").waitFor();
    await confirm(page, "Switch to yearly");
    await told(page, "You now pay by the year");
    const { price, periodEnd } = await world.subscription(ids.zoe);
    assert.equal(price.id, "price_team_annual");
    const [charged, ...older] = await invoicesOf(world, ids.zoe);
    assert.deepEqual(older, before);
    assert.equal(dollars(charged?.amount), seen["Due today"]);
    assert.equal(periodEnd, addMonths(charged?.at as number, 12));
    await announced("annual_switch", ids.zoe);
  });

  it("pauses by months, changes the pause to a date, and resumes inside what is paid for: nothing is charged", async () => {
    const before = await invoicesOf(world, ids.eleanor);
    const { nextCharge } = await world.subscription(ids.eleanor);
    const { now } = await world.state();
    const page = await visit("cus_eleanor");
    await button(page, "Pause subscription").click();
    await page.getByRole("radio", { name: "2 months" }).check();
    const seen = await previewed(page);
    assert.equal(seen["Due today"], "$0.00");
    assert.equal(seen["Paused until"], day(addMonths(now, 2)));
    await confirm(page, "Pause subscription");
    await told(page, "Your pause is set");
    const paused = await world.subscription(ids.eleanor);
    assert.equal(paused.status, "paused");
    assert.equal(day(paused.pausedUntil), seen["Paused until"]);
    await page.getByText(`Paused until ${day(paused.pausedUntil)}`).waitFor();
    await announced("pause", ids.eleanor);

    await button(page, "Change the pause").click();
    const wanted = new Date(now + 40 * DAY).setHours(0, 0, 0, 0);
    const date = page.getByLabel("Or until a date");
    await date.fill(new Date(wanted).toLocaleDateString("sv"));
    await date.press("Tab");
    assert.equal((await previewed(page))["Paused until"], day(wanted));
    await confirm(page, "Change the pause");
    await told(page, "Your pause is changed");
    assert.equal((await world.subscription(ids.eleanor)).pausedUntil, wanted);
    await announced("extend_pause", ids.eleanor);

    // Nothing has been missed yet.
    await button(page, "Cancel the pause").click();
    assert.equal((await previewed(page))["Due today"], "$0.00");
    await panel(page).getByText("Your subscription runs again from today.").waitFor();
    await confirm(page, "Cancel the pause");
    await told(page, "Your subscription is running again");
    const resumed = await world.subscription(ids.eleanor);
    assert.equal(resumed.status, "active");
    assert.equal(resumed.pausedUntil, undefined);
    assert.deepEqual(resumed.nextCharge, nextCharge);
    assert.deepEqual(await invoicesOf(world, ids.eleanor), before);
    await announced("resume", ids.eleanor);
  });

  it("resumes after what was paid for: a new period begins and is charged", async () => {
    const before = await invoicesOf(world, ids.ingrid);
    const page = await visit("cus_ingrid");
    await button(page, "Resume now").click();
    const seen = await previewed(page);
    assert.equal(seen["Due today"], "$49.00");
    await confirm(page, "Resume now");
    await told(page, "Your subscription is running again");
    const { status, nextCharge, periodEnd } = await world.subscription(ids.ingrid);
    assert.equal(status, "active");
    const [charged, ...older] = await invoicesOf(world, ids.ingrid);
    assert.deepEqual(older, before);
    assert.equal(charged?.amount, 4900);
    assert.equal(periodEnd, addMonths(charged?.at as number, 1));
    assert.equal(seen["Next charge"], `$49.00 on ${day(nextCharge?.at)}`);
  });

  it("cancels, undoes it, and cancels again: each is counted as what it was", async () => {
    const page = await visit("cus_misaki");
    await cancelInHub(page);
    const { cancelAt, periodEnd } = await world.subscription(ids.misaki);
    assert.equal(cancelAt, periodEnd);
    await page.getByText(`Ends on ${day(cancelAt)}`, { exact: true }).waitFor();
    assert.equal(await button(page, "Cancel subscription").count(), 0);

    await button(page, "Undo cancellation").click();
    assert.equal((await previewed(page))["Due today"], "¥0");
    await panel(page).getByText("Your subscription continues as before.").waitFor();
    await confirm(page, "Undo cancellation");
    await told(page, "Your cancellation is undone");
    assert.equal((await world.subscription(ids.misaki)).cancelAt, undefined);
    await announced("undo_cancellation", ids.misaki);
    const rows = async () =>
      (await world.state()).ledger.filter(({ subscriptionId }) => subscriptionId === ids.misaki);
    assert.deepEqual(
      (await rows()).map(({ outcome, undoneAt }) => [outcome, typeof undoneAt]),
      [["cancelled", "number"]],
    );

    await cancelInHub(page);
    assert.equal((await world.subscription(ids.misaki)).cancelAt, periodEnd);
    const counted = await rows();
    assert.deepEqual(
      counted.map(({ outcome }) => outcome),
      ["cancelled", "cancelled"],
    );
    assert.deepEqual(
      counted.map(({ undoneAt }) => typeof undoneAt).sort(),
      ["number", "undefined"],
      "the second one stands",
    );
    assert.equal(new Set(counted.map(({ sessionId }) => sessionId)).size, 2);
  });

  it("enters promo codes: what is wrong with one is said at the field, and a good one lowers the next charge", async () => {
    const page = await visit(john);
    await button(page, "Enter a promo code").click();
    const field = page.getByRole("textbox", { name: "Promo code" });
    for (const [code, words] of [
      ["NOSUCHCODE", "We do not know this code. Please check how it is spelt."],
      ["SUMMER24", "This code has expired."],
      ["FIRST100", "This code has been used up."],
      ["TEAMONLY", "This code does not apply to your subscription."],
    ] as const) {
      await field.fill(code);
      await field.press("Enter");
      await panel(page).getByText(words).waitFor();
      assert.equal(await field.getAttribute("aria-invalid"), "true");
    }
    await field.fill(" welcome20 ");
    await confirm(page, "Check code");
    const seen = await previewed(page);
    assert.equal(seen["Due today"], "$0.00");
    assert.equal(seen.Price, "$39.20 per month instead of $49.00");
    await confirm(page, "Apply discount");
    await told(page, "Your discount is on");
    const { discount, nextCharge } = await world.subscription(ids.john);
    assert.equal(discount?.percentOff, 20);
    assert.equal(nextCharge?.amount, 3920);
    assert.equal(seen.Discount, `20% off until ${day(discount?.endsAt)}`);
    assert.equal(seen["Next charge"], `$39.20 on ${day(nextCharge?.at)}`);
    assert.equal(await button(page, "Enter a promo code").count(), 0, "one discount at a time");
    await announced("promo_code", ids.john);
  });
});

import assert from "node:assert/strict";
import { after, before, it } from "node:test";
import { addMonths } from "../../src/flow/offers.ts";
import type { AnyPage, Preferences } from "./drivers/page.ts";
import { everyOffer } from "./flows.ts";
import { createWorld, describeInEachEngine, type Visit, type Visitor, type World } from "./harness.ts";

const DAY = 86_400_000;
const DONE = ["open", "step", "step", "retained", "complete"];

/** Each kind of offer, accepted by a customer at the keyboard of a real browser, and then looked up at billing. */
describeInEachEngine("a customer accepts", (engine) => {
  let world: World<AnyPage, Preferences>;
  before(async () => {
    world = await createWorld(engine);
    await world.publish(everyOffer);
  });
  after(() => world.close());

  /** Opens the flow, gives the reason and goes on to its offer. */
  async function reach(reason: string, visit: Visit<Preferences>): Promise<Visitor<AnyPage>> {
    const visitor = await world.visit(visit);
    const { page } = visitor;
    await page.getByRole("button", { name: "Cancel subscription" }).click();
    await page.getByRole("radio", { name: reason }).check();
    await page.getByRole("button", { name: "Continue" }).click();
    return visitor;
  }

  /** The ledger has one row for this subscription, and the event was announced once. */
  async function recorded(subscription: string, offerType: string, reason: string): Promise<void> {
    const { ledger, events } = await world.state();
    const rows = ledger.filter((row) => row.subscriptionId === subscription);
    assert.equal(rows.length, 1);
    assert.partialDeepStrictEqual(rows[0], {
      outcome: "retained",
      offerType,
      reason,
      offerAccepted: true,
      confirmed: true,
    });
    const types = events.filter(({ data }) => data.subscription_id === subscription).map(({ type }) => type);
    assert.deepEqual(types.sort(), ["cancel.saved", "cancel.started"]);
  }

  it("a discount, and reads the new price and until when", async () => {
    const subscription = "sub_1MowQVLkdIwHu7ixeRlqHVzs";
    const { page, names, close } = await reach("Too expensive", { customer: "cus_NffrFeUfNV2Hib" });
    await page.getByText("$36.75").waitFor();
    await page.getByRole("button", { name: "Accept discount" }).click();
    await page.getByRole("heading", { name: "Your discount is on" }).waitFor();
    const { discount } = await world.subscription(subscription);
    assert.equal(discount?.percentOff, 25);
    const { now } = await world.state();
    assert.ok(Math.abs((discount?.endsAt as number) - addMonths(now, 3)) < 3 * DAY);
    assert.deepEqual(await names(), DONE);
    await recorded(subscription, "discount", "price");
    await close();
  });

  it("a pause of the length that was picked", async () => {
    const { page, names, close } = await reach("Away for a while", { customer: "cus_eleanor" });
    const { now } = await world.state();
    await page.getByRole("radio", { name: "2 months" }).check();
    await page.getByRole("button", { name: "Pause subscription" }).click();
    await page.getByRole("heading", { name: "Your pause is set" }).waitFor();
    const { status, pausedUntil } = await world.subscription("sub_eleanor_team");
    assert.equal(status, "paused");
    assert.ok(Math.abs((pausedUntil as number) - addMonths(now, 2)) < DAY);
    assert.deepEqual(await names(), DONE);
    await recorded("sub_eleanor_team", "pause", "away");
    await close();
  });

  it("a pause until the date that was picked", async () => {
    const { page, events, close } = await reach("Away for a while", { customer: "cus_noah" });
    const wanted = new Date((await world.state()).now + 40 * DAY).toLocaleDateString("sv");
    await page.getByLabel("Or until a date").fill(wanted);
    await page.getByRole("button", { name: "Pause subscription" }).click();
    await page.getByRole("heading", { name: "Your pause is set" }).waitFor();
    const { pausedUntil } = await world.subscription("sub_noah_basic");
    assert.equal(new Date(pausedUntil as number).toLocaleDateString("sv"), wanted);
    const retained = (await events()).find(({ name }) => name === "renumerate-retained");
    assert.deepEqual(retained?.detail.choice, { until: pausedUntil });
    await close();
  });

  it("the plan that was picked, not the first", async () => {
    const { page, close } = await reach("Wrong plan", { customer: "cus_tom" });
    await page.getByRole("radio", { name: "Team" }).check();
    await page.getByRole("button", { name: "Switch plan" }).click();
    await page.getByRole("heading", { name: "Your plan is changed" }).waitFor();
    await page.getByRole("dialog").getByText("Team · $39.00 per month").waitFor();
    const { price, scheduledChange, nextCharge } = await world.subscription("sub_tom_pro");
    assert.equal(price.id, "price_pro_monthly", "what is paid for stays until it has run out");
    assert.equal(scheduledChange?.price.id, "price_team_monthly");
    assert.equal(scheduledChange?.at, nextCharge?.at);
    await recorded("sub_tom_pro", "plan_change", "size");
    await close();
  });

  it("the yearly price, and is charged what was announced, once", async () => {
    const customer = "cus_lucia";
    const subscription = "sub_lucia_basic";
    const { page, close } = await reach("I would rather pay yearly", { customer, subscription });
    const shown = await page
      .getByText(/^\$\d+\.\d\d$/)
      .first()
      .innerText();
    await page.getByRole("button", { name: "Switch to yearly" }).click();
    await page.getByRole("heading", { name: "You now pay by the year" }).waitFor();
    const { customers, now } = await world.state();
    const charged = customers
      .find(({ id }) => id === customer)
      ?.invoices.filter((invoice) => invoice.subscriptionId === subscription && now - invoice.at < 60_000);
    assert.equal(charged?.length, 1);
    assert.equal(`$${((charged?.[0]?.amount ?? 0) / 100).toFixed(2)}`, shown);
    assert.equal((await world.subscription(subscription)).price.id, "price_basic_annual");
    await close();
  });

  it("more days of trial, counted from the trial's end", async () => {
    const trial = (await world.subscription("sub_mateo_pro")).trialEnd as number;
    const { page, close } = await reach("I need more time to try", { customer: "cus_mateo" });
    await page.getByRole("button", { name: "Extend trial" }).click();
    await page.getByRole("heading", { name: "Your trial is extended" }).waitFor();
    assert.equal((await world.subscription("sub_mateo_pro")).trialEnd, trial + 14 * DAY);
    await close();
  });

  it("to talk to somebody: a mail link with nothing to run", async () => {
    const { page, names, close } = await reach("I need help", { customer: "cus_amara" });
    const link = page.getByRole("link", { name: "Contact us" });
    assert.equal(await link.getAttribute("href"), "mailto:help@shop.example");
    // A browser without a mail program may show that instead of the page.
    await page.evaluate(() => document.addEventListener("click", (event) => event.preventDefault()));
    await link.click();
    await page.getByRole("heading", { name: "Your subscription continues" }).waitFor();
    assert.deepEqual(await names(), DONE);
    await recorded("sub_amara_pro_annual", "contact", "help");
    await close();
  });

  it("a page that may help", async () => {
    const { page, close } = await reach("I don't know how", { customer: "cus_misaki" });
    const link = page.getByRole("link", { name: "Take a look" });
    assert.equal(await link.getAttribute("href"), "https://example.com/guide");
    await link.click();
    await page.getByRole("heading", { name: "Your subscription continues" }).waitFor();
    await recorded("sub_misaki_pro_jpy", "redirect", "guide");
    await close();
  });

  it("what the page itself offers", async () => {
    const { page, close } = await reach("Surprise me", { customer: "cus_zoe" });
    await page.getByRole("button", { name: "Accept" }).click();
    await page.getByRole("heading", { name: "Your subscription continues" }).waitFor();
    await recorded("sub_zoe_team", "custom", "gift");
    await close();
  });
});

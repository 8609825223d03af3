import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { AnyPage, Preferences } from "./drivers/page.ts";
import { createWorld, type World } from "./harness.ts";
import {
  button,
  cardFacts,
  confirm,
  day,
  ids,
  invoicesOf,
  john,
  plainFlow,
  previewed,
  shown,
  told,
  visitHub,
} from "./hub-page.ts";

const DAY = 86_400_000;

/** What time does by itself. The clock only goes on, so each of these begins where the one before has ended. */
describe("as time goes by, a customer in the hub", () => {
  let world: World<AnyPage, Preferences>;
  before(async () => {
    world = await createWorld("chromium");
    await world.publish({
      ...plainFlow,
      proactive: { offers: [{ type: "annual_switch", id: "yearly" }], quietDays: 30 },
    });
  });
  after(() => world.close());

  const state = (page: AnyPage, words: string) =>
    page.locator("article").getByText(words, { exact: true }).waitFor();

  async function stay(customer: string, story: (page: AnyPage) => Promise<void>) {
    const visitor = await visitHub(world, customer);
    await story(visitor.page);
    assert.deepEqual(visitor.faults, []);
    await visitor.close();
  }

  /** Comes back a little after that moment. */
  async function comeBack(page: AnyPage, at: number | undefined): Promise<void> {
    const { now } = await world.state();
    await world.advance(((at as number) - now) / DAY + 0.01);
    await page.reload();
    await shown(page);
  }

  const actions = (page: AnyPage) =>
    page
      .locator("article")
      .evaluate((card) =>
        [...card.querySelectorAll<HTMLElement>("[data-action]")].map(({ dataset }) => dataset.action),
      );

  it("is warned before a card expires that is to pay later, and after it has expired", async () => {
    await stay("cus_amara", async (page) => {
      await page
        .getByText("Your card expires before the next payment. Update it so that the payment goes through.")
        .waitFor();
    });
    await stay("cus_nour", async (page) => {
      await page
        .getByText("Your card has expired. Update it so that the next payment goes through.")
        .waitFor();
    });
  });

  it("sees the day on which a cancelled subscription ends, and then that it has ended", () =>
    stay("cus_priya", async (page) => {
      const { cancelAt } = await world.subscription(ids.priya);
      const invoices = await invoicesOf(world, ids.priya);
      await state(page, `Ends on ${day(cancelAt)}`);
      assert.deepEqual(await actions(page), ["undo_cancellation"]);
      await comeBack(page, cancelAt);
      await state(page, `Ended on ${day(cancelAt)}`);
      assert.deepEqual(await actions(page), []);
      assert.equal((await world.subscription(ids.priya)).status, "cancelled");
      assert.deepEqual(await invoicesOf(world, ids.priya), invoices);
    }));

  it("sees the days of a trial that are left, and then what was charged", () =>
    stay("cus_mateo", async (page) => {
      assert.deepEqual(await invoicesOf(world, ids.mateo), []);
      const { trialEnd } = await world.subscription(ids.mateo);
      const days = Math.ceil(((trialEnd as number) - (await world.state()).now) / DAY);
      await state(page, `Free trial: ${days} days left`);
      assert.equal((await cardFacts(page))["Next charge"], `$49.00 on ${day(trialEnd)}`);
      await comeBack(page, trialEnd);
      await state(page, "Active");
      const [charged, ...others] = await invoicesOf(world, ids.mateo);
      assert.deepEqual([charged?.amount, charged?.at, others.length], [4900, trialEnd, 0]);
      const { nextCharge } = await world.subscription(ids.mateo);
      assert.equal((await cardFacts(page))["Next charge"], `$49.00 on ${day(nextCharge?.at)}`);
    }));

  it("has a payment that fails, and recovers with another card", () =>
    stay(john, async (page) => {
      const give = async (name: RegExp) => {
        await button(page, "Update payment method").click();
        await page.getByRole("radio", { name }).check();
        await button(page, "Save").click();
        await shown(page);
      };
      const { nextCharge } = await world.subscription(ids.john);
      await give(/^Visa ending in 0002/);
      await state(page, "Active");
      await comeBack(page, nextCharge?.at);
      await state(page, "Payment overdue");
      const { due } = await world.subscription(ids.john);
      assert.equal(due?.amount, 4900);
      assert.equal((await cardFacts(page))["Due since"], day(due?.at));
      await page
        .getByText("$49.00 is due. Try the payment again, or update your payment method first.")
        .waitFor();
      await give(/^Mastercard ending in 4444/);
      await state(page, "Payment overdue");
      await button(page, "Pay $49.00 now").click();
      await previewed(page);
      await confirm(page, "Pay $49.00 now");
      await told(page, "Your payment went through");
      await state(page, "Active");
      assert.equal((await world.subscription(ids.john)).status, "active");
    }));

  it("pays the full price when a discount has ended", () =>
    stay("cus_tom", async (page) => {
      const { discount } = await world.subscription(ids.tom);
      const facts = await cardFacts(page);
      assert.equal(facts.Discount, `30% off until ${day(discount?.endsAt)}`);
      await page.getByText("instead of $49.00").waitFor();
      await comeBack(page, discount?.endsAt);
      const { nextCharge, discount: over } = await world.subscription(ids.tom);
      assert.deepEqual([over, nextCharge?.amount], [undefined, 4900]);
      const { Discount, ...rest } = await cardFacts(page);
      assert.equal(Discount, undefined);
      assert.equal(rest["Next charge"], `$49.00 on ${day(nextCharge?.at)}`);
      assert.equal(await page.getByText("instead of").count(), 0);
    }));

  it("is resumed when the pause ends, and charged from then on", () =>
    stay("cus_ingrid", async (page) => {
      const { pausedUntil } = await world.subscription(ids.ingrid);
      const before = await invoicesOf(world, ids.ingrid);
      await state(page, `Paused until ${day(pausedUntil)}`);
      await comeBack(page, pausedUntil);
      await state(page, "Active");
      const [charged, ...older] = await invoicesOf(world, ids.ingrid);
      assert.deepEqual([charged?.amount, charged?.at], [4900, pausedUntil]);
      assert.deepEqual(older, before);
    }));

  it("is not bothered for a while after an offer was dismissed", () =>
    stay("cus_zoe", async (page) => {
      const offer = page.getByRole("group", { name: "Pay by the year" });
      await button(offer, "No thanks").click();
      await offer.waitFor({ state: "hidden" });
      const { now } = await world.state();
      await comeBack(page, now + 29 * DAY);
      assert.equal(await offer.count(), 0);
      await comeBack(page, now + 30 * DAY);
      await offer.waitFor();
    }));

  it("owes what an expired card has not paid, and pays it with another one", () =>
    stay("cus_amara", async (page) => {
      await comeBack(page, (await world.subscription(ids.amara)).nextCharge?.at);
      await state(page, "Payment overdue");
      await page
        .getByText("Your card has expired. Update it so that the next payment goes through.")
        .waitFor();
      const [failed] = await invoicesOf(world, ids.amara);
      assert.deepEqual([failed?.amount, failed?.status], [49_000, "open"]);
      await button(page, "Update payment method").click();
      await page.getByRole("radio", { name: /^Mastercard ending in 4444/ }).check();
      await button(page, "Save").click();
      await shown(page);
      await button(page, "Pay $490.00 now").click();
      await previewed(page);
      await confirm(page, "Pay $490.00 now");
      await told(page, "Your payment went through");
      assert.equal((await invoicesOf(world, ids.amara))[0]?.status, "paid");
    }));
});

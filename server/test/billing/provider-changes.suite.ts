import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { addMonths } from "../../../src/flow/offers.ts";
import type { Suite } from "./provider-harness.ts";

const DAY = 86_400_000;
const half = { type: "discount", percentOff: 50, currency: "usd" } as const;

/** Another price, or none any more. */
export function changesSuite(suite: Suite): void {
  const { act, preview, read, charge, refuses } = suite;

  describe("change of price", () => {
    it("at renewal: the next charge has the new price, on the day of the old", async () => {
      const before = await read(suite.fixtures.monthly);
      const cheaper = await suite.provider.price(suite.fixtures.prices.cheaper);
      const terms = {
        type: "change_price",
        priceId: suite.fixtures.prices.cheaper,
        charge: "renewal",
      } as const;
      const after = await act(suite.fixtures.monthly, terms);
      assert.deepEqual(after.nextCharge, { ...before.nextCharge, amount: cheaper?.price.amount });
      assert.deepEqual([after.plan, after.price], [before.plan, before.price], "what is paid for stays");
      const scheduled = { name: cheaper?.name, price: cheaper?.price, at: before.nextCharge?.at };
      assert.deepEqual(after.scheduledChange, scheduled);
      await charge(suite.fixtures.monthly);
      const renewed = await read(suite.fixtures.monthly);
      assert.equal(renewed.scheduledChange, undefined);
      assert.deepEqual(renewed.price, cheaper?.price);
      assert.equal(renewed.plan.id, cheaper?.productId);
      assert.equal(renewed.nextCharge?.amount, cheaper?.price.amount);
    });

    it("at renewal can be taken back, and gives way to a cancellation", async () => {
      const before = await read(suite.fixtures.monthly);
      const to = (priceId: string) => ({ type: "change_price", priceId, charge: "renewal" }) as const;
      await act(suite.fixtures.monthly, to(suite.fixtures.prices.cheaper));
      await refuses(suite.fixtures.monthly, to(suite.fixtures.prices.cheaper));
      assert.deepEqual(await act(suite.fixtures.monthly, to(before.price.id)), before);
      await act(suite.fixtures.monthly, to(suite.fixtures.prices.cheaper));
      const leaving = await act(suite.fixtures.monthly, { type: "cancel", effective: "period_end" });
      assert.deepEqual([leaving.scheduledChange, leaving.nextCharge], [undefined, undefined]);
      await suite.advance(before.periodEnd);
      assert.deepEqual((await read(suite.fixtures.monthly)).price, before.price);
    });

    it("at renewal to another interval: the new rhythm begins there", async () => {
      const { annual } = suite.fixtures.prices;
      const { periodEnd } = await read(suite.fixtures.monthly);
      await act(suite.fixtures.monthly, { type: "change_price", priceId: annual, charge: "renewal" });
      await charge(suite.fixtures.monthly);
      const renewed = await read(suite.fixtures.monthly);
      assert.deepEqual([renewed.price.id, renewed.periodEnd], [annual, addMonths(periodEnd, 12)]);
    });

    it("now: charges what the preview said and starts a new period", async () => {
      const before = await read(suite.fixtures.monthly);
      const annual = await suite.provider.price(suite.fixtures.prices.annual);
      const full = annual?.price.amount ?? 0;
      const terms = { type: "change_price", priceId: suite.fixtures.prices.annual, charge: "now" } as const;
      const { dueNow } = await preview(suite.fixtures.monthly, terms);
      const { currency } = before.price;
      assert.ok(dueNow < full, "the unused time is credited");
      assert.ok(dueNow >= full - before.price.amount, "and no more than that");
      assert.deepEqual(await read(suite.fixtures.monthly), before, "a preview changes nothing");
      const now = await suite.provider.now();
      const after = await act(suite.fixtures.monthly, terms);
      assert.deepEqual(after.price, annual?.price);
      assert.ok(Math.abs(after.periodEnd - addMonths(now, 12)) < 60_000);
      assert.deepEqual(after.nextCharge, { amount: full, currency, at: after.periodEnd });
    });

    it("now, to less than the credit: the rest pays the next charges", async () => {
      await act(suite.fixtures.monthly, {
        type: "change_price",
        priceId: suite.fixtures.prices.annual,
        charge: "now",
      });
      const cheaper = (await suite.provider.price(suite.fixtures.prices.cheaper))?.price.amount ?? 0;
      const terms = { type: "change_price", priceId: suite.fixtures.prices.cheaper, charge: "now" } as const;
      assert.equal((await preview(suite.fixtures.monthly, terms)).dueNow, 0);
      const after = await act(suite.fixtures.monthly, terms);
      assert.ok((after.nextCharge?.amount ?? cheaper) < cheaper);
    });

    it("now, with a discount: the discounted price is due", async () => {
      const full = (await suite.provider.price(suite.fixtures.prices.annual))?.price.amount ?? 0;
      const { price } = await read(suite.fixtures.monthly);
      await act(suite.fixtures.monthly, { ...half, duration: "forever" });
      const terms = { type: "change_price", priceId: suite.fixtures.prices.annual, charge: "now" } as const;
      const { dueNow } = await preview(suite.fixtures.monthly, terms);
      assert.ok(dueNow <= full / 2 && dueNow >= full / 2 - price.amount);
    });

    it("in a trial keeps the trial, and nothing is due", async () => {
      const { trialEnd } = await read(suite.fixtures.trialing);
      const terms = { type: "change_price", priceId: suite.fixtures.prices.annual, charge: "now" } as const;
      assert.equal((await preview(suite.fixtures.trialing, terms)).dueNow, 0);
      const after = await act(suite.fixtures.trialing, terms);
      const full = (await suite.provider.price(suite.fixtures.prices.annual))?.price.amount;
      assert.deepEqual([after.status, after.trialEnd], ["trialing", trialEnd]);
      assert.deepEqual([after.nextCharge?.at, after.nextCharge?.amount], [trialEnd, full]);
    });

    it("keeps the quantity", async () => {
      const { quantity } = await read(suite.fixtures.several);
      const cheaper = (await suite.provider.price(suite.fixtures.prices.cheaper))?.price.amount ?? 0;
      const terms = {
        type: "change_price",
        priceId: suite.fixtures.prices.cheaper,
        charge: "renewal",
      } as const;
      const after = await act(suite.fixtures.several, terms);
      assert.equal(after.nextCharge?.amount, cheaper * quantity);
    });

    it("is refused to the same, an unknown, a withdrawn or another currency's price", async () => {
      const { monthly, prices } = suite.fixtures;
      const same = (await read(monthly)).price.id;
      for (const priceId of [same, "price_nobody", prices.inactive, prices.otherCurrency]) {
        await refuses(monthly, { type: "change_price", priceId, charge: "renewal" });
        await refuses(monthly, { type: "change_price", priceId, charge: "now" });
      }
    });

    it("now is refused while paused or with an unpaid invoice", async () => {
      for (const id of [suite.fixtures.paused, suite.fixtures.pastDue])
        await refuses(id, { type: "change_price", priceId: suite.fixtures.prices.annual, charge: "now" });
    });
  });

  describe("cancellation", () => {
    it("at the period's end keeps access until then and charges nothing more", async () => {
      const { periodEnd } = await read(suite.fixtures.monthly);
      const terms = {
        type: "cancel",
        effective: "period_end",
        reason: "too_expensive",
        comment: "Bye",
      } as const;
      const after = await act(suite.fixtures.monthly, terms);
      assert.deepEqual([after.status, after.cancelAt, after.nextCharge], ["active", periodEnd, undefined]);
      await suite.advance(periodEnd);
      assert.equal((await read(suite.fixtures.monthly)).status, "cancelled");
    });

    it("immediately ends it now", async () => {
      const now = await suite.provider.now();
      const after = await act(suite.fixtures.monthly, { type: "cancel", effective: "immediately" });
      assert.deepEqual([after.status, after.nextCharge], ["cancelled", undefined]);
      assert.ok(Math.abs((after.cancelAt ?? 0) - now) < 60_000);
    });

    it("of a trial ends with the trial, without a charge", async () => {
      const { trialEnd = 0 } = await read(suite.fixtures.trialing);
      const after = await act(suite.fixtures.trialing, { type: "cancel", effective: "period_end" });
      assert.deepEqual([after.status, after.cancelAt, after.nextCharge], ["trialing", trialEnd, undefined]);
      await suite.advance(trialEnd);
      assert.equal((await read(suite.fixtures.trialing)).status, "cancelled");
    });

    it("of a pause ends with the paid period, or at once when that is over", async () => {
      const { periodEnd } = await read(suite.fixtures.paused);
      const now = await suite.provider.now();
      const after = await act(suite.fixtures.paused, { type: "cancel", effective: "period_end" });
      assert.equal(after.nextCharge, undefined);
      if (periodEnd > now) assert.equal(after.cancelAt, periodEnd);
      else assert.equal(after.status, "cancelled");
      const resumesAt = addMonths((await read(suite.fixtures.monthly)).periodEnd, 3);
      await act(suite.fixtures.monthly, { type: "pause", resumesAt });
      await suite.advance(resumesAt - DAY);
      assert.equal(
        (await act(suite.fixtures.monthly, { type: "cancel", effective: "period_end" })).status,
        "cancelled",
      );
    });

    it("is possible in every state but the last", async () => {
      const { trialing, paused, pastDue, discounted, several, otherCurrency } = suite.fixtures;
      for (const id of [trialing, paused, pastDue, discounted, several, otherCurrency]) {
        const { status, nextCharge } = await act(id, { type: "cancel", effective: "period_end" });
        assert.equal(nextCharge, undefined);
        if (status === "cancelled") continue;
        assert.equal((await act(id, { type: "cancel", effective: "immediately" })).status, "cancelled");
      }
    });

    it("again is answered with what is", async () => {
      const before = await read(suite.fixtures.cancelling);
      assert.deepEqual(await act(before.id, { type: "cancel", effective: "period_end" }), before);
      assert.equal((await act(before.id, { type: "cancel", effective: "immediately" })).status, "cancelled");
    });

    it("leaves nothing that could be changed", async () => {
      const now = await suite.provider.now();
      const { cheaper } = suite.fixtures.prices;
      for (const id of [suite.fixtures.cancelled, suite.fixtures.cancelling]) {
        await refuses(id, { ...half, duration: "once" });
        await refuses(id, { type: "pause", resumesAt: now + 90 * DAY });
        await refuses(id, { type: "change_price", priceId: cheaper, charge: "renewal" });
        await refuses(id, { type: "change_price", priceId: cheaper, charge: "now" });
        await refuses(id, { type: "extend_trial", trialEnd: now + 90 * DAY });
      }
      await refuses(suite.fixtures.cancelled, { type: "cancel", effective: "period_end" });
      await refuses(suite.fixtures.cancelled, { type: "cancel", effective: "immediately" });
      await refuses("sub_nobody", { type: "cancel", effective: "immediately" });
    });
  });
}

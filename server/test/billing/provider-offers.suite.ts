import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { addMonths, discounted } from "../../../src/flow/offers.ts";
import type { Suite } from "./provider-harness.ts";

const DAY = 86_400_000;
const half = { type: "discount", percentOff: 50, currency: "usd" } as const;

/** Better terms: discounts and longer trials. */
export function offersSuite(suite: Suite): void {
  const { act, read, charge, chargeOf, refuses } = suite;

  describe("discount", () => {
    it("once: the next charge and no other", async () => {
      const { price } = await read(suite.fixtures.monthly);
      const after = await act(suite.fixtures.monthly, { ...half, duration: "once" });
      assert.equal(after.nextCharge?.amount, discounted(price.amount, half));
      assert.equal(after.discount?.percentOff, 50);
      assert.ok((after.discount?.endsAt ?? 0) > after.nextCharge.at, "shown until the first full charge");
      await charge(suite.fixtures.monthly);
      const later = await read(suite.fixtures.monthly);
      assert.deepEqual([later.discount, later.nextCharge?.amount], [undefined, price.amount]);
    });

    it("repeating: every charge within its months, counted from now", async () => {
      const now = await suite.provider.now();
      const { price } = await read(suite.fixtures.monthly);
      const { discount } = await act(suite.fixtures.monthly, { ...half, duration: "repeating", months: 3 });
      const endsAt = discount?.endsAt ?? 0;
      // The provider's clock may have ticked since.
      assert.ok(Math.abs(endsAt - addMonths(now, 3)) < 60_000);
      const amounts = [];
      for (let charges = 0; charges < 4; charges++)
        amounts.push((await charge(suite.fixtures.monthly)).amount);
      const cheap = discounted(price.amount, half);
      assert.deepEqual(amounts, [cheap, cheap, cheap, price.amount]);
      assert.equal((await read(suite.fixtures.monthly)).discount, undefined);
    });

    it("forever: without an end", async () => {
      const { price } = await read(suite.fixtures.monthly);
      const { discount } = await act(suite.fixtures.monthly, { ...half, duration: "forever" });
      assert.deepEqual(discount, { percentOff: 50 });
      await suite.advance(addMonths(await suite.provider.now(), 14));
      assert.equal((await chargeOf(suite.fixtures.monthly)).amount, discounted(price.amount, half));
    });

    it("of an amount never goes below zero", async () => {
      const { price } = await read(suite.fixtures.monthly);
      const terms = { type: "discount", currency: price.currency, duration: "once" } as const;
      const after = await act(suite.fixtures.monthly, { ...terms, amountOff: price.amount + 1 });
      assert.equal(after.nextCharge?.amount, 0);
      const other = await read(suite.fixtures.trialing);
      const less = await act(other.id, { ...terms, amountOff: 1 });
      assert.equal(less.nextCharge?.amount, other.price.amount - 1);
    });

    it("works in a currency without decimals", async () => {
      const { price } = await read(suite.fixtures.otherCurrency);
      const { currency } = price;
      const terms = { type: "discount", percentOff: 33, currency, duration: "once" } as const;
      const after = await act(suite.fixtures.otherCurrency, terms);
      assert.deepEqual(after.nextCharge?.amount, discounted(price.amount, { percentOff: 33 }));
    });

    it("is refused while one runs, in another currency, and without a size", async () => {
      await refuses(suite.fixtures.discounted, { ...half, duration: "once" });
      const { currency } = (await read(suite.fixtures.otherCurrency)).price;
      await refuses(suite.fixtures.monthly, { type: "discount", amountOff: 500, currency, duration: "once" });
      await refuses(suite.fixtures.monthly, { type: "discount", currency: "usd", duration: "once" });
      await refuses(suite.fixtures.monthly, { ...half, percentOff: 101, duration: "once" });
      await refuses(suite.fixtures.monthly, { ...half, percentOff: 0, duration: "once" });
      await refuses(suite.fixtures.monthly, { ...half, duration: "repeating" });
    });

    it("can be given again when the first is over", async () => {
      await act(suite.fixtures.monthly, { ...half, duration: "once" });
      await charge(suite.fixtures.monthly);
      await act(suite.fixtures.monthly, { ...half, duration: "once" });
    });
  });

  describe("trial extension", () => {
    it("moves the end of the trial and the first charge", async () => {
      const before = await read(suite.fixtures.trialing);
      const trialEnd = (before.trialEnd ?? 0) + 14 * DAY;
      const after = await act(suite.fixtures.trialing, { type: "extend_trial", trialEnd });
      assert.deepEqual([after.status, after.trialEnd, after.periodEnd], ["trialing", trialEnd, trialEnd]);
      assert.deepEqual(after.nextCharge, { ...before.nextCharge, at: trialEnd });
      await suite.advance(trialEnd - 60_000);
      assert.equal((await read(suite.fixtures.trialing)).status, "trialing");
      await suite.advance(trialEnd);
      assert.equal((await read(suite.fixtures.trialing)).status, "active");
    });

    it("is refused without a trial and backwards", async () => {
      const { trialEnd = 0 } = await read(suite.fixtures.trialing);
      const { monthly, paused, pastDue, cancelling, cancelled } = suite.fixtures;
      for (const id of [monthly, paused, pastDue, cancelling, cancelled])
        await refuses(id, { type: "extend_trial", trialEnd: trialEnd + DAY });
      await refuses(suite.fixtures.trialing, { type: "extend_trial", trialEnd });
      await refuses(suite.fixtures.trialing, { type: "extend_trial", trialEnd: trialEnd - DAY });
    });
  });
}

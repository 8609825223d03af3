import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Suite } from "./provider-harness.ts";

/** Promo codes. */
export function codesSuite(suite: Suite): void {
  const { act, read, charge, refuses } = suite;
  const code = (typed: string) => ({ type: "promo_code", code: typed }) as const;

  describe("promo code", () => {
    it("of a percentage: the next charges are smaller, and then full again", async () => {
      const { price } = await read(suite.fixtures.monthly);
      const after = await act(suite.fixtures.monthly, code(suite.fixtures.codes.percent));
      const { percentOff, endsAt = 0 } = after.discount ?? {};
      assert.ok(percentOff !== undefined && percentOff > 0);
      assert.equal(after.nextCharge?.amount, Math.round(price.amount * (1 - percentOff / 100)));
      assert.equal((await charge(suite.fixtures.monthly)).amount, after.nextCharge.amount);
      await suite.advance(endsAt);
      const later = await read(suite.fixtures.monthly);
      assert.deepEqual([later.discount, later.nextCharge?.amount], [undefined, price.amount]);
    });

    it("of an amount: off the next charge", async () => {
      const { price } = await read(suite.fixtures.monthly);
      const { discount, nextCharge } = await act(suite.fixtures.monthly, code(suite.fixtures.codes.amount));
      assert.ok(discount?.amountOff);
      assert.equal(nextCharge?.amount, price.amount - discount.amountOff);
    });

    it("is the same whatever its case, and spaces around it do not count", async () => {
      const { percent } = suite.fixtures.codes;
      const [one, other] = [suite.fixtures.monthly, suite.fixtures.trialing];
      const { discount } = await act(one, code(percent.toLowerCase()));
      assert.deepEqual((await act(other, code(` ${percent.toUpperCase()} `))).discount, discount);
    });

    it("works in a trial, and where it is meant for", async () => {
      const { trialing, several, codes } = suite.fixtures;
      for (const [id, typed] of [
        [trialing, codes.percent],
        [several, codes.elsewhere],
      ] as const) {
        const { nextCharge } = await read(id);
        const after = await act(id, code(typed));
        assert.ok((after.nextCharge?.amount ?? 0) < (nextCharge?.amount ?? 0));
        assert.equal(after.nextCharge?.at, nextCharge?.at);
      }
    });

    it("is redeemed once under one key", async () => {
      const percent = code(suite.fixtures.codes.percent);
      const first = await act(suite.fixtures.monthly, percent, "key");
      assert.deepEqual(await act(suite.fixtures.monthly, percent, "key"), first);
      const action = { ...percent, subscriptionId: suite.fixtures.monthly };
      assert.deepEqual(await suite.provider.readBack(action, "key"), first);
    });

    it("says why it does not work", async () => {
      const { monthly, otherCurrency, discounted, codes } = suite.fixtures;
      await refuses(monthly, code("NOSUCHCODE"), "promo_code_invalid");
      await refuses(monthly, code(codes.percent.slice(0, -1)), "promo_code_invalid");
      await refuses(monthly, code(codes.expired), "promo_code_expired");
      await refuses(monthly, code(codes.usedUp), "promo_code_used_up");
      await refuses(monthly, code(codes.elsewhere), "promo_code_not_applicable");
      await refuses(otherCurrency, code(codes.amount), "promo_code_not_applicable");
      await refuses(discounted, code(codes.percent), "promo_code_not_applicable");
      await act(monthly, code(codes.percent));
      await refuses(monthly, code(codes.percent), "promo_code_not_applicable");
    });

    it("is refused for what ends or has ended", async () => {
      for (const id of [suite.fixtures.cancelling, suite.fixtures.cancelled, "sub_nobody"])
        await refuses(id, code(suite.fixtures.codes.percent));
    });
  });
}

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { BillingError } from "../../src/billing/provider.ts";
import type { Suite } from "./provider-harness.ts";

const half = { type: "discount", percentOff: 50, currency: "usd" } as const;

/** Nothing twice. */
export function keysSuite(suite: Suite): void {
  const { act, read, charge } = suite;

  describe("one key", () => {
    const once = { ...half, duration: "once" } as const;

    it("is one effect, and later gives the state as it is", async () => {
      const first = await act(suite.fixtures.monthly, once, "key");
      assert.deepEqual(await act(suite.fixtures.monthly, once, "key"), first);
      await charge(suite.fixtures.monthly);
      const later = await act(suite.fixtures.monthly, once, "key");
      assert.equal(later.discount, undefined, "the discount is used up and not given again");
      assert.deepEqual(later, await read(suite.fixtures.monthly));
    });

    it("is one effect when twenty ask at once", async () => {
      const { annual } = suite.fixtures.prices;
      const terms = { type: "change_price", priceId: annual, charge: "now" } as const;
      const answers = await Promise.all(
        Array.from({ length: 20 }, () => act(suite.fixtures.monthly, terms, "key")),
      );
      for (const answer of answers) assert.deepEqual(answer, answers[0]);
      assert.deepEqual(await read(suite.fixtures.monthly), answers[0]);
    });

    it("of twenty gets the discount", async () => {
      const answers = await Promise.allSettled(
        Array.from({ length: 20 }, () => act(suite.fixtures.monthly, once)),
      );
      assert.equal(answers.filter((each) => each.status === "fulfilled").length, 1);
    });

    it("does not stand for two actions", async () => {
      const first = await act(suite.fixtures.monthly, once, "key");
      for (const other of [
        { ...once, percentOff: 40 },
        { type: "cancel", effective: "immediately" } as const,
      ])
        await assert.rejects(
          act(suite.fixtures.monthly, other, "key"),
          (error) => error instanceof BillingError && error.code === "idempotency_mismatch",
        );
      await assert.rejects(act(suite.fixtures.trialing, once, "key"), BillingError);
      assert.deepEqual(await read(suite.fixtures.monthly), first);
    });

    it("does not care for the order of an action's fields", async () => {
      const subscriptionId = suite.fixtures.monthly;
      const there = { type: "cancel", effective: "period_end", reason: "other", subscriptionId } as const;
      const back = {
        subscriptionId,
        comment: undefined,
        reason: "other",
        effective: "period_end",
        type: "cancel",
      } as const;
      assert.deepEqual(await suite.provider.execute(there, "key"), await suite.provider.execute(back, "key"));
      assert.ok(await suite.provider.readBack(back, "key"));
    });

    it("that was refused can succeed later", async () => {
      const { discount } = await read(suite.fixtures.discounted);
      await assert.rejects(act(suite.fixtures.discounted, once, "key"), BillingError);
      await suite.advance(discount?.endsAt ?? 0);
      assert.equal((await act(suite.fixtures.discounted, once, "key")).discount?.percentOff, 50);
    });

    it("is read back only after its action took effect", async () => {
      const action = { ...once, subscriptionId: suite.fixtures.monthly };
      assert.equal(await suite.provider.readBack(action, "key"), undefined);
      await assert.rejects(suite.provider.execute({ ...action, percentOff: 500 }, "key"), BillingError);
      assert.equal(await suite.provider.readBack({ ...action, percentOff: 500 }, "key"), undefined);
      const done = await suite.provider.execute(action, "key");
      assert.deepEqual(await suite.provider.readBack(action, "key"), done);
      assert.equal(await suite.provider.readBack(action, "another"), undefined);
      assert.equal(await suite.provider.readBack({ ...action, percentOff: 10 }, "key"), undefined);
    });
  });
}

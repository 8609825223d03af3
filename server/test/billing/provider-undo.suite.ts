import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { addMonths } from "../../../src/flow/offers.ts";
import type { Suite, Terms } from "./provider-harness.ts";

const DAY = 86_400_000;
const undo = { type: "undo_cancellation" } as const;
const leave = { type: "cancel", effective: "period_end", reason: "other", comment: "Bye" } as const;

/** A cancellation that is taken back has never been. */
export function undoSuite(suite: Suite): void {
  const { act, read, books, charge, refuses } = suite;

  describe("a cancellation that is undone", () => {
    it("leaves everything as it was, whatever that was", async () => {
      const { monthly, trialing, pastDue, discounted, several, otherCurrency, prices } = suite.fixtures;
      const before: [string, Terms?][] = [
        [trialing],
        [pastDue],
        [discounted],
        [otherCurrency],
        [monthly, { type: "change_price", priceId: prices.cheaper, charge: "renewal" }],
        [several, { type: "discount", percentOff: 10, currency: "usd", duration: "once" }],
      ];
      for (const [id, terms] of before) {
        if (terms) await act(id, terms);
        const [was, paid] = [await read(id), await books(id)];
        assert.notDeepEqual(await act(id, leave), was);
        assert.deepEqual(await act(id, undo), was);
        assert.deepEqual(await books(id), paid);
      }
    });

    it("goes on: charged on the day that it would have been", async () => {
      const { nextCharge } = await read(suite.fixtures.monthly);
      await act(suite.fixtures.monthly, leave);
      await act(suite.fixtures.monthly, undo);
      assert.deepEqual(await charge(suite.fixtures.monthly), nextCharge);
      assert.equal((await read(suite.fixtures.monthly)).status, "active");
    });

    it("lets a pause that ran go on, or be over if it has ended meanwhile", async () => {
      const { monthly, several } = suite.fixtures;
      for (const [id, months] of [
        [monthly, 2],
        [several, 0],
      ] as const) {
        const { periodEnd } = await read(id);
        const resumesAt = months ? addMonths(periodEnd, months) : periodEnd - 3600_000;
        await act(id, { type: "pause", resumesAt });
        const paused = await read(id);
        const left = await act(id, leave);
        assert.deepEqual([left.status, left.cancelAt], ["paused", periodEnd]);
        if (months) assert.deepEqual(await act(id, undo), paused);
        else {
          await suite.advance(resumesAt);
          const { status, pausedUntil, nextCharge } = await act(id, undo);
          assert.deepEqual([status, pausedUntil, nextCharge], ["active", undefined, paused.nextCharge]);
        }
      }
    });

    it("can be cancelled and undone again", async () => {
      const before = await read(suite.fixtures.monthly);
      for (let times = 0; times < 3; times++) {
        assert.equal((await act(suite.fixtures.monthly, leave)).cancelAt, before.periodEnd);
        assert.deepEqual(await act(suite.fixtures.monthly, undo), before);
      }
    });

    it("may be changed again", async () => {
      await act(suite.fixtures.cancelling, undo);
      const resumesAt = (await read(suite.fixtures.cancelling)).periodEnd + 30 * DAY;
      assert.equal((await act(suite.fixtures.cancelling, { type: "pause", resumesAt })).status, "paused");
    });

    it("is refused where nothing is cancelled, and for what has ended", async () => {
      const { monthly, trialing, paused, pastDue, cancelled, cancelling } = suite.fixtures;
      for (const id of [monthly, trialing, paused, pastDue]) await refuses(id, undo, "not_cancelling");
      await refuses(cancelled, undo);
      await refuses("sub_nobody", undo);
      const { cancelAt = 0 } = await read(cancelling);
      await suite.advance(cancelAt - 60_000);
      assert.equal((await suite.preview(cancelling, undo)).subscription.cancelAt, undefined);
      await suite.advance(cancelAt);
      await refuses(cancelling, undo);
    });

    it("is refused where money was given back", async () => {
      const { monthly, prices } = suite.fixtures;
      const now = await suite.provider.now();
      await suite.advance(now + 1000);
      await act(monthly, { type: "change_price", priceId: prices.annual, charge: "now" });
      const left = await act(monthly, { ...leave, requestedAt: now });
      assert.equal(left.status, "active");
      await refuses(monthly, undo);
    });
  });
}

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { addMonths } from "../../../src/flow/offers.ts";
import type { Suite, Terms } from "./provider-harness.ts";

const DAY = 86_400_000;
const half = { type: "discount", percentOff: 50, currency: "usd", duration: "once" } as const;

const leave = (requestedAt: number, effective: "period_end" | "immediately" = "period_end") =>
  ({ type: "cancel", effective, requestedAt }) as const;

/** A cancellation that was confirmed before it arrives counts from when it was. */
export function lateSuite(suite: Suite): void {
  const { act, read, books, charge, chargeOf } = suite;

  /** It has ended now, and the customer has paid what was paid `before`. */
  async function endsNow(id: string, terms: Terms, before: { paid: number }): Promise<void> {
    const now = await suite.provider.now();
    const after = await act(id, terms);
    assert.deepEqual([after.status, after.nextCharge], ["cancelled", undefined]);
    assert.ok(Math.abs((after.cancelAt ?? 0) - now) < 60_000, "it ends when it arrives");
    assert.deepEqual(await books(id), { paid: before.paid, open: 0 });
  }

  describe("a cancellation that arrives late", () => {
    it("one millisecond before the renewal: ends at once, and the renewal is given back", async () => {
      const { monthly } = suite.fixtures;
      const before = await books(monthly);
      const renewal = await charge(monthly);
      assert.equal((await books(monthly)).paid, before.paid + renewal.amount);
      await suite.advance(renewal.at + 3 * DAY);
      await endsNow(monthly, leave(renewal.at - 1), before);
    });

    for (const after of [0, 1]) {
      it(`${after} ms after the renewal: ends with the period that was renewed, which stays paid`, async () => {
        const { monthly } = suite.fixtures;
        const renewal = await charge(monthly);
        await suite.advance(renewal.at + 3 * DAY);
        const [paid, { periodEnd }] = [await books(monthly), await read(monthly)];
        const left = await act(monthly, leave(renewal.at + after));
        assert.deepEqual([left.status, left.cancelAt, left.nextCharge], ["active", periodEnd, undefined]);
        assert.deepEqual(await books(monthly), paid);
        await suite.advance(periodEnd + DAY);
        assert.deepEqual(await books(monthly), paid);
      });
    }

    it("within its period is a cancellation like any other", async () => {
      const { monthly, several } = suite.fixtures;
      const [now, { periodEnd }] = [await suite.provider.now(), await read(monthly)];
      await suite.advance(now + DAY);
      const paid = await books(monthly);
      assert.equal((await act(monthly, leave(now))).cancelAt, periodEnd);
      assert.deepEqual(await books(monthly), paid);
      const right = await act(several, leave(now, "immediately"));
      assert.equal(right.status, "cancelled");
      assert.ok(
        Math.abs((right.cancelAt ?? 0) - now - DAY) < 60_000,
        "access that was used is not taken back",
      );
    });

    it("of now, and of what lies ahead, is one that is in time", async () => {
      const { monthly, several } = suite.fixtures;
      const now = await suite.provider.now();
      for (const [id, at] of [
        [monthly, now],
        [several, now + 90 * DAY],
      ] as const) {
        const { periodEnd } = await read(id);
        assert.equal((await act(id, leave(at))).cancelAt, periodEnd);
      }
    });

    it("of a trial that has ended since: nothing is charged for", async () => {
      const { trialing } = suite.fixtures;
      const before = await books(trialing);
      const first = await charge(trialing);
      await suite.advance(first.at + 2 * DAY);
      assert.equal((await read(trialing)).status, "active");
      await endsNow(trialing, leave(first.at - 1), before);
      assert.equal(before.paid, 0);
    });

    it("of a trial, at its very end, is too late for the trial", async () => {
      const { trialing } = suite.fixtures;
      const first = await charge(trialing);
      await suite.advance(first.at + 2 * DAY);
      const [paid, { periodEnd }] = [await books(trialing), await read(trialing)];
      assert.equal((await act(trialing, leave(first.at))).cancelAt, periodEnd);
      assert.deepEqual(await books(trialing), paid);
    });

    it("after two renewals: both are given back, or the second, or none", async () => {
      for (const [renewals, id] of [
        [2, suite.fixtures.monthly],
        [1, suite.fixtures.several],
        [0, suite.fixtures.otherCurrency],
      ] as const) {
        const none = await books(id);
        const first = await charge(id);
        const one = await books(id);
        const second = await charge(id);
        const both = await books(id);
        assert.ok(none.paid < one.paid && one.paid < both.paid);
        if (renewals === 2) await endsNow(id, leave(first.at - 1), none);
        else if (renewals === 1) await endsNow(id, leave(second.at - 1), one);
        else {
          assert.equal((await act(id, leave(second.at))).status, "active");
          assert.deepEqual(await books(id), both);
        }
      }
    });

    it("immediately gives back what was charged since, as well", async () => {
      const { monthly } = suite.fixtures;
      const before = await books(monthly);
      const renewal = await charge(monthly);
      await suite.advance(renewal.at + DAY);
      await endsNow(monthly, leave(renewal.at - 1, "immediately"), before);
    });

    it("of a pause is what it was in time: a pause charges nothing", async () => {
      const { paused, monthly } = suite.fixtures;
      const before = await read(paused);
      const now = await suite.provider.now();
      const paid = await books(paused);
      await suite.advance(now + DAY);
      const after = await act(paused, leave(now));
      if (before.periodEnd > now + DAY) assert.equal(after.cancelAt, before.periodEnd);
      else assert.equal(after.status, "cancelled");
      assert.deepEqual(await books(paused), paid);
      // The pause began after the customer had left.
      const { periodEnd } = await read(monthly);
      const confirmed = await suite.provider.now();
      await act(monthly, { type: "pause", resumesAt: addMonths(periodEnd, 2) });
      await suite.advance(periodEnd + DAY);
      await endsNow(monthly, leave(confirmed), await books(monthly));
    });

    it("of a pause that has ended since: what its end has charged is given back", async () => {
      const { monthly } = suite.fixtures;
      const before = await books(monthly);
      const resumesAt = addMonths((await read(monthly)).periodEnd, 1);
      await act(monthly, { type: "pause", resumesAt });
      await suite.advance(resumesAt + DAY);
      assert.ok((await books(monthly)).paid > before.paid);
      await endsNow(monthly, leave(resumesAt - 1), before);
    });

    it("after a renewal at a changed price, or a discounted one: that is what is given back", async () => {
      for (const [id, terms] of [
        [
          suite.fixtures.monthly,
          { type: "change_price", priceId: suite.fixtures.prices.cheaper, charge: "renewal" },
        ],
        [suite.fixtures.several, half],
      ] as const) {
        await act(id, terms);
        const before = await books(id);
        const renewal = await charge(id);
        assert.equal((await books(id)).paid, before.paid + renewal.amount);
        await endsNow(id, leave(renewal.at - 1), before);
      }
    });

    it("before a change that was charged at once: that is given back, and what was paid before it lasts", async () => {
      const { monthly, prices } = suite.fixtures;
      const [before, paid, now] = [await read(monthly), await books(monthly), await suite.provider.now()];
      await suite.advance(now + 1000);
      const annual = { type: "change_price", priceId: prices.annual, charge: "now" } as const;
      await act(monthly, annual);
      assert.ok((await books(monthly)).paid > paid.paid);
      const after = await act(monthly, leave(now));
      assert.deepEqual([after.cancelAt, after.nextCharge], [before.periodEnd, undefined]);
      assert.deepEqual(await books(monthly), paid);
      await suite.advance(before.periodEnd);
      assert.equal((await read(monthly)).status, "cancelled");
      assert.deepEqual(await books(monthly), paid);
    });

    it("after a change that was charged at once: the year is paid, and lasts", async () => {
      const { monthly, prices } = suite.fixtures;
      await act(monthly, { type: "change_price", priceId: prices.annual, charge: "now" });
      const [paid, { periodEnd }, now] = [
        await books(monthly),
        await read(monthly),
        await suite.provider.now(),
      ];
      await suite.advance(now + DAY);
      assert.equal((await act(monthly, leave(now + 1000))).cancelAt, periodEnd);
      assert.deepEqual(await books(monthly), paid);
    });

    it("with unpaid invoices: those of later periods are void, the one from before stays due", async () => {
      const { pastDue } = suite.fixtures;
      const before = await books(pastDue);
      assert.ok(before.open > 0);
      const { at } = await charge(pastDue);
      assert.ok((await books(pastDue)).open > before.open);
      const after = await act(pastDue, leave(at - 1));
      assert.equal(after.status, "cancelled");
      assert.deepEqual(await books(pastDue), before);
    });

    it("after somebody else's: the renewal in between is given back, without one nothing changes", async () => {
      const { monthly, cancelling } = suite.fixtures;
      const [scheduled, now] = [await read(cancelling), await suite.provider.now()];
      assert.deepEqual(await act(cancelling, leave(now - 1)), scheduled);
      const before = await books(monthly);
      const renewal = await charge(monthly);
      await act(monthly, { type: "cancel", effective: "period_end" });
      await endsNow(monthly, leave(renewal.at - 1), before);
    });

    it("gives back once: under its key again, under another, and for what has ended", async () => {
      const { monthly } = suite.fixtures;
      const before = await books(monthly);
      const renewal = await charge(monthly);
      const terms = leave(renewal.at - 1);
      const first = await act(monthly, terms, "key");
      assert.deepEqual(await act(monthly, terms, "key"), first);
      assert.deepEqual(
        await suite.provider.readBack({ ...terms, subscriptionId: monthly }, "key"),
        first,
        "and is read back",
      );
      await suite.refuses(monthly, terms);
      await suite.refuses(monthly, leave(0, "immediately"));
      await suite.advance(renewal.at + 40 * DAY);
      assert.deepEqual(await books(monthly), before);
      await assert.rejects(act(monthly, leave(renewal.at), "key"), "another instant is another action");
    });

    it("gives back once although it ends later, and is then asked to end at once", async () => {
      const { monthly, prices } = suite.fixtures;
      const [paid, now] = [await books(monthly), await suite.provider.now()];
      await suite.advance(now + 1000);
      await act(monthly, { type: "change_price", priceId: prices.annual, charge: "now" });
      await act(monthly, leave(now));
      assert.equal((await act(monthly, leave(now, "immediately"))).status, "cancelled");
      assert.deepEqual(await books(monthly), paid);
    });

    it("is one when twenty bring it at once", async () => {
      const { monthly } = suite.fixtures;
      const before = await books(monthly);
      const { at } = await chargeOf(monthly);
      await suite.advance(at + DAY);
      const asked = Array.from({ length: 20 }, () => act(monthly, leave(at - 1), "key"));
      for (const answer of await Promise.all(asked)) assert.equal(answer.status, "cancelled");
      assert.deepEqual(await books(monthly), before);
    });
  });
}

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { addMonths } from "../../../src/flow/offers.ts";
import type { Suite } from "./provider-harness.ts";

const DAY = 86_400_000;

/** A time without charges, and how it ends. */
export function pausesSuite(suite: Suite): void {
  const { act, read, charge, refuses } = suite;

  describe("pause", () => {
    it("charges nothing until it ends, and keeps the price", async () => {
      const before = await read(suite.fixtures.monthly);
      const resumesAt = addMonths(before.periodEnd, 2);
      const after = await act(suite.fixtures.monthly, { type: "pause", resumesAt });
      assert.deepEqual(
        [after.status, after.pausedUntil, after.nextCharge?.at],
        ["paused", resumesAt, resumesAt],
      );
      assert.equal(after.nextCharge?.amount, before.price.amount);
      assert.equal(after.periodEnd, before.periodEnd, "what is paid for stays paid for");
      await suite.advance(resumesAt - 60_000);
      assert.deepEqual(await read(suite.fixtures.monthly), after);
      await suite.advance(resumesAt);
      const resumed = await read(suite.fixtures.monthly);
      assert.deepEqual([resumed.status, resumed.price], ["active", before.price]);
      assert.ok(resumed.periodEnd > resumesAt);
    });

    it("inside the paid period costs nothing and moves nothing", async () => {
      const before = await read(suite.fixtures.monthly);
      const resumesAt = before.periodEnd - DAY;
      const after = await act(suite.fixtures.monthly, { type: "pause", resumesAt });
      assert.deepEqual(after.nextCharge, before.nextCharge);
      await suite.advance(resumesAt);
      assert.deepEqual(await read(suite.fixtures.monthly), before);
    });

    it("is refused unless the subscription is active or paused, and into the past", async () => {
      const now = await suite.provider.now();
      const { trialing, pastDue, cancelling, cancelled, monthly, paused } = suite.fixtures;
      for (const id of [trialing, pastDue, cancelling, cancelled])
        await refuses(id, { type: "pause", resumesAt: now + 90 * DAY });
      for (const id of [monthly, paused]) {
        await refuses(id, { type: "pause", resumesAt: now - 1 });
        await refuses(id, { type: "pause", resumesAt: Number.NaN });
      }
    });

    it("of what is paused moves the end, later and sooner, and nothing else", async () => {
      const before = await read(suite.fixtures.paused);
      const now = await suite.provider.now();
      const later = addMonths(before.pausedUntil ?? 0, 1);
      const after = await act(suite.fixtures.paused, { type: "pause", resumesAt: later });
      assert.deepEqual(after, {
        ...before,
        pausedUntil: later,
        nextCharge: { ...before.nextCharge, at: Math.max(later, before.periodEnd) },
      });
      const sooner = Math.max(now, before.periodEnd) + DAY;
      const { nextCharge } = await act(suite.fixtures.paused, { type: "pause", resumesAt: sooner });
      const { at = 0 } = nextCharge ?? {};
      assert.ok(at >= sooner && at <= later, "not before the end, and not long after it");
      assert.deepEqual(
        await act(suite.fixtures.paused, { type: "pause", resumesAt: before.pausedUntil ?? 0 }),
        before,
        "there and back",
      );
      await act(suite.fixtures.paused, { type: "pause", resumesAt: later });
      const paid = await suite.books(suite.fixtures.paused);
      await suite.advance(later - 60_000);
      assert.equal((await read(suite.fixtures.paused)).status, "paused");
      assert.deepEqual(await suite.books(suite.fixtures.paused), paid);
      await suite.advance(later);
      assert.equal((await read(suite.fixtures.paused)).status, "active");
    });
  });

  describe("the end of a pause by hand", () => {
    it("inside the paid period costs nothing, and the next charge is on its old day", async () => {
      const before = await read(suite.fixtures.monthly);
      const paid = await suite.books(suite.fixtures.monthly);
      await act(suite.fixtures.monthly, { type: "pause", resumesAt: addMonths(before.periodEnd, 2) });
      await suite.advance((await suite.provider.now()) + DAY);
      assert.deepEqual(await act(suite.fixtures.monthly, { type: "resume" }), before);
      assert.deepEqual(await suite.books(suite.fixtures.monthly), paid);
      const { at } = await charge(suite.fixtures.monthly);
      assert.equal(at, before.periodEnd);
    });

    it("beyond the paid period begins a new one and charges it now, once", async () => {
      const before = await read(suite.fixtures.monthly);
      const { paid } = await suite.books(suite.fixtures.monthly);
      await act(suite.fixtures.monthly, { type: "pause", resumesAt: addMonths(before.periodEnd, 2) });
      const at = before.periodEnd + 3 * DAY;
      await suite.advance(at);
      const after = await act(suite.fixtures.monthly, { type: "resume" }, "key");
      assert.deepEqual([after.status, after.pausedUntil], ["active", undefined]);
      assert.ok(Math.abs(after.periodEnd - addMonths(at, 1)) < 60_000);
      assert.deepEqual(after.nextCharge, { ...before.nextCharge, at: after.periodEnd });
      assert.deepEqual(await act(suite.fixtures.monthly, { type: "resume" }, "key"), after);
      const books = { paid: paid + before.price.amount, open: 0 };
      assert.deepEqual(await suite.books(suite.fixtures.monthly), books);
    });

    it("that must be charged is refused where the bank refuses, and the pause goes on", async () => {
      const { customerId, periodEnd } = await read(suite.fixtures.monthly);
      const books = await suite.books(suite.fixtures.monthly);
      await act(suite.fixtures.monthly, { type: "pause", resumesAt: addMonths(periodEnd, 2) });
      await suite.advance(periodEnd + DAY);
      await suite.payWith(customerId, "declined");
      await refuses(suite.fixtures.monthly, { type: "resume" }, "payment_declined");
      assert.deepEqual(await suite.books(suite.fixtures.monthly), books, "not even an open invoice");
      await suite.payWith(customerId, "good");
      assert.equal((await act(suite.fixtures.monthly, { type: "resume" })).status, "active");
    });

    it("is refused without a pause", async () => {
      const { monthly, trialing, pastDue, cancelling, cancelled } = suite.fixtures;
      for (const id of [monthly, trialing, pastDue, cancelling, cancelled, "sub_nobody"])
        await refuses(id, { type: "resume" });
    });
  });
}

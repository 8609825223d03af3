import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { type LedgerRow, type Outcome, type Scope, StoreConflict } from "../../src/store/store.ts";
import type { TestHome, TestStore } from "../stores.ts";
import { aLedgerRow, anEnding, anOutcome, aReport, aScope, aSession, id, NOW } from "./rows.ts";

const WEEK = 7 * 24 * 3_600_000;
const currency = "eur";

/** What a business reports of its cancellations, and what all of them add up to. */
export function reportedSuite(home: TestHome): void {
  describe("reported cancellations and sums of the ledger", () => {
    let opened: TestStore;
    before(async () => {
      opened = await home.open();
    });
    after(() => opened.drop());

    const put = async (...rows: LedgerRow[]) => {
      for (const row of rows) await opened.store.putLedger(row);
    };
    const inSession = async (scope: Scope, more: Partial<LedgerRow>) => {
      const session = aSession(scope);
      await opened.store.insertSession(session);
      return aLedgerRow(scope, session.id, more);
    };

    it("keeps a report with every field, or with no more than it must have", async () => {
      const { store } = opened;
      const scope = aScope();
      const bare = aReport(scope);
      const full: LedgerRow = {
        ...bare,
        ...{ customerId: "cus_1", subscriptionId: "sub_1", email: "jane@example.com", plan: "Pro", mrr: 0 },
        ...{ reason: "other", reasonText: "Grüße", feedback: "🦊", outcome: "retained", confirmed: true },
        ...{ offerId: "o1", offerType: "discount", offerLabel: "20 %", offerAccepted: true, tenureDays: 0 },
        metadata: { text: "“a”", number: 0.5, big: 2 ** 40, yes: true, no: false, none: null },
        digest: "d1",
        effectiveAt: NOW + 1,
      };
      await put(bare);
      assert.deepEqual(await store.ledgerOfEvent(scope, bare.eventId), bare);
      await put(full);
      assert.deepEqual(await store.ledgerOfEvent(scope, bare.eventId), full, "the same row");
      await put(bare);
      assert.deepEqual(await store.ledger(scope, { limit: 9 }), [bare], "absent fields are absent again");
      assert.equal(await store.ledgerOfEvent(scope, "unknown"), undefined);
    });

    it("has an event id once in each scope", async () => {
      const { store } = opened;
      const scope = aScope();
      const row = aReport(scope, { mrr: 1 });
      await put(row);
      await assert.rejects(store.putLedger({ ...row, id: id("can"), mrr: 2 }), StoreConflict);
      assert.deepEqual(await store.ledgerOfEvent(scope, row.eventId), row);
      for (const other of [{ ...scope, environment: "sandbox" } as const, aScope()]) {
        const same = { ...row, ...other, id: id("can") };
        await put(same);
        assert.deepEqual(await store.ledgerOfEvent(other, row.eventId), same);
      }
      await put(await inSession(scope, {}), await inSession(scope, {}));
      assert.equal((await store.ledger(scope, { limit: 9 })).length, 3, "rows without one are not alike");
    });

    it("lets one subscription be reported more than once, beside its open end", async () => {
      const scope = aScope();
      const reported = () => aReport(scope, { subscriptionId: "sub_1", outcome: "cancelled" });
      await put(anEnding(scope), reported(), reported());
      assert.equal((await opened.store.ledger(scope, { limit: 9 })).length, 3);
    });

    it("keeps what was reported of an outcome, one after the other", async () => {
      const { store } = opened;
      const row = aReport(aScope());
      await put(row);
      // Ids against the order, within one instant, and a clock that stepped back.
      const outcomes = [
        anOutcome(row.id, { id: `z${id("out")}`, effectiveAt: NOW + 1, metadata: { by: "jane", n: null } }),
        anOutcome(row.id, { id: `a${id("out")}`, outcome: "cancelled" }),
        anOutcome(row.id, { outcome: "abandoned", at: NOW - 1, metadata: {} }),
      ];
      for (const outcome of outcomes) await store.insertLedgerOutcome(outcome);
      assert.deepEqual(await store.ledgerOutcomes(row.id, 101), outcomes);
      assert.deepEqual(await store.ledgerOutcomes("unknown", 101), []);
      await assert.rejects(store.insertLedgerOutcome(anOutcome("unknown")));
      await assert.rejects(store.insertLedgerOutcome(outcomes[0] ?? assert.fail()), StoreConflict);
    });

    it("keeps the first of them and the latest 999, and answers the latest 101", async () => {
      const { store, db } = opened;
      const [row, other] = [aReport(aScope()), aReport(aScope())];
      await put(row, other);
      await store.insertLedgerOutcome(anOutcome(other.id));
      const ids: string[] = [];
      const tell = (times: number) =>
        store.transaction(async (tx) => {
          for (let time = 0; time < times; time++) {
            const outcome = anOutcome(row.id, { at: NOW - time });
            ids.push(outcome.id);
            await tx.insertLedgerOutcome(outcome);
          }
        });
      const kept = async () => {
        const stored = db.selectFrom("ledger_outcomes").select("id").where("ledger_id", "=", row.id);
        return (await stored.orderBy("position").execute()).map((each) => each.id);
      };
      const answered = async () => (await store.ledgerOutcomes(row.id, 101)).map((each) => each.id);
      await tell(101);
      assert.deepEqual(await answered(), ids);
      await tell(1);
      assert.deepEqual(await answered(), ids.slice(1));
      await tell(898);
      assert.deepEqual(await kept(), ids);
      for (const more of [1, 2]) {
        await tell(1);
        assert.deepEqual(await kept(), [ids[0], ...ids.slice(1 + more)]);
      }
      assert.deepEqual(await answered(), ids.slice(-101));
      assert.equal((await store.ledgerOutcomes(other.id, 101)).length, 1);
    });

    it("counts outcomes as they are in the end, and adds up one currency", async () => {
      const { store } = opened;
      const scope = aScope();
      // More than 32 bits hold.
      const large = 3_000_000_000;
      await put(
        aReport(scope, { outcome: "retained", mrr: large }),
        aReport(scope, { outcome: "retained", mrr: large }),
        aReport(scope, { outcome: "retained" }),
        aReport(scope, { outcome: "retained", mrr: 7, currency: "usd" }),
        aReport(scope, { outcome: "cancelled", mrr: 500 }),
        aReport(scope, { outcome: "abandoned", mrr: 11 }),
        aReport(scope, { mrr: 13 }),
        await inSession(scope, { outcome: "cancelled", mrr: 1_000, subscriptionId: "sub_1" }),
        await inSession(scope, { outcome: "cancelled", mrr: 20, undoneAt: NOW, subscriptionId: "sub_2" }),
        anEnding(scope, { mrr: 3, undoneAt: NOW, reason: "too_expensive", subscriptionId: "sub_3" }),
        anEnding(scope, { subscriptionId: "sub_4", mrr: 4 }),
        anEnding(scope, { subscriptionId: "sub_5", mrr: 5, reason: "too_expensive" }),
        // Nobody paid: that is no wish to leave, except where a business calls it one.
        anEnding(scope, { subscriptionId: "sub_6", mrr: 100_000, reason: "involuntary" }),
        aReport(scope, { outcome: "cancelled", mrr: 6, reason: "involuntary" }),
        aReport(aScope(), { outcome: "cancelled", mrr: 100_000 }),
        aReport({ ...scope, environment: "sandbox" }, { outcome: "cancelled", mrr: 100_000 }),
      );
      assert.deepEqual(await store.outcomeCounts(scope, { from: 0, currency }), {
        retained: 6,
        cancelled: 5,
        abandoned: 1,
        pending: 1,
        retainedMrr: 2 * large + 20 + 3,
        cancelledMrr: 500 + 1_000 + 4 + 5 + 6,
        otherCurrency: 1,
      });
      const dollars = await store.outcomeCounts(scope, { from: 0, currency: "usd" });
      assert.equal(dollars.retainedMrr, 7);
      assert.equal(dollars.cancelledMrr, 0);
      assert.equal(dollars.otherCurrency, 12);
    });

    it("counts each customer once: by their last decision, or else as having left without one", async () => {
      const { store } = opened;
      const scope = aScope();
      // Ids against the order.
      const says = (customer: Partial<LedgerRow>, outcome: Outcome | undefined, after: number, mrr: number) =>
        aReport(scope, {
          ...{ ...customer, id: `${100 - after}${id("can")}`, mrr, occurredAt: NOW + after },
          ...(outcome === undefined ? {} : { outcome }),
        });
      const ann = { customerId: "ann" };
      // One customer, two subscriptions.
      const [bob, bobs] = ["sub_1", "sub_2"].map((subscriptionId) => ({ customerId: "bob", subscriptionId }));
      const cy = { customerId: "cy" };
      const dee = { customerId: "dee" };
      await put(
        says(ann, "cancelled", 0, 1),
        says(ann, "retained", 2, 20),
        says(ann, "cancelled", 1, 300),
        says(ann, "abandoned", 3, 4_000),
        says(ann, undefined, 4, 50_000),
        says(bob ?? ann, "retained", 1, 600_000),
        says(bob ?? ann, "cancelled", 5, 7),
        says(bobs ?? ann, "cancelled", 5, 80),
        says(cy, "abandoned", 0, 9),
        says(cy, undefined, 1, 9),
        { ...says(dee, undefined, 0, 9), currency: "usd" },
        { ...says(dee, undefined, 1, 9), currency: "usd" },
        says({}, "retained", 0, 100),
        says({}, "retained", 0, 100),
      );
      const counted = { retained: 3, cancelled: 2, abandoned: 1, pending: 1 };
      assert.deepEqual(await store.outcomeCounts(scope, { from: NOW, currency }), {
        ...counted,
        ...{ retainedMrr: 220, cancelledMrr: 87, otherCurrency: 1 },
      });
      const first = await store.outcomeCounts(scope, { from: NOW, to: NOW + 2, currency });
      assert.deepEqual([first.retained, first.cancelled, first.cancelledMrr], [3, 1, 300]);
    });

    it("takes what was written down later for the last, where a day is all that was said of when", async () => {
      const { store } = opened;
      for (const [first, last] of [
        ["z", "a"],
        ["a", "z"],
      ]) {
        const scope = aScope();
        const of = { customerId: "ann", reason: "other" };
        const before = { ...of, id: `${first}${id("can")}`, createdAt: NOW + 1, updatedAt: NOW + 9 };
        const after = { ...of, id: `${last}${id("can")}`, createdAt: NOW + 2, updatedAt: NOW + 2 };
        await put(
          aReport(scope, { ...before, outcome: "cancelled" }),
          aReport(scope, { ...after, outcome: "retained" }),
        );
        const { retained, cancelled } = await store.outcomeCounts(scope, { from: NOW, currency });
        assert.deepEqual([retained, cancelled], [1, 0]);
        const asked = { from: NOW, length: WEEK, parts: 1, currency };
        assert.equal((await store.reasonCounts(scope, asked))[0]?.retained, 1);
      }
    });

    it("adds up whatever is stored: exactly as far as integers are exact, and no further", async () => {
      const { store } = opened;
      const most = Number.MAX_SAFE_INTEGER;
      for (const [amounts, sum] of [
        [[most - 1, 1], most],
        [[most, 1], most],
        [[most, most, most], most],
        // Beyond 64 bits.
        [Array.from({ length: 1_100 }, () => most), most],
      ] as const) {
        const scope = aScope();
        const rows = amounts.flatMap((mrr) => [
          aReport(scope, { outcome: "cancelled", reason: "other", mrr }),
          aReport(scope, { outcome: "retained", mrr }),
        ]);
        await store.transaction(async (tx) => {
          for (const row of rows) await tx.putLedger(row);
        });
        const { retainedMrr, cancelledMrr } = await store.outcomeCounts(scope, { from: 0, currency });
        assert.deepEqual([retainedMrr, cancelledMrr], [sum, sum]);
        const [reason] = await store.reasonCounts(scope, { from: NOW, length: WEEK, parts: 1, currency });
        assert.equal(reason?.mrr, sum);
      }
    });

    it("counts from an instant on, and up to another", async () => {
      const { store } = opened;
      const scope = aScope();
      for (const at of [NOW - 1, NOW, NOW + 9, NOW + 10])
        await put(aReport(scope, { outcome: "cancelled", occurredAt: at, mrr: 1 }));
      const between = await store.outcomeCounts(scope, { from: NOW, to: NOW + 10, currency });
      assert.deepEqual([between.cancelled, between.cancelledMrr], [2, 2]);
      assert.equal((await store.outcomeCounts(scope, { from: NOW, currency })).cancelled, 3);
      const none = { retained: 0, cancelled: 0, abandoned: 0, pending: 0 };
      assert.deepEqual(await store.outcomeCounts(scope, { from: NOW + 11, currency }), {
        ...none,
        ...{ retainedMrr: 0, cancelledMrr: 0, otherCurrency: 0 },
      });
    });

    it("counts reasons by week, each week from its first millisecond to its last", async () => {
      const { store } = opened;
      const scope = aScope();
      const at = (week: number, after: number, more: Partial<LedgerRow> = {}) =>
        put(aReport(scope, { reason: "too_expensive", occurredAt: NOW + week * WEEK + after, ...more }));
      await at(0, -1);
      await at(0, 0, { outcome: "retained", mrr: 1 });
      await at(0, WEEK - 1, { outcome: "cancelled", mrr: 20 });
      await at(1, 0, { mrr: 300 });
      await at(1, 5, { outcome: "cancelled", undoneAt: NOW, mrr: 4_000, currency: "usd" });
      await at(1, 6, { outcome: "abandoned" });
      await at(1, 7, { reason: "Zoë’s", outcome: "cancelled", mrr: 50 });
      await at(1, 8, { source: "stripe", reason: "involuntary", subscriptionId: "sub_1" });
      await put(aReport(scope, { occurredAt: NOW + 1 }));
      await at(2, WEEK - 1, { outcome: "abandoned", mrr: 6 });
      await at(3, 0);
      // Each customer once a week for each reason, with what they said last.
      const ann = { subscriptionId: "sub_2", customerId: "ann" };
      await at(2, 1, { ...ann, outcome: "cancelled", mrr: 70 });
      await at(2, 3, { ...ann, mrr: 800 });
      await at(2, 2, { ...ann, outcome: "retained", mrr: 9_000 });
      await at(2, 4, { ...ann, reason: "other", outcome: "cancelled", mrr: 10_000 });
      await at(1, 8, { ...ann, outcome: "retained", mrr: 200_000 });
      await at(2, 5, { customerId: "ann", outcome: "retained", mrr: 5_000 });
      const reason = "too_expensive";
      assert.deepEqual(await store.reasonCounts(scope, { from: NOW, length: WEEK, parts: 3, currency }), [
        { reason: "Zoë’s", part: 1, count: 1, retained: 0, cancelled: 1, mrr: 50, otherCurrency: 0 },
        { reason: "other", part: 2, count: 1, retained: 0, cancelled: 1, mrr: 10_000, otherCurrency: 0 },
        { reason, part: 0, count: 2, retained: 1, cancelled: 1, mrr: 21, otherCurrency: 0 },
        { reason, part: 1, count: 4, retained: 2, cancelled: 0, mrr: 200_300, otherCurrency: 1 },
        { reason, part: 2, count: 3, retained: 1, cancelled: 0, mrr: 5_806, otherCurrency: 0 },
      ]);
      assert.deepEqual(
        await store.reasonCounts(aScope(), { from: NOW, length: WEEK, parts: 3, currency }),
        [],
      );
    });

    it("has no amount of a reason of which none is known in that currency", async () => {
      const { store } = opened;
      const scope = aScope();
      const say = (reason: string, more: Partial<LedgerRow>) => put(aReport(scope, { reason, ...more }));
      await say("free", { mrr: 0 });
      await say("free", {});
      await say("known", { mrr: 5 });
      await say("known", { mrr: 70, currency: "usd" });
      await say("unknown", {});
      await say("usd", { mrr: 9, currency: "usd" });
      const counts = await store.reasonCounts(scope, { from: NOW, length: WEEK, parts: 1, currency });
      assert.deepEqual(
        counts.map(({ reason, mrr, otherCurrency }) => [reason, mrr, otherCurrency]),
        [
          ["free", 0, 0],
          ["known", 5, 1],
          ["unknown", undefined, 0],
          ["usd", undefined, 1],
        ],
      );
    });
  });
}

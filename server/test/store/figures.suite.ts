import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { setImmediate } from "node:timers/promises";
import { sql } from "kysely";
import type { LedgerRow, RecoveryRow, Scope, Store } from "../../src/store/store.ts";
import type { TestHome, TestStore } from "../stores.ts";
import { anInstant, type Chance, chance, nextRecovery, nextVisit, sumsOf } from "./figure-histories.ts";
import { aLedgerRow, anEnding, aRecovery, aReport, aScope, aSession, NOW } from "./rows.ts";

const HOUR = 3_600_000;
const SEEDS = 4;
const STEPS = 20;

/** A history as it is written, and the rows that it has left. */
class History {
  readonly scope = aScope();
  readonly visits = new Map<string, LedgerRow>();
  readonly recoveries = new Map<string, RecoveryRow>();
  readonly #store: Store;
  readonly #random: Chance;

  constructor(store: Store, random: Chance) {
    this.#store = store;
    this.#random = random;
  }

  /** Several rows at once, some of them twice; now and then nothing of it holds. */
  async step(): Promise<void> {
    const { next, below } = this.#random;
    const visits = new Map(this.visits);
    const recoveries = new Map(this.recoveries);
    const crash = new Error("crash");
    const crashes = next() < 0.2;
    const run = this.#store.transaction(async (tx) => {
      for (let left = 1 + below(7); left > 0; left--) {
        const visit = nextVisit(this.scope, [...visits.values()], this.#random, next() < 0.1);
        await tx.putLedger(visit);
        if (visit.source !== "stripe") visits.set(visit.id, visit);
        if (next() < 0.7) continue;
        const recovery = nextRecovery(this.scope, [...recoveries.values()], this.#random);
        await tx.putRecovery(recovery);
        recoveries.set(recovery.invoiceId, recovery);
      }
      if (crashes) throw crash;
    });
    if (crashes) return assert.rejects(run, crash);
    await run;
    for (const [key, row] of visits) this.visits.set(key, row);
    for (const [key, row] of recoveries) this.recoveries.set(key, row);
  }

  async check(note: string): Promise<void> {
    const { next } = this.#random;
    const [one, other] = [anInstant(this.#random), anInstant(this.#random)];
    const range = {
      ...(next() < 0.8 ? { from: Math.min(one, other) } : {}),
      ...(next() < 0.8 ? { to: Math.max(one, other) } : {}),
    };
    const kept = await this.#store.figures(this.scope, range);
    const due = sumsOf(this.visits.values(), this.recoveries.values(), range);
    assert.deepEqual(kept, due, `${note} ${JSON.stringify(range)}`);
    const months = { from: Date.UTC(2026, 10), to: Date.UTC(2027, 9) };
    assert.deepEqual(
      await this.#store.monthlyFigures(this.scope, months),
      sumsOf(this.visits.values(), this.recoveries.values(), { ...months, monthly: true }),
      note,
    );
  }
}

const foldAll = async (store: Store) => {
  while ((await store.foldFigures(100)) === 100);
};

/** Sums that are kept, which must be those of the rows. */
export function figuresSuite(home: TestHome): void {
  describe("figures", () => {
    let opened: TestStore;
    before(async () => {
      opened = await home.open();
    });
    after(() => opened.drop());

    const all = (scope: Scope) => opened.store.figures(scope, {});

    it("say what a visit has come to, from its beginning to its last word", async () => {
      const { store } = opened;
      const scope = aScope();
      const [eur, at] = [{ currency: "eur", count: 1 }, { startedAt: NOW }];
      const visit = aReport(scope, { ...at, mrr: 4_900 });
      const states = [
        [visit, [{ ...eur, measure: "visits.open", amount: 0 }]],
        [{ ...visit, outcome: "abandoned" }, [{ ...eur, measure: "visits.abandoned", amount: 0 }]],
        [
          { ...visit, outcome: "cancelled", lostMrr: 4_900 },
          [{ ...eur, measure: "visits.cancelled", amount: 4_900 }],
        ],
        [
          { ...visit, outcome: "cancelled", undoneAt: NOW + 9, savedMrr: 4_900 },
          [{ ...eur, measure: "visits.retained", amount: 4_900 }],
        ],
        [
          { ...visit, outcome: "retained", savedMrr: 900, lostMrr: 4_000 },
          [
            { ...eur, measure: "lowered", amount: 4_000 },
            { ...eur, measure: "visits.retained", amount: 900 },
          ],
        ],
        [
          { ...visit, outcome: "retained", savedMrr: 4_900, currency: "usd" },
          [{ measure: "visits.retained", currency: "usd", count: 1, amount: 4_900 }],
        ],
      ] as const;
      for (const [row, figures] of states) {
        await store.putLedger(row);
        assert.deepEqual(await all(scope), figures);
        await foldAll(store);
        assert.deepEqual(await all(scope), figures, "added up");
      }
      await store.putLedger(anEnding(scope));
      await store.putLedger(aReport({ ...scope, environment: "sandbox" }, at));
      assert.deepEqual(
        await all(scope),
        states[5][1],
        "what ended at billing was no visit, and the sandbox is apart",
      );
    });

    it("say what became of payments that had failed, by when each of it was", async () => {
      const { store } = opened;
      const scope = aScope();
      const recovery = aRecovery(scope, { amount: 1_200 });
      await store.putRecovery(recovery);
      await store.putRecovery({ ...recovery, status: "recovered", amount: 900, recoveredAt: NOW + HOUR });
      const of = { currency: "eur", count: 1 };
      const failed = [
        { ...of, measure: "failures", amount: 0 },
        { ...of, measure: "failures.recovered", amount: 0 },
      ];
      const paid = [{ ...of, measure: "recoveries", amount: 900 }];
      assert.deepEqual(await all(scope), [...failed, ...paid]);
      assert.deepEqual(await store.figures(scope, { from: NOW, to: NOW + HOUR }), failed);
      assert.deepEqual(await store.figures(scope, { from: NOW + HOUR }), paid);
    });

    it("begin and end at the millisecond that was asked for", async () => {
      const { store } = opened;
      const scope = aScope();
      const hour = NOW - (NOW % HOUR);
      const times = [hour - 1, hour, hour + 1, hour + 4 * HOUR - 1, hour + 4 * HOUR];
      for (const startedAt of times) await store.putLedger(aReport(scope, { startedAt }));
      const count = async (from?: number, to?: number) => {
        const range = { ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) };
        return (await store.figures(scope, range))[0]?.count ?? 0;
      };
      for (const fold of [false, true]) {
        if (fold) await foldAll(store);
        for (const from of [undefined, ...times])
          for (const to of [undefined, ...times]) {
            const due = times.filter((at) => at >= (from ?? at) && at < (to ?? Infinity)).length;
            assert.equal(await count(from, to), due, `${from} ${to}`);
          }
        assert.equal(await count(hour + 1, hour + 1), 0);
        assert.equal(await count(hour + 2, hour + 1), 0);
      }
    });

    it("are written with the row that a session keeps, and not at all where nothing has changed", async () => {
      const { store, db } = opened;
      const scope = aScope();
      const session = aSession(scope);
      await store.insertSession(session);
      await foldAll(store);
      const row = aLedgerRow(scope, session.id, { startedAt: NOW });
      await store.putLedger(row);
      await store.putLedger(aLedgerRow(scope, session.id, { ...row, id: "another", outcome: "abandoned" }));
      assert.equal((await store.ledgerOfSession(session.id))?.id, row.id);
      assert.deepEqual(
        (await all(scope)).map(({ measure }) => measure),
        ["visits.abandoned"],
      );
      assert.equal(await store.foldFigures(2), 2, "the oldest first");
      assert.equal(await store.foldFigures(2), 1);
      await store.putLedger({ ...row, outcome: "abandoned", feedback: "so" });
      await store.putLedger(anEnding(scope));
      assert.equal(await store.foldFigures(2), 0);
      const { spans } = await db
        .selectFrom("figures")
        .select(({ fn }) => fn.countAll<number>().as("spans"))
        .where("workspace_id", "=", scope.workspaceId)
        .where("count", "!=", 0)
        .executeTakeFirstOrThrow();
      assert.equal(spans, 3);
    });

    it("are those of the rows, whatever has happened to these in whatever order", async () => {
      for (let seed = 1; seed <= SEEDS; seed++) {
        const random = chance(seed);
        const history = new History(opened.store, random);
        for (let step = 0; step < STEPS; step++) {
          await history.step();
          if (random.next() < 0.2) await opened.store.foldFigures(1 + random.below(30));
          if (random.next() < 0.3) await history.check(`seed ${seed} step ${step}`);
        }
        if (random.next() < 0.5) await foldAll(opened.store);
        assert.equal(await opened.store.rebuildFigures(), 0, `seed ${seed}`);
        for (let time = 0; time < 5; time++) await history.check(`seed ${seed} rebuilt`);
      }
    });

    it("are put right by a rebuild, which says how many were not", async () => {
      const { store, db } = opened;
      const scope = aScope();
      await store.putLedger(aReport(scope, { startedAt: NOW, outcome: "retained", savedMrr: 4_900 }));
      const right = await all(scope);
      await foldAll(store);
      const touched = db.updateTable("figures").where("workspace_id", "=", scope.workspaceId);
      await touched.set({ amount: 1 }).where("span", "=", "day").execute();
      await touched.set({ currency: "usd" }).where("span", "=", "month").execute();
      const other = { workspace_id: "nobody", environment: "prod", measure: "lowered", span: "day" } as const;
      const none = { ...other, currency: "eur", start: 0, count: 0, amount: 0 };
      await db.insertInto("figures").values(none).execute();
      assert.equal(
        await store.rebuildFigures(),
        3,
        "the day, the month that is missing, the one that is not there",
      );
      assert.deepEqual(await all(scope), right);
      assert.equal(await store.rebuildFigures(), 0);
    });

    it("stay right while several processes write, add up, read and rebuild", async () => {
      const scope = aScope();
      const handles = [opened, await opened.reopen()];
      const rows = Array.from({ length: 4 }, () => aReport(scope, { startedAt: NOW, mrr: 100 }));
      for (const row of rows) await opened.store.putLedger(row);
      const invoices = rows.map(() => aRecovery(scope));
      let writing = true;
      const writers = handles.flatMap(({ store }, process) =>
        [0, 1].map(async (lane) => {
          const random = chance(process * 2 + lane);
          for (let round = 0; round < 15; round++) {
            const visit = random.oneOf(rows);
            const end = random.oneOf([
              { outcome: "cancelled", lostMrr: 100 },
              { outcome: "retained", savedMrr: 70, lostMrr: 30 },
              { outcome: "abandoned" },
            ] as const);
            await store.transaction(async (tx) => {
              await tx.putLedger({ ...visit, ...end });
              await tx.putRecovery(random.oneOf(invoices));
            });
          }
        }),
      );
      const visitsOf = async ({ store }: { store: Store }) =>
        (await store.figures(scope, {}))
          .filter(({ measure }) => measure.startsWith("visits."))
          .reduce((sum, { count }) => sum + count, 0);
      const others = handles.map(async (handle) => {
        while (writing) {
          await handle.store.foldFigures(7);
          assert.equal(await visitsOf(handle), rows.length);
          assert.equal(await handle.store.rebuildFigures(), 0);
          // SQLite answers at once: nobody else would have a turn.
          await setImmediate();
        }
      });
      await Promise.all(writers).finally(() => {
        writing = false;
      });
      await Promise.all(others);
      const kept = await opened.store.ledger(scope, { limit: 9 });
      const recoveries = await opened.store.listRecoveries(scope, { limit: 9 });
      assert.deepEqual(await all(scope), sumsOf(kept, recoveries, {}));
      assert.equal(await opened.store.rebuildFigures(), 0);
    });

    it("are as large as a number can say, and no larger", async () => {
      const { store } = opened;
      const scope = aScope();
      const most = { startedAt: NOW, outcome: "cancelled", lostMrr: Number.MAX_SAFE_INTEGER } as const;
      for (let time = 0; time < 3; time++) await store.putLedger(aReport(scope, most));
      for (const fold of [false, true]) {
        // What one row can be worth is far less: a batch of them is exact.
        while (fold && (await store.foldFigures(1)));
        assert.deepEqual(await all(scope), [
          { measure: "visits.cancelled", currency: "eur", count: 3, amount: Number.MAX_SAFE_INTEGER },
        ]);
      }
      assert.equal(await store.rebuildFigures(), 0);
      await sql`delete from ledger where workspace_id = ${scope.workspaceId}`.execute(opened.db);
      await store.rebuildFigures();
    });
  });
}

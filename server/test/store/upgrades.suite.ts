import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Kysely, sql } from "kysely";
import { openStore } from "../../src/store/database.ts";
import { postgres, sqlite } from "../../src/store/differences.ts";
import { migrator } from "../../src/store/migrations.ts";
import { postgresDialect } from "../../src/store/postgres.ts";
import type { Schema } from "../../src/store/schema.ts";
import { sqliteDialect } from "../../src/store/sqlite.ts";
import { type LedgerRow, type Store, StoreConflict } from "../../src/store/store.ts";
import type { TestHome } from "../stores.ts";
import {
  aChange,
  aFact,
  aKey,
  aLedgerRow,
  anEnding,
  aRecovery,
  aReport,
  aScope,
  aSession,
  aWorkspace,
  NOW,
} from "./rows.ts";

const DAY = 86_400_000;

type Insert = (table: string, row: object) => Promise<unknown>;

/** A row as older versions wrote it, too: a column per field. */
const columnsOf = (row: object) =>
  Object.entries(row).map(([name, value]) => ({
    name: name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
    value: typeof value === "object" ? JSON.stringify(value) : typeof value === "boolean" ? +value : value,
  }));

/**
 * A database of the version with this migration as its last, and what opens it with the present one, beside which the older
 * one still runs.
 */
async function ofVersion(
  home: TestHome,
  last: string,
  write: (insert: Insert) => Promise<void>,
  check: (store: Store, insert: Insert) => Promise<void>,
): Promise<void> {
  const { location, remove } = await home.place();
  const [differences, dialect] =
    location.url === undefined
      ? [sqlite, sqliteDialect(location.file)]
      : [postgres, postgresDialect(location.url, 5)];
  const db = new Kysely<Schema>({ dialect });
  try {
    const { error } = await migrator(db, differences).migrateTo(last);
    assert.equal(error, undefined);
    const insert: Insert = (table, row) => {
      const columns = columnsOf(row);
      const names = sql.join(columns.map(({ name }) => sql.ref(name)));
      const values = sql.join(columns.map(({ value }) => value));
      return sql`insert into ${sql.table(table)} (${names}) values (${values})`.execute(db);
    };
    await write(insert);
    const { store } = await openStore(location);
    await check(store, insert).finally(() => store.close());
  } finally {
    await db.destroy();
    await remove();
  }
}

const without = <T extends object, K extends keyof T>(row: T, ...names: K[]): Omit<T, K> => {
  const rest = { ...row };
  for (const name of names) delete rest[name];
  return rest;
};

/** What older versions have written is read by this one. */
export function upgradesSuite(home: TestHome): void {
  describe("a database of an older version", () => {
    it("keeps what the first one has written", async () => {
      const scope = aScope();
      const [workspace, session] = [
        aWorkspace(),
        aSession(scope, { startedAt: NOW - 5, completedAt: NOW - 1 }),
      ];
      const key = aKey({ workspaceId: workspace.id });
      const facts = [aFact(scope), aFact(scope)];
      const inBooks = aLedgerRow(scope, session.id, { outcome: "retained", reason: "too_expensive" });
      await ofVersion(
        home,
        "001_initial",
        async (insert) => {
          await insert("workspaces", workspace);
          await insert("api_keys", key);
          await insert("sessions", without(session, "openedAt"));
          await insert("ledger", without(inBooks, "createdAt"));
          for (const fact of facts) await insert("events", fact);
          await assert.rejects(insert("events", without(aFact(scope), "sessionId")), /session_id/);
        },
        async (store) => {
          assert.deepEqual(await store.workspace(workspace.id), workspace);
          assert.deepEqual(await store.keyByHash(key.hash), key);
          assert.deepEqual(await store.session(session.id), { ...session, openedAt: session.config.now });
          const times = { startedAt: NOW - 5, completedAt: NOW - 1, createdAt: inBooks.updatedAt };
          const kept = { ...inBooks, ...times, savedMrr: inBooks.mrr };
          assert.deepEqual(await store.ledgerOfSession(session.id), kept);
          assert.deepEqual(await store.visits(scope, { outcome: "retained", limit: 9 }), [kept]);
          const saved = { measure: "visits.retained", currency: "eur", count: 1, amount: inBooks.mrr };
          assert.deepEqual(await store.figures(scope, { from: NOW - 5, to: NOW - 4 }), [saved]);
          assert.equal(await store.rebuildFigures(), 0);
          const later = [without(aFact(scope), "sessionId"), aFact(scope)];
          for (const fact of later) await store.insertEvent(fact);
          assert.deepEqual(await store.events(scope, { limit: 9 }), [...facts, ...later]);
          assert.equal(await store.useNonce(scope, "nonce", NOW), true);
          assert.equal(await store.insertChange(aChange(scope)), true);
        },
      );
    });

    it("keeps a ledger in which nothing was reported yet, and the rules of it", async () => {
      const scope = aScope();
      const session = aSession(scope);
      const full: LedgerRow = {
        ...aLedgerRow(scope, session.id, { outcome: "cancelled", undoneAt: NOW + 9, occurredAt: NOW + 2 }),
        ...{ email: "jane@example.com", reason: "other", reasonText: "Grüße 🦊", feedback: "“so”" },
        ...{ offerId: "o1", offerType: "discount", offerAccepted: true, confirmed: true, effectiveAt: NOW },
      };
      const ending = anEnding(scope, { occurredAt: NOW + 1 });
      const undone = anEnding(scope, { undoneAt: NOW });
      const old = [full, ending, undone];
      const paid = aRecovery(scope, { status: "recovered", amount: 700, recoveredAt: NOW + DAY });
      const recoveries = [paid, aRecovery(scope, { currency: "usd" })];
      await ofVersion(
        home,
        "005_billing_events",
        async (insert) => {
          await insert("sessions", session);
          for (const row of old) await insert("ledger", without(row, "createdAt"));
          for (const row of recoveries) await insert("recoveries", row);
          await assert.rejects(insert("ledger", without(anEnding(scope), "createdAt")));
          const { customerId: _, ...nobody } = without(anEnding(aScope()), "createdAt");
          await assert.rejects(insert("ledger", nobody), /customer_id/);
        },
        async (store) => {
          const visit = { startedAt: NOW + 2, completedAt: NOW + 2, savedMrr: full.mrr };
          const kept = old.map((row) => ({
            ...row,
            createdAt: row.updatedAt,
            ...(row === full ? visit : {}),
          }));
          assert.deepEqual(await store.ledger(scope, { limit: 9 }), kept);
          const one = { currency: "eur", count: 1, amount: 0 };
          assert.deepEqual(await store.figures(scope, {}), [
            { ...one, measure: "failures" },
            { ...one, measure: "failures", currency: "usd" },
            { ...one, measure: "failures.recovered" },
            { ...one, measure: "recoveries", amount: 700 },
            { ...one, measure: "visits.retained", amount: full.mrr },
          ]);
          // Each day and month by itself: a rebuild finds nothing to put right.
          assert.equal(await store.rebuildFigures(), 0);
          assert.deepEqual(await store.openEnding(scope, "sub_1"), kept[1]);
          await assert.rejects(store.putLedger(anEnding(scope)), StoreConflict);
          const again = aLedgerRow(scope, session.id, { occurredAt: NOW + 2 });
          await store.putLedger(again);
          assert.deepEqual(await store.ledgerOfSession(session.id), { ...again, id: full.id });
          await assert.rejects(store.putLedger(aLedgerRow(scope, "no such session")));
          const report = aReport(scope, { occurredAt: NOW + 3 });
          await store.putLedger(report);
          assert.equal((await store.ledger(scope, { limit: 9 })).length, 4);
          assert.deepEqual(await store.ledgerOfEvent(scope, report.eventId), report);
        },
      );
    });

    it("takes what a server of the older version goes on writing into the ledger", async () => {
      const scope = aScope();
      const sessions = [aSession(scope), aSession(scope)] as const;
      const [before, after] = sessions.map(({ id }) => aLedgerRow(scope, id, { reason: "other" }));
      assert.ok(before && after);
      const asOne = { ...scope, from: 0, currency: "eur" };
      await ofVersion(
        home,
        "005_billing_events",
        async (insert) => {
          for (const session of sessions) await insert("sessions", session);
          await insert("ledger", without(before, "createdAt"));
        },
        async (store, insert) => {
          await insert("ledger", without(after, "createdAt"));
          const read = { ...after, createdAt: after.updatedAt };
          assert.deepEqual(await store.ledgerOfSession(sessions[1].id), read);
          assert.equal((await store.outcomeCounts(scope, asOne)).pending, 1);
          await store.putLedger({ ...read, outcome: "retained" });
          assert.equal((await store.outcomeCounts(scope, asOne)).retained, 1);
        },
      );
    });

    it("counts what a server of the older version goes on writing once figures are rebuilt", async () => {
      const scope = aScope();
      const session = aSession(scope, { startedAt: NOW - 5, completedAt: NOW - 1 });
      const ofFlow = aLedgerRow(scope, session.id, { outcome: "cancelled" });
      const report = aReport(scope, { mrr: 700 });
      const ended = anEnding(scope);
      await ofVersion(
        home,
        "006_reported",
        (insert) => insert("sessions", session).then(() => {}),
        async (store, insert) => {
          for (const row of [ofFlow, report, ended]) await insert("ledger", row);
          assert.deepEqual(await store.figures(scope, {}), []);
          assert.equal(await store.rebuildFigures(), 6, "two measures by hour, day and month");
          const visits = [
            { ...report, startedAt: NOW },
            { ...ofFlow, startedAt: NOW - 5, completedAt: NOW - 1, lostMrr: ofFlow.mrr },
          ];
          assert.deepEqual(await store.visits(scope, { limit: 9 }), visits);
          const lost = { measure: "visits.cancelled", currency: "eur", count: 1, amount: ofFlow.mrr };
          const begun = { measure: "visits.open", currency: "eur", count: 1, amount: 0 };
          assert.deepEqual(await store.figures(scope, {}), [lost, begun]);
          assert.equal(await store.rebuildFigures(), 0);
        },
      );
    });
  });
}

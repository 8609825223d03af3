import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { sql } from "kysely";
import { type Store, StoreConflict } from "../../src/store/store.ts";
import type { TestHome, TestStore } from "../stores.ts";
import { deferred } from "./deferred.ts";
import {
  aCancelLink,
  aChange,
  aFlow,
  aLedgerRow,
  aMail,
  anAction,
  anEvent,
  aReport,
  aScope,
  aSession,
  aWorkspace,
  id,
  NOW,
} from "./rows.ts";

const WRITERS = 20;

/** Many writers at once, in one process and in two. */
export function concurrencySuite(home: TestHome): void {
  describe("transactions and writers that meet", () => {
    let opened: TestStore;
    let store: Store;
    /** As another process would have it. */
    let there: Store;
    before(async () => {
      opened = await home.open();
      ({ store } = opened);
      there = (await opened.reopen()).store;
    });
    after(() => opened.drop());

    const all = <T>(write: (store: Store, index: number) => Promise<T>) =>
      Promise.all(Array.from({ length: WRITERS }, (_, index) => write(index % 2 ? store : there, index)));
    const session = async (scope = aScope()) => {
      const row = aSession(scope);
      await store.insertSession(row);
      return row.id;
    };

    it("inserts one session per token, subscription and ordinal", async () => {
      const row = aSession(aScope());
      const made = await all((any) => any.insertSession({ ...row, id: id("ses") }));
      assert.equal(made.filter(Boolean).length, 1);
    });

    it("inserts one action per session", async () => {
      const sessionId = await session();
      const made = await all((any) =>
        any.transaction((tx) => tx.insertAction(anAction(sessionId, { status: "succeeded" }))),
      );
      assert.equal(made.filter(Boolean).length, 1);
      assert.equal((await store.actions(sessionId)).length, 1);
    });

    it("inserts one change per key, and one that is pending per subscription", async () => {
      const row = aChange(aScope(), { status: "succeeded" });
      const same = await all((any) => any.transaction((tx) => tx.insertChange({ ...row, id: id("chg") })));
      assert.equal(same.filter(Boolean).length, 1);
      const scope = aScope();
      const others = await all((any) => any.transaction((tx) => tx.insertChange(aChange(scope))));
      assert.equal(others.filter(Boolean).length, 1);
      assert.equal((await store.pendingChanges(scope, "sub_1")).length, 1);
    });

    it("keeps one ledger row per session", async () => {
      const scope = aScope();
      const sessionId = await session();
      await all((any, index) => any.putLedger(aLedgerRow(scope, sessionId, { mrr: index })));
      assert.equal((await store.ledger(scope, { limit: 99 })).length, 1);
    });

    it("keeps one report per event id, and tells the others", async () => {
      const row = aReport(aScope());
      const reports = Array.from({ length: WRITERS }, (_, index) => ({ ...row, id: id("can"), mrr: index }));
      const made = await Promise.allSettled(
        reports.map((report, index) => (index % 2 ? store : there).transaction((tx) => tx.putLedger(report))),
      );
      const winner = made.findIndex((result) => result.status === "fulfilled");
      assert.deepEqual(await store.ledger(row, { limit: 99 }), [reports[winner]]);
      for (const [index, result] of made.entries()) {
        if (result.status === "rejected") assert.ok(result.reason instanceof StoreConflict, result.reason);
        else assert.equal(index, winner);
      }
    });

    it("inserts one mail per recipient", async () => {
      const row = aMail(aScope());
      const made = await all((any) => any.transaction((tx) => tx.insertMail({ ...row, id: id("mail") })));
      assert.equal(made.filter(Boolean).length, 1);
    });

    it("leaves a cancel link with the mark that came first", async () => {
      const row = aCancelLink(aScope());
      await store.insertCancelLink(row);
      const seen = await all((any, index) =>
        any.transaction(async (tx) => {
          await tx.markCancelLink(row.id, { resultId: `res_${index}`, issuedAt: NOW + index });
          return tx.cancelLink(row.id);
        }),
      );
      const [first] = seen;
      assert.equal(first?.resultId, `res_${(first?.issuedAt ?? 0) - NOW}`, "both marks of the same writer");
      for (const each of seen) assert.deepEqual(each, first);
    });

    it("counts an event once, however often and wherever it arrives", async () => {
      const sessionId = await session();
      const events = Array.from({ length: 10 }, (_, seq) => anEvent("r", seq));
      // Half of them the other way round: in PostgreSQL those would wait for each other for ever.
      const counts = await all((any, index) =>
        any.insertSessionEvents(sessionId, index % 3 ? events : events.toReversed(), NOW),
      );
      assert.equal(
        counts.reduce((sum, count) => sum + count, 0),
        events.length,
      );
      assert.deepEqual(await store.sessionEvents(sessionId, "r"), events);
    });

    it("gives a place in a run to one event", async () => {
      const sessionId = await session();
      const made = await Promise.allSettled(
        Array.from({ length: WRITERS }, (_, index) =>
          (index % 2 ? store : there).insertSessionEvents(sessionId, [anEvent("r", 0)], NOW),
        ),
      );
      assert.equal(made.filter((result) => result.status === "fulfilled").length, 1);
      for (const result of made) {
        if (result.status === "rejected") assert.ok(result.reason instanceof StoreConflict, result.reason);
      }
    });

    it("opens one job per topic and key", async () => {
      await all((any, index) => any.enqueue({ topic: "t", key: "k", payload: index, dueAt: NOW }));
      assert.equal((await store.claimJobs(NOW, 1, 99)).length, 1);
      await store.dequeue("t", "k");
    });

    it("leaves one flow active when many are published", async () => {
      const scope = aScope();
      await store.insertWorkspace(aWorkspace({ id: scope.workspaceId }));
      await all((any, index) => any.publishFlow(aFlow(scope, index + 1)));
      const versions = Array.from({ length: WRITERS }, (_, index) =>
        store.flow(aFlow(scope, 1).id, index + 1),
      );
      assert.equal((await Promise.all(versions)).filter((flow) => flow?.active).length, 1);
    });

    it("serialises what concerns one key", async () => {
      const row = aWorkspace({ name: "0" });
      await store.insertWorkspace(row);
      await all((any) =>
        any.transaction(async (tx) => {
          await tx.lock(`workspace:${row.id}`);
          const { name } = (await tx.workspace(row.id)) ?? row;
          await tx.updateWorkspace(row.id, { name: String(Number(name) + 1) });
        }),
      );
      assert.equal((await store.workspace(row.id))?.name, String(WRITERS));
    });

    it("keeps all of a transaction or nothing, and returns its result", async () => {
      const [kept, lost] = [aWorkspace(), aWorkspace()];
      const result = await store.transaction(async (tx) => {
        await tx.insertWorkspace(kept);
        return tx.workspace(kept.id);
      });
      assert.deepEqual(result, kept);
      const failure = new Error("no");
      const failed = store.transaction(async (tx) => {
        await tx.insertWorkspace(lost);
        throw failure;
      });
      await assert.rejects(failed, (error) => error === failure);
      assert.deepEqual(await store.workspace(kept.id), kept);
      assert.equal(await store.workspace(lost.id), undefined);
    });

    it("rolls back after a conflict, even if the caller overlooks it", async () => {
      const [known, lost] = [aWorkspace(), aWorkspace()];
      await store.insertWorkspace(known);
      const overlooking = store.transaction(async (tx) => {
        await tx.insertWorkspace(lost);
        await tx.insertWorkspace(known).catch(() => {});
        return "fine";
      });
      await assert.rejects(overlooking, StoreConflict);
      assert.equal(await store.workspace(lost.id), undefined);
    });

    it("shows nobody what is not committed", async () => {
      for (const reader of [store, there]) {
        const row = aWorkspace();
        const inserted = deferred();
        const reading = deferred();
        const writing = store.transaction(async (tx) => {
          await tx.insertWorkspace(row);
          inserted.resolve();
          await reading.promise;
          throw new Error("no");
        });
        await inserted.promise;
        const read = reader.workspace(row.id);
        // A turn in which the read could join the transaction, if anything let it.
        await new Promise(setImmediate);
        reading.resolve();
        await assert.rejects(writing, /^Error: no$/);
        assert.equal(await read, undefined);
      }
    });

    it("lets a second process wait for the first without stopping it", async () => {
      const [mine, theirs, plain] = [aWorkspace(), aWorkspace(), aWorkspace()];
      const begun = deferred();
      const end = deferred();
      const first = store.transaction(async (tx) => {
        await tx.insertWorkspace(mine);
        begun.resolve();
        await end.promise;
        await tx.updateWorkspace(mine.id, { name: "late" });
      });
      await begun.promise;
      const second = there.transaction((tx) => tx.insertWorkspace(theirs));
      const third = there.insertWorkspace(plain);
      await new Promise(setImmediate);
      end.resolve();
      await Promise.all([first, second, third]);
      assert.equal((await there.workspace(mine.id))?.name, "late");
      assert.deepEqual(await store.workspace(theirs.id), theirs);
      assert.deepEqual(await store.workspace(plain.id), plain);
    });

    it("refuses the store inside a transaction, where SQLite would wait for ever", async () => {
      const row = aWorkspace();
      const inside = store.transaction(async (tx) => {
        await tx.insertWorkspace(row);
        return store.workspace(row.id);
      });
      await assert.rejects(inside, /Inside a transaction/);
      const nested = store.transaction(() => store.transaction(async () => {}));
      await assert.rejects(nested, /Inside a transaction/);
      // Work that a transaction has started may use it afterwards.
      const later = deferred();
      const [afterwards] = await store.transaction(async () => [later.promise.then(() => store.ping())]);
      later.resolve();
      await afterwards;
    });

    if (home.name === "PostgreSQL") postgresOnly(() => opened);
  });
}

/** That of Kysely's migrator, which it takes for a connection unless it is told otherwise. */
const MIGRATION_LOCK = "3853314791062309107";

/** SQLite has one writer at a time, so none of this can happen there. */
function postgresOnly(opened: () => TestStore): void {
  const failing = (times: number) => {
    const calls = { count: 0 };
    const work = async () => {
      calls.count += 1;
      if (calls.count <= times) throw Object.assign(new Error("not now"), { code: "40001" });
      return "done";
    };
    return { calls, work };
  };

  it("tries a transaction again up to three times when others were in its way", async () => {
    const { store } = opened();
    const thrice = failing(3);
    assert.equal(await store.transaction(thrice.work), "done");
    assert.equal(thrice.calls.count, 4);
    const always = failing(99);
    await assert.rejects(store.transaction(always.work), StoreConflict);
    assert.equal(always.calls.count, 4);
  });

  it("opens while a connection has the lock of migrations for itself: a pooler would lose it on the way", async () => {
    const { db, reopen } = opened();
    await db.connection().execute(async (held) => {
      await sql`select pg_advisory_lock(${MIGRATION_LOCK}::bigint)`.execute(held);
      await (await reopen()).store.workspaces();
      await sql`select pg_advisory_unlock(${MIGRATION_LOCK}::bigint)`.execute(held);
    });
  });

  it("resolves a deadlock", async () => {
    const { db, reopen } = opened();
    // For connections made from now on: a real deadlock takes a second to be noticed otherwise.
    const { name } =
      (await sql<{ name: string }>`select current_database() as name`.execute(db)).rows[0] ?? {};
    await sql`alter database ${sql.id(name ?? "")} set deadlock_timeout = 20`.execute(db);
    const { store } = await reopen();
    const both = [deferred(), deferred()] as const;
    let runs = 0;
    const run = (mine: 0 | 1) =>
      store.transaction(async (tx) => {
        runs += 1;
        await tx.lock(`key ${mine}`);
        both[mine].resolve();
        await both[1 - mine]?.promise;
        await tx.lock(`key ${1 - mine}`);
      });
    await Promise.all([run(0), run(1)]);
    assert.equal(runs, 3);
  });
}

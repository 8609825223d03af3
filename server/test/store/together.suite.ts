import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { sql } from "kysely";
import {
  type LedgerRow,
  type Scope,
  type Store,
  StoreConflict,
  type Transaction,
} from "../../src/store/store.ts";
import type { TestHome, TestStore } from "../stores.ts";
import { deferred } from "./deferred.ts";
import { aLedgerRow, anEvent, aScope, aSession, id, NOW, settlement } from "./rows.ts";

const MANY = 100;
/** Which of two answers that come together is heard of first differs from time to time. */
const OFTEN = 20;

const numbers = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

/** Works that are under way at the same time and share a transaction. */
export function togetherSuite(home: TestHome): void {
  describe("works that share a transaction", () => {
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

    const sessions = async (scope: Scope, count: number): Promise<string[]> => {
      const rows = numbers(count).map(() => aSession(scope));
      for (const row of rows) await store.insertSession(row);
      return rows.map((row) => row.id);
    };
    const put = async (tx: Transaction, row: LedgerRow & { sessionId: string }) => {
      await tx.lockedSession(row.sessionId);
      const known = await tx.ledgerOfSession(row.sessionId);
      await tx.putLedger({ ...row, id: known?.id ?? row.id });
    };

    it("are in it at the same time", async () => {
      const both = [deferred(), deferred()] as const;
      await Promise.all(
        both.map(({ resolve }, index) =>
          store.together(async (tx) => {
            await tx.workspaces();
            resolve();
            await both[1 - index]?.promise;
          }),
        ),
      );
    });

    it("are answered each with its own, when others can see what it wrote", async () => {
      const ids = await sessions(aScope(), MANY);
      await Promise.all(
        ids.map(async (sessionId, index) => {
          const events = numbers((index % 3) + 1).map((seq) => anEvent("r", seq));
          const added = await store.together(async (tx) => {
            assert.equal((await tx.lockedSession(sessionId))?.id, sessionId);
            return tx.addSessionEvents(sessionId, [...events, ...events], NOW);
          });
          const runs = new Map([["r", events]]);
          assert.deepEqual(added, { accepted: events.length, total: events.length, runs });
          assert.deepEqual(await there.sessionEvents(sessionId, "r"), events);
        }),
      );
    });

    it("lose nothing to one that fails after it has written", async () => {
      const ids = await sessions(aScope(), 20);
      const crash = new Error("crash");
      const ends = await Promise.allSettled(
        ids.map((sessionId, index) =>
          store.together(async (tx) => {
            await tx.addSessionEvents(sessionId, [anEvent("r", 0)], NOW);
            if (index % 5 === 0) throw crash;
            await tx.updateSession(sessionId, { touchedAt: NOW + 1 });
          }),
        ),
      );
      for (const [index, end] of ends.entries()) {
        const sessionId = ids[index] as string;
        const fails = index % 5 === 0;
        assert.equal(end.status === "rejected" && end.reason === crash, fails);
        assert.equal((await store.sessionEvents(sessionId, "r")).length, fails ? 0 : 1);
        assert.equal((await store.session(sessionId))?.touchedAt, fails ? NOW : NOW + 1);
      }
    });

    it("lose nothing to one whose row the database refuses", async () => {
      const ids = await sessions(aScope(), 10);
      const ends = await Promise.allSettled(
        [...ids, "ses_nobody"].map((sessionId) =>
          store.together((tx) => tx.addSessionEvents(sessionId, [anEvent("r", 0)], NOW)),
        ),
      );
      assert.deepEqual(
        ends.map(({ status }) => status),
        [...ids.map(() => "fulfilled"), "rejected"],
      );
      for (const sessionId of ids) assert.equal((await there.sessionEvents(sessionId, "r")).length, 1);
    });

    it("are not refused for what the database refuses one of them, whichever is heard of first", async () => {
      const [sessionId = ""] = await sessions(aScope(), 1);
      for (const _ of numbers(OFTEN)) {
        const refused = assert.rejects(
          store.together((tx) => tx.addSessionEvents("ses_nobody", [anEvent("r", 0)], NOW)),
        );
        const others = await Promise.all([
          store.together((tx) => tx.actions(sessionId)),
          store.together((tx) => tx.ledgerOfSession(sessionId)),
        ]);
        assert.deepEqual(others, [[], undefined]);
        await refused;
      }
    });

    it("are refused by themselves what another event has the place of", async () => {
      const ids = await sessions(aScope(), 3);
      const taken = anEvent("r", 0);
      await store.insertSessionEvents(ids[1] as string, [taken], NOW);
      const ends = await Promise.allSettled(
        ids.map((sessionId) =>
          store.together((tx) => tx.addSessionEvents(sessionId, [anEvent("r", 0), anEvent("r", 1)], NOW)),
        ),
      );
      const [one, refused, other] = ends;
      assert.ok(refused?.status === "rejected" && refused.reason instanceof StoreConflict);
      assert.deepEqual([one?.status, other?.status], ["fulfilled", "fulfilled"]);
      assert.deepEqual(await store.sessionEvents(ids[1] as string, "r"), [taken]);
    });

    it("follow each other where they lock the same, here and elsewhere", async () => {
      const scope = aScope();
      const [sessionId = ""] = await sessions(scope, 1);
      const add = (any: Store) =>
        any.together(async (tx) => {
          await tx.lock(`count:${sessionId}`);
          const row = await tx.ledgerOfSession(sessionId);
          await tx.putLedger(
            row ? { ...row, mrr: (row.mrr ?? 0) + 1 } : aLedgerRow(scope, sessionId, { mrr: 1 }),
          );
        });
      await Promise.all(numbers(20).map((index) => add(index % 2 ? store : there)));
      assert.equal((await store.ledgerOfSession(sessionId))?.mrr, 20);
    });

    // On SQLite whoever is in a transaction keeps everybody else out.
    if (home.name === "PostgreSQL")
      it("do not wait for what one of them has to wait for", async () => {
        const [held, free] = [deferred(), deferred()];
        const holder = there.transaction(async (tx) => {
          await tx.lock("key:held");
          held.resolve();
          await free.promise;
        });
        await held.promise;
        const order: string[] = [];
        const works = ["key:held", "key:other"].map(async (key) => {
          await store.together((tx) => tx.lock(key));
          order.push(key);
        });
        await works[1];
        free.resolve();
        await Promise.all([holder, ...works]);
        assert.deepEqual(order, ["key:other", "key:held"]);
      });

    if (home.name === "PostgreSQL")
      it("are tried again after a deadlock, whatever else they had asked", async () => {
        const { db } = opened;
        const [sessionId = ""] = await sessions(aScope(), 1);
        // The database finds every second insert to be in a deadlock. No rollback takes a sequence back.
        await sql`create sequence tries`.execute(db);
        await sql`create function deadlock() returns trigger language plpgsql as $$ begin
          if nextval('tries') % 2 = 1 then raise exception using errcode = 'deadlock_detected'; end if;
          return new;
        end $$`.execute(db);
        await sql`create trigger deadlock before insert on session_events
          for each row execute function deadlock()`.execute(db);
        try {
          for (const seq of numbers(OFTEN)) {
            const [added] = await Promise.all([
              store.together((tx) => tx.addSessionEvents(sessionId, [anEvent("r", seq)], NOW)),
              store.together((tx) => tx.actions(sessionId)),
              store.together((tx) => tx.ledgerOfSession(sessionId)),
            ]);
            assert.equal(added.total, seq + 1);
          }
        } finally {
          await sql`drop function deadlock cascade`.execute(db);
        }
      });

    it("keep figures that fit the rows, whoever writes them", async () => {
      const scope = aScope();
      const ids = await sessions(scope, 12);
      const startedAt = NOW;
      const ended = { outcome: "retained", savedMrr: 100, startedAt } as const;
      const rows = ids.flatMap((sessionId, index) => [
        aLedgerRow(scope, sessionId, { startedAt }),
        ...(index % 2 ? [aLedgerRow(scope, sessionId, { startedAt, updatedAt: NOW + 1 })] : []),
        ...(index % 3 ? [aLedgerRow(scope, sessionId, ended)] : []),
      ]) as (LedgerRow & { sessionId: string })[];
      for (const group of Object.values(
        Object.groupBy(rows, ({ sessionId }) => rows.filter((row) => row.sessionId === sessionId).length),
      ))
        await Promise.all(
          (group ?? []).map((row, index) => (index % 4 ? store : there).together((tx) => put(tx, row))),
        );
      const kept = await Promise.all(ids.map((sessionId) => store.ledgerOfSession(sessionId)));
      const retained = kept.filter((row) => row?.outcome === "retained").length;
      const figure = (measure: string, count: number, amount: number) => ({
        measure,
        currency: "eur",
        count,
        amount,
      });
      const due = [
        figure("visits.open", ids.length - retained, 0),
        figure("visits.retained", retained, retained * 100),
      ];
      const found = await store.figures(scope, {});
      assert.deepEqual(
        found.toSorted((one, other) => (one.measure < other.measure ? -1 : 1)),
        due.filter(({ count }) => count),
      );
    });

    it("do not count twice what has changed behind their back", async () => {
      const scope = aScope();
      const [sessionId = ""] = await sessions(scope, 1);
      const row = aLedgerRow(scope, sessionId, { startedAt: NOW });
      await store.putLedger(row);
      const read = deferred();
      const changed = deferred();
      // Once: where the database gives it to one at a time, the other waits for it.
      let first = true;
      const late = store.together(async (tx) => {
        const known = (await tx.ledgerOfSession(sessionId)) as LedgerRow;
        read.resolve();
        if (first && home.name === "PostgreSQL") await changed.promise;
        first = false;
        await tx.putLedger({ ...known, outcome: "abandoned" });
      });
      await read.promise;
      await there.putLedger({ ...row, outcome: "cancelled", lostMrr: 5 });
      changed.resolve();
      await late;
      const end = (await store.ledgerOfSession(sessionId))?.outcome;
      const found = (await store.figures(scope, {})).filter(({ count }) => count);
      assert.deepEqual(
        found.map(({ measure, count }) => [measure, count]),
        [[`visits.${end}`, 1]],
      );
    });

    for (const odd of ["\0", "\ud800", "\udc00"])
      it(`store what they are given as anybody does: ${JSON.stringify(odd)}`, async () => {
        const scope = aScope();
        const ids = await sessions(scope, 2);
        const [plain = "", shared = ""] = ids;
        const text = `a${odd}b \\u0000 "quoted" {1,2} – 🦊`;
        const told = (sessionId: string) => ({
          ...scope,
          id: id("evt"),
          type: "cancel.saved",
          sessionId,
          data: { text },
          at: NOW,
        });
        const row = (sessionId: string) =>
          aLedgerRow(scope, sessionId, {
            reasonText: text,
            metadata: { text, none: null, yes: true },
            mrr: 2 ** 53 - 1,
            outcome: "retained",
          });
        const write = (sessionId: string) => async (tx: Transaction) => {
          await tx.lockedSession(sessionId, `cancel-link:${text}`);
          await tx.ledgerOfSession(sessionId);
          await tx.addSessionEvents(sessionId, [{ ...anEvent("r", 0, "same"), text } as never], NOW);
          await tx.updateSession(sessionId, {
            outcome: "retained",
            settlement,
            startedAt: NOW,
            completedAt: NOW + 1,
          });
          await tx.putLedger({ ...row(sessionId), id: `led_${sessionId}` });
          await tx.insertEvent(told(sessionId));
          return tx.session(sessionId);
        };
        const [one, other] = [await store.transaction(write(plain)), await store.together(write(shared))];
        const bare = <Row extends object>(found: Row | undefined) => ({
          ...found,
          id: "",
          tokenId: "",
          sessionId: "",
        });
        assert.deepEqual(bare(other), bare(one));
        assert.deepEqual(bare(await store.ledgerOfSession(shared)), bare(await store.ledgerOfSession(plain)));
        assert.deepEqual(await store.sessionEvents(shared, "r"), await store.sessionEvents(plain, "r"));
        const [first, second] = await store.events(scope, { limit: 9 });
        assert.deepEqual(bare(second), bare(first));
      });

    it("are refused inside of a transaction, which would wait for itself", async () => {
      await assert.rejects(
        store.transaction(() => store.together(async () => {})),
        /Inside a transaction/,
      );
    });
  });
}

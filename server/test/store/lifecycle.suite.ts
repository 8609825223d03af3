import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { openStore } from "../../src/store/database.ts";
import type { TestHome } from "../stores.ts";
import { deferred } from "./deferred.ts";
import { aFact, anEvent, aScope, aSession, aWorkspace, NOW } from "./rows.ts";

/** Opening, closing and what lasts. */
export function lifecycleSuite(home: TestHome): void {
  describe("opening and closing", () => {
    it("has everything again after it was closed and opened", async () => {
      const opened = await home.open();
      try {
        const { store } = opened;
        const scope = aScope();
        const [workspace, session, event] = [aWorkspace(), aSession(scope), anEvent("r", 0)];
        const facts = [aFact(scope), aFact(scope)];
        await store.transaction(async (tx) => {
          await tx.insertWorkspace(workspace);
          await tx.insertSession(session);
          await tx.insertSessionEvents(session.id, [event], NOW);
          await tx.enqueue({ topic: "t", key: "k", payload: { a: 1 }, dueAt: NOW });
          for (const fact of facts) await tx.insertEvent(fact);
        });
        await store.close();
        await assert.rejects(store.ping());

        const { store: again } = await opened.reopen();
        assert.deepEqual(await again.workspaces(), [workspace]);
        assert.deepEqual(await again.session(session.id), session);
        assert.deepEqual(await again.sessionEvents(session.id, "r"), [event]);
        assert.deepEqual(await again.events(scope, { limit: 9 }), facts);
        assert.equal((await again.claimJobs(NOW, 1, 9))[0]?.key, "k");
        await again.ping();
      } finally {
        await opened.drop();
      }
    });

    it("can be opened by six processes at once while it is still empty", async () => {
      const { location, remove } = await home.place();
      try {
        const opening = Array.from({ length: 6 }, () => openStore(location));
        const handles = await Promise.all(opening);
        const rows = handles.map(() => aWorkspace());
        await Promise.all(
          handles.map(({ store }, index) => store.insertWorkspace(rows[index] as (typeof rows)[0])),
        );
        const kept = (await handles[0]?.store.workspaces()) ?? [];
        const ids = (list: typeof rows) => list.map((row) => row.id).sort();
        assert.deepEqual(ids(kept), ids(rows));
        await Promise.all(handles.map(({ store }) => store.close()));
      } finally {
        await remove();
      }
    });

    it("does not open what a newer version has written", async () => {
      const opened = await home.open();
      try {
        // What the migrator notes down, seen without its types.
        const notes = opened.db.withTables<{ kysely_migration: { name: string; timestamp: string } }>();
        const row = { name: "999_from_the_future", timestamp: new Date(NOW).toISOString() };
        await notes.insertInto("kysely_migration").values(row).execute();
        await assert.rejects(opened.reopen(), /999_from_the_future is missing/);
      } finally {
        await opened.drop();
      }
    });

    it("lets a transaction end that runs while it is closed, and begins no other", async () => {
      const opened = await home.open();
      try {
        const row = aWorkspace();
        const begun = deferred();
        const end = deferred();
        const writing = opened.store.transaction(async (tx) => {
          await tx.insertWorkspace(row);
          begun.resolve();
          await end.promise;
          await tx.updateWorkspace(row.id, { name: "late" });
        });
        await begun.promise;
        const closing = opened.store.close();
        const refused = assert.rejects(opened.store.transaction((tx) => tx.insertWorkspace(aWorkspace())));
        end.resolve();
        await Promise.all([writing, closing, refused]);
        const { store } = await opened.reopen();
        assert.deepEqual(await store.workspaces(), [{ ...row, name: "late" }]);
      } finally {
        await opened.drop();
      }
    });

    it("closes twice without complaint", async () => {
      const opened = await home.open();
      await opened.store.close();
      await opened.drop();
    });
  });
}

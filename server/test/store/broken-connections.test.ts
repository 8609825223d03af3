/** A database that restarts, or moves to another machine, closes connections that are in use. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { sql } from "kysely";
import { stores } from "../stores.ts";

for (const home of stores.filter(({ name }) => name === "PostgreSQL")) {
  describe("A connection that breaks in the middle of a transaction", () => {
    it("fails the transaction, and neither the process nor the next query", async () => {
      const { store, reopen, drop } = await home.open();
      const { db: other } = await reopen();
      const { rows } = await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(other);
      const mine = rows[0]?.pid ?? assert.fail();
      await assert.rejects(
        store.transaction(async (tx) => {
          await tx.lock("a customer");
          await sql`select pg_terminate_backend(pid) from pg_stat_activity
            where datname = current_database() and pid <> ${mine} and state = 'idle in transaction'`.execute(
            other,
          );
          const isOpen = async () =>
            (
              await sql`select 1 from pg_stat_activity
                where datname = current_database() and state = 'idle in transaction'`.execute(other)
            ).rows.length > 0;
          while (await isOpen()) await turn();
          await tx.session("none");
        }),
      );
      assert.deepEqual(await store.workspaces(), []);
      await drop();
    });
  });
}

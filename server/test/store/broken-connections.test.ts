/** A database that restarts, or moves to another machine, closes connections that are in use. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, connect, createServer } from "node:net";
import { describe, it } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { sql } from "kysely";
import { openStore } from "../../src/store/database.ts";
import { stores } from "../stores.ts";

/** The first byte of what asks the database something, once a connection is made: Query, Parse. */
const ASKS: ReadonlySet<number | undefined> = new Set(Buffer.from("QP"));

/** A pooler in front of the database. While that is away it takes connections, and drops them when they ask for something. */
async function pooler(url: string) {
  const { hostname, port } = new URL(url);
  const state = { away: false };
  const server = createServer((client) => {
    const database = connect(Number(port || 5432), hostname);
    for (const [one, other] of [
      [client, database],
      [database, client],
    ] as const)
      one.on("error", () => {}).on("close", () => other.destroy());
    database.pipe(client);
    client.on("data", (data) => {
      if (state.away && ASKS.has(data[0])) client.destroy();
      else database.write(data);
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const through = new URL(url);
  through.hostname = "127.0.0.1";
  through.port = `${(server.address() as AddressInfo).port}`;
  return { url: through.href, state, close: () => server.close() };
}

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

  describe("A connection that breaks before anything can be asked of it", () => {
    it("leaves its place to the next one", async () => {
      const { location, remove } = await home.place();
      const { url, state, close } = await pooler(location.url ?? assert.fail());
      try {
        const { store } = await openStore({ url, connections: 1 });
        state.away = true;
        // The one that was open already, and a new one.
        await assert.rejects(store.workspaces(), /terminated/);
        await assert.rejects(store.workspaces(), /terminated/);
        state.away = false;
        assert.deepEqual(await store.workspaces(), []);
        // Not where that has failed: it would wait for whoever has the place.
        await store.close();
      } finally {
        close();
        await remove();
      }
    });
  });
}

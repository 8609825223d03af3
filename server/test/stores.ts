/**
 * Fresh, empty stores for tests: SQLite always, PostgreSQL as well when TEST_DATABASE_URL names a server
 * where this user may create databases. A test that needs a store runs once for each of `stores`.
 */
import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { type OpenedStore, openStore, type StoreLocation } from "../src/store/database.ts";

/** An empty place for a database, not opened yet. */
interface Place {
  location: StoreLocation;
  /** After everything that was opened there has been closed. */
  remove(): Promise<void>;
}

export interface TestStore extends OpenedStore {
  /** One more handle on the same data, as another process would have it. Closed by `drop` at the latest. */
  reopen(): Promise<OpenedStore>;
  /** Closes every handle and removes the data. */
  drop(): Promise<void>;
}

export interface TestHome {
  name: "SQLite" | "PostgreSQL";
  place(): Promise<Place>;
  open(): Promise<TestStore>;
}

const home = (name: TestHome["name"], place: () => Promise<Place>): TestHome => ({
  name,
  place,
  open: async () => {
    const { location, remove } = await place();
    const opened: OpenedStore[] = [];
    const reopen = async () => {
      const handle = await openStore(location);
      opened.push(handle);
      return handle;
    };
    const drop = async () => {
      await Promise.all(opened.map((handle) => handle.store.close()));
      await remove();
    };
    return { ...(await reopen()), reopen, drop };
  },
});

async function newFile(): Promise<Place> {
  const folder = await mkdtemp(join(tmpdir(), "renumerate-"));
  return {
    location: { file: join(folder, "test.db") },
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

async function newDatabase(server: string): Promise<Place> {
  const name = `renumerate_${randomUUID().replaceAll("-", "")}`;
  // From template0, so that neither the server's encoding nor its local additions matter.
  await admin(server, `create database ${name} encoding 'UTF8' template template0`);
  const url = new URL(server);
  url.pathname = `/${name}`;
  return {
    location: { url: url.href },
    remove: () => admin(server, `drop database if exists ${name} with (force)`),
  };
}

async function admin(server: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: server });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}

const server = process.env.TEST_DATABASE_URL;

export const stores: TestHome[] = [
  home("SQLite", newFile),
  ...(server ? [home("PostgreSQL", () => newDatabase(server))] : []),
];

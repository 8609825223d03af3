/**
 * Fresh, empty stores for tests: SQLite always, PostgreSQL as well when TEST_DATABASE_URL names a server
 * where this user may create databases. A test that needs a store runs once for each of `stores`.
 */
import { rmSync } from "node:fs";
import { copyFile, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createDatabase } from "../../scripts/cluster/database.ts";
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

/** @param migrated a place where the tables are there already: to make them anew takes longer than most tests */
const home = (
  name: TestHome["name"],
  place: () => Promise<Place>,
  migrated: () => Promise<Place>,
): TestHome => ({
  name,
  place,
  open: async () => {
    const { location, remove } = await migrated();
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

/** A file whose tables are made, for as long as this process runs. */
let template: Promise<string> | undefined;

async function makeTemplate(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "renumerate-"));
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, "template.db");
  await (await openStore({ file })).store.close();
  return file;
}

async function copiedFile(): Promise<Place> {
  template ??= makeTemplate();
  const place = await newFile();
  await copyFile(await template, place.location.file as string);
  return place;
}

async function newFile(): Promise<Place> {
  const folder = await mkdtemp(join(tmpdir(), "renumerate-"));
  return {
    location: { file: join(folder, "test.db") },
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

async function newDatabase(server: string, from?: string): Promise<Place> {
  const { url, drop } = await createDatabase(server, from);
  return { location: { url }, remove: drop };
}

/** `TEST_DATABASE_TEMPLATE`: a database on that server whose tables are made and that nobody is connected to. */
const { TEST_DATABASE_URL: server, TEST_DATABASE_TEMPLATE: made } = process.env;

export const stores: TestHome[] = [
  home("SQLite", newFile, copiedFile),
  ...(server
    ? [
        home(
          "PostgreSQL",
          () => newDatabase(server),
          () => newDatabase(server, made),
        ),
      ]
    : []),
];

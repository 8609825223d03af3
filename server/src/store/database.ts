/** Opens the store in one of its two homes. */
import { Kysely } from "kysely";
import { type Home, postgres, sqlite } from "./differences.ts";
import { figureUpkeep } from "./figure-upkeep.ts";
import { forgetQueries } from "./forget.ts";
import { healthQueries } from "./health.ts";
import { jobQueries } from "./jobs.ts";
import { migrate } from "./migrations.ts";
import { personalDataUpkeep } from "./personal-data-upkeep.ts";
import { postgresDialect } from "./postgres.ts";
import { queries } from "./queries.ts";
import type { Schema } from "./schema.ts";
import { sqliteDialect } from "./sqlite.ts";
import type { Store } from "./store.ts";
import { Transactions } from "./transactions.ts";
import { webhookUpkeep } from "./webhook-upkeep.ts";

/** One of the two. `url`: `postgres://…`. `file`: path of an SQLite database in an existing folder. */
export type StoreLocation = { url: string; file?: undefined } | { file: string; url?: undefined };

export interface OpenedStore {
  store: Store;
  /** The same connections without the interface, for the billing simulator's tables. Closed by the store. */
  db: Kysely<Schema>;
}

/**
 * Opens the database, creates or migrates its tables, and is safe to call from several processes at once.
 * @throws if the database cannot be reached or was written by a newer version
 */
export async function openStore(location: StoreLocation): Promise<OpenedStore> {
  const [home, dialect] =
    location.url === undefined
      ? [sqlite, sqliteDialect(location.file)]
      : [postgres, postgresDialect(location.url)];
  const db = new Kysely<Schema>({ dialect });
  try {
    await migrate(db, home);
  } catch (error) {
    await db.destroy();
    throw error;
  }
  return { store: createStore(db, home), db };
}

function createStore(db: Kysely<Schema>, home: Home): Store {
  const transactions = new Transactions(db, home);
  const transaction: Store["transaction"] = (work) =>
    transactions.run((tx, guard) =>
      work(guard({ ...queries(tx, home), lock: (key: string) => home.lock(tx, key) })),
    );
  return {
    ...transactions.outside({
      ...queries(db, home),
      ...jobQueries(db, home),
      ...healthQueries(db),
      ...forgetQueries(db),
      ...figureUpkeep(db, home),
      ...webhookUpkeep(db, home),
      ...personalDataUpkeep(db, home),
      ...(home.counter ? { countRequest: home.counter(db) } : {}),
    }),
    transaction,
    // More than one statement each.
    publishFlow: (row) => transaction((tx) => tx.publishFlow(row)),
    insertSessionEvents: (...args) => transaction((tx) => tx.insertSessionEvents(...args)),
    close: () => db.destroy(),
  };
}

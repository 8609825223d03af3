/** Opens the store in one of its two homes. */
import { type Dialect, Kysely } from "kysely";
import { type Home, postgres, sqlite } from "./differences.ts";
import { figureUpkeep } from "./figure-upkeep.ts";
import { forgetQueries } from "./forget.ts";
import { healthQueries } from "./health.ts";
import { jobQueries } from "./jobs.ts";
import { createSharing, type Memory } from "./memory.ts";
import { migrate } from "./migrations.ts";
import { personalDataUpkeep } from "./personal-data-upkeep.ts";
import { postgresDialect } from "./postgres.ts";
import { queries, transactionQueries } from "./queries.ts";
import { remembered } from "./remembered.ts";
import type { Schema } from "./schema.ts";
import { sqliteDialect } from "./sqlite.ts";
import { standingQueries } from "./standing.ts";
import type { Store } from "./store.ts";
import { Together } from "./together.ts";
import { Transactions } from "./transactions.ts";
import { webhookUpkeep } from "./webhook-upkeep.ts";

/** One of the two. `url`: `postgres://…`, with how many connections at most. `file`: path of an SQLite database in an existing folder. */
export type StoreLocation =
  | { url: string; connections?: number; file?: undefined }
  | { file: string; url?: undefined };

const CONNECTIONS = 10;

export interface OpenedStore {
  store: Store;
  /** The same connections without the interface, for the billing simulator's tables. Closed by the store. */
  db: Kysely<Schema>;
  /** For what else is read from it. */
  memory: Memory;
}

/**
 * Opens the database, creates or migrates its tables, and is safe to call from several processes at once.
 * @throws if the database cannot be reached or was written by a newer version
 */
export async function openStore(location: StoreLocation): Promise<OpenedStore> {
  const { home, dialect, memory } = homeOf(location);
  const db = new Kysely<Schema>({ dialect });
  try {
    await migrate(db, home);
  } catch (error) {
    await db.destroy();
    throw error;
  }
  return { store: createStore(db, home, memory), db, memory };
}

function homeOf(location: StoreLocation): { home: Home; dialect: Dialect; memory: Memory } {
  if (location.url !== undefined) {
    const { url, connections = CONNECTIONS } = location;
    return { home: postgres, dialect: postgresDialect(url, connections), memory: createSharing() };
  }
  const dialect = sqliteDialect(location.file);
  return { home: sqlite, dialect, memory: dialect.memory };
}

function createStore(db: Kysely<Schema>, home: Home, memory: Memory): Store {
  const transactions = new Transactions(db, home);
  const transaction: Store["transaction"] = (work) =>
    transactions.run((tx, guard) => work(guard(transactionQueries(tx, home))));
  const together = new Together(transactions, home, transaction);
  return {
    ...transactions.outside({
      ...remembered(queries(db, home), memory),
      ...jobQueries(db, home),
      ...healthQueries(db),
      ...standingQueries(db),
      ...forgetQueries(db),
      ...figureUpkeep(db, home),
      ...webhookUpkeep(db, home),
      ...personalDataUpkeep(db, home),
      ...(home.counter ? { countRequest: home.counter(db) } : {}),
      together: together.run as Store["together"],
    }),
    transaction,
    // More than one statement each.
    publishFlow: (row) => transaction((tx) => tx.publishFlow(row)),
    insertSessionEvents: (...args) => transaction((tx) => tx.insertSessionEvents(...args)),
    addSessionEvents: (...args) => transaction((tx) => tx.addSessionEvents(...args)),
    close: () => db.destroy(),
  };
}

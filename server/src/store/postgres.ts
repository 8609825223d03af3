/** Kysely on PostgreSQL through a pool. Integers come back as numbers: times and money stay below 2^53. */

import type { Dialect, QueryCompiler } from "kysely";
import { PostgresAdapter, PostgresDialect, PostgresQueryCompiler } from "kysely";
import pg from "pg";
import { storable } from "./storable.ts";

const INT8 = 20;

/** @param connections at most so many at once */
export function postgresDialect(url: string, connections: number): Dialect {
  const pool = new pg.Pool({
    connectionString: url,
    max: connections,
    application_name: "renumerate",
    // A database that does not answer is an error, not a hang. Waiting for a free connection counts too.
    connectionTimeoutMillis: 10_000,
    keepAlive: true,
    // What a transaction asks at once is on its way at once, and is carried out in the order it was asked.
    pipeline: true,
    types: {
      getTypeParser: ((oid: number, format?: "text") =>
        parserOf(oid, format)) as typeof pg.types.getTypeParser,
    },
  });
  // An idle connection that breaks must not end the process; whoever needs the database next hears of it.
  pool.on("error", () => {});
  pool.on("connect", (client) => {
    // Nor one that breaks in use: whoever uses it hears of it by the query that fails.
    client.on("error", () => {});
    // A process that was frozen in the middle of a transaction must not hold its locks for ever. Not Kysely's
    // `onCreateConnection`: where that fails, the connection never goes back to the pool.
    client.query("set idle_in_transaction_session_timeout = 60000").catch(() => {});
  });
  return new Postgres({ pool });
}

function parserOf(oid: number, format?: "text"): (text: string) => unknown {
  return oid === INT8 ? Number : pg.types.getTypeParser(oid, format);
}

class Postgres extends PostgresDialect {
  override createAdapter(): PostgresAdapter {
    return new Adapter();
  }

  override createQueryCompiler(): QueryCompiler {
    return new Compiler();
  }
}

/** Whoever migrates holds a lock already, in the transaction in which it does: see migrate. */
class Adapter extends PostgresAdapter {
  override async acquireMigrationLock(): Promise<void> {}
  override async releaseMigrationLock(): Promise<void> {}
}

class Compiler extends PostgresQueryCompiler {
  protected override appendValue(value: unknown): void {
    super.appendValue(storable(value));
  }
}

/** What a failed query means, and when a transaction is tried again: the same on both homes. */
import { AsyncLocalStorage } from "node:async_hooks";
import { setTimeout as delay } from "node:timers/promises";
import type { Kysely } from "kysely";
import type { Home } from "./differences.ts";
import type { Schema } from "./schema.ts";
import { StoreConflict } from "./store.ts";

const RETRIES = 3;

/** One attempt at a transaction. */
interface Attempt {
  running: boolean;
  /** The first query that failed. PostgreSQL lets nothing hold after that, and so do we on SQLite. */
  failure?: unknown;
}

export class Transactions {
  readonly #db: Kysely<Schema>;
  readonly #home: Home;
  readonly #current = new AsyncLocalStorage<Attempt>();

  constructor(db: Kysely<Schema>, home: Home) {
    this.#db = db;
    this.#home = home;
  }

  /** @param work may run several times; `guard` is for the queries that it uses */
  async run<T>(
    work: (tx: Kysely<Schema>, guard: <Q extends object>(queries: Q) => Q) => Promise<T>,
  ): Promise<T> {
    this.#assertOutside();
    for (let retries = 0; ; retries++) {
      const attempt: Attempt = { running: true };
      const guard = <Q extends object>(queries: Q) =>
        this.#guarded(queries, (error) => {
          attempt.failure = this.#home.firstOf(attempt.failure, error);
        });
      try {
        return await this.#db.transaction().execute(async (tx) => {
          const result = await this.#current.run(attempt, () => work(tx, guard));
          if (attempt.failure) throw attempt.failure;
          return result;
        });
      } catch (error) {
        const cause = attempt.failure ?? error;
        if (!this.#home.isTransient(cause)) throw error;
        if (retries === RETRIES) throw new StoreConflict("Too many writers met", { cause });
      } finally {
        attempt.running = false;
      }
      // Apart from each other, so that the same ones do not meet again.
      await delay(Math.random() * 10 * 2 ** retries);
    }
  }

  /** Queries outside of any transaction. */
  outside<Q extends object>(queries: Q): Q {
    return this.#guarded(
      queries,
      () => {},
      () => this.#assertOutside(),
    );
  }

  // On SQLite the query would wait for the transaction and the transaction for the query; on PostgreSQL it
  // would silently not belong to it.
  #assertOutside(): void {
    if (this.#current.getStore()?.running) throw new Error("Inside a transaction, use it and not the store");
  }

  #guarded<Q extends object>(queries: Q, failed: (error: unknown) => void, before = () => {}): Q {
    const guarded = Object.entries(queries).map(
      ([name, query]: [string, (...args: unknown[]) => Promise<unknown>]) => [
        name,
        async (...args: unknown[]) => {
          before();
          try {
            return await query(...args);
          } catch (error) {
            const meant = this.#home.isUniqueViolation(error)
              ? new StoreConflict("Such a row exists already", { cause: error })
              : error;
            failed(meant);
            throw meant;
          }
        },
      ],
    );
    // The same names with the same parameters and results.
    return Object.fromEntries(guarded) as Q;
  }
}

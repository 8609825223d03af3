/** Works that share one transaction. Each sees it as if it were alone in there; what two of them want to lock, one gets. */
import type { Kysely } from "kysely";
import type { Home } from "../differences.ts";
import { transactionQueries } from "../queries.ts";
import type { Schema } from "../schema.ts";
import type { Transaction } from "../store.ts";
import { Apart } from "./apart.ts";
import { merged } from "./merged.ts";

export type Work = (tx: Transaction) => Promise<unknown>;

/** What has become of one of them. `apart`: nothing yet, it has to be done by itself. */
export type End = { value: unknown } | { error: unknown } | { apart: true };

/** Somebody has failed who had written something: nothing of all this may hold. */
export class Undone extends Error {
  /** Who has failed, by place. */
  readonly failed: readonly boolean[];

  constructor(failed: readonly boolean[]) {
    super("Taken back");
    this.failed = failed;
  }
}

/** What leaves no trace. */
const READS: ReadonlySet<string | symbol> = new Set<keyof Transaction>([
  "lock",
  "lockedSession",
  "session",
  "sessionEvents",
  "actions",
  "action",
  "flow",
  "cancelLink",
  "ledgerOfSession",
  "openEnding",
  "cancelledSessions",
  "pendingChanges",
  "pendingSessions",
  "isRetainedSince",
  "isChangedSince",
  "acceptedOffers",
]);

interface Done {
  end: End;
  wrote: boolean;
}

/** Who is alone in there says in its own words what a query that failed means to it. */
function causeOf(done: readonly Done[], failure: unknown): unknown {
  const [{ end } = { end: undefined }, ...others] = done;
  return end && "error" in end && !others.length ? end.error : failure;
}

export class Round {
  readonly #plain: Transaction;
  readonly #merged: ReturnType<typeof merged> | undefined;
  readonly #home: Home;
  readonly #holders = new Map<string, Work>();
  /** The first query that failed: nothing holds after that. */
  #failure: { error: unknown } | undefined;

  constructor(tx: Kysely<Schema>, home: Home, guard: <Q extends object>(queries: Q) => Q) {
    this.#home = home;
    const noting = <Q extends object>(all: Q) => this.#noting(guard(all));
    this.#plain = noting(transactionQueries(tx, home));
    // Where a statement is no more than a call, fewer of them are no gain.
    this.#merged = home.name === "postgres" ? merged(tx, noting) : undefined;
  }

  /** @throws Undone, or what a query has failed with */
  async carry(works: readonly Work[]): Promise<End[]> {
    const done = await Promise.all(works.map((work) => this.#do(work)));
    if (this.#failure) throw causeOf(done, this.#failure.error);
    const failed = done.map(({ end }) => !("value" in end));
    if (done.some(({ wrote }, index) => wrote && failed[index])) throw new Undone(failed);
    return done.map(({ end }) => end);
  }

  async #do(work: Work): Promise<Done> {
    let wrote = false;
    const own = this.#own(work);
    const tx = new Proxy(this.#plain, {
      get: (plain, name: keyof Transaction) => {
        if (!READS.has(name)) wrote = true;
        return own[name] ?? plain[name];
      },
    });
    try {
      return { end: { value: await work(tx) }, wrote };
    } catch (error) {
      return { end: error instanceof Apart ? { apart: true } : { error }, wrote };
    }
  }

  /** What one of them has locked the database would let all of them lock: to it they are one. */
  #own(work: Work): Partial<Transaction> {
    const mine = this.#merged?.(this.#plain);
    const { lock, lockedSession } = mine ?? this.#plain;
    const take = (keys: readonly string[]) => {
      for (const key of keys) {
        const holder = this.#holders.get(key) ?? work;
        if (holder !== work) throw new Apart(key);
        this.#holders.set(key, work);
      }
    };
    return {
      ...mine,
      async lock(...keys) {
        take(keys);
        await lock(...keys);
      },
      async lockedSession(id, ...before) {
        take([...before, `session:${id}`]);
        return lockedSession(id, ...before);
      },
    };
  }

  #noting<Q extends object>(all: Q): Q {
    const noting = Object.entries(all).map(
      ([name, query]: [string, (...args: unknown[]) => Promise<unknown>]) => [
        name,
        (...args: unknown[]) =>
          query(...args).catch((error) => {
            this.#failure = { error: this.#home.firstOf(this.#failure?.error, error) };
            throw error;
          }),
      ],
    );
    // The same names with the same parameters and results.
    return Object.fromEntries(noting) as Q;
  }
}

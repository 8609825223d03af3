/**
 * Transactions that are under way at the same time, made one: what waits while others are written is written together, with
 * one sync to disk and, on PostgreSQL, with one statement for what all of them ask. Nobody waits where nobody else is there.
 */
import type { Home } from "./differences.ts";
import { type Store, StoreConflict, type Transaction } from "./store.ts";
import { isRefusal } from "./together/refusals.ts";
import { Round, Undone, type Work } from "./together/round.ts";
import { unqueued } from "./together/unqueued.ts";
import type { Transactions } from "./transactions.ts";

/** Works in one transaction: whoever else wants the database must not wait for long. */
const MOST = 64;

/** Transactions at once. While one is on its way to the disk, another can be prepared. */
const LANES = { sqlite: 1, postgres: 2 } as const;

interface Waiting {
  work: Work;
  resolve(value: unknown): void;
  reject(error: unknown): void;
}

export class Together {
  readonly #transactions: Transactions;
  readonly #home: Home;
  readonly #alone: Store["transaction"];
  #waiting: Waiting[] = [];
  #free: number;

  /** @param alone for those that have to be by themselves */
  constructor(transactions: Transactions, home: Home, alone: Store["transaction"]) {
    this.#transactions = transactions;
    this.#home = home;
    this.#alone = alone;
    this.#free = LANES[home.name];
  }

  readonly run = <T>(work: (tx: Transaction) => Promise<T>): Promise<T> => {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    this.#waiting.push({ work, resolve: resolve as Waiting["resolve"], reject });
    // What has arrived with it goes with it.
    if (this.#free && this.#waiting.length === 1) setImmediate(() => this.#start());
    return promise;
  };

  #start(): void {
    if (!this.#free || !this.#waiting.length) return;
    this.#free--;
    const next = this.#waiting.slice(0, MOST);
    this.#waiting = this.#waiting.slice(MOST);
    void this.#carry(next).then(() => {
      this.#free++;
      this.#start();
    });
    this.#start();
  }

  /** Never fails: each of them is told what has become of it. */
  async #carry(all: readonly Waiting[]): Promise<void> {
    const works = all.map(({ work }) => work);
    try {
      const ends = await this.#transactions.run(async (tx, guard) => {
        const own = this.#home.name === "postgres" ? await unqueued(tx) : tx;
        return new Round(own, this.#home, guard).carry(works);
      });
      for (const [index, each] of all.entries()) {
        const end = ends[index];
        if (!end || "apart" in end) this.#apart(each);
        else if ("error" in end) each.reject(end.error);
        else each.resolve(end.value);
      }
    } catch (error) {
      if (error instanceof Undone) await this.#again(all, error);
      // By itself, too: what is written together may be refused where each statement alone is not.
      else if (isOfOne(error)) for (const each of all) this.#apart(each);
      else for (const { reject } of all) reject(error);
    }
  }

  /** Those that failed have taken back what they wrote, and with it what the others wrote. */
  async #again(all: readonly Waiting[], { failed }: Undone): Promise<void> {
    for (const [index, each] of all.entries()) if (failed[index]) this.#apart(each);
    const rest = all.filter((_, index) => !failed[index]);
    if (rest.length) await this.#carry(rest);
  }

  #apart({ work, resolve, reject }: Waiting): void {
    void this.#alone(work).then(resolve, reject);
  }
}

/** Whether the database has refused what one of them wrote, which the others could do without. */
const isOfOne = (error: unknown): boolean => error instanceof StoreConflict || isRefusal(error);

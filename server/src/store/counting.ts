/** Requests of the last minute, counted by all servers that share a database. */
import { type Kysely, sql } from "kysely";
import type { Schema } from "./schema.ts";
import type { Counted, Store } from "./store.ts";

type Count = NonNullable<Store["countRequest"]>;
type Terms = Parameters<Count>[1];

interface Asking {
  now: number;
  answer(counted: Counted): void;
  fail(error: unknown): void;
}

/**
 * Whoever asks for a caller while others are being counted is counted with all who ask until then, each by itself: a caller's
 * requests wait for each other in any case, and so they wait once.
 */
export function counting(db: Kysely<Schema>): Count {
  const waiting = new Map<string, Asking[]>();

  async function countAll(key: string, caller: string, terms: Omit<Terms, "now">): Promise<void> {
    for (let some = waiting.get(key); some?.length; some = waiting.get(key)) {
      waiting.set(key, []);
      try {
        const counted = await countTogether(db, caller, { ...terms, times: some.map(({ now }) => now) });
        some.forEach(({ answer }, place) => {
          answer(counted[place] as Counted);
        });
      } catch (error) {
        for (const { fail } of some) fail(error);
      }
    }
    waiting.delete(key);
  }

  return (caller, { now, window, most }) =>
    new Promise((answer, fail) => {
      const key = `${window} ${most} ${caller}`;
      const others = waiting.get(key);
      const asking = { now, answer, fail };
      if (others) others.push(asking);
      else {
        waiting.set(key, [asking]);
        void countAll(key, caller, { window, most });
      }
    });
}

/**
 * Entries that a minute has at most: where more are allowed, times are counted as up to half a second later than they are.
 * Each request reads all of them, while others wait for it.
 */
const FINEST = 120;

/** An entry holds an instant, and below it how many requests came then. */
const BITS = 20;
const MASK = 2 ** BITS - 1;

/** One statement, so that two servers cannot both take the last one: the row's lock makes them follow each other. */
async function countTogether(
  db: Kysely<Schema>,
  caller: string,
  { times, window, most }: Omit<Terms, "now"> & { times: readonly number[] },
): Promise<Counted[]> {
  const now = Math.max(...times);
  const step = most > FINEST ? Math.ceil(window / FINEST) : 1;
  const at = Math.ceil(now / step) * step;
  const first = Math.min(times.length, most);
  const entry = sql`(${at}::bigint << ${sql.lit(BITS)})`;
  const hits =
    first > 0 ? sql`array[${entry} + ${first}::bigint, ${-1 - first}::bigint]` : sql`array[-1]::bigint[]`;
  // Last comes how many were taken, below zero: it is for this statement's own answer, and the next one passes over it.
  const { rows } = await sql<{ mark: number; oldest: number; total: number }>`
    insert into rate_limits as old (caller, hits) values (${caller}, ${hits})
    on conflict (caller) do update set hits = (
      with recent as (
        select hit >> ${sql.lit(BITS)} as at, sum(hit & ${sql.lit(MASK)})::bigint as times
        from unnest(old.hits) as hit
        where hit >> ${sql.lit(BITS)} > ${now - window}::bigint and hit >> ${sql.lit(BITS)} < ${now + window}::bigint
        group by 1
      ), free as (
        select greatest(0, least(${times.length}::bigint, ${most}::bigint - coalesce(sum(times), 0)))::bigint as taken from recent
      ), after as (
        select at, sum(times)::bigint as times from (
          select at, times from recent union all select ${at}::bigint, taken from free where taken > 0
        ) as each group by at
      )
      select array(select (at << ${sql.lit(BITS)}) + times from after order by at) || (select -1 - taken from free)
    )
    returning hits[cardinality(hits)] as mark, hits[1] >> ${sql.lit(BITS)} as oldest,
      (select coalesce(sum(hit & ${sql.lit(MASK)}), 0) from unnest(hits) as hit where hit > 0)::bigint as total`.execute(
    db,
  );
  const { mark, oldest, total } = rows[0] as (typeof rows)[number];
  const taken = -1 - mark;
  const before = total - taken;
  return times.map((_, place) => {
    const known = before + Math.min(place, taken);
    return { allowed: place < taken, taken: known, ...(known > 0 ? { oldest } : {}) };
  });
}

/** Adds changes up, and starts anew where that is asked for. */
import { type Kysely, sql } from "kysely";
import type { Home } from "./differences.ts";
import { completeVisits, replaceSums, sumAnew } from "./figure-rebuild.ts";
import type { FigureUpkeep, Span } from "./figures.ts";
import type { FiguresTable, Schema } from "./schema.ts";
import { startOf } from "./spans.ts";

const SPANS: readonly Span[] = ["hour", "day", "month"];

/** Rows of one statement: a statement takes so many values and no more. */
const ROWS = 1_000;

/** Batches of a rebuild, which has to be done with all of them. */
const BATCH = 5_000;

export function figureUpkeep(db: Kysely<Schema>, home: Home): FigureUpkeep {
  return {
    foldFigures: (limit) =>
      db.transaction().execute(async (tx) => {
        await home.lock(tx, "figures");
        return fold(tx, limit);
      }),

    async rebuildFigures() {
      await completeVisits(db);
      return db.transaction().execute(async (tx) => {
        await home.lock(tx, "figures");
        // Whoever has written a row writes its change next, or has done so and is waited for.
        if (home.name === "postgres")
          await sql`lock table figure_changes in share row exclusive mode`.execute(tx);
        while (await fold(tx, BATCH));
        await sumAnew(tx, home);
        return replaceSums(tx);
      });
    },
  };
}

async function fold(tx: Kysely<Schema>, limit: number): Promise<number> {
  const oldest = tx.selectFrom("figure_changes").select("position").orderBy("position").limit(limit);
  const taken = await tx
    .deleteFrom("figure_changes")
    .where("position", "in", oldest)
    .returningAll()
    .execute();
  const sums = new Map<string, FiguresTable>();
  for (const { position: _, at, count, amount, ...of } of taken)
    for (const span of SPANS) {
      const sum = { ...of, span, start: startOf(span, at) };
      const place = JSON.stringify(Object.values(sum));
      const before = sums.get(place) ?? { count: 0, amount: 0 };
      sums.set(place, { ...sum, count: before.count + count, amount: before.amount + amount });
    }
  const rows = [...sums.values()].filter(({ count, amount }) => count !== 0 || amount !== 0);
  for (let done = 0; done < rows.length; done += ROWS) await addUp(tx, rows.slice(done, done + ROWS));
  return taken.length;
}

async function addUp(tx: Kysely<Schema>, rows: FiguresTable[]): Promise<void> {
  await tx
    .insertInto("figures")
    .values(rows)
    .onConflict((conflict) =>
      conflict
        .columns(["workspace_id", "environment", "span", "start", "measure", "currency"])
        .doUpdateSet((sum) => ({
          count: sum("figures.count", "+", sum.ref("excluded.count")),
          amount: sum("figures.amount", "+", sum.ref("excluded.amount")),
        })),
    )
    .execute();
}

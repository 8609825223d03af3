/** Sums, what has not been added to them yet, and the rows of the part of an hour at either end: one statement. */
import { type Kysely, type RawBuilder, sql } from "kysely";
import type { Figure, FigureQueries } from "../figures.ts";
import type { Schema } from "../schema.ts";
import { addMonths, cut, type Range } from "../spans.ts";
import type { Scope } from "../store.ts";
import { isOf, isWithin, type PointColumns, pointsAmong, unionOf } from "./points.ts";

type Addend = Pick<PointColumns, "measure" | "currency" | "count" | "amount">;

export function figureQueries(db: Kysely<Schema>): FigureQueries {
  return {
    async figures(scope, { from = Number.NEGATIVE_INFINITY, to = Number.POSITIVE_INFINITY }) {
      const addends = addendsOf(scope, { from, to });
      if (!addends.length) return [];
      const rows = await db
        .selectFrom(unionOf(addends).as("addends"))
        .select(["measure", "currency", count, amount])
        .groupBy(["measure", "currency"])
        .having(isSomething)
        .orderBy("measure")
        .orderBy("currency")
        .execute();
      return rows.map(exact);
    },

    async monthlyFigures(scope, range) {
      if (range.from >= range.to) return [];
      const folded = sql<Addend & { month: number }>`
        select measure, currency, count, amount, start as month from figures
        where ${isOf(scope)} and span = 'month' and ${isWithin("start", range)}`;
      const unfolded = sql<Addend & { month: number }>`
        select measure, currency, count, amount, ${monthAmong(range)} as month from figure_changes
        where ${isOf(scope)} and ${isWithin("at", range)}`;
      const rows = await db
        .selectFrom(unionOf([folded, unfolded]).as("addends"))
        .select(["measure", "currency", "month", count, amount])
        .groupBy(["measure", "currency", "month"])
        .having(isSomething)
        .orderBy("month")
        .orderBy("measure")
        .orderBy("currency")
        .execute();
      return rows.map(exact);
    },
  };
}

function addendsOf(scope: Scope, range: Range): RawBuilder<Addend>[] {
  const { spans, whole, edges } = cut(range);
  const folded = spans.map(
    ({ span, ...within }) => sql<Addend>`
      select measure, currency, count, amount from figures
      where ${isOf(scope)} and span = ${sql.lit(span)} and ${isWithin("start", within)}`,
  );
  const unfolded =
    whole &&
    sql<Addend>`
      select measure, currency, count, amount from figure_changes
      where ${isOf(scope)} and ${isWithin("at", whole)}`;
  const rows = edges.flatMap((edge) =>
    pointsAmong((at) => sql`${isOf(scope)} and ${isWithin(at, edge)}`).map(
      (select) => sql<Addend>`select measure, currency, count, amount from (${select}) as edge`,
    ),
  );
  return [...folded, ...(unfolded ? [unfolded] : []), ...rows];
}

/** Which of these months an instant is in: the databases have no common word for that. */
function monthAmong({ from, to }: Range): RawBuilder<number> {
  const cases: RawBuilder<unknown>[] = [];
  for (let month = from; month < to; month = addMonths(month, 1))
    cases.push(sql`when at < ${sql.lit(addMonths(month, 1))} then ${sql.lit(month)}`);
  return sql`cast(case ${sql.join(cases, sql` `)} end as bigint)`;
}

const count = sql<number>`cast(sum(count) as bigint)`.as("count");
// Sums of integers overflow, on either store in its own way. Those of floating numbers are exact up to 2^53.
const amount = sql<number>`sum(cast(amount as double precision))`.as("amount");
const isSomething = sql<boolean>`sum(count) <> 0 or sum(cast(amount as double precision)) <> 0`;

/** A larger sum would neither be exact nor an integer to whoever reads it. */
const exact = <F extends Figure>(figure: F): F => ({
  ...figure,
  amount: Math.min(figure.amount, Number.MAX_SAFE_INTEGER),
});

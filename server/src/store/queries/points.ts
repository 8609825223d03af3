/** What rows stand for, in SQL: points.ts says the same of one row at a time. */
import { type RawBuilder, sql } from "kysely";
import type { Measure } from "../figures.ts";
import type { Scope } from "../store.ts";

/** What a visit has come to, in the words of the index ledger_visits_by_end. */
export const visitEnd = sql<
  string | null
>`(case when undone_at is not null then 'retained' else outcome end)`;

/** Columns of a point, beside those of its scope. */
export interface PointColumns {
  measure: Measure;
  currency: string;
  at: number;
  count: number;
  amount: number;
}

const named = (measure: Measure) => sql.lit(measure);
const always = sql`1 = 1`;

const visitMeasure = sql`case ${visitEnd}
  when 'retained' then ${named("visits.retained")}
  when 'cancelled' then ${named("visits.cancelled")}
  when 'abandoned' then ${named("visits.abandoned")}
  else ${named("visits.open")} end`;
const visitAmount = sql`coalesce(case ${visitEnd} when 'retained' then saved_mrr when 'cancelled' then lost_mrr end, 0)`;

/** Where rows are, when they count, what as, and which of them do. */
const kinds = [
  ["ledger", "started_at", visitMeasure, visitAmount, sql`started_at is not null`],
  [
    "ledger",
    "started_at",
    named("lowered"),
    sql`lost_mrr`,
    sql`started_at is not null and lost_mrr > 0 and ${visitEnd} = 'retained'`,
  ],
  ["recoveries", "first_failed_at", named("failures"), sql`0`, always],
  ["recoveries", "first_failed_at", named("failures.recovered"), sql`0`, sql`status = 'recovered'`],
  [
    "recoveries",
    "recovered_at",
    named("recoveries"),
    sql`amount`,
    sql`status = 'recovered' and recovered_at is not null`,
  ],
] as const;

export const isOf = ({ workspaceId, environment }: Scope) =>
  sql`workspace_id = ${workspaceId} and environment = ${environment}`;

/** @returns nothing to ask where the end is open */
export function isWithin(column: string, { from, to }: { from: number; to: number }): RawBuilder<unknown> {
  const at = sql.ref(column);
  const since = Number.isFinite(from) ? [sql`${at} >= ${from}`] : [];
  const until = Number.isFinite(to) ? [sql`${at} < ${to}`] : [];
  return sql.join([always, ...since, ...until], sql` and `);
}

/** @param among in each table, by the column that holds the instant */
export const pointsAmong = (among: (at: string) => RawBuilder<unknown>): RawBuilder<PointColumns>[] =>
  kinds.map(
    ([table, at, measure, amount, counts]) => sql<PointColumns>`
      select workspace_id, environment, ${measure} as measure, currency, ${sql.ref(at)} as at, 1 as count,
        ${amount} as amount
      from ${sql.table(table)} where ${counts} and ${among(at)}`,
  );

export const unionOf = <Row>(selects: readonly RawBuilder<Row>[]): RawBuilder<Row> =>
  sql<Row>`(${sql.join(selects, sql` union all `)})`;

export const allPoints = (): RawBuilder<PointColumns & { workspace_id: string; environment: string }> =>
  unionOf(pointsAmong(() => always)) as RawBuilder<
    PointColumns & { workspace_id: string; environment: string }
  >;

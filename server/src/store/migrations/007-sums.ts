/** The figures of what there was before they were kept. */
import { type Kysely, sql } from "kysely";
import type { Home } from "../differences.ts";

const HOUR = sql.lit(3_600_000);
const DAY = sql.lit(86_400_000);

export async function firstSums(db: Kysely<unknown>, { name }: Home): Promise<void> {
  const month =
    name === "postgres"
      ? sql`cast(extract(epoch from date_trunc('month', to_timestamp(start / 1000) at time zone 'UTC')) as bigint) * 1000`
      : sql`cast(strftime('%s', start / 1000, 'unixepoch', 'start of month') as integer) * 1000`;
  await sql`insert into figures (workspace_id, environment, span, start, measure, currency, count, amount)
    select workspace_id, environment, 'hour', at - ((at % ${HOUR}) + ${HOUR}) % ${HOUR}, measure, currency,
      cast(count(*) as bigint), cast(sum(amount) as bigint)
    from (
      select workspace_id, environment, started_at as at, currency,
        case
          when undone_at is not null or outcome = 'retained' then 'visits.retained'
          when outcome = 'cancelled' then 'visits.cancelled'
          when outcome = 'abandoned' then 'visits.abandoned'
          else 'visits.open'
        end as measure,
        coalesce(saved_mrr, lost_mrr, 0) as amount
      from ledger where started_at is not null
      union all
      select workspace_id, environment, first_failed_at, currency, 'failures', 0 from recoveries
      union all
      select workspace_id, environment, first_failed_at, currency, 'failures.recovered', 0 from recoveries
      where status = 'recovered'
      union all
      select workspace_id, environment, recovered_at, currency, 'recoveries', amount from recoveries
      where status = 'recovered' and recovered_at is not null
    ) as points
    group by 1, 2, 4, 5, 6`.execute(db);
  for (const [span, of, start] of [
    [sql.lit("day"), sql.lit("hour"), sql`start - ((start % ${DAY}) + ${DAY}) % ${DAY}`],
    [sql.lit("month"), sql.lit("day"), month],
  ] as const)
    await sql`insert into figures (workspace_id, environment, span, start, measure, currency, count, amount)
      select workspace_id, environment, ${span}, ${start}, measure, currency,
        cast(sum(count) as bigint), cast(sum(amount) as bigint)
      from figures where span = ${of}
      group by 1, 2, 4, 5, 6`.execute(db);
}

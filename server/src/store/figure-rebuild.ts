/** All sums from the rows themselves, worked out by the database: what folding must come to. */
import { type Kysely, type RawBuilder, sql } from "kysely";
import type { Home } from "./differences.ts";
import { allPoints, visitEnd } from "./queries/points.ts";
import type { Schema } from "./schema.ts";
import { DAY, HOUR } from "./spans.ts";

const place = sql.raw("workspace_id, environment, span, start, measure, currency");
const columns = sql`${place}, count, amount`;

/**
 * What a server of the version before visits were measured has written beside this one: it says neither when they began nor
 * what they were worth.
 */
export async function completeVisits(db: Kysely<Schema>): Promise<void> {
  await sql`update ledger set
      started_at = coalesce(started_at,
        (select sessions.started_at from sessions where sessions.id = ledger.session_id), occurred_at),
      completed_at = case when outcome is not null then coalesce(completed_at,
        (select sessions.completed_at from sessions where sessions.id = ledger.session_id), occurred_at) end,
      saved_mrr = case when ${visitEnd} = 'retained' then mrr end,
      lost_mrr = case when ${visitEnd} = 'cancelled' then mrr end
    where source <> 'stripe' and (started_at is null
      or (${visitEnd} = 'retained' and saved_mrr is null and mrr is not null)
      or (${visitEnd} = 'cancelled' and lost_mrr is null and mrr is not null))`.execute(db);
}

/** Into a table that lives until `replaceSums`. */
export async function sumAnew(tx: Kysely<Schema>, home: Home): Promise<void> {
  await sql`create temporary table figures_anew as
    select workspace_id, environment, measure, currency, 'hour' as span, ${startSql("at", HOUR)} as start,
      cast(count(*) as bigint) as count, cast(sum(amount) as bigint) as amount
    from ${allPoints()} as points
    group by workspace_id, environment, measure, currency, ${startSql("at", HOUR)}`.execute(tx);
  await coarser(tx, "day", "hour", startSql("start", DAY));
  await coarser(tx, "month", "day", monthSql(home));
}

async function coarser(
  tx: Kysely<Schema>,
  span: string,
  of: string,
  start: RawBuilder<number>,
): Promise<void> {
  await sql`insert into figures_anew (${columns})
    select workspace_id, environment, ${sql.lit(span)}, ${start}, measure, currency,
      cast(sum(count) as bigint), cast(sum(amount) as bigint)
    from figures_anew where span = ${sql.lit(of)}
    group by workspace_id, environment, measure, currency, ${start}`.execute(tx);
}

/** @returns how many were not so */
export async function replaceSums(tx: Kysely<Schema>): Promise<number> {
  const kept = sql`(select ${columns} from figures where count <> 0 or amount <> 0)`;
  const { rows } = await sql<{ unlike: number }>`
    select count(*) as unlike from (
      select ${place} from (
        select * from (select ${columns} from figures_anew except select * from ${kept} as kept) as missing
        union all
        select * from (select * from ${kept} as kept except select ${columns} from figures_anew) as surplus
      ) as sides group by ${place}
    ) as places`.execute(tx);
  const unlike = rows[0]?.unlike ?? 0;
  if (unlike) {
    await tx.deleteFrom("figures").execute();
    await sql`insert into figures (${columns}) select ${columns} from figures_anew`.execute(tx);
  }
  await sql`drop table figures_anew`.execute(tx);
  return unlike;
}

/** Also before 1970. */
const startSql = (column: string, length: number): RawBuilder<number> => {
  const [at, of] = [sql.ref(column), sql.lit(length)];
  return sql`(${at} - ((${at} % ${of}) + ${of}) % ${of})`;
};

/** Of the beginning of a day, so that seconds are whole. */
const monthSql = ({ name }: Home): RawBuilder<number> =>
  name === "postgres"
    ? sql`cast(extract(epoch from date_trunc('month', to_timestamp(start / 1000) at time zone 'UTC')) as bigint) * 1000`
    : sql`cast(strftime('%s', start / 1000, 'unixepoch', 'start of month') as integer) * 1000`;

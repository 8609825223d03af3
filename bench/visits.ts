/** Businesses of any size: visits and recoveries over two years, written by the database itself. */
import { type RawBuilder, sql } from "kysely";
import type { TestStore } from "../server/test/stores.ts";

const DAY = 86_400_000;
const SPAN = 730 * DAY;
/** Of one statement. */
const CHUNK = 1_000_000;

type Db = TestStore["db"];

export interface Business {
  db: Db;
  isPostgres: boolean;
  workspaceId: string;
  /** When the last visit began. */
  now: number;
}

/** Numbers of one chunk, as a table `series (n)`. */
const series = (isPostgres: boolean, from: number, to: number): RawBuilder<unknown> =>
  isPostgres
    ? sql`generate_series(${sql.lit(from)}::bigint, ${sql.lit(to)}::bigint) as series (n)`
    : sql`(with recursive counted (n) as (select ${sql.lit(from)} union all select n + 1 from counted
        where n < ${sql.lit(to)}) select n from counted) as series`;

/** Four of ten have stayed, three have cancelled, two have gone without a word, one has not decided. */
const visits = ({ workspaceId, now, isPostgres }: Business, size: number, from: number, to: number) => sql`
  insert into ledger (id, workspace_id, environment, source, event_id, customer_id, subscription_id, email, reason,
    reason_text, outcome, confirmed, offer_id, offer_type, offer_accepted, plan, mrr, currency, tenure_days, metadata,
    digest, started_at, completed_at, saved_mrr, lost_mrr, occurred_at, undone_at, created_at, updated_at)
  select 'can_' || (1000000000000 + n), ${workspaceId}, 'prod', 'api', 'event_' || n, 'cus_' || (n % 500000),
    'sub_' || (n % 500000), 'customer.' || (n % 500000) || '@mail.example',
    case n % 5 when 0 then 'too_expensive' when 1 then 'missing_features' when 2 then 'switching' else 'other' end,
    'It was a pleasure while it lasted, and then it was one no longer.',
    case when n % 10 < 4 then 'retained' when n % 10 < 7 then 'cancelled' when n % 10 < 9 then 'abandoned' end,
    case when n % 10 < 9 then 1 else 0 end, 'offer_1', 'discount', case when n % 10 < 4 then 1 else 0 end, 'Pro', 4900,
    case n % 7 when 0 then 'usd' else 'eur' end, n % 900, '{"seats":3,"region":"EU"}',
    'b94d27b9934d3e08a52e52d7da7dabfac484efe37a5380ee9088f7ace2efcde9',
    begun, case when n % 10 < 9 then begun + 60000 end,
    case when n % 20 = 1 then 2900 when n % 10 < 4 or n % 50 = 4 then 4900 end,
    case when n % 20 = 1 then 2000 when n % 10 between 4 and 6 and n % 50 <> 4 then 4900 end,
    begun, case n % 50 when 4 then begun + 90000 end, begun, begun
  from (select n, cast(${sql.lit(now)} - ${sql.lit(SPAN)} + n * ${sql.lit(SPAN)} / ${sql.lit(size)} as bigint) as begun
    from ${series(isPostgres, from, to)}) as visits`;

/** One invoice for five visits; three of five are paid in the end. */
const recoveries = (
  { workspaceId, now, isPostgres }: Business,
  size: number,
  from: number,
  to: number,
) => sql`
  insert into recoveries (id, workspace_id, environment, invoice_id, subscription_id, customer_id, email, amount,
    currency, decline_code, status, attempt_count, first_failed_at, last_attempt_at, recovered_at)
  select 'rec_' || n, ${workspaceId}, 'prod', 'in_' || n, 'sub_' || (n % 500000), 'cus_' || (n % 500000),
    'customer.' || (n % 500000) || '@mail.example', 4900, case n % 7 when 0 then 'usd' else 'eur' end,
    'card_declined', case when n % 5 < 3 then 'recovered' else 'failed' end, 2, failed, failed + 3600000,
    case when n % 5 < 3 then failed + 3600000 end
  from (select n, cast(${sql.lit(now)} - ${sql.lit(SPAN)} + n * ${sql.lit(SPAN)} / ${sql.lit(size)} as bigint) as failed
    from ${series(isPostgres, from, to)}) as invoices`;

/** Indexes are made once rather than row by row. */
async function withoutIndexes(db: Db, work: () => Promise<void>): Promise<void> {
  const { rows } = await sql<{ name: string; made: string }>`
    select indexname as name, indexdef as made from pg_indexes
    where tablename in ('ledger', 'recoveries') and indexname not in (select conname from pg_constraint)`.execute(
    db,
  );
  for (const { name } of rows) await sql`drop index ${sql.ref(name)}`.execute(db);
  await work();
  for (const { made } of rows) await sql.raw(made).execute(db);
  await sql`vacuum analyze`.execute(db);
}

export async function fill(business: Business, size: number): Promise<void> {
  const insert = async () => {
    for (const [rows, count] of [
      [visits, size],
      [recoveries, size / 5],
    ] as const)
      for (let from = 1; from <= count; from += CHUNK)
        await rows(business, count, from, Math.min(count, from + CHUNK - 1)).execute(business.db);
  };
  await (business.isPostgres ? withoutIndexes(business.db, insert) : insert());
}

/** A past for a business: visits that were really made, again and again under other ids, spread over a year. */
import { type Kysely, sql } from "kysely";
import type { Schema } from "../../server/src/store/schema.ts";

const DAY = 86_400_000;

/** In the order in which they name each other, with how long a row stays, days. */
const STAYING = {
  sessions: 365,
  session_events: 365,
  actions: 365,
  ledger: 365,
  ledger_outcomes: 365,
  events: 90,
  webhook_deliveries: 90,
  webhook_attempts: 90,
} as const;

export type Table = keyof typeof STAYING;
export const tables = Object.keys(STAYING) as Table[];

/** Of a year's rows so many are there at any moment. */
export const shareOf = (table: Table): number => STAYING[table] / 365;

/** Copies of one statement. */
const CHUNK = 50;

type Db = Kysely<Schema>;

interface Column {
  name: string;
  type: string;
}

async function columnsOf(db: Db, table: Table): Promise<Column[]> {
  const { rows } = await sql<Column>`
    select column_name as name, data_type as type from information_schema.columns
    where table_schema = current_schema and table_name = ${table} and is_identity = 'NO'`.execute(db);
  return rows;
}

/** Ids that name what is not copied, or are their session's own affair. */
const isKept = (table: Table, name: string) =>
  ["flow_id", "endpoint_id", "workspace_id", "offer_id"].includes(name) ||
  (table === "session_events" && name === "id") ||
  (table === "actions" && name === "event_id");

/** Ids change in their random part and stay as long as they are; what names another row changes alike. */
const copied = (table: Table, { name, type }: Column) => {
  const column = sql.ref(name);
  if (type === "text" && /^id$|_id$/.test(name) && !isKept(table, name))
    return sql`overlay(${column} placing lpad(to_hex(copy), 6, '0') from 6 for 6)`;
  if (type === "bigint" && /^at$|_at$/.test(name)) return sql`${column} - back`;
  // Whoever fell silent so long ago has been marked since.
  if (name === "outcome") return sql`coalesce(${column}, 'abandoned')`;
  return column;
};

/** @param copies of every visit that is there */
export async function multiply(db: Db, copies: number): Promise<void> {
  await db.connection().execute(async (connection) => {
    // What is copied names what is copied: nobody has to look.
    await sql`set session_replication_role = replica`.execute(connection);
    for (const table of tables) await multiplyRows(connection, table, copies);
    await sql`set session_replication_role = origin`.execute(connection);
    await sql`vacuum analyze`.execute(connection);
  });
}

async function multiplyRows(db: Db, table: Table, copies: number): Promise<void> {
  const columns = await columnsOf(db, table);
  const names = sql.join(columns.map(({ name }) => sql.ref(name)));
  const values = sql.join(columns.map((each) => copied(table, each)));
  const year = sql.lit(365 * DAY);
  await sql`create temporary table made as select * from ${sql.table(table)}`.execute(db);
  // The oldest first, as they would have come.
  for (let last = copies; last > 0; last -= CHUNK) {
    const first = Math.max(1, last - CHUNK + 1);
    await sql`
      insert into ${sql.table(table)} (${names})
      select ${values} from (
        select copy, copy * ${year}::bigint / ${sql.lit(copies)} as back
        from generate_series(${sql.lit(last)}::bigint, ${sql.lit(first)}::bigint, -1) as copy
      ) as copies, made
      where back < ${sql.lit(STAYING[table] * DAY)}`.execute(db);
  }
  await sql`drop table made`.execute(db);
}

export interface Weight {
  table: Table;
  rows: number;
  /** Bytes, with what is kept aside because it is long. */
  heap: number;
  indexes: number;
}

export async function weigh(db: Db): Promise<Weight[]> {
  const weights: Weight[] = [];
  for (const table of tables) {
    const { rows } = await sql<Omit<Weight, "table">>`
      select (select count(*) from ${sql.table(table)}) as rows, pg_table_size(${table}::regclass) as heap,
        pg_indexes_size(${table}::regclass) as indexes`.execute(db);
    weights.push({ table, ...(rows[0] as Omit<Weight, "table">) });
  }
  return weights;
}

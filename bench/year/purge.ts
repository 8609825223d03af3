/**
 * What it costs to forget a month of events: as the server does it, a little at a time, and by taking away a part of a table
 * that is divided by months. The statements are those of docs/scaling.md.
 */
import { readFileSync } from "node:fs";
import { sql } from "kysely";
import type { OpenedStore } from "../../server/src/store/database.ts";

const DAY = 86_400_000;
const BATCH = 500;

export interface Purge {
  how: string;
  events: number;
  seconds: number;
  /** Bytes that the database wrote ahead, and so sent to every replica. */
  written: number;
}

type Db = OpenedStore["db"];

async function measured(db: Db, how: string, work: () => Promise<number>): Promise<Purge> {
  const position = async () => {
    const { rows } = await sql<{ at: string }>`select pg_current_wal_lsn()::text as at`.execute(db);
    return rows[0]?.at ?? "0/0";
  };
  const before = await position();
  const started = performance.now();
  const events = await work();
  const seconds = (performance.now() - started) / 1_000;
  const { rows } = await sql<{ written: string }>`
    select pg_wal_lsn_diff(${await position()}::pg_lsn, ${before}::pg_lsn)::text as written`.execute(db);
  return { how, events, seconds, written: Number(rows[0]?.written) };
}

/** The oldest thirty days of what is there. */
export async function purgeByRows({ store, db }: OpenedStore): Promise<Purge> {
  const { rows } = await sql<{ first: number }>`select min(at) as first from events`.execute(db);
  const before = (rows[0]?.first ?? 0) + 30 * DAY;
  return measured(db, "rows, 500 at a time", async () => {
    let forgotten = 0;
    for (let some = BATCH; some === BATCH; forgotten += some) some = await store.forgetEvents(before, BATCH);
    return forgotten;
  });
}

const guide = new URL("../../docs/scaling.md", import.meta.url);

/** The first of a month that comes, YYYY-MM-DD. */
function monthAhead(months: number): string {
  const now = new Date();
  return new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + months)).toISOString().slice(0, 10);
}

/** What the guide shows of a kind, with months that are still to come in place of its own. */
function shown(kind: string): string[] {
  const text = readFileSync(guide, "utf8");
  const block = new RegExp(`^\`\`\`sql\\n-- ${kind}.*?\\n(.*?)^\`\`\``, "ms").exec(text)?.[1];
  if (block === undefined) throw new Error(`docs/scaling.md does not show how to ${kind}`);
  return block
    .replaceAll("2027-01-01", monthAhead(1))
    .replaceAll("2027-02-01", monthAhead(2))
    .split(/;\n/)
    .map((each) => each.trim())
    .filter(Boolean);
}

async function carryOut(db: Db, kind: string): Promise<void> {
  await db.connection().execute(async (connection) => {
    for (const statement of shown(kind)) await sql.raw(statement).execute(connection);
  });
}

export const divide = (db: Db): Promise<void> => carryOut(db, "divide");

/** As many events as were forgotten row by row, with their deliveries, moved into the month that comes. */
export async function dropMonth(db: Db, events: number): Promise<Purge> {
  await db.connection().execute((connection) => move(connection, events, Date.parse(monthAhead(1))));
  return measured(db, "a month's parts", async () => {
    const { rows } = await sql<{ count: number }>`select count(*) as count from events_2027_01`.execute(db);
    await carryOut(db, "forget");
    return rows[0]?.count ?? 0;
  });
}

async function move(db: Db, events: number, to: number): Promise<void> {
  await sql`create temporary table moved as
    select id from events where at < ${to} order by at limit ${events}`.execute(db);
  await sql`analyze moved`.execute(db);
  const ofEvents = sql`select id from moved`;
  const ofDeliveries = sql`select id from webhook_deliveries where event_id in (${ofEvents})`;
  await sql`update webhook_attempts set at = ${to} where delivery_id in (${ofDeliveries})`.execute(db);
  await sql`update webhook_deliveries set created_at = ${to} where event_id in (${ofEvents})`.execute(db);
  await sql`update events set at = ${to} where id in (${ofEvents})`.execute(db);
  await sql`drop table moved`.execute(db);
}

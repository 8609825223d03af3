/** What many read in one transaction. */
import { type Kysely, type Selectable, sql } from "kysely";
import type { FlowEvent } from "../../../../src/api/wire.ts";
import { toRow as toAction } from "../queries/actions.ts";
import { toRow as toLedger } from "../queries/ledger.ts";
import { toRow as toSession } from "../queries/sessions.ts";
import type { ActionsTable, LedgerTable, Schema, SessionsTable } from "../schema.ts";
import type { ActionRow, LedgerRow, SessionRow } from "../store.ts";
import { Apart } from "./apart.ts";
import { texts } from "./given.ts";

type Db = Kysely<Schema>;

/** Without waiting for any of them. The same key as `Home.lock` makes of it. */
export async function locked(tx: Db, all: readonly (readonly string[])[]): Promise<(undefined | Apart)[]> {
  const keys = all.flat();
  if (!keys.length) return all.map(() => undefined);
  const { rows } = await sql<{ key: string; got: boolean }>`
    select key, pg_try_advisory_xact_lock(hashtextextended(key, 0)) as got from unnest(${texts(keys)}::text[]) as key
  `.execute(tx);
  const missed = new Set(rows.filter(({ got }) => !got).map(({ key }) => key));
  return all.map((each) => (each.some((key) => missed.has(key)) ? new Apart() : undefined));
}

export interface LockedSession {
  id: string;
  /** What is locked as well. */
  keys: readonly string[];
}

/** Both are on their way at once, one after the other. */
export async function lockedSessions(
  tx: Db,
  all: readonly LockedSession[],
): Promise<(SessionRow | undefined | Apart)[]> {
  const [locks, sessions] = await Promise.all([
    locked(
      tx,
      all.map(({ id, keys }) => [...keys, `session:${id}`]),
    ),
    sessionsOf(
      tx,
      all.map(({ id }) => id),
    ),
  ]);
  return sessions.map((session, index) => locks[index] ?? session);
}

export async function sessionsOf(tx: Db, ids: readonly string[]): Promise<(SessionRow | undefined)[]> {
  const { rows } = await sql<Selectable<SessionsTable>>`
    select * from sessions where id = any(${texts(ids)}::text[])`.execute(tx);
  return inOrder(ids, rows, ({ id }) => id, toSession);
}

export async function ledgersOf(tx: Db, ids: readonly string[]): Promise<(LedgerRow | undefined)[]> {
  const { rows } = await sql<Selectable<LedgerTable> & { session_id: string }>`
    select * from ledger where session_id = any(${texts(ids)}::text[])`.execute(tx);
  return inOrder(ids, rows, (row) => row.session_id, toLedger);
}

export async function actionsOf(tx: Db, ids: readonly string[]): Promise<ActionRow[][]> {
  const { rows } = await sql<Selectable<ActionsTable>>`
    select * from actions where session_id = any(${texts(ids)}::text[]) order by created_at, id`.execute(tx);
  return ids.map((id) => rows.filter((row) => row.session_id === id).map(toAction));
}

export interface RunOf {
  sessionId: string;
  run: string;
}

/** By seq. */
export async function runsOf(tx: Db, all: readonly RunOf[]): Promise<FlowEvent[][]> {
  const { rows } = await sql<{ session_id: string; run: string; data: string }>`
    select event.session_id, event.run, event.data
    from unnest(${texts(all.map(({ sessionId }) => sessionId))}::text[], ${texts(all.map(({ run }) => run))}::text[])
      as wanted (session_id, run)
    join session_events as event on event.session_id = wanted.session_id and event.run = wanted.run
    order by event.seq`.execute(tx);
  const place = ({ sessionId, run }: RunOf) => JSON.stringify([sessionId, run]);
  const found = Map.groupBy(rows, (row) => place({ sessionId: row.session_id, run: row.run }));
  return all.map((each) => (found.get(place(each)) ?? []).map(({ data }) => JSON.parse(data) as FlowEvent));
}

/** How many events each of them has. */
export async function countsOf(tx: Db, ids: readonly string[]): Promise<Map<string, number>> {
  const { rows } = await sql<{ session_id: string; count: number }>`
    select session_id, count(*) as count from session_events
    where session_id = any(${texts(ids)}::text[]) group by session_id`.execute(tx);
  return new Map(rows.map((row) => [row.session_id, row.count]));
}

/** The same answer again for who has asked twice. */
function inOrder<Row, Made>(
  ids: readonly string[],
  rows: readonly Row[],
  idOf: (row: Row) => string,
  make: (row: Row) => Made,
): (Made | undefined)[] {
  const found = new Map(rows.map((row) => [idOf(row), row]));
  return ids.map((id) => {
    const row = found.get(id);
    return row && make(row);
  });
}

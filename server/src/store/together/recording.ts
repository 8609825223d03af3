/** Events of many sessions, written down at once. */
import { type Kysely, sql } from "kysely";
import type { FlowEvent } from "../../../../src/api/wire.ts";
import { eventColumns, placeTaken } from "../queries/sessions.ts";
import type { Schema } from "../schema.ts";
import type { AddedEvents, StoreConflict } from "../store.ts";
import { rowsOf, texts } from "./given.ts";
import { countsOf, runsOf } from "./reads.ts";

export interface AddEvents {
  sessionId: string;
  events: readonly FlowEvent[];
  receivedAt: number;
}

type Db = Kysely<Schema>;

const key = (sessionId: string, id: string): string => JSON.stringify([sessionId, id]);

/** Three statements, on their way at once. */
export async function eventsAdded(
  tx: Db,
  all: readonly AddEvents[],
): Promise<(AddedEvents | StoreConflict)[]> {
  const wanted = all.flatMap(({ sessionId, events }) =>
    [...new Set(events.map(({ run }) => run))].map((run) => ({ sessionId, run })),
  );
  const [inserted, counts, runs] = await Promise.all([
    insert(tx, all),
    countsOf(
      tx,
      all.map(({ sessionId }) => sessionId),
    ),
    runsOf(tx, wanted),
  ]);
  const refused = await placesTaken(tx, all, inserted);
  return all.map(({ sessionId, events }) => {
    if (refused.has(sessionId)) return placeTaken();
    const accepted = new Set(events.filter(({ id }) => inserted.has(key(sessionId, id))).map(({ id }) => id))
      .size;
    const own = wanted.flatMap((each, index) =>
      each.sessionId === sessionId ? [[each.run, runs[index] as FlowEvent[]] as const] : [],
    );
    return { accepted, total: counts.get(sessionId) ?? 0, runs: new Map(own) };
  });
}

async function insert(tx: Db, all: readonly AddEvents[]): Promise<ReadonlySet<string>> {
  const rows = all.flatMap(({ sessionId, events, receivedAt }) =>
    events.map((event) => eventColumns(sessionId, event, receivedAt)),
  );
  // In one order for all writers, as wherever they are inserted.
  const { rows: inserted } = await sql<{ session_id: string; id: string }>`
    insert into session_events (session_id, id, run, seq, data, received_at)
    select session_id, id, run, seq, data, received_at
    from json_to_recordset(${rowsOf(rows)}::json)
      as given (session_id text, id text, run text, seq bigint, data text, received_at bigint)
    order by session_id, seq, id
    on conflict do nothing returning session_id, id`.execute(tx);
  return new Set(inserted.map((row) => key(row.session_id, row.id)));
}

/** Sessions of which something was passed over, and not for being there already. */
async function placesTaken(
  tx: Db,
  all: readonly AddEvents[],
  inserted: ReadonlySet<string>,
): Promise<ReadonlySet<string>> {
  const missing = all.flatMap(({ sessionId, events }) =>
    events.filter(({ id }) => !inserted.has(key(sessionId, id))).map(({ id }) => ({ sessionId, id })),
  );
  if (!missing.length) return new Set();
  const { rows } = await sql<{ session_id: string; id: string }>`
    select session_id, id from session_events where (session_id, id) in (
      select * from unnest(${texts(missing.map((each) => each.sessionId))}::text[], ${texts(missing.map((each) => each.id))}::text[])
    )`.execute(tx);
  const known = new Set(rows.map((row) => key(row.session_id, row.id)));
  return new Set(
    missing.filter(({ sessionId, id }) => !known.has(key(sessionId, id))).map((each) => each.sessionId),
  );
}

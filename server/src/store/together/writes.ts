/** What many change in one transaction. */
import { type Kysely, sql } from "kysely";
import { differenceOf, pointsOfVisit } from "../points.ts";
import { toColumns as toEvent } from "../queries/events.ts";
import { insertChanges } from "../queries/figure-changes.ts";
import { toColumns } from "../queries/ledger.ts";
import { toJson } from "../rows.ts";
import type { Schema } from "../schema.ts";
import type { EventRow, LedgerRow, Queries } from "../store.ts";
import { Apart } from "./apart.ts";
import { columns, fields, rowsOf } from "./given.ts";

type Db = Kysely<Schema>;
type Change = Parameters<Queries["updateSession"]>[1];

const TOUCHED: ReadonlySet<string> = new Set<keyof Change>([
  "touchedAt",
  "startedAt",
  "outcome",
  "settlement",
  "completedAt",
]);

/** Whether it says only what has become of a session, and takes nothing away. */
export const isTouch = (change: Change): boolean =>
  change.settlement !== null && Object.keys(change).every((field) => TOUCHED.has(field));

export interface Touch {
  id: string;
  change: Change;
}

export async function touchSessions(tx: Db, all: readonly Touch[]): Promise<undefined[]> {
  const rows = all.map(({ id, change }) => ({
    id,
    touched_at: change.touchedAt,
    started_at: change.startedAt,
    outcome: change.outcome,
    settlement: toJson(change.settlement ?? undefined),
    completed_at: change.completedAt,
  }));
  await sql`
    update sessions as kept set
      touched_at = coalesce(given.touched_at, kept.touched_at),
      started_at = coalesce(given.started_at, kept.started_at),
      outcome = coalesce(given.outcome, kept.outcome),
      settlement = coalesce(given.settlement, kept.settlement),
      completed_at = coalesce(given.completed_at, kept.completed_at)
    from json_to_recordset(${rowsOf(rows)}::json)
      as given (id text, touched_at bigint, started_at bigint, outcome text, settlement text, completed_at bigint)
    where kept.id = given.id`.execute(tx);
  return all.map(() => undefined);
}

/** Of a session. */
export interface PutLedger {
  row: LedgerRow;
  /** As it was read in this transaction. */
  before: LedgerRow | undefined;
}

const LEDGER = {
  id: "text",
  workspace_id: "text",
  environment: "text",
  source: "text",
  session_id: "text",
  event_id: "text",
  customer_id: "text",
  subscription_id: "text",
  email: "text",
  reason: "text",
  reason_text: "text",
  feedback: "text",
  outcome: "text",
  confirmed: "bigint",
  offer_id: "text",
  offer_type: "text",
  offer_label: "text",
  offer_accepted: "bigint",
  plan: "text",
  mrr: "bigint",
  currency: "text",
  tenure_days: "bigint",
  metadata: "text",
  digest: "text",
  started_at: "bigint",
  completed_at: "bigint",
  saved_mrr: "bigint",
  lost_mrr: "bigint",
  occurred_at: "bigint",
  effective_at: "bigint",
  undone_at: "bigint",
  created_at: "bigint",
  updated_at: "bigint",
} as const satisfies Record<keyof ReturnType<typeof toColumns>, "text" | "bigint">;

/** What the figures are made of: see pointsOfVisit. Where it is as it was read, so are the figures. */
const COUNTED = ["started_at", "outcome", "undone_at", "saved_mrr", "lost_mrr", "currency"] as const;
const WAS = Object.fromEntries(COUNTED.map((name) => [`was_${name}`, LEDGER[name]]));
const names = Object.keys(LEDGER);
const replaced = sql.join(
  names.filter((name) => name !== "id").map((name) => sql`${sql.ref(name)} = ${sql.ref(`given.${name}`)}`),
);
const counted = (of: string) => sql.join(COUNTED.map((name) => sql.ref(of + name)));

/** One that somebody else has written meanwhile is put by itself. */
export async function putLedgers(tx: Db, all: readonly PutLedger[]): Promise<(undefined | Apart)[]> {
  const fresh = all.filter(({ before }) => !before).map(({ row }) => toColumns(row));
  const known = all.flatMap(({ row, before }) => {
    if (!before) return [];
    const was = toColumns(before);
    return [{ ...toColumns(row), ...Object.fromEntries(COUNTED.map((name) => [`was_${name}`, was[name]])) }];
  });
  const changes = all.flatMap(({ row, before }) =>
    differenceOf(before ? pointsOfVisit(before) : [], pointsOfVisit(row)),
  );
  const [added, changed] = await Promise.all([
    fresh.length
      ? sql<{ session_id: string }>`
          insert into ledger (${columns(names)}) select ${columns(names)}
          from json_to_recordset(${rowsOf(fresh)}::json) as given (${fields(LEDGER)})
          on conflict (session_id) where session_id is not null do nothing returning session_id`.execute(tx)
      : { rows: [] },
    known.length
      ? sql<{ session_id: string }>`
          update ledger as kept set ${replaced}
          from json_to_recordset(${rowsOf(known)}::json) as given (${fields({ ...LEDGER, ...WAS })})
          where kept.session_id = given.session_id and kept.session_id is not null
            and (${counted("kept.")}) is not distinct from (${counted("given.was_")})
          returning kept.session_id`.execute(tx)
      : { rows: [] },
    insertChanges(tx, changes),
  ]);
  const done = new Set([...added.rows, ...changed.rows].map((row) => row.session_id));
  return all.map(({ row: { sessionId = "" } }) => (done.has(sessionId) ? undefined : new Apart(sessionId)));
}

export interface PutEvent {
  row: EventRow;
  now: number;
  to: "subscribers" | "nobody";
}

/** In the order they are given, together with their deliveries: see fanOut. */
export async function putEvents(tx: Db, all: readonly PutEvent[]): Promise<undefined[]> {
  const told = all
    .filter(({ to }) => to === "subscribers")
    .map(({ row: { id, workspaceId, environment, type }, now }) => ({
      id,
      workspace_id: workspaceId,
      environment,
      type,
      now,
      delivery: `${id.replace(/^evt_/, "whd_")}_`,
    }));
  await Promise.all([
    tx
      .insertInto("events")
      .values(all.map(({ row }) => toEvent(row)))
      .execute(),
    told.length &&
      sql`
        insert into webhook_deliveries
          (id, endpoint_id, event_id, type, status, attempts, tries, due_at, created_at)
        select given.delivery || endpoint.id, endpoint.id, given.id, given.type, 'pending', 0, 0, given.now, given.now
        from json_to_recordset(${rowsOf(told)}::json)
          as given (id text, workspace_id text, environment text, type text, now bigint, delivery text)
        join webhook_endpoints as endpoint
          on endpoint.workspace_id = given.workspace_id and endpoint.environment = given.environment
        where endpoint.status = 'enabled'
          and (endpoint.events = ' * ' or replace(endpoint.events, ' ' || given.type || ' ', '') != endpoint.events)
        for key share of endpoint`.execute(tx),
  ]);
  return all.map(() => undefined);
}

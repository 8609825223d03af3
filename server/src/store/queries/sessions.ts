import { type Insertable, type Kysely, type Selectable, sql, type Updateable } from "kysely";
import type { FlowConfig, FlowEvent, Settlement } from "../../../../src/api/wire.ts";
import { ALIAS } from "../personal-data.ts";
import { changesSomething, fromJson, toJson, withoutNulls } from "../rows.ts";
import type { Schema, SessionEventsTable, SessionsTable } from "../schema.ts";
import { type Queries, type Scope, type SessionRow, StoreConflict } from "../store.ts";

type SessionQueries = Pick<
  Queries,
  | "session"
  | "latestSession"
  | "decidedSession"
  | "insertSession"
  | "updateSession"
  | "cancelledSessions"
  | "openVisits"
  | "pendingSessions"
  | "isRetainedSince"
  | "isChangedSince"
  | "idleSessions"
  | "insertSessionEvents"
  | "sessionEvents"
  | "countSessionEvents"
  | "addSessionEvents"
>;

export function sessionQueries(db: Kysely<Schema>): SessionQueries {
  const of = ({ workspaceId, environment }: Scope, subscriptionId: string) =>
    db
      .selectFrom("sessions")
      .where("sessions.workspace_id", "=", workspaceId)
      .where("sessions.environment", "=", environment)
      .where("sessions.subscription_id", "=", subscriptionId);

  const changesOf = ({ workspaceId, environment }: Scope, subscriptionId: string) =>
    db
      .selectFrom("changes")
      .select("id")
      .where("workspace_id", "=", workspaceId)
      .where("environment", "=", environment)
      .where("subscription_id", "=", subscriptionId)
      .where("status", "=", "succeeded")
      .limit(1);

  const all: SessionQueries = {
    async session(id) {
      const row = await db.selectFrom("sessions").selectAll().where("id", "=", id).executeTakeFirst();
      return row && toRow(row);
    },

    async latestSession(tokenId, subscriptionId) {
      const row = await db
        .selectFrom("sessions")
        .selectAll()
        .where("token_id", "=", tokenId)
        .where("subscription_id", "=", subscriptionId)
        .orderBy("ordinal", "desc")
        .limit(1)
        .executeTakeFirst();
      return row && toRow(row);
    },

    async decidedSession({ tokenId, subscriptionId, ordinal }) {
      const row = await db
        .selectFrom("sessions")
        .selectAll()
        .where("token_id", "=", tokenId)
        .where("subscription_id", "=", subscriptionId)
        .where("ordinal", "<", ordinal)
        .where("settlement", "is not", null)
        .where("undone_at", "is", null)
        .orderBy("ordinal", "desc")
        .limit(1)
        .executeTakeFirst();
      return row && toRow(row);
    },

    async insertSession(row) {
      const { numInsertedOrUpdatedRows } = await db
        .insertInto("sessions")
        .values(toColumns(row))
        .onConflict((conflict) => conflict.columns(["token_id", "subscription_id", "ordinal"]).doNothing())
        .executeTakeFirstOrThrow();
      return numInsertedOrUpdatedRows === 1n;
    },

    async updateSession(id, fields) {
      const change: Updateable<SessionsTable> = {
        flow_id: fields.flowId,
        flow_version: fields.flowVersion,
        config: fields.config && JSON.stringify(fields.config),
        plan: fields.plan,
        mrr: fields.mrr,
        currency: fields.currency,
        locale: fields.locale,
        outcome: fields.outcome,
        settlement: fields.settlement && JSON.stringify(fields.settlement),
        started_at: fields.startedAt,
        completed_at: fields.completedAt,
        undone_at: fields.undoneAt,
        touched_at: fields.touchedAt,
      };
      if (!changesSomething(change)) return;
      // What a page was shown is written without waiting for anybody, and comes back into no row that was forgotten.
      const isShown = fields.config !== undefined || fields.locale !== undefined;
      await db
        .updateTable("sessions")
        .set(change)
        .where("id", "=", id)
        .$if(isShown, (query) =>
          query.where(sql<boolean>`substr(customer_id, 1, ${sql.lit(ALIAS.length)}) <> ${sql.lit(ALIAS)}`),
        )
        .execute();
    },

    async cancelledSessions(scope, subscriptionId) {
      const rows = await of(scope, subscriptionId)
        .selectAll()
        .where("outcome", "in", ["cancelled", "abandoned"])
        .where("settlement", "is not", null)
        .where("undone_at", "is", null)
        .execute();
      return rows
        .map(toRow)
        .filter(({ settlement }) => settlement?.outcome === "cancelled" && settlement.status === "done");
    },

    async openVisits(scope, { customerId, subscriptionId, since, limit }) {
      const rows = await of(scope, subscriptionId)
        .selectAll()
        .where("customer_id", "=", customerId)
        .where("started_at", "is not", null)
        .where("outcome", "is", null)
        .where("settlement", "is", null)
        .where("touched_at", ">", since)
        .orderBy("touched_at", "desc")
        .orderBy("id", "desc")
        .limit(limit)
        .execute();
      return rows.map(toRow);
    },

    async pendingSessions(scope, subscriptionId) {
      const rows = await of(scope, subscriptionId)
        .selectAll("sessions")
        .where(({ exists, selectFrom }) =>
          exists(
            selectFrom("actions")
              .select("actions.id")
              .whereRef("actions.session_id", "=", "sessions.id")
              .where("actions.status", "=", "pending"),
          ),
        )
        .orderBy("created_at")
        .execute();
      return rows.map(toRow);
    },

    async isRetainedSince(scope, subscriptionId, at) {
      const found =
        (await of(scope, subscriptionId)
          .select("sessions.id")
          .where("outcome", "=", "retained")
          .where("completed_at", ">", at)
          .limit(1)
          .executeTakeFirst()) ??
        (await changesOf(scope, subscriptionId).where("created_at", ">", at).executeTakeFirst());
      return !!found;
    },

    async isChangedSince({ subscriptionId, id, ...scope }, at) {
      const found =
        (await of(scope, subscriptionId)
          .innerJoin("actions", "actions.session_id", "sessions.id")
          .select("actions.id")
          .$if(id !== undefined, (query) => query.where("sessions.id", "!=", id as string))
          .where("actions.status", "=", "succeeded")
          .where("actions.settled_at", ">=", at)
          .limit(1)
          .executeTakeFirst()) ??
        (await changesOf(scope, subscriptionId).where("settled_at", ">=", at).executeTakeFirst());
      return !!found;
    },

    async idleSessions(before, limit) {
      const rows = await db
        .selectFrom("sessions")
        .selectAll()
        .where("started_at", "is not", null)
        .where("outcome", "is", null)
        .where("touched_at", "<=", before)
        .where(({ not, exists, selectFrom }) =>
          not(
            exists(
              selectFrom("actions")
                .select("actions.id")
                .whereRef("actions.session_id", "=", "sessions.id")
                .where("actions.status", "=", "pending"),
            ),
          ),
        )
        .orderBy("touched_at")
        .orderBy("id")
        .limit(limit)
        .execute();
      return rows.map(toRow);
    },

    async insertSessionEvents(sessionId, events, receivedAt) {
      if (!events.length) return 0;
      // In one order for all writers: two that bring the same events in another would wait for each other.
      const ordered = events.toSorted((one, other) => one.seq - other.seq || (one.id < other.id ? -1 : 1));
      // Conflicts are passed over, not raised: on PostgreSQL an error would end the caller's transaction.
      const inserted = await db
        .insertInto("session_events")
        .values(ordered.map((event) => eventColumns(sessionId, event, receivedAt)))
        .onConflict((conflict) => conflict.doNothing())
        .returning("id")
        .execute();
      const ids = [...new Set(events.map((event) => event.id))];
      if (inserted.length < ids.length) {
        // What was passed over for its id is there; what was passed over for its place in the run is not.
        const known = await db
          .selectFrom("session_events")
          .select("id")
          .where("session_id", "=", sessionId)
          .where("id", "in", ids)
          .execute();
        if (known.length < ids.length) throw placeTaken();
      }
      return inserted.length;
    },

    async sessionEvents(sessionId, run) {
      const rows = await db
        .selectFrom("session_events")
        .select("data")
        .where("session_id", "=", sessionId)
        .where("run", "=", run)
        .orderBy("seq")
        .execute();
      return rows.map((row) => fromJson<FlowEvent>(row.data));
    },

    async countSessionEvents(sessionId) {
      const { count } = await db
        .selectFrom("session_events")
        .select(({ fn }) => fn.countAll<number>().as("count"))
        .where("session_id", "=", sessionId)
        .executeTakeFirstOrThrow();
      return count;
    },

    async addSessionEvents(sessionId, events, receivedAt) {
      const accepted = await all.insertSessionEvents(sessionId, events, receivedAt);
      const total = await all.countSessionEvents(sessionId);
      const runs = new Map<string, FlowEvent[]>();
      for (const { run } of events)
        if (!runs.has(run)) runs.set(run, await all.sessionEvents(sessionId, run));
      return { accepted, total, runs };
    },
  };
  return all;
}

export const eventColumns = (
  sessionId: string,
  event: FlowEvent,
  receivedAt: number,
): Insertable<SessionEventsTable> => ({
  session_id: sessionId,
  id: event.id,
  run: event.run,
  seq: event.seq,
  data: JSON.stringify(event),
  received_at: receivedAt,
});

export const placeTaken = (): StoreConflict => new StoreConflict("Another event has this place in the run");

function toColumns(row: SessionRow): Insertable<SessionsTable> {
  return {
    id: row.id,
    workspace_id: row.workspaceId,
    environment: row.environment,
    token_id: row.tokenId,
    ordinal: row.ordinal,
    customer_id: row.customerId,
    subscription_id: row.subscriptionId,
    email: row.email ?? null,
    flow_id: row.flowId,
    flow_version: row.flowVersion,
    config: JSON.stringify(row.config),
    plan: row.plan,
    mrr: row.mrr,
    currency: row.currency,
    locale: row.locale ?? null,
    outcome: row.outcome ?? null,
    settlement: toJson(row.settlement),
    created_at: row.createdAt,
    opened_at: row.openedAt,
    started_at: row.startedAt ?? null,
    completed_at: row.completedAt ?? null,
    undone_at: row.undoneAt ?? null,
    touched_at: row.touchedAt,
  };
}

export function toRow(row: Selectable<SessionsTable>): SessionRow {
  const config = fromJson<FlowConfig>(row.config);
  return withoutNulls({
    id: row.id,
    workspaceId: row.workspace_id,
    environment: row.environment,
    tokenId: row.token_id,
    ordinal: row.ordinal,
    customerId: row.customer_id,
    subscriptionId: row.subscription_id,
    email: row.email,
    flowId: row.flow_id,
    flowVersion: row.flow_version,
    config,
    plan: row.plan,
    mrr: row.mrr,
    currency: row.currency,
    locale: row.locale,
    outcome: row.outcome,
    settlement: fromJson<Settlement>(row.settlement),
    createdAt: row.created_at,
    openedAt: row.opened_at ?? config.now,
    startedAt: row.started_at,
    completedAt: row.completed_at,
    undoneAt: row.undone_at,
    touchedAt: row.touched_at,
  });
}

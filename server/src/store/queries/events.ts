import type { Kysely, Selectable } from "kysely";
import { fromJson, withoutNulls } from "../rows.ts";
import type { EventsTable, Schema } from "../schema.ts";
import type { EventRow, Json, Queries } from "../store.ts";

type EventQueries = Pick<Queries, "insertEvent" | "event" | "events" | "enqueue" | "dequeue">;

/** Facts, and the outbox that carries them out; workers take from it in jobs.ts. */
export function eventQueries(db: Kysely<Schema>): EventQueries {
  return {
    async insertEvent({ id, workspaceId, environment, type, sessionId, data, at }) {
      await db
        .insertInto("events")
        .values({
          id,
          workspace_id: workspaceId,
          environment,
          type,
          session_id: sessionId ?? null,
          data: JSON.stringify(data),
          at,
        })
        .execute();
    },

    async event(id) {
      const row = await db.selectFrom("events").selectAll().where("id", "=", id).executeTakeFirst();
      return row && toRow(row);
    },

    async events({ workspaceId, environment }, { limit }) {
      const rows = await db
        .selectFrom("events")
        .selectAll()
        .where("workspace_id", "=", workspaceId)
        .where("environment", "=", environment)
        .orderBy("position", "desc")
        .limit(limit)
        .execute();
      return rows.map(toRow).reverse();
    },

    async enqueue({ topic, key, payload, dueAt }) {
      await db
        .insertInto("jobs")
        .values({ topic, key, payload: JSON.stringify(payload), due_at: dueAt })
        .onConflict((conflict) => conflict.columns(["topic", "key"]).doNothing())
        .execute();
    },

    async dequeue(topic, key) {
      await db.deleteFrom("jobs").where("topic", "=", topic).where("key", "=", key).execute();
    },
  };
}

export function toRow(row: Selectable<EventsTable>): EventRow {
  // What was told may itself be null.
  const data = fromJson<Json>(row.data);
  const rest = withoutNulls({
    id: row.id,
    workspaceId: row.workspace_id,
    environment: row.environment,
    type: row.type,
    sessionId: row.session_id,
    at: row.at,
  });
  return { ...rest, data };
}

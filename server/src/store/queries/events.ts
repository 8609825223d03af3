import { type Insertable, type Kysely, type Selectable, sql } from "kysely";
import type { Home } from "../differences.ts";
import { fromJson, withoutNulls } from "../rows.ts";
import type { EventsTable, Schema } from "../schema.ts";
import type { EventRow, Json, Queries } from "../store.ts";

type EventQueries = Pick<Queries, "insertEvent" | "event" | "events" | "enqueue" | "dequeue">;

/** Facts, and the outbox that carries them out; workers take from it in jobs.ts. */
export function eventQueries(db: Kysely<Schema>, home: Home): EventQueries {
  return {
    async insertEvent(row, { now = row.at, to = "subscribers" } = {}) {
      await db.insertInto("events").values(toColumns(row)).execute();
      if (to === "subscribers") await fanOut(db, home, row, now);
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

/** One statement, whatever becomes of the endpoints meanwhile. */
async function fanOut(
  db: Kysely<Schema>,
  home: Home,
  { id, workspaceId, environment, type }: Pick<EventRow, "id" | "workspaceId" | "environment" | "type">,
  now: number,
): Promise<void> {
  await db
    .insertInto("webhook_deliveries")
    .columns(["id", "endpoint_id", "event_id", "type", "status", "attempts", "tries", "due_at", "created_at"])
    .expression(
      db
        .selectFrom("webhook_endpoints")
        .select(({ ref }) => [
          sql<string>`cast(${`${id.replace(/^evt_/, "whd_")}_`} as text) || ${ref("id")}`.as("id"),
          "id as endpoint_id",
          sql<string>`cast(${id} as text)`.as("event_id"),
          sql<string>`cast(${type} as text)`.as("type"),
          sql.lit("pending" as const).as("status"),
          sql.lit(0).as("attempts"),
          sql.lit(0).as("tries"),
          sql<number>`cast(${now} as bigint)`.as("due_at"),
          sql<number>`cast(${now} as bigint)`.as("created_at"),
        ])
        .where("workspace_id", "=", workspaceId)
        .where("environment", "=", environment)
        .where("status", "=", "enabled")
        // With the spaces around it, so that no type passes for another that begins like it.
        .where(sql<boolean>`(events = ' * ' or replace(events, ${` ${type} `}, '') != events)`)
        // One that is being deleted is waited for and passed over: it must not fail what the event tells of.
        .$if(home.name === "postgres", (query) => query.forKeyShare()),
    )
    .execute();
}

export function toColumns(row: EventRow): Insertable<EventsTable> {
  return {
    id: row.id,
    workspace_id: row.workspaceId,
    environment: row.environment,
    type: row.type,
    customer_id: row.customerId ?? null,
    session_id: row.sessionId ?? null,
    data: JSON.stringify(row.data),
    at: row.at,
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
    customerId: row.customer_id,
    sessionId: row.session_id,
    at: row.at,
  });
  return { ...rest, data };
}

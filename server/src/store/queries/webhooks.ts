import { type ExpressionBuilder, type Kysely, type Selectable, sql } from "kysely";
import type { Home } from "../differences.ts";
import { changesSomething, fromJson, toJson, withoutNulls } from "../rows.ts";
import type {
  Schema,
  WebhookAttemptsTable,
  WebhookDeliveriesTable,
  WebhookEndpointsTable,
} from "../schema.ts";
import type {
  DeliveryRow,
  WebhookAttemptRow,
  WebhookEndpointRow,
  WebhookQueries,
  WebhookSecret,
} from "../webhooks.ts";
import { toRow } from "./events.ts";

export function webhookQueries(db: Kysely<Schema>, home: Home): WebhookQueries {
  return { ...endpointQueries(db), ...deliveryQueries(db, home), ...attemptQueries(db) };
}

export const notDeleted = (where: ExpressionBuilder<Schema, "webhook_endpoints">) =>
  where("webhook_endpoints.status", "!=", "deleted");

type EndpointQueries = Pick<
  WebhookQueries,
  | "insertWebhookEndpoint"
  | "webhookEndpoint"
  | "webhookEndpoints"
  | "updateWebhookEndpoint"
  | "deleteWebhookEndpoint"
>;

function endpointQueries(db: Kysely<Schema>): EndpointQueries {
  return {
    async insertWebhookEndpoint(row) {
      await db
        .insertInto("webhook_endpoints")
        .values({
          id: row.id,
          workspace_id: row.workspaceId,
          environment: row.environment,
          url: row.url,
          description: row.description ?? null,
          events: spaced(row.events),
          status: row.status,
          disabled_reason: row.disabledReason ?? null,
          disabled_at: row.disabledAt ?? null,
          failing_since: row.failingSince ?? null,
          secrets: JSON.stringify(row.secrets),
          created_at: row.createdAt,
          updated_at: row.updatedAt,
        })
        .execute();
    },

    async webhookEndpoint({ workspaceId }, id) {
      const row = await db
        .selectFrom("webhook_endpoints")
        .selectAll()
        .where("id", "=", id)
        .where("workspace_id", "=", workspaceId)
        .where(notDeleted)
        .executeTakeFirst();
      return row && toEndpoint(row);
    },

    async webhookEndpoints({ workspaceId, environment }) {
      const rows = await db
        .selectFrom("webhook_endpoints")
        .selectAll()
        .where("workspace_id", "=", workspaceId)
        .where(notDeleted)
        .$if(environment !== undefined, (query) =>
          query.where("environment", "=", environment as NonNullable<typeof environment>),
        )
        .orderBy("created_at")
        .orderBy("id")
        .execute();
      return rows.map(toEndpoint);
    },

    async updateWebhookEndpoint(id, change) {
      const columns = {
        url: change.url,
        description: change.description,
        events: change.events && spaced(change.events),
        status: change.status,
        disabled_reason: change.disabledReason,
        disabled_at: change.disabledAt,
        failing_since: change.failingSince,
        secrets: toJson(change.secrets) ?? undefined,
        updated_at: change.updatedAt,
      };
      if (!changesSomething(columns)) return;
      await db
        .updateTable("webhook_endpoints")
        .set(columns)
        .where("id", "=", id)
        .where("status", "!=", "deleted")
        .execute();
    },

    async deleteWebhookEndpoint(id) {
      // What was sent to it may be so much that nobody could wait until that is gone. What is secret goes at once.
      const gone = { status: "deleted", url: "", description: null, secrets: "[]" } as const;
      await db.updateTable("webhook_endpoints").set(gone).where("id", "=", id).execute();
    },
  };
}

type DeliveryQueries = Pick<
  WebhookQueries,
  "insertDelivery" | "delivery" | "holdEvent" | "deliveries" | "updateDelivery" | "cancelDeliveries"
>;

function deliveryQueries(db: Kysely<Schema>, home: Home): DeliveryQueries {
  return {
    async insertDelivery(row) {
      await db
        .insertInto("webhook_deliveries")
        .values({
          id: row.id,
          endpoint_id: row.endpointId,
          event_id: row.eventId,
          type: row.type,
          status: row.status,
          attempts: row.attempts,
          tries: row.tries,
          due_at: row.dueAt,
          created_at: row.createdAt,
          settled_at: row.settledAt ?? null,
        })
        .execute();
    },

    async delivery(id) {
      const row = await db
        .selectFrom("webhook_deliveries")
        .innerJoin("webhook_endpoints", "webhook_endpoints.id", "endpoint_id")
        .selectAll("webhook_deliveries")
        .where("webhook_deliveries.id", "=", id)
        .where("webhook_endpoints.status", "!=", "deleted")
        .executeTakeFirst();
      return row && toDelivery(row);
    },

    async holdEvent(id) {
      const row = await db
        .selectFrom("events")
        .selectAll()
        .where("id", "=", id)
        // On SQLite nobody else writes while a transaction runs.
        .$if(home.name === "postgres", (query) => query.forShare())
        .executeTakeFirst();
      return row && toRow(row);
    },

    async deliveries({ endpointId, status, after, limit }) {
      const rows = await db
        .selectFrom("webhook_deliveries")
        .selectAll()
        .where("endpoint_id", "=", endpointId)
        .$if(status !== undefined, (query) => query.where("status", "=", status as DeliveryRow["status"]))
        .$if(after !== undefined, (query) =>
          query.where(sql<boolean>`(created_at, id) < (${after?.at}, ${after?.id})`),
        )
        .orderBy("created_at", "desc")
        .orderBy("id", "desc")
        .limit(limit)
        .execute();
      return rows.map(toDelivery);
    },

    async updateDelivery(id, { status, attempts, tries, dueAt, settledAt }) {
      const change = { status, attempts, tries, due_at: dueAt, settled_at: settledAt };
      if (!changesSomething(change)) return;
      // Whoever says how it goes on has it in hand no longer.
      await db
        .updateTable("webhook_deliveries")
        .set({ ...change, leased_until: null })
        .where("id", "=", id)
        .execute();
    },

    async cancelDeliveries(endpointId, at) {
      await db
        .updateTable("webhook_deliveries")
        .set({ status: "cancelled", settled_at: at, leased_until: null })
        .where("endpoint_id", "=", endpointId)
        .where("status", "=", "pending")
        .execute();
    },
  };
}

function attemptQueries(
  db: Kysely<Schema>,
): Pick<WebhookQueries, "insertWebhookAttempt" | "webhookAttempts"> {
  return {
    async insertWebhookAttempt(row) {
      await db
        .insertInto("webhook_attempts")
        .values({
          id: row.id,
          delivery_id: row.deliveryId,
          attempt: row.attempt,
          at: row.at,
          duration: row.duration,
          status: row.status ?? null,
          error: row.error ?? null,
          excerpt: row.excerpt ?? null,
        })
        .execute();
    },

    async webhookAttempts(deliveryId) {
      const rows = await db
        .selectFrom("webhook_attempts")
        .selectAll()
        .where("delivery_id", "=", deliveryId)
        .orderBy("attempt")
        .orderBy("at")
        .orderBy("id")
        .execute();
      return rows.map(toAttempt);
    },
  };
}

/** So that one type can be looked for without finding another that begins like it. */
const spaced = (events: readonly string[]): string => ` ${events.join(" ")} `;

function toEndpoint(row: Selectable<WebhookEndpointsTable>): WebhookEndpointRow {
  return withoutNulls({
    id: row.id,
    workspaceId: row.workspace_id,
    environment: row.environment,
    url: row.url,
    description: row.description,
    events: row.events.trim().split(" "),
    status: row.status === "enabled" ? "enabled" : "disabled",
    disabledReason: row.disabled_reason,
    disabledAt: row.disabled_at,
    failingSince: row.failing_since,
    secrets: fromJson<WebhookSecret[]>(row.secrets),
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  });
}

export function toDelivery(row: Selectable<WebhookDeliveriesTable>): DeliveryRow {
  return withoutNulls({
    id: row.id,
    endpointId: row.endpoint_id,
    eventId: row.event_id,
    type: row.type,
    status: row.status,
    attempts: row.attempts,
    tries: row.tries,
    dueAt: row.due_at,
    createdAt: row.created_at,
    settledAt: row.settled_at,
  });
}

function toAttempt(row: Selectable<WebhookAttemptsTable>): WebhookAttemptRow {
  return withoutNulls({
    id: row.id,
    deliveryId: row.delivery_id,
    attempt: row.attempt,
    at: row.at,
    duration: row.duration,
    status: row.status,
    error: row.error,
    excerpt: row.excerpt,
  });
}

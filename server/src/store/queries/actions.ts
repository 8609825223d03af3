import { type Kysely, type Selectable, sql } from "kysely";
import type { Decision, Fault } from "../../../../src/flow/machine.ts";
import type { BillingAction } from "../../billing/provider.ts";
import { fromJson, toJson, withoutNulls } from "../rows.ts";
import type { ActionsTable, Schema } from "../schema.ts";
import type { ActionRow, Queries } from "../store.ts";

type ActionQueries = Pick<Queries, "actions" | "action" | "insertAction" | "settleAction" | "acceptedOffers">;

export function actionQueries(db: Kysely<Schema>): ActionQueries {
  return {
    async actions(sessionId) {
      const rows = await db
        .selectFrom("actions")
        .selectAll()
        .where("session_id", "=", sessionId)
        .orderBy("created_at")
        .orderBy("id")
        .execute();
      return rows.map(toRow);
    },

    async action(id) {
      const row = await db.selectFrom("actions").selectAll().where("id", "=", id).executeTakeFirst();
      return row && toRow(row);
    },

    async insertAction(row) {
      const { numInsertedOrUpdatedRows } = await db
        .insertInto("actions")
        .values({
          id: row.id,
          session_id: row.sessionId,
          event_id: row.eventId,
          decision: JSON.stringify(row.decision),
          offer_id: row.decision.type === "accept" ? row.decision.offer.id : null,
          action: toJson(row.action),
          status: row.status,
          fault: toJson(row.fault),
          created_at: row.createdAt,
          settled_at: row.settledAt ?? null,
        })
        // The words of the index actions_one; as parameters they would not be recognised.
        .onConflict((conflict) =>
          conflict
            .column("session_id")
            .where("status", "in", [sql.lit("pending" as const), sql.lit("succeeded" as const)])
            .doNothing(),
        )
        .executeTakeFirstOrThrow();
      return numInsertedOrUpdatedRows === 1n;
    },

    async settleAction(id, { status, fault, settledAt }) {
      await db
        .updateTable("actions")
        .set({ status, fault: toJson(fault), settled_at: settledAt })
        .where("id", "=", id)
        .where("status", "=", "pending")
        .execute();
    },

    async acceptedOffers({ workspaceId, environment }, customerId) {
      const inHubs = db
        .selectFrom("changes")
        .select(["offer_id", "created_at", "id"])
        .where("workspace_id", "=", workspaceId)
        .where("environment", "=", environment)
        .where("customer_id", "=", customerId)
        .where("status", "in", ["pending", "succeeded"])
        .where("offer_id", "is not", null)
        .$narrowType<{ offer_id: string }>();
      const rows = await db
        .selectFrom("actions")
        .innerJoin("sessions", "sessions.id", "actions.session_id")
        .select(["actions.offer_id", "actions.created_at", "actions.id"])
        .where("sessions.workspace_id", "=", workspaceId)
        .where("sessions.environment", "=", environment)
        .where("sessions.customer_id", "=", customerId)
        .where("actions.status", "in", ["pending", "succeeded"])
        .where("actions.offer_id", "is not", null)
        .$narrowType<{ offer_id: string }>()
        .unionAll(inHubs)
        .orderBy("created_at")
        .orderBy("id")
        .execute();
      return rows.map((row) => ({ offerId: row.offer_id, at: row.created_at }));
    },
  };
}

export function toRow(row: Selectable<ActionsTable>): ActionRow {
  return withoutNulls({
    id: row.id,
    sessionId: row.session_id,
    eventId: row.event_id,
    decision: fromJson<Decision>(row.decision),
    action: fromJson<BillingAction>(row.action),
    status: row.status,
    fault: fromJson<Fault>(row.fault),
    createdAt: row.created_at,
    settledAt: row.settled_at,
  });
}

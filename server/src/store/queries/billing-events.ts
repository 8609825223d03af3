import type { Kysely, Selectable } from "kysely";
import type { BillingEvent } from "../../billing/billing-event.ts";
import { fromJson } from "../rows.ts";
import type { BillingEventsTable, Schema } from "../schema.ts";
import type { BillingEventRow, Queries, Scope } from "../store.ts";

type BillingEventQueries = Pick<
  Queries,
  "insertBillingEvent" | "billingEvent" | "billingEvents" | "forgetBillingEvents"
>;

export function billingEventQueries(db: Kysely<Schema>): BillingEventQueries {
  const within = ({ workspaceId, environment }: Scope) =>
    db
      .selectFrom("billing_events")
      .selectAll()
      .where("workspace_id", "=", workspaceId)
      .where("environment", "=", environment);

  return {
    async insertBillingEvent({ workspaceId, environment, id, subject, event, receivedAt }) {
      const { numInsertedOrUpdatedRows } = await db
        .insertInto("billing_events")
        .values({
          workspace_id: workspaceId,
          environment,
          id,
          subject,
          data: JSON.stringify(event),
          received_at: receivedAt,
        })
        .onConflict((conflict) => conflict.columns(["workspace_id", "environment", "id"]).doNothing())
        .executeTakeFirstOrThrow();
      return numInsertedOrUpdatedRows === 1n;
    },

    async billingEvent(scope, id) {
      const row = await within(scope).where("id", "=", id).executeTakeFirst();
      return row && toRow(row);
    },

    async billingEvents(scope, subject) {
      return (await within(scope).where("subject", "=", subject).execute()).map(toRow);
    },

    async forgetBillingEvents(before) {
      await db.deleteFrom("billing_events").where("received_at", "<", before).execute();
    },
  };
}

function toRow(row: Selectable<BillingEventsTable>): BillingEventRow {
  return {
    workspaceId: row.workspace_id,
    environment: row.environment,
    id: row.id,
    subject: row.subject,
    event: fromJson<BillingEvent>(row.data),
    receivedAt: row.received_at,
  };
}

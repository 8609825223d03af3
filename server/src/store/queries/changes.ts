import { type Kysely, type Selectable, sql } from "kysely";
import type { HubChange, HubPreview, Subscription } from "../../../../src/api/wire.ts";
import type { BillingAction } from "../../billing/provider.ts";
import { fromJson, withoutNulls } from "../rows.ts";
import type { ChangesTable, Schema } from "../schema.ts";
import type { ChangeRow, Queries, Scope } from "../store.ts";

type ChangeQueries = Pick<
  Queries,
  | "change"
  | "changeByKey"
  | "pendingChanges"
  | "insertChange"
  | "redeemedCodes"
  | "settleChange"
  | "dismissOffer"
  | "dismissedOffers"
>;

export function changeQueries(db: Kysely<Schema>): ChangeQueries {
  const within = ({ workspaceId, environment }: Scope) =>
    db
      .selectFrom("changes")
      .selectAll()
      .where("workspace_id", "=", workspaceId)
      .where("environment", "=", environment);

  return {
    async change(id) {
      const row = await db.selectFrom("changes").selectAll().where("id", "=", id).executeTakeFirst();
      return row && toRow(row);
    },

    async changeByKey(scope, customerId, key) {
      const row = await within(scope)
        .where("customer_id", "=", customerId)
        .where("key", "=", key)
        .executeTakeFirst();
      return row && toRow(row);
    },

    async pendingChanges(scope, subscriptionId) {
      const rows = await within(scope)
        .where("subscription_id", "=", subscriptionId)
        // The words of the index changes_one.
        .where("status", "=", sql.lit("pending" as const))
        .orderBy("created_at")
        .execute();
      return rows.map(toRow);
    },

    async insertChange(row) {
      const { numInsertedOrUpdatedRows } = await db
        .insertInto("changes")
        .values({
          id: row.id,
          workspace_id: row.workspaceId,
          environment: row.environment,
          key: row.key,
          token_id: row.tokenId,
          customer_id: row.customerId,
          subscription_id: row.subscriptionId,
          change: JSON.stringify(row.change),
          seen: JSON.stringify(row.seen),
          before: JSON.stringify(row.before),
          action: JSON.stringify(row.action),
          offer_id: row.offerId ?? null,
          status: row.status,
          fault: row.fault ?? null,
          created_at: row.createdAt,
          settled_at: row.settledAt ?? null,
        })
        .onConflict((conflict) => conflict.doNothing())
        .executeTakeFirstOrThrow();
      return numInsertedOrUpdatedRows === 1n;
    },

    async redeemedCodes(scope, customerId) {
      const rows = await within(scope)
        .where("customer_id", "=", customerId)
        .where("status", "in", ["pending", "succeeded"])
        .execute();
      return rows.flatMap((row) => {
        const { change } = toRow(row);
        return change.type === "promo_code" ? [change.code] : [];
      });
    },

    async settleChange(id, { status, fault, settledAt }) {
      await db
        .updateTable("changes")
        .set({ status, fault: fault ?? null, settled_at: settledAt })
        .where("id", "=", id)
        .where("status", "=", "pending")
        .execute();
    },

    async dismissOffer({ workspaceId, environment }, customerId, offerId, at) {
      await db
        .insertInto("offer_dismissals")
        .values({
          workspace_id: workspaceId,
          environment,
          customer_id: customerId,
          offer_id: offerId,
          at,
        })
        .onConflict((conflict) =>
          conflict
            .columns(["workspace_id", "environment", "customer_id", "offer_id"])
            .doUpdateSet({ at })
            .where("offer_dismissals.at", "<", at),
        )
        .execute();
    },

    async dismissedOffers({ workspaceId, environment }, customerId) {
      const rows = await db
        .selectFrom("offer_dismissals")
        .select(["offer_id", "at"])
        .where("workspace_id", "=", workspaceId)
        .where("environment", "=", environment)
        .where("customer_id", "=", customerId)
        .orderBy("at")
        .orderBy("offer_id")
        .execute();
      return rows.map((row) => ({ offerId: row.offer_id, at: row.at }));
    },
  };
}

function toRow(row: Selectable<ChangesTable>): ChangeRow {
  return withoutNulls({
    id: row.id,
    workspaceId: row.workspace_id,
    environment: row.environment,
    key: row.key,
    tokenId: row.token_id,
    customerId: row.customer_id,
    subscriptionId: row.subscription_id,
    change: fromJson<HubChange>(row.change),
    seen: fromJson<HubPreview>(row.seen),
    before: fromJson<Subscription>(row.before),
    action: fromJson<BillingAction>(row.action),
    offerId: row.offer_id,
    status: row.status,
    fault: row.fault,
    createdAt: row.created_at,
    settledAt: row.settled_at,
  });
}

import { type Kysely, sql } from "kysely";
import type { RecoveryFilter, RecoveryListQueries } from "../recovery-lists.ts";
import type { Schema } from "../schema.ts";
import type { Scope } from "../store.ts";
import { toRow } from "./recoveries.ts";

export function recoveryListQueries(db: Kysely<Schema>): RecoveryListQueries {
  const within = ({ workspaceId, environment }: Scope) =>
    db
      .selectFrom("recoveries")
      .where("workspace_id", "=", workspaceId)
      .where("environment", "=", environment);

  const those = (scope: Scope, { status, customerId, from, to }: RecoveryFilter) =>
    within(scope)
      .$if(status !== undefined, (query) => query.where("status", "=", status ?? "pending"))
      .$if(customerId !== undefined, (query) => query.where("customer_id", "=", customerId ?? ""))
      .$if(from !== undefined, (query) => query.where("first_failed_at", ">=", from ?? 0))
      .$if(to !== undefined, (query) => query.where("first_failed_at", "<", to ?? 0));

  return {
    async recoveryById(scope, id) {
      const row = await within(scope).selectAll().where("id", "=", id).executeTakeFirst();
      return row && toRow(row);
    },

    async listRecoveries(scope, { limit, after, ...by }) {
      const rows = await those(scope, by)
        .selectAll()
        .$if(after !== undefined, (query) =>
          query.where(sql<boolean>`(first_failed_at, id) < (${after?.at}, ${after?.id})`),
        )
        .orderBy("first_failed_at", "desc")
        .orderBy("id", "desc")
        .limit(limit)
        .execute();
      return rows.map(toRow);
    },

    async languageOf({ workspaceId, environment }, customerId) {
      const row = await db
        .selectFrom("sessions")
        .select("locale")
        .where("workspace_id", "=", workspaceId)
        .where("environment", "=", environment)
        .where("customer_id", "=", customerId)
        .where("locale", "is not", null)
        .orderBy("created_at", "desc")
        .orderBy("id", "desc")
        .limit(1)
        .executeTakeFirst();
      return row?.locale ?? undefined;
    },
  };
}

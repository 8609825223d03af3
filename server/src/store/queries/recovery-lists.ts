import type { Kysely } from "kysely";
import type { RecoveryFilter, RecoveryListQueries } from "../recovery-lists.ts";
import type { Schema } from "../schema.ts";
import type { Scope } from "../store.ts";
import { toRow as toMail } from "./mails.ts";
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

    async listRecoveries(scope, { limit, offset, ...by }) {
      const rows = await those(scope, by)
        .selectAll()
        .orderBy("first_failed_at", "desc")
        .orderBy("id", "desc")
        .limit(limit)
        .offset(offset)
        .execute();
      return rows.map(toRow);
    },

    async countRecoveries(scope, by) {
      const { count } = await those(scope, by)
        .select(({ fn }) => fn.countAll<number>().as("count"))
        .executeTakeFirstOrThrow();
      return count;
    },

    async remindersOf({ workspaceId, environment }, recoveryId) {
      const rows = await db
        .selectFrom("mails")
        .selectAll()
        .where("workspace_id", "=", workspaceId)
        .where("environment", "=", environment)
        .where("kind", "in", ["recovery_retryable", "recovery_card_update", "recovery_authenticate"])
        // Everything that begins with the id and a slash: the next character after that is 0.
        .where("about", ">=", `${recoveryId}/`)
        .where("about", "<", `${recoveryId}0`)
        .orderBy("created_at")
        .orderBy("id")
        .execute();
      return rows.map(toMail);
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

import { type Kysely, sql } from "kysely";
import type { Schema } from "../schema.ts";
import type { Visit, VisitQueries } from "../visits.ts";
import { toRow } from "./ledger.ts";
import { visitEnd } from "./points.ts";

export function visitQueries(db: Kysely<Schema>): VisitQueries {
  return {
    async visits({ workspaceId, environment }, { outcome, from, to, after, limit, offset = 0 }) {
      const rows = await db
        .selectFrom("ledger")
        .selectAll()
        .where("workspace_id", "=", workspaceId)
        .where("environment", "=", environment)
        // The words of the indexes ledger_visits and ledger_visits_by_end.
        .where("started_at", "is not", null)
        .$if(outcome !== undefined, (query) => query.where(visitEnd, "=", outcome as string))
        .$if(from !== undefined, (query) => query.where("started_at", ">=", from as number))
        .$if(to !== undefined, (query) => query.where("started_at", "<", to as number))
        .$if(after !== undefined, (query) =>
          query.where(sql<boolean>`(started_at, id) < (${after?.at}, ${after?.id})`),
        )
        .orderBy("started_at", "desc")
        .orderBy("id", "desc")
        .limit(limit)
        .$if(offset > 0, (query) => query.offset(offset))
        .execute();
      return rows.map(toRow) as Visit[];
    },

    async visit({ workspaceId, environment }, id) {
      const row = await db
        .selectFrom("ledger")
        .selectAll()
        .where("workspace_id", "=", workspaceId)
        .where("environment", "=", environment)
        .where("started_at", "is not", null)
        .where((where) =>
          where.or([
            where("session_id", "=", id),
            where.and([where("id", "=", id), where("session_id", "is", null)]),
          ]),
        )
        .executeTakeFirst();
      return row && (toRow(row) as Visit);
    },

    async lastSave({ workspaceId, environment }, { customerId, subscriptionId, sessionId }) {
      const row = await db
        .selectFrom("ledger")
        .selectAll()
        .where("workspace_id", "=", workspaceId)
        .where("environment", "=", environment)
        .where("customer_id", "=", customerId)
        .where("subscription_id", "=", subscriptionId)
        .where("session_id", "!=", sessionId)
        .where("saved_mrr", ">", 0)
        .where(visitEnd, "=", "retained")
        .orderBy(sql`coalesce(undone_at, completed_at, occurred_at)`, "desc")
        .limit(1)
        .executeTakeFirst();
      return row && (toRow(row) as Visit);
    },
  };
}

/** What tells an operator that work is being done. */
import { type Kysely, sql } from "kysely";
import type { Schema } from "./schema.ts";
import type { Store } from "./store.ts";

type HealthQueries = Pick<Store, "jobHealth" | "lastBillingEventAt" | "ping">;

export function healthQueries(db: Kysely<Schema>): HealthQueries {
  return {
    async jobHealth({ topics, tries }) {
      const { open, failing, oldestDueAt } = await db
        .selectFrom("jobs")
        .select(({ fn }) => [
          fn.countAll<number>().as("open"),
          fn
            .countAll<number>()
            // The try that is still running has not failed yet.
            .filterWhere(sql`attempts - case when leased_until is null then 0 else 1 end`, ">=", tries)
            .as("failing"),
          fn.min<number | null>("due_at").as("oldestDueAt"),
        ])
        .$if(topics !== undefined, (query) =>
          topics?.length ? query.where("topic", "in", topics) : query.where(sql.lit(false)),
        )
        .executeTakeFirstOrThrow();
      return { open, failing, ...(oldestDueAt === null ? {} : { oldestDueAt }) };
    },

    async lastBillingEventAt({ workspaceId, environment }) {
      const { at } = await db
        .selectFrom("billing_events")
        .select(({ fn }) => fn.max<number | null>("received_at").as("at"))
        .where("workspace_id", "=", workspaceId)
        .where("environment", "=", environment)
        .executeTakeFirstOrThrow();
      return at ?? undefined;
    },

    async ping() {
      await sql`select 1`.execute(db);
    },
  };
}

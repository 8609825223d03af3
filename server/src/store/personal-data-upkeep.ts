import { type Kysely, sql } from "kysely";
import type { Environment } from "../billing/provider.ts";
import type { Home } from "./differences.ts";
import type { PersonalDataUpkeep } from "./personal-data.ts";
import { ALIAS } from "./queries/theirs.ts";
import type { Schema } from "./schema.ts";

/** Where something is heard of customers, and when it was. */
const HEARD = [
  ["sessions", "touched_at"],
  ["ledger", "updated_at"],
  ["recoveries", "last_attempt_at"],
  ["changes", "created_at"],
  ["offer_dismissals", "at"],
  ["cancel_links", "created_at"],
] as const;

export function personalDataUpkeep(db: Kysely<Schema>, _home: Home): PersonalDataUpkeep {
  return {
    async silentCustomers(before, limit) {
      const old = HEARD.map(
        ([table, at]) =>
          // The words of the indexes …_silent: whoever was forgotten is not looked at again.
          sql`select workspace_id, environment, customer_id from ${sql.table(table)}
            where ${sql.ref(at)} < ${before} and substr(customer_id, 1, ${sql.lit(ALIAS.length)}) <> ${sql.lit(ALIAS)}`,
      );
      const isHeard = HEARD.map(
        ([table, at]) =>
          sql`exists (select 1 from ${sql.table(table)} as heard
            where heard.workspace_id = old.workspace_id and heard.environment = old.environment
              and heard.customer_id = old.customer_id and heard.${sql.ref(at)} >= ${before})`,
      );
      const { rows } = await sql<{ workspace_id: string; environment: Environment; customer_id: string }>`
        select distinct workspace_id, environment, customer_id from (${sql.join(old, sql` union all `)}) as old
        where not (${sql.join(isHeard, sql` or `)})
        limit ${limit}`.execute(db);
      return rows.map((row) => ({
        workspaceId: row.workspace_id,
        environment: row.environment,
        customerId: row.customer_id,
      }));
    },
  };
}

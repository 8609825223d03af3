import { type Kysely, sql } from "kysely";
import type { Environment } from "../billing/provider.ts";
import type { Home } from "./differences.ts";
import { ALIAS, type CustomerId, isForgotten, type PersonalDataUpkeep } from "./personal-data.ts";
import type { Schema } from "./schema.ts";

/** Where something is heard of customers, and when it was. */
const HEARD = [
  ["sessions", "touched_at"],
  ["ledger", "updated_at"],
  // An end that was taken back is none.
  ["ledger", "effective_at", sql` and heard.undone_at is null`],
  ["recoveries", "last_attempt_at"],
  ["changes", "created_at"],
  ["offer_dismissals", "at"],
  ["cancel_links", "created_at"],
] as const;

const TABLES = [...new Set(HEARD.map(([table]) => table))];

const NOBODY = { workspaceId: "", environment: "", customerId: "" };

/** Behind everybody who was forgotten: `_` and what follows it. */
const BEHIND_ALIASES = `${ALIAS.slice(0, -1)}\``;

export function personalDataUpkeep(db: Kysely<Schema>, _home: Home): PersonalDataUpkeep {
  return {
    async silentCustomers(before, { after = NOBODY, limit }) {
      const next = TABLES.map(
        (table) =>
          sql`select * from (select distinct workspace_id, environment, customer_id from ${sql.table(table)}
            where (workspace_id, environment, customer_id) > (${after.workspaceId}, ${after.environment}, ${after.customerId})
              and customer_id is not null
            order by workspace_id, environment, customer_id limit ${limit}) as next_of`,
      );
      // Not `exists`, for which PostgreSQL would read all that was ever heard of anybody.
      const isHeard = HEARD.map(
        ([table, at, and = sql``]) =>
          sql`(select 1 from ${sql.table(table)} as heard
            where heard.workspace_id = page.workspace_id and heard.environment = page.environment
              and heard.customer_id = page.customer_id and heard.${sql.ref(at)} >= ${before}${and} limit 1) is not null`,
      );
      const { rows } = await sql<{
        workspace_id: string;
        environment: Environment;
        customer_id: string;
        is_heard: boolean | 0 | 1;
      }>`select workspace_id, environment, customer_id, (${sql.join(isHeard, sql` or `)}) as is_heard
        from (select workspace_id, environment, customer_id from (${sql.join(next, sql` union `)}) as known
          order by workspace_id, environment, customer_id limit ${limit}) as page
        order by workspace_id, environment, customer_id`.execute(db);
      const page = rows.map((row) => ({
        workspaceId: row.workspace_id,
        environment: row.environment,
        customerId: row.customer_id,
        isHeard: !!row.is_heard,
      }));
      const silent = page.filter((each) => !each.isHeard && !isForgotten(each));
      const last = page.length < limit ? undefined : page.at(-1);
      return { silent: silent.map(idOf), ...(last ? { last: behindAliases(idOf(last)) } : {}) };
    },
  };
}

const idOf = ({ workspaceId, environment, customerId }: CustomerId): CustomerId => ({
  workspaceId,
  environment,
  customerId,
});

/** There are as many of them as were ever forgotten. */
const behindAliases = (id: CustomerId): CustomerId =>
  isForgotten(id) ? { ...id, customerId: BEHIND_ALIASES } : id;

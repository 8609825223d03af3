import { type Kysely, type Selectable, sql } from "kysely";
import type { Home } from "../differences.ts";
import { fromJson } from "../rows.ts";
import type { FlowsTable, Schema } from "../schema.ts";
import type { FlowRow, Json, Queries } from "../store.ts";

type FlowQueries = Pick<Queries, "activeFlow" | "flow" | "latestFlowVersion" | "publishFlow">;

export function flowQueries(db: Kysely<Schema>, home: Home): FlowQueries {
  return {
    async activeFlow({ workspaceId, environment }) {
      const row = await db
        .selectFrom("flows")
        .selectAll()
        .where("workspace_id", "=", workspaceId)
        .where("environment", "=", environment)
        // Not a parameter, so that the index of the active ones is used.
        .where("active", "=", sql.lit(1))
        .executeTakeFirst();
      return row && toRow(row);
    },

    async flow(id, version) {
      const row = await db
        .selectFrom("flows")
        .selectAll()
        .where("id", "=", id)
        .where("version", "=", version)
        .executeTakeFirst();
      return row && toRow(row);
    },

    async latestFlowVersion({ workspaceId, environment }) {
      const row = await db
        .selectFrom("flows")
        .select("version")
        .where("workspace_id", "=", workspaceId)
        .where("environment", "=", environment)
        .orderBy("version", "desc")
        .limit(1)
        .executeTakeFirst();
      return row?.version ?? 0;
    },

    async publishFlow({ id, version, workspaceId, environment, definition, createdAt }) {
      // Without it two publishers could both find the same flow active and then both insert another.
      await home.lock(db, `flows:${environment}:${workspaceId}`);
      await db
        .updateTable("flows")
        .set({ active: 0 })
        .where("workspace_id", "=", workspaceId)
        .where("environment", "=", environment)
        .where("active", "=", 1)
        .execute();
      await db
        .insertInto("flows")
        .values({
          id,
          version,
          workspace_id: workspaceId,
          environment,
          definition: JSON.stringify(definition),
          active: 1,
          created_at: createdAt,
        })
        .execute();
    },
  };
}

function toRow(row: Selectable<FlowsTable>): FlowRow {
  return {
    id: row.id,
    workspaceId: row.workspace_id,
    environment: row.environment,
    version: row.version,
    definition: fromJson<Json>(row.definition),
    active: row.active === 1,
    createdAt: row.created_at,
  };
}

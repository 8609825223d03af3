import type { Kysely, Selectable } from "kysely";
import { changesSomething, fromJson } from "../rows.ts";
import type { Schema, WorkspacesTable } from "../schema.ts";
import type { Queries, WorkspaceRow, WorkspaceSettings } from "../store.ts";

type WorkspaceQueries = Pick<Queries, "workspace" | "workspaces" | "insertWorkspace" | "updateWorkspace">;

export function workspaceQueries(db: Kysely<Schema>): WorkspaceQueries {
  return {
    async workspace(id) {
      const row = await db.selectFrom("workspaces").selectAll().where("id", "=", id).executeTakeFirst();
      return row && toRow(row);
    },

    async workspaces() {
      const rows = await db
        .selectFrom("workspaces")
        .selectAll()
        .orderBy("created_at")
        .orderBy("id")
        .execute();
      return rows.map(toRow);
    },

    async insertWorkspace({ id, name, status, settings, createdAt }) {
      await db
        .insertInto("workspaces")
        .values({ id, name, status, settings: JSON.stringify(settings), created_at: createdAt })
        .execute();
    },

    async updateWorkspace(id, { name, status, settings }) {
      const change = { name, status, settings: settings && JSON.stringify(settings) };
      if (!changesSomething(change)) return;
      await db.updateTable("workspaces").set(change).where("id", "=", id).execute();
    },
  };
}

function toRow({ id, name, status, settings, created_at }: Selectable<WorkspacesTable>): WorkspaceRow {
  return { id, name, status, settings: fromJson<WorkspaceSettings>(settings), createdAt: created_at };
}

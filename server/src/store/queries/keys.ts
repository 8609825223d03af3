import type { Kysely, Selectable } from "kysely";
import { fromJson, withoutNulls } from "../rows.ts";
import type { ApiKeysTable, Schema } from "../schema.ts";
import type { KeyRow, Queries } from "../store.ts";

type KeyQueries = Pick<
  Queries,
  "keyByHash" | "keys" | "insertKey" | "touchKey" | "revokeKey" | "useNonce" | "forgetNonces"
>;

export function keyQueries(db: Kysely<Schema>): KeyQueries {
  return {
    async keyByHash(hash) {
      const row = await db.selectFrom("api_keys").selectAll().where("hash", "=", hash).executeTakeFirst();
      return row && toRow(row);
    },

    async keys(workspaceId) {
      const rows = await db
        .selectFrom("api_keys")
        .selectAll()
        .where("workspace_id", "=", workspaceId)
        .orderBy("created_at")
        .orderBy("id")
        .execute();
      return rows.map(toRow);
    },

    async insertKey(row) {
      await db
        .insertInto("api_keys")
        .values({
          id: row.id,
          workspace_id: row.workspaceId,
          environment: row.environment,
          kind: row.kind,
          name: row.name,
          hash: row.hash,
          sealed: row.sealed ?? null,
          last_four: row.lastFour,
          scopes: JSON.stringify(row.scopes),
          created_at: row.createdAt,
          last_used_at: row.lastUsedAt ?? null,
          revoked_at: row.revokedAt ?? null,
        })
        .execute();
    },

    // Requests may be counted out of order: the latest use stays.
    async touchKey(id, at) {
      await db
        .updateTable("api_keys")
        .set({ last_used_at: at })
        .where("id", "=", id)
        .where((where) => where.or([where("last_used_at", "is", null), where("last_used_at", "<", at)]))
        .execute();
    },

    async revokeKey(id, at) {
      await db
        .updateTable("api_keys")
        .set({ revoked_at: at })
        .where("id", "=", id)
        .where("revoked_at", "is", null)
        .execute();
    },

    async useNonce({ workspaceId, environment }, nonce, expiresAt) {
      const { numInsertedOrUpdatedRows } = await db
        .insertInto("nonces")
        .values({ workspace_id: workspaceId, environment, nonce, expires_at: expiresAt })
        .onConflict((conflict) => conflict.doNothing())
        .executeTakeFirstOrThrow();
      return numInsertedOrUpdatedRows === 1n;
    },

    async forgetNonces(before) {
      await db.deleteFrom("nonces").where("expires_at", "<", before).execute();
    },
  };
}

function toRow(row: Selectable<ApiKeysTable>): KeyRow {
  return withoutNulls({
    id: row.id,
    workspaceId: row.workspace_id,
    environment: row.environment,
    kind: row.kind,
    name: row.name,
    hash: row.hash,
    sealed: row.sealed,
    lastFour: row.last_four,
    scopes: fromJson<string[]>(row.scopes),
    createdAt: row.created_at,
    lastUsedAt: row.last_used_at,
    revokedAt: row.revoked_at,
  });
}

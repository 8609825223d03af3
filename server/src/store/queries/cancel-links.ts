import { type Insertable, type Kysely, type Selectable, sql, type Updateable } from "kysely";
import type { FlowEvent } from "../../../../src/api/wire.ts";
import { changesSomething, fromJson, withoutNulls } from "../rows.ts";
import type { CancelLinksTable, Schema } from "../schema.ts";
import type { CancelLinkRow, FlatObject, Queries } from "../store.ts";

type CancelLinkQueries = Pick<
  Queries,
  "insertCancelLink" | "cancelLink" | "cancelLinkByToken" | "markCancelLink" | "eventsOfToken"
>;

export function cancelLinkQueries(db: Kysely<Schema>): CancelLinkQueries {
  return {
    async insertCancelLink(row) {
      await db.insertInto("cancel_links").values(toColumns(row)).execute();
    },

    async cancelLink(id) {
      const row = await db.selectFrom("cancel_links").selectAll().where("id", "=", id).executeTakeFirst();
      return row && toRow(row);
    },

    async cancelLinkByToken(tokenHash) {
      const row = await db
        .selectFrom("cancel_links")
        .selectAll()
        .where("token_hash", "=", tokenHash)
        .executeTakeFirst();
      return row && toRow(row);
    },

    async markCancelLink(id, fields) {
      const marks: Updateable<CancelLinksTable> = {
        opened_at: fields.openedAt,
        completed_at: fields.completedAt,
        result: fields.result && JSON.stringify(fields.result),
        result_id: fields.resultId,
        issued_at: fields.issuedAt,
        verified_at: fields.verifiedAt,
      };
      if (!changesSomething(marks)) return;
      const given = Object.entries(marks).filter(([, value]) => value !== undefined);
      const change: typeof marks = Object.fromEntries(
        given.map(([column, value]) => [column, sql`coalesce(${sql.ref(column)}, ${value})`]),
      );
      await db.updateTable("cancel_links").set(change).where("id", "=", id).execute();
    },

    async eventsOfToken(tokenId) {
      const rows = await db
        .selectFrom("sessions")
        .innerJoin("session_events", "session_events.session_id", "sessions.id")
        .select(["session_events.data", "session_events.received_at"])
        .where("sessions.token_id", "=", tokenId)
        .orderBy("session_events.received_at")
        .orderBy("sessions.ordinal")
        .orderBy("session_events.run")
        .orderBy("session_events.seq")
        .execute();
      return rows.map((row) => ({ type: fromJson<FlowEvent>(row.data).type, receivedAt: row.received_at }));
    },
  };
}

function toColumns(row: CancelLinkRow): Insertable<CancelLinksTable> {
  return {
    id: row.id,
    workspace_id: row.workspaceId,
    environment: row.environment,
    token_hash: row.tokenHash,
    user_id: row.userId,
    customer_id: row.customerId,
    subscription_id: row.subscriptionId,
    return_url: row.returnUrl,
    context: JSON.stringify(row.context),
    currency: row.currency,
    metadata: JSON.stringify(row.metadata),
    created_at: row.createdAt,
    expires_at: row.expiresAt,
    opened_at: row.openedAt ?? null,
    completed_at: row.completedAt ?? null,
    result: row.result ? JSON.stringify(row.result) : null,
    result_id: row.resultId ?? null,
    issued_at: row.issuedAt ?? null,
    verified_at: row.verifiedAt ?? null,
  };
}

function toRow(row: Selectable<CancelLinksTable>): CancelLinkRow {
  return withoutNulls({
    id: row.id,
    workspaceId: row.workspace_id,
    environment: row.environment,
    tokenHash: row.token_hash,
    userId: row.user_id,
    customerId: row.customer_id,
    subscriptionId: row.subscription_id,
    returnUrl: row.return_url,
    context: fromJson<CancelLinkRow["context"]>(row.context),
    currency: row.currency,
    metadata: fromJson<FlatObject>(row.metadata),
    createdAt: row.created_at,
    expiresAt: row.expires_at,
    openedAt: row.opened_at,
    completedAt: row.completed_at,
    result: row.result === null ? null : fromJson<CancelLinkRow["result"]>(row.result),
    resultId: row.result_id,
    issuedAt: row.issued_at,
    verifiedAt: row.verified_at,
  });
}

import { type Kysely, type Selectable, sql } from "kysely";
import { changesSomething, withoutNulls } from "../rows.ts";
import type { MailsTable, Schema } from "../schema.ts";
import type { MailRow, Queries } from "../store.ts";

type MailQueries = Pick<
  Queries,
  "insertMail" | "mail" | "updateMail" | "mails" | "mailCount" | "remindersTo" | "mailHealth"
>;

export function mailQueries(db: Kysely<Schema>): MailQueries {
  const within = (workspaceId: string, kinds: readonly string[] | undefined) =>
    db
      .selectFrom("mails")
      .where("workspace_id", "=", workspaceId)
      .$if(kinds !== undefined, (query) => query.where("kind", "in", kinds ?? []));

  return {
    async insertMail(row) {
      const { numInsertedOrUpdatedRows } = await db
        .insertInto("mails")
        .values({
          id: row.id,
          workspace_id: row.workspaceId,
          environment: row.environment,
          kind: row.kind,
          about: row.about,
          recipient: row.recipient,
          status: row.status,
          attempts: row.attempts,
          reason: row.reason ?? null,
          created_at: row.createdAt,
          settled_at: row.settledAt ?? null,
        })
        .onConflict((conflict) =>
          conflict.columns(["workspace_id", "environment", "kind", "about", "recipient"]).doNothing(),
        )
        .executeTakeFirstOrThrow();
      return numInsertedOrUpdatedRows === 1n;
    },

    async mail(id) {
      const row = await db.selectFrom("mails").selectAll().where("id", "=", id).executeTakeFirst();
      return row && toRow(row);
    },

    async updateMail(id, { status, attempts, reason, settledAt }) {
      const change = { status, attempts, reason, settled_at: settledAt };
      if (!changesSomething(change)) return;
      await db.updateTable("mails").set(change).where("id", "=", id).execute();
    },

    async mails(workspaceId, { kinds, limit, offset = 0 }) {
      const rows = await within(workspaceId, kinds)
        .selectAll()
        .orderBy("created_at", "desc")
        .orderBy("id", "desc")
        .limit(limit)
        .offset(offset)
        .execute();
      return rows.map(toRow);
    },

    async mailCount(workspaceId, { kinds }) {
      const { count } = await within(workspaceId, kinds)
        .select(({ fn }) => fn.countAll<number>().as("count"))
        .executeTakeFirstOrThrow();
      return count;
    },

    async remindersTo({ workspaceId, environment }, { customerId, kinds }) {
      const rows = await db
        .selectFrom("recoveries")
        .innerJoin("mails", (join) =>
          join
            .onRef("mails.workspace_id", "=", "recoveries.workspace_id")
            .onRef("mails.environment", "=", "recoveries.environment")
            // Everything that begins with the id and a slash: the next character after that is 0.
            .on("mails.about", ">=", sql<string>`recoveries.id || '/'`)
            .on("mails.about", "<", sql<string>`recoveries.id || '0'`),
        )
        .selectAll("mails")
        .where("recoveries.workspace_id", "=", workspaceId)
        .where("recoveries.environment", "=", environment)
        .where("recoveries.customer_id", "=", customerId)
        .where("mails.kind", "in", kinds)
        .execute();
      return rows.map(toRow);
    },

    async mailHealth(workspaceId, since) {
      const { lastSentAt, failed } = await db
        .selectFrom("mails")
        .select(({ fn }) => [
          fn.max<number | null>("settled_at").filterWhere("status", "=", "sent").as("lastSentAt"),
          fn
            .countAll<number>()
            .filterWhere("status", "=", "failed")
            .filterWhere("settled_at", ">=", since)
            .as("failed"),
        ])
        .where("workspace_id", "=", workspaceId)
        .executeTakeFirstOrThrow();
      return { ...(lastSentAt === null ? {} : { lastSentAt }), failed };
    },
  };
}

export function toRow(row: Selectable<MailsTable>): MailRow {
  return withoutNulls({
    id: row.id,
    workspaceId: row.workspace_id,
    environment: row.environment,
    kind: row.kind,
    about: row.about,
    recipient: row.recipient,
    status: row.status,
    attempts: row.attempts,
    reason: row.reason,
    createdAt: row.created_at,
    settledAt: row.settled_at,
  });
}

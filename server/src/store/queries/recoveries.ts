import { type Insertable, type Kysely, type Selectable, sql } from "kysely";
import { pointsOfRecovery } from "../points.ts";
import { withoutNulls } from "../rows.ts";
import type { RecoveriesTable, RecoveryAttemptsTable, Schema } from "../schema.ts";
import type { Queries, RecoveryAttemptRow, RecoveryRow, Scope } from "../store.ts";
import { atOnce, putCounted } from "./figure-changes.ts";

type RecoveryQueries = Pick<
  Queries,
  | "recovery"
  | "recoveriesOf"
  | "silentRecoveries"
  | "putRecovery"
  | "recoveryAttempts"
  | "insertRecoveryAttempt"
>;

export function recoveryQueries(db: Kysely<Schema>): RecoveryQueries {
  const within = ({ workspaceId, environment }: Scope) =>
    db
      .selectFrom("recoveries")
      .selectAll()
      .where("workspace_id", "=", workspaceId)
      .where("environment", "=", environment);

  return {
    async recovery(scope, invoiceId) {
      const row = await within(scope).where("invoice_id", "=", invoiceId).executeTakeFirst();
      return row && toRow(row);
    },

    async recoveriesOf(scope, subscriptionId) {
      const rows = await within(scope)
        .where("subscription_id", "=", subscriptionId)
        .orderBy("first_failed_at")
        .orderBy("id")
        .execute();
      return rows.map(toRow);
    },

    async silentRecoveries(before, limit) {
      const rows = await db
        .selectFrom("recoveries")
        .selectAll()
        // The words of the index recoveries_pending.
        .where("status", "=", sql.lit("pending" as const))
        .where("last_attempt_at", "<=", before)
        .where((where) =>
          where.or([where("next_attempt_at", "is", null), where("next_attempt_at", "<=", before)]),
        )
        .orderBy("last_attempt_at")
        .orderBy("id")
        .limit(limit)
        .execute();
      return rows.map(toRow);
    },

    putRecovery: (row) =>
      atOnce(db, (tx) => {
        const { id, ...rest } = toColumns(row);
        const kept = tx
          .updateTable("recoveries")
          .where("workspace_id", "=", row.workspaceId)
          .where("environment", "=", row.environment)
          .where("invoice_id", "=", row.invoiceId);
        return putCounted(tx, {
          after: pointsOfRecovery(row),
          take: async () => {
            const before = await kept
              .set(({ ref }) => ({ attempt_count: ref("attempt_count") }))
              .returningAll()
              .executeTakeFirst();
            return before && pointsOfRecovery(toRow(before));
          },
          replace: () => kept.set(rest).execute(),
          insert: async () => {
            const { numInsertedOrUpdatedRows } = await tx
              .insertInto("recoveries")
              .values({ id, ...rest })
              .onConflict((conflict) =>
                conflict.columns(["workspace_id", "environment", "invoice_id"]).doNothing(),
              )
              .executeTakeFirstOrThrow();
            return numInsertedOrUpdatedRows === 1n;
          },
        });
      }),

    async recoveryAttempts(recoveryId) {
      const rows = await db
        .selectFrom("recovery_attempts")
        .selectAll()
        .where("recovery_id", "=", recoveryId)
        .orderBy("attempted_at")
        .orderBy("attempt")
        .orderBy("status")
        .execute();
      return rows.map(toAttempt);
    },

    async insertRecoveryAttempt(row) {
      const { numInsertedOrUpdatedRows } = await db
        .insertInto("recovery_attempts")
        .values({
          id: row.id,
          recovery_id: row.recoveryId,
          attempt: row.attempt,
          decline_code: row.declineCode ?? null,
          status: row.status,
          attempted_at: row.attemptedAt,
        })
        .onConflict((conflict) =>
          conflict.columns(["recovery_id", "attempt", "attempted_at", "status"]).doNothing(),
        )
        .executeTakeFirstOrThrow();
      return numInsertedOrUpdatedRows === 1n;
    },
  };
}

function toColumns(row: RecoveryRow): Insertable<RecoveriesTable> {
  return {
    id: row.id,
    workspace_id: row.workspaceId,
    environment: row.environment,
    invoice_id: row.invoiceId,
    subscription_id: row.subscriptionId ?? null,
    customer_id: row.customerId,
    email: row.email ?? null,
    amount: row.amount,
    currency: row.currency,
    decline_code: row.declineCode ?? null,
    status: row.status,
    attempt_count: row.attemptCount,
    first_failed_at: row.firstFailedAt,
    last_attempt_at: row.lastAttemptAt,
    next_attempt_at: row.nextAttemptAt ?? null,
    recovered_at: row.recoveredAt ?? null,
    closed_reason: row.closedReason ?? null,
  };
}

export function toRow(row: Selectable<RecoveriesTable>): RecoveryRow {
  return withoutNulls({
    id: row.id,
    workspaceId: row.workspace_id,
    environment: row.environment,
    invoiceId: row.invoice_id,
    subscriptionId: row.subscription_id,
    customerId: row.customer_id,
    email: row.email,
    amount: row.amount,
    currency: row.currency,
    declineCode: row.decline_code,
    status: row.status,
    attemptCount: row.attempt_count,
    firstFailedAt: row.first_failed_at,
    lastAttemptAt: row.last_attempt_at,
    nextAttemptAt: row.next_attempt_at,
    recoveredAt: row.recovered_at,
    closedReason: row.closed_reason,
  });
}

export function toAttempt(row: Selectable<RecoveryAttemptsTable>): RecoveryAttemptRow {
  return withoutNulls({
    id: row.id,
    recoveryId: row.recovery_id,
    attempt: row.attempt,
    declineCode: row.decline_code,
    status: row.status,
    attemptedAt: row.attempted_at,
  });
}

import { type Insertable, type Kysely, type Selectable, sql } from "kysely";
import { pointsOfVisit } from "../points.ts";
import { flag, fromJson, toJson, withoutNulls } from "../rows.ts";
import type { LedgerOutcomesTable, LedgerTable, Schema } from "../schema.ts";
import type { FlatObject, LedgerOutcomeRow, LedgerRow, Queries } from "../store.ts";
import { atOnce, putCounted } from "./figure-changes.ts";

type LedgerQueries = Pick<
  Queries,
  | "ledgerOfSession"
  | "openEnding"
  | "putLedger"
  | "ledger"
  | "ledgerOfEvent"
  | "insertLedgerOutcome"
  | "ledgerOutcomes"
>;

/** For good, besides the first: whoever says more of one event says nothing that anybody needs. */
const OUTCOMES_KEPT = 999;

export function ledgerQueries(db: Kysely<Schema>): LedgerQueries {
  return {
    async ledgerOfSession(sessionId) {
      const row = await db
        .selectFrom("ledger")
        .selectAll()
        .where("session_id", "=", sessionId)
        .executeTakeFirst();
      return row && toRow(row);
    },

    async openEnding({ workspaceId, environment }, subscriptionId) {
      const row = await db
        .selectFrom("ledger")
        .selectAll()
        .where("workspace_id", "=", workspaceId)
        .where("environment", "=", environment)
        .where("subscription_id", "=", subscriptionId)
        // The words of the index ledger_ending.
        .where("source", "=", sql.lit("stripe" as const))
        .where("undone_at", "is", null)
        .executeTakeFirst();
      return row && toRow(row);
    },

    putLedger: (row) =>
      atOnce(db, (tx) => {
        const { id, ...rest } = toColumns(row);
        const [column, value] =
          row.sessionId === undefined ? (["id", id] as const) : (["session_id", row.sessionId] as const);
        const kept = tx.updateTable("ledger").where(column, "=", value);
        return putCounted(tx, {
          after: pointsOfVisit(row),
          take: async () => {
            const before = await kept
              .set(({ ref }) => ({ updated_at: ref("updated_at") }))
              .returningAll()
              .executeTakeFirst();
            return before && pointsOfVisit(toRow(before));
          },
          replace: () => kept.set(rest).execute(),
          insert: async () => {
            const { numInsertedOrUpdatedRows } = await tx
              .insertInto("ledger")
              .values({ id, ...rest })
              .onConflict((conflict) =>
                column === "id"
                  ? conflict.column("id").doNothing()
                  : conflict.column("session_id").where("session_id", "is not", null).doNothing(),
              )
              .executeTakeFirstOrThrow();
            return numInsertedOrUpdatedRows === 1n;
          },
        });
      }),

    async ledger({ workspaceId, environment }, { customerId, limit }) {
      const rows = await db
        .selectFrom("ledger")
        .selectAll()
        .where("workspace_id", "=", workspaceId)
        .where("environment", "=", environment)
        .$if(customerId !== undefined, (query) => query.where("customer_id", "=", customerId as string))
        .orderBy("occurred_at", "desc")
        .orderBy("id", "desc")
        .limit(limit)
        .execute();
      return rows.map(toRow);
    },

    async ledgerOfEvent({ workspaceId, environment }, eventId) {
      const row = await db
        .selectFrom("ledger")
        .selectAll()
        .where("workspace_id", "=", workspaceId)
        .where("environment", "=", environment)
        .where("event_id", "=", eventId)
        .executeTakeFirst();
      return row && toRow(row);
    },

    async insertLedgerOutcome(row) {
      await db
        .insertInto("ledger_outcomes")
        .values({
          id: row.id,
          ledger_id: row.ledgerId,
          outcome: row.outcome,
          effective_at: row.effectiveAt ?? null,
          metadata: toJson(row.metadata),
          at: row.at,
        })
        .execute();
      const ofEvent = db.selectFrom("ledger_outcomes").where("ledger_id", "=", row.ledgerId);
      const first = ofEvent.select(({ fn }) => fn.min("position").as("position"));
      const oldestKept = ofEvent
        .select("position")
        .orderBy("position", "desc")
        .limit(1)
        .offset(OUTCOMES_KEPT - 1);
      await db
        .deleteFrom("ledger_outcomes")
        .where("ledger_id", "=", row.ledgerId)
        .where("position", ">", first)
        .where("position", "<", oldestKept)
        .execute();
    },

    async ledgerOutcomes(ledgerId, limit) {
      const rows = await db
        .selectFrom("ledger_outcomes")
        .selectAll()
        .where("ledger_id", "=", ledgerId)
        .orderBy("position", "desc")
        .limit(limit)
        .execute();
      return rows.map(toOutcome).reverse();
    },
  };
}

export function toColumns(row: LedgerRow): Insertable<LedgerTable> {
  return {
    id: row.id,
    workspace_id: row.workspaceId,
    environment: row.environment,
    source: row.source,
    session_id: row.sessionId ?? null,
    event_id: row.eventId ?? null,
    customer_id: row.customerId ?? null,
    subscription_id: row.subscriptionId ?? null,
    email: row.email ?? null,
    reason: row.reason ?? null,
    reason_text: row.reasonText ?? null,
    feedback: row.feedback ?? null,
    outcome: row.outcome ?? null,
    confirmed: flag(row.confirmed),
    offer_id: row.offerId ?? null,
    offer_type: row.offerType ?? null,
    offer_label: row.offerLabel ?? null,
    offer_accepted: flag(row.offerAccepted),
    plan: row.plan ?? null,
    mrr: row.mrr ?? null,
    currency: row.currency,
    tenure_days: row.tenureDays ?? null,
    metadata: toJson(row.metadata),
    digest: row.digest ?? null,
    started_at: row.startedAt ?? null,
    completed_at: row.completedAt ?? null,
    saved_mrr: row.savedMrr ?? null,
    lost_mrr: row.lostMrr ?? null,
    occurred_at: row.occurredAt,
    effective_at: row.effectiveAt ?? null,
    undone_at: row.undoneAt ?? null,
    created_at: row.createdAt,
    updated_at: row.updatedAt,
  };
}

export function toRow(row: Selectable<LedgerTable>): LedgerRow {
  return withoutNulls({
    id: row.id,
    workspaceId: row.workspace_id,
    environment: row.environment,
    source: row.source,
    sessionId: row.session_id,
    eventId: row.event_id,
    customerId: row.customer_id,
    subscriptionId: row.subscription_id,
    email: row.email,
    reason: row.reason,
    reasonText: row.reason_text,
    feedback: row.feedback,
    outcome: row.outcome,
    confirmed: row.confirmed === 1,
    offerId: row.offer_id,
    offerType: row.offer_type,
    offerLabel: row.offer_label,
    offerAccepted: row.offer_accepted === 1,
    plan: row.plan,
    mrr: row.mrr,
    currency: row.currency,
    tenureDays: row.tenure_days,
    metadata: fromJson<FlatObject>(row.metadata),
    digest: row.digest,
    startedAt: row.started_at,
    completedAt: row.completed_at,
    savedMrr: row.saved_mrr,
    lostMrr: row.lost_mrr,
    occurredAt: row.occurred_at,
    effectiveAt: row.effective_at,
    undoneAt: row.undone_at,
    // A server of the version before this column can still be writing.
    createdAt: row.created_at ?? row.updated_at,
    updatedAt: row.updated_at,
  });
}

function toOutcome(row: Selectable<LedgerOutcomesTable>): LedgerOutcomeRow {
  return withoutNulls({
    id: row.id,
    ledgerId: row.ledger_id,
    outcome: row.outcome,
    effectiveAt: row.effective_at,
    metadata: fromJson<FlatObject>(row.metadata),
    at: row.at,
  });
}

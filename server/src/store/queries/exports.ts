import { type Kysely, type RawBuilder, type SelectQueryBuilder, type Simplify, sql } from "kysely";
import type { AttemptMade, ExportQueries, Extent, Part, Save } from "../exports.ts";
import { withoutNulls } from "../rows.ts";
import type { RecoveryAttemptsTable, Schema } from "../schema.ts";
import type { Scope } from "../store.ts";
import type { Cursor } from "../visits.ts";

interface SaveColumns {
  id: string;
  kind: Save["kind"];
  offer_type: string | null;
  undone: number;
  amount: number;
  currency: string;
  at: number;
}

interface AttemptColumns extends RecoveryAttemptsTable {
  email: string | null;
  amount: number;
  currency: string;
  at: number;
}

type Rows<Columns> = SelectQueryBuilder<Schema, never, Columns>;

/** The words of the index ledger_saves: when a visit was saved, what it is called outside, and whether it was. */
const savedAt = sql<number>`coalesce(undone_at, completed_at, occurred_at)`;
const visitId = sql<string>`coalesce(session_id, id)`;
const isSaved = sql<boolean>`started_at is not null and (undone_at is not null or outcome = 'retained')`;

const follows = (at: RawBuilder<unknown>, id: RawBuilder<unknown>, after: Cursor | undefined) =>
  after ? sql<boolean>`(${at}, ${id}) < (${after.at}, ${after.id})` : undefined;

export function exportQueries(db: Kysely<Schema>): ExportQueries {
  const allVisits = ({ workspaceId, environment }: Scope) =>
    db
      .selectFrom("ledger")
      .select([
        visitId.as("id"),
        sql<Save["kind"]>`'visit'`.as("kind"),
        sql<string | null>`case when offer_accepted = 1 then offer_type end`.as("offer_type"),
        sql<number>`case when undone_at is null then 0 else 1 end`.as("undone"),
        sql<number>`coalesce(saved_mrr, 0)`.as("amount"),
        "currency",
        savedAt.as("at"),
      ])
      .where("workspace_id", "=", workspaceId)
      .where("environment", "=", environment)
      .where("started_at", "is not", null);

  const savedVisits = (scope: Scope) => allVisits(scope).where(isSaved);

  const paidInvoices = ({ workspaceId, environment }: Scope) =>
    db
      .selectFrom("recoveries")
      .select([
        "id",
        sql<Save["kind"]>`'recovery'`.as("kind"),
        sql<string | null>`null`.as("offer_type"),
        sql<number>`0`.as("undone"),
        "amount",
        "currency",
        sql<number>`recovered_at`.as("at"),
      ])
      .where("workspace_id", "=", workspaceId)
      .where("environment", "=", environment)
      .where("recovered_at", "is not", null);

  /** Each of the two gives no more than both together may, so that neither is read to its end. */
  const savesOf = (scope: Scope, { after, limit }: Part): Rows<SaveColumns> => {
    const later = follows(savedAt, visitId, after);
    const paidLater = follows(sql.ref("recovered_at"), sql.ref("id"), after);
    const visits = savedVisits(scope)
      .$if(later !== undefined, (query) => query.where(later as RawBuilder<boolean>))
      .orderBy(savedAt, "desc")
      .orderBy(visitId, "desc")
      .limit(limit);
    const paid = paidInvoices(scope)
      .$if(paidLater !== undefined, (query) => query.where(paidLater as RawBuilder<boolean>))
      .orderBy("recovered_at", "desc")
      .orderBy("id", "desc")
      .limit(limit);
    return db
      .selectFrom(visits.as("visits"))
      .selectAll()
      .unionAll(db.selectFrom(paid.as("paid")).selectAll())
      .orderBy("at", "desc")
      .orderBy("id", "desc")
      .limit(limit) as unknown as Rows<SaveColumns>;
  };

  /** The attempts first: the latest lie together, and each leads to its recovery. */
  const within = ({ workspaceId, environment }: Scope) =>
    db
      .selectFrom("recovery_attempts")
      .crossJoin("recoveries")
      .whereRef("recoveries.id", "=", "recovery_attempts.recovery_id")
      .where("recoveries.workspace_id", "=", workspaceId)
      .where("recoveries.environment", "=", environment);

  const attemptsOf = (scope: Scope, { after, limit }: Part): Rows<AttemptColumns> => {
    const [at, id] = [sql.ref("recovery_attempts.attempted_at"), sql.ref("recovery_attempts.id")];
    const later = follows(at, id, after);
    return within(scope)
      .selectAll("recovery_attempts")
      .select(["recoveries.email", "recoveries.amount", "recoveries.currency"])
      .select("recovery_attempts.attempted_at as at")
      .$if(later !== undefined, (query) => query.where(later as RawBuilder<boolean>))
      .orderBy("recovery_attempts.attempted_at", "desc")
      .orderBy("recovery_attempts.id", "desc")
      .limit(limit) as unknown as Rows<AttemptColumns>;
  };

  /** The one row beyond the part says whether any come after it, and so that there is a last one. */
  const extentOf = async (
    rows: Rows<{ id: string; at: number; currency: string }>,
    { currency, limit }: { currency: string; limit: number },
  ): Promise<Extent> => {
    const { rows: found } = await sql<{ other: number | null; count: number; at: number | null; id: string }>`
      select cast(sum(case when place <= ${limit} and currency != ${currency} then 1 else 0 end) as bigint) as other,
        count(*) as count,
        max(case when place = ${limit} then at end) as at,
        max(case when place = ${limit} then id end) as id
      from (select id, at, currency, row_number() over (order by at desc, id desc) as place
        from (${rows}) as listed) as ranked`.execute(db);
    const [{ other, count, at, id } = { other: 0, count: 0, at: null, id: "" }] = found;
    const isLonger = at !== null && Number(count) > limit;
    return { otherCurrency: Number(other ?? 0), ...(isLonger ? { last: { at: Number(at), id } } : {}) };
  };

  return {
    saves: async (scope, part) => (await savesOf(scope, part).execute()).map(toSave),

    attemptsMade: async (scope, part) => (await attemptsOf(scope, part).execute()).map(toAttempt),

    async saveAt(scope, id) {
      const visit = allVisits(scope).where(({ or, eb }) =>
        or([eb("session_id", "=", id), eb("id", "=", id)]),
      );
      const found =
        (await paidInvoices(scope).where("id", "=", id).executeTakeFirst()) ??
        // What is called by its session has no other name.
        (await visit.where(visitId, "=", id).executeTakeFirst());
      return found && { at: found.at, id };
    },

    async attemptAt(scope, id) {
      const found = await within(scope)
        .select("recovery_attempts.attempted_at as at")
        .where("recovery_attempts.id", "=", id)
        .executeTakeFirst();
      return found && { at: found.at, id };
    },

    savesExtent: (scope, of) => extentOf(savesOf(scope, { ...of, limit: of.limit + 1 }), of),

    attemptsExtent: (scope, of) => extentOf(attemptsOf(scope, { ...of, limit: of.limit + 1 }), of),
  };
}

function toSave({ undone, offer_type: offerType, ...row }: Simplify<SaveColumns>): Save {
  return { ...row, ...(offerType === null ? {} : { offerType }), undone: undone === 1 };
}

function toAttempt(row: AttemptColumns): AttemptMade {
  const { email, amount, currency } = row;
  return {
    ...withoutNulls({
      id: row.id,
      recoveryId: row.recovery_id,
      attempt: row.attempt,
      declineCode: row.decline_code,
      status: row.status,
      attemptedAt: row.attempted_at,
    }),
    recovery: withoutNulls({ email, amount, currency }),
  };
}

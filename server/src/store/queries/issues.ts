import type { Insertable, Kysely, Selectable } from "kysely";
import { withoutNulls } from "../rows.ts";
import type { IssuesTable, IssueWeeksTable, Schema } from "../schema.ts";
import type { IssueRow, IssueWeekRow, Queries, Scope } from "../store.ts";

type IssueQueries = Pick<
  Queries,
  "issue" | "issues" | "putIssue" | "putIssueWeek" | "issueWeeks" | "lastIssueWeek"
>;

export function issueQueries(db: Kysely<Schema>): IssueQueries {
  const within = ({ workspaceId, environment }: Scope) =>
    db
      .selectFrom("issues")
      .selectAll()
      .where("workspace_id", "=", workspaceId)
      .where("environment", "=", environment);
  const weeksWithin = ({ workspaceId, environment }: Scope) =>
    db
      .selectFrom("issue_weeks")
      .where("workspace_id", "=", workspaceId)
      .where("environment", "=", environment);

  return {
    async issue(scope, id) {
      const row = await within(scope).where("id", "=", id).executeTakeFirst();
      return row && toRow(row);
    },

    async issues(scope, { status, limit }) {
      const rows = await within(scope)
        .$if(status !== undefined, (query) => query.where("status", "=", status as IssueRow["status"]))
        .orderBy("last_seen", "desc")
        // Those that were found together: the greater one first.
        .orderBy("count", "desc")
        .orderBy("id", "desc")
        .limit(limit)
        .execute();
      return rows.map(toRow);
    },

    async putIssue(row) {
      const { id, ...rest } = toColumns(row);
      await db
        .insertInto("issues")
        .values({ id, ...rest })
        .onConflict((conflict) =>
          conflict.columns(["workspace_id", "environment", "reason"]).doUpdateSet(rest),
        )
        .execute();
    },

    async putIssueWeek(row) {
      const columns = toWeekColumns(row);
      await db
        .insertInto("issue_weeks")
        .values(columns)
        .onConflict((conflict) =>
          conflict.columns(["workspace_id", "environment", "reason", "week"]).doUpdateSet(columns),
        )
        .execute();
    },

    async issueWeeks(scope, { reason, limit }) {
      const rows = await weeksWithin(scope)
        .selectAll()
        .where("reason", "=", reason)
        .orderBy("week", "desc")
        .limit(limit)
        .execute();
      return rows.map(toWeek);
    },

    async lastIssueWeek(scope) {
      const { week } = await weeksWithin(scope)
        .select(({ fn }) => fn.max<number | null>("week").as("week"))
        .executeTakeFirstOrThrow();
      return week ?? undefined;
    },
  };
}

function toColumns(row: IssueRow): Insertable<IssuesTable> {
  return {
    id: row.id,
    workspace_id: row.workspaceId,
    environment: row.environment,
    reason: row.reason,
    status: row.status,
    week: row.week,
    count: row.count,
    before: row.before,
    total: row.total,
    mrr_at_risk: row.mrrAtRisk,
    currency: row.currency,
    first_seen: row.firstSeen,
    last_seen: row.lastSeen,
    dismissed_count: row.dismissedCount ?? null,
    owner: row.owner ?? null,
    note: row.note ?? null,
    updated_at: row.updatedAt,
  };
}

function toRow(row: Selectable<IssuesTable>): IssueRow {
  return withoutNulls({
    id: row.id,
    workspaceId: row.workspace_id,
    environment: row.environment,
    reason: row.reason,
    status: row.status,
    week: row.week,
    count: row.count,
    before: row.before,
    total: row.total,
    mrrAtRisk: row.mrr_at_risk,
    currency: row.currency,
    firstSeen: row.first_seen,
    lastSeen: row.last_seen,
    dismissedCount: row.dismissed_count,
    owner: row.owner,
    note: row.note,
    updatedAt: row.updated_at,
  });
}

function toWeekColumns(row: IssueWeekRow): Insertable<IssueWeeksTable> {
  return {
    workspace_id: row.workspaceId,
    environment: row.environment,
    reason: row.reason,
    week: row.week,
    count: row.count,
    before: row.before,
    total: row.total,
    mrr_at_risk: row.mrrAtRisk,
    rules: row.rules.join(" "),
    at: row.at,
  };
}

function toWeek(row: Selectable<IssueWeeksTable>): IssueWeekRow {
  return {
    workspaceId: row.workspace_id,
    environment: row.environment,
    reason: row.reason,
    week: row.week,
    count: row.count,
    before: row.before,
    total: row.total,
    mrrAtRisk: row.mrr_at_risk,
    rules: row.rules.split(" ").filter(Boolean) as IssueWeekRow["rules"],
    at: row.at,
  };
}

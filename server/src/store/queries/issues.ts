import type { Insertable, Kysely, Selectable } from "kysely";
import { withoutNulls } from "../rows.ts";
import type { IssuesTable, IssueWeeksTable, Schema } from "../schema.ts";
import type { IssueFindings, IssueRow, IssueWeekRow, Queries, Scope } from "../store.ts";

type IssueQueries = Pick<
  Queries,
  "issue" | "issues" | "issueCount" | "putIssue" | "putIssueWeek" | "issueWeeks" | "lastIssueWeek"
>;

export function issueQueries(db: Kysely<Schema>): IssueQueries {
  const within = ({ workspaceId, environment }: Scope, statuses?: readonly IssueRow["status"][]) =>
    db
      .selectFrom("issues")
      .where("workspace_id", "=", workspaceId)
      .where("environment", "=", environment)
      .$if(statuses !== undefined, (query) => query.where("status", "in", statuses ?? []));
  const weeksWithin = ({ workspaceId, environment }: Scope) =>
    db
      .selectFrom("issue_weeks")
      .where("workspace_id", "=", workspaceId)
      .where("environment", "=", environment);

  return {
    async issue(scope, id) {
      const row = await within(scope).selectAll().where("id", "=", id).executeTakeFirst();
      return row && toRow(row);
    },

    async issues(scope, { statuses, limit, offset = 0 } = {}) {
      const rows = await within(scope, statuses)
        .selectAll()
        .orderBy("last_seen", "desc")
        // Those that were found together: the greater one first.
        .orderBy("count", "desc")
        .orderBy("id", "desc")
        // SQLite knows no offset without a limit.
        .$if(limit !== undefined, (query) => query.limit(limit ?? 0).offset(offset))
        .execute();
      return rows.map(toRow);
    },

    async issueCount(scope, { statuses } = {}) {
      const { count } = await within(scope, statuses)
        .select(({ fn }) => fn.countAll<number>().as("count"))
        .executeTakeFirstOrThrow();
      return count;
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
    ...toFindingColumns(row),
    first_seen: row.firstSeen,
    last_seen: row.lastSeen,
    opened_at: row.openedAt,
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
    ...toFindings(row),
    firstSeen: row.first_seen,
    lastSeen: row.last_seen,
    openedAt: row.opened_at,
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
    ...toFindingColumns(row),
    at: row.at,
  };
}

function toWeek(row: Selectable<IssueWeeksTable>): IssueWeekRow {
  return {
    workspaceId: row.workspace_id,
    environment: row.environment,
    reason: row.reason,
    ...toFindings(row),
    at: row.at,
  };
}

/** What both tables have. */
type FindingColumns = Pick<
  Selectable<IssueWeeksTable>,
  "week" | "count" | "before" | "total" | "rules" | "mrr_at_risk" | "currency" | "other_currency"
>;

const toFindingColumns = (row: IssueFindings): FindingColumns => ({
  week: row.week,
  count: row.count,
  before: row.before,
  total: row.total,
  rules: row.rules.join(" "),
  mrr_at_risk: row.mrrAtRisk,
  currency: row.currency,
  other_currency: row.otherCurrency,
});

const toFindings = (row: FindingColumns): IssueFindings => ({
  week: row.week,
  count: row.count,
  before: row.before,
  total: row.total,
  rules: row.rules.split(" ").filter(Boolean) as IssueFindings["rules"],
  mrrAtRisk: row.mrr_at_risk,
  currency: row.currency,
  otherCurrency: row.other_currency,
});

/** What the ledger says all together, for a business's own server. Of production alone. */
import type { z } from "zod";
import {
  InsightQuery,
  Issue,
  IssueList,
  IssueParams,
  IssuesQuery,
  IssueUpdate,
  IssueWithWeeks,
  RetentionHealth,
} from "../contract/insights.ts";
import { isoOf } from "../domain/dates.ts";
import { issueView, issueWeekView } from "../domain/issue-view.ts";
import { changeIssue, readIssue } from "../domain/issues.ts";
import { pageOf } from "../domain/paging.ts";
import {
  type RetentionHealth as Health,
  LEAST_DECIDED,
  retentionHealth,
} from "../domain/retention-health.ts";
import { environmentOf } from "../domain/scopes.ts";
import { keyRoute, type Route } from "../http/route.ts";
import type { KeyRow, Scope } from "../store/store.ts";

/** @throws Problem insufficient_scope */
const production = (key: KeyRow): Scope => ({
  workspaceId: key.workspaceId,
  environment: environmentOf(key, "prod"),
});

function healthView(health: Health): z.input<typeof RetentionHealth> {
  const { previous } = health;
  return {
    object: "retention_health",
    environment: "prod",
    period: "last_30_days",
    from: isoOf(health.from),
    as_of: isoOf(health.at),
    score: health.score,
    trend: health.trend,
    recovered: health.retained,
    churned: health.cancelled,
    abandoned: health.abandoned,
    pending: health.pending,
    mrr_recovered_cents: health.retainedMrr,
    mrr_churned_cents: health.cancelledMrr,
    currency: health.currency,
    other_currency: health.otherCurrency,
    why: {
      decided: health.retained + health.cancelled,
      needed: LEAST_DECIDED,
      previous: {
        from: isoOf(previous.from),
        to: isoOf(previous.to),
        recovered: previous.retained,
        churned: previous.cancelled,
        decided: previous.retained + previous.cancelled,
        score: previous.score,
      },
    },
  };
}

export const insightRoutes: readonly Route[] = [
  keyRoute(
    {
      method: "get",
      path: "/api/v1/retention-health",
      operationId: "get_retention_health",
      summary: "How many of those who wanted to leave have stayed",
      description: "Of the last 30 days, in production.",
      scope: "analytics:read",
      query: InsightQuery,
      reply: RetentionHealth,
    },
    async ({ deps, key, workspace }) => {
      production(key);
      return healthView(await retentionHealth(deps, workspace));
    },
  ),
  keyRoute(
    {
      method: "get",
      path: "/api/v1/issues",
      operationId: "list_issues",
      summary: "Reasons that customers name unusually often",
      description: "Looked for every Monday, in the week that has ended.",
      scope: "analytics:read",
      query: IssuesQuery,
      reply: IssueList,
    },
    async ({ deps: { store }, key, query: { status, limit, offset } }) => {
      const scope = production(key);
      const by = status === undefined ? {} : { statuses: [status] };
      const rows = await store.issues(scope, { ...by, limit, offset });
      return pageOf(rows.map(issueView), await store.issueCount(scope, by), { limit, offset });
    },
  ),
  keyRoute(
    {
      method: "get",
      path: "/api/v1/issues/:id",
      operationId: "get_issue",
      summary: "An issue, with what each week said of it",
      scope: "analytics:read",
      params: IssueParams,
      query: InsightQuery,
      reply: IssueWithWeeks,
      refusals: ["issue_not_found"],
    },
    async ({ deps, key, params }) => {
      const { issue, weeks } = await readIssue(deps, production(key), params.id);
      return { ...issueView(issue), weeks: weeks.map(issueWeekView) };
    },
  ),
  keyRoute(
    {
      method: "patch",
      path: "/api/v1/issues/:id",
      operationId: "update_issue",
      summary: "Act on an issue, dismiss it or resolve it",
      description: "What is left out stays as it is.",
      scope: "workspace:write",
      writes: true,
      params: IssueParams,
      body: IssueUpdate,
      reply: Issue,
      refusals: ["issue_not_found"],
    },
    async ({ deps, key, params, body }) =>
      issueView(await changeIssue(deps, production(key), params.id, body)),
  ),
];

/** Figures and visits, as Retainly documents them, for a business's own server. */
import type { z } from "zod";
import {
  Analytics,
  AnalyticsQuery,
  ListedSession,
  Revenue,
  RevenueQuery,
  SessionList,
  SessionParams,
  SessionsQuery,
  SKIPPED,
} from "../contract/analytics.ts";
import { analytics, type Revenue as Figures, revenue } from "../domain/analytics.ts";
import { currencyOf } from "../domain/currency.ts";
import { monthName } from "../domain/months.ts";
import { scopeOf } from "../domain/scopes.ts";
import { listVisits, readVisit, visitView } from "../domain/visits.ts";
import { Answer, keyRoute, type Route } from "../http/route.ts";

const replyHeaders = {
  [SKIPPED]:
    "How many visits, and recovered payments, are in another currency than the workspace's: they count, and are in no amount. Absent if none is.",
};

/** What was left out of the sums is said beside them. */
const answer = <Reply>(body: Reply, skipped: number): Answer<Reply> =>
  new Answer(body, { headers: skipped ? { [SKIPPED]: String(skipped) } : {} });

/** One decimal; of nothing it is 0. */
const percentOf = (part: number, whole: number): number =>
  whole === 0 ? 0 : Math.round((1_000 * part) / whole) / 10;

const revenueView = ({
  saves,
  savedMrr,
  lostMrr,
  recoveries,
  recovered,
}: Figures["totals"]): z.input<typeof Revenue>["totals"] => ({
  mrr_saved_cents: savedMrr,
  mrr_lost_cents: lostMrr,
  payments_recovered_cents: recovered,
  saves,
  recoveries,
});

export const analyticsRoutes: readonly Route[] = [
  keyRoute(
    {
      method: "get",
      path: "/api/v1/analytics",
      operationId: "get_analytics",
      summary: "What visits have come to, and payments that had failed",
      description: "Of the last 30 days.",
      scope: "analytics:read",
      query: AnalyticsQuery,
      reply: Analytics,
      replyHeaders,
      refusals: ["workspace_mismatch"],
    },
    async ({ deps, key, workspace, query }) => {
      const of = await analytics(deps, workspace, scopeOf(key, query));
      return answer(
        {
          workspace_id: workspace.id,
          period: "last_30_days" as const,
          cancel_sessions: of.sessions,
          saves: of.saves,
          save_rate_pct: percentOf(of.saves, of.sessions),
          failed_payments: of.failedPayments,
          recoveries: of.recoveries,
          recovery_rate_pct: percentOf(of.recoveries, of.failedPayments),
          mrr_saved_cents: of.savedMrr,
          mrr_lost_cents: of.lostMrr,
        },
        of.otherCurrency,
      );
    },
  ),
  keyRoute(
    {
      method: "get",
      path: "/api/v1/analytics/revenue",
      operationId: "get_revenue",
      summary: "Revenue that was kept, lost and recovered, month by month",
      scope: "analytics:read",
      query: RevenueQuery,
      reply: Revenue,
      replyHeaders,
      refusals: ["workspace_mismatch"],
    },
    async ({ deps, key, workspace, query }) => {
      const of = await revenue(deps, workspace, scopeOf(key, query), query.months);
      const months = of.months.map(({ month, ...figures }) => ({
        month: monthName(month),
        ...revenueView(figures),
      }));
      const { currency, totals, otherCurrency } = of;
      return answer(
        { workspace_id: workspace.id, currency, months, totals: revenueView(totals) },
        otherCurrency,
      );
    },
  ),
  keyRoute(
    {
      method: "get",
      path: "/api/v1/sessions",
      operationId: "list_sessions",
      summary: "Visits of customers who thought of leaving",
      scope: "analytics:read",
      query: SessionsQuery,
      reply: SessionList,
      replyHeaders: { [SKIPPED]: "How many of the listed ones are in another currency. Absent if none is." },
      refusals: ["workspace_mismatch"],
    },
    async ({ deps, key, workspace, query }) => {
      const { limit, offset } = query;
      const { visits, currency, total, hasMore } = await listVisits(
        deps,
        workspace,
        scopeOf(key, query),
        query,
      );
      const data = visits.map((visit) => visitView(visit, currency));
      const skipped = visits.filter((visit) => visit.currency !== currency).length;
      return answer({ data, total, limit, offset, has_more: hasMore }, skipped);
    },
  ),
  keyRoute(
    {
      method: "get",
      path: "/api/v1/sessions/:id",
      operationId: "get_session",
      summary: "One of these visits",
      scope: "analytics:read",
      params: SessionParams,
      query: AnalyticsQuery,
      reply: ListedSession,
      refusals: ["workspace_mismatch", "session_not_found"],
    },
    async ({ deps, key, workspace, query, params }) =>
      visitView(await readVisit(deps, scopeOf(key, query), params.id), currencyOf(workspace.settings)),
  ),
];

/** Whether reports go out, and what became of each of them. */
import { Reports, ReportsQuery } from "../contract/reports.ts";
import { reportsView } from "../domain/report-view.ts";
import { environmentOf } from "../domain/scopes.ts";
import { keyRoute, type Route } from "../http/route.ts";

export const reportRoutes: readonly Route[] = [
  keyRoute(
    {
      method: "get",
      path: "/api/v1/reports",
      operationId: "get_reports",
      summary: "Reports by mail: the settings, and what became of each mail",
      description: "Reports are of production, so a key of the sandbox cannot read them.",
      scope: "analytics:read",
      query: ReportsQuery,
      reply: Reports,
    },
    async ({ deps, key, workspace, query }) => {
      environmentOf(key, "prod");
      return reportsView(deps, workspace, query);
    },
  ),
];

/** Invoices that could not be collected at once, for a business's own server. */
import {
  RecoveriesQuery,
  RecoveryList,
  RecoveryParams,
  RecoveryQuery,
  RecoveryWithAttempts,
} from "../contract/recoveries.ts";
import { listRecoveries, readRecovery } from "../domain/recovery-view.ts";
import { scopeOf } from "../domain/scopes.ts";
import { keyRoute, type Route } from "../http/route.ts";

export const recoveryRoutes: readonly Route[] = [
  keyRoute(
    {
      method: "get",
      path: "/api/v1/recoveries",
      operationId: "list_recoveries",
      summary: "Invoices that could not be collected at once",
      description: "An invoice is one of them however often its payment has failed.",
      scope: "analytics:read",
      query: RecoveriesQuery,
      reply: RecoveryList,
      refusals: ["workspace_mismatch"],
    },
    ({ deps, key, query: { environment, workspace_id, ...wanted } }) =>
      listRecoveries(deps, scopeOf(key, { environment, workspace_id }), wanted),
  ),
  keyRoute(
    {
      method: "get",
      path: "/api/v1/recoveries/:id",
      operationId: "get_recovery",
      summary: "An invoice that could not be collected at once, with every attempt",
      scope: "analytics:read",
      params: RecoveryParams,
      query: RecoveryQuery,
      reply: RecoveryWithAttempts,
      refusals: ["recovery_not_found", "workspace_mismatch"],
    },
    ({ deps, key, params, query }) => readRecovery(deps, scopeOf(key, query), params.id),
  ),
];

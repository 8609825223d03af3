/** What a secret key may be used for. */
import type { Environment } from "../billing/provider.ts";
import type { KeyRow, Scope } from "../store/store.ts";
import { Problem } from "./problem.ts";

/**
 * - `sessions:write`: make sessions and links, verify what comes back from them, and walk through flows, to their offers and
 *   cancellations at billing
 * - `cancellations:write`: report cancellations
 * - `analytics:read`: read figures, sessions, recoveries, the ledger, issues, reports and exports
 * - `workspace:write`: change the state of an issue
 * - `webhooks:write`: see, make and change webhook endpoints, and so hear and look up everything that events carry, which is
 *   more than `analytics:read` shows
 *
 * `*` stands for all of them, and for keys and one customer's data.
 */
export const KEY_SCOPES = [
  "sessions:write",
  "cancellations:write",
  "analytics:read",
  "workspace:write",
  "webhooks:write",
] as const;

export type KeyScope = (typeof KEY_SCOPES)[number];

/** @param scope `*`: only a key that may do everything */
export const isAllowed = ({ scopes }: Pick<KeyRow, "scopes">, scope: KeyScope | "*"): boolean =>
  scopes.includes("*") || scopes.includes(scope);

/**
 * Keys of the production environment belong to the whole workspace: their callers name the environment in each request, and
 * production is what they mean if they do not. A key of the sandbox is for nothing else.
 *
 * @throws Problem insufficient_scope
 */
export function environmentOf(
  key: Pick<KeyRow, "environment">,
  wanted: Environment | undefined,
): Environment {
  const environment = wanted ?? key.environment;
  if (key.environment === "sandbox" && environment === "prod") {
    throw new Problem("insufficient_scope", {
      message: "This API key is of the sandbox, and the request of production.",
    });
  }
  return environment;
}

/** What a key sees of what an id alone finds: one of production both environments, one of the sandbox the sandbox alone. */
export type Reach = Pick<KeyRow, "workspaceId" | "environment">;

interface Named {
  workspace_id?: string | undefined;
}

/** @throws Problem workspace_mismatch */
export function reachOf({ workspaceId, environment }: Reach, { workspace_id: named }: Named): Reach {
  if (named !== undefined && named !== workspaceId)
    throw new Problem("workspace_mismatch", { param: "workspace_id" });
  return { workspaceId, environment };
}

/**
 * What a request of this key is about, as its query may name it.
 *
 * @throws Problem workspace_mismatch, insufficient_scope
 */
export function scopeOf(key: Reach, query: Named & { environment?: Environment | undefined }): Scope {
  const { workspaceId } = reachOf(key, query);
  return { workspaceId, environment: environmentOf(key, query.environment) };
}

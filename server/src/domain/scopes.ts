/** What a secret key may be used for. */
import type { Environment } from "../billing/provider.ts";
import type { KeyRow, Scope } from "../store/store.ts";
import { Problem } from "./problem.ts";

/**
 * - `sessions:write`: make sessions and links, and verify what comes back from them
 * - `cancellations:write`: report cancellations
 * - `analytics:read`: read figures, sessions and the ledger
 * - `workspace:write`: change what the workspace has, such as the state of an issue
 *
 * `*` stands for all of them.
 */
export const KEY_SCOPES = [
  "sessions:write",
  "cancellations:write",
  "analytics:read",
  "workspace:write",
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

/**
 * What a request of this key is about, as its query may name it.
 *
 * @throws Problem workspace_mismatch, insufficient_scope
 */
export function scopeOf(
  key: Pick<KeyRow, "workspaceId" | "environment">,
  {
    environment,
    workspace_id: named,
  }: { environment?: Environment | undefined; workspace_id?: string | undefined },
): Scope {
  if (named !== undefined && named !== key.workspaceId)
    throw new Problem("workspace_mismatch", { param: "workspace_id" });
  return { workspaceId: key.workspaceId, environment: environmentOf(key, environment) };
}

/**
 * What ids are replaced by once their customer is forgotten. Some are spoken of again: billing tells of the end of a
 * subscription, a business repeats a report. Those become a hash under a key of this installation: whoever names the id is
 * recognised, and neither the database nor anything that was told leads back to it.
 */
import { createHmac } from "node:crypto";
import type { Deps } from "../deps.ts";
import { ALIAS, type Aliases } from "../store/personal-data.ts";
import type { Scope } from "../store/store.ts";

/** The same for the same id, in one environment of one workspace. */
export function aliasOf(
  { keys }: Pick<Deps, "keys">,
  { workspaceId, environment }: Scope,
  kind: Parameters<Aliases["of"]>[0],
  id: string,
): string {
  // One that has been replaced stays as it is.
  if (id.startsWith(ALIAS)) return id;
  const named = `forgotten:${JSON.stringify([workspaceId, environment, kind, id])}`;
  const hash = createHmac("sha256", keys.result).update(named).digest("base64url");
  return `${ALIAS}${kind}_${hash.slice(0, 22)}`;
}

export const aliasesFor = (deps: Pick<Deps, "keys" | "newId">, scope: Scope): Aliases => ({
  customer: deps.newId(ALIAS.slice(0, -1)),
  of: (kind, id) => aliasOf(deps, scope, kind, id),
});

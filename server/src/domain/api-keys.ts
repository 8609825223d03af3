/** The secret keys of a workspace, as whoever holds one that may do everything sees them. */
import type { z } from "zod";
import type { ApiKey, ApiKeyRequest } from "../contract/api-keys.ts";
import type { Deps } from "../deps.ts";
import type { KeyRow, Scope } from "../store/store.ts";
import { isoOf, isoOrNull } from "./dates.ts";
import { type Page, pageOf } from "./paging.ts";
import { Problem } from "./problem.ts";
import { environmentOf, type Reach } from "./scopes.ts";
import { createKey } from "./workspaces.ts";

const isReached = (asking: Reach, { kind, environment }: KeyRow): boolean =>
  kind === "secret" && (asking.environment === "prod" || environment === "sandbox");

const apiKeyView = (row: KeyRow): ApiKey => ({
  object: "api_key",
  id: row.id,
  name: row.name,
  environment: row.environment,
  scopes: row.scopes,
  last_four: row.lastFour,
  created_at: isoOf(row.createdAt),
  last_used_at: isoOrNull(row.lastUsedAt),
  revoked_at: isoOrNull(row.revokedAt),
});

/** @throws Problem insufficient_scope */
export async function makeApiKey(
  deps: Deps,
  asking: Reach,
  { environment, name, scopes }: z.output<typeof ApiKeyRequest>,
): Promise<ApiKey & { key: string }> {
  const { key, row } = await createKey(deps, {
    workspaceId: asking.workspaceId,
    environment: environmentOf(asking, environment),
    kind: "secret",
    name,
    scopes,
  });
  return { ...apiKeyView(row), key };
}

/** Latest first. */
export async function listApiKeys(
  { store }: Pick<Deps, "store">,
  { workspaceId, environment }: Scope,
  page: Page,
) {
  // A workspace has few: people make them.
  const all = (await store.keys(workspaceId))
    .filter((each) => each.kind === "secret" && each.environment === environment)
    .reverse();
  const shown = all.slice(page.offset, page.offset + page.limit);
  return pageOf(shown.map(apiKeyView), all.length, page);
}

/** What is revoked already stays as it is. @throws Problem api_key_not_found */
export async function revokeApiKey(
  { store, clock }: Pick<Deps, "store" | "clock">,
  asking: Reach,
  id: string,
): Promise<ApiKey> {
  const find = async () =>
    (await store.keys(asking.workspaceId)).find((each) => each.id === id && isReached(asking, each));
  if (!(await find())) throw new Problem("api_key_not_found");
  await store.revokeKey(id, clock());
  // Somebody else may have been first: the time is theirs then.
  const revoked = await find();
  if (!revoked) throw new Problem("api_key_not_found");
  return apiKeyView(revoked);
}

/** The secret keys of a workspace, as whoever holds one that may do everything sees them. */
import type { z } from "zod";
import type { ApiKey, ApiKeyRequest, ApiKeysQuery } from "../contract/api-keys.ts";
import type { Deps } from "../deps.ts";
import type { KeyRow } from "../store/store.ts";
import { isoOf } from "./dates.ts";
import { type Page, pageOf } from "./paging.ts";
import { Problem } from "./problem.ts";
import { environmentOf } from "./scopes.ts";
import { createKey } from "./workspaces.ts";

/** The key that asks. One of the sandbox reaches keys of the sandbox only. */
type Asking = Pick<KeyRow, "workspaceId" | "environment">;

const isReached = (asking: Asking, { kind, environment }: KeyRow): boolean =>
  kind === "secret" && (asking.environment === "prod" || environment === "sandbox");

const instant = (at: number | undefined): string | null => (at === undefined ? null : isoOf(at));

export const apiKeyView = (row: KeyRow): ApiKey => ({
  object: "api_key",
  id: row.id,
  name: row.name,
  environment: row.environment,
  scopes: row.scopes,
  last_four: row.lastFour,
  created_at: isoOf(row.createdAt),
  last_used_at: instant(row.lastUsedAt),
  revoked_at: instant(row.revokedAt),
});

/** @throws Problem insufficient_scope */
export async function makeApiKey(
  deps: Deps,
  asking: Asking,
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

/** Latest first. @throws Problem insufficient_scope */
export async function listApiKeys(
  { store }: Pick<Deps, "store">,
  asking: Asking,
  { environment, ...page }: Page & Pick<z.output<typeof ApiKeysQuery>, "environment">,
) {
  const wanted = environment && environmentOf(asking, environment);
  // A workspace has few: people make them.
  const all = (await store.keys(asking.workspaceId))
    .filter((each) => isReached(asking, each) && (!wanted || each.environment === wanted))
    .reverse();
  const shown = all.slice(page.offset, page.offset + page.limit);
  return pageOf(shown.map(apiKeyView), all.length, page);
}

/** What is revoked already stays as it is. @throws Problem api_key_not_found */
export async function revokeApiKey(
  { store, clock }: Pick<Deps, "store" | "clock">,
  asking: Asking,
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

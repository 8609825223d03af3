/** Secret keys: made, listed and revoked by one that may do everything. */
import {
  ApiKey,
  ApiKeyList,
  ApiKeyParams,
  ApiKeyQuery,
  ApiKeyRequest,
  ApiKeysQuery,
  NewApiKey,
} from "../contract/api-keys.ts";
import { listApiKeys, makeApiKey, revokeApiKey } from "../domain/api-keys.ts";
import { reachOf, scopeOf } from "../domain/scopes.ts";
import { keyRoute, type Route } from "../http/route.ts";

/** What holds for each of these: nobody makes a key that may do more than their own. */
const guarded = { scope: "*", notInDemo: true } as const;
const mismatch = "workspace_mismatch" as const;

export const apiKeyRoutes: readonly Route[] = [
  keyRoute(
    {
      ...guarded,
      method: "post",
      path: "/api/v1/api-keys",
      operationId: "create_api_key",
      summary: "Make a secret key",
      description:
        "The answer alone holds the key. What is stored is its SHA-256 digest, and of a key that may make sessions a sealed " +
        "copy, to check what a site has signed with it.",
      writes: true,
      body: ApiKeyRequest,
      query: ApiKeyQuery,
      reply: NewApiKey,
      success: 201,
      refusals: [mismatch],
    },
    async ({ deps, key, query, body }) => makeApiKey(deps, reachOf(key, query), body),
  ),
  keyRoute(
    {
      ...guarded,
      method: "get",
      path: "/api/v1/api-keys",
      operationId: "list_api_keys",
      summary: "The secret keys, without the keys themselves",
      description: "Of one environment, revoked ones too.",
      query: ApiKeysQuery,
      reply: ApiKeyList,
      refusals: [mismatch],
    },
    async ({ deps, key, query }) => listApiKeys(deps, scopeOf(key, query), query),
  ),
  keyRoute(
    {
      ...guarded,
      method: "delete",
      path: "/api/v1/api-keys/:id",
      operationId: "revoke_api_key",
      // Also while the workspace is read-only: a key that has leaked cannot wait.
      summary: "Refuse a key from now on",
      description: "It may be the one that asks. A second time changes nothing.",
      params: ApiKeyParams,
      query: ApiKeyQuery,
      reply: ApiKey,
      refusals: ["api_key_not_found", mismatch],
    },
    async ({ deps, key, params, query }) => revokeApiKey(deps, reachOf(key, query), params.id),
  ),
];

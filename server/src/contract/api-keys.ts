/** The secret keys of a workspace, for those who run it. */
import { z } from "zod";
import { KEY_SCOPES } from "../domain/scopes.ts";
import { line } from "./fields.ts";
import { page, pageFields } from "./paging.ts";
import { scopeQuery, workspaceQuery } from "./scope.ts";

const text = z.string();
const date = text.meta({ format: "date-time" }).describe("ISO 8601, UTC");
const instant = date.nullable();
const environment = z.enum(["prod", "sandbox"]);

const ALL = "*";
const isOnce = (scopes: readonly string[]) => new Set(scopes).size === scopes.length;
const isPlain = (scopes: readonly string[]) => !scopes.includes(ALL) || scopes.length === 1;

export const KeyName = line(120, 1).refine((name) => name.trim() !== "", "must not be blank");

const KeyScopes = z
  .array(z.enum([ALL, ...KEY_SCOPES]))
  .min(1, "at least one scope")
  .max(KEY_SCOPES.length)
  .refine(isOnce, "each scope once")
  .refine(isPlain, "* alone, or scopes");

export const ApiKeyRequest = z
  .strictObject({
    name: KeyName.describe("What it is for"),
    scopes: KeyScopes.default(["analytics:read"]).describe(
      "What it may be used for; `*` alone is everything",
    ),
    environment: environment
      .optional()
      .describe(
        "`prod`, unless said otherwise, is for the whole workspace. A key of the sandbox makes keys of the sandbox only",
      ),
  })
  .meta({ id: "ApiKeyRequest" });

export const ApiKey = z
  .object({
    object: z.literal("api_key"),
    id: text.describe("`key_…`"),
    name: text,
    environment,
    scopes: z.array(text),
    last_four: text.describe("How the key ends"),
    created_at: date,
    last_used_at: instant.describe("To the minute"),
    revoked_at: instant.describe("Since when it is refused"),
  })
  .meta({ id: "ApiKey" });
export type ApiKey = z.output<typeof ApiKey>;

export const NewApiKey = ApiKey.extend({
  key: text.describe("`rk_sk_…`: the key itself. Shown this once, and nothing can show it again"),
}).meta({ id: "ApiKeyWithKey" });

export const ApiKeyList = z
  .object({ data: z.array(ApiKey).describe("Latest first"), ...pageFields })
  .meta({ id: "ApiKeyList" });

export const ApiKeysQuery = z.object({ ...scopeQuery, ...page });

export const ApiKeyQuery = z.object(workspaceQuery);

export const ApiKeyParams = z.object({ id: line(255, 1) });

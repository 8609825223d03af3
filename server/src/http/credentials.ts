/** Who is asking: a business's server with a secret key, or a widget with a session id. */
import type { Deps } from "../deps.ts";
import { Problem } from "../domain/problem.ts";
import { openSession, type SessionClaims } from "../domain/session-token.ts";
import { hashKey } from "../domain/workspaces.ts";
import type { KeyRow, WorkspaceRow } from "../store/store.ts";

function bearer(headers: Headers): string | undefined {
  return /^Bearer +(\S+)$/i.exec(headers.get("authorization") ?? "")?.[1];
}

/** Last use is for people who tidy up keys: a minute's precision spares a write on every request. */
const TOUCH_EVERY = 60_000;

/**
 * The three dialects name one key store: `X-Brand-Key`, `X-API-Key` and `Authorization: Bearer`.
 * @throws Problem key_invalid (the same for missing, malformed, unknown and revoked), conflicting_credentials
 */
export async function keyOf(headers: Headers, deps: Deps): Promise<{ key: KeyRow; workspace: WorkspaceRow }> {
  const given = [headers.get("x-brand-key"), headers.get("x-api-key"), bearer(headers)].filter(
    (value) => !!value,
  );
  const secret = given[0];
  if (!secret) throw new Problem("key_invalid");
  if (given.some((other) => other !== secret)) throw new Problem("conflicting_credentials");
  const key = await deps.store.keyByHash(hashKey(secret));
  if (key?.kind !== "secret" || key.revokedAt !== undefined) throw new Problem("key_invalid");
  const workspace = await deps.store.workspace(key.workspaceId);
  if (!workspace) throw new Problem("key_invalid");
  const now = deps.clock();
  if (now - (key.lastUsedAt ?? 0) >= TOUCH_EVERY) await deps.store.touchKey(key.id, now);
  return { key, workspace };
}

/** @throws Problem session_invalid, session_expired */
export async function sessionOf(
  headers: Headers,
  deps: Deps,
): Promise<{ claims: SessionClaims; workspace: WorkspaceRow }> {
  const token = bearer(headers);
  if (!token) throw new Problem("session_invalid");
  const claims = openSession(deps.keys.session, token, deps.clock());
  const workspace = await deps.store.workspace(claims.workspaceId);
  if (!workspace) throw new Problem("session_invalid");
  return { claims, workspace };
}

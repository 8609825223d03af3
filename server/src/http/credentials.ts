/** Who is asking: a business's server with a secret key, or a browser with a session id, a delivery token or a handshake. */
import type { Deps } from "../deps.ts";
import { checkHandshake, type Vouched } from "../domain/handshake.ts";
import { Problem } from "../domain/problem.ts";
import { openSession, type SessionClaims } from "../domain/session-token.ts";
import { hashKey, touchKey } from "../domain/workspaces.ts";
import type { KeyRow, WorkspaceRow } from "../store/store.ts";

export function bearer(headers: Headers): string | undefined {
  return /^Bearer +(\S+)$/i.exec(headers.get("authorization") ?? "")?.[1];
}

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
  await touchKey(deps, key);
  return { key, workspace };
}

/**
 * Whether a page with a session id is asking, where a server with a secret key may ask as well. A page may name its public
 * key beside it, which opens nothing; a secret one beside it is for `keyOf` to refuse.
 */
export function isSessionId(headers: Headers): boolean {
  const keys = [headers.get("x-brand-key"), headers.get("x-api-key")];
  return (
    /^(ret|sub|r10)_/.test(bearer(headers) ?? "") && !keys.some((key) => key && !key.startsWith("rk_pk_"))
  );
}

/** Somebody in a browser, and how their requests are counted. */
export interface Caller {
  workspace: WorkspaceRow;
  counted: { as: string; perMinute: number };
}

type SessionCaller = Caller & { claims: SessionClaims };

/**
 * @param delivery whether a delivery token will do
 * @throws Problem session_invalid, session_expired
 */
export function sessionOf(headers: Headers, deps: Deps, delivery?: boolean): Promise<SessionCaller> {
  return holderOf(bearer(headers), deps, delivery);
}

/** The same for a page that sets no headers, to be spared the preflight: `{"token": "…"}`. */
export function senderOf(body: unknown, deps: Deps, delivery?: boolean): Promise<SessionCaller> {
  const { token } = Object(body) as { token?: unknown };
  return holderOf(typeof token === "string" ? token : undefined, deps, delivery);
}

async function holderOf(token: string | undefined, deps: Deps, delivery = false): Promise<SessionCaller> {
  if (!token) throw new Problem("session_invalid");
  const claims = openSession(deps.keys.session, token, deps.clock());
  if (claims.prefix === "dlv_" && !delivery) throw new Problem("session_invalid");
  const workspace = await deps.store.workspace(claims.workspaceId);
  if (!workspace) throw new Problem("session_invalid");
  const counted = { as: `session:${claims.tokenId}`, perMinute: deps.limits.perSession };
  return { claims, workspace, counted };
}

/** A site's backend vouches for its customer: `{"handshakeToken": "payload.signature"}`. @throws Problem */
export async function brandOf(body: unknown, deps: Deps): Promise<Caller & Vouched> {
  const { handshakeToken } = Object(body) as { handshakeToken?: unknown };
  const vouched = await checkHandshake(deps, handshakeToken);
  // Counted only once the signature is known to be good, and for each customer alone: whoever reads the public key off a
  // page, or has a token of their own, could otherwise use up what the site's other customers need.
  const as = `brand:${vouched.brand.id}:${vouched.handshake.subscriberId}`;
  return { ...vouched, counted: { as, perMinute: deps.limits.perSession } };
}

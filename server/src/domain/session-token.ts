/**
 * Session ids (`ret_…`, `sub_…`, `r10_…`) and delivery tokens (`dlv_…`): sealed, so a browser can neither read nor alter
 * what they name, and nothing needs to be stored when one is made: a site may mint one on every page view. The prefix
 * is sealed in, so that none of them can be turned into another kind. A ticket (`tkt_…`) holds a session id for the
 * address of a page that shall be worth nothing soon after; it opens nothing by itself.
 */
import type { Scope } from "../store/store.ts";
import { Problem } from "./problem.ts";
import { seal, unseal } from "./seal.ts";

export interface SessionClaims extends Scope {
  tokenId: string;
  customerId: string;
  /** Absent: any subscription of this customer. */
  subscriptionId?: string;
  /** Of a delivery token: the one session that it brings something for. */
  sessionId?: string;
  expiresAt: number;
}

export type SessionPrefix = "ret_" | "sub_" | "r10_";

/** `dlv_` delivers a session's events and decisions, and opens nothing. */
export type TokenPrefix = SessionPrefix | "dlv_";

/** @param key 32 bytes, for this purpose alone */
export function sealSession(key: Uint8Array, prefix: TokenPrefix, claims: SessionClaims): string {
  const { tokenId, workspaceId, environment, customerId, subscriptionId, sessionId, expiresAt } = claims;
  const plain = [tokenId, workspaceId, environment, customerId, subscriptionId ?? null, expiresAt];
  return prefix + seal(key, prefix, JSON.stringify(sessionId === undefined ? plain : [...plain, sessionId]));
}

/**
 * @param now the machine's clock, ms
 * @throws Problem session_invalid for anything that we did not make, session_expired for what we made too long ago
 */
export function openSession(
  key: Uint8Array,
  token: string,
  now: number,
): SessionClaims & { prefix: TokenPrefix } {
  const match = /^(ret_|sub_|r10_|dlv_)([A-Za-z0-9_-]{40,1024})$/.exec(token);
  if (!match) throw new Problem("session_invalid");
  const prefix = match[1] as TokenPrefix;
  let plain: string;
  try {
    plain = unseal(key, prefix, match[2] as string);
  } catch (cause) {
    throw new Problem("session_invalid", { cause });
  }
  const [tokenId, workspaceId, environment, customerId, subscriptionId, expiresAt, sessionId] =
    JSON.parse(plain);
  if (now >= expiresAt) throw new Problem("session_expired");
  const claims = { prefix, tokenId, workspaceId, environment, customerId, expiresAt };
  return {
    ...claims,
    ...(subscriptionId === null ? {} : { subscriptionId }),
    ...(sessionId === undefined ? {} : { sessionId }),
  };
}

const TICKET = "tkt_";

/** @param expiresAt ms; the session that it holds keeps its own */
export function sealTicket(key: Uint8Array, sessionId: string, expiresAt: number): string {
  return TICKET + seal(key, TICKET, JSON.stringify([sessionId, expiresAt]));
}

/**
 * Asked for the time by its caller alone: one that has expired still says whose page it was for.
 *
 * @throws Problem session_invalid for anything that is not a ticket of ours
 */
export function openTicket(key: Uint8Array, ticket: string): { sessionId: string; expiresAt: number } {
  const sealed = /^tkt_([A-Za-z0-9_-]{40,2048})$/.exec(ticket)?.[1] ?? "";
  try {
    const [sessionId, expiresAt] = JSON.parse(unseal(key, TICKET, sealed));
    return { sessionId, expiresAt };
  } catch (cause) {
    throw new Problem("session_invalid", { cause });
  }
}

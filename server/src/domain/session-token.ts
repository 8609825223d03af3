/**
 * Session ids (`ret_…`, `sub_…`): sealed with AES-256-GCM, so a browser can neither read nor alter what they name, and
 * nothing needs to be stored when one is made: a site may mint one on every page view.
 */
import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import type { Scope } from "../store/store.ts";
import { Problem } from "./problem.ts";

export interface SessionClaims extends Scope {
  tokenId: string;
  customerId: string;
  /** Absent: any subscription of this customer. */
  subscriptionId?: string;
  expiresAt: number;
}

export type SessionPrefix = "ret_" | "sub_";

const NONCE = 12;
const TAG = 16;

/** @param key 32 bytes, for this purpose alone */
export function sealSession(key: Uint8Array, prefix: SessionPrefix, claims: SessionClaims): string {
  const { tokenId, workspaceId, environment, customerId, subscriptionId, expiresAt } = claims;
  const nonce = randomBytes(NONCE);
  const cipher = createCipheriv("aes-256-gcm", key, nonce).setAAD(Buffer.from(prefix));
  const plain = JSON.stringify([
    tokenId,
    workspaceId,
    environment,
    customerId,
    subscriptionId ?? null,
    expiresAt,
  ]);
  const sealed = Buffer.concat([nonce, cipher.update(plain, "utf8"), cipher.final(), cipher.getAuthTag()]);
  return prefix + sealed.toString("base64url");
}

/**
 * @param now the machine's clock, ms
 * @throws Problem session_invalid for anything that we did not make, session_expired for what we made too long ago
 */
export function openSession(
  key: Uint8Array,
  token: string,
  now: number,
): SessionClaims & { prefix: SessionPrefix } {
  const match = /^(ret_|sub_)([A-Za-z0-9_-]{40,1024})$/.exec(token);
  if (!match) throw new Problem("session_invalid");
  const prefix = match[1] as SessionPrefix;
  const sealed = Buffer.from(match[2] as string, "base64url");
  // Several spellings of one base64url string decode alike; only ours is accepted.
  if (sealed.length <= NONCE + TAG || sealed.toString("base64url") !== match[2])
    throw new Problem("session_invalid");
  let plain: string;
  try {
    const decipher = createDecipheriv("aes-256-gcm", key, sealed.subarray(0, NONCE), { authTagLength: TAG });
    decipher.setAAD(Buffer.from(prefix)).setAuthTag(sealed.subarray(-TAG));
    plain = decipher.update(sealed.subarray(NONCE, -TAG), undefined, "utf8") + decipher.final("utf8");
  } catch (cause) {
    throw new Problem("session_invalid", { cause });
  }
  const [tokenId, workspaceId, environment, customerId, subscriptionId, expiresAt] = JSON.parse(plain);
  if (now >= expiresAt) throw new Problem("session_expired");
  const claims = { prefix, tokenId, workspaceId, environment, customerId, expiresAt };
  return subscriptionId === null ? claims : { ...claims, subscriptionId };
}

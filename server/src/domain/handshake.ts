/**
 * Handshake tokens: a site's own backend signs which customer is signed in, and the page exchanges that for a session.
 * `base64url(payload) + "." + base64url(HMAC-SHA256(private key, payload))`, without padding; what is signed are the
 * bytes of the payload's JSON as they were sent, because every language writes JSON in its own way.
 */
import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import { z } from "zod";
import type { Deps } from "../deps.ts";
import type { KeyRow, Scope, WorkspaceRow } from "../store/store.ts";
import { Problem } from "./problem.ts";
import { mintSession } from "./sessions.ts";
import { hashKey, secretsOf, touchKey } from "./workspaces.ts";

const Payload = z.object({
  /** The site's public key. */
  brandPub: z.string().min(1).max(255),
  /** The customer's id at billing. */
  subscriberId: z.string().min(1).max(255),
  /** Milliseconds since 1970, by the backend's clock. */
  timestamp: z.int(),
  nonce: z.string().min(1).max(255),
});

export type Handshake = z.output<typeof Payload>;

export interface Vouched {
  handshake: Handshake;
  /** The public key that the token names. */
  brand: KeyRow;
  workspace: WorkspaceRow;
}

/** How far the backend's clock and ours may be apart, and how long a token may take on its way, ms. */
const VALID = 5 * 60_000;

/** @throws Problem handshake_malformed, brand_not_found, handshake_unavailable, handshake_invalid, handshake_expired */
export async function checkHandshake(deps: Deps, token: unknown): Promise<Vouched> {
  const { handshake, payload, signature } = read(token);
  const brand = await deps.store.keyByHash(hashKey(handshake.brandPub));
  if (brand?.kind !== "public" || brand.revokedAt !== undefined) throw new Problem("brand_not_found");
  const workspace = await deps.store.workspace(brand.workspaceId);
  if (!workspace) throw new Problem("brand_not_found");
  const secrets = await secretsOf(deps, brand);
  if (!secrets.length) throw new Problem("handshake_unavailable");
  const signer = secrets.find(({ secret }) => {
    const right = createHmac("sha256", secret).update(payload).digest();
    return right.length === signature.length && timingSafeEqual(right, signature);
  });
  if (!signer) throw new Problem("handshake_invalid");
  if (Math.abs(deps.clock() - handshake.timestamp) > VALID) throw new Problem("handshake_expired");
  await Promise.all([touchKey(deps, brand), touchKey(deps, signer.key)]);
  return { handshake, brand, workspace };
}

function read(token: unknown): { handshake: Handshake; payload: Buffer; signature: Buffer } {
  const parts = typeof token === "string" ? token.split(".") : [];
  const [payload, signature] = parts.map((part) => Buffer.from(part, "base64url"));
  // Several spellings of one base64url string decode alike; only the plain one is accepted.
  const isPlain =
    parts.length === 2 &&
    [payload, signature].every((bytes, at) => bytes?.toString("base64url") === parts[at]);
  if (!isPlain || !payload || !signature) throw new Problem("handshake_malformed");
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(payload);
    return { handshake: Payload.parse(JSON.parse(text)), payload, signature };
  } catch (cause) {
    throw new Problem("handshake_malformed", { cause });
  }
}

/**
 * A session for the customer that the site vouches for. One token is good for one session.
 * @throws Problem workspace_read_only, customer_not_found, nonce_used
 */
export async function exchange(
  deps: Deps,
  scope: Scope,
  { subscriberId, nonce, timestamp }: Handshake,
): Promise<{ id: string; expiresAt: number }> {
  const session = await mintSession(deps, scope, "r10_", { customer_id: subscriberId });
  // Last: a token whose customer billing could not be asked about can be tried again.
  const digest = createHash("sha256").update(nonce).digest("hex");
  if (!(await deps.store.useNonce(scope, digest, timestamp + VALID))) throw new Problem("nonce_used");
  return session;
}

/**
 * Result tokens: what a customer brings back from a hosted flow, signed so that a business can believe it. They are JWTs
 * (RFC 7519) signed with HS256 (RFC 7515), which every library reads; the key is derived from the installation's master
 * secret, one for each workspace and environment, and its text is what a business gives to its library.
 */
import { createHash, createHmac, hkdfSync, timingSafeEqual } from "node:crypto";
import type { Environment } from "../billing/provider.ts";
import type { Deps } from "../deps.ts";
import type { GivenResult, ResultOffer, WorkspaceRow } from "../store/store.ts";
import { Problem } from "./problem.ts";
import { changeSettings } from "./settings.ts";

/** How long a token holds, seconds. */
export const RESULT_TTL = 900;

/** How far two clocks may be apart, seconds. */
export const SKEW = 60;

export interface ResultKey {
  /** Named in a token's header. */
  kid: string;
  /** `rts_…`; its bytes as text are the key. */
  secret: string;
}

export interface ResultKeys {
  current: ResultKey;
  /** While tokens that it has signed may still be good. */
  previous?: ResultKey;
}

export interface ResultClaims {
  /** The server. */
  iss: string;
  /** The workspace. */
  aud: string;
  /** `userId` of the link. */
  sub: string;
  /** Id of the link. */
  sid: string;
  env: Environment;
  outcome: "churned" | "recovered" | "abandoned";
  /** `requested` where billing was asked and had not answered yet. */
  status: GivenResult["status"];
  reason_key: string | null;
  offer: ResultOffer;
  /** Seconds since 1970. */
  iat: number;
  exp: number;
  /** The same each time that the result of this link is given out. */
  jti: string;
}

type Keys = Pick<Deps, "keys" | "clock">;

function keyOf({ keys }: Keys, workspaceId: string, environment: Environment, generation: number): ResultKey {
  const info = `result-token:v1:${workspaceId}:${environment}:${generation}`;
  const secret = `rts_${Buffer.from(hkdfSync("sha256", keys.result, "", info, 32)).toString("base64url")}`;
  return { kid: createHash("sha256").update(secret).digest("hex").slice(0, 8), secret };
}

/** Those with which a token of this environment can be signed. */
export function resultKeys(
  deps: Keys,
  { id, settings }: Pick<WorkspaceRow, "id" | "settings">,
  environment: Environment,
): ResultKeys {
  const { generation, changedAt } = settings.resultKeys?.[environment] ?? { generation: 0, changedAt: 0 };
  const current = keyOf(deps, id, environment, generation);
  const isOverlap = generation > 0 && deps.clock() < changedAt + (RESULT_TTL + SKEW) * 1000;
  return isOverlap ? { current, previous: keyOf(deps, id, environment, generation - 1) } : { current };
}

/**
 * From now on tokens are signed with another key. The one before still verifies those that it has signed until they have
 * expired, and the one before that no more: between two changes there should be a quarter of an hour.
 */
export async function rotateResultKey(
  deps: Pick<Deps, "keys" | "clock" | "store">,
  workspaceId: string,
  environment: Environment,
): Promise<ResultKeys> {
  const settings = await changeSettings(deps.store, workspaceId, (before) => {
    const generation = (before.resultKeys?.[environment]?.generation ?? 0) + 1;
    const changed = { generation, changedAt: deps.clock() };
    return { ...before, resultKeys: { ...before.resultKeys, [environment]: changed } };
  });
  return resultKeys(deps, { id: workspaceId, settings }, environment);
}

const encoded = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");

const signatureOf = (signed: string, { secret }: ResultKey): Buffer =>
  createHmac("sha256", secret).update(signed).digest();

/** @param claims without the times, which are now */
export function signResult(
  deps: Keys,
  workspace: Pick<WorkspaceRow, "id" | "settings">,
  claims: Omit<ResultClaims, "aud" | "iat" | "exp">,
): string {
  const { current } = resultKeys(deps, workspace, claims.env);
  const iat = Math.floor(deps.clock() / 1000);
  const header = { alg: "HS256", typ: "JWT", kid: current.kid };
  const { jti, ...rest } = claims;
  const body: ResultClaims = { ...rest, aud: workspace.id, iat, exp: iat + RESULT_TTL, jti };
  const signed = `${encoded(header)}.${encoded(body)}`;
  return `${signed}.${signatureOf(signed, current).toString("base64url")}`;
}

const invalid = (message: string): Problem =>
  new Problem("result_token_invalid", { param: "token", message });

/** Only in the one way in which it can be written. */
function decoded(part: string): unknown {
  const bytes = Buffer.from(part, "base64url");
  if (bytes.toString("base64url") !== part) throw invalid("The result token is malformed.");
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    throw invalid("The result token is malformed.");
  }
}

/** Longer than any that is made here. */
const LONGEST_TOKEN = 8192;

/**
 * @param now the machine's clock, ms
 * @throws Problem result_token_invalid
 */
export function verifyResultToken(
  deps: Pick<Deps, "keys" | "clock" | "publicUrl">,
  workspace: Pick<WorkspaceRow, "id" | "settings">,
  token: string,
  now: number = deps.clock(),
): ResultClaims {
  const [head = "", body = "", signature = "", ...rest] =
    token.length > LONGEST_TOKEN ? [] : token.split(".");
  if (!head || !body || !signature || rest.length) throw invalid("The result token is malformed.");
  const { alg, kid, crit } = Object(decoded(head)) as Record<string, unknown>;
  if (alg !== "HS256" || crit !== undefined) throw invalid("The result token is not signed with HS256.");
  const environment = signerOf(deps, workspace, { kid, signed: `${head}.${body}`, signature });
  const claims = decoded(body) as ResultClaims;
  const at = now / 1000;
  // Only we can have signed it; but a signature does not say for what.
  if (claims.iss !== deps.publicUrl || claims.aud !== workspace.id || claims.env !== environment)
    throw invalid("The result token is for somebody else.");
  if (!(at < claims.exp + SKEW)) throw invalid("The result token has expired.");
  if (!(claims.iat - SKEW <= at)) throw invalid("The result token is of the future.");
  return claims;
}

/** The environment whose key has signed it. @throws Problem result_token_invalid */
function signerOf(
  deps: Keys,
  workspace: Pick<WorkspaceRow, "id" | "settings">,
  { kid, signed, signature }: { kid: unknown; signed: string; signature: string },
): Environment {
  const given = Buffer.from(signature, "base64url");
  for (const environment of ["prod", "sandbox"] as const) {
    const { current, previous } = resultKeys(deps, workspace, environment);
    const key = [current, previous].find((each) => each?.kid === kid);
    if (!key) continue;
    const wanted = signatureOf(signed, key);
    const isSame = given.length === wanted.length && timingSafeEqual(given, wanted);
    if (isSame && given.toString("base64url") === signature) return environment;
  }
  throw invalid("The result token was not signed with a key of this workspace.");
}

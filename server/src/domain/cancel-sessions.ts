/** What a business's server asks of a hosted flow afterwards: what has become of it, and whether a result is true. */
import type { CancelSession, ResultVerification, VerifiedResult } from "../contract/cancel-links.ts";
import type { Deps } from "../deps.ts";
import type { CancelLinkRow, KeyRow, WorkspaceRow } from "../store/store.ts";
import { resultOf, WORDS } from "./cancel-record.ts";
import { isoOf, isoOrNull } from "./dates.ts";
import { isOwn } from "./link-ids.ts";
import { toMajor } from "./major-units.ts";
import { Problem } from "./problem.ts";
import { verifyResultToken } from "./result-token.ts";
import { environmentOf } from "./scopes.ts";

/** @throws Problem insufficient_scope, cancel_session_not_found, environment_mismatch */
export async function readCancelSession(
  deps: Deps,
  key: KeyRow,
  id: string,
  wanted: CancelLinkRow["environment"] | undefined,
): Promise<CancelSession> {
  const environment = environmentOf(key, wanted);
  const link = await deps.store.cancelLink(id);
  if (link?.workspaceId !== key.workspaceId) throw new Problem("cancel_session_not_found");
  // A key of production knows both; one of the sandbox hears of nothing else, not even that it exists.
  if (link.environment !== environment) {
    if (key.environment === "sandbox") throw new Problem("cancel_session_not_found");
    if (wanted !== undefined) throw new Problem("environment_mismatch");
  }
  return viewOf(deps, link);
}

async function viewOf(deps: Deps, link: CancelLinkRow): Promise<CancelSession> {
  const { context, currency, environment, issuedAt } = link;
  const { outcome, reason, offer } = await resultOf(deps.store, link);
  return {
    session_id: link.id,
    environment,
    user_id: link.userId,
    customer_id: isOwn(link) ? null : link.customerId,
    subscription_id: isOwn(link) ? null : link.subscriptionId,
    status: statusOf(link, deps.clock()),
    outcome: outcome ? WORDS[outcome] : null,
    reason_key: reason ?? null,
    offer: {
      type: offer.type,
      accepted: offer.accepted,
      label: offer.label ?? null,
      id: offer.id ?? null,
      terms: offer.terms ? { ...offer.terms } : null,
    },
    return_url: link.returnUrl,
    context: {
      plan: context.plan ?? null,
      mrr: context.mrr === undefined ? null : toMajor(context.mrr, currency),
      tenureDays: context.tenureDays ?? null,
      periodEnd: isoOrNull(context.periodEnd),
    },
    metadata: link.metadata,
    created_at: isoOf(link.createdAt),
    opened_at: isoOrNull(link.openedAt),
    completed_at: isoOrNull(link.completedAt),
    expires_at: isoOf(link.expiresAt),
    result_token: {
      issued: issuedAt !== undefined,
      status: link.result?.status ?? null,
      issued_at: isoOrNull(issuedAt),
      verified_at: isoOrNull(link.verifiedAt),
    },
    events: await eventsOf(deps, link),
  };
}

function statusOf({ completedAt, expiresAt, openedAt }: CancelLinkRow, now: number): CancelSession["status"] {
  if (completedAt !== undefined) return "completed";
  if (now >= expiresAt) return "expired";
  return openedAt === undefined ? "created" : "opened";
}

async function eventsOf({ store }: Deps, link: CancelLinkRow): Promise<CancelSession["events"]> {
  const inFlow = await store.eventsOfToken(link.id);
  const all: [type: string, at: number | undefined][] = [
    ["link_created", link.createdAt],
    ["opened", link.openedAt],
    ...inFlow.map(({ type, receivedAt }): [string, number] => [type, receivedAt]),
    ["completed", link.completedAt],
    ["result_issued", link.issuedAt],
    ["result_verified", link.verifiedAt],
  ];
  return all
    .flatMap(([type, at]) => (at === undefined ? [] : [{ type, at }]))
    .sort((one, other) => one.at - other.at)
    .map(({ type, at }) => ({ type, at: isoOf(at) }));
}

/** @throws Problem insufficient_scope, result_token_invalid */
export async function verifyResult(
  deps: Deps,
  { key, workspace }: { key: KeyRow; workspace: WorkspaceRow },
  { token, environment }: ResultVerification,
): Promise<VerifiedResult> {
  const wanted = environmentOf(key, environment);
  const claims = verifyResultToken(deps, workspace, token);
  const invalid = (message: string) => new Problem("result_token_invalid", { param: "token", message });
  if (claims.env !== wanted) throw invalid(`The result token is not of environment "${wanted}".`);
  const before = await deps.store.transaction(async (tx) => {
    await tx.lock(`cancel-link:${claims.sid}`);
    const link = await tx.cancelLink(claims.sid);
    if (link?.resultId !== claims.jti) throw invalid("The result token is not one that was given out.");
    await tx.markCancelLink(link.id, { verifiedAt: deps.clock() });
    return link.verifiedAt !== undefined;
  });
  const { terms, ...offer } = claims.offer;
  return {
    valid: true,
    ...claims,
    offer: { ...offer, ...(terms ? { terms: { ...terms } } : {}) },
    verified_before: before,
  };
}

/**
 * Links to hosted flows. A link is worth nothing to anybody but its customer, for an hour or so: 32 random bytes, of which
 * a digest is stored. It opens one flow, as often as the customer likes, until the business has got the result.
 */
import { createHash, randomBytes } from "node:crypto";
import type { CancelLinkRequest, ReturnRequest } from "../contract/cancel-links.ts";
import type { Deps } from "../deps.ts";
import type { CancelLinkRow, KeyRow, Scope, Transaction, WorkspaceRow } from "../store/store.ts";
import { type CancelRecord, recordOf, WORDS } from "./cancel-record.ts";
import { recordAbandoned } from "./ledger.ts";
import { LINK } from "./link-ids.ts";
import { toMinor } from "./major-units.ts";
import { Problem } from "./problem.ts";
import { signResult } from "./result-token.ts";
import { checkedReturnUrl } from "./return-urls.ts";
import { environmentOf } from "./scopes.ts";
import { sealSession } from "./session-token.ts";
import { findCustomer } from "./sessions.ts";
import { settlePending } from "./settlement.ts";

const hashOf = (token: string): string => createHash("sha256").update(token).digest("hex");

/**
 * @returns the link, and the address that opens it, which is stored nowhere
 * @throws Problem insufficient_scope, return_url_missing, return_url_not_allowed, parameter_missing, parameter_invalid,
 * customer_not_found, subscription_not_found; BillingError
 */
export async function createCancelLink(
  deps: Deps,
  { key, workspace }: { key: KeyRow; workspace: WorkspaceRow },
  request: CancelLinkRequest,
): Promise<{ link: CancelLinkRow; url: string }> {
  const { settings } = workspace;
  const scope = { workspaceId: workspace.id, environment: environmentOf(key, request.environment) };
  const wanted = request.returnUrl ?? settings.defaultReturnUrl;
  if (wanted === undefined) throw new Problem("return_url_missing", { param: "returnUrl" });
  const returnUrl = checkedReturnUrl(deps, { environment: scope.environment, settings }, wanted);
  const { currency = "eur" } = settings;
  const now = deps.clock();
  const id = deps.newId(LINK);
  const token = randomBytes(32).toString("base64url");
  const link: CancelLinkRow = {
    ...scope,
    id,
    tokenHash: hashOf(token),
    userId: request.userId,
    ...((await atBilling(deps, scope, request)) ?? { customerId: request.userId, subscriptionId: id }),
    returnUrl,
    context: contextOf(request, currency, now),
    currency,
    metadata: request.metadata ?? {},
    createdAt: now,
    expiresAt: now + deps.limits.linkTtl,
  };
  await deps.store.insertCancelLink(link);
  return { link, url: `${deps.publicUrl}/cancel/${token}` };
}

function contextOf(
  { context = {} }: CancelLinkRequest,
  currency: string,
  now: number,
): CancelLinkRow["context"] {
  const { plan, mrr, tenureDays, periodEnd } = context;
  if (periodEnd !== undefined && periodEnd <= now) {
    const param = "context/periodEnd";
    throw new Problem("parameter_invalid", { param, message: `${param} must lie ahead.` });
  }
  return {
    ...(plan === undefined ? {} : { plan }),
    ...(mrr === undefined ? {} : { mrr: toMinor(mrr, currency, "context/mrr") }),
    ...(tenureDays === undefined ? {} : { tenureDays }),
    ...(periodEnd === undefined ? {} : { periodEnd }),
  };
}

/** Whose subscription at billing is meant; undefined where the business bills by itself. */
async function atBilling(
  deps: Deps,
  scope: Scope,
  { customerId, subscriptionId }: CancelLinkRequest,
): Promise<Pick<CancelLinkRow, "customerId" | "subscriptionId"> | undefined> {
  if (customerId === undefined) {
    if (subscriptionId === undefined) return undefined;
    throw new Problem("parameter_missing", {
      param: "customerId",
      message: "customerId is required with subscriptionId.",
    });
  }
  const billing = deps.billing(scope);
  await findCustomer(billing, { customer_id: customerId, subscription_id: subscriptionId });
  const id = subscriptionId ?? (await billing.subscriptions(customerId))[0]?.id;
  if (id === undefined) throw new Problem("subscription_not_found");
  return { customerId, subscriptionId: id };
}

/** Whether the business carries out by itself what is decided. */
export const isOwn = ({ id, subscriptionId }: Pick<CancelLinkRow, "id" | "subscriptionId">): boolean =>
  id === subscriptionId;

export interface FoundLink {
  link: CancelLinkRow;
  workspace: WorkspaceRow;
}

export async function findCancelLink({ store }: Deps, token: string): Promise<FoundLink | undefined> {
  const link = /^[\w-]{43}$/.test(token) ? await store.cancelLinkByToken(hashOf(token)) : undefined;
  const workspace = link && (await store.workspace(link.workspaceId));
  return workspace && { link, workspace };
}

/** Why a link opens nothing any more. */
export function refusalOf(
  { clock }: Pick<Deps, "clock">,
  { link }: FoundLink,
): "used" | "expired" | undefined {
  if (link.completedAt !== undefined) return "used";
  return clock() >= link.expiresAt ? "expired" : undefined;
}

/** What a customer who follows a link gets. */
export type Opening = { session: string } | { url: string } | { refusal: "used" | "expired" };

/**
 * Who has decided and closed the page before going back, goes back now.
 * @throws Problem return_url_not_allowed; BillingError
 */
export async function openCancelLink(deps: Deps, found: FoundLink): Promise<Opening> {
  const { link } = found;
  const refusal = refusalOf(deps, found);
  if (refusal) return { refusal };
  const session = await deps.store.latestSession(link.id, link.subscriptionId);
  if (session) await settlePending(deps, session);
  if ((await recordOf(deps.store, link)).isDecided) {
    const url = await completeCancelLink(deps, found, { outcome: "abandoned", final: true });
    if (url !== undefined) return { url };
  }
  await deps.store.markCancelLink(link.id, { openedAt: deps.clock() });
  const { workspaceId, environment, customerId, subscriptionId, expiresAt } = link;
  const claims = { workspaceId, environment, customerId, subscriptionId, expiresAt, tokenId: link.id };
  return { session: sealSession(deps.keys.session, "ret_", claims) };
}

/** Who has read until the link expired must still get back, ms. */
const RETURN_GRACE = 15 * 60_000;

/**
 * @param belief what the page thinks has happened: the books decide, but they may not have heard of it yet
 * @returns where to send the customer, with the result; undefined if the books do not say yet what the page believes
 * @throws Problem cancel_link_used, return_url_not_allowed; BillingError
 */
export async function completeCancelLink(
  deps: Deps,
  { link, workspace }: FoundLink,
  belief: ReturnRequest,
): Promise<string | undefined> {
  if (deps.clock() >= link.expiresAt + RETURN_GRACE) throw new Problem("cancel_link_used");
  const { environment } = link;
  const returnUrl = checkedReturnUrl(deps, { environment, settings: workspace.settings }, link.returnUrl);
  // Another decision may come in between, but only one.
  for (let attempts = 0; attempts < 3; attempts++) {
    const session = await deps.store.latestSession(link.id, link.subscriptionId);
    if (session) await settlePending(deps, session);
    const now = belief.final ? await deps.billing(link).now() : deps.clock();
    const concluded = await deps.store.transaction((tx) => conclude(deps, tx, link, belief, now));
    if (concluded === "under_way") continue;
    if (concluded === "open") return undefined;
    const { outcome, reason, offer, jti } = concluded;
    const token = signResult(deps, workspace, {
      iss: deps.publicUrl,
      sub: link.userId,
      sid: link.id,
      env: environment,
      outcome: WORDS[outcome],
      reason_key: reason ?? null,
      offer,
      jti,
    });
    return `${returnUrl}#ci_result_token=${token}`;
  }
  return undefined;
}

type Concluded = Required<Pick<CancelRecord, "offer">> & {
  outcome: NonNullable<CancelRecord["outcome"]>;
  reason: string | undefined;
  jti: string;
};

/** @param now billing's clock */
async function conclude(
  deps: Deps,
  tx: Transaction,
  { id, subscriptionId }: CancelLinkRow,
  belief: ReturnRequest,
  now: number,
): Promise<Concluded | "under_way" | "open"> {
  await tx.lock(`cancel-link:${id}`);
  const latest = await tx.latestSession(id, subscriptionId);
  if (latest) await tx.lock(`session:${latest.id}`);
  const link = (await tx.cancelLink(id)) as CancelLinkRow;
  const record = await recordOf(tx, link);
  const { session, isDecided, outcome = "abandoned", reason, offer } = record;
  if (link.resultId !== undefined) return { outcome, reason, offer, jti: link.resultId };
  if (record.isUnderWay) return "under_way";
  const isAsBelieved = isDecided || (record.outcome !== undefined && record.outcome === belief.outcome);
  if (!isAsBelieved && !belief.final) return "open";
  if (session && record.outcome === undefined) await recordAbandoned(deps, tx, session, now);
  const at = deps.clock();
  const resultId = deps.newId("res");
  await tx.markCancelLink(id, { completedAt: at, resultId, issuedAt: at });
  return { outcome, reason, offer, jti: resultId };
}

/**
 * Links to hosted flows. A link is worth nothing to anybody but its customer, for an hour or so: 32 random bytes, of which
 * a digest is stored. It opens one flow, as often as the customer likes, until the business has got the result.
 */
import { createHash, randomBytes } from "node:crypto";
import type { CancelLinkRequest } from "../contract/cancel-links.ts";
import { canonicalLocale } from "../contract/locale.ts";
import type { Deps } from "../deps.ts";
import type { CancelLinkRow, KeyRow, Scope, WorkspaceRow } from "../store/store.ts";
import { recordOf } from "./cancel-record.ts";
import { type FoundLink, returnsUntil, wayBack } from "./cancel-result.ts";
import { currencyOf } from "./currency.ts";
import { isOwn, LINK } from "./link-ids.ts";
import { toMinor } from "./major-units.ts";
import { Problem } from "./problem.ts";
import { checkedReturnUrl } from "./return-urls.ts";
import { environmentOf } from "./scopes.ts";
import { sealSession } from "./session-token.ts";
import { findCustomer } from "./sessions.ts";
import { settlePending } from "./settlement.ts";

const hashOf = (token: string): string => createHash("sha256").update(token).digest("hex");

/**
 * @returns the link, and the address that opens it, which is stored nowhere
 * @throws Problem insufficient_scope, return_url_missing, return_url_not_allowed, parameter_missing, parameter_invalid,
 * no_active_flow, customer_not_found, subscription_not_found; BillingError
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
  if (!(await deps.store.activeFlow(scope))) throw new Problem("no_active_flow");
  const currency = currencyOf(settings);
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
  const locale = canonicalLocale(request.locale);
  return { link, url: `${deps.publicUrl}/cancel/${token}${locale ? `?locale=${locale}` : ""}` };
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
    ...(mrr === undefined ? {} : { mrr: toMinor(mrr, currency) }),
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

export async function findCancelLink({ store }: Deps, token: string): Promise<FoundLink | undefined> {
  const link = /^[\w-]{43}$/.test(token) ? await store.cancelLinkByToken(hashOf(token)) : undefined;
  const workspace = link && (await store.workspace(link.workspaceId));
  return workspace && { link, workspace };
}

/** What a customer who follows a link gets; `decided` when there is nothing to do but to go back. */
export type Opening = { session: string } | "decided" | { refusal: "used" | "expired" };

/**
 * Nothing is concluded by it: whoever looks at a page, a program that makes a preview among them, has not gone back yet.
 * @param isLook whether nobody may see it, so that nothing is marked
 */
export async function openCancelLink(deps: Deps, found: FoundLink, isLook = false): Promise<Opening> {
  const { link } = found;
  if (link.completedAt !== undefined) return { refusal: "used" };
  const session = await deps.store.latestSession(link.id, link.subscriptionId);
  if (session && !isLook) await settlePending(deps, session);
  const { isDecided } = await recordOf(deps.store, link);
  if (deps.clock() >= (isDecided ? returnsUntil(link, true) : link.expiresAt)) return { refusal: "expired" };
  if (!mayReturn(deps, found, isDecided)) return { refusal: "expired" };
  if (isDecided) return "decided";
  if (!isLook) await deps.store.markCancelLink(link.id, { openedAt: deps.clock() });
  const { workspaceId, environment, customerId, subscriptionId, expiresAt } = link;
  const claims = { workspaceId, environment, customerId, subscriptionId, expiresAt, tokenId: link.id };
  return { session: sealSession(deps.keys.session, "ret_", claims) };
}

/** Where only the result can bring anything about, there is nothing to decide without a way back. */
function mayReturn(deps: Deps, found: FoundLink, isDecided: boolean): boolean {
  try {
    if (isDecided || isOwn(found.link)) wayBack(deps, found);
    return true;
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    deps.log.warn({ link: found.link.id, code: error.code }, "a link has no way back");
    return false;
  }
}

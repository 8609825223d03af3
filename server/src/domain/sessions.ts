/** Sessions: minted as sealed ids, opened as one flow for one subscription. */
import type { FlowConfig } from "../../../src/api/wire.ts";
import {
  type BilledSubscription,
  type BillingProvider,
  type Customer,
  flowView,
} from "../billing/provider.ts";
import type { FlowDefinition } from "../contract/flow-definition.ts";
import { canonicalLocale } from "../contract/locale.ts";
import type { Deps } from "../deps.ts";
import type { FlowRow, Scope, SessionRow } from "../store/store.ts";
import { enter } from "./cancel-visits.ts";
import { settleChanges } from "./change-settlement.ts";
import { resolveFlow } from "./flows.ts";
import { isLinkId } from "./link-ids.ts";
import { mrrOf } from "./mrr.ts";
import { termsHold } from "./offers.ts";
import { Problem } from "./problem.ts";
import { type SessionClaims, type SessionPrefix, sealSession } from "./session-token.ts";
import { settlePending } from "./settlement.ts";
import { asTold, noticeUndone } from "./undo.ts";
import { attributesIn, messagesOf, translated, withOpenEnd } from "./words.ts";

/** How long a delivery token is good for, ms: the longest that a cancellation may be on its way. */
export const DELIVERY_TTL = 7 * 86_400_000;

export interface CustomerQuery {
  customer_id?: string | undefined;
  customer_email?: string | undefined;
  subscription_id?: string | undefined;
}

/**
 * @returns a sealed session id, and until when it holds by the machine's clock
 * @throws Problem parameter_missing, customer_not_found, customer_ambiguous, subscription_not_found
 */
export async function mintSession(
  deps: Deps,
  scope: Scope,
  prefix: SessionPrefix,
  query: CustomerQuery,
): Promise<{ id: string; expiresAt: number }> {
  const { subscription_id: subscriptionId } = query;
  const customer = await findCustomer(deps.billing(scope), query);
  const expiresAt = deps.clock() + deps.limits.sessionTtl;
  const sealed = sealSession(deps.keys.session, prefix, {
    workspaceId: scope.workspaceId,
    environment: scope.environment,
    tokenId: deps.newId("tok"),
    customerId: customer.id,
    ...(subscriptionId ? { subscriptionId } : {}),
    expiresAt,
  });
  return { id: sealed, expiresAt };
}

/** @throws Problem parameter_missing, customer_not_found, customer_ambiguous, subscription_not_found */
export async function findCustomer(
  billing: BillingProvider,
  { customer_id: id, customer_email: email, subscription_id: subscriptionId }: CustomerQuery,
): Promise<Customer> {
  if (!id && !email)
    throw new Problem("parameter_missing", { message: "customer_id or customer_email is required" });
  const found = await billing.findCustomers(id ? { id } : { email: email as string });
  return theOne(billing, found, subscriptionId);
}

/** One e-mail address can stand for several customers: the subscription, or the only one who pays, decides. */
async function theOne(
  billing: BillingProvider,
  found: Customer[],
  subscriptionId: string | undefined,
): Promise<Customer> {
  if (!found.length) throw new Problem("customer_not_found");
  if (subscriptionId) {
    const owner = (await billing.subscription(subscriptionId))?.customerId;
    const customer = found.find((each) => each.id === owner);
    if (!customer) throw new Problem("subscription_not_found");
    return customer;
  }
  if (found.length === 1) return found[0] as Customer;
  const paying: Customer[] = [];
  for (const each of found) {
    if ((await billing.subscriptions(each.id)).some(({ status }) => status !== "cancelled"))
      paying.push(each);
  }
  if (paying.length !== 1) throw new Problem("customer_ambiguous");
  return paying[0] as Customer;
}

interface Visit {
  subscriptionId?: string | undefined;
  restart?: boolean;
  locale?: string | undefined;
  session?: string | undefined;
  anewAfter?: number;
  email?: string | undefined;
}

/**
 * The configuration for one visit; the same call again gives the same session.
 * @param visit.subscriptionId one of the customer's, if the session id does not name one already
 * @param visit.restart begin again after having been retained
 * @param visit.session go on with this one, although the token has been renewed; another customer's counts as none
 * @param visit.locale the customer's language; what is no language tag counts as none
 * @param visit.anewAfter begin again after whatever was decided, and after so much silence, ms
 * @param visit.email of a customer whose address billing does not know
 * @throws Problem session_expired for a link that has been used; subscription_not_found, no_active_flow; BillingError
 */
export async function openFlow(deps: Deps, claims: SessionClaims, visit: Visit): Promise<FlowConfig> {
  await enter(deps, claims);
  const locale = canonicalLocale(visit.locale);
  const session = await sessionFor(deps, claims, visit, locale);
  if (locale && session.locale !== locale) await deps.store.updateSession(session.id, { locale });
  return answer(deps, claims, session, locale);
}

/**
 * The session as the widget gets it. Words and the delivery token are put in here and stored nowhere: the flow's
 * version and the language say what was read, and whoever asks again in another language gets other words for the
 * same terms, made at the same time.
 */
async function answer(
  deps: Deps,
  claims: SessionClaims,
  { id, tokenId, subscriptionId, config, settlement, flowId, flowVersion }: SessionRow,
  locale: string | undefined,
): Promise<FlowConfig> {
  const { workspaceId, environment, customerId } = claims;
  const [row, workspace] = await Promise.all([
    deps.store.flow(flowId, flowVersion),
    deps.store.workspace(workspaceId),
  ]);
  const definition = (row?.definition ?? {}) as unknown as FlowDefinition;
  const said = translated(config.flow, definition, locale);
  const flow = config.subscription.periodEnd === undefined ? withOpenEnd(said, locale) : said;
  const messages = workspace && messagesOf(workspace.settings, locale);
  const mentioned = attributesIn(flow);
  const deliveryToken = sealSession(deps.keys.session, "dlv_", {
    tokenId,
    workspaceId,
    environment,
    customerId,
    subscriptionId,
    sessionId: id,
    expiresAt: deps.clock() + DELIVERY_TTL,
  });
  return {
    ...config,
    session: { ...config.session, deliveryToken, ...(settlement ? { settlement: asTold(settlement) } : {}) },
    flow,
    attributes: Object.fromEntries(Object.entries(config.attributes).filter(([key]) => mentioned.has(key))),
    ...(messages ? { messages } : {}),
  };
}

async function sessionFor(
  deps: Deps,
  claims: SessionClaims,
  visit: Visit,
  locale: string | undefined,
): Promise<SessionRow> {
  const billing = deps.billing(claims);
  const { store } = deps;
  let subscription = await subscriptionOf(billing, claims, visit.subscriptionId);
  const { id: subscriptionId } = subscription;
  const standing = await store.standing(claims, { subscriptionId, tokenId: claims.tokenId });
  if (standing.isPending) {
    const requested = await settleAll(deps, claims, subscriptionId);
    if (requested) return requested;
    subscription = await subscriptionOf(billing, claims, visit.subscriptionId);
  }
  if (standing.isPending || standing.isEnding) await noticeUndone(deps, claims, [subscription]);
  // Settling may have made another one the customer's first.
  const found =
    (await ongoing(deps, claims, visit, subscription.id)) ??
    (await lately(deps, claims, visit, subscription.id)) ??
    (standing.isPending || standing.isEnding
      ? await store.latestSession(claims.tokenId, subscription.id)
      : standing.latest);
  const last = found && standing.isPending ? await settlePending(deps, found) : found;
  const isOver = last && isOverFor(visit, last, deps.clock());
  if (last?.settlement && !isOver) return last;

  const row = await store.activeFlow(claims);
  if (!row) throw new Problem("no_active_flow");
  const now = await billing.now();
  if (last && !last.settlement && !isOver) {
    const sameFlow = last.flowId === row.id && last.flowVersion === row.version;
    if (sameFlow && termsHold(last.config, subscription, now)) return last;
    const config = await resolve(deps, claims, row, subscription, now, last.id);
    const anew = snapshot(row, subscription, config);
    await deps.store.updateSession(last.id, anew);
    return { ...last, ...anew };
  }

  const id = deps.newId("ses");
  const config = await resolve(deps, claims, row, subscription, now, id);
  const at = deps.clock();
  const email = config.customer.email ?? visit.email;
  const session: SessionRow = {
    workspaceId: claims.workspaceId,
    environment: claims.environment,
    id,
    tokenId: claims.tokenId,
    ordinal: last ? last.ordinal + 1 : 0,
    customerId: claims.customerId,
    subscriptionId: subscription.id,
    ...(email ? { email } : {}),
    ...snapshot(row, subscription, config),
    ...(locale ? { locale } : {}),
    createdAt: at,
    openedAt: now,
    touchedAt: at,
  };
  if (await deps.store.insertSession(session)) return session;
  // Another tab was quicker: its session is this visit's too.
  return (await deps.store.latestSession(claims.tokenId, subscription.id)) as SessionRow;
}

/**
 * Finds out what became of what is pending.
 * @returns a session that billing has not answered: it is told on every page, whatever token it comes with, so that nobody
 * decides twice
 */
async function settleAll(deps: Deps, scope: Scope, subscriptionId: string): Promise<SessionRow | undefined> {
  for (const session of await deps.store.pendingSessions(scope, subscriptionId)) {
    const settled = await settlePending(deps, session);
    if (settled.settlement?.status === "requested") return settled;
  }
  await settleChanges(deps, scope, subscriptionId);
  return undefined;
}

/** Whether the next visit is another one. */
function isOverFor({ restart, anewAfter }: Visit, last: SessionRow, now: number): boolean {
  if (last.undoneAt !== undefined || (restart && last.outcome === "retained")) return true;
  return anewAfter !== undefined && (!!last.settlement || now - last.touchedAt >= anewAfter);
}

/** A renewed token has another id than the one that the session was opened with; who is asking is the same. */
async function ongoing(
  { store, clock }: Deps,
  { tokenId, workspaceId, environment, customerId }: SessionClaims,
  { session: id, restart }: Visit,
  subscriptionId: string,
): Promise<SessionRow | undefined> {
  const found = id && !restart ? await store.session(id) : undefined;
  const isOwn =
    found?.workspaceId === workspaceId &&
    found.environment === environment &&
    found.customerId === customerId &&
    found.subscriptionId === subscriptionId &&
    found.undoneAt === undefined &&
    // What is decided behind a link is told to its business, and nothing else is.
    (found.tokenId === tokenId || !(isLinkId(found.tokenId) || isLinkId(tokenId))) &&
    clock() - found.touchedAt < DELIVERY_TTL;
  return isOwn ? found : undefined;
}

/** Of whoever asks for a session on every page view, the one that they are in; not behind a link, whose result is told to its business. */
async function lately(
  { store, clock }: Deps,
  claims: SessionClaims,
  { anewAfter }: Visit,
  subscriptionId: string,
): Promise<SessionRow | undefined> {
  if (anewAfter === undefined) return undefined;
  const { customerId } = claims;
  const since = clock() - anewAfter;
  const open = await store.openVisits(claims, { customerId, subscriptionId, since, limit: 9 });
  return open.find(({ tokenId }) => !isLinkId(tokenId));
}

async function subscriptionOf(
  billing: BillingProvider,
  claims: SessionClaims,
  wanted: string | undefined,
): Promise<BilledSubscription> {
  if (claims.subscriptionId && wanted && claims.subscriptionId !== wanted)
    throw new Problem("subscription_not_found");
  const id = claims.subscriptionId ?? wanted;
  const subscription = id
    ? await billing.subscription(id)
    : (await billing.subscriptions(claims.customerId))[0];
  if (subscription?.customerId !== claims.customerId) throw new Problem("subscription_not_found");
  return subscription;
}

function snapshot({ id, version }: FlowRow, subscription: BilledSubscription, config: FlowConfig) {
  const { plan, price } = subscription;
  return {
    flowId: id,
    flowVersion: version,
    config,
    plan: plan.name,
    mrr: mrrOf(subscription),
    currency: price.currency,
  };
}

async function resolve(
  deps: Deps,
  claims: SessionClaims,
  row: FlowRow,
  subscription: BilledSubscription,
  now: number,
  sessionId: string,
): Promise<FlowConfig> {
  const billing = deps.billing(claims);
  const [accepted, customers, workspace] = await Promise.all([
    deps.store.acceptedOffers(claims, claims.customerId),
    billing.findCustomers({ id: claims.customerId }),
    deps.store.workspace(claims.workspaceId),
  ]);
  const { name, email } = customers[0] ?? {};
  const fallbackEmail = workspace?.settings.fallbackEmail;
  const flow = await resolveFlow(row, { subscription, accepted, now }, billing);
  // Metadata may hold what a customer should not read: only what the flow's own texts name is kept, in any language,
  // and of that only what the words of the answer name leaves the server.
  const mentioned = attributesIn(flow, (row.definition as unknown as FlowDefinition).translations);
  return {
    session: { id: sessionId, environment: claims.environment },
    flow,
    subscription: flowView(subscription),
    customer: { ...(name ? { name } : {}), ...(email ? { email } : {}) },
    attributes: Object.fromEntries(
      Object.entries(subscription.metadata).filter(([key]) => mentioned.has(key)),
    ),
    ...(fallbackEmail ? { fallbackEmail } : {}),
    now,
  };
}

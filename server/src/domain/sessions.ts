/** Sessions: minted as sealed ids, opened as one flow for one subscription. */
import type { Flow, FlowConfig } from "../../../src/api/wire.ts";
import { monthlyAmount } from "../../../src/flow/offers.ts";
import {
  type BilledSubscription,
  type BillingProvider,
  type Customer,
  publicView,
} from "../billing/provider.ts";
import type { Deps } from "../deps.ts";
import type { FlowRow, Scope, SessionRow } from "../store/store.ts";
import { resolveFlow } from "./flows.ts";
import { termsHold } from "./offers.ts";
import { Problem } from "./problem.ts";
import { type SessionClaims, type SessionPrefix, sealSession } from "./session-token.ts";
import { settlePending } from "./settlement.ts";

export interface CustomerQuery {
  customer_id?: string | undefined;
  customer_email?: string | undefined;
  subscription_id?: string | undefined;
}

/**
 * @returns a sealed session id
 * @throws Problem parameter_missing, customer_not_found, customer_ambiguous, subscription_not_found
 */
export async function mintSession(
  deps: Deps,
  scope: Scope,
  prefix: SessionPrefix,
  query: CustomerQuery,
): Promise<string> {
  const { customer_id: id, customer_email: email, subscription_id: subscriptionId } = query;
  if (!id && !email)
    throw new Problem("parameter_missing", { message: "customer_id or customer_email is required" });
  const billing = deps.billing(scope);
  const found = await billing.findCustomers(id ? { id } : { email: email as string });
  const customer = await theOne(billing, found, subscriptionId);
  return sealSession(deps.keys.session, prefix, {
    workspaceId: scope.workspaceId,
    environment: scope.environment,
    tokenId: deps.newId("tok"),
    customerId: customer.id,
    ...(subscriptionId ? { subscriptionId } : {}),
    expiresAt: deps.clock() + deps.limits.sessionTtl,
  });
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

/**
 * The configuration for one visit; the same call again gives the same session.
 * @param options.subscriptionId one of the customer's, if the session id does not name one already
 * @param options.restart begin again after having been retained
 */
export async function openFlow(
  deps: Deps,
  claims: SessionClaims,
  options: { subscriptionId?: string | undefined; restart?: boolean },
): Promise<FlowConfig> {
  const billing = deps.billing(claims);
  const subscription = await subscriptionOf(billing, claims, options.subscriptionId);
  const found = await deps.store.latestSession(claims.tokenId, subscription.id);
  const last = found && (await settlePending(deps, found));
  if (last?.settlement && !(options.restart && last.outcome === "retained")) return configOf(last);

  const row = await deps.store.activeFlow(claims);
  if (!row) throw new Problem("no_active_flow");
  const now = await billing.now();
  if (last && !last.settlement) {
    const sameFlow = last.flowId === row.id && last.flowVersion === row.version;
    if (sameFlow && termsHold(last.config, subscription, now)) return configOf(last);
    const config = await resolve(deps, claims, row, subscription, now, last.id);
    await deps.store.updateSession(last.id, { ...snapshot(row, subscription, config) });
    return config;
  }

  const id = deps.newId("ses");
  const config = await resolve(deps, claims, row, subscription, now, id);
  const at = deps.clock();
  const session: SessionRow = {
    workspaceId: claims.workspaceId,
    environment: claims.environment,
    id,
    tokenId: claims.tokenId,
    ordinal: last ? last.ordinal + 1 : 0,
    customerId: claims.customerId,
    subscriptionId: subscription.id,
    ...(config.customer.email ? { email: config.customer.email } : {}),
    ...snapshot(row, subscription, config),
    createdAt: at,
    touchedAt: at,
  };
  if (await deps.store.insertSession(session)) return config;
  // Another tab was quicker: its session is this visit's too.
  return configOf((await deps.store.latestSession(claims.tokenId, subscription.id)) as SessionRow);
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

function snapshot({ id, version }: FlowRow, { plan, price }: BilledSubscription, config: FlowConfig) {
  return {
    flowId: id,
    flowVersion: version,
    config,
    plan: plan.name,
    mrr: monthlyAmount(price),
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
  return {
    session: { id: sessionId, environment: claims.environment },
    flow,
    subscription: publicView(subscription),
    customer: { ...(name ? { name } : {}), ...(email ? { email } : {}) },
    attributes: mentioned(flow, subscription.metadata),
    ...(fallbackEmail ? { fallbackEmail } : {}),
    now,
  };
}

/** Metadata may hold what a customer should not read: only what the flow's own texts name leaves the server. */
function mentioned(flow: Flow, metadata: BilledSubscription["metadata"]): Record<string, string> {
  const named = new Set(
    Array.from(JSON.stringify(flow).matchAll(/\{\{\s*attributes\.([\w-]+)/g), ([, key]) => key as string),
  );
  return Object.fromEntries(Object.entries(metadata).filter(([key]) => named.has(key)));
}

const configOf = ({ config, settlement }: SessionRow): FlowConfig => ({
  ...config,
  session: { ...config.session, ...(settlement ? { settlement } : {}) },
});

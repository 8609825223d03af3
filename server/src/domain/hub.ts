/** What a subscription hub shows of one customer: what billing says now, and no more than that. */
import type { Hub, HubActions, HubSubscription, Subscription } from "../../../src/api/wire.ts";
import {
  type BilledSubscription,
  BillingError,
  type BillingProvider,
  publicView,
} from "../billing/provider.ts";
import { canonicalLocale } from "../contract/locale.ts";
import type { Deps } from "../deps.ts";
import type { HubSettings, WorkspaceRow } from "../store/store.ts";
import { actionsOf, askedOnce, type Catalogue, isOn, readActions } from "./availability.ts";
import { settleChanges } from "./changes.ts";
import { shownCustomer } from "./customer.ts";
import { newestFirst, proactiveOffer } from "./proactive.ts";
import type { SessionClaims } from "./session-token.ts";
import { settlePending } from "./settlement.ts";
import { noticeUndone } from "./undo.ts";
import { messagesOf } from "./words.ts";

/** For how long what has ended is still shown, ms: a last invoice may yet be on its way. */
export const SHOWN_AFTER_THE_END = 60 * 86_400_000;

const SECTIONS = ["invoices", "billing_details", "billing_email"] as const;

/**
 * A customer whom billing does not know, or who has no subscription, has an empty hub.
 * @param locale the customer's language; what is no language tag counts as none
 * @throws BillingError if billing does not answer
 */
export async function readHub(
  deps: Deps,
  claims: SessionClaims,
  workspace: Pick<WorkspaceRow, "settings">,
  locale: string | undefined,
): Promise<Hub> {
  const { settings } = workspace;
  const billing = deps.billing(claims);
  const [found, customers] = await Promise.all([
    settledSubscriptions(deps, claims, billing),
    billing.findCustomers({ id: claims.customerId }),
  ]);
  const { requested } = found;
  const now = await billing.now();
  await noticeUndone(deps, claims, found.subscriptions);
  const subscriptions = shown(found.subscriptions, now);
  const catalogue = askedOnce(billing);
  const occasion = { now, pending: requested, locale };
  const [offer, actions] = await Promise.all([
    unlessSilent(deps, proactiveOffer(deps, claims, workspace, subscriptions, occasion)),
    Promise.all(subscriptions.map((each) => actionsFor(deps, catalogue, each, settings.hub, now))),
  ]);
  const messages = messagesOf(settings, canonicalLocale(locale));
  const { fallbackEmail } = settings;
  const [customer] = customers;
  const hasDetails = isOn(settings.hub, "billing_details");
  const sections = SECTIONS.filter(
    (each) => isOn(settings.hub, each) && (hasDetails || each !== "billing_email"),
  );
  return {
    environment: claims.environment,
    subscriptions: subscriptions.map((each, index) => hubView(each, actions[index] ?? {})),
    ...(requested.length ? { requested } : {}),
    ...(offer ? { offer } : {}),
    customer: shownCustomer(customer ?? {}),
    sections: customer ? sections : [],
    ...(fallbackEmail ? { fallbackEmail } : {}),
    ...(messages ? { messages } : {}),
    now,
  };
}

/** What is offered and which plans there are can be left out: it keeps nobody from what needs no look-up. */
async function unlessSilent<Result>({ log }: Deps, asked: Promise<Result>): Promise<Result | undefined> {
  try {
    return await asked;
  } catch (error) {
    if (!(error instanceof BillingError)) throw error;
    log.warn({ code: error.code }, "billing does not answer about a part of a hub");
    return undefined;
  }
}

async function actionsFor(
  deps: Deps,
  catalogue: Catalogue,
  subscription: BilledSubscription,
  settings: HubSettings | undefined,
  now: number,
): Promise<HubActions> {
  const known = await unlessSilent(deps, readActions(catalogue, subscription, settings, now));
  return known ?? actionsOf(subscription, { now, settings, forSale: [] });
}

function hubView(subscription: BilledSubscription, actions: HubActions): HubSubscription {
  const { paymentMethod, due } = subscription;
  return {
    ...publicView(subscription),
    actions,
    ...(paymentMethod ? { paymentMethod } : {}),
    ...(due ? { due } : {}),
  };
}

/** What a customer has asked for and billing has not answered is found out first: it may have happened already. */
async function settledSubscriptions(
  deps: Deps,
  claims: SessionClaims,
  billing: BillingProvider,
): Promise<{ subscriptions: BilledSubscription[]; requested: string[] }> {
  const found = await subscriptionsOf(billing, claims);
  const settled = await Promise.all(found.map(({ id }) => settle(deps, claims, id)));
  return {
    subscriptions: settled.some(Boolean) ? await subscriptionsOf(billing, claims) : found,
    requested: found.filter((_, index) => settled[index] === "requested").map(({ id }) => id),
  };
}

/** Undefined where nothing was pending. */
async function settle(
  deps: Deps,
  claims: SessionClaims,
  id: string,
): Promise<"settled" | "requested" | undefined> {
  const sessions = await deps.store.pendingSessions(claims, id);
  const changes = await deps.store.pendingChanges(claims, id);
  if (!sessions.length && !changes.length) return undefined;
  for (const session of sessions) {
    const { settlement } = await settlePending(deps, session);
    if (settlement?.status === "requested") return "requested";
  }
  return (await settleChanges(deps, claims, id)).length ? "requested" : "settled";
}

async function subscriptionsOf(
  billing: BillingProvider,
  { customerId, subscriptionId }: SessionClaims,
): Promise<BilledSubscription[]> {
  if (subscriptionId === undefined) return billing.subscriptions(customerId);
  const named = await billing.subscription(subscriptionId);
  return named?.customerId === customerId ? [named] : [];
}

/** The newest first. Of what has ended only what ended lately or, so that nobody faces an empty page, the last one. */
function shown(all: readonly BilledSubscription[], now: number): BilledSubscription[] {
  const ended = all.filter(hasEnded).sort((one, other) => endOf(other) - endOf(one));
  const lately = ended.filter((each) => now - endOf(each) <= SHOWN_AFTER_THE_END);
  const some = [...all.filter((each) => !hasEnded(each)), ...lately];
  return newestFirst(some.length ? some : ended.slice(0, 1));
}

const hasEnded = ({ status }: Subscription): boolean => status === "cancelled";
const endOf = ({ cancelAt, periodEnd }: Subscription): number => cancelAt ?? periodEnd;

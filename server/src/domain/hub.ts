/** What a subscription hub shows of one customer: what billing says now, and no more than that. */
import type { Hub, Subscription } from "../../../src/api/wire.ts";
import { type BilledSubscription, type BillingProvider, publicView } from "../billing/provider.ts";
import { canonicalLocale } from "../contract/locale.ts";
import type { Deps } from "../deps.ts";
import type { WorkspaceRow } from "../store/store.ts";
import type { SessionClaims } from "./session-token.ts";
import { settlePending } from "./settlement.ts";
import { messagesOf } from "./words.ts";

/** For how long what has ended is still shown, ms: a last invoice may yet be on its way. */
export const SHOWN_AFTER_THE_END = 60 * 86_400_000;

/**
 * A customer whom billing does not know, or who has no subscription, has an empty hub.
 * @param locale the customer's language; what is no language tag counts as none
 * @throws BillingError if billing does not answer
 */
export async function readHub(
  deps: Deps,
  claims: SessionClaims,
  { settings }: Pick<WorkspaceRow, "settings">,
  locale: string | undefined,
): Promise<Hub> {
  const billing = deps.billing(claims);
  const [found, customers] = await Promise.all([
    settledSubscriptions(deps, claims, billing),
    billing.findCustomers({ id: claims.customerId }),
  ]);
  const { subscriptions, requested } = found;
  const now = await billing.now();
  const { name, email } = customers[0] ?? {};
  const messages = messagesOf(settings, canonicalLocale(locale));
  const { fallbackEmail } = settings;
  return {
    environment: claims.environment,
    subscriptions: shown(subscriptions, now).map(publicView),
    ...(requested.length ? { requested } : {}),
    customer: { ...(name ? { name } : {}), ...(email ? { email } : {}) },
    ...(fallbackEmail ? { fallbackEmail } : {}),
    ...(messages ? { messages } : {}),
    now,
  };
}

/** What a customer has asked for and billing has not answered is found out first: it may have happened already. */
async function settledSubscriptions(
  deps: Deps,
  claims: SessionClaims,
  billing: BillingProvider,
): Promise<{ subscriptions: BilledSubscription[]; requested: string[] }> {
  const found = await subscriptionsOf(billing, claims);
  const requested: string[] = [];
  let isAsked = false;
  await Promise.all(
    found.map(async ({ id }) => {
      for (const session of await deps.store.pendingSessions(claims, id)) {
        isAsked = true;
        const { settlement } = await settlePending(deps, session);
        if (settlement?.status !== "requested") continue;
        requested.push(id);
        break;
      }
    }),
  );
  return { subscriptions: isAsked ? await subscriptionsOf(billing, claims) : found, requested };
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
  return (some.length ? some : ended.slice(0, 1)).sort((one, other) => other.startedAt - one.startedAt);
}

const hasEnded = ({ status }: Subscription): boolean => status === "cancelled";
const endOf = ({ cancelAt, periodEnd }: Subscription): number => cancelAt ?? periodEnd;

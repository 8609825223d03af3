/** What a hub offers without being asked: at most one thing, for one subscription, and none to who has said no lately. */
import type { Hub, Offer } from "../../../src/api/wire.ts";
import type { BilledSubscription } from "../billing/provider.ts";
import type { FlowDefinition } from "../contract/flow-definition.ts";
import { canonicalLocale } from "../contract/locale.ts";
import type { Deps } from "../deps.ts";
import type { Scope, WorkspaceRow } from "../store/store.ts";
import { isOn, takesOtherTerms } from "./availability.ts";
import { firstOffer } from "./offers.ts";
import type { SessionClaims } from "./session-token.ts";
import { translated } from "./words.ts";

const DAY = 86_400_000;

export interface Occasion {
  /** Billing's clock. */
  now: number;
  /** Ids of subscriptions for which something waits for billing's answer: nothing else is begun. */
  pending?: readonly string[];
  /** The customer's language; what is no language tag counts as none. */
  locale?: string | undefined;
}

/**
 * The first offer that applies, for the first subscription that it applies to. What this gives is what may be taken.
 * @param subscriptions of the customer, as billing has them now
 * @throws BillingError if billing does not answer
 */
export async function proactiveOffer(
  deps: Deps,
  claims: SessionClaims,
  { settings }: Pick<WorkspaceRow, "settings">,
  subscriptions: readonly BilledSubscription[],
  { now, pending = [], locale }: Occasion,
): Promise<NonNullable<Hub["offer"]> | undefined> {
  if (!isOn(settings.hub, "offers")) return undefined;
  const candidates = subscriptions.filter((each) => takesOtherTerms(each) && !pending.includes(each.id));
  const definition = candidates.length ? await activeDefinition(deps, claims) : undefined;
  if (!definition?.proactive) return undefined;
  const { offers, quietDays } = definition.proactive;
  const dismissed = await deps.store.dismissedOffers(claims, claims.customerId);
  if (dismissed.some(({ at }) => now - at < quietDays * DAY)) return undefined;
  const accepted = await deps.store.acceptedOffers(claims, claims.customerId);
  const billing = deps.billing(claims);
  for (const subscription of candidates) {
    const offer = await firstOffer(offers, { subscription, accepted, now }, billing);
    if (offer) return { subscription: subscription.id, offer: inWords(offer, definition, locale) };
  }
  return undefined;
}

/** In the order in which a hub shows them. */
export const newestFirst = <Each extends Pick<BilledSubscription, "startedAt">>(
  all: readonly Each[],
): Each[] => all.toSorted((one, other) => other.startedAt - one.startedAt);

/** Nothing is offered for a while. What is no offer of the active flow, or of none any more, is forgotten. */
export async function dismissOffer(
  deps: Deps,
  claims: SessionClaims,
  offerId: string,
): Promise<{ dismissed: boolean }> {
  const definition = await activeDefinition(deps, claims);
  if (!definition?.proactive?.offers.some(({ id }) => id === offerId)) return { dismissed: false };
  const now = await deps.billing(claims).now();
  await deps.store.dismissOffer(claims, claims.customerId, offerId, now);
  return { dismissed: true };
}

async function activeDefinition({ store }: Deps, scope: Scope): Promise<FlowDefinition | undefined> {
  return (await store.activeFlow(scope))?.definition as unknown as FlowDefinition | undefined;
}

/** As in a flow: an offer has its words under its own id, wherever it stands. */
function inWords(offer: Offer, definition: FlowDefinition, locale: string | undefined): Offer {
  const alone = { id: "", version: 0, steps: [{ type: "offer" as const, id: offer.id, offer }] };
  const [step] = translated(alone, definition, canonicalLocale(locale)).steps;
  return step?.type === "offer" ? step.offer : offer;
}

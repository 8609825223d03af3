/** What a change means for billing, and whether that is still what the customer has seen. */
import type { HubActions, HubChange, Price } from "../../../src/api/wire.ts";
import { monthlyAmount, pauseEnd } from "../../../src/flow/offers.ts";
import type { BilledSubscription, BillingAction } from "../billing/provider.ts";
import type { Deps } from "../deps.ts";
import type { WorkspaceRow } from "../store/store.ts";
import { isAmong, readActions } from "./availability.ts";
import { actionFor, isLonger } from "./offers.ts";
import { isAnythingPending } from "./pending.ts";
import { newestFirst, proactiveOffer } from "./proactive.ts";
import { Problem } from "./problem.ts";
import type { SessionClaims } from "./session-token.ts";

/** How long a preview holds, and by how much an instant may differ from the one that was shown, ms. */
export const PREVIEW_TTL = 15 * 60_000;

type OwnChange = Exclude<HubChange, { type: "offer" }>;

export interface Wanted {
  action: BillingAction;
  offerId?: string;
}

/**
 * @param at billing's clock at the preview: months and unused time count from it
 * @throws Problem change_not_available; BillingError
 */
export async function actionOf(
  deps: Deps,
  claims: SessionClaims,
  workspace: Pick<WorkspaceRow, "settings">,
  subscription: BilledSubscription,
  change: HubChange,
  at: number,
): Promise<Wanted> {
  if (change.type === "offer") {
    // As the hub does: of all that the customer has, it is offered for one.
    const named = claims.subscriptionId !== undefined;
    const all = named ? [subscription] : await deps.billing(claims).subscriptions(claims.customerId);
    const waiting = await Promise.all(all.map(({ id }) => isAnythingPending(deps.store, claims, id)));
    const pending = all.filter((_, index) => waiting[index]).map(({ id }) => id);
    const made = await proactiveOffer(deps, claims, workspace, newestFirst(all), { now: at, pending });
    const isMeant = made?.offer.id === change.offer && made.subscription === subscription.id;
    const action = isMeant ? actionFor(made.offer, {}, subscription.id, at) : undefined;
    if (!action) throw new Problem("change_not_available");
    return { action, offerId: change.offer };
  }
  const actions = await readActions(deps.billing(claims), subscription, workspace.settings.hub, at);
  if (!isAmong(actions, change)) throw new Problem("change_not_available");
  if (change.type === "promo_code") await checkUnused(deps, claims, change.code);
  return { action: billingAction(actions, subscription, change, at) };
}

/** A customer uses a code once, whatever number of customers may. */
async function checkUnused({ store }: Deps, claims: SessionClaims, code: string): Promise<void> {
  const plain = (each: string) => each.trim().toLowerCase();
  const redeemed = await store.redeemedCodes(claims, claims.customerId);
  if (redeemed.some((each) => plain(each) === plain(code))) throw new Problem("promo_code_used_up");
}

/** @param actions among which the change is */
export function billingAction(
  actions: HubActions,
  subscription: BilledSubscription,
  change: OwnChange,
  at: number,
): BillingAction {
  const subscriptionId = subscription.id;
  switch (change.type) {
    case "plan_change": {
      const { priceId } = change;
      const price = actions.plan_change?.plans.find((plan) => plan.price.id === priceId)?.price;
      const now = price && (subscription.status === "trialing" || isMore(price, subscription.price));
      return now
        ? { type: "change_price", subscriptionId, priceId, charge: "now", asOf: at }
        : { type: "change_price", subscriptionId, priceId, charge: "renewal" };
    }
    case "annual_switch": {
      const priceId = actions.annual_switch?.plan.price.id as string;
      return { type: "change_price", subscriptionId, priceId, charge: "now", asOf: at };
    }
    case "pause":
    case "extend_pause": {
      const startsAt = (change.type === "extend_pause" && actions.extend_pause?.startsAt) || at;
      return {
        type: "pause",
        subscriptionId,
        resumesAt: pauseEnd({ startsAt }, change.choice) as number,
      };
    }
    case "promo_code":
      return { type: "promo_code", subscriptionId, code: change.code };
    default:
      return { type: change.type, subscriptionId };
  }
}

/**
 * What is more takes effect at once; what is less waits until what is paid for has been used. A shorter interval always
 * waits: the rest of a year would become a credit that nobody sees.
 */
const isMore = (next: Price, present: Price): boolean =>
  isLonger(next, present) || (!isLonger(present, next) && monthlyAmount(next) > monthlyAmount(present));

const isInstant = (name: string): boolean => name === "at" || /(At|End|Until)$/.test(name);

/** All is equal, but for instants: they move with the moment of asking. */
export function isAsSeen(seen: unknown, present: unknown, name = ""): boolean {
  if (typeof seen === "number" && typeof present === "number" && isInstant(name))
    return Math.abs(seen - present) <= PREVIEW_TTL;
  if (typeof seen !== "object" || typeof present !== "object" || !seen || !present) return seen === present;
  if (Array.isArray(seen) !== Array.isArray(present)) return false;
  const names = Object.keys(seen);
  return (
    names.length === Object.keys(present).length &&
    names.every(
      (each) =>
        Object.hasOwn(present, each) &&
        isAsSeen(seen[each as keyof typeof seen], present[each as keyof typeof present], each),
    )
  );
}

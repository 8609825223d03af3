/**
 * What a customer can change in a hub now: the one place that decides, for what the hub shows, for previews and for
 * changes alike. Offers are decided in `proactive.ts`.
 */
import type { HubActions, HubChange, PlanOption } from "../../../src/api/wire.ts";
import { allows } from "../../../src/flow/offers.ts";
import type {
  BilledSubscription,
  BillingAction,
  BillingProvider,
  CatalogPrice,
} from "../billing/provider.ts";
import type { HubSettings, HubSwitch } from "../store/store.ts";
import { annualPlan, asOption, isLonger, pauseChoices } from "./offers.ts";

export interface Facts {
  /** Billing's clock. */
  now: number;
  settings: HubSettings | undefined;
  /** Prices that the customer may change to, the present one perhaps among them. */
  forSale: readonly CatalogPrice[];
}

/** What there is to choose where a business has not said it. */
const PAUSE: NonNullable<HubSettings["pause"]> = { months: [1, 2, 3], maxMonths: 3 };

/** Where each action is switched off; cancelling is not. */
const SWITCHES: Record<Exclude<keyof HubActions, "cancel">, HubSwitch> = {
  plan_change: "plan_change",
  annual_switch: "annual_switch",
  pause: "pause",
  extend_pause: "pause",
  resume: "resume",
  undo_cancellation: "undo_cancellation",
  promo_code: "promo_code",
  retry_payment: "retry_payment",
  payment_method: "payment_method",
};

/** What billing is asked to do for each; nothing for a page of its own. */
const ASKED: Partial<Record<keyof HubActions, BillingAction["type"]>> = {
  plan_change: "change_price",
  annual_switch: "change_price",
  pause: "pause",
  extend_pause: "pause",
  undo_cancellation: "undo_cancellation",
  promo_code: "promo_code",
  retry_payment: "retry_payment",
};

/** What a business has not switched off is on; an e-mail address can only be changed where it has switched that on. */
export const isOn = (settings: HubSettings | undefined, name: HubSwitch): boolean =>
  settings?.actions?.[name] ?? name !== "billing_email";

/** Whether other terms make sense: it runs, goes on, and everything is paid. */
export const takesOtherTerms = ({ status, cancelAt, due }: BilledSubscription): boolean =>
  (status === "active" || status === "trialing") && cancelAt === undefined && !due;

/** All that can be done with a subscription now, with what there is to choose. */
export function actionsOf(subscription: BilledSubscription, facts: Facts): HubActions {
  const isOffered = (name: keyof HubActions) => {
    const asked = ASKED[name];
    if (asked && subscription.refuses?.includes(asked)) return false;
    return name === "cancel" || isOn(facts.settings, SWITCHES[name]);
  };
  const all = Object.entries(possible(subscription, facts));
  return Object.fromEntries(all.filter(([name, action]) => action && isOffered(name as keyof HubActions)));
}

function possible(subscription: BilledSubscription, facts: Facts): HubActions {
  const { status, cancelAt, due, discount, price, nextCharge, pausedSince } = subscription;
  if (status === "cancelled") return {};
  const overdue: HubActions = due ? { retry_payment: {}, payment_method: {} } : {};
  // Who leaves is charged nothing more, but for what is due already.
  if (cancelAt !== undefined) return { undo_cancellation: {}, ...overdue };
  const always: HubActions = { ...overdue, payment_method: {}, cancel: {} };
  if (status === "paused") {
    // The whole pause has the lengths to pick from: nobody makes it endless bit by bit.
    const terms = pauseTerms(subscription, facts, pausedSince);
    return { ...always, resume: {}, ...(terms ? { extend_pause: terms } : {}) };
  }
  if (!takesOtherTerms(subscription)) return always;
  const plans = plansFor(subscription, facts);
  const pause = status === "active" ? pauseTerms(subscription, facts) : undefined;
  const own = facts.forSale.filter(({ productId }) => productId === subscription.plan.id);
  const annual = annualPlan(subscription, own);
  return {
    ...always,
    ...(plans.length ? { plan_change: { plans } } : {}),
    ...(annual ? { annual_switch: annual } : {}),
    ...(pause ? { pause } : {}),
    // Billing refuses a second discount, and one of nothing would be used up for nothing.
    ...(!discount && price.amount > 0 && nextCharge ? { promo_code: {} } : {}),
  };
}

function pauseTerms(subscription: BilledSubscription, { now, settings }: Facts, since = now) {
  const { months, maxMonths } = settings?.pause ?? PAUSE;
  const definition = { months, untilDate: maxMonths === undefined ? undefined : { maxMonths } };
  return pauseChoices(definition, subscription, now, since);
}

/**
 * The cheapest first. Paying for longer in advance is the yearly switch by another name: it is off with that, and a
 * discount that was meant for some months must not become one for a year. A change that is planned already is no choice; the present plan is one then, and takes it back.
 */
function plansFor(subscription: BilledSubscription, { forSale, settings }: Facts): PlanOption[] {
  const { price, plan, quantity, scheduledChange, discount } = subscription;
  const mayBeLonger = !discount && isOn(settings, "annual_switch");
  const others = forSale
    .filter((each) => mayBeLonger || !isLonger(each.price, price))
    .filter((each) => each.price.currency === price.currency)
    .filter(({ price: { id } }) => id !== price.id && id !== scheduledChange?.price.id)
    .map((each) => asOption(each, quantity));
  const { name, features } = plan;
  const present: PlanOption = { price, name, ...(features.length ? { features } : {}) };
  return [...(scheduledChange ? [present] : []), ...others].sort(
    (one, other) => one.price.amount - other.price.amount,
  );
}

export type Catalogue = Pick<BillingProvider, "price" | "prices">;

/**
 * The same with the prices that billing has.
 * @throws BillingError if billing does not answer
 */
export async function readActions(
  billing: Catalogue,
  subscription: BilledSubscription,
  settings: HubSettings | undefined,
  now: number,
): Promise<HubActions> {
  const needsPrices =
    takesOtherTerms(subscription) && (isOn(settings, "plan_change") || isOn(settings, "annual_switch"));
  const forSale = needsPrices ? await pricesFor(billing, subscription, settings?.plans) : [];
  return actionsOf(subscription, { now, settings, forSale });
}

/** Those that the business names, as far as they are for sale, or all of the product. */
async function pricesFor(
  billing: Catalogue,
  { plan }: BilledSubscription,
  named: readonly string[] | undefined,
): Promise<CatalogPrice[]> {
  if (!named) return billing.prices(plan.id);
  const known = await Promise.all(named.map((id) => billing.price(id)));
  const products = new Set(known.flatMap((each) => (each ? [each.productId] : [])));
  const forSale = (await Promise.all(Array.from(products, (id) => billing.prices(id)))).flat();
  return named.flatMap((id) => forSale.find(({ price }) => price.id === id) ?? []);
}

/** The same catalogue, asked once for each thing: a hub needs it for each of its subscriptions. */
export function askedOnce(billing: Catalogue): Catalogue {
  const once = <Value>(ask: (id: string) => Promise<Value>) => {
    const asked = new Map<string, Promise<Value>>();
    return (id: string): Promise<Value> => {
      const before = asked.get(id);
      if (before) return before;
      const answer = ask(id);
      asked.set(id, answer);
      return answer;
    };
  };
  return { price: once((id) => billing.price(id)), prices: once((id) => billing.prices(id)) };
}

/** Whether a change is one of these actions, with what was chosen in it. */
export function isAmong(actions: HubActions, change: Exclude<HubChange, { type: "offer" }>): boolean {
  switch (change.type) {
    case "plan_change":
      return !!actions.plan_change?.plans.some(({ price }) => price.id === change.priceId);
    case "pause":
    case "extend_pause": {
      const terms = actions[change.type];
      return !!terms && allows({ type: "pause", id: change.type, terms }, change.choice);
    }
    default:
      return actions[change.type] !== undefined;
  }
}

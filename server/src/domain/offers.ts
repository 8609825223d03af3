/** The offer engine: which of a flow's offers this customer may take now, and on which terms. */
import { isDeepStrictEqual } from "node:util";
import type { Choice, FlowConfig, Offer, PauseTerms, PlanOption, Price } from "../../../src/api/wire.ts";
import { addIntervals, addMonths, discounted, pauseEnd } from "../../../src/flow/offers.ts";
import {
  type BilledSubscription,
  type BillingAction,
  BillingError,
  type BillingProvider,
  type CatalogPrice,
  flowView,
} from "../billing/provider.ts";
import type { OfferDefinition } from "../contract/flow-definition.ts";
import { holds } from "./conditions.ts";

const DAY = 86_400_000;

export interface Accepted {
  offerId: string;
  at: number;
}

export interface Customer {
  subscription: BilledSubscription;
  /** Every offer this customer has accepted before, whatever the session. */
  accepted: readonly Accepted[];
  /** Billing's clock. */
  now: number;
}

type Definition<Type> = Extract<OfferDefinition, { type: Type }>;

/** What billing is asked to do for an offer, where it is asked at all. */
const ACTIONS: Partial<Record<OfferDefinition["type"], BillingAction["type"]>> = {
  discount: "discount",
  pause: "pause",
  plan_change: "change_price",
  annual_switch: "change_price",
  trial_extension: "extend_trial",
};

/** How long terms that were shown stay the ones to execute, if nothing changed meanwhile, ms. */
const TERMS_TTL = 15 * 60_000;

/** Whether the terms of a resolved flow still say what would happen: same subscription, and not too long ago. */
export function termsHold(config: FlowConfig, subscription: BilledSubscription, now: number): boolean {
  const present = flowView(subscription);
  const then = config.subscription.nextCharge;
  // What is used meanwhile changes the next charge, and nothing that was promised.
  if (subscription.usage !== undefined && present.nextCharge && then)
    present.nextCharge = { ...present.nextCharge, amount: then.amount };
  return now - config.now < TERMS_TTL && isDeepStrictEqual(config.subscription, present);
}

/** Whether the customer's history still leaves this offer open. */
export function isEligible(definition: OfferDefinition, { accepted, now }: Customer): boolean {
  const { id, oncePerCustomer = true, cooldownDays } = definition;
  if (oncePerCustomer && accepted.some((each) => each.offerId === id)) return false;
  return !cooldownDays || accepted.every((each) => now - each.at >= cooldownDays * DAY);
}

/** The first offer of the list that applies, with its terms; undefined when none does. */
export async function firstOffer(
  definitions: readonly OfferDefinition[],
  customer: Customer,
  billing: BillingProvider,
): Promise<Offer | undefined> {
  // Who is leaving already is left alone.
  if (customer.subscription.cancelAt !== undefined || customer.subscription.status === "cancelled")
    return undefined;
  for (const definition of definitions) {
    if (!holds(definition.when, customer.subscription, customer.now) || !isEligible(definition, customer))
      continue;
    const offer = await withTerms(definition, customer, billing);
    if (offer) return offer;
  }
  return undefined;
}

/** Undefined where the offer makes no sense for this subscription: no second discount, no pause of a trial, … */
async function withTerms(
  definition: OfferDefinition,
  customer: Customer,
  billing: BillingProvider,
): Promise<Offer | undefined> {
  const { id, title, body, acceptLabel, declineLabel } = definition;
  const copy = Object.fromEntries(
    Object.entries({ title, body, acceptLabel, declineLabel }).filter(([, value]) => value !== undefined),
  );
  const action = ACTIONS[definition.type];
  if (action && customer.subscription.refuses?.includes(action)) return undefined;
  const offer = <Type extends Offer["type"]>(
    type: Type,
    terms: Extract<Offer, { type: Type }>["terms"] | undefined,
  ) => terms && ({ type, id, ...copy, terms } as Offer);
  switch (definition.type) {
    case "discount":
      return offer("discount", discountTerms(definition, customer));
    case "pause":
      return offer("pause", pauseTerms(definition, customer));
    case "plan_change":
      return offer("plan_change", await planTerms(definition, customer, billing));
    case "annual_switch":
      return offer("annual_switch", await annualTerms(definition, customer, billing));
    case "trial_extension": {
      const { trialEnd, status } = customer.subscription;
      const applies = status === "trialing" && trialEnd !== undefined;
      return offer(
        "trial_extension",
        applies ? { days: definition.days, trialEnd: trialEnd + definition.days * DAY } : undefined,
      );
    }
    case "contact":
    case "redirect":
      return offer(definition.type, { url: definition.url });
    case "custom":
      return offer("custom", {
        name: definition.name,
        ...(definition.data === undefined ? {} : { data: definition.data }),
      });
  }
}

function discountTerms(definition: Definition<"discount">, { subscription, now }: Customer) {
  const { price, discount, nextCharge, tax = 0, usage = 0, unknown } = subscription;
  const { percentOff, amountOff, currency, duration, months } = definition;
  const isUndated = unknown?.includes("periodEnd") && !nextCharge;
  // A free plan cannot get cheaper, discounts do not stack, and an amount is only money in its own currency.
  if (discount || price.amount <= 0 || (currency && currency !== price.currency)) return undefined;
  // Something else (another plan, a credit) already changes the next charge: what we would promise would not be true.
  if (!isUndated && (!nextCharge || nextCharge.amount - tax - usage !== price.amount)) return undefined;
  const charged =
    nextCharge && duration !== "forever"
      ? discountedUntil(definition, subscription, nextCharge.at, now)
      : undefined;
  if (charged?.count === 0) return undefined;
  const size = percentOff === undefined ? { amountOff: amountOff as number } : { percentOff };
  return {
    ...size,
    duration,
    ...(months === undefined ? {} : { months }),
    amount: price.amount,
    discounted: discounted(price.amount, size),
    currency: price.currency,
    // Where the business bills by itself, nobody here knows which charge that is.
    ...(charged ? { fullPriceAt: charged.fullPriceAt } : {}),
  };
}

/** How many charges a discount would make smaller, and when the first one after them is. */
function discountedUntil(
  { duration, months }: Definition<"discount">,
  { price, anchor }: BilledSubscription,
  nextChargeAt: number,
  now: number,
): { count: number; fullPriceAt: number } {
  const charge = (each: number) =>
    addIntervals(nextChargeAt, price.interval, price.intervalCount * each, anchor);
  let count = duration === "once" ? 1 : 0;
  // As at billing: the months run from now, and every charge within them is discounted.
  const end = months === undefined ? undefined : addMonths(now, months);
  while (end !== undefined && charge(count) < end) count++;
  return { count, fullPriceAt: charge(count) };
}

function pauseTerms({ months, untilDate }: Definition<"pause">, { subscription, now }: Customer) {
  // What is paid for is used up first: where nobody has said until when that is, only a length can be promised.
  const dates = subscription.unknown?.includes("periodEnd") ? undefined : untilDate;
  return subscription.status === "active"
    ? pauseChoices({ months, untilDate: dates }, subscription, now)
    : undefined;
}

/**
 * The ends of a pause that can be picked now: those after the next charge, because a pause that is over before it would
 * change nothing. Undefined if there are none.
 * @param since when the pause has begun: its lengths count from then
 */
export function pauseChoices(
  { months, untilDate }: Pick<Definition<"pause">, "months" | "untilDate">,
  { periodEnd }: Pick<BilledSubscription, "periodEnd">,
  now: number,
  since = now,
): PauseTerms | undefined {
  const earliest = Math.max(now, periodEnd);
  const lengths = months.filter((count) => addMonths(since, count) > earliest);
  // Whole days, so that a customer is never offered "today" or a clock time.
  const dates = untilDate && {
    min: startOfDay(earliest) + DAY,
    max: startOfDay(addMonths(since, untilDate.maxMonths)),
  };
  const isPossible = dates && dates.min <= dates.max;
  if (!lengths.length && !isPossible) return undefined;
  return { months: lengths, ...(isPossible ? { dates } : {}), startsAt: since };
}

/** Twelfths of a day, so that twelve months are a year. */
const LENGTHS = { day: 12, week: 84, month: 365, year: 4380 };

const lengthOf = ({ interval, intervalCount }: Price): number => LENGTHS[interval] * intervalCount;

/** Whether one price is for a longer interval than another. */
export const isLonger = (one: Price, other: Price): boolean => lengthOf(one) > lengthOf(other);

const startOfDay = (at: number) => Math.floor(at / DAY) * DAY;

export const asOption = ({ price, name, features }: CatalogPrice, quantity: number): PlanOption => ({
  price: { ...price, amount: price.amount * quantity },
  name,
  ...(features.length ? { features: [...features] } : {}),
});

/** A price that can still be bought: billing knows retired ones too, but would refuse them. */
async function forSale(billing: BillingProvider, priceId: string): Promise<CatalogPrice | undefined> {
  const known = await billing.price(priceId);
  return known && (await billing.prices(known.productId)).find(({ price }) => price.id === priceId);
}

async function planTerms(
  { plans }: Definition<"plan_change">,
  { subscription }: Customer,
  billing: BillingProvider,
) {
  if (subscription.status === "cancelled" || subscription.status === "paused") return undefined;
  const options: PlanOption[] = [];
  for (const { priceId, description } of plans) {
    const found = await forSale(billing, priceId);
    if (!found || priceId === subscription.price.id || found.price.currency !== subscription.price.currency)
      continue;
    options.push({ ...asOption(found, subscription.quantity), ...(description ? { description } : {}) });
  }
  return options.length ? { plans: options, startsAt: subscription.periodEnd } : undefined;
}

/** A discount that was meant for some months must not become one for a year. */
const mayGoAnnual = ({ price, status, discount }: BilledSubscription): boolean =>
  !discount && status === "active" && price.interval === "month" && price.intervalCount === 1;

/**
 * The yearly plan in place of the monthly one, where that costs less.
 * @param candidates prices for sale, of which the first that is yearly counts
 */
export function annualPlan(
  subscription: BilledSubscription,
  candidates: readonly CatalogPrice[],
): { plan: PlanOption; saving: number } | undefined {
  const { price, quantity } = subscription;
  if (!mayGoAnnual(subscription)) return undefined;
  const found = candidates.find(
    (each) =>
      each.price.interval === "year" &&
      each.price.intervalCount === 1 &&
      each.price.currency === price.currency,
  );
  if (!found) return undefined;
  const saving = price.amount * 12 - found.price.amount * quantity;
  // "Switch and pay more" is not an offer.
  return saving > 0 ? { plan: asOption(found, quantity), saving } : undefined;
}

async function annualTerms(
  { priceId }: Definition<"annual_switch">,
  { subscription, now }: Customer,
  billing: BillingProvider,
) {
  if (!mayGoAnnual(subscription)) return undefined;
  const found = priceId ? [await forSale(billing, priceId)] : await billing.prices(subscription.plan.id);
  const candidates = found.filter((each) => each !== undefined);
  const annual = annualPlan(subscription, candidates);
  if (!annual) return undefined;
  const action: BillingAction = {
    type: "change_price",
    subscriptionId: subscription.id,
    priceId: annual.plan.price.id,
    charge: "now",
    asOf: now,
  };
  const preview = await billing.preview(action).catch((error) => {
    if (error instanceof BillingError && error.kind === "rejected") return undefined;
    throw error;
  });
  if (!preview) return undefined;
  return { ...annual, dueNow: preview.dueNow };
}

/**
 * What billing must do for an accepted offer; undefined where it need do nothing (contact, redirect, custom).
 * @param shownAt billing's clock when the terms were made: what was announced is what is charged
 */
export function actionFor(
  offer: Offer,
  choice: Choice,
  subscriptionId: string,
  shownAt: number,
): BillingAction | undefined {
  switch (offer.type) {
    case "discount": {
      const { percentOff, amountOff, currency, duration, months } = offer.terms;
      return {
        type: "discount",
        subscriptionId,
        ...(percentOff === undefined ? { amountOff: amountOff as number } : { percentOff }),
        currency,
        duration,
        ...(months === undefined ? {} : { months }),
      };
    }
    case "pause":
      return { type: "pause", subscriptionId, resumesAt: pauseEnd(offer.terms, choice) as number };
    case "plan_change":
      return { type: "change_price", subscriptionId, priceId: choice.priceId as string, charge: "renewal" };
    case "annual_switch":
      return {
        type: "change_price",
        subscriptionId,
        priceId: offer.terms.plan.price.id,
        charge: "now",
        asOf: shownAt,
      };
    case "trial_extension":
      return { type: "extend_trial", subscriptionId, trialEnd: offer.terms.trialEnd };
    case "contact":
    case "redirect":
    case "custom":
      return undefined;
  }
}

/** Items of subscriptions. */
import type Stripe from "stripe";
import { mergeMetadata, named } from "../operations/parts.ts";
import { Refusal, type State } from "../state.ts";
import { costOf, isMetered, planOf } from "./amounts.ts";
import { boundaryAfter } from "./calendar.ts";
import { type DiscountParam, redeemAll } from "./discounts.ts";

type Item = Stripe.SubscriptionItem;

/** What can be said of an item when it is made or changed. */
export interface ItemParam {
  id?: string;
  price?: string;
  quantity?: number;
  deleted?: boolean;
  metadata?: Stripe.Emptyable<Stripe.MetadataParam>;
  discounts?: Stripe.Emptyable<DiscountParam[]>;
  tax_rates?: Stripe.Emptyable<string[]>;
}

export const recurringOf = (item: Pick<Item, "price">) => item.price.recurring as Stripe.Price.Recurring;

export const taxRates = (state: State, ids: Stripe.Emptyable<string[]> | undefined): Stripe.TaxRate[] =>
  (ids || []).map((id) => structuredClone(named(state, "tax_rates", id, "tax_rates")));

/** @throws Refusal 400 for what cannot be subscribed to */
export function priceFor(state: State, id: string | undefined, currency: string | undefined): Stripe.Price {
  if (!id) throw new Refusal(400, "Missing required param: items[0][price].", { code: "parameter_missing" });
  const price = state.find("prices", id);
  if (!price) {
    throw new Refusal(400, `No such price: '${id}'`, {
      code: "resource_missing",
      param: "items[0][price]",
    });
  }
  if (!price.active)
    throw new Refusal(400, "The price specified is inactive. This field only accepts active prices.", {
      param: "items[0][price]",
    });
  if (!price.recurring)
    throw new Refusal(
      400,
      "The price specified is set to `type=one_time` but this field only accepts prices with `type=recurring`.",
      { param: "items[0][price]" },
    );
  if (currency) costOf(state, id, 1, currency);
  return price;
}

/** Without a period: that is the subscription's affair. */
export function makeItem(
  state: State,
  subscription: Stripe.Subscription,
  given: ItemParam,
  at: number,
): Item {
  const price = priceFor(state, given.price, subscription.currency);
  const id = state.newId("subscription_items");
  return {
    id,
    object: "subscription_item",
    billing_thresholds: null,
    created: at,
    current_period_start: at,
    current_period_end: at,
    current_trial: null,
    discounts: redeemAll(state, given.discounts || [], {
      customer: String(subscription.customer),
      currency: subscription.currency,
      subscription: subscription.id,
      item: id,
      at,
    }),
    metadata: mergeMetadata({}, given.metadata),
    plan: planOf(price),
    price: structuredClone(price),
    ...(isMetered(price) ? {} : { quantity: given.quantity ?? 1 }),
    subscription: subscription.id,
    tax_rates: taxRates(state, given.tax_rates),
  };
}

/** Changes an item in place; its period stays. */
export function changeItem(
  state: State,
  subscription: Stripe.Subscription,
  item: Item,
  given: ItemParam,
  at: number,
): void {
  if (given.price && given.price !== item.price.id) {
    const price = priceFor(state, given.price, subscription.currency);
    item.price = structuredClone(price);
    item.plan = planOf(price);
    if (isMetered(price)) delete item.quantity;
    else item.quantity ??= 1;
  }
  if (given.quantity !== undefined && !isMetered(item.price)) item.quantity = given.quantity;
  item.metadata = mergeMetadata(item.metadata, given.metadata);
  if (given.tax_rates !== undefined) item.tax_rates = taxRates(state, given.tax_rates);
  if (given.discounts === "") item.discounts = [];
  else if (given.discounts?.length) {
    item.discounts = redeemAll(state, given.discounts, {
      customer: String(subscription.customer),
      currency: subscription.currency,
      subscription: subscription.id,
      item: item.id,
      at,
    });
  }
}

/** A new period from now to the next moment of the rhythm. */
export function beginPeriod(subscription: Stripe.Subscription, item: Item, at: number): void {
  item.current_period_start = at;
  item.current_period_end = boundaryAfter(subscription.billing_cycle_anchor, recurringOf(item), at);
}

/** What tells two prices' rhythms apart. */
export const rhythmOf = (item: Pick<Item, "price">): string =>
  `${recurringOf(item).interval_count} ${recurringOf(item).interval}`;

export const nextPeriodEnd = (subscription: Stripe.Subscription): number =>
  Math.min(...subscription.items.data.map((item) => item.current_period_end));

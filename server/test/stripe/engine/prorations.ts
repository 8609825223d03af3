/** Credits and debits within a period: https://docs.stripe.com/billing/subscriptions/prorations */
import type Stripe from "stripe";
import type { State } from "../state.ts";
import { isMetered, rounded } from "./amounts.ts";
import { discountsOf } from "./discounts.ts";
import { itemCost, itemEntry, putPending, taxRatesOf } from "./entries.ts";
import { linesOf, netOf } from "./lines.ts";
import { customerOf, memory } from "./memory.ts";

type Subscription = Stripe.Subscription;
type Item = Stripe.SubscriptionItem;

/** How an item was before it was changed. */
export interface Before {
  item: Item;
  /** Without discounts. */
  cost: number;
}

/**
 * Flexible mode gives back what was paid, classic mode what the price is now worth, whoever has paid what.
 * @see https://docs.stripe.com/billing/subscriptions/billing-mode/compare
 */
function worth(state: State, subscription: Subscription, before: Before): number {
  const { billed } = memory(state, before.item.id);
  if (subscription.billing_mode.type === "flexible") return billed?.net ?? 0;
  return discounted(state, subscription, before.item, before.cost);
}

/** What an amount for this item comes to with the discounts that run. They are in the amounts of prorations. */
function discounted(state: State, subscription: Subscription, item: Item, amount: number): number {
  const entry = itemEntry(state, subscription, item, { start: 0, end: 0 }, amount);
  const customer = customerOf(state, subscription);
  const lines = linesOf(state, [entry], discountsOf(state, subscription), customer, subscription.currency);
  return lines.reduce((sum, line) => sum + netOf(line), 0);
}

const prorated = (
  state: State,
  subscription: Subscription,
  item: Item,
  amount: number,
  period: { start: number; end: number },
  at: number,
) => {
  const taxRates = taxRatesOf(subscription, item);
  const of = { id: item.id, price: item.price, quantity: item.quantity ?? 1, taxRates };
  if (amount !== 0) putPending(state, subscription, of, amount, period, at);
};

/** What was paid for the rest of the period. A period that was billed in part is worth that part. */
export function credit(state: State, subscription: Subscription, before: Before, from: number, at: number) {
  const { item } = before;
  if (isMetered(item.price)) return;
  const { billed } = memory(state, item.id);
  const isFlexible = subscription.billing_mode.type === "flexible";
  const start = isFlexible ? (billed?.start ?? item.current_period_start) : item.current_period_start;
  const end = item.current_period_end;
  if (from >= end || end <= start) return;
  const begin = Math.max(from, start);
  const amount = -rounded((worth(state, subscription, before) * (end - begin)) / (end - start));
  prorated(state, subscription, item, amount, { start: begin, end }, at);
}

/** What the item as it is now costs for the rest of its period. From now on that is what was paid for it. */
export function debit(state: State, subscription: Subscription, item: Item, from: number, at: number): void {
  if (isMetered(item.price)) return;
  const { current_period_start: start, current_period_end: end } = item;
  const begin = Math.max(from, start);
  if (begin >= end) return;
  const gross = rounded((itemCost(state, subscription, item) * (end - begin)) / (end - start));
  const net = discounted(state, subscription, item, gross);
  prorated(state, subscription, item, net, { start: begin, end }, at);
  memory(state, item.id).billed = { start: begin, end, gross, net, invoice: "" };
}

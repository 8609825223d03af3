/** What subscription items and pending invoice items put on an invoice. */
import type Stripe from "stripe";
import type { State } from "../state.ts";
import { costOf, isMetered } from "./amounts.ts";
import { itemDiscountsOf } from "./discounts.ts";
import type { Entry } from "./lines.ts";
import { idOf } from "./memory.ts";

type Item = Stripe.SubscriptionItem;
type Period = { start: number; end: number };

export const taxRatesOf = (subscription: Stripe.Subscription, item: Item): Stripe.TaxRate[] =>
  item.tax_rates?.length ? item.tax_rates : (subscription.default_tax_rates ?? []);

export const periodOf = (item: Item): Period => ({
  start: item.current_period_start,
  end: item.current_period_end,
});

const nameOf = (state: State, price: Stripe.Price): string =>
  state.find("products", idOf(price.product as string))?.name ?? "Product";

export const itemCost = (state: State, subscription: Stripe.Subscription, item: Item): number =>
  costOf(state, item.price.id, item.quantity ?? 0, subscription.currency);

export const itemParent = (
  subscription: Stripe.Subscription,
  item: Item,
  proration = false,
  invoiceItem: string | null = null,
): Entry["parent"] => ({
  type: "subscription_item_details",
  invoice_item_details: null,
  subscription_item_details: {
    invoice_item: invoiceItem,
    proration,
    proration_details: proration ? { credited_items: null } : null,
    subscription: subscription.id,
    subscription_item: item.id,
  },
});

/** An item for one period. Usage is billed when its period is over; nobody reports any here. */
export function itemEntry(
  state: State,
  subscription: Stripe.Subscription,
  item: Item,
  period: Period,
  amount = itemCost(state, subscription, item),
): Entry {
  const quantity = item.quantity ?? 0;
  return {
    amount,
    description: `${quantity} × ${nameOf(state, item.price)}`,
    period,
    price: item.price,
    quantity,
    parent: itemParent(subscription, item),
    subscription: subscription.id,
    discountable: true,
    itemDiscounts: itemDiscountsOf(state, item),
    taxRates: taxRatesOf(subscription, item),
  };
}

export const trialEntry = (
  state: State,
  subscription: Stripe.Subscription,
  item: Item,
  period: Period,
): Entry => ({
  ...itemEntry(state, subscription, item, period, 0),
  description: `Trial period for ${nameOf(state, item.price)}`,
});

/** Items of a new period are paid in advance, metered ones for the period that is over. */
export function cycleEntries(
  state: State,
  subscription: Stripe.Subscription,
  renewed: readonly { item: Item; before: Period }[],
): Entry[] {
  return renewed.flatMap(({ item, before }) => {
    if (isMetered(item.price)) return itemEntry(state, subscription, item, before);
    return itemEntry(state, subscription, item, periodOf(item));
  });
}

export type ProrationItem = Pick<Item, "id" | "price"> & { quantity: number; taxRates: Stripe.TaxRate[] };

/** Waits until the next invoice of the subscription takes it along. */
export function putPending(
  state: State,
  subscription: Stripe.Subscription,
  of: ProrationItem,
  amount: number,
  period: Period,
  at: number,
): Stripe.InvoiceItem {
  const kind = amount < 0 ? "Unused time on" : "Remaining time on";
  return state.put("invoiceitems", {
    id: state.newId("invoiceitems"),
    object: "invoiceitem",
    amount,
    currency: subscription.currency,
    customer: idOf(subscription.customer as string),
    customer_account: null,
    date: at,
    description: `${kind} ${nameOf(state, of.price)}`,
    discountable: false,
    discounts: [],
    invoice: null,
    livemode: false,
    metadata: {},
    net_amount: amount,
    parent: {
      type: "subscription_details",
      subscription_details: { subscription: subscription.id, subscription_item: of.id },
    },
    period,
    pricing: {
      type: "price_details",
      price_details: { price: of.price.id, product: idOf(of.price.product as string) },
      unit_amount_decimal: of.price.unit_amount_decimal,
    },
    proration: true,
    proration_details: { credited_items: null, discount_amounts: [] },
    quantity: of.quantity,
    quantity_decimal: String(of.quantity) as never,
    tax_rates: of.taxRates,
    test_clock: idOf(subscription.test_clock) || null,
  });
}

/** A subscription's invoice takes along what waits for it, and what waits for any invoice of its customer. */
export function pendingOf(state: State, subscription: Stripe.Subscription): Stripe.InvoiceItem[] {
  return state.all("invoiceitems").filter((item) => {
    const of = item.parent?.subscription_details?.subscription;
    return (
      item.invoice === null &&
      idOf(item.customer as string) === idOf(subscription.customer as string) &&
      item.currency === subscription.currency &&
      (of === undefined || of === subscription.id)
    );
  });
}

export function pendingEntry(
  state: State,
  subscription: Stripe.Subscription,
  pending: Stripe.InvoiceItem,
): Entry {
  const price = state.find("prices", idOf(pending.pricing?.price_details?.price));
  const itemId = pending.parent?.subscription_details?.subscription_item;
  const item = subscription.items.data.find(({ id }) => id === itemId);
  const of = pending.parent?.subscription_details?.subscription ?? null;
  return {
    amount: pending.amount,
    description: pending.description ?? "",
    period: pending.period,
    price: price ?? ({ id: "", product: "", unit_amount_decimal: null } as unknown as Stripe.Price),
    quantity: pending.quantity,
    parent: item
      ? itemParent(subscription, item, pending.proration, pending.id)
      : {
          type: "invoice_item_details",
          subscription_item_details: null,
          invoice_item_details: {
            invoice_item: pending.id,
            proration: pending.proration,
            proration_details: null,
            subscription: of,
          },
        },
    subscription: of,
    discountable: pending.discountable,
    itemDiscounts: [],
    taxRates: pending.tax_rates?.length ? pending.tax_rates : (subscription.default_tax_rates ?? []),
  };
}

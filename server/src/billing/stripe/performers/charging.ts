/** What would be charged: at once by a change, and next. */
import type Stripe from "stripe";
import { BillingError } from "../../provider.ts";
import { fromStripe } from "../amounts.ts";
import { nextCharge, previewNow } from "../charges.ts";
import { asking } from "../errors.ts";
import { chargeAt } from "../facts.ts";
import { isLicensed } from "../item-amounts.ts";
import type { Charge, Outlook, Snapshot, Tools, Variation } from "../model.ts";
import { idOf } from "../parts.ts";
import { couponOf, mainItem, scheduledPriceOf } from "../view.ts";
import { discountsOf, runsAt, shown } from "./foreseen.ts";

type Details = Stripe.InvoiceCreatePreviewParams.SubscriptionDetails;
type Item = Stripe.InvoiceCreatePreviewParams.SubscriptionDetails.Item;
type Discounts = Stripe.InvoiceCreatePreviewParams["discounts"];

/**
 * What is seen of a change that is not charged at once.
 * @param variation how Stripe is told of it
 */
export async function plannedOutlook(
  before: Snapshot,
  after: Snapshot,
  tools: Tools,
  variation: Variation,
): Promise<Outlook> {
  return shown(after, await chargeOf(before, after, tools, variation), tools);
}

export async function chargeOf(
  before: Snapshot,
  after: Snapshot,
  tools: Tools,
  variation: Variation,
): Promise<Charge | undefined> {
  const at = before.schedule && chargeAt(after, tools.now);
  const anew = at === undefined ? undefined : await chargedAnew(after, at, tools);
  return anew ?? nextCharge(tools.account, after, tools.now, variation);
}

/**
 * @param after in the period that begins now
 * @param details of the change
 * @param discounts of the change, where it is about them
 */
export async function chargedOutlook(
  before: Snapshot,
  after: Snapshot,
  details: Details,
  tools: Tools,
  discounts?: Discounts,
): Promise<Outlook> {
  const invoice = await previewNow(tools.account, before, {
    subscription_details: details,
    ...(discounts === undefined ? {} : { discounts }),
  });
  const { ending_balance: balance, amount_due: due, currency } = invoice;
  // What the invoice leaves over on the customer's balance pays the next one.
  const next = await chargeAfter(before, after, balance ?? 0, details.items, tools);
  return shown(after, next, tools, fromStripe(due, currency));
}

async function chargeAfter(
  before: Snapshot,
  after: Snapshot,
  balance: number,
  items: Item[] | undefined,
  tools: Tools,
): Promise<Charge> {
  const at = mainItem(after.subscription).current_period_end;
  const anew = before.schedule && (await chargedAnew(after, at * 1000, tools, balance));
  if (anew) return anew;
  const usual = await previewNow(tools.account, before, {
    preview_mode: "recurring",
    subscription_details: { proration_behavior: "none", ...(items ? { items } : {}) },
    discounts: discountsOf(after, at),
  });
  return chargeIn(usual, at * 1000, balance);
}

/**
 * The charge of a subscription that a schedule holds. A preview of that one begins the schedule's next phase, with its
 * price and its discounts, whatever else it is asked for; so another one is asked about, which begins like that. Undefined
 * where nobody could begin like that now, since a coupon is no longer given or a price no longer sold.
 * @param at ms
 * @param balance of the customer by then
 */
async function chargedAnew(
  after: Snapshot,
  at: number,
  tools: Tools,
  balance?: number,
): Promise<Charge | undefined> {
  const { subscription, customer } = after;
  const { automatic_tax: tax, default_tax_rates: rates, billing_mode: mode } = subscription;
  const own =
    subscription.discounts.length || !customer.discount ? subscription.discounts : [customer.discount];
  const discounts = own.filter(runsAt(at / 1000)).map(asCoupon);
  const params: Stripe.InvoiceCreatePreviewParams = {
    customer: customer.id,
    currency: subscription.currency,
    ...(tax.enabled ? { automatic_tax: { enabled: true } } : {}),
    discounts: discounts.length ? discounts : "",
    subscription_details: {
      items: itemsOf(after),
      billing_mode: { type: mode.type },
      ...(rates?.length ? { default_tax_rates: rates.map(idOf) } : {}),
    },
  };
  try {
    const invoice = await asking(() => tools.account.stripe.invoices.createPreview(params));
    return chargeIn(invoice, at, balance ?? customer.balance);
  } catch (error) {
    if (error instanceof BillingError && error.kind === "rejected") return undefined;
    throw error;
  }
}

function itemsOf(after: Snapshot): Item[] {
  const { subscription } = after;
  const main = mainItem(subscription);
  const planned = scheduledPriceOf(after);
  return subscription.items.data.map((item) => {
    const { price, quantity = 1 } = item.id === main.id && planned ? planned : item;
    const { tax_rates: rates, discounts } = item;
    return {
      price: price.id,
      ...(isLicensed({ price }) ? { quantity } : {}),
      ...(rates?.length ? { tax_rates: rates.map(idOf) } : {}),
      ...(discounts.length ? { discounts: discounts.map(asCoupon) } : {}),
    };
  });
}

/** What is redeemed for one subscription can be previewed for another only by its coupon. */
function asCoupon(discount: string | Stripe.Discount): { coupon: string } | { discount: string } {
  const coupon = typeof discount === "string" ? undefined : couponOf(discount);
  return coupon ? { coupon: coupon.id } : { discount: idOf(discount) };
}

/** @param balance what the customer owes besides (above zero) or has in credit (below), in Stripe's units */
function chargeIn(
  { currency, total, total_taxes: taxes }: Stripe.Invoice,
  at: number,
  balance: number,
): Charge {
  const onTop = (taxes ?? []).filter(({ tax_behavior: behavior }) => behavior === "exclusive");
  const tax = onTop.reduce((sum, { amount }) => sum + amount, 0);
  return {
    amount: fromStripe(Math.max(0, total + balance), currency),
    currency,
    at,
    tax: fromStripe(tax, currency),
    // Nothing has been used of a period that has not begun.
    usage: 0,
  };
}

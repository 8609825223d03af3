/** What will be charged, asked of Stripe itself, which alone knows every discount, balance and tax. */
import { hash } from "node:crypto";
import type Stripe from "stripe";
import { BillingError } from "../provider.ts";
import { fromStripe } from "./amounts.ts";
import { asking, reading } from "./errors.ts";
import { chargeAt, endOf, mainItem, scheduledPriceOf, stopOf } from "./facts.ts";
import { isLicensed } from "./item-amounts.ts";
import type { Charge, Snapshot, StripeAccount, Variation } from "./model.ts";
import { idOf } from "./parts.ts";
import { FORESEEN } from "./plans.ts";

type Params = Omit<Stripe.InvoiceCreatePreviewParams, "customer" | "subscription">;
type Details = Stripe.InvoiceCreatePreviewParams.SubscriptionDetails;

const MINUTE = 60_000;

/**
 * Undefined if nothing more will be charged, or nobody knows when.
 * @param snapshot may be one that is only foreseen; what Stripe would have to know of the difference is in `variation`
 */
export async function nextCharge(
  account: StripeAccount,
  snapshot: Snapshot,
  now: number,
  asked: Variation = {},
): Promise<Charge | undefined> {
  const { subscription } = snapshot;
  const variation = { ...plannedItems(snapshot), ...asked };
  const at = chargeAt(snapshot, now);
  const end = endOf(subscription);
  if (at === undefined || subscription.status === "canceled" || (end !== undefined && end <= at))
    return undefined;
  const { amounts } = await account.cache.get(fingerprint(snapshot, now, variation), MINUTE, async () => ({
    amounts: await askAmounts(account, snapshot, now, variation),
  }));
  return amounts && { ...amounts, at };
}

/** Of a schedule that is only foreseen Stripe has to be told. */
function plannedItems(snapshot: Snapshot): Pick<Variation, "items"> {
  const planned = snapshot.schedule?.id === FORESEEN ? scheduledPriceOf(snapshot) : undefined;
  if (!planned) return {};
  const { id } = mainItem(snapshot.subscription);
  return { items: [{ id, price: planned.price.id, quantity: planned.quantity }] };
}

/**
 * Everything that the answer depends on and that is read afresh each time. Whatever is done here changes the metadata.
 * A minute is part of it for what passes by itself, also on a test clock, whose time the cache does not know.
 */
function fingerprint(snapshot: Snapshot, now: number, variation: Variation): string {
  const { subscription, customer, schedule } = snapshot;
  const known = JSON.stringify([subscription, customer, schedule, variation, Math.floor(now / MINUTE)]);
  return `charge:${subscription.id}:${hash("sha256", known)}`;
}

type Amounts = Omit<Charge, "at">;

async function askAmounts(
  account: StripeAccount,
  snapshot: Snapshot,
  now: number,
  variation: Variation,
): Promise<Amounts | undefined> {
  const isLater = skipsPeriods(snapshot, now);
  const preview = await upcoming(account, snapshot, variation, isLater);
  return preview && amountsOf(snapshot, preview, isLater);
}

/** Whether invoices come before the one in question, which a pause makes void. */
function skipsPeriods(snapshot: Snapshot, now: number): boolean {
  const stop = stopOf(snapshot, now);
  return stop !== undefined && chargeAt(snapshot, now) !== chargeAt(withoutStop(snapshot), now);
}

function withoutStop({ schedule: _, ...rest }: Snapshot): Snapshot {
  const { subscription } = rest;
  const status = subscription.status === "paused" ? "active" : subscription.status;
  return { ...rest, subscription: { ...subscription, status, pause_collection: null } };
}

/**
 * Stripe previews what is, and sees no invoice where an end or a pause comes before it. A foreseen subscription may be
 * without what the real one still has: then it is told so, in the words for each.
 */
async function upcoming(
  account: StripeAccount,
  snapshot: Snapshot,
  { items, discounts }: Variation,
  isLater: boolean,
): Promise<Stripe.Invoice | undefined> {
  const base: Details = items ? { items, proration_behavior: "none" } : {};
  const isPaused = snapshot.subscription.status === "paused";
  const first: Details = isPaused ? { ...base, resume_at: "now" } : base;
  const others: Details[] = [
    { ...base, cancel_at_period_end: false },
    { ...base, cancel_at: "" },
    { ...base, resume_at: "now" },
  ];
  for (const details of [first, ...others]) {
    const params: Params = {
      ...(isLater && !details.resume_at ? { preview_mode: "recurring" } : {}),
      ...(discounts === undefined ? {} : { discounts }),
      ...(Object.keys(details).length ? { subscription_details: details } : {}),
    };
    try {
      return await reading(() => create(account, snapshot, params));
    } catch (error) {
      if (!isNone(error)) throw error;
    }
  }
  return undefined;
}

const isNone = (error: unknown): boolean =>
  error instanceof BillingError &&
  (error.code === "invoice_upcoming_none" || /subscription is paused/i.test(error.message));

function amountsOf(snapshot: Snapshot, preview: Stripe.Invoice, isLater: boolean): Amounts {
  const { currency, total_taxes } = preview;
  const tax = (total_taxes ?? [])
    .filter(({ tax_behavior }) => tax_behavior === "exclusive")
    .reduce((sum, { amount }) => sum + amount, 0);
  return {
    amount: fromStripe(isLater ? withBalance(snapshot, preview) : preview.amount_due, currency),
    currency,
    tax: fromStripe(tax, currency),
    usage: fromStripe(usageIn(snapshot, preview), currency),
  };
}

/** An invoice of the usual kind knows of no credit; what is void has not used it up. */
function withBalance({ customer }: Snapshot, { total, starting_balance }: Stripe.Invoice): number {
  return Math.max(0, total + (starting_balance || customer.balance));
}

/** After discounts. */
function usageIn({ subscription }: Snapshot, { lines }: Stripe.Invoice): number {
  const metered = new Set(
    subscription.items.data.filter((item) => !isLicensed(item)).map(({ price }) => price.id),
  );
  return lines.data
    .filter(({ pricing }) => pricing?.price_details && metered.has(idOf(pricing.price_details.price)))
    .map(({ amount, discount_amounts }) =>
      (discount_amounts ?? []).reduce((left, { amount: off }) => left - off, amount),
    )
    .reduce((sum, amount) => sum + amount, 0);
}

/**
 * The invoice that a change would lead to. `customer` and `subscription` are filled in.
 * @throws BillingError rejected where Stripe would refuse the change
 */
export async function previewNow(
  account: StripeAccount,
  snapshot: Snapshot,
  params: Params,
): Promise<Stripe.Invoice> {
  return asking(() => create(account, snapshot, params));
}

const create = (
  { stripe }: StripeAccount,
  { subscription, customer }: Snapshot,
  params: Params,
): Promise<Stripe.Invoice> =>
  stripe.invoices.createPreview({ ...params, customer: customer.id, subscription: subscription.id });

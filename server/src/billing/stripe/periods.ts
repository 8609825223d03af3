/** What a subscription's invoices were written for, and until when it is paid for by them. */
import type Stripe from "stripe";
import { reading } from "./errors.ts";
import type { StripeAccount } from "./model.ts";
import { milliseconds } from "./parts.ts";

/**
 * Metadata of an invoice: the key of the cancellation for which something of it is to be given back, which Stripe did not
 * do. It is the business's to do, and nothing that the customer owes.
 */
export const RETURN = "renumerate_return";

export async function linesOf(
  stripe: Stripe,
  { id, lines }: Stripe.Invoice,
): Promise<Stripe.InvoiceLineItem[]> {
  if (!lines.has_more) return lines.data;
  return stripe.invoices.listLineItems(id, { limit: 100 }).autoPagingToArray({ limit: 1000 });
}

/** Those of the subscription's own items; a credit for time that was not used pays for nothing. */
export const periodsIn = (lines: readonly Stripe.InvoiceLineItem[]): Stripe.InvoiceLineItem.Period[] =>
  lines
    .filter(({ parent, amount }) => parent?.type === "subscription_item_details" && amount >= 0)
    .map(({ period }) => period);

/**
 * While charges are stopped. Undefined where nothing was put aside for it yet: Stripe's own period is what counts then,
 * also while its invoice is a draft, sent, or collected from a bank for days.
 * @returns ms
 */
export const readPaidUntil = (
  { stripe }: StripeAccount,
  { id, status }: Stripe.Subscription,
): Promise<number | undefined> =>
  reading(async () => {
    let aside: number | undefined;
    // The newest come first.
    for await (const invoice of stripe.invoices.list({ subscription: id, limit: 10 })) {
      const periods = periodsIn(await linesOf(stripe, invoice));
      if (!periods.length) continue;
      if (!isAskedFor(invoice, status)) {
        aside = Math.min(...periods.map(({ start }) => start));
        continue;
      }
      return aside === undefined ? undefined : milliseconds(Math.max(...periods.map(({ end }) => end)));
    }
    return aside === undefined ? undefined : milliseconds(aside);
  });

/** What a service that stands still would go on with is not its own until it is paid. */
function isAskedFor({ status, auto_advance }: Stripe.Invoice, of: Stripe.Subscription.Status): boolean {
  if (status === "paid") return true;
  return of !== "paused" && (status === "open" || (status === "draft" && auto_advance === true));
}

import type Stripe from "stripe";
import { orMissing, reading } from "./errors.ts";
import type { StripeAccount } from "./model.ts";
import { expanded, isId } from "./parts.ts";

export const DECLINE_EXPAND = ["payments.data.payment.payment_intent"];

/** Stripe tells it with the payment, of which an invoice's events have no more than the id. */
export async function readDeclineCode(
  { stripe }: StripeAccount,
  invoiceId: string,
): Promise<string | undefined> {
  if (!isId(invoiceId)) return undefined;
  const invoice = await orMissing(
    reading(() => stripe.invoices.retrieve(invoiceId, { expand: DECLINE_EXPAND })),
  );
  if (invoice?.status !== "open" && invoice?.status !== "uncollectible") return undefined;
  const errors = (invoice.payments?.data ?? [])
    .map(({ payment }) => expanded<Stripe.PaymentIntent>(payment.payment_intent)?.last_payment_error)
    .filter((error) => !!error);
  const last = errors.at(-1);
  return last?.decline_code ?? last?.code;
}

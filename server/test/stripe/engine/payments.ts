/** Taking money for invoices: https://docs.stripe.com/invoicing/automatic-collection */
import type Stripe from "stripe";
import { Refusal, type State } from "../state.ts";
import { DAY } from "./calendar.ts";
import { subscriptionOf } from "./invoice-objects.ts";
import { finalize, markPaid } from "./invoices.ts";
import { BANK, customerOf, idOf, memory } from "./memory.ts";
import { putCharge } from "./payment-objects.ts";
import { isOver, onFailed } from "./standing.ts";

type Invoice = Stripe.Invoice;

/** Days after each attempt that failed. What follows the last one is the account's choice; here nothing does. */
const RETRIES = [3, 5, 7];

/** What a subscription or, if it has none, its customer is charged with. */
export const methodOf = (state: State, subscription: Stripe.Subscription): string | undefined =>
  idOf(subscription.default_payment_method) ||
  idOf(customerOf(state, subscription).invoice_settings.default_payment_method) ||
  undefined;

function declineOf(state: State, method: Stripe.PaymentMethod | undefined): string | undefined {
  if (memory(state, BANK).trusts) return undefined;
  return method ? memory(state, method.id).decline : "generic_decline";
}

const defaultMethod = (state: State, invoice: Invoice): string | undefined => {
  const subscription = state.find("subscriptions", subscriptionOf(invoice));
  if (subscription) return methodOf(state, subscription);
  return idOf(customerOf(state, invoice).invoice_settings.default_payment_method) || undefined;
};

function paymentOf(state: State, invoice: Invoice): Stripe.InvoicePayment | undefined {
  return state
    .all("invoice_payments")
    .find((payment) => payment.invoice === invoice.id && payment.status === "open");
}

function charge(
  state: State,
  invoice: Invoice,
  method: Stripe.PaymentMethod | undefined,
  at: number,
): string | undefined {
  const payment = paymentOf(state, invoice);
  const intent = payment && state.find("payment_intents", idOf(payment.payment.payment_intent));
  if (!payment || !intent) return undefined;
  const decline = declineOf(state, method);
  const made = putCharge(state, intent, method, decline, at);
  intent.latest_charge = made.id;
  if (decline === undefined) {
    Object.assign(intent, { status: "succeeded", amount_received: intent.amount, last_payment_error: null });
    intent.payment_method = method?.id ?? null;
    Object.assign(payment, { status: "paid", amount_paid: payment.amount_requested });
    payment.status_transitions.paid_at = at;
  } else {
    const message = "Your card was declined.";
    const error = { type: "card_error", code: "card_declined", decline_code: decline, charge: made.id };
    intent.last_payment_error = { ...error, message } as Stripe.PaymentIntent.LastPaymentError;
  }
  return decline;
}

/** The first invoice of a subscription and those of canceled ones are not tried again by themselves. */
function nextAttempt(state: State, invoice: Invoice, at: number): number | null {
  const subscription = state.find("subscriptions", subscriptionOf(invoice));
  const days = RETRIES[invoice.attempt_count - 1];
  const stays = !subscription || isOver(subscription) || subscription.status === "incomplete";
  return stays || !days || !invoice.auto_advance ? null : at + days * DAY;
}

/** Debits of bank accounts; memory makes one of any other method. Nothing settles them by itself. */
const isLate = (state: State, { id, type }: Stripe.PaymentMethod): boolean =>
  type === "sepa_debit" || memory(state, id).processing === true;

/** The bank has been asked: the invoice is open until it answers, and its subscription goes on as if it were paid. */
function leaveUnderWay(state: State, invoice: Invoice): void {
  const payment = paymentOf(state, invoice);
  const intent = payment && state.find("payment_intents", idOf(payment.payment.payment_intent));
  if (intent) Object.assign(intent, { status: "processing", last_payment_error: null });
  memory(state, invoice.id).processing = true;
}

export interface Attempt {
  /** Instead of what is usually charged. */
  method?: string;
  /** Only the first attempt counts when somebody asks for it. */
  byHand?: boolean;
  /** A resumption goes on even if it fails. */
  resumes?: boolean;
}

/** @returns the decline code, if the bank says no; the invoice is open then, and the subscription past due */
export function attempt(state: State, invoice: Invoice, at: number, how: Attempt = {}): string | undefined {
  const id = how.method ?? defaultMethod(state, invoice);
  const method = id ? state.find("payment_methods", id) : undefined;
  const isFirst = invoice.attempt_count === 0;
  if (isFirst || !how.byHand) invoice.attempt_count += 1;
  invoice.attempted = true;
  if (method && isLate(state, method)) leaveUnderWay(state, invoice);
  if (memory(state, invoice.id).processing) {
    invoice.next_payment_attempt = null;
    return undefined;
  }
  const decline = charge(state, invoice, method, at);
  if (decline === undefined) {
    markPaid(state, invoice, at);
    return undefined;
  }
  if (isFirst || !how.byHand) invoice.next_payment_attempt = nextAttempt(state, invoice, at);
  state.emit("invoice.payment_failed", invoice, at);
  onFailed(state, invoice, at, how.resumes);
  return decline;
}

/** Finalises a draft and, where that is automatic, asks for the money. */
export function advance(state: State, invoice: Invoice, at: number, how?: Attempt): string | undefined {
  finalize(state, invoice, at);
  const asks = invoice.status === "open" && invoice.collection_method === "charge_automatically";
  return asks && invoice.auto_advance ? attempt(state, invoice, at, how) : undefined;
}

export const declined = (code: string): Refusal =>
  new Refusal(402, "Your card was declined.", {
    type: "card_error",
    code: "card_declined",
    declineCode: code,
  });

/** @throws Refusal 400 for what is not open, 402; the attempt that failed stays written down */
export function pay(state: State, invoice: Invoice, at: number, method?: string): void {
  const refuse = (says: string) => new Refusal(400, says);
  if (invoice.status === "paid") throw refuse("Invoice is already paid");
  if (invoice.status === "draft") finalize(state, invoice, at);
  if (invoice.status === ("paid" as Invoice["status"])) return;
  if (invoice.status !== "open" && invoice.status !== "uncollectible")
    throw refuse(`The invoice is ${invoice.status} and cannot be paid.`);
  if (!method && !defaultMethod(state, invoice) && !memory(state, BANK).trusts) {
    const says =
      "There is no `default_payment_method` set on this Customer or Invoice. Please set either field prior to attempting payment on this Invoice.";
    throw new Refusal(400, says, { code: "resource_missing" });
  }
  const decline = attempt(state, invoice, at, { byHand: true, ...(method ? { method } : {}) });
  if (decline) throw declined(decline);
}

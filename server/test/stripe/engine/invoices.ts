/** Invoices from draft to their end: https://docs.stripe.com/invoicing/overview */
import type Stripe from "stripe";
import type { State } from "../state.ts";
import { Refusal } from "../state.ts";
import { isTooSmall } from "./amounts.ts";
import { HOUR } from "./calendar.ts";
import { discountsOf, useUp } from "./discounts.ts";
import { pendingEntry, pendingOf } from "./entries.ts";
import { blankInvoice, subscriptionOf } from "./invoice-objects.ts";
import { type Entry, linesOf, netOf, totalsOf } from "./lines.ts";
import { customerOf, memory } from "./memory.ts";
import { putIntent, putInvoicePayment } from "./payment-objects.ts";
import { onSettled } from "./standing.ts";

type Invoice = Stripe.Invoice;

/** What the customer's balance does to it: credit is negative, and what is too small for a card is put there as a debt. */
function dueOf({ total, currency }: Invoice, balance: number): { due: number; balance: number } {
  const owed = total + balance;
  if (owed <= 0) return { due: 0, balance: owed };
  return isTooSmall(owed, currency) ? { due: 0, balance: owed } : { due: owed, balance: 0 };
}

function weigh(state: State, invoice: Invoice): void {
  const { balance } = customerOf(state, invoice);
  const { due } = dueOf(invoice, balance);
  Object.assign(invoice, { starting_balance: balance, amount_due: due, amount_remaining: due });
}

/** What the running period of each item has cost, for credits to come. */
function remember(state: State, invoice: Invoice, isVoid: boolean): void {
  for (const line of invoice.lines.data) {
    const item = line.parent?.subscription_item_details;
    if (!item || item.proration) continue;
    memory(state, item.subscription_item).billed = {
      start: line.period.start,
      end: line.period.end,
      gross: line.amount,
      net: isVoid ? 0 : netOf(line),
      invoice: invoice.id,
    };
  }
}

export interface Occasion {
  reason: Stripe.Invoice.BillingReason;
  at: number;
  /** The period that is over, for an invoice that follows one. */
  usage?: { start: number; end: number };
  /** It will be void: no discount is used up for it. */
  isVoid?: boolean;
}

/** A draft that will be finalised an hour later. */
export function draft(
  state: State,
  subscription: Stripe.Subscription,
  entries: readonly Entry[],
  { reason, at, usage = { start: at, end: at }, isVoid = false }: Occasion,
): Invoice {
  const pending = pendingOf(state, subscription);
  const all = [...pending.map((each) => pendingEntry(state, subscription, each)), ...entries];
  const discounts = discountsOf(state, subscription);
  const customer = customerOf(state, subscription);
  const lines = linesOf(state, all, discounts, customer, subscription.currency);
  const invoice = state.put("invoices", {
    ...blankInvoice(state, subscription, reason, at),
    ...totalsOf(lines, all),
    discounts: discounts.map(({ id }) => id),
    automatically_finalizes_at: at + HOUR,
    next_payment_attempt: subscription.collection_method === "send_invoice" ? null : at + HOUR,
    period_start: usage.start,
    period_end: usage.end,
  });
  invoice.lines.data = lines.map((line) => ({ ...line, invoice: invoice.id }));
  for (const each of pending) each.invoice = invoice.id;
  weigh(state, invoice);
  subscription.latest_invoice = invoice.id;
  remember(state, invoice, isVoid);
  if (!isVoid)
    useUp(
      state,
      subscription,
      lines.flatMap((line) =>
        (line.discount_amounts ?? []).filter(({ amount }) => amount > 0).map((each) => String(each.discount)),
      ),
    );
  state.emit("invoice.created", invoice, at);
  return invoice;
}

/** Writes down a movement of the customer's balance. Less is credit. */
function moveBalance(
  state: State,
  invoice: Invoice,
  amount: number,
  type: Stripe.CustomerBalanceTransaction.Type,
  at: number,
): void {
  if (amount === 0) return;
  const customer = customerOf(state, invoice);
  customer.balance += amount;
  state.put("customer_balance_transactions", {
    id: state.newId("customer_balance_transactions"),
    object: "customer_balance_transaction",
    amount,
    checkout_session: null,
    created: at,
    credit_note: null,
    currency: invoice.currency,
    customer: customer.id,
    customer_account: null,
    description: null,
    ending_balance: customer.balance,
    invoice: invoice.id,
    livemode: false,
    metadata: {},
    type,
  });
}

function numberOf(state: State, invoice: Invoice): string {
  const customer = customerOf(state, invoice);
  const prefix = customer.invoice_prefix ?? customer.id.slice(-8).toUpperCase();
  const numbered = state.all("invoices").filter((each) => each.customer === customer.id && each.number);
  const sequence = customer.next_invoice_sequence ?? numbered.length + 1;
  if (customer.next_invoice_sequence !== undefined) customer.next_invoice_sequence = sequence + 1;
  return `${prefix}-${String(sequence).padStart(4, "0")}`;
}

/** Gives it its number and makes it final; money moves afterwards. */
function open(state: State, invoice: Invoice, at: number): void {
  if (invoice.status !== "draft") {
    throw new Refusal(400, "This invoice is already finalized, you can't re-finalize a non-draft invoice.", {
      code: "invoice_not_editable",
    });
  }
  invoice.number = numberOf(state, invoice);
  invoice.status = "open";
  invoice.automatically_finalizes_at = null;
  invoice.effective_at = at;
  invoice.status_transitions.finalized_at = at;
  invoice.hosted_invoice_url = `https://invoice.stripe.com/i/acct_double/test_${invoice.id}`;
  invoice.invoice_pdf = `https://pay.stripe.com/invoice/acct_double/test_${invoice.id}/pdf`;
}

export function markPaid(state: State, invoice: Invoice, at: number): void {
  Object.assign(invoice, {
    status: "paid",
    amount_paid: invoice.amount_due,
    amount_remaining: 0,
    attempted: true,
    auto_advance: false,
    next_payment_attempt: null,
  });
  invoice.status_transitions.paid_at = at;
  state.emit("invoice.paid", invoice, at);
  onSettled(state, invoice, at);
}

/** From draft to open, or at once to paid where nothing is due. */
export function finalize(state: State, invoice: Invoice, at: number): void {
  if (memory(state, invoice.id).untaxable)
    throw new Refusal(400, "The customer's location isn't recognized.", {
      code: "customer_tax_location_invalid",
    });
  open(state, invoice, at);
  weigh(state, invoice);
  const { balance, due } = dueOf(invoice, invoice.starting_balance);
  invoice.ending_balance = balance;
  const small = due === 0 && balance > Math.max(0, invoice.starting_balance);
  const moved = balance - invoice.starting_balance;
  moveBalance(state, invoice, moved, small ? "invoice_too_small" : "applied_to_invoice", at);
  invoice.next_payment_attempt = null;
  if (invoice.collection_method === "send_invoice") {
    const days = state.find("subscriptions", subscriptionOf(invoice))?.days_until_due ?? 30;
    invoice.due_date = at + days * 24 * HOUR;
  }
  if (due > 0) {
    const intent = putIntent(state, invoice, at);
    putInvoicePayment(state, invoice, intent.id, at);
  }
  state.emit("invoice.finalized", invoice, at);
  if (due === 0) markPaid(state, invoice, at);
}

const paymentsOf = (state: State, invoice: Invoice): Stripe.InvoicePayment[] =>
  state.all("invoice_payments").filter((payment) => payment.invoice === invoice.id);

/** What nobody has to pay any more is not collected either. */
function stop(state: State, invoice: Invoice, at: number): void {
  Object.assign(invoice, { auto_advance: false, next_payment_attempt: null });
  for (const payment of paymentsOf(state, invoice).filter(({ status }) => status === "open")) {
    payment.status = "canceled";
    payment.status_transitions.canceled_at = at;
    const intent = state.find("payment_intents", String(payment.payment.payment_intent));
    if (intent) Object.assign(intent, { status: "canceled", canceled_at: at });
  }
}

/** What was taken from the balance goes back there. */
export function voidInvoice(state: State, invoice: Invoice, at: number): void {
  if (invoice.status !== "open" && invoice.status !== "uncollectible") {
    const says = `You can only pass in open or uncollectible invoices. This invoice isn't open or uncollectible (status: ${invoice.status}).`;
    throw new Refusal(400, says, { code: "status_transition_invalid" });
  }
  // That it is refused is known, its words are not documented.
  if (memory(state, invoice.id).processing)
    throw new Refusal(400, "You cannot void an invoice while a payment for it is processing.");
  const taken = (invoice.ending_balance ?? invoice.starting_balance) - invoice.starting_balance;
  moveBalance(state, invoice, -taken, "unapplied_from_invoice", at);
  invoice.status = "void";
  invoice.status_transitions.voided_at = at;
  stop(state, invoice, at);
  state.emit("invoice.voided", invoice, at);
  onSettled(state, invoice, at);
}

export function markUncollectible(state: State, invoice: Invoice, at: number): void {
  if (invoice.status !== "open") {
    throw new Refusal(400, `Only open invoices can be marked uncollectible (status: ${invoice.status}).`, {
      code: "status_transition_invalid",
    });
  }
  invoice.status = "uncollectible";
  invoice.status_transitions.marked_uncollectible_at = at;
  Object.assign(invoice, { auto_advance: false, next_payment_attempt: null });
  state.emit("invoice.marked_uncollectible", invoice, at);
  onSettled(state, invoice, at);
}

/** Charges are stopped: the invoice is written and nobody pays it. The balance is not touched. */
export function putAside(
  state: State,
  invoice: Invoice,
  behavior: Stripe.Subscription.PauseCollection.Behavior,
  at: number,
): void {
  Object.assign(invoice, {
    auto_advance: false,
    automatically_finalizes_at: null,
    next_payment_attempt: null,
  });
  if (behavior === "keep_as_draft") return;
  open(state, invoice, at);
  state.emit("invoice.finalized", invoice, at);
  if (behavior === "void") voidInvoice(state, invoice, at);
  else markUncollectible(state, invoice, at);
}

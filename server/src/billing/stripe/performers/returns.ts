/** Giving back what was charged for periods that began after the customer had left. */
import type Stripe from "stripe";
import { BillingError } from "../../provider.ts";
import { asking, reading } from "../errors.ts";
import type { Snapshot, Step, Tools } from "../model.ts";
import { idOf } from "../parts.ts";

/** An invoice of which something is given back. */
export interface Late {
  invoice: Stripe.Invoice;
  /** All of its total, or all but what was used before. In Stripe's units. */
  share: number;
}

export interface LookBack {
  late: Late[];
  /** The end of the period that ran at the instant; 0 if none was charged. ms */
  paidUntil: number;
}

/** Whether a period has begun since: only then there is something to look for. @param since ms */
export const isRenewedSince = ({ subscription }: Snapshot, since: number): boolean =>
  subscription.items.data.some((item) => item.current_period_start * 1000 > since);

/** @param since ms */
export const lookBack = (
  { subscription }: Snapshot,
  since: number,
  { account: { stripe } }: Tools,
): Promise<LookBack> =>
  reading(async () => {
    const late: Late[] = [];
    let earlier: Stripe.InvoiceLineItem[] = [];
    // The newest come first.
    for await (const invoice of stripe.invoices.list({ subscription: subscription.id, limit: 100 })) {
      if (invoice.status === "void") continue;
      const lines = await linesOf(stripe, invoice);
      const before = lines.filter((line) => line.period.start * 1000 <= since);
      const share = invoice.total - used(before);
      if (before.length < lines.length && share > 0) late.push({ invoice, share });
      if (!earlier.length) earlier = before.filter(({ amount }) => amount >= 0);
      // None is written before its period begins.
      if (invoice.created * 1000 <= since) break;
    }
    const ends = earlier.map(({ period }) => period.end);
    const others = subscription.items.data
      .filter((item) => item.current_period_start * 1000 <= since)
      .map((item) => item.current_period_end);
    return { late, paidUntil: Math.max(0, ...ends, ...others) * 1000 };
  });

async function linesOf(stripe: Stripe, { id, lines }: Stripe.Invoice): Promise<Stripe.InvoiceLineItem[]> {
  if (!lines.has_more) return lines.data;
  return stripe.invoices.listLineItems(id, { limit: 100 }).autoPagingToArray({ limit: 1000 });
}

/** What they add to a total. A credit for time that was not used is no use. */
const used = (lines: readonly Stripe.InvoiceLineItem[]): number =>
  lines.filter(({ amount }) => amount > 0).reduce((sum, line) => sum + totalOf(line), 0);

function totalOf({ amount, discount_amounts, taxes }: Stripe.InvoiceLineItem): number {
  const off = sumOf(discount_amounts ?? []);
  return amount - off + sumOf((taxes ?? []).filter(({ tax_behavior }) => tax_behavior === "exclusive"));
}

const sumOf = (parts: readonly { amount: number }[]): number =>
  parts.reduce((sum, { amount }) => sum + amount, 0);

/** Twice gives back once: what was given back in any way, by anybody, is seen at Stripe. */
export async function giveBack(late: Late, step: Step, { account: { stripe } }: Tools): Promise<void> {
  const invoice = await finalized(stripe, late.invoice, step);
  const isUnpaid = invoice.status === "open" || invoice.status === "uncollectible";
  if (isUnpaid && late.share === invoice.total && !invoice.amount_paid) {
    await asking(() => stripe.invoices.voidInvoice(invoice.id, {}, step.once(`void-${invoice.id}`)));
    return;
  }
  const note = await noteFor(stripe, invoice, late.share);
  if (!note) return;
  const params = { ...note, invoice: invoice.id, metadata: { renumerate_action: step.key } };
  try {
    await asking(() => stripe.creditNotes.create(params, step.once(`return-${invoice.id}`)));
  } catch (error) {
    if (!(error instanceof BillingError) || error.kind !== "rejected" || !note.refund_amount) throw error;
    if (error.code === "idempotency_mismatch") throw error;
    // A charge that is disputed or too old cannot be refunded, and nobody is kept for that: the credit note says that the
    // business owes it.
    const { refund_amount, out_of_band_amount = 0, ...rest } = params;
    const owed = { ...rest, out_of_band_amount: out_of_band_amount + note.refund_amount };
    await asking(() => stripe.creditNotes.create(owed, step.once(`owe-${invoice.id}`)));
  }
}

/** A draft would be charged within the hour. Where a balance covers it, it is paid by becoming final. */
async function finalized(stripe: Stripe, invoice: Stripe.Invoice, step: Step): Promise<Stripe.Invoice> {
  const { id, status } = invoice;
  if (status !== "draft") return invoice;
  const options = step.once(`finalize-${id}`);
  return asking(() => stripe.invoices.finalizeInvoice(id, { auto_advance: false }, options));
}

type Note = Pick<
  Stripe.CreditNoteCreateParams,
  "amount" | "refund_amount" | "credit_amount" | "out_of_band_amount"
>;

/** What is left to give back, by the way that it came. Undefined if nothing is. */
async function noteFor(stripe: Stripe, invoice: Stripe.Invoice, share: number): Promise<Note | undefined> {
  const { card, refunded, notes } = await moneyOf(stripe, invoice);
  const noted = {
    amount: sumOf(notes),
    paid: notes.reduce((sum, each) => sum + each.post_payment_amount, 0),
    refunded: notes.reduce(
      (sum, each) => sum + each.refunds.reduce((all, one) => all + one.amount_refunded, 0),
      0,
    ),
    outside: notes.reduce((sum, each) => sum + (each.out_of_band_amount ?? 0), 0),
  };
  const amount = share - noted.amount - Math.max(0, refunded - noted.refunded);
  if (amount <= 0) return undefined;
  const back = Math.max(0, amount - invoice.amount_remaining);
  const refund = Math.min(back, Math.max(0, card - refunded));
  const fromBalance = (invoice.ending_balance ?? 0) - invoice.starting_balance;
  const credited = noted.paid - noted.refunded - noted.outside;
  const credit = Math.min(back - refund, Math.max(0, fromBalance - credited));
  const outside = back - refund - credit;
  return {
    amount,
    ...(refund ? { refund_amount: refund } : {}),
    ...(credit ? { credit_amount: credit } : {}),
    ...(outside ? { out_of_band_amount: outside } : {}),
  };
}

interface Money {
  /** Paid through Stripe. */
  card: number;
  /** Of that, what went back, by whomever. */
  refunded: number;
  notes: Stripe.CreditNote[];
}

const moneyOf = (stripe: Stripe, { id }: Stripe.Invoice): Promise<Money> =>
  reading(async () => {
    const all = { limit: 1000 };
    const [payments, notes] = await Promise.all([
      stripe.invoicePayments.list({ invoice: id, status: "paid", limit: 100 }).autoPagingToArray(all),
      stripe.creditNotes.list({ invoice: id, limit: 100 }).autoPagingToArray(all),
    ]);
    const taken = payments.filter(({ payment }) => payment.payment_intent ?? payment.charge);
    const refunds = await Promise.all(taken.map(({ payment }) => refundsOf(stripe, payment)));
    return {
      card: taken.reduce((sum, { amount_paid }) => sum + (amount_paid ?? 0), 0),
      refunded: sumOf(refunds.flat()),
      notes: notes.filter(({ status }) => status === "issued"),
    };
  });

async function refundsOf(
  stripe: Stripe,
  { payment_intent, charge }: Stripe.InvoicePayment.Payment,
): Promise<Stripe.Refund[]> {
  const by = payment_intent ? { payment_intent: idOf(payment_intent) } : { charge: idOf(charge ?? "") };
  const refunds = await stripe.refunds.list({ ...by, limit: 100 }).autoPagingToArray({ limit: 1000 });
  return refunds.filter(({ status }) => status !== "failed" && status !== "canceled");
}

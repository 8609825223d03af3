/** Giving back what was charged for periods that began after the customer had left. */
import type Stripe from "stripe";
import { BillingError } from "../../provider.ts";
import { asking, reading } from "../errors.ts";
import type { Snapshot, Step, Tools } from "../model.ts";
import { idOf } from "../parts.ts";
import { linesOf, periodsIn, RETURN } from "../periods.ts";

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
    let earlier: Stripe.InvoiceLineItem.Period[] = [];
    // The newest come first.
    for await (const invoice of stripe.invoices.list({ subscription: subscription.id, limit: 100 })) {
      if (invoice.status === "void") continue;
      const lines = await linesOf(stripe, invoice);
      const before = lines.filter((line) => line.period.start * 1000 <= since || isPurchase(line));
      const share = invoice.total - used(before);
      if (before.length < lines.length && share > 0) late.push({ invoice, share });
      if (!earlier.length) earlier = periodsIn(before);
      // None is written before its period begins.
      if (invoice.created * 1000 <= since && earlier.length) break;
    }
    const ends = earlier.map(({ end }) => end);
    const others = subscription.items.data
      .filter((item) => item.current_period_start * 1000 <= since)
      .map((item) => item.current_period_end);
    return { late, paidUntil: Math.max(0, ...ends, ...others) * 1000 };
  });

/** Bought once, and charged with the renewal that came next: for no period, so that it is not given back with one. */
const isPurchase = ({ parent }: Stripe.InvoiceLineItem): boolean =>
  parent?.type === "invoice_item_details" && !parent.invoice_item_details?.proration;

/** What they add to a total. A credit for time that was not used is no use. */
const used = (lines: readonly Stripe.InvoiceLineItem[]): number =>
  lines.filter(({ amount }) => amount > 0).reduce((sum, line) => sum + totalOf(line), 0);

function totalOf({ amount, discount_amounts, taxes }: Stripe.InvoiceLineItem): number {
  const off = sumOf(discount_amounts ?? []);
  return amount - off + sumOf((taxes ?? []).filter(({ tax_behavior }) => tax_behavior === "exclusive"));
}

const sumOf = (parts: readonly { amount: number }[]): number =>
  parts.reduce((sum, { amount }) => sum + amount, 0);

/**
 * Twice gives back once: what was given back in any way, by anybody, is seen at Stripe. Nobody is kept for what Stripe
 * does not give back: the business sees it.
 */
export async function giveBack({ invoice, share }: Late, step: Step, { account }: Tools): Promise<void> {
  const { stripe } = account;
  const left = await withdrawn(stripe, { invoice, share }, step);
  if (left.status === "void") return;
  const isDone =
    left.status !== "draft" && !isWhole(left, share) && (await credited(stripe, left, share, step));
  if (!isDone) await leaveToBusiness(stripe, left, step);
}

const isRefusal = (error: unknown): boolean =>
  error instanceof BillingError && error.kind === "rejected" && error.code !== "idempotency_mismatch";

/** Nothing of it was paid, and nothing of it has to be. */
const isWhole = ({ status, total, amount_paid }: Stripe.Invoice, share: number): boolean =>
  (status === "open" || status === "uncollectible") && share === total && !amount_paid;

/**
 * As far as it need not be paid. A draft would be charged within the hour; where a balance covers it, it is paid by
 * becoming final.
 */
async function withdrawn(stripe: Stripe, { invoice, share }: Late, step: Step): Promise<Stripe.Invoice> {
  const { id } = invoice;
  const final =
    invoice.status === "draft"
      ? await orAsItIs(stripe, id, () =>
          stripe.invoices.finalizeInvoice(id, { auto_advance: false }, step.once(`finalize-${id}`)),
        )
      : invoice;
  if (!isWhole(final, share)) return final;
  return orAsItIs(stripe, id, () => stripe.invoices.voidInvoice(id, {}, step.once(`void-${id}`)));
}

/** Stripe refuses where somebody has come first, who may have paid it, or while a bank is being asked. */
async function orAsItIs(
  stripe: Stripe,
  id: string,
  work: () => Promise<Stripe.Invoice>,
): Promise<Stripe.Invoice> {
  try {
    return await asking(work);
  } catch (error) {
    if (!isRefusal(error)) throw error;
    return reading(() => stripe.invoices.retrieve(id));
  }
}

/** @returns false where Stripe writes no credit note */
async function credited(
  stripe: Stripe,
  invoice: Stripe.Invoice,
  share: number,
  step: Step,
): Promise<boolean> {
  const money = await moneyOf(stripe, invoice);
  const note = noteFor(invoice, share, money);
  if (!note) return true;
  const { refund_amount: refund = 0, out_of_band_amount: outside = 0, ...rest } = note;
  // Whoever else wants the same of this invoice at this moment gets this answer, and not another note.
  const nth = `${invoice.id}-${money.notes.length}-${note.amount}`;
  const write = (params: Note, name: string) =>
    isTaken(() =>
      stripe.creditNotes.create({ ...params, invoice: invoice.id }, step.shared(`${name}-${nth}`)),
    );
  if (await write(note, "return")) return true;
  // A charge that is disputed or too old cannot be refunded: the credit note says that the business owes it.
  return refund > 0 && write({ ...rest, out_of_band_amount: outside + refund }, "owe");
}

/** False where Stripe refuses. */
async function isTaken(work: () => Promise<unknown>): Promise<boolean> {
  try {
    await asking(work);
    return true;
  } catch (error) {
    if (!isRefusal(error)) throw error;
    return false;
  }
}

/** It is marked, and asked for no more. */
async function leaveToBusiness(stripe: Stripe, { id, status }: Stripe.Invoice, step: Step): Promise<void> {
  const isCollected = status === "draft" || status === "open";
  const params = { metadata: { [RETURN]: step.key }, ...(isCollected ? { auto_advance: false } : {}) };
  await isTaken(() => stripe.invoices.update(id, params, step.once(`left-${id}`)));
}

type Note = Pick<
  Stripe.CreditNoteCreateParams,
  "amount" | "refund_amount" | "credit_amount" | "out_of_band_amount"
>;

/** What is left to give back, by the way that it came. Undefined if nothing is. */
function noteFor(invoice: Stripe.Invoice, share: number, { card, refunded, notes }: Money): Note | undefined {
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

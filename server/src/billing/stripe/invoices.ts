/**
 * A customer's invoices, and what was given back, as one list. Stripe has two, each the newest first: they are read side
 * by side, and only as far as a page goes.
 */
import type Stripe from "stripe";
import type { Invoice } from "../../../../src/api/wire.ts";
import type { InvoicePage } from "../provider.ts";
import { fromStripe } from "./amounts.ts";
import { readCustomer } from "./customers.ts";
import { orMissing, reading } from "./errors.ts";
import type { StripeAccount } from "./model.ts";
import { expanded, idOf, isId, milliseconds } from "./parts.ts";
import { subscriptionOf } from "./snapshot.ts";
import { writtenAt } from "./view.ts";

interface Of {
  customerId: string;
  subscriptionId?: string;
  limit: number;
  after?: string;
}

/** One line of the list, and its place in it. */
interface Entry {
  created: number;
  shown: Invoice;
}

export async function readInvoices(account: StripeAccount, of: Of): Promise<InvoicePage> {
  const { customerId, subscriptionId, limit, after } = of;
  if (!(await readCustomer(account, customerId)) || (subscriptionId !== undefined && !isId(subscriptionId)))
    return { invoices: [], more: false };
  const last = after === undefined ? undefined : await createdOf(account, of, after);
  const found: Invoice[] = [];
  // Of the same second some may have been on the page before.
  let passed = last === undefined;
  await reading(async () => {
    found.length = 0;
    passed = last === undefined;
    for await (const { shown } of merged(account, of, last)) {
      if (passed) found.push(shown);
      else passed = shown.id === after;
      if (found.length > limit) return;
    }
  });
  return { invoices: found.slice(0, limit), more: found.length > limit };
}

/** When the last of the page before was written, s; undefined for one that is nobody's, somebody else's or not shown. */
async function createdOf(account: StripeAccount, of: Of, after: string): Promise<number | undefined> {
  if (!isId(after)) return undefined;
  const { stripe } = account;
  const found = after.startsWith("cn_")
    ? await orMissing(reading(() => stripe.creditNotes.retrieve(after, { expand: ["invoice"] })))
    : await orMissing(reading(() => stripe.invoices.retrieve(after)));
  if (!found?.customer || idOf(found.customer) !== of.customerId) return undefined;
  const entry = found.object === "invoice" ? invoiceEntry(found) : noteEntry(found, of.subscriptionId);
  return entry?.created;
}

/** @param until nothing that was written later, s */
async function* merged(account: StripeAccount, of: Of, until: number | undefined): AsyncGenerator<Entry> {
  const invoices = invoiceEntries(account, of, until);
  const notes = noteEntries(account, of, until);
  let [invoice, note] = [(await invoices.next()).value, (await notes.next()).value];
  while (invoice || note) {
    // What was given back comes after what it was given back of.
    if (note && (!invoice || note.created >= invoice.created)) {
      yield note;
      note = (await notes.next()).value;
    } else if (invoice) {
      yield invoice;
      invoice = (await invoices.next()).value;
    }
  }
}

const pageOf = ({ customerId, limit }: Of, until: number | undefined) => ({
  customer: customerId,
  limit: Math.min(100, limit + 2),
  ...(until === undefined ? {} : { created: { lte: until } }),
});

async function* invoiceEntries(
  { stripe }: StripeAccount,
  of: Of,
  until: number | undefined,
): AsyncGenerator<Entry, undefined> {
  const { subscriptionId: subscription } = of;
  const own = subscription === undefined ? {} : { subscription };
  for await (const invoice of stripe.invoices.list({ ...pageOf(of, until), ...own })) {
    const entry = invoiceEntry(invoice);
    if (entry) yield entry;
  }
  return undefined;
}

async function* noteEntries(
  { stripe }: StripeAccount,
  of: Of,
  until: number | undefined,
): AsyncGenerator<Entry, undefined> {
  const expand = ["data.invoice"];
  for await (const note of stripe.creditNotes.list({ ...pageOf(of, until), expand })) {
    const entry = noteEntry(note, of.subscriptionId);
    if (entry) yield entry;
  }
  return undefined;
}

const STATUS: Readonly<Record<string, Invoice["status"]>> = {
  paid: "paid",
  open: "open",
  void: "void",
  uncollectible: "uncollectible",
};

/** Undefined for what is not written yet, and for what a pause has made void before anybody was to pay it. */
function invoiceEntry(invoice: Stripe.Invoice): Entry | undefined {
  const { id, number, created, amount_due, currency, attempted, hosted_invoice_url: url } = invoice;
  const status = STATUS[invoice.status ?? ""];
  if (!id || !status || (status === "void" && !attempted)) return undefined;
  const amount = fromStripe(amount_due, currency);
  const shown: Invoice = {
    id,
    ...(number ? { number } : {}),
    at: writtenAt(invoice),
    amount,
    currency,
    status,
    ...(url ? { invoiceUrl: url } : {}),
    // The same page gives the receipt; where no money came in there is nothing to confirm.
    ...(url && status === "paid" && amount > 0 ? { receiptUrl: url } : {}),
  };
  return { created, shown };
}

/** Undefined where no money went back: what only became smaller was never paid, and a credit pays later invoices. */
function noteEntry(note: Stripe.CreditNote, subscriptionId: string | undefined): Entry | undefined {
  const { id, number, created, currency, refunds, out_of_band_amount, pdf } = note;
  const invoice = expanded(note.invoice);
  if (subscriptionId !== undefined && (!invoice || subscriptionOf(invoice) !== subscriptionId))
    return undefined;
  const returned = (refunds ?? []).reduce((sum, each) => sum + each.amount_refunded, out_of_band_amount ?? 0);
  if (note.status !== "issued" || returned <= 0) return undefined;
  const shown: Invoice = {
    id,
    ...(number ? { number } : {}),
    at: milliseconds(created),
    amount: -fromStripe(returned, currency),
    currency,
    status: "paid",
    ...(pdf ? { invoiceUrl: pdf } : {}),
  };
  return { created, shown };
}

/** https://docs.stripe.com/api/credit_notes */
import type Stripe from "stripe";
import { markPaid } from "../engine/invoices.ts";
import { page, pageInOrder } from "../lists.ts";
import { type Call, type Operations, Refusal, type State } from "../state.ts";
import { moveBalance } from "./customers.ts";
import { idOf, isCreated, mergeMetadata, named } from "./parts.ts";
import { chargesOf, putRefund, refundedOf, refundOperations } from "./refunds.ts";

type Params = Stripe.CreditNoteCreateParams;

const refuse = (message: string, param?: string) =>
  new Refusal(400, message, param === undefined ? {} : { param });

const LINE = {
  object: "credit_note_line_item",
  discount_amount: 0,
  discount_amounts: [],
  livemode: false,
  metadata: {},
  pretax_credit_amounts: [],
  tax_rates: [],
  taxes: [],
} as const;

function lineOf(
  invoice: Stripe.Invoice,
  given: NonNullable<Params["lines"]>[number],
  place: number,
): Stripe.CreditNoteLineItem {
  const line = invoice.lines.data.find(({ id }) => id === given.invoice_line_item);
  if (given.type === "invoice_line_item" && !line) {
    throw refuse(`No such invoice line item: '${given.invoice_line_item}'`, "lines");
  }
  const unit = given.unit_amount ?? null;
  const amount = given.amount ?? (unit === null ? line?.amount : unit * (given.quantity ?? 1)) ?? 0;
  return {
    ...LINE,
    discount_amounts: [],
    pretax_credit_amounts: [],
    tax_rates: [],
    taxes: [],
    id: `cnli_${invoice.id}_${place}`,
    amount,
    description: given.description ?? line?.description ?? null,
    ...(line ? { invoice_line_item: line.id } : {}),
    quantity: given.quantity ?? null,
    type: given.type,
    unit_amount: unit,
    unit_amount_decimal: unit === null ? null : (String(unit) as unknown as Stripe.Decimal),
  };
}

/**
 * How much may be credited still. Refunds that no credit note knows are subtracted: "This prevents the combined credit
 * notes and refunds from exceeding the invoice amount."
 */
function creditable(state: State, invoice: Stripe.Invoice, linked: readonly string[]): number {
  const known = state
    .all("credit_notes")
    .filter((each) => each.invoice === invoice.id && each.status === "issued")
    .flatMap(({ refunds }) => refunds.map(({ refund }) => String(refund)));
  const loose = refundedOf(state, invoice.id)
    .filter(({ id }) => !known.includes(id) && !linked.includes(id))
    .reduce((sum, { amount }) => sum + amount, 0);
  const noted = invoice.pre_payment_credit_notes_amount + invoice.post_payment_credit_notes_amount;
  return invoice.total - noted - loose;
}

interface Plan {
  invoice: Stripe.Invoice;
  total: number;
  /** By which the open invoice shrinks. */
  before: number;
  /** What is given back of what was paid. */
  after: number;
  linked: { refund: string; amount: number }[];
  lines: Stripe.CreditNoteLineItem[];
}

function linkedRefunds(state: State, { refunds = [] }: Params): Plan["linked"] {
  return refunds.map(({ refund: id = "", amount_refunded: amount }) => ({
    refund: id,
    amount: amount ?? named(state, "refunds", id, "refunds").amount,
  }));
}

/** @throws Refusal 400 */
function planOf(state: State, params: Params): Plan {
  const invoice = named(state, "invoices", params.invoice, "invoice");
  if (invoice.status !== "open" && invoice.status !== "paid") {
    throw refuse(`You can only create credit notes on finalized invoices: ${invoice.status}.`, "invoice");
  }
  if (params.shipping_cost || (params.amount === undefined) === (params.lines === undefined)) {
    throw refuse("You must provide one of amount, lines or shipping_cost.", "amount");
  }
  const lines = (params.lines ?? []).map((each, place) => lineOf(invoice, each, place));
  const total = params.amount ?? lines.reduce((sum, { amount }) => sum + amount, 0);
  const linked = linkedRefunds(state, params);
  const most = creditable(
    state,
    invoice,
    linked.map(({ refund }) => refund),
  );
  if (total < 1 || total > most) {
    throw refuse(`The credit note's total (${total}) exceeds what can be credited (${most}).`, "amount");
  }
  const before = invoice.status === "open" ? Math.min(total, invoice.amount_remaining) : 0;
  const after = total - before;
  const given =
    (params.refund_amount ?? 0) +
    (params.credit_amount ?? 0) +
    (params.out_of_band_amount ?? 0) +
    linked.reduce((sum, { amount }) => sum + amount, 0);
  if (given !== after) {
    throw refuse(
      `The sum of refund_amount, credit_amount, out_of_band_amount and refunds (${given}) must equal the post payment amount (${after}).`,
    );
  }
  return { invoice, total, before, after, linked, lines };
}

function numberOf(state: State, invoice: Stripe.Invoice): string {
  const count = state.all("credit_notes").filter((each) => each.invoice === invoice.id).length + 1;
  return `${invoice.number}-CN-${String(count).padStart(2, "0")}`;
}

/** Without lines of its own it takes its total from the invoice's as a whole. */
function wholeLine(plan: Plan): Stripe.CreditNoteLineItem {
  const custom = {
    type: "custom_line_item" as const,
    amount: plan.total,
    description: plan.invoice.description ?? "Credit",
  };
  return lineOf(plan.invoice, custom, 0);
}

function noteOf(state: State, id: string, plan: Plan, params: Params): Stripe.CreditNote {
  const { invoice, total, before, after } = plan;
  const created = state.timeOf(invoice.customer as string);
  const lines = plan.lines.length ? plan.lines : [wholeLine(plan)];
  return {
    id,
    object: "credit_note",
    amount: total,
    amount_shipping: 0,
    created,
    currency: invoice.currency,
    customer: invoice.customer as string,
    customer_account: null,
    customer_balance_transaction: null,
    discount_amount: 0,
    discount_amounts: [],
    effective_at: params.effective_at ?? created,
    invoice: invoice.id,
    lines: { object: "list", data: lines, has_more: false, url: `/v1/credit_notes/${id}/lines` },
    livemode: false,
    memo: params.memo ?? null,
    metadata: mergeMetadata(null, params.metadata),
    number: numberOf(state, invoice),
    out_of_band_amount: params.out_of_band_amount ?? null,
    pdf: `https://pay.stripe.com/credit_notes/${id}/pdf`,
    post_payment_amount: after,
    pre_payment_amount: before,
    pretax_credit_amounts: [],
    reason: params.reason ?? null,
    refunds: plan.linked.map(({ refund, amount }) => ({
      amount_refunded: amount,
      payment_record_refund: null,
      refund,
      type: "refund",
    })),
    shipping_cost: null,
    status: "issued",
    subtotal: total,
    subtotal_excluding_tax: total,
    total,
    total_excluding_tax: total,
    total_taxes: [],
    type: before && after ? "mixed" : before ? "pre_payment" : "post_payment",
    voided_at: null,
  };
}

/** "If set, a refund will be created for the charge associated with the invoice": here for several, the newest first. */
function refund(state: State, { invoice }: Plan, wanted: number): Stripe.CreditNote.Refund[] {
  const made: Stripe.CreditNote.Refund[] = [];
  let left = wanted;
  for (const charge of chargesOf(state, invoice.id)) {
    const amount = Math.min(left, charge.amount_captured - charge.amount_refunded);
    if (amount < 1) continue;
    const { id } = putRefund(state, charge, amount);
    made.push({ amount_refunded: amount, payment_record_refund: null, refund: id, type: "refund" });
    left -= amount;
  }
  if (left > 0)
    throw refuse("refund_amount is greater than what was paid and not refunded.", "refund_amount");
  return made;
}

/** What is still asked for is less, or nothing any more. */
function reduce(state: State, invoice: Stripe.Invoice, before: number): void {
  invoice.amount_due -= before;
  invoice.amount_remaining -= before;
  for (const payment of state.all("invoice_payments")) {
    if (payment.invoice !== invoice.id || payment.status !== "open") continue;
    const intent = state.find("payment_intents", String(payment.payment.payment_intent));
    payment.amount_requested = invoice.amount_remaining;
    if (intent) intent.amount = invoice.amount_remaining;
    if (invoice.amount_remaining > 0) continue;
    payment.status = "canceled";
    if (intent) intent.status = "canceled";
  }
}

/** An open invoice that nothing is left of is paid. */
function credit(state: State, { invoice, before, after }: Plan): void {
  invoice.pre_payment_credit_notes_amount += before;
  invoice.post_payment_credit_notes_amount += after;
  if (before === 0) return;
  reduce(state, invoice, before);
  if (invoice.amount_remaining === 0) markPaid(state, invoice, state.timeOf(invoice.customer as string));
}

function create({ state, params }: Call<Params>): object {
  const plan = planOf(state, params);
  const id = state.newId("credit_notes");
  const note = noteOf(state, id, plan, params);
  if (params.refund_amount) note.refunds.push(...refund(state, plan, params.refund_amount));
  if (params.credit_amount) {
    const given = moveBalance(state, note.customer as string, -params.credit_amount, note.currency, {
      credit_note: id,
      invoice: note.invoice,
      type: "credit_note",
    });
    note.customer_balance_transaction = given.id;
  }
  credit(state, plan);
  state.put("credit_notes", note);
  state.emit("credit_note.created", note, note.created);
  return note;
}

function preview({ state, params }: Call<Stripe.CreditNotePreviewParams>): object {
  const given = params as unknown as Params;
  return noteOf(state, "cn_preview", planOf(state, given), given);
}

function update({ state, params, ids }: Call<Stripe.CreditNoteUpdateParams>): object {
  const before = state.get("credit_notes", idOf({ ids }));
  return state.put("credit_notes", {
    ...before,
    memo: params.memo ?? before.memo,
    metadata: mergeMetadata(before.metadata, params.metadata),
  });
}

/** Only one that has given nothing back. */
function voidNote({ state, ids }: Call): object {
  const note = state.get("credit_notes", idOf({ ids }));
  const invoice = state.get("invoices", note.invoice as string);
  const amount = note.pre_payment_amount;
  if (note.status === "void" || note.post_payment_amount > 0 || invoice.status !== "open") {
    throw refuse("You can only void an issued credit note on an open invoice.");
  }
  invoice.pre_payment_credit_notes_amount -= amount;
  reduce(state, invoice, -amount);
  const voided_at = state.timeOf(note.customer as string);
  return state.put("credit_notes", { ...note, status: "void", voided_at });
}

function list({ state, params }: Call<Stripe.CreditNoteListParams>): object {
  const all = state
    .all("credit_notes")
    .filter((each) => params.customer === undefined || each.customer === params.customer)
    .filter((each) => params.invoice === undefined || each.invoice === params.invoice)
    .filter(isCreated(params.created));
  return page(all, params, "/v1/credit_notes");
}

function lines({ state, params, ids }: Call<Stripe.CreditNoteListLineItemsParams>): object {
  const note = state.get("credit_notes", idOf({ ids }));
  return pageInOrder(note.lines.data, params, note.lines.url);
}

export const creditNoteOperations: Operations = {
  "POST /v1/credit_notes": create,
  "GET /v1/credit_notes": list,
  "GET /v1/credit_notes/preview": preview,
  "GET /v1/credit_notes/:id": ({ state, ids }: Call) => state.get("credit_notes", idOf({ ids })),
  "POST /v1/credit_notes/:id": update,
  "POST /v1/credit_notes/:id/void": voidNote,
  "GET /v1/credit_notes/:id/lines": lines,
  ...refundOperations,
};

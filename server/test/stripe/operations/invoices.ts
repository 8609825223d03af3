/** https://docs.stripe.com/api/invoices */
import type Stripe from "stripe";
import { notice } from "../engine/clock.ts";
import { subscriptionOf } from "../engine/invoice-objects.ts";
import { finalize, markUncollectible, voidInvoice } from "../engine/invoices.ts";
import { idOf as idOfThing, nowOf, whole } from "../engine/memory.ts";
import { pay } from "../engine/payments.ts";
import { preview } from "../engine/previews.ts";
import { page, pageInOrder } from "../lists.ts";
import { type Call, type Operations, Refusal } from "../state.ts";
import { idOf, isCreated, mergeMetadata } from "./parts.ts";

type Invoice = Stripe.Invoice;

const find = ({ state, ids }: Pick<Call, "state" | "ids">): Invoice => state.get("invoices", idOf({ ids }));

function list({ state, params }: Call<Stripe.InvoiceListParams>): object {
  const within = isCreated(params.created);
  const found = state
    .all("invoices")
    .filter(
      (each) =>
        (!params.status || each.status === params.status) &&
        (!params.subscription || subscriptionOf(each) === params.subscription) &&
        (!params.customer || idOfThing(each.customer) === params.customer) &&
        (!params.collection_method || each.collection_method === params.collection_method) &&
        within(each),
    );
  return page(found, params, "/v1/invoices");
}

function lines({ state, params, ids }: Call<Stripe.InvoiceListLineItemsParams>): object {
  const invoice = find({ state, ids });
  return pageInOrder(invoice.lines.data, params, `/v1/invoices/${invoice.id}/lines`);
}

/** What comes from a subscription is not deleted but voided. */
function remove({ state, ids }: Call): object {
  const invoice = find({ state, ids });
  if (invoice.status !== "draft")
    throw new Refusal(400, "You can only delete draft invoices.", { code: "invoice_not_editable" });
  throw new Refusal(400, "Draft invoices created by subscriptions cannot be deleted.", {
    code: "invoice_not_editable",
  });
}

function update({ state, params, ids }: Call<Stripe.InvoiceUpdateParams>): Invoice {
  const invoice = find({ state, ids });
  invoice.metadata = mergeMetadata(invoice.metadata, params.metadata);
  if (params.auto_advance !== undefined) invoice.auto_advance = params.auto_advance;
  return invoice;
}

/** Finalising by hand asks for no money, unless the invoice is to advance: then that happens within the hour. */
function finalizeNow({ state, params, ids }: Call<Stripe.InvoiceFinalizeInvoiceParams>): Invoice {
  return whole(state, () => {
    const invoice = find({ state, ids });
    const at = nowOf(state, invoice);
    if (params.auto_advance !== undefined) invoice.auto_advance = params.auto_advance;
    finalize(state, invoice, at);
    const collects = invoice.status === "open" && invoice.collection_method === "charge_automatically";
    if (collects && invoice.auto_advance) invoice.next_payment_attempt = at + 3600;
    return invoice;
  });
}

/** A payment that fails stays written down: the attempt has happened. */
function payNow({ state, params, ids }: Call<Stripe.InvoicePayParams>): Invoice {
  const invoice = find({ state, ids });
  pay(state, invoice, nowOf(state, invoice), params.payment_method);
  notice(state);
  return invoice;
}

const ending =
  (work: (state: Call["state"], invoice: Invoice, at: number) => void) =>
  ({ state, ids }: Call): Invoice =>
    whole(state, () => {
      const invoice = find({ state, ids });
      work(state, invoice, nowOf(state, invoice));
      notice(state);
      return invoice;
    });

export const invoiceOperations: Operations = {
  "GET /v1/invoices": list,
  "GET /v1/invoices/:id": find,
  "POST /v1/invoices/:id": update,
  "DELETE /v1/invoices/:id": remove,
  "GET /v1/invoices/:id/lines": lines,
  "POST /v1/invoices/create_preview": ({ state, params }: Call<Stripe.InvoiceCreatePreviewParams>) =>
    preview(state, params),
  "POST /v1/invoices/:id/finalize": finalizeNow,
  "POST /v1/invoices/:id/pay": payNow,
  "POST /v1/invoices/:id/void": ending(voidInvoice),
  "POST /v1/invoices/:id/mark_uncollectible": ending(markUncollectible),
};

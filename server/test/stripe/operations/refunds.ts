/** https://docs.stripe.com/api/refunds, and what refunds are taken from: charges, payment intents, invoice payments. */
import type Stripe from "stripe";
import { page } from "../lists.ts";
import { type Call, type Operations, Refusal, type State } from "../state.ts";
import { idOf, isCreated, mergeMetadata, named } from "./parts.ts";

/** Charges of an invoice that have taken money, the newest first. */
export function chargesOf(state: State, invoiceId: string): Stripe.Charge[] {
  return state
    .all("invoice_payments")
    .filter((each) => each.invoice === invoiceId && each.status === "paid")
    .flatMap(({ payment }) => {
      const intent = state.find("payment_intents", String(payment.payment_intent));
      const charge = state.find("charges", String(intent?.latest_charge ?? payment.charge));
      return charge?.paid ? [charge] : [];
    })
    .toReversed();
}

export const refundedOf = (state: State, invoiceId: string): Stripe.Refund[] => {
  const charges = chargesOf(state, invoiceId).map(({ id }) => id);
  return state.all("refunds").filter((each) => charges.includes(String(each.charge)));
};

/** @throws Refusal 400 for more than is left of it */
export function putRefund(
  state: State,
  charge: Stripe.Charge,
  amount: number,
  more: Partial<Stripe.Refund> = {},
): Stripe.Refund {
  const left = charge.amount_captured - charge.amount_refunded;
  if (left === 0) {
    throw new Refusal(400, `Charge ${charge.id} has already been refunded.`, {
      code: "charge_already_refunded",
    });
  }
  if (amount < 1 || amount > left) {
    throw new Refusal(
      400,
      `Refund amount (${amount}) is greater than unrefunded amount on charge (${left}).`,
      { param: "amount" },
    );
  }
  const created = charge.customer ? state.timeOf(charge.customer as string) : state.data.now;
  const refund = state.put("refunds", {
    id: state.newId("refunds"),
    object: "refund",
    amount,
    balance_transaction: null,
    charge: charge.id,
    created,
    currency: charge.currency,
    customer: null,
    customer_account: null,
    metadata: {},
    payment_intent: charge.payment_intent,
    payment_method: charge.payment_method,
    reason: null,
    receipt_number: null,
    source_transfer_reversal: null,
    status: "succeeded",
    transfer_reversal: null,
    ...more,
  });
  const amount_refunded = charge.amount_refunded + amount;
  const after = { ...charge, amount_refunded, refunded: amount_refunded === charge.amount_captured };
  state.emit("charge.refunded", state.put("charges", after), created);
  return refund;
}

/** The invoice stays paid: only a credit note changes what it says. */
function create({ state, params }: Call<Stripe.RefundCreateParams>): object {
  const intent = params.payment_intent
    ? named(state, "payment_intents", params.payment_intent, "payment_intent")
    : undefined;
  const id = params.charge ?? (intent?.latest_charge as string | null | undefined);
  if (!id) {
    throw new Refusal(400, "One of the following params should be provided: payment_intent or charge.");
  }
  const charge = named(state, "charges", id, "charge");
  const amount = params.amount ?? charge.amount_captured - charge.amount_refunded;
  return putRefund(state, charge, amount, {
    metadata: mergeMetadata(null, params.metadata),
    reason: params.reason ?? null,
  });
}

function update({ state, params, ids }: Call<Stripe.RefundUpdateParams>): object {
  const before = state.get("refunds", idOf({ ids }));
  return state.put("refunds", { ...before, metadata: mergeMetadata(before.metadata, params.metadata) });
}

function listRefunds({ state, params }: Call<Stripe.RefundListParams>): object {
  const all = state
    .all("refunds")
    .filter((each) => params.charge === undefined || each.charge === params.charge)
    .filter((each) => params.payment_intent === undefined || each.payment_intent === params.payment_intent)
    .filter(isCreated(params.created));
  return page(all, params, "/v1/refunds");
}

function listCharges({ state, params }: Call<Stripe.ChargeListParams>): object {
  const all = state
    .all("charges")
    .filter((each) => params.customer === undefined || each.customer === params.customer)
    .filter((each) => params.payment_intent === undefined || each.payment_intent === params.payment_intent)
    .filter(isCreated(params.created));
  return page(all, params, "/v1/charges");
}

function listIntents({ state, params }: Call<Stripe.PaymentIntentListParams>): object {
  const all = state
    .all("payment_intents")
    .filter((each) => params.customer === undefined || each.customer === params.customer)
    .filter(isCreated(params.created));
  return page(all, params, "/v1/payment_intents");
}

function listInvoicePayments({ state, params }: Call<Stripe.InvoicePaymentListParams>): object {
  const intent = params.payment?.payment_intent;
  const all = state
    .all("invoice_payments")
    .filter((each) => params.invoice === undefined || each.invoice === params.invoice)
    .filter((each) => params.status === undefined || each.status === params.status)
    .filter((each) => intent === undefined || each.payment.payment_intent === intent)
    .filter(isCreated(params.created));
  return page(all, params, "/v1/invoice_payments");
}

export const refundOperations: Operations = {
  "POST /v1/refunds": create,
  "GET /v1/refunds": listRefunds,
  "GET /v1/refunds/:id": ({ state, ids }: Call) => state.get("refunds", idOf({ ids })),
  "POST /v1/refunds/:id": update,
  "GET /v1/charges": listCharges,
  "GET /v1/charges/:id": ({ state, ids }: Call) => state.get("charges", idOf({ ids })),
  "GET /v1/payment_intents": listIntents,
  "GET /v1/payment_intents/:id": ({ state, ids }: Call) => state.get("payment_intents", idOf({ ids })),
  "GET /v1/invoice_payments": listInvoicePayments,
  "GET /v1/invoice_payments/:id": ({ state, ids }: Call) => state.get("invoice_payments", idOf({ ids })),
};

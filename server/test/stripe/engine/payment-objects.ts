/** Payment intents, charges and payments of invoices as Stripe shows them. */
import type Stripe from "stripe";
import type { State } from "../state.ts";
import { idOf } from "./memory.ts";

export function putIntent(state: State, invoice: Stripe.Invoice, at: number): Stripe.PaymentIntent {
  const id = state.newId("payment_intents");
  return state.put("payment_intents", {
    id,
    object: "payment_intent",
    allowed_payment_method_types: null,
    amount: invoice.amount_remaining,
    amount_capturable: 0,
    amount_received: 0,
    application: null,
    application_fee_amount: null,
    automatic_payment_methods: null,
    canceled_at: null,
    cancellation_reason: null,
    capture_method: "automatic",
    client_secret: `${id}_secret_double`,
    confirmation_method: "automatic",
    created: at,
    currency: invoice.currency,
    customer: idOf(invoice.customer),
    customer_account: null,
    description: "Subscription update",
    excluded_payment_method_types: null,
    last_payment_error: null,
    latest_charge: null,
    livemode: false,
    managed_payments: null,
    metadata: {},
    next_action: null,
    on_behalf_of: null,
    payment_method: null,
    payment_method_configuration_details: null,
    payment_method_options: {},
    payment_method_types: ["card"],
    payment_record: null,
    processing: null,
    receipt_email: null,
    review: null,
    setup_future_usage: "off_session",
    shipping: null,
    source: null,
    statement_descriptor: null,
    statement_descriptor_suffix: null,
    status: "requires_payment_method",
    transfer_data: null,
    transfer_group: null,
  });
}

export function putInvoicePayment(
  state: State,
  invoice: Stripe.Invoice,
  intent: string,
  at: number,
): Stripe.InvoicePayment {
  return state.put("invoice_payments", {
    id: state.newId("invoice_payments"),
    object: "invoice_payment",
    amount_paid: null,
    amount_requested: invoice.amount_remaining,
    created: at,
    currency: invoice.currency,
    invoice: invoice.id,
    is_default: true,
    livemode: false,
    payment: { type: "payment_intent", payment_intent: intent },
    status: "open",
    status_transitions: { canceled_at: null, paid_at: null },
  });
}

function methodDetails(method: Stripe.PaymentMethod | undefined): Stripe.Charge.PaymentMethodDetails | null {
  const card = method?.card;
  if (!method || !card) return method ? ({ type: method.type } as Stripe.Charge.PaymentMethodDetails) : null;
  return {
    type: "card",
    card: {
      amount_authorized: null,
      authorization_code: null,
      brand: card.brand,
      checks: null,
      country: card.country,
      electronic_commerce_indicator: null,
      exp_month: card.exp_month,
      exp_year: card.exp_year,
      fingerprint: card.fingerprint ?? null,
      funding: card.funding,
      installments: null,
      last4: card.last4,
      mandate: null,
      network: card.brand,
      network_transaction_id: null,
      regulated_status: null,
      three_d_secure: null,
      transaction_link_id: null,
      wallet: null,
    },
  };
}

/** @param decline why the bank says no */
export function putCharge(
  state: State,
  intent: Stripe.PaymentIntent,
  method: Stripe.PaymentMethod | undefined,
  decline: string | undefined,
  at: number,
): Stripe.Charge {
  const id = state.newId("charges");
  const taken = decline === undefined;
  const text = taken ? null : "Your card was declined.";
  return state.put("charges", {
    id,
    object: "charge",
    amount: intent.amount,
    amount_captured: taken ? intent.amount : 0,
    amount_refunded: 0,
    application: null,
    application_fee: null,
    application_fee_amount: null,
    balance_transaction: null,
    billing_details: { address: null, email: null, name: null, phone: null, tax_id: null },
    calculated_statement_descriptor: "DOUBLE",
    captured: taken,
    created: at,
    currency: intent.currency,
    customer: intent.customer,
    description: intent.description,
    disputed: false,
    failure_balance_transaction: null,
    failure_code: taken ? null : "card_declined",
    failure_message: text,
    fraud_details: {},
    livemode: false,
    metadata: {},
    on_behalf_of: null,
    outcome: {
      advice_code: null,
      network_advice_code: null,
      network_decline_code: null,
      network_status: taken ? "approved_by_network" : "declined_by_network",
      reason: decline ?? null,
      seller_message: taken ? "Payment complete." : "The bank did not return any further details.",
      type: taken ? "authorized" : "issuer_declined",
    },
    paid: taken,
    payment_intent: intent.id,
    payment_method: method?.id ?? null,
    payment_method_details: methodDetails(method),
    receipt_email: null,
    receipt_number: null,
    receipt_url: taken ? `https://pay.stripe.com/receipts/${id}` : null,
    refunded: false,
    review: null,
    shipping: null,
    source: null,
    source_transfer: null,
    statement_descriptor: null,
    statement_descriptor_suffix: null,
    status: taken ? "succeeded" : "failed",
    transfer_data: null,
    transfer_group: null,
  });
}

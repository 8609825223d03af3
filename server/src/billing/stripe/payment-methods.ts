/** What customers call what they pay with, and nothing that is not theirs to see. */
import type Stripe from "stripe";
import type { PaymentMethod } from "../../../../src/api/wire.ts";
import { expanded } from "./parts.ts";

const CARDS: Readonly<Record<string, string>> = {
  amex: "American Express",
  american_express: "American Express",
  cartes_bancaires: "Cartes Bancaires",
  diners: "Diners Club",
  diners_club: "Diners Club",
  discover: "Discover",
  eftpos_australia: "eftpos",
  eftpos_au: "eftpos",
  girocard: "girocard",
  interac: "Interac",
  jcb: "JCB",
  mastercard: "Mastercard",
  unionpay: "UnionPay",
  union_pay: "UnionPay",
  visa: "Visa",
};

/** Where the words of the type are not the name. */
const NAMES: Readonly<Record<string, string>> = {
  acss_debit: "Pre-authorized debit",
  au_becs_debit: "BECS Direct Debit",
  bacs_debit: "Bacs Direct Debit",
  cashapp: "Cash App Pay",
  customer_balance: "Bank transfer",
  ideal: "iDEAL",
  kr_card: "Card",
  mobilepay: "MobilePay",
  nz_bank_account: "BECS Direct Debit",
  paypal: "PayPal",
  paypay: "PayPay",
  payto: "PayTo",
  sepa_debit: "SEPA Direct Debit",
  twint: "TWINT",
  upi: "UPI",
  us_bank_account: "Bank account",
  wechat_pay: "WeChat Pay",
};

/**
 * What the next charge is taken from, in the order in which Stripe looks; undefined for nothing, and for invoices that
 * are sent.
 */
export function paymentMethodOf(
  subscription: Stripe.Subscription,
  customer: Stripe.Customer,
): PaymentMethod | undefined {
  if (subscription.collection_method === "send_invoice") return undefined;
  return (
    shownMethod(expanded(subscription.default_payment_method)) ??
    shownSource(expanded(subscription.default_source)) ??
    shownMethod(expanded(customer.invoice_settings?.default_payment_method)) ??
    shownSource(expanded(customer.default_source))
  );
}

/** Types whose payments Stripe confirms days after they were asked for: https://docs.stripe.com/payments/payment-methods */
const LATE: ReadonlySet<string> = new Set([
  "ach_credit_transfer",
  "ach_debit",
  "acss_debit",
  "au_becs_debit",
  "bacs_debit",
  "boleto",
  "customer_balance",
  "id_bank_transfer",
  "konbini",
  "multibanco",
  "nz_bank_account",
  "oxxo",
  "payto",
  "sepa_credit_transfer",
  "sepa_debit",
  "us_bank_account",
]);

/** Whether it is known only days later if the next charge has come in. */
export function takesDays(subscription: Stripe.Subscription, customer: Stripe.Customer): boolean {
  const used =
    expanded(subscription.default_payment_method) ??
    expanded(subscription.default_source) ??
    expanded(customer.invoice_settings?.default_payment_method) ??
    expanded(customer.default_source);
  if (used?.object === "payment_method" || used?.object === "source") return LATE.has(used.type);
  return used?.object === "bank_account";
}

function shownMethod(method: Stripe.PaymentMethod | undefined): PaymentMethod | undefined {
  if (!method) return undefined;
  const { card, type } = method;
  if (card) return shownCard({ ...card, brand: card.display_brand ?? card.brand });
  if (type === "us_bank_account" && method.us_bank_account?.bank_name)
    return { brand: method.us_bank_account.bank_name, ...last4(method.us_bank_account) };
  return { brand: nameOf(type), ...last4((method as unknown as Record<string, unknown>)[type]) };
}

/** From before there were payment methods; many accounts still have them. */
function shownSource(source: Stripe.CustomerSource | undefined): PaymentMethod | undefined {
  switch (source?.object) {
    case "card":
      return shownCard(source);
    case "bank_account":
      return { brand: source.bank_name ?? nameOf("us_bank_account"), ...last4(source) };
    case "source":
      return source.card
        ? shownCard(source.card)
        : { brand: nameOf(source.type), ...last4(source.sepa_debit ?? source.ach_debit) };
    default:
      return undefined;
  }
}

function shownCard(card: {
  brand?: string | null;
  last4?: string | null;
  exp_month?: number | null;
  exp_year?: number | null;
}): PaymentMethod {
  const { brand, exp_month, exp_year } = card;
  return {
    brand: CARDS[(brand ?? "").toLowerCase().replaceAll(" ", "_")] ?? "Card",
    ...last4(card),
    ...(exp_month && exp_year ? { expMonth: exp_month, expYear: exp_year } : {}),
  };
}

/** Only what is no more than digits: a field of this name that holds anything else is not for showing. */
function last4(details: unknown): { last4?: string } {
  const found = (details as { last4?: unknown } | null | undefined)?.last4;
  return typeof found === "string" && /^\d{2,4}$/.test(found) ? { last4: found } : {};
}

/** "amazon_pay" → "Amazon Pay" */
const nameOf = (type: string): string =>
  NAMES[type] ?? type.replaceAll(/(?:^|_)([a-z])/g, (_, letter) => ` ${letter.toUpperCase()}`).trim();

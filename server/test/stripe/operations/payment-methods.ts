/** Cards by Stripe's test tokens: https://docs.stripe.com/testing */
import type Stripe from "stripe";
import { page } from "../lists.ts";
import { type Call, type Operations, Refusal, type State } from "../state.ts";
import { idOf, mergeMetadata, named } from "./parts.ts";

interface TestCard {
  brand: string;
  last4: string;
  /** Attaching works, and every charge is declined with this. */
  declines?: string;
  /** Not even attaching works. */
  refused?: string;
}

const visa = (last4: string, more: Partial<TestCard> = {}): TestCard => ({ brand: "visa", last4, ...more });

/** By what follows `pm_card_` or `tok_`. */
const CARDS: Readonly<Record<string, TestCard>> = {
  visa: visa("4242"),
  visa_debit: visa("5556"),
  mastercard: { brand: "mastercard", last4: "4444" },
  amex: { brand: "amex", last4: "0005" },
  discover: { brand: "discover", last4: "1117" },
  jcb: { brand: "jcb", last4: "0505" },
  chargeCustomerFail: visa("0341", { declines: "generic_decline" }),
  authenticationRequired: visa("3184", { declines: "authentication_required" }),
  chargeDeclined: visa("0002", { refused: "generic_decline" }),
  visa_chargeDeclined: visa("0002", { refused: "generic_decline" }),
  visa_chargeDeclinedInsufficientFunds: visa("9995", { refused: "insufficient_funds" }),
  chargeDeclinedInsufficientFunds: visa("9995", { refused: "insufficient_funds" }),
  chargeDeclinedExpiredCard: visa("0069", { refused: "expired_card" }),
};

const tokenOf = (text: string): TestCard | undefined => CARDS[text.replace(/^(pm_card_|tok_)/, "")];

const emptyAddress = { city: null, country: null, line1: null, line2: null, postal_code: null, state: null };

function cardOf({ brand, last4 }: TestCard, now: number): Stripe.PaymentMethod.Card {
  return {
    brand,
    checks: { address_line1_check: null, address_postal_code_check: null, cvc_check: "pass" },
    country: "US",
    display_brand: brand,
    exp_month: 9,
    exp_year: new Date(now * 1000).getUTCFullYear() + 5,
    fingerprint: `fingerprint${last4}`,
    funding: "credit",
    generated_from: null,
    last4,
    networks: { available: [brand], preferred: null },
    regulated_status: "unregulated",
    three_d_secure_usage: { supported: true },
    wallet: null,
  };
}

function put(
  state: State,
  kind: Pick<Stripe.PaymentMethod, "type"> & Partial<Stripe.PaymentMethod>,
): Stripe.PaymentMethod {
  return state.put("payment_methods", {
    id: state.newId("payment_methods"),
    object: "payment_method",
    allow_redisplay: "unspecified",
    billing_details: { address: { ...emptyAddress }, email: null, name: null, phone: null, tax_id: null },
    created: state.data.now,
    customer: null,
    customer_account: null,
    livemode: false,
    metadata: {},
    ...kind,
  });
}

function fromToken(state: State, token: string, param: string): Stripe.PaymentMethod {
  const card = tokenOf(token);
  if (!card) {
    throw new Refusal(400, `No such token: '${token}'`, { code: "resource_missing", param });
  }
  const made = put(state, { type: "card", card: cardOf(card, state.data.now) });
  if (card.declines) state.data.hidden[made.id] = { decline: card.declines };
  if (card.refused) state.data.hidden[made.id] = { refused: card.refused };
  return made;
}

/**
 * Puts a payment method on a customer. A token like `pm_card_visa` makes a new one each time.
 * @throws Refusal 404, 400 for another customer's, 402 for cards that no customer can have
 */
export function attachPaymentMethod(
  state: State,
  idOrToken: string,
  customerId: string,
): Stripe.PaymentMethod {
  const found = tokenOf(idOrToken)
    ? fromToken(state, idOrToken, "payment_method")
    : state.get("payment_methods", idOrToken);
  const refused = state.data.hidden[found.id]?.refused;
  if (refused) {
    throw new Refusal(402, "Your card was declined.", {
      type: "card_error",
      code: "card_declined",
      declineCode: String(refused),
    });
  }
  if (found.customer !== null && found.customer !== customerId) {
    throw new Refusal(400, "The payment method you provided has already been attached to a customer.", {
      code: "payment_method_unexpected_state",
    });
  }
  named(state, "customers", customerId, "customer");
  const attached = state.put("payment_methods", {
    ...found,
    customer: customerId,
    created: state.timeOf(customerId),
  });
  state.emit("payment_method.attached", attached, state.timeOf(customerId));
  return attached;
}

/** @throws Refusal 400 unless it is this customer's */
export function ownPaymentMethod(state: State, id: string, customerId: string): Stripe.PaymentMethod {
  const found = state.find("payment_methods", id);
  if (found?.customer === customerId) return found;
  const says = `The customer does not have a payment method with the ID ${id}. The payment method must be attached to the customer.`;
  throw new Refusal(400, says, {
    code: "resource_missing",
    param: "invoice_settings[default_payment_method]",
  });
}

function create({ state, params }: Call<Stripe.PaymentMethodCreateParams>): object {
  if (params.type === "sepa_debit" && params.sepa_debit) {
    const { iban } = params.sepa_debit;
    const [country, last4] = [iban.slice(0, 2), iban.slice(-4)];
    const sepa = { bank_code: null, branch_code: null, country, fingerprint: null, generated_from: null };
    return put(state, { type: "sepa_debit", sepa_debit: { ...sepa, last4 } });
  }
  if (params.type === "link") return put(state, { type: "link", link: { email: null } as never });
  const token = params.card?.token;
  if (params.type === "card" && token) return fromToken(state, token, "card[token]");
  throw new Refusal(
    402,
    "Sending credit card numbers directly to the Stripe API is generally unsafe. We suggest you use test tokens.",
    { type: "card_error" },
  );
}

const MISSING = "You must provide a customer to attach the payment method to.";

function attach({ state, params, ids }: Call<Stripe.PaymentMethodAttachParams>): object {
  if (!params.customer) throw new Refusal(400, MISSING, { param: "customer" });
  return attachPaymentMethod(state, idOf({ ids }), params.customer);
}

/** It is nobody's afterwards, and nothing names it any more. */
function detach({ state, ids }: Call): object {
  const found = state.get("payment_methods", idOf({ ids }));
  if (found.customer === null) {
    throw new Refusal(
      400,
      "The payment method you provided is not attached to a customer so detachment is impossible.",
      { code: "payment_method_unexpected_state" },
    );
  }
  const customer = state.get("customers", found.customer as string);
  if (customer.invoice_settings.default_payment_method === found.id) {
    const invoice_settings = { ...customer.invoice_settings, default_payment_method: null };
    state.put("customers", { ...customer, invoice_settings });
  }
  for (const subscription of state.all("subscriptions")) {
    if (subscription.default_payment_method !== found.id) continue;
    state.put("subscriptions", { ...subscription, default_payment_method: null });
  }
  state.emit("payment_method.detached", found, state.timeOf(customer.id));
  return state.put("payment_methods", { ...found, customer: null });
}

function update({ state, params, ids }: Call<Stripe.PaymentMethodUpdateParams>): object {
  const found = state.get("payment_methods", idOf({ ids }));
  const { exp_month = found.card?.exp_month, exp_year = found.card?.exp_year } = params.card ?? {};
  return state.put("payment_methods", {
    ...found,
    ...(found.card ? { card: { ...found.card, exp_month, exp_year } as Stripe.PaymentMethod.Card } : {}),
    metadata: mergeMetadata(found.metadata, params.metadata),
  });
}

function list(
  { state, params }: Call<Stripe.PaymentMethodListParams>,
  customer = params.customer,
  url = "/v1/payment_methods",
): object {
  const all = state
    .all("payment_methods")
    .filter((each) => customer === undefined || each.customer === customer)
    .filter((each) => params.type === undefined || each.type === params.type);
  return page(all, params, url);
}

export const paymentMethodOperations: Operations = {
  "POST /v1/payment_methods": create,
  "GET /v1/payment_methods": (call: Call<Stripe.PaymentMethodListParams>) => list(call),
  "GET /v1/payment_methods/:id": ({ state, ids }: Call) => state.get("payment_methods", idOf({ ids })),
  "POST /v1/payment_methods/:id": update,
  "POST /v1/payment_methods/:id/attach": attach,
  "POST /v1/payment_methods/:id/detach": detach,
  "GET /v1/customers/:id/payment_methods": (call: Call<Stripe.CustomerListPaymentMethodsParams>) => {
    const { id } = call.state.get("customers", idOf(call));
    return list(call as Call<Stripe.PaymentMethodListParams>, id, `/v1/customers/${id}/payment_methods`);
  },
};

/** A small Stripe, to test what every request goes through. */
import Stripe from "stripe";
import type { StripeDouble } from "./double.ts";
import { page, searchPage } from "./lists.ts";
import { type Call, type Operations, Refusal } from "./state.ts";

export const NOW = 1_800_000_000;

function create({ state, params }: Call<Stripe.CustomerCreateParams>): Stripe.Customer {
  if (params.description === "declined") {
    throw new Refusal(402, "Your card was declined.", {
      type: "card_error",
      code: "card_declined",
      declineCode: "generic_decline",
    });
  }
  return state.put("customers", {
    id: state.newId("customers"),
    object: "customer",
    balance: 0,
    created: state.data.now,
    default_source: null,
    description: params.description ?? null,
    email: params.email ?? null,
    invoice_settings: {
      custom_fields: null,
      default_payment_method: null,
      footer: null,
      rendering_options: null,
    },
    livemode: false,
    metadata: {},
    shipping: null,
    // Faulty on demand: Stripe has no such value.
    ...(params.name === "faulty" ? { tax_exempt: "maybe" } : {}),
    ...(params.name === "crash" ? { name: (undefined as unknown as string).trim() } : {}),
    ...(params.test_clock ? { test_clock: params.test_clock } : {}),
  });
}

export const coupon: Stripe.Coupon = {
  id: "HALF",
  object: "coupon",
  amount_off: null,
  applies_to: { products: ["prod_1"] },
  created: NOW,
  currency: null,
  duration: "forever",
  duration_in_months: null,
  livemode: false,
  max_redemptions: null,
  metadata: {},
  name: null,
  percent_off: 50,
  redeem_by: null,
  times_redeemed: 0,
  valid: true,
};

export const code: Stripe.PromotionCode = {
  id: "promo_1",
  object: "promotion_code",
  active: true,
  code: "HALF",
  created: NOW,
  customer: null,
  customer_account: null,
  expires_at: null,
  livemode: false,
  max_redemptions: null,
  metadata: {},
  promotion: { type: "coupon", coupon: "HALF" },
  restrictions: { first_time_transaction: false, minimum_amount: null, minimum_amount_currency: null },
  times_redeemed: 0,
};

export const operations: Operations = {
  "POST /v1/customers": create,
  "GET /v1/customers": ({ state, params }: Call<Stripe.CustomerListParams>) =>
    page(state.all("customers"), params, "/v1/customers"),
  "GET /v1/customers/search": ({ state, params }: Call<Stripe.CustomerSearchParams>) =>
    searchPage(state.all("customers"), params, "/v1/customers/search"),
  "GET /v1/customers/:id": ({ state, ids }: Call) => state.get("customers", ids[0] ?? ""),
  "DELETE /v1/customers/:id": ({ ids }: Call) => ({ id: ids[0], object: "customer", deleted: true }),
  "GET /v1/coupons/:id": ({ state, ids }: Call) => state.get("coupons", ids[0] ?? ""),
  "GET /v1/promotion_codes": ({ state, params }: Call<Stripe.PromotionCodeListParams>) =>
    page(state.all("promotion_codes"), params, "/v1/promotion_codes"),
};

/** The official library, which tries nothing again by itself. */
export function connect(double: StripeDouble, key = "sk_test_double", options: object = {}): Stripe {
  const { hostname, port } = new URL(double.url);
  return new Stripe(key, {
    host: hostname,
    port,
    protocol: "http",
    maxNetworkRetries: 0,
    telemetry: false,
    ...options,
  });
}

/** By what is told of them, in the order in which they came to be. */
export const customersOf = (double: StripeDouble) =>
  double.state.all("customers").map(({ description }) => description);

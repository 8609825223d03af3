/** What tests of the double itself work with: a double that is new for each, and the official library in front of it. */
import assert from "node:assert/strict";
import { afterEach, beforeEach } from "node:test";
import Stripe from "stripe";
import { type StripeDouble, startDouble } from "./double.ts";
import { State } from "./state.ts";

/** What time it is at the double, s. */
export const NOW = Date.parse("2027-05-14T09:41:00Z") / 1000;

export interface Bench {
  readonly double: StripeDouble;
  readonly stripe: Stripe;
}

/** Within a file or a `describe`. */
export function useDouble(): Bench {
  let double: StripeDouble;
  let stripe: Stripe;
  beforeEach(async () => {
    double = await startDouble({ state: State.empty(NOW) });
    const { hostname: host, port } = new URL(double.url);
    stripe = new Stripe("sk_test_operations", { protocol: "http", host, port, maxNetworkRetries: 0 });
  });
  afterEach(async () => {
    await double.close();
    assert.deepEqual(double.defects, []);
  });
  return {
    get double() {
      return double;
    },
    get stripe() {
      return stripe;
    },
  };
}

/** Refused, with Stripe's code or its words. */
export async function refuses(asked: Promise<unknown>, says: string | RegExp, status = 400): Promise<void> {
  await assert.rejects(asked, (error) => {
    if (!(error instanceof Stripe.errors.StripeError)) return false;
    assert.equal(error.statusCode, status);
    if (typeof says === "string") assert.equal(error.code, says);
    else assert.match(error.message, says);
    return true;
  });
}

export const idsOf = (list: { data: { id: string }[] }): string[] => list.data.map(({ id }) => id);

/** Somebody with a good card, for 49 a month. */
export async function subscribe(
  stripe: Stripe,
  more: Partial<Stripe.SubscriptionCreateParams> = {},
): Promise<Stripe.Subscription> {
  const card = "pm_card_visa";
  const { id: customer } = await stripe.customers.create({
    payment_method: card,
    invoice_settings: { default_payment_method: card },
  });
  const product = { name: "Pro" };
  const { id: price } = await stripe.prices.create({
    currency: "usd",
    unit_amount: 4900,
    recurring: { interval: "month" },
    product_data: product,
  });
  return stripe.subscriptions.create({ customer, items: [{ price }], ...more });
}

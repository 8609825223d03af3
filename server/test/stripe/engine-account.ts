/** A small account at the double, for tests of what the double itself does. */
import assert from "node:assert/strict";
import { after, before, beforeEach } from "node:test";
import Stripe from "stripe";
import { type StripeDouble, startDouble } from "./double.ts";
import { State } from "./state.ts";

export const seconds = (text: string): number => Date.parse(text) / 1000;

/** Noon of a day, so that a second earlier or later is the same day. */
export const noon = (day: string): number => seconds(`${day}T12:00:00Z`);

export interface Terms {
  amount?: number;
  currency?: string;
  interval?: "day" | "week" | "month" | "year";
  usage?: "licensed" | "metered";
}

export class Account {
  readonly stripe: Stripe;
  readonly double: StripeDouble;
  clock = "";
  customer = "";

  constructor(double: StripeDouble) {
    this.double = double;
    const { hostname: host, port } = new URL(double.url);
    this.stripe = new Stripe("sk_test_engine", { host, port, protocol: "http", maxNetworkRetries: 0 });
  }

  /** A customer with a good card, at this moment. */
  async open(at: number): Promise<void> {
    this.double.state = State.empty(at);
    this.double.defects.length = 0;
    this.clock = (await this.stripe.testHelpers.testClocks.create({ frozen_time: at })).id;
    this.customer = (
      await this.stripe.customers.create({ test_clock: this.clock, email: "a@example.com" })
    ).id;
    await this.payWith("pm_card_visa");
  }

  async payWith(token: string): Promise<void> {
    const { id } = await this.stripe.paymentMethods.attach(token, { customer: this.customer });
    await this.stripe.customers.update(this.customer, { invoice_settings: { default_payment_method: id } });
  }

  async price({ amount = 1000, currency = "usd", interval = "month", usage = "licensed" }: Terms = {}) {
    const product = await this.stripe.products.create({ name: "Plan" });
    const meter = usage === "metered" ? { usage_type: usage, meter: "mtr_1" } : {};
    const { id } = await this.stripe.prices.create({
      product: product.id,
      currency,
      unit_amount: amount,
      recurring: { interval, ...meter },
    });
    return id;
  }

  async subscribe(
    terms: Terms = {},
    more: Partial<Stripe.SubscriptionCreateParams> = {},
  ): Promise<Stripe.Subscription> {
    const items = more.items ?? [{ price: await this.price(terms) }];
    return this.stripe.subscriptions.create({ customer: this.customer, ...more, items });
  }

  advance(to: number): Promise<unknown> {
    return this.stripe.testHelpers.testClocks.advance(this.clock, { frozen_time: to });
  }

  read(id: string): Promise<Stripe.Subscription> {
    return this.stripe.subscriptions.retrieve(id);
  }

  /** The newest first. */
  async invoices(subscription: string): Promise<Stripe.Invoice[]> {
    return (await this.stripe.invoices.list({ subscription, limit: 100 })).data;
  }

  async newest(subscription: string): Promise<Stripe.Invoice> {
    const [invoice] = await this.invoices(subscription);
    assert.ok(invoice);
    return invoice;
  }

  async balance(): Promise<number> {
    const found = await this.stripe.customers.retrieve(this.customer);
    assert.ok(!found.deleted);
    return found.balance;
  }

  /** The oldest first, of the subscription's own. */
  events(prefix = ""): Stripe.Event[] {
    return this.double.state.all("events").filter(({ type }) => type.startsWith(prefix));
  }
}

/** Fresh for each test of a `describe`. */
export function useAccount(at: number): Account {
  let account: Account;
  before(async () => {
    account = new Account(await startDouble());
  });
  beforeEach(() => account.open(at));
  after(() => account.double.close());
  return new Proxy({} as Account, {
    get: (_, name) => {
      const value: unknown = Reflect.get(account, name);
      return typeof value === "function" ? value.bind(account) : value;
    },
  });
}

export const itemOf = (subscription: Stripe.Subscription): Stripe.SubscriptionItem => {
  const [item] = subscription.items.data;
  assert.ok(item);
  return item;
};

/** Fails unless Stripe says no with this status, and code if one is given. */
export function refuses(work: Promise<unknown>, status: number, code?: string): Promise<void> {
  return assert.rejects(
    work,
    (error: unknown) =>
      error instanceof Stripe.errors.StripeError &&
      error.statusCode === status &&
      (code === undefined || error.code === code),
  );
}

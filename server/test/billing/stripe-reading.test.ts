/** What is read of an account that is not as tidy as the ones that every provider's suite works with. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type Stripe from "stripe";
import { BillingError } from "../../src/billing/provider.ts";
import { createCache } from "../../src/billing/stripe/cache.ts";
import { readPrice, readPrices } from "../../src/billing/stripe/catalogue.ts";
import { nextCharge } from "../../src/billing/stripe/charges.ts";
import { findCustomers } from "../../src/billing/stripe/customers.ts";
import { readInvoices } from "../../src/billing/stripe/invoices.ts";
import type { StripeAccount, StripeSettings } from "../../src/billing/stripe/model.ts";
import { paymentPage } from "../../src/billing/stripe/portal.ts";
import { readSnapshot, readSnapshots } from "../../src/billing/stripe/snapshot.ts";
import { present } from "../../src/billing/stripe/view.ts";
import { NOW, subscribe, useDouble } from "../stripe/bench.ts";

const bench = useDouble();
const now = NOW * 1000;

function account(settings: StripeSettings = {}): StripeAccount {
  const { stripe } = bench;
  return { stripe, clock: () => now, settings: async () => settings, cache: createCache(() => now) };
}

async function seen(id: string, settings?: StripeSettings) {
  const from = account(settings);
  const snapshot = await readSnapshot(from, id);
  assert.ok(snapshot);
  return present(snapshot, await nextCharge(from, snapshot, now), now);
}

const isUnknown = (code: string) => (error: unknown) =>
  error instanceof BillingError && error.kind === "unknown" && error.code === code;

const monthly = { interval: "month" } as const;

describe("customers at Stripe", () => {
  it("are found however they once wrote their address, and by no other", async () => {
    const { stripe } = bench;
    const made = [];
    for (const email of ["Ada@Example.com", "ada@example.com", "ada@example.com.au", 'A"Da@example.com'])
      made.push(await stripe.customers.create({ email }));
    const [first, second, , fourth] = made.map(({ id }) => id);
    const ids = async (email: string) =>
      (await findCustomers(account(), { email })).map(({ id }) => id).toSorted();
    assert.deepEqual(await ids("ADA@example.COM"), [first, second].toSorted());
    assert.deepEqual(await ids('a"da@example.com'), [fourth]);
    bench.double.state.data.hidden.search = { late: made.map(({ id }) => id) };
    assert.deepEqual(
      await ids("Ada@Example.com"),
      [first, second].toSorted(),
      "before the search knows them",
    );
    await stripe.customers.del(first ?? "");
    assert.deepEqual(await ids("ada@example.com"), [second]);
    assert.deepEqual(await findCustomers(account(), { id: first ?? "" }), []);
  });

  it("of a test clock are there for who has named it", async () => {
    const { stripe } = bench;
    const clock = await stripe.testHelpers.testClocks.create({ frozen_time: NOW });
    const email = "ada@example.com";
    const { id } = await stripe.customers.create({ email, test_clock: clock.id });
    const price = await stripe.prices.create({
      currency: "usd",
      unit_amount: 900,
      recurring: monthly,
      product_data: { name: "Basic" },
    });
    bench.double.state.data.hidden.search = { late: [id] };
    const trial = { items: [{ price: price.id }], trial_period_days: 9 };
    const subscription = await stripe.subscriptions.create({ customer: id, ...trial });
    for (const [settings, there] of [
      [{ testClock: clock.id }, 1],
      [{}, 0],
      [{ testClock: "clock_other" }, 0],
    ] as const) {
      const from = account(settings);
      assert.equal((await findCustomers(from, { id })).length, there);
      assert.equal((await findCustomers(from, { email })).length, there);
      assert.equal((await readSnapshots(from, id)).length, there);
      assert.equal((await readSnapshot(from, subscription.id)) === undefined, there === 0);
    }
  });

  it("are nobody under what cannot be an id", async () => {
    for (const id of ["", "..", "cus_1/sources", "cus_1?expand"]) {
      assert.deepEqual(await findCustomers(account(), { id }), []);
      assert.equal(await readSnapshot(account(), id), undefined);
      assert.equal(await readPrice(account(), id), undefined);
    }
    assert.deepEqual(bench.double.requests, [], "and Stripe is not asked");
  });
});

describe("prices at Stripe", () => {
  it("are plans where one number says what they cost", async () => {
    const { stripe } = bench;
    const { id: product } = await stripe.products.create({
      name: "Pro",
      marketing_features: [{ name: "4K export" }],
    });
    const make = (params: Partial<Stripe.PriceCreateParams>) =>
      stripe.prices.create({ product, currency: "usd", recurring: monthly, ...params });
    const cheap = await make({ unit_amount: 1900, recurring: { interval: "week", interval_count: 2 } });
    const dear = await make({ unit_amount: 4900 });
    const others = [
      await make({ unit_amount_decimal: "0.5" as never }),
      await make({
        billing_scheme: "tiered",
        tiers_mode: "volume",
        tiers: [{ up_to: "inf", unit_amount: 5 }],
      }),
      await make({ unit_amount: 500, transform_quantity: { divide_by: 10, round: "up" } }),
    ];
    const once = await stripe.prices.create({ product, currency: "usd", unit_amount: 900 });
    assert.deepEqual(
      (await readPrices(account(), product)).map(({ price }) => price.id),
      [cheap.id, dear.id],
    );
    for (const { id } of [...others, once]) assert.equal(await readPrice(account(), id), undefined);
    assert.deepEqual(await readPrice(account(), cheap.id), {
      price: { id: cheap.id, amount: 1900, currency: "usd", interval: "week", intervalCount: 2 },
      productId: product,
      name: "Pro",
      features: ["4K export"],
    });
    await stripe.products.update(product, { active: false });
    assert.deepEqual(await readPrices(account(), product), []);
  });
});

describe("a subscription at Stripe", () => {
  it("that was never paid for is not there", async () => {
    const subscription = await subscribe(bench.stripe, { payment_behavior: "default_incomplete" });
    assert.equal(subscription.status, "incomplete");
    assert.equal(await readSnapshot(account(), subscription.id), undefined);
    assert.deepEqual(await readSnapshots(account(), subscription.customer as string), []);
  });

  it("is the same alone and among the customer's, with every kind of discount", async () => {
    const { stripe } = bench;
    const off = (percent_off: number) => stripe.coupons.create({ percent_off, duration: "forever" });
    const [ten, twenty] = [await off(10), await off(20)];
    const subscription = await subscribe(stripe, { discounts: [{ coupon: ten.id }] });
    const [main] = subscription.items.data;
    const items = [{ id: main?.id ?? "", discounts: [{ coupon: twenty.id }] }];
    await stripe.subscriptions.update(subscription.id, { items });
    const from = account();
    const one = await readSnapshot(from, subscription.id);
    const [among] = await readSnapshots(from, subscription.customer as string);
    assert.ok(one && among);
    assert.deepEqual(present(among, undefined, now), present(one, undefined, now));
    assert.equal(present(one, undefined, now).discount?.percentOff, 28);
  });

  it("pays its next charge from what the customer has", async () => {
    const { stripe } = bench;
    const { id, customer } = await subscribe(stripe);
    const full = (await seen(id)).nextCharge?.amount ?? 0;
    await stripe.customers.createBalanceTransaction(customer as string, { amount: -1000, currency: "usd" });
    assert.equal((await seen(id)).nextCharge?.amount, full - 1000);
    const resumes_at = NOW + 100 * 86_400;
    await stripe.subscriptions.update(id, { pause_collection: { behavior: "void", resumes_at } });
    assert.equal((await seen(id)).nextCharge?.amount, full - 1000, "after a pause as well");
  });

  it("says what is tax on top of the price", async () => {
    const { stripe } = bench;
    const rate = (inclusive: boolean) =>
      stripe.taxRates.create({ display_name: "VAT", percentage: 20, inclusive });
    const outside = await subscribe(stripe, { default_tax_rates: [(await rate(false)).id] });
    const inside = await subscribe(stripe, { default_tax_rates: [(await rate(true)).id] });
    const [one, other] = [await seen(outside.id), await seen(inside.id)];
    assert.deepEqual([one.tax, one.nextCharge?.amount], [one.price.amount * 0.2, one.price.amount * 1.2]);
    assert.deepEqual([other.tax, other.nextCharge?.amount], [undefined, other.price.amount]);
  });

  it("cannot be read while Stripe does not answer: nothing is known, and nothing is refused", async () => {
    const { id, customer } = await subscribe(bench.stripe);
    for (const [how, code] of [
      [500, "api_error"],
      ["reset", "connection_failed"],
    ] as const) {
      bench.double.fault = () => ({ when: "before", how });
      await assert.rejects(readSnapshot(account(), id), isUnknown(code));
      await assert.rejects(readSnapshots(account(), customer as string), isUnknown(code));
    }
    bench.double.fault = () => undefined;
    assert.ok(await readSnapshot(account(), id));
  });
});

describe("invoices at Stripe", () => {
  it("leave out what a pause has made void, and drafts", async () => {
    const { stripe } = bench;
    const clock = await stripe.testHelpers.testClocks.create({ frozen_time: NOW });
    const { id: customerId } = await stripe.customers.create({
      test_clock: clock.id,
      payment_method: "pm_card_visa",
      invoice_settings: { default_payment_method: "pm_card_visa" },
    });
    const { id: product } = await stripe.products.create({ name: "Pro" });
    const price = await stripe.prices.create({
      product,
      currency: "usd",
      unit_amount: 900,
      recurring: monthly,
    });
    const { id } = await stripe.subscriptions.create({ customer: customerId, items: [{ price: price.id }] });
    await stripe.subscriptions.update(id, {
      pause_collection: { behavior: "void", resumes_at: NOW + 50 * 86_400 },
    });
    const settings = { testClock: clock.id };
    const statuses = async () => {
      const { invoices } = await readInvoices(account(settings), { customerId, limit: 9 });
      return invoices.map(({ status }) => status);
    };
    await stripe.testHelpers.testClocks.advance(clock.id, { frozen_time: NOW + 40 * 86_400 });
    assert.deepEqual(await statuses(), ["paid"]);
    assert.deepEqual(
      (await stripe.invoices.list({ customer: customerId })).data.map(({ status }) => status),
      ["void", "paid"],
    );
  });
});

describe("the portal's page for another payment method", () => {
  it("is not available where the portal is not set up for it", async () => {
    const { stripe } = bench;
    const { id: subscriptionId, customer } = await subscribe(stripe);
    const of = { customerId: customer as string, subscriptionId, returnUrl: "https://shop.example/" };
    const { id } = await stripe.billingPortal.configurations.create({
      features: { payment_method_update: { enabled: false }, invoice_history: { enabled: true } },
    });
    await assert.rejects(
      paymentPage(account({ portalConfiguration: id }), of),
      (error) => error instanceof BillingError && error.code === "payment_page_unavailable",
    );
  });
});

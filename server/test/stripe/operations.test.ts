import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type Stripe from "stripe";
import { idsOf, NOW, refuses, subscribe, useDouble } from "./bench.ts";

const DAY = 86_400;

const bench = useDouble();

describe("customers", () => {
  it("are made, read, changed, cleared and deleted", async () => {
    const address = { line1: "1 Quay", city: "Cork", country: "IE" };
    const { id } = await bench.stripe.customers.create({
      name: "Ada",
      email: "Ada@Example.com",
      address,
      metadata: { a: "1", b: "2" },
    });
    const changed = await bench.stripe.customers.update(id, {
      name: "",
      address: { country: "FR" },
      metadata: { a: "", c: 3 },
    });
    assert.deepEqual([changed.name, changed.email], [null, "Ada@Example.com"]);
    assert.deepEqual([changed.address?.line1, changed.address?.country], ["1 Quay", "FR"]);
    assert.deepEqual(changed.metadata, { b: "2", c: "3" });
    const cleared = await bench.stripe.customers.update(id, { address: "", email: "", metadata: "" });
    assert.deepEqual([cleared.address, cleared.email, cleared.metadata], [null, null, {}]);
    assert.deepEqual(await bench.stripe.customers.retrieve(id), cleared);
    await refuses(bench.stripe.customers.update(id, { email: "nobody" }), "email_invalid");
    await refuses(bench.stripe.customers.retrieve("cus_nobody"), "resource_missing", 404);

    await bench.stripe.customers.del(id);
    const gone = await bench.stripe.customers.retrieve(id);
    assert.deepEqual([gone.id, gone.deleted], [id, true]);
    assert.deepEqual((await bench.stripe.customers.list()).data, []);
    await refuses(bench.stripe.customers.update(id, { name: "Eve" }), "resource_missing", 404);
  });

  it("take their subscriptions with them", async () => {
    const { id, customer } = await subscribe(bench.stripe);
    await bench.stripe.customers.del(customer as string);
    const { status, ended_at } = await bench.stripe.subscriptions.retrieve(id);
    assert.deepEqual([status, ended_at], ["canceled", NOW]);
  });

  it("are listed by e-mail with its case, and searched without", async () => {
    const one = await bench.stripe.customers.create({ email: "studio@example.org" });
    const other = await bench.stripe.customers.create({ email: "Studio@Example.org", name: "O'Neil" });
    assert.deepEqual(idsOf(await bench.stripe.customers.list({ email: "studio@example.org" })), [one.id]);
    assert.deepEqual(idsOf(await bench.stripe.customers.list({ email: "STUDIO@EXAMPLE.ORG" })), []);
    const search = async (query: string) => idsOf(await bench.stripe.customers.search({ query }));
    assert.deepEqual(await search("email:'STUDIO@example.ORG'"), [other.id, one.id]);
    assert.deepEqual(await search(`email~"DIO@" AND -name:"O'Neil"`), [one.id]);
    assert.deepEqual(await search("name:'O\\'Neil'"), [other.id]);
    assert.deepEqual(await search("email:'studio@example'"), []);
    await refuses(bench.stripe.customers.search({ query: "name:'O'Neil'" }), /parse/);
    await refuses(bench.stripe.customers.search({ query: "shoe:'9'" }), /unsupported/);
    bench.double.state.data.hidden.search = { late: [one.id] };
    assert.deepEqual(await search("email:'studio@example.org'"), [other.id], "a search is late");
  });

  it("on a test clock live in its time, and are listed with it alone", async () => {
    const clock = await bench.stripe.testHelpers.testClocks.create({ frozen_time: NOW - 100 * DAY });
    const customer = await bench.stripe.customers.create({ test_clock: clock.id });
    assert.equal(customer.created, NOW - 100 * DAY);
    assert.deepEqual(idsOf(await bench.stripe.customers.list()), []);
    assert.deepEqual(idsOf(await bench.stripe.customers.list({ test_clock: clock.id })), [customer.id]);
    await refuses(bench.stripe.customers.create({ test_clock: "clock_nobody" }), "resource_missing");
  });

  it("have a balance, whose movements are written down", async () => {
    const { id } = await bench.stripe.customers.create();
    await bench.stripe.customers.createBalanceTransaction(id, { amount: -500, currency: "usd" });
    const last = await bench.stripe.customers.createBalanceTransaction(id, { amount: 200, currency: "usd" });
    assert.equal(last.ending_balance, -300);
    const { balance, currency } = (await bench.stripe.customers.retrieve(id)) as Stripe.Customer;
    assert.deepEqual([balance, currency], [-300, "usd"]);
    const { data } = await bench.stripe.customers.listBalanceTransactions(id);
    assert.deepEqual(
      data.map(({ amount }) => amount),
      [200, -500],
    );
    await refuses(bench.stripe.customers.createBalanceTransaction(id, { amount: 1, currency: "eur" }), /usd/);
  });
});

describe("payment methods", () => {
  it("are new ones of a test token each time, with the card that it stands for", async () => {
    const { id: customer } = await bench.stripe.customers.create();
    const card = async (token: string) => {
      const { id, card } = await bench.stripe.paymentMethods.attach(token, { customer });
      return { id, brand: card?.brand, last4: card?.last4 };
    };
    const [one, other] = [await card("pm_card_visa"), await card("pm_card_visa")];
    assert.notEqual(one.id, other.id);
    assert.deepEqual([one.brand, one.last4], ["visa", "4242"]);
    const brands = [await card("pm_card_mastercard"), await card("pm_card_amex")];
    assert.deepEqual(
      brands.map(({ brand, last4 }) => [brand, last4]),
      [
        ["mastercard", "4444"],
        ["amex", "0005"],
      ],
    );
    const failing = await card("pm_card_chargeCustomerFail");
    assert.equal(failing.last4, "0341");
    assert.equal(bench.double.state.data.hidden[failing.id]?.decline, "generic_decline");
    await refuses(card("pm_card_visa_chargeDeclinedInsufficientFunds"), "card_declined", 402);
    await refuses(card("pm_nobody"), "resource_missing", 404);
    assert.equal((await bench.stripe.customers.listPaymentMethods(customer)).data.length, 5);
  });

  it("are the default only of the customer who has them", async () => {
    const settings = { invoice_settings: { default_payment_method: "pm_card_visa" } };
    const made = await bench.stripe.customers.create({ payment_method: "pm_card_visa", ...settings });
    const own = made.invoice_settings.default_payment_method as string;
    assert.match(own, /^pm_(?!card)/);
    const other = await bench.stripe.customers.create();
    const theirs = { invoice_settings: { default_payment_method: own } };
    await refuses(bench.stripe.customers.update(other.id, theirs), "resource_missing");
    await refuses(
      bench.stripe.paymentMethods.attach(own, { customer: other.id }),
      "payment_method_unexpected_state",
    );
    await bench.stripe.paymentMethods.detach(own);
    const after = (await bench.stripe.customers.retrieve(made.id)) as Stripe.Customer;
    assert.equal(after.invoice_settings.default_payment_method, null);
    await refuses(bench.stripe.paymentMethods.detach(own), "payment_method_unexpected_state");
  });

  it("need not be cards", async () => {
    const iban = "DE89370400440532013000";
    const { sepa_debit } = await bench.stripe.paymentMethods.create({
      type: "sepa_debit",
      sepa_debit: { iban },
    });
    assert.deepEqual([sepa_debit?.country, sepa_debit?.last4], ["DE", "3000"]);
    assert.equal((await bench.stripe.paymentMethods.create({ type: "link" })).type, "link");
    const card = { token: "tok_mastercard" };
    const { billing_details, card: shown } = await bench.stripe.paymentMethods.create({ type: "card", card });
    assert.deepEqual([billing_details.email, shown?.last4], [null, "4444"]);
  });
});

describe("the catalogue", () => {
  it("has products with prices, in several currencies, in tiers, and in fractions of a cent", async () => {
    const product = await bench.stripe.products.create({
      name: "Pro",
      marketing_features: [{ name: "Projects" }],
      default_price_data: { currency: "USD", unit_amount: 4900, recurring: { interval: "month" } },
    });
    assert.deepEqual(product.marketing_features, [{ name: "Projects" }]);
    const of = { product: product.id, recurring: { interval: "year" } } as const;
    const { currency, unit_amount, recurring } = await bench.stripe.prices.retrieve(
      product.default_price as string,
    );
    assert.deepEqual(
      [currency, unit_amount, recurring?.interval_count, recurring?.usage_type],
      ["usd", 4900, 1, "licensed"],
    );
    const many = await bench.stripe.prices.create({
      ...of,
      currency: "usd",
      unit_amount: 100,
      currency_options: { eur: { unit_amount: 90 } },
    });
    assert.equal(many.currency_options, undefined, "only for who asks");
    const shown = await bench.stripe.prices.retrieve(many.id, { expand: ["currency_options"] });
    assert.deepEqual(
      [shown.currency_options?.usd?.unit_amount, shown.currency_options?.eur?.unit_amount],
      [100, 90],
    );
    const tiers = [
      { up_to: 5, unit_amount: 500 },
      { up_to: "inf" as const, flat_amount: 100 },
    ];
    const tiered = { ...of, currency: "usd", billing_scheme: "tiered", tiers_mode: "graduated" } as const;
    const { id, unit_amount: none } = await bench.stripe.prices.create({ ...tiered, tiers });
    assert.equal(none, null);
    assert.deepEqual(
      (await bench.stripe.prices.retrieve(id, { expand: ["tiers"] })).tiers?.map((each) => each.up_to),
      [5, null],
    );
    await refuses(bench.stripe.prices.create({ ...of, currency: "usd" }), /unit_amount/);
    await refuses(bench.stripe.prices.create({ currency: "usd", unit_amount: 5 }), /product/);
  });

  it("is listed by product, activity and kind, and prices keep a product from being deleted", async () => {
    const { id: product } = await bench.stripe.products.create({ name: "Basic" });
    const price = (more: object) =>
      bench.stripe.prices.create({ currency: "usd", unit_amount: 100, product, ...more });
    const monthly = await price({ recurring: { interval: "month" } });
    const once = await price({});
    const old = await price({ recurring: { interval: "month" }, active: false });
    const list = async (more: Stripe.PriceListParams) =>
      idsOf(await bench.stripe.prices.list({ product, ...more }));
    assert.deepEqual(await list({}), [old.id, once.id, monthly.id]);
    assert.deepEqual(await list({ active: true, type: "recurring" }), [monthly.id]);
    assert.deepEqual(await list({ recurring: { interval: "year" } }), []);
    assert.deepEqual(idsOf(await bench.stripe.prices.list({ product: "prod_nobody" })), []);
    await bench.stripe.prices.update(monthly.id, { active: false, metadata: { tier: "1" } });
    assert.deepEqual(await list({ active: true }), [once.id]);
    await refuses(bench.stripe.products.del(product), /prices/);
    const empty = await bench.stripe.products.create({ id: "chosen", name: "Empty" });
    await refuses(bench.stripe.products.create({ id: "chosen", name: "Again" }), "resource_already_exists");
    await bench.stripe.products.del(empty.id);
    await refuses(bench.stripe.products.retrieve(empty.id), "resource_missing", 404);
  });

  it("has tax rates", async () => {
    const made = await bench.stripe.taxRates.create({
      display_name: "VAT",
      inclusive: false,
      percentage: 19,
    });
    await bench.stripe.taxRates.update(made.id, { active: false });
    const { active, percentage } = await bench.stripe.taxRates.retrieve(made.id);
    assert.deepEqual([active, percentage], [false, 19]);
    assert.deepEqual(idsOf(await bench.stripe.taxRates.list({ active: true })), []);
  });
});

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type Stripe from "stripe";
import { idsOf, NOW, refuses, subscribe, useDouble } from "./bench.ts";

const DAY = 86_400;

const bench = useDouble();

describe("coupons and codes", () => {
  it("have ids of the caller's choice, each once, and terms that fit together", async () => {
    const half = { id: "half", percent_off: 50, duration: "once" } as const;
    const made = await bench.stripe.coupons.create(half);
    assert.deepEqual([made.id, made.valid, made.duration_in_months], ["half", true, null]);
    await refuses(bench.stripe.coupons.create(half), "resource_already_exists");
    const wrong: Stripe.CouponCreateParams[] = [
      {},
      { percent_off: 10, amount_off: 100, currency: "usd" },
      { percent_off: 101 },
      { percent_off: 0 },
      { amount_off: 100 },
      { percent_off: 10, duration: "repeating" },
      { percent_off: 10, duration: "once", duration_in_months: 3 },
      { percent_off: 10, name: "n".repeat(41) },
    ];
    for (const each of wrong) await refuses(bench.stripe.coupons.create(each), /./);
    await bench.stripe.coupons.create({ percent_off: 100, name: "n".repeat(40) });
    await bench.stripe.coupons.del("half");
    await refuses(bench.stripe.coupons.retrieve("half"), "resource_missing", 404);
    await bench.stripe.coupons.create(half);
  });

  it("show what a coupon is for only to who asks", async () => {
    const { id: product } = await bench.stripe.products.create({ name: "Team" });
    const { id } = await bench.stripe.coupons.create({
      percent_off: 10,
      applies_to: { products: [product] },
    });
    assert.equal((await bench.stripe.coupons.retrieve(id)).applies_to, undefined);
    const shown = await bench.stripe.coupons.retrieve(id, { expand: ["applies_to"] });
    assert.deepEqual(shown.applies_to, { products: [product] });
    const { data } = await bench.stripe.promotionCodes.list({ expand: ["data.promotion.coupon.applies_to"] });
    assert.deepEqual(data, []);
  });

  it("are found without case, and one active code has a name at a time", async () => {
    const { id: coupon } = await bench.stripe.coupons.create({ percent_off: 10 });
    const promotion = { type: "coupon", coupon } as const;
    const { id } = await bench.stripe.promotionCodes.create({ code: "Welcome", promotion });
    const found = await bench.stripe.promotionCodes.list({
      code: "wELCOME",
      expand: ["data.promotion.coupon"],
    });
    assert.deepEqual(idsOf(found), [id]);
    const shown = found.data[0]?.promotion.coupon as Stripe.Coupon | undefined;
    assert.equal(shown?.percent_off, 10);
    assert.deepEqual(idsOf(await bench.stripe.promotionCodes.list({ code: "welcom" })), []);
    await refuses(
      bench.stripe.promotionCodes.create({ code: "WELCOME", promotion }),
      "resource_already_exists",
    );
    await bench.stripe.promotionCodes.update(id, { active: false });
    const { id: next } = await bench.stripe.promotionCodes.create({ code: "WELCOME", promotion });
    assert.deepEqual(idsOf(await bench.stripe.promotionCodes.list({ code: "welcome" })), [next, id]);
    assert.deepEqual(idsOf(await bench.stripe.promotionCodes.list({ code: "welcome", active: true })), [
      next,
    ]);
    await refuses(bench.stripe.promotionCodes.create({ code: "with space", promotion }), /letters/);
    await refuses(
      bench.stripe.promotionCodes.create({ promotion: { ...promotion, coupon: "no" } }),
      "resource_missing",
    );
  });

  it("end: when they expire, when they are used up, and when their coupon does", async () => {
    const { id: coupon } = await bench.stripe.coupons.create({ percent_off: 10, redeem_by: NOW + 9 * DAY });
    const promotion = { type: "coupon", coupon } as const;
    const past = bench.stripe.promotionCodes.create({ promotion, expires_at: NOW });
    await refuses(past, /future/);
    await refuses(bench.stripe.promotionCodes.create({ promotion, expires_at: NOW + 10 * DAY }), /redeem_by/);
    const { id } = await bench.stripe.promotionCodes.create({ promotion, expires_at: NOW + DAY });
    const { id: other } = await bench.stripe.promotionCodes.create({ promotion });
    const active = async (code: string) => (await bench.stripe.promotionCodes.retrieve(code)).active;
    assert.equal(await active(id), true);
    bench.double.state.data.now += DAY + 1;
    assert.deepEqual([await active(id), await active(other)], [false, true]);
    await refuses(bench.stripe.promotionCodes.update(id, { active: true }), /expired/);
    bench.double.state.data.now += 9 * DAY;
    assert.equal(await active(other), false);
    assert.equal((await bench.stripe.coupons.retrieve(coupon)).valid, false);
  });

  it("are used up by those who subscribe with them", async () => {
    const { id: coupon } = await bench.stripe.coupons.create({ percent_off: 10 });
    const promotion = { type: "coupon", coupon } as const;
    const { id } = await bench.stripe.promotionCodes.create({ promotion, max_redemptions: 1 });
    await subscribe(bench.stripe, { discounts: [{ promotion_code: id }] });
    const { active, times_redeemed } = await bench.stripe.promotionCodes.retrieve(id);
    assert.deepEqual([active, times_redeemed], [false, 1]);
    assert.equal((await bench.stripe.coupons.retrieve(coupon)).times_redeemed, 1);
    await refuses(subscribe(bench.stripe, { discounts: [{ promotion_code: id }] }), /./);
  });
});

async function paidInvoice(): Promise<Stripe.Invoice> {
  const { latest_invoice: id } = await subscribe(bench.stripe);
  return bench.stripe.invoices.retrieve(id as string);
}

describe("credit notes and refunds", () => {
  it("give back to the card, to the balance and elsewhere, together what the note is for", async () => {
    const { id: invoice, customer } = await paidInvoice();
    assert.ok(invoice);
    const parts = { refund_amount: 3000, credit_amount: 1000, out_of_band_amount: 500 };
    await refuses(bench.stripe.creditNotes.create({ invoice, amount: 4400, ...parts }), /must equal/);
    const note = await bench.stripe.creditNotes.create({
      invoice,
      amount: 4500,
      ...parts,
      metadata: { action: "1" },
    });
    assert.deepEqual(
      [note.post_payment_amount, note.pre_payment_amount, note.type, note.status, note.metadata],
      [4500, 0, "post_payment", "issued", { action: "1" }],
    );
    assert.equal(note.refunds[0]?.amount_refunded, 3000);
    const refund = await bench.stripe.refunds.retrieve(note.refunds[0]?.refund as string, {
      expand: ["charge"],
    });
    const charge = refund.charge as Stripe.Charge;
    assert.deepEqual([refund.status, charge.amount_refunded, charge.refunded], ["succeeded", 3000, false]);
    const { balance } = (await bench.stripe.customers.retrieve(customer as string)) as Stripe.Customer;
    assert.equal(balance, -1000);
    const after = await bench.stripe.invoices.retrieve(invoice);
    assert.deepEqual([after.status, after.post_payment_credit_notes_amount], ["paid", 4500]);
    const more = { invoice, amount: 401, credit_amount: 401 };
    await refuses(bench.stripe.creditNotes.create(more), /exceeds/);
    await bench.stripe.creditNotes.create({ invoice, amount: 400, credit_amount: 400 });
    const { data } = await bench.stripe.creditNotes.list({ invoice });
    assert.deepEqual(
      data.map(({ amount, number }) => [amount, number.slice(-5)]),
      [
        [400, "CN-02"],
        [4500, "CN-01"],
      ],
    );
    await refuses(bench.stripe.creditNotes.voidCreditNote(note.id), /void/);
  });

  it("count what was refunded without a note, and can take it up", async () => {
    const { id: invoice, customer } = await paidInvoice();
    assert.ok(invoice);
    const { data } = await bench.stripe.invoicePayments.list({ invoice, status: "paid" });
    const payment_intent = data[0]?.payment.payment_intent as string;
    const refund = await bench.stripe.refunds.create({ payment_intent, amount: 2000 });
    assert.equal((await bench.stripe.invoices.retrieve(invoice)).post_payment_credit_notes_amount, 0);
    const rest = { invoice, amount: 2901, refund_amount: 2901 };
    await refuses(bench.stripe.creditNotes.create(rest), /exceeds/);
    await refuses(bench.stripe.refunds.create({ payment_intent, amount: 2901 }), /greater than/);
    const linked = { refunds: [{ refund: refund.id }], refund_amount: 2900 };
    const note = await bench.stripe.creditNotes.create({ invoice, amount: 4900, ...linked });
    assert.deepEqual(
      note.refunds.map((each) => each.amount_refunded),
      [2000, 2900],
    );
    await refuses(bench.stripe.refunds.create({ payment_intent }), "charge_already_refunded");
    assert.equal((await bench.stripe.refunds.list({ payment_intent })).data.length, 2);
    assert.equal((await bench.stripe.charges.list({ customer: customer as string })).data[0]?.refunded, true);
    const intents = await bench.stripe.paymentIntents.list({ customer: customer as string });
    assert.deepEqual(idsOf(intents), [payment_intent]);
  });

  it("make an open invoice smaller, and paid when nothing is left of it", async () => {
    const { customer, id } = await subscribe(bench.stripe);
    await bench.stripe.paymentMethods.attach("pm_card_chargeCustomerFail", { customer: customer as string });
    const { data: methods } = await bench.stripe.customers.listPaymentMethods(customer as string);
    await bench.stripe.customers.update(customer as string, {
      invoice_settings: { default_payment_method: methods[0]?.id ?? "" },
    });
    await bench.stripe.subscriptions.update(id, {
      billing_cycle_anchor: { type: "now" },
      proration_behavior: "none",
    });
    const [open] = (await bench.stripe.invoices.list({ subscription: id, status: "open" })).data;
    const invoice = open?.id ?? "";
    assert.equal(open?.amount_remaining, 4900);
    const refused = { invoice, amount: 900, credit_amount: 900 };
    await refuses(bench.stripe.creditNotes.create(refused), /must equal/);
    const note = await bench.stripe.creditNotes.create({ invoice, amount: 900 });
    assert.deepEqual([note.type, note.pre_payment_amount], ["pre_payment", 900]);
    assert.equal((await bench.stripe.invoices.retrieve(invoice)).amount_remaining, 4000);
    await bench.stripe.creditNotes.voidCreditNote(note.id);
    assert.equal((await bench.stripe.invoices.retrieve(invoice)).amount_remaining, 4900);
    await bench.stripe.creditNotes.create({ invoice, amount: 4900 });
    const { status, amount_paid } = await bench.stripe.invoices.retrieve(invoice);
    assert.deepEqual([status, amount_paid], ["paid", 0]);
    await bench.stripe.invoices.retrieve(invoice);
    assert.equal((await bench.stripe.subscriptions.retrieve(id)).status, "active");
  });

  it("are previewed without a trace", async () => {
    const { id: invoice } = await paidInvoice();
    assert.ok(invoice);
    const asked = { invoice, amount: 4900, refund_amount: 4900 };
    assert.equal((await bench.stripe.creditNotes.preview(asked)).post_payment_amount, 4900);
    assert.deepEqual((await bench.stripe.creditNotes.list({ invoice })).data, []);
    const line = (await bench.stripe.invoices.retrieve(invoice)).lines.data[0]?.id ?? "";
    const lines = [{ type: "invoice_line_item" as const, invoice_line_item: line, amount: 100 }];
    const note = await bench.stripe.creditNotes.create({ invoice, lines, credit_amount: 100 });
    assert.deepEqual(
      [note.total, (await bench.stripe.creditNotes.listLineItems(note.id)).data[0]?.invoice_line_item],
      [100, line],
    );
  });
});

describe("the portal", () => {
  const returnUrl = "https://shop.example/back";
  const flow = (type: "payment_method_update" | "subscription_update", more: object = {}) => ({
    type,
    after_completion: { type: "redirect" as const, redirect: { return_url: returnUrl } },
    ...more,
  });

  it("opens for a customer, for what its configuration allows", async () => {
    const { id: customer } = await bench.stripe.customers.create();
    const session = await bench.stripe.billingPortal.sessions.create({
      customer,
      return_url: returnUrl,
      flow_data: flow("payment_method_update"),
    });
    assert.match(session.url, /^https:/);
    assert.equal(session.flow?.after_completion.redirect?.return_url, returnUrl);
    const { data } = await bench.stripe.billingPortal.configurations.list({ is_default: true });
    assert.deepEqual(idsOf({ data }), [session.configuration]);
    const own = await bench.stripe.billingPortal.configurations.create({
      features: { payment_method_update: { enabled: false } },
    });
    const asked = { customer, configuration: own.id, flow_data: flow("payment_method_update") };
    await refuses(bench.stripe.billingPortal.sessions.create(asked), /disabled/);
    await bench.stripe.billingPortal.configurations.update(own.id, {
      features: { payment_method_update: { enabled: true } },
    });
    await bench.stripe.billingPortal.sessions.create(asked);
    await refuses(
      bench.stripe.billingPortal.sessions.create({ customer, configuration: "bpc_no" }),
      "resource_missing",
    );
    await refuses(bench.stripe.billingPortal.sessions.create({ customer: "cus_no" }), "resource_missing");
    await refuses(
      bench.stripe.billingPortal.sessions.create({ customer, return_url: "nowhere" }),
      "url_invalid",
    );
  });

  it("shows a subscription to nobody but its customer", async () => {
    const { id: subscription, customer } = await subscribe(bench.stripe);
    const { id: configuration } = await bench.stripe.billingPortal.configurations.create({
      features: { subscription_update: { enabled: true } },
    });
    const asked = {
      configuration,
      flow_data: flow("subscription_update", { subscription_update: { subscription } }),
    };
    await bench.stripe.billingPortal.sessions.create({ customer: customer as string, ...asked });
    const { id: other } = await bench.stripe.customers.create();
    await refuses(
      bench.stripe.billingPortal.sessions.create({ customer: other, ...asked }),
      "resource_missing",
    );
  });

  it("has no default in an account where nobody has saved one", async () => {
    bench.double.state.data.hidden.portal = { unsaved: true };
    const { id: customer } = await bench.stripe.customers.create();
    await refuses(bench.stripe.billingPortal.sessions.create({ customer }), /No configuration provided/);
  });
});

describe("the account", () => {
  it("says whose key it is", async () => {
    const { id, object } = await bench.stripe.accounts.retrieveCurrent();
    assert.deepEqual([id.slice(0, 5), object], ["acct_", "account"]);
  });

  it("tells an endpoint's secret once", async () => {
    const made = await bench.stripe.webhookEndpoints.create({
      url: "https://shop.example/hook",
      enabled_events: ["invoice.paid"],
    });
    assert.match(made.secret ?? "", /^whsec_/);
    assert.equal((await bench.stripe.webhookEndpoints.retrieve(made.id)).secret, undefined);
    const changed = await bench.stripe.webhookEndpoints.update(made.id, { disabled: true });
    assert.deepEqual([changed.status, changed.enabled_events], ["disabled", ["invoice.paid"]]);
    assert.deepEqual(idsOf(await bench.stripe.webhookEndpoints.list()), [made.id]);
    await bench.stripe.webhookEndpoints.del(made.id);
    assert.deepEqual(idsOf(await bench.stripe.webhookEndpoints.list()), []);
  });

  it("remembers what has happened", async () => {
    const { id } = await bench.stripe.customers.create({ name: "Ada" });
    await bench.stripe.paymentMethods.attach("pm_card_visa", { customer: id });
    await bench.stripe.customers.update(id, { name: "Eve" });
    const { data } = await bench.stripe.events.list({ type: "customer.*" });
    assert.deepEqual(
      data.map(({ type, data }) => [type, data.previous_attributes]),
      [
        ["customer.updated", { name: "Ada" }],
        ["customer.created", undefined],
      ],
    );
    const [first] = data;
    assert.deepEqual(await bench.stripe.events.retrieve(first?.id ?? ""), first);
    const one = await bench.stripe.events.list({ types: ["customer.created"] });
    assert.equal(one.data.length, 1);
  });
});

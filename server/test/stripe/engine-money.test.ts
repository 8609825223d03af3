import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { itemOf, noon, refuses, useAccount } from "./engine-account.ts";

const HOUR = 3600;
const DAY = 24 * HOUR;
const START = noon("2027-06-01");
const NEXT = noon("2027-07-01");

describe("The double's discounts", () => {
  const account = useAccount(START);
  const coupon = async (terms: object) =>
    (await account.stripe.coupons.create(terms as { duration: "once" })).id;

  it("are rounded up from a half, line by line", async () => {
    const items = [
      { price: await account.price({ amount: 101 }) },
      { price: await account.price({ amount: 103 }) },
    ];
    const discounts = [{ coupon: await coupon({ percent_off: 50, duration: "forever" }) }];
    const { id } = await account.subscribe({}, { items, discounts });
    const { lines, subtotal, total, total_discount_amounts: all } = await account.newest(id);
    assert.deepEqual(
      lines.data.map((line) => line.discount_amounts?.[0]?.amount),
      [51, 52],
    );
    assert.deepEqual([subtotal, total, all?.[0]?.amount], [204, 101, 103]);
  });

  it("of an amount are spread over the lines, and never make one negative", async () => {
    const items = [
      { price: await account.price({ amount: 300 }) },
      { price: await account.price({ amount: 700 }) },
    ];
    const discounts = [{ coupon: await coupon({ amount_off: 101, currency: "usd", duration: "once" }) }];
    const { id } = await account.subscribe({}, { items, discounts });
    const { lines, total } = await account.newest(id);
    assert.deepEqual(
      lines.data.map((line) => line.discount_amounts?.[0]?.amount),
      [30, 71],
    );
    assert.equal(total, 899);
    const large = [{ coupon: await coupon({ amount_off: 5000, currency: "usd", duration: "once" }) }];
    assert.equal((await account.newest((await account.subscribe({}, { discounts: large })).id)).total, 0);
  });

  it("that come once are gone after the invoice that they were for", async () => {
    const { id } = await account.subscribe();
    const code = await account.stripe.promotionCodes.create({
      promotion: { type: "coupon", coupon: await coupon({ percent_off: 10, duration: "once" }) },
      code: "ONCE",
      max_redemptions: 1,
    });
    const given = { discounts: [{ promotion_code: code.id }] };
    const put = await account.stripe.subscriptions.update(id, { ...given, expand: ["discounts"] });
    assert.equal(put.discounts.length, 1);
    await refuses(account.stripe.subscriptions.update(id, given), 400);
    await account.advance(NEXT);
    assert.equal((await account.newest(id)).total, 900);
    assert.deepEqual((await account.read(id)).discounts, []);
    await account.advance(noon("2027-08-01"));
    assert.equal((await account.newest(id)).total, 1000);
  });

  it("for months end with the moment, whatever was billed", async () => {
    const given = await coupon({ percent_off: 10, duration: "repeating", duration_in_months: 2 });
    const { id } = await account.subscribe({}, { discounts: [{ coupon: given }] });
    const totals = [];
    for (const day of ["2027-07-01", "2027-08-01"]) {
      await account.advance(noon(day));
      totals.push((await account.newest(id)).total);
    }
    assert.deepEqual(totals, [900, 1000]);
    assert.deepEqual((await account.read(id)).discounts, []);
  });

  it("stay with an empty array and go with an empty text", async () => {
    const given = [{ coupon: await coupon({ percent_off: 10, duration: "forever" }) }];
    const { id } = await account.subscribe({}, { discounts: given });
    assert.equal((await account.stripe.subscriptions.update(id, { discounts: [] })).discounts.length, 1);
    assert.equal((await account.stripe.subscriptions.update(id, { discounts: "" })).discounts.length, 0);
  });
});

describe("The double's balances and taxes", () => {
  const account = useAccount(START);

  it("take credit first, and give it back with a void invoice", async () => {
    const { id } = await account.subscribe();
    await account.stripe.customers.createBalanceTransaction(account.customer, {
      amount: -300,
      currency: "usd",
    });
    await account.payWith("pm_card_chargeCustomerFail");
    await account.advance(NEXT + HOUR);
    const open = await account.newest(id);
    assert.deepEqual(
      [open.total, open.starting_balance, open.ending_balance, open.amount_due, open.amount_remaining],
      [1000, -300, 0, 700, 700],
    );
    assert.equal(await account.balance(), 0);
    await account.stripe.invoices.voidInvoice(open.id);
    assert.equal(await account.balance(), -300);
    assert.equal((await account.read(id)).status, "active");
    await refuses(account.stripe.invoices.voidInvoice(open.id), 400);
    await refuses(account.stripe.invoices.pay(open.id), 400);
  });

  it("keep as a debt what is too small to charge", async () => {
    const { id } = await account.subscribe({ amount: 30 });
    const { status, amount_due, ending_balance } = await account.newest(id);
    assert.deepEqual([status, amount_due, ending_balance], ["paid", 0, 30]);
    await account.advance(NEXT + HOUR);
    assert.deepEqual((await account.newest(id)).amount_paid, 60);
  });

  for (const [inclusive, total, tax] of [
    [false, 1190, 190],
    [true, 1000, 160],
  ] as const) {
    it(`know taxes ${inclusive ? "in" : "on top of"} prices`, async () => {
      const id = "txr_1";
      account.double.state.put("tax_rates", {
        id,
        object: "tax_rate",
        active: true,
        country: "DE",
        created: START,
        description: null,
        display_name: "VAT",
        effective_percentage: 19,
        flat_amount: null,
        inclusive,
        jurisdiction: null,
        jurisdiction_level: null,
        livemode: false,
        metadata: {},
        percentage: 19,
        rate_type: "percentage",
        state: null,
        tax_type: "vat",
      });
      const made = await account.subscribe({}, { default_tax_rates: [id] });
      const invoice = await account.newest(made.id);
      assert.deepEqual([invoice.total, invoice.total_taxes?.[0]?.amount], [total, tax]);
      assert.equal(invoice.total_excluding_tax, total - tax);
    });
  }
});

describe("The double's changes within a period", () => {
  const account = useAccount(START);
  const halfway = START + 15 * DAY;

  it("credit what is left and begin a new period when that is asked for", async () => {
    const { id, items } = await account.subscribe();
    const dear = await account.price({ amount: 3000 });
    await account.advance(halfway);
    const change = {
      items: [{ id: items.data[0]?.id ?? "", price: dear }],
      proration_behavior: "always_invoice" as const,
      proration_date: halfway,
      billing_cycle_anchor: { type: "now" as const },
    };
    const foreseen = await account.stripe.invoices.createPreview({
      subscription: id,
      subscription_details: change,
    });
    assert.equal(foreseen.amount_due, 3000 - 500);
    await account.advance(halfway + HOUR);
    await account.stripe.subscriptions.update(id, { ...change, payment_behavior: "error_if_incomplete" });
    const { amount_paid, billing_reason } = await account.newest(id);
    assert.deepEqual([amount_paid, billing_reason], [2500, "subscription_update"]);
    const now = await account.read(id);
    assert.equal(now.billing_cycle_anchor, halfway + HOUR);
    assert.equal(itemOf(now).current_period_start, halfway + HOUR);
  });

  it("do nothing at all if the bank says no and that was the condition", async () => {
    const { id, items } = await account.subscribe();
    const dear = await account.price({ amount: 3000 });
    await account.payWith("pm_card_chargeCustomerFail");
    const before = [await account.read(id), await account.invoices(id), account.events().length];
    const change = account.stripe.subscriptions.update(id, {
      items: [{ id: items.data[0]?.id ?? "", price: dear }],
      proration_behavior: "always_invoice",
      billing_cycle_anchor: { type: "now" },
      payment_behavior: "error_if_incomplete",
      metadata: { mark: "1" },
    });
    await refuses(change, 402, "card_declined");
    assert.deepEqual([await account.read(id), await account.invoices(id), account.events().length], before);
  });

  it("begin a new period by themselves for another interval, and put what is too much on the balance", async () => {
    const { id, items } = await account.subscribe({ amount: 12_000, interval: "year" });
    const monthly = await account.price({ amount: 1000 });
    await account.advance(START + 73 * DAY);
    await account.stripe.subscriptions.update(id, {
      items: [{ id: items.data[0]?.id ?? "", price: monthly }],
    });
    const { total, status, amount_paid } = await account.newest(id);
    const left = Math.round((12_000 * (366 - 73)) / 366);
    assert.deepEqual([total, status, amount_paid], [1000 - left, "paid", 0]);
    assert.equal(await account.balance(), 1000 - left);
    assert.equal(itemOf(await account.read(id)).current_period_start, START + 73 * DAY);
  });

  it("wait for the next invoice unless they are to be invoiced", async () => {
    const { id, items } = await account.subscribe();
    const dear = await account.price({ amount: 3000 });
    await account.advance(halfway);
    const change = { items: [{ id: items.data[0]?.id ?? "", price: dear }] };
    await account.stripe.subscriptions.update(id, change);
    assert.equal((await account.invoices(id)).length, 1);
    await account.advance(NEXT);
    const { total, lines } = await account.newest(id);
    assert.deepEqual(
      lines.data.map(({ amount }) => amount),
      [-500, 1500, 3000],
    );
    assert.equal(total, 4000);
  });

  it("credit what was paid and not what the price is, which is nothing for a void invoice", async () => {
    const coupon = await account.stripe.coupons.create({ percent_off: 50, duration: "once" });
    const { id, items } = await account.subscribe({}, { discounts: [{ coupon: coupon.id }] });
    const change = { items: [{ id: items.data[0]?.id ?? "", price: await account.price({ amount: 3000 }) }] };
    await account.advance(halfway);
    const terms = {
      subscription: id,
      subscription_details: { ...change, proration_behavior: "always_invoice" as const },
    };
    const credited = (invoice: { lines: { data: { amount: number }[] } }) => invoice.lines.data[0]?.amount;
    assert.equal(credited(await account.stripe.invoices.createPreview(terms)), -250);
    await account.stripe.subscriptions.update(id, { pause_collection: { behavior: "void" } });
    await account.advance(NEXT + 15 * DAY);
    await account.stripe.subscriptions.update(id, { pause_collection: "" });
    assert.ok(Number(credited(await account.stripe.invoices.createPreview(terms))) > 0);
  });

  it("refuse a price that is no longer sold, or that another item has", async () => {
    const { id, items } = await account.subscribe();
    const price = await account.price();
    await account.stripe.prices.update(price, { active: false });
    const item = items.data[0]?.id ?? "";
    await refuses(account.stripe.subscriptions.update(id, { items: [{ id: item, price }] }), 400);
    const own = items.data[0]?.price.id ?? "";
    await refuses(account.stripe.subscriptions.update(id, { items: [{ price: own }] }), 400);
    await refuses(
      account.stripe.subscriptions.update(id, {
        items: [{ id: item, price: await account.price({ currency: "eur" }) }],
      }),
      400,
    );
  });
});

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type Stripe from "stripe";
import { itemOf, noon, refuses, useAccount } from "./engine-account.ts";

const HOUR = 3600;
const DAY = 24 * HOUR;
const START = noon("2027-06-01");
const NEXT = noon("2027-07-01");

describe("The double foresees invoices", () => {
  const account = useAccount(START);
  const preview = (subscription: string, more: object = {}) =>
    account.stripe.invoices.createPreview({ subscription, ...more });

  /** There is no request for it any more; customers from before can still have one. */
  async function giveDiscount(coupon: string): Promise<void> {
    const { customer, double } = account;
    const discount: Stripe.Discount = {
      id: "di_customer",
      object: "discount",
      checkout_session: null,
      customer,
      customer_account: null,
      end: null,
      invoice: null,
      invoice_item: null,
      promotion_code: null,
      source: { coupon, type: "coupon" },
      start: START,
      subscription: null,
      subscription_item: null,
    };
    double.state.put("discounts", discount);
    double.state.get("customers", customer).discount = discount;
  }

  it("as they then are, and changes nothing", async () => {
    const coupon = await account.stripe.coupons.create({
      amount_off: 250,
      currency: "usd",
      duration: "once",
    });
    const { id } = await account.subscribe();
    await account.stripe.subscriptions.update(id, { discounts: [{ coupon: coupon.id }] });
    await account.stripe.customers.createBalanceTransaction(account.customer, {
      amount: -100,
      currency: "usd",
    });
    const before = JSON.stringify(account.double.state.data.objects);
    const foreseen = await preview(id);
    assert.equal(JSON.stringify(account.double.state.data.objects), before);
    assert.deepEqual([foreseen.status, foreseen.number, foreseen.period_end], ["draft", null, NEXT]);
    assert.equal(foreseen.next_payment_attempt, NEXT + HOUR);
    await account.advance(NEXT + HOUR);
    const real = await account.newest(id);
    assert.deepEqual(
      [foreseen.total, foreseen.amount_due, foreseen.created, foreseen.lines.data[0]?.period],
      [real.total, real.amount_due, real.created, real.lines.data[0]?.period],
    );
    assert.deepEqual([real.total, real.amount_due], [750, 650]);
  });

  it("with other items, with and without prorations", async () => {
    const { id, items } = await account.subscribe();
    await account.advance(START + 15 * DAY);
    const change = { items: [{ id: items.data[0]?.id, price: await account.price({ amount: 3000 }) }] };
    assert.equal((await preview(id, { subscription_details: change })).total, 4000);
    const none = { ...change, proration_behavior: "none" };
    assert.equal((await preview(id, { subscription_details: none })).total, 3000);
    const recurring = { subscription_details: change, preview_mode: "recurring" };
    assert.equal((await preview(id, recurring)).total, 3000);
    await account.stripe.subscriptions.update(id, change as object);
    assert.equal((await preview(id)).total, 4000);
    assert.equal((await preview(id, { preview_mode: "recurring" })).total, 3000);
  });

  it("without discounts, or with others", async () => {
    const [tenth, half] = await Promise.all(
      [10, 50].map((percent_off) => account.stripe.coupons.create({ percent_off, duration: "forever" })),
    );
    const { id } = await account.subscribe({}, { discounts: [{ coupon: tenth?.id ?? "" }] });
    assert.equal((await preview(id)).total, 900);
    assert.equal((await preview(id, { discounts: "" })).total, 1000);
    assert.equal((await preview(id, { discounts: [{ coupon: half?.id }] })).total, 500);
    assert.equal((await account.stripe.coupons.retrieve(half?.id ?? "")).times_redeemed, 0);
    await giveDiscount(half?.id ?? "");
    const other = await account.subscribe();
    assert.equal((await account.newest(other.id)).total, 500);
    assert.equal((await preview(id)).total, 900);
    assert.equal((await preview(id, { discounts: "" })).total, 1000);
    assert.equal((await preview(other.id, { discounts: "" })).total, 1000);
  });

  it("of a trial at its end, and of one that is longer later", async () => {
    const end = START + 5 * DAY;
    const { id } = await account.subscribe({}, { trial_end: end });
    const foreseen = await preview(id);
    assert.deepEqual([foreseen.total, foreseen.period_end], [1000, end]);
    const longer = await preview(id, { subscription_details: { trial_end: end + DAY } });
    assert.deepEqual([longer.total, longer.period_end], [1000, end + DAY]);
  });

  it("only where there will be any", async () => {
    const { id } = await account.subscribe();
    const end = { subscription_details: { cancel_at_period_end: true } };
    await refuses(preview(id, end), 404, "invoice_upcoming_none");
    await account.stripe.subscriptions.update(id, { cancel_at_period_end: true });
    await refuses(preview(id), 404, "invoice_upcoming_none");
    const on = { subscription_details: { cancel_at_period_end: false } };
    assert.equal((await preview(id, on)).total, 1000);
    await account.stripe.subscriptions.cancel(id);
    await refuses(preview(id), 404, "invoice_upcoming_none");
  });

  it("of what is paused when it goes on", async () => {
    const { id } = await account.subscribe();
    await account.stripe.subscriptionSchedules.create({
      from_subscription: id,
      pause_schedules: [
        {
          pause: {
            pause_at: { type: "timestamp", timestamp: NEXT },
            settings: { bill_for: { unused_time_from: { type: "none" } } },
          },
          resume: { resume_at: { type: "timestamp", timestamp: NEXT + 10 * DAY } },
        },
      ],
    });
    assert.equal((await preview(id)).created, NEXT + 10 * DAY);
    await account.advance(NEXT + DAY);
    const now = await preview(id, { subscription_details: { resume_at: "now" } });
    assert.deepEqual([now.created, now.total], [NEXT + DAY, 1000]);
    assert.equal((await account.read(id)).status, "paused");
  });

  it("even without a card, and at the price of the schedule's next phase", async () => {
    const made = await account.subscribe();
    const schedule = await account.stripe.subscriptionSchedules.create({ from_subscription: made.id });
    const items = [{ price: itemOf(made).price.id }];
    const cheap = [{ price: await account.price({ amount: 400 }) }];
    await account.stripe.subscriptionSchedules.update(schedule.id, {
      phases: [
        { items, start_date: START, end_date: NEXT },
        { items: cheap, end_date: noon("2027-08-01") },
      ],
    });
    await account.stripe.customers.update(account.customer, {
      invoice_settings: { default_payment_method: "" },
    });
    assert.equal((await preview(made.id)).total, 400);
    const anew = {
      subscription_details: { billing_cycle_anchor: { type: "now" }, proration_behavior: "none" },
    };
    assert.equal((await preview(made.id, anew)).total, 1000);
  });
});

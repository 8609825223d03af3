import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type Stripe from "stripe";
import { itemOf, noon, refuses, useAccount } from "./engine-account.ts";

const HOUR = 3600;
const DAY = 24 * HOUR;
const START = noon("2027-06-01");
const NEXT = noon("2027-07-01");

describe("The double stops collecting", () => {
  const account = useAccount(START);

  it("with invoices that are void, from the rhythm's first moment at or after the end on with others", async () => {
    const coupon = await account.stripe.coupons.create({ percent_off: 50, duration: "once" });
    const { id } = await account.subscribe();
    await account.stripe.customers.createBalanceTransaction(account.customer, {
      amount: -100,
      currency: "usd",
    });
    await account.stripe.subscriptions.update(id, {
      discounts: [{ coupon: coupon.id }],
      pause_collection: { behavior: "void", resumes_at: noon("2027-08-01") },
    });
    await account.advance(NEXT);
    const written = await account.newest(id);
    assert.deepEqual([written.status, written.total], ["void", 500]);
    assert.equal((await account.read(id)).discounts.length, 1);
    assert.equal(await account.balance(), -100);
    await account.advance(noon("2027-08-01") + HOUR);
    const collected = await account.newest(id);
    assert.deepEqual([collected.status, collected.amount_paid], ["paid", 400]);
    const now = await account.read(id);
    assert.deepEqual([now.status, now.pause_collection, now.discounts], ["active", null, []]);
  });

  it("and begins anew at once when asked to, unless the bank says no", async () => {
    const { id } = await account.subscribe();
    await account.stripe.subscriptions.update(id, { pause_collection: { behavior: "void" } });
    await account.advance(NEXT + DAY);
    const anew = {
      pause_collection: "" as const,
      billing_cycle_anchor: { type: "now" as const },
      proration_behavior: "none" as const,
      payment_behavior: "error_if_incomplete" as const,
    };
    await account.payWith("pm_card_chargeCustomerFail");
    await refuses(account.stripe.subscriptions.update(id, anew), 402, "card_declined");
    assert.ok((await account.read(id)).pause_collection);
    await account.payWith("pm_card_visa");
    await account.stripe.subscriptions.update(id, anew);
    assert.equal((await account.newest(id)).amount_paid, 1000);
    assert.equal(itemOf(await account.read(id)).current_period_start, NEXT + DAY);
  });
});

describe("The double pauses subscriptions", () => {
  const account = useAccount(START);
  const END = noon("2027-09-10");

  const schedulePause = (id: string, resumeAt = END): Promise<Stripe.SubscriptionSchedule> =>
    account.stripe.subscriptionSchedules.create({
      from_subscription: id,
      pause_schedules: [
        {
          pause: {
            pause_at: { type: "timestamp", timestamp: NEXT },
            settings: { bill_for: { unused_time_from: { type: "none" } } },
          },
          resume: { resume_at: { type: "timestamp", timestamp: resumeAt } },
        },
      ],
    });

  it("at the end of what is paid, and charges when they go on", async () => {
    const { id } = await account.subscribe();
    await schedulePause(id);
    assert.equal((await account.read(id)).status, "active");
    await account.advance(NEXT + DAY);
    const paused = await account.read(id);
    assert.equal(paused.status, "paused");
    assert.equal(paused.status_details?.paused.subscription.type, "pause_requested");
    assert.equal((await account.invoices(id)).length, 1);
    await account.advance(noon("2027-08-31"));
    await account.advance(END);
    const on = await account.read(id);
    assert.deepEqual([on.status, on.billing_cycle_anchor, on.schedule], ["active", END, null]);
    assert.equal(itemOf(on).current_period_end, noon("2027-10-10"));
    const { status, amount_paid, created } = await account.newest(id);
    assert.deepEqual([status, amount_paid, created], ["paid", 1000, END]);
    assert.equal((await account.invoices(id)).length, 2);
    for (const word of ["paused", "resumed"])
      assert.equal(account.events(`customer.subscription.${word}`).length, 1);
  });

  it("and stay so until the first invoice is paid", async () => {
    const { id } = await account.subscribe();
    const { id: schedule } = await schedulePause(id, noon("2027-07-10"));
    await account.payWith("pm_card_chargeCustomerFail");
    await account.advance(noon("2027-07-10"));
    assert.equal((await account.read(id)).status, "paused");
    const entry = async () =>
      (await account.stripe.subscriptionSchedules.retrieve(schedule)).pause_schedules[0]?.resume?.status.type;
    assert.equal(await entry(), "pending");
    await account.payWith("pm_card_visa");
    await account.advance(noon("2027-07-13"));
    assert.equal((await account.read(id)).status, "active");
    assert.equal(await entry(), "succeeded");
  });

  it("on demand, credits the rest and resumes with a new period", async () => {
    const { id } = await account.subscribe();
    await account.advance(START + 15 * DAY);
    await account.stripe.subscriptions.pause(id);
    assert.equal((await account.read(id)).status, "paused");
    await account.advance(NEXT + 5 * DAY);
    assert.equal((await account.invoices(id)).length, 1);
    await account.stripe.subscriptions.resume(id, { payment_behavior: "resume_on_payment_success" });
    assert.equal((await account.read(id)).status, "active");
    assert.equal((await account.newest(id)).amount_paid, 500);
    await refuses(account.stripe.subscriptions.resume(id), 400);
  });

  it("and drops a resumption that nobody tries to pay", async () => {
    const { id } = await account.subscribe();
    await account.stripe.subscriptions.pause(id, { bill_for: { unused_time_from: { type: "none" } } });
    await account.stripe.subscriptions.resume(id);
    assert.deepEqual(
      [(await account.read(id)).status, (await account.newest(id)).status],
      ["paused", "open"],
    );
    await account.advance(START + 23 * HOUR);
    assert.deepEqual(
      [(await account.read(id)).status, (await account.newest(id)).status],
      ["paused", "void"],
    );
    await account.stripe.subscriptions.resume(id);
    await account.stripe.invoices.pay((await account.newest(id)).id);
    assert.equal((await account.read(id)).status, "active");
  });

  it("only in flexible mode, without a schedule and with a card", async () => {
    const classic = await account.subscribe({}, { billing_mode: { type: "classic" } });
    await refuses(account.stripe.subscriptions.pause(classic.id), 400);
    await refuses(schedulePause(classic.id), 400);
    assert.equal((await account.read(classic.id)).schedule, null);
    const sent = await account.subscribe({}, { collection_method: "send_invoice", days_until_due: 7 });
    await refuses(account.stripe.subscriptions.pause(sent.id), 400);
    const { id } = await account.subscribe();
    await account.stripe.subscriptionSchedules.create({ from_subscription: id });
    await refuses(account.stripe.subscriptions.pause(id), 400);
  });

  it("whose end can be moved by its key, and taken away", async () => {
    const { id } = await account.subscribe();
    const { id: schedule, pause_schedules: made } = await schedulePause(id);
    await account.advance(NEXT);
    const key = made[0]?.key ?? "";
    const to = noon("2027-07-20");
    const later = { resume_at: { type: "timestamp" as const, timestamp: to } };
    await refuses(
      account.stripe.subscriptionSchedules.update(schedule, { pause_schedules: [{ resume: later }] }),
      400,
    );
    const moved = await account.stripe.subscriptionSchedules.update(schedule, {
      pause_schedules: [{ key, resume: later }],
    });
    assert.equal(moved.pause_schedules[0]?.resume?.resume_at, to);
    await account.advance(to);
    assert.equal((await account.read(id)).status, "active");
  });
});

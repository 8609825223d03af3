import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { itemOf, noon, refuses, useAccount } from "./engine-account.ts";

const HOUR = 3600;
const DAY = 24 * HOUR;
const START = noon("2027-01-31");

describe("The double renews subscriptions", () => {
  const account = useAccount(START);

  it("on the 31st again after a shorter month", async () => {
    const { id } = await account.subscribe();
    const ends: string[] = [];
    for (const day of ["2027-02-28", "2027-03-31", "2027-04-30", "2027-05-31"]) {
      ends.push(new Date(itemOf(await account.read(id)).current_period_end * 1000).toISOString());
      await account.advance(noon(day));
    }
    const days = ["2027-02-28", "2027-03-31", "2027-04-30", "2027-05-31"];
    assert.deepEqual(
      ends,
      days.map((day) => `${day}T12:00:00.000Z`),
    );
  });

  it("with a draft that becomes final and is paid an hour later", async () => {
    const { id } = await account.subscribe();
    const first = await account.newest(id);
    assert.deepEqual([first.status, first.billing_reason], ["paid", "subscription_create"]);
    const at = noon("2027-02-28");
    await account.advance(at);
    const draft = await account.newest(id);
    assert.deepEqual(
      [draft.status, draft.number, draft.billing_reason],
      ["draft", null, "subscription_cycle"],
    );
    assert.equal(draft.automatically_finalizes_at, at + HOUR);
    assert.deepEqual([draft.period_start, draft.period_end], [START, at]);
    assert.deepEqual(draft.lines.data[0]?.period, { start: at, end: noon("2027-03-31") });
    await account.advance(at + HOUR - 1);
    assert.equal((await account.newest(id)).status, "draft");
    await account.advance(at + HOUR);
    const paid = await account.newest(id);
    assert.deepEqual([paid.status, paid.amount_paid, paid.attempt_count], ["paid", 1000, 1]);
    assert.equal(paid.status_transitions.paid_at, at + HOUR);
    assert.notEqual(paid.number, first.number);
    const { payments } = await account.stripe.invoices.retrieve(paid.id, { expand: ["payments"] });
    const intent = await account.stripe.paymentIntents.retrieve(
      String(payments?.data[0]?.payment.payment_intent),
    );
    assert.deepEqual([intent.status, intent.amount_received], ["succeeded", 1000]);
  });

  it("only two intervals at a time", async () => {
    await account.subscribe();
    await account.subscribe({ interval: "year" });
    await refuses(account.advance(noon("2027-03-31") + 1), 400);
    await account.advance(noon("2027-03-31"));
    await refuses(account.advance(noon("2027-03-31")), 400);
  });

  it("for several items with their quantities, and usage at the end of a period", async () => {
    const items = [
      { price: await account.price(), quantity: 3 },
      { price: await account.price({ amount: 250 }) },
      { price: await account.price({ usage: "metered" }) },
    ];
    const { id } = await account.subscribe({}, { items });
    assert.equal((await account.newest(id)).total, 3250);
    await account.advance(noon("2027-02-28") + HOUR);
    const { lines, total } = await account.newest(id);
    assert.equal(total, 3250);
    assert.deepEqual(
      lines.data.map(({ amount, period }) => [amount, period.start]),
      [
        [3000, noon("2027-02-28")],
        [250, noon("2027-02-28")],
        [0, START],
      ],
    );
  });

  for (const [currency, amount] of [
    ["jpy", 1200],
    ["kwd", 12_340],
  ] as const) {
    it(`in ${currency}`, async () => {
      const { id } = await account.subscribe({ currency, amount });
      const { total, currency: of } = await account.newest(id);
      assert.deepEqual([total, of], [amount, currency]);
    });
  }

  it("from the end of a trial on", async () => {
    const end = START + 10 * DAY;
    const { id, status } = await account.subscribe({}, { trial_end: end });
    assert.equal(status, "trialing");
    const first = await account.newest(id);
    assert.deepEqual([first.total, first.status], [0, "paid"]);
    await account.advance(end - 3 * DAY);
    assert.equal(account.events("customer.subscription.trial_will_end").length, 1);
    await account.advance(end + HOUR);
    const now = await account.read(id);
    assert.deepEqual([now.status, now.billing_cycle_anchor], ["active", end]);
    const charged = await account.newest(id);
    assert.deepEqual([charged.status, charged.amount_paid], ["paid", 1000]);
  });

  it("until it is cancelled, and then writes no invoice", async () => {
    const { id } = await account.subscribe();
    const asked = START + DAY;
    await account.advance(asked);
    await account.stripe.subscriptions.update(id, { cancel_at_period_end: true });
    const planned = await account.read(id);
    assert.deepEqual([planned.cancel_at, planned.canceled_at], [noon("2027-02-28"), asked]);
    await account.advance(noon("2027-03-15"));
    const over = await account.read(id);
    assert.deepEqual([over.status, over.ended_at, over.canceled_at], ["canceled", noon("2027-02-28"), asked]);
    assert.equal((await account.invoices(id)).length, 1);
    assert.equal(account.events("customer.subscription.deleted").length, 1);
  });

  it("and keeps why somebody leaves, if it is not too long", async () => {
    const { id } = await account.subscribe();
    const leave = (comment: string) =>
      account.stripe.subscriptions.update(id, { cancellation_details: { comment, feedback: "unused" } });
    await refuses(leave("x".repeat(5001)), 400);
    await leave("x".repeat(5000));
    const { cancellation_details: kept } = await account.stripe.subscriptions.cancel(id);
    assert.deepEqual(
      [kept?.comment?.length, kept?.feedback, kept?.reason],
      [5000, "unused", "cancellation_requested"],
    );
  });

  it("and tells what has changed", async () => {
    const { id } = await account.subscribe();
    await account.stripe.subscriptions.update(id, { cancel_at_period_end: true });
    const [event] = account.events("customer.subscription.updated");
    assert.deepEqual(event?.data.previous_attributes, {
      cancel_at: null,
      cancel_at_period_end: false,
      canceled_at: null,
      cancellation_details: { comment: null, feedback: null, feedback_option: null, reason: null },
    });
    await account.stripe.subscriptions.update(id, { cancel_at_period_end: false });
    assert.equal((await account.read(id)).cancel_at, null);
    assert.equal(account.events("customer.subscription.updated").length, 2);
  });
});

describe("The double tries again to be paid", () => {
  const account = useAccount(START);
  const RENEWAL = noon("2027-02-28") + HOUR;

  it("after three, five and seven days, and then no more", async () => {
    const { id } = await account.subscribe({ interval: "year" });
    await account.payWith("pm_card_chargeCustomerFail");
    await account.advance(noon("2028-01-31") + HOUR);
    const attempts: (number | null)[] = [];
    let at = noon("2028-01-31") + HOUR;
    for (const days of [3, 5, 7]) {
      const { next_payment_attempt: next, status } = await account.newest(id);
      assert.equal(status, "open");
      attempts.push(next && (next - at) / DAY);
      at += days * DAY;
      await account.advance(at);
    }
    assert.deepEqual(attempts, [3, 5, 7]);
    const last = await account.newest(id);
    assert.deepEqual([last.next_payment_attempt, last.attempt_count], [null, 4]);
    assert.equal((await account.read(id)).status, "past_due");
  });

  it("and is active again when the newest invoice is paid", async () => {
    const { id } = await account.subscribe();
    await account.payWith("pm_card_chargeCustomerFail");
    await account.advance(RENEWAL);
    assert.equal((await account.read(id)).status, "past_due");
    await account.payWith("pm_card_mastercard");
    await account.stripe.invoices.pay((await account.newest(id)).id);
    assert.equal((await account.read(id)).status, "active");
  });

  it("when somebody asks, which the schedule does not notice", async () => {
    const { id } = await account.subscribe();
    await account.payWith("pm_card_chargeCustomerFail");
    await account.advance(RENEWAL);
    const before = await account.newest(id);
    await refuses(account.stripe.invoices.pay(before.id), 402, "card_declined");
    const after = await account.newest(id);
    assert.deepEqual([after.status, after.attempt_count], ["open", 1]);
    assert.equal(after.next_payment_attempt, before.next_payment_attempt);
    assert.equal(account.events("invoice.payment_failed").length, 2);
  });

  it("not when the subscription has ended", async () => {
    const { id } = await account.subscribe();
    await account.payWith("pm_card_chargeCustomerFail");
    await account.advance(RENEWAL);
    await account.stripe.subscriptions.cancel(id);
    const { status, auto_advance, next_payment_attempt } = await account.newest(id);
    assert.deepEqual([status, auto_advance, next_payment_attempt], ["open", false, null]);
    await refuses(account.stripe.subscriptions.cancel(id), 404, "resource_missing");
    await refuses(
      account.stripe.subscriptions.update(id, { cancel_at_period_end: true }),
      400,
      "invalid_canceled_subscription_fields",
    );
    await account.stripe.subscriptions.update(id, { metadata: { note: "1" } });
  });
});

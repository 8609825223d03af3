/** Leaving and paying, as they are seen at Stripe itself. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type Stripe from "stripe";
import type { BillingAction } from "../../src/billing/provider.ts";
import type { Terms } from "../billing/provider-harness.ts";
import { moveClock } from "./fixtures.ts";
import { onDouble } from "./harness.ts";

const DAY = 86_400_000;
const TODAY = { now: Date.parse("2027-05-14T09:41:00Z"), nextCharge: Date.parse("2027-06-01T09:41:00Z") };
const open = onDouble(TODAY);

async function started() {
  const harness = await open();
  const { stripe, provider, fixtures } = harness;
  const customer = await stripe.customers.retrieve(fixtures.customer.id);
  assert.ok(!customer.deleted);
  return {
    ...harness,
    customer: customer.id,
    testClock: customer.test_clock as string,
    act: (subscriptionId: string, terms: Terms, key = "key") =>
      provider.execute({ ...terms, subscriptionId } as BillingAction, key),
    invoices: async (subscription: string) => (await stripe.invoices.list({ subscription })).data,
    notes: async () => (await stripe.creditNotes.list({ customer: customer.id })).data,
    balance: async () => {
      const found = await stripe.customers.retrieve(customer.id);
      return found.deleted ? undefined : found.balance;
    },
    [Symbol.asyncDispose]: () => harness.close(),
  };
}

const leave = { type: "cancel", effective: "period_end" } as const;
const late = { ...leave, requestedAt: TODAY.nextCharge - 1 } as const;

describe("a cancellation at Stripe", () => {
  it("says why, in Stripe's words and the customer's", async () => {
    await using run = await started();
    const { act, stripe, fixtures } = run;
    await act(fixtures.monthly, { ...leave, reason: "technical_issues", comment: "It crashed" });
    await act(fixtures.several, { type: "cancel", effective: "immediately", reason: "moving" }, "now");
    const details = async (id: string) => {
      const { comment, feedback } = (await stripe.subscriptions.retrieve(id)).cancellation_details ?? {};
      return { comment, feedback };
    };
    assert.deepEqual(await details(fixtures.monthly), { comment: "It crashed", feedback: "low_quality" });
    assert.deepEqual(await details(fixtures.several), { comment: null, feedback: "other" });
    await act(fixtures.monthly, { type: "undo_cancellation" }, "undo");
    assert.deepEqual(await details(fixtures.monthly), { comment: null, feedback: null });
  });

  it("is one request where nothing has to be given back or let go", async () => {
    await using run = await started();
    const { act, double, fixtures } = run;
    const before = double.requests.length;
    await act(fixtures.monthly, leave);
    const written = double.requests.slice(before).filter(({ method }) => method !== "GET");
    assert.deepEqual(
      written.map(({ name }) => name),
      ["POST /v1/subscriptions/:id"],
    );
  });

  it("works although nobody can say what would have been charged", async () => {
    await using run = await started();
    const { act, double, fixtures } = run;
    double.fault = ({ name }) =>
      name === "POST /v1/invoices/create_preview" ? { when: "before", how: 409 } : undefined;
    const { cancelAt, nextCharge } = await act(fixtures.monthly, leave);
    assert.deepEqual([cancelAt, nextCharge], [TODAY.nextCharge, undefined]);
  });

  it("lets a schedule go that somebody else has made, and then no plan is put back", async () => {
    await using run = await started();
    const { act, stripe, provider, fixtures } = run;
    const { monthly, prices } = fixtures;
    const { id, phases } = await stripe.subscriptionSchedules.create({ from_subscription: monthly });
    const [phase] = phases;
    assert.ok(phase);
    const { start_date, end_date, items } = phase;
    const running = items.map(({ price, quantity = 1 }) => ({ price: price as string, quantity }));
    await stripe.subscriptionSchedules.update(id, {
      metadata: { made_by: "sales" },
      phases: [
        { start_date, end_date, items: running },
        { items: [{ price: prices.annual }], duration: { interval: "year", interval_count: 1 } },
      ],
    });
    assert.ok((await provider.subscription(monthly))?.refuses?.includes("discount"));
    assert.equal((await act(monthly, leave)).nextCharge, undefined);
    assert.equal((await stripe.subscriptionSchedules.retrieve(id)).status, "released");
    const { scheduledChange, refuses } = await act(monthly, { type: "undo_cancellation" }, "undo");
    assert.deepEqual([scheduledChange, refuses], [undefined, undefined]);
  });

  for (const effective of ["period_end", "immediately"] as const)
    it(`works although the business has left no room for notes: ${effective}`, async () => {
      await using run = await started();
      const { act, stripe, fixtures } = run;
      const metadata = Object.fromEntries(Array.from({ length: 49 }, (_, index) => [`fact_${index}`, "x"]));
      const { metadata: full } = await stripe.subscriptions.update(fixtures.monthly, { metadata });
      const terms = { type: "cancel", effective } as const;
      const left = await act(fixtures.monthly, terms);
      assert.ok(left.cancelAt);
      if (effective === "period_end") assert.deepEqual(await act(fixtures.monthly, terms), left);
      const there = (await stripe.subscriptions.retrieve(fixtures.monthly)).metadata;
      assert.deepEqual(there, full, "Stripe takes no more");
    });

  it("that somebody else has scheduled for later comes sooner", async () => {
    await using run = await started();
    const { act, stripe, fixtures } = run;
    const later = TODAY.nextCharge / 1000 + 45 * 86_400;
    const cancel = { cancel_at: later, proration_behavior: "none" } as const;
    await stripe.subscriptions.update(fixtures.monthly, cancel);
    assert.equal((await act(fixtures.monthly, leave)).cancelAt, TODAY.nextCharge);
  });
});

/** After the renewal, three days before. */
async function renewed() {
  const run = await started();
  await run.advance(TODAY.nextCharge);
  await run.advance(TODAY.nextCharge + 3 * DAY);
  const [renewal] = await run.invoices(run.fixtures.monthly);
  assert.ok(renewal?.id);
  return { ...run, renewal: renewal as Stripe.Invoice & { id: string } };
}

async function intentOf(stripe: Stripe, invoice: string): Promise<string> {
  const { data } = await stripe.invoicePayments.list({ invoice });
  return data[0]?.payment.payment_intent as string;
}

describe("what a late cancellation gives back", () => {
  it("goes to the card that it came from, with a credit note", async () => {
    await using run = await renewed();
    const { act, notes, renewal, fixtures } = run;
    await act(fixtures.monthly, late);
    const [note, ...others] = await notes();
    assert.equal(others.length, 0);
    assert.deepEqual([note?.amount, note?.invoice], [renewal.total, renewal.id]);
    assert.equal(note?.refunds[0]?.amount_refunded, renewal.amount_paid);
  });

  it("is only what the business has not given back already", async () => {
    await using run = await renewed();
    const { act, stripe, notes, renewal, fixtures } = run;
    await stripe.refunds.create({ payment_intent: await intentOf(stripe, renewal.id), amount: 300 });
    await stripe.creditNotes.create({ invoice: renewal.id, amount: 200, refund_amount: 200 });
    await act(fixtures.monthly, late);
    const amounts = (await notes()).map(({ amount }) => amount);
    assert.deepEqual(amounts.toSorted(), [renewal.total - 500, 200].toSorted());
    const refunds = await stripe.refunds.list({ payment_intent: await intentOf(stripe, renewal.id) });
    assert.equal(
      refunds.data.reduce((sum, { amount }) => sum + amount, 0),
      renewal.amount_paid,
    );
  });

  it("is nothing where the business has given back everything", async () => {
    await using run = await renewed();
    const { act, stripe, notes, renewal, fixtures } = run;
    await stripe.refunds.create({ payment_intent: await intentOf(stripe, renewal.id) });
    assert.equal((await act(fixtures.monthly, late)).status, "cancelled");
    assert.deepEqual(await notes(), []);
  });

  it("goes back to the balance where it came from there", async () => {
    await using run = await started();
    const { act, stripe, advance, notes, customer, balance, invoices, fixtures } = run;
    await stripe.customers.createBalanceTransaction(customer, { amount: -700, currency: "usd" });
    await advance(TODAY.nextCharge);
    const [renewal] = await invoices(fixtures.monthly);
    assert.equal(renewal?.amount_paid, (renewal?.total ?? 0) - 700);
    assert.equal(await balance(), 0);
    await act(fixtures.monthly, late);
    const [note] = await notes();
    assert.equal(note?.refunds[0]?.amount_refunded, renewal?.amount_paid);
    assert.equal(await balance(), -700);
  });

  it("is not even taken where the invoice is still a draft", async () => {
    await using run = await started();
    const { act, stripe, testClock, invoices, notes, fixtures } = run;
    await moveClock(stripe, testClock, TODAY.nextCharge);
    assert.equal((await invoices(fixtures.monthly))[0]?.status, "draft");
    assert.equal((await act(fixtures.monthly, late)).status, "cancelled");
    await moveClock(stripe, testClock, TODAY.nextCharge + 3 * DAY);
    const [renewal] = await invoices(fixtures.monthly);
    assert.deepEqual([renewal?.status, renewal?.amount_paid], ["void", 0]);
    assert.deepEqual(await notes(), []);
  });

  it("says so at the subscription, until another cancellation is in time", async () => {
    await using run = await started();
    const { act, stripe, advance, fixtures } = run;
    const { monthly, prices } = fixtures;
    await advance(TODAY.now + 1000);
    await act(monthly, { type: "change_price", priceId: prices.annual, charge: "now" }, "change");
    await act(monthly, { ...leave, requestedAt: TODAY.now }, "late");
    const noted = async () => (await stripe.subscriptions.retrieve(monthly)).metadata.renumerate_returned;
    assert.equal(await noted(), "1");
    await act(monthly, { ...leave, requestedAt: TODAY.now }, "late again");
    assert.equal(await noted(), "1");
    // Somebody takes it back in the dashboard.
    await stripe.subscriptions.update(monthly, { cancel_at: "" });
    await act(monthly, leave, "in time");
    assert.equal(await noted(), undefined);
    assert.equal((await act(monthly, { type: "undo_cancellation" }, "undo")).cancelAt, undefined);
  });
});

describe("an attempt to collect at Stripe", () => {
  it("keeps what it could collect: what is left is still due", async () => {
    await using run = await started();
    const { act, stripe, double, advance, payWith, provider, fixtures } = run;
    const { customerId, nextCharge } = (await provider.subscription(fixtures.pastDue)) ?? assert.fail();
    await advance(nextCharge?.at ?? 0);
    await payWith(customerId, "good");
    const { data } = await stripe.invoices.list({ subscription: fixtures.pastDue, status: "open" });
    assert.equal(data.length, 2);
    let paid = 0;
    double.fault = async ({ name }) => {
      if (name === "POST /v1/invoices/:id/pay" && paid++ === 1) await payWith(customerId, "declined");
      return undefined;
    };
    const after = await act(fixtures.pastDue, { type: "retry_payment" });
    assert.equal(after.due?.amount, data[0]?.amount_remaining);
    const [newest, oldest] = await stripe.invoices
      .list({ subscription: fixtures.pastDue })
      .then((page) => page.data);
    assert.deepEqual([oldest?.status, newest?.status], ["paid", "open"]);
    assert.deepEqual(await act(fixtures.pastDue, { type: "retry_payment" }), after, "once per key");
  });

  it("goes on after an invoice that the customer has paid meanwhile", async () => {
    await using run = await started();
    const { act, stripe, double, advance, payWith, provider, fixtures } = run;
    const { customerId, nextCharge } = (await provider.subscription(fixtures.pastDue)) ?? assert.fail();
    await advance(nextCharge?.at ?? 0);
    await payWith(customerId, "good");
    let isFirst = true;
    double.fault = async ({ name, path }) => {
      if (name !== "POST /v1/invoices/:id/pay" || !isFirst) return undefined;
      isFirst = false;
      await stripe.invoices.pay(path.split("/")[3] ?? "");
      return undefined;
    };
    const { status, due } = await act(fixtures.pastDue, { type: "retry_payment" });
    assert.deepEqual([status, due], ["active", undefined]);
  });
});

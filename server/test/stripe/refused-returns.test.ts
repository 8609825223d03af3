/** A cancellation that comes late, where Stripe does not give back by itself what was charged since. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type Stripe from "stripe";
import { assertAlike } from "../billing/provider-harness.ts";
import { useStripe } from "../billing/stripe-bench.ts";
import { moveClock } from "./fixtures.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

const bench = useStripe();
const { act, preview, read, books, chargeOf } = bench.suite;

async function move(to: number): Promise<void> {
  const { data } = await bench.stripe.testHelpers.testClocks.list();
  await moveClock(bench.stripe, data[0]?.id ?? assert.fail(), to);
}

async function newestOf(subscription: string): Promise<Stripe.Invoice> {
  const { data } = await bench.stripe.invoices.list({ subscription, limit: 1 });
  return data[0] ?? assert.fail();
}

const again = (id: string) => bench.stripe.invoices.retrieve(id);

/** Ten minutes after a renewal that a cancellation was to prevent. */
async function renewed(id: string) {
  const { at } = await chargeOf(id);
  const { paid } = await books(id);
  await move(at + 10 * MINUTE);
  const invoice = await newestOf(id);
  assert.equal(invoice.status, "draft");
  const late = { type: "cancel", effective: "period_end", requestedAt: at - 1 } as const;
  return { at, paid, invoice, late };
}

/** And then the bank is asked, which takes days. */
async function processing(id: string) {
  const found = await renewed(id);
  bench.double.state.data.hidden[found.invoice.id] = { processing: true };
  await move(found.at + 3 * HOUR);
  assert.equal((await again(found.invoice.id)).status, "open");
  return found;
}

/** Before the first request of this name something else happens at Stripe. */
function first(name: string, happens: () => Promise<unknown>): void {
  let isFirst = true;
  bench.double.fault = async (request) => {
    if (request.name !== name || !isFirst) return undefined;
    isFirst = false;
    await happens();
    return undefined;
  };
}

describe("nobody is kept for what Stripe does not give back", () => {
  for (const effective of ["period_end", "immediately"] as const)
    it(`while a bank is being asked: the business sees it at the invoice, the customer owes nothing: ${effective}`, async () => {
      const { monthly } = bench.suite.fixtures;
      const { paid, invoice, late } = await processing(monthly);
      const terms = { ...late, effective };
      const { dueNow, subscription } = await preview(monthly, terms);
      assert.equal(dueNow, 0);
      const after = await act(monthly, terms, "the-key");
      assertAlike(after, subscription);
      assert.deepEqual([after.status, after.due, after.nextCharge], ["cancelled", undefined, undefined]);
      const { status, metadata, auto_advance } = await again(invoice.id);
      assert.deepEqual(
        [status, metadata?.renumerate_return, auto_advance],
        ["open", "the-key", false],
        "and Stripe does not try again if the bank says no",
      );
      assert.equal((await books(monthly)).paid, paid);
      assert.deepEqual(await act(monthly, terms, "the-key"), after);
      await bench.suite.refuses(monthly, { type: "retry_payment" });
    });

  it("what was paid meanwhile is refunded", async () => {
    const { monthly } = bench.suite.fixtures;
    const { paid, invoice, late, at } = await processing(monthly);
    first("POST /v1/invoices/:id/void", async () => {
      delete bench.double.state.data.hidden[invoice.id];
      await bench.stripe.invoices.pay(invoice.id);
    });
    const after = await act(monthly, late);
    assert.equal(after.status, "cancelled");
    assert.equal((await again(invoice.id)).status, "paid");
    assert.deepEqual((await again(invoice.id)).metadata, {});
    assert.deepEqual(await books(monthly), { paid, open: 0 });
    await move(at + 30 * HOUR);
    assert.deepEqual(await books(monthly), { paid, open: 0 });
  });

  it("what somebody else has made void is left alone", async () => {
    const { monthly } = bench.suite.fixtures;
    const { paid, invoice, late } = await processing(monthly);
    first("POST /v1/invoices/:id/void", async () => {
      delete bench.double.state.data.hidden[invoice.id];
      await bench.stripe.invoices.voidInvoice(invoice.id);
    });
    assert.equal((await act(monthly, late)).status, "cancelled");
    assert.deepEqual((await again(invoice.id)).metadata, {});
    assert.deepEqual(await books(monthly), { paid, open: 0 });
  });

  for (const [becomes, happens] of [
    ["void", (id: string) => bench.stripe.invoices.finalizeInvoice(id)],
    ["paid", (id: string) => bench.stripe.invoices.pay(id)],
  ] as const)
    it(`a draft that has become final meanwhile costs nothing: ${becomes}`, async () => {
      const { monthly } = bench.suite.fixtures;
      const { paid, invoice, late } = await renewed(monthly);
      first("POST /v1/invoices/:id/finalize", () => happens(invoice.id));
      assert.equal((await act(monthly, late)).status, "cancelled");
      assert.equal((await again(invoice.id)).status, becomes);
      assert.deepEqual(await books(monthly), { paid, open: 0 });
    });

  it("a draft that cannot become final is never charged", async () => {
    const { monthly } = bench.suite.fixtures;
    const { paid, invoice, late, at } = await renewed(monthly);
    bench.double.state.data.hidden[invoice.id] = { untaxable: true };
    assert.equal((await act(monthly, late, "the-key")).status, "cancelled");
    const { status, metadata } = await again(invoice.id);
    assert.deepEqual([status, metadata?.renumerate_return], ["draft", "the-key"]);
    await move(at + 3 * HOUR);
    assert.deepEqual(await books(monthly), { paid, open: 0 });
  });

  it("nor is it where the subscription goes on until what was paid before has ended", async () => {
    const { monthly, prices } = bench.suite.fixtures;
    const [{ periodEnd }, now] = [await read(monthly), await bench.suite.provider.now()];
    await move(now + MINUTE);
    await act(monthly, { type: "change_price", priceId: prices.annual, charge: "now" });
    const { id } = await newestOf(monthly);
    // As at an account that waits with its invoices.
    const { state } = bench.double;
    const waiting = { status: "draft", auto_advance: true, amount_paid: 0, automatically_finalizes_at: null };
    Object.assign(state.get("invoices", id), waiting);
    for (const payment of state.all("invoice_payments"))
      if (payment.invoice === id) delete state.data.objects.invoice_payments[payment.id];
    state.data.hidden[id] = { untaxable: true };
    const late = { type: "cancel", effective: "period_end", requestedAt: now } as const;
    assert.equal((await act(monthly, late)).cancelAt, periodEnd);
    const { status, auto_advance } = await again(id);
    assert.deepEqual([status, auto_advance], ["draft", false]);
  });

  it("what can neither be refunded nor credited is left to the business", async () => {
    const { monthly } = bench.suite.fixtures;
    const { invoice, late, at } = await renewed(monthly);
    await move(at + 3 * HOUR);
    const { total } = await again(invoice.id);
    first("POST /v1/credit_notes", () =>
      bench.stripe.creditNotes.create({ invoice: invoice.id, amount: total, out_of_band_amount: total }),
    );
    assert.equal((await act(monthly, late, "the-key")).status, "cancelled");
    assert.equal((await again(invoice.id)).metadata?.renumerate_return, "the-key");
  });

  it("and the rest is given back all the same", async () => {
    const { monthly } = bench.suite.fixtures;
    const { paid, late, at } = await renewed(monthly);
    await move(at + 3 * HOUR);
    const { at: next } = await chargeOf(monthly);
    await move(next + 10 * MINUTE);
    const { id } = await newestOf(monthly);
    bench.double.state.data.hidden[id] = { processing: true };
    await move(next + 3 * HOUR);
    assert.equal((await act(monthly, late, "the-key")).status, "cancelled");
    assert.equal((await again(id)).metadata?.renumerate_return, "the-key");
    assert.equal((await books(monthly)).paid, paid);
  });
});

describe("what is not known of a return", () => {
  for (const [name, prepare] of [
    ["POST /v1/invoices/:id/void", processing],
    ["POST /v1/invoices/:id", processing],
    ["POST /v1/invoices/:id/finalize", renewed],
  ] as const)
    it(`is not known of the cancellation: ${name}`, async () => {
      const { monthly } = bench.suite.fixtures;
      const { paid, late } = await prepare(monthly);
      bench.double.fault = (request) =>
        request.name === name ? { when: "before", how: "reset" } : undefined;
      await assert.rejects(act(monthly, late, "key"), { kind: "unknown", code: "connection_failed" });
      assert.equal((await read(monthly)).status, "active");
      bench.double.fault = undefined;
      assert.equal((await act(monthly, late, "key")).status, "cancelled");
      assert.equal((await books(monthly)).paid, paid);
    });
});

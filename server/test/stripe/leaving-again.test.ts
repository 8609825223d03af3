/** Cancellations that meet something: a purchase, an older plan, each other, a Stripe that says no. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { openStripe } from "../../src/billing/stripe/client.ts";
import { createStripeBilling } from "../../src/billing/stripe/provider.ts";
import { useStripe } from "../billing/stripe-bench.ts";
import { accountOf } from "./harness.ts";
import { Refusal } from "./state.ts";

const DAY = 86_400_000;
const leave = { type: "cancel", effective: "period_end" } as const;
const undo = { type: "undo_cancellation" } as const;

const bench = useStripe();
const { act, read, books, charge, chargeOf, refuses } = bench.suite;

/** Three days after a renewal that a cancellation was to prevent. */
async function renewed(id: string) {
  const before = await books(id);
  const { at } = await charge(id);
  await bench.suite.advance(at + 3 * DAY);
  const { data } = await bench.stripe.invoices.list({ subscription: id, limit: 1 });
  const invoice = data[0] ?? assert.fail("a renewal");
  return { before, invoice, late: { ...leave, requestedAt: at - 1 } as const };
}

/** Of the whole invoice this much is for something that was bought once. */
function purchase(invoiceId: string, amount: number): void {
  const invoice = bench.double.state.get("invoices", invoiceId);
  const [line] = invoice.lines.data;
  assert.ok(line);
  const parent = {
    type: "invoice_item_details",
    invoice_item_details: {
      invoice_item: "ii_course",
      proration: false,
      proration_details: null,
      subscription: null,
    },
    subscription_item_details: null,
  } as const;
  invoice.lines.data.push({
    ...line,
    id: "il_course",
    amount,
    subtotal: amount,
    discount_amounts: [],
    parent,
  } as unknown as typeof line);
  invoice.total += amount;
  invoice.amount_paid += amount;
  const { state } = bench.double;
  const payment = state.all("invoice_payments").find((each) => each.invoice === invoiceId);
  assert.ok(payment);
  const intent = state.get("payment_intents", payment.payment.payment_intent as string);
  const charged = state.get("charges", intent.latest_charge as string);
  payment.amount_paid = (payment.amount_paid ?? 0) + amount;
  intent.amount += amount;
  intent.amount_received += amount;
  charged.amount += amount;
  charged.amount_captured += amount;
}

describe("a cancellation that comes late", () => {
  it("gives back the renewal, and not what was bought beside it", async () => {
    const { monthly } = bench.suite.fixtures;
    const { before, invoice, late } = await renewed(monthly);
    purchase(invoice.id, 9900);
    await act(monthly, late);
    assert.equal((await books(monthly)).paid, before.paid + 9900);
  });

  it("gives a part back once, though two servers are about to", async () => {
    const { monthly } = bench.suite.fixtures;
    const { before, invoice, late } = await renewed(monthly);
    purchase(invoice.id, 9900);
    const { data } = await bench.stripe.testHelpers.testClocks.list();
    const testClock = data[0]?.id ?? assert.fail("a clock");
    const stripe = openStripe({ secretKey: "sk_test_of_the_double", apiBase: bench.double.url });
    const other = createStripeBilling(accountOf(stripe, () => 0, { testClock }));
    const both = Promise.withResolvers<void>();
    let waiting = 0;
    bench.double.fault = async ({ name }) => {
      // The last look before something is given back.
      if (name !== "GET /v1/refunds") return undefined;
      if (++waiting === 2) both.resolve();
      await both.promise;
      return undefined;
    };
    const answers = await Promise.allSettled([
      act(monthly, late, "one"),
      other.execute({ ...late, subscriptionId: monthly }, "other"),
    ]);
    assert.deepEqual(
      answers.map(({ status }) => status),
      ["fulfilled", "fulfilled"],
    );
    assert.equal((await books(monthly)).paid, before.paid + 9900);
  });
});

describe("what was planned before a cancellation", () => {
  it("is forgotten where Stripe itself has taken that back", async () => {
    const { monthly, prices } = bench.suite.fixtures;
    await act(monthly, { type: "change_price", priceId: prices.cheaper, charge: "renewal" });
    await act(monthly, leave);
    await bench.stripe.subscriptions.update(monthly, { cancel_at_period_end: false });
    const stays = await read(monthly);
    assert.equal(stays.scheduledChange, undefined);
    await act(monthly, leave);
    assert.deepEqual(await act(monthly, undo), stays);
  });

  it("is planned again where Stripe refuses the end", async () => {
    const { monthly, prices } = bench.suite.fixtures;
    await act(monthly, { type: "change_price", priceId: prices.cheaper, charge: "renewal" });
    const { scheduledChange, nextCharge } = await read(monthly);
    refuseTheEnd();
    await assert.rejects(act(monthly, leave), { kind: "rejected" });
    bench.double.fault = undefined;
    const after = await read(monthly);
    assert.deepEqual([after.scheduledChange, after.nextCharge], [scheduledChange, nextCharge]);
  });

  it("by somebody else cannot be, so that it is tried again", async () => {
    const { monthly } = bench.suite.fixtures;
    const { nextCharge } = await read(monthly);
    const schedule = await bench.stripe.subscriptionSchedules.create({ from_subscription: monthly });
    await bench.stripe.subscriptionSchedules.update(schedule.id, { metadata: { contract: "7" } });
    refuseTheEnd();
    await assert.rejects(act(monthly, leave, "key"), { kind: "unknown" });
    bench.double.fault = undefined;
    assert.deepEqual(await chargeOf(monthly), nextCharge);
    assert.equal((await act(monthly, leave, "key")).nextCharge, undefined);
    await refuses(monthly, { type: "discount", percentOff: 10, currency: "usd", duration: "once" });
  });
});

/** As it may for reasons of its own. */
function refuseTheEnd(): void {
  bench.double.fault = ({ params }) => {
    if (params.cancel_at_period_end === true || params.cancel_at_period_end === "true")
      throw new Refusal(400, "This subscription cannot be changed now.", { code: "resource_busy" });
    return undefined;
  };
}

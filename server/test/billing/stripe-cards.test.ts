import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { BillingError } from "../../src/billing/provider.ts";
import { actionsOf } from "../../src/domain/availability.ts";
import { useStripe } from "./stripe-bench.ts";

const RETURN = "https://shop.example/account";
const retry = { type: "retry_payment" } as const;
const failing = "pm_card_chargeCustomerFail";

describe("a subscription at Stripe with a card of its own", () => {
  const bench = useStripe();
  const { act, read, refuses } = bench.suite;

  const attached = async (customer: string, card: string) =>
    (await bench.stripe.paymentMethods.attach(card, { customer })).id;
  /** As Checkout leaves it. */
  const give = async (id: string, card: string): Promise<string> => {
    const { customerId } = await read(id);
    const own = await attached(customerId, card);
    await bench.stripe.subscriptions.update(id, { default_payment_method: own });
    return customerId;
  };
  const open = async (subscriptionId: string) => {
    const { customerId } = await read(subscriptionId);
    return bench.suite.provider.paymentPage({ customerId, subscriptionId, returnUrl: RETURN });
  };
  /** What a customer does on Stripe's page, and all that Stripe does then. */
  const choose = async (customer: string, card: string): Promise<string> => {
    const method = await attached(customer, card);
    await bench.stripe.customers.update(customer, { invoice_settings: { default_payment_method: method } });
    return method;
  };
  const brandOf = async (id: string) => (await read(id)).paymentMethod?.brand;
  const atStripe = async (id: string) => {
    const { default_payment_method: method, metadata } = await bench.stripe.subscriptions.retrieve(id);
    return { method, metadata };
  };

  it("is charged to the new one once it was given on Stripe's page, and what is due can be paid", async () => {
    const { pastDue } = bench.suite.fixtures;
    const customer = await give(pastDue, failing);
    await refuses(pastDue, retry, "payment_declined");
    await open(pastDue);
    const chosen = await choose(customer, "pm_card_mastercard");
    assert.equal(await brandOf(pastDue), "Mastercard");
    const { method, metadata } = await atStripe(pastDue);
    assert.equal(method, chosen);
    assert.deepEqual(
      Object.keys(metadata).filter((key) => key === "renumerate_card"),
      [],
    );
    assert.equal((await act(pastDue, retry)).due, undefined);
  });

  it("is charged to what the customer pays with from then on", async () => {
    const { pastDue } = bench.suite.fixtures;
    const customer = await give(pastDue, failing);
    await bench.suite.payWith(customer, "good");
    assert.equal((await act(pastDue, retry)).due, undefined);
  });

  it("shows the new one in the list, too, and without a default before it", async () => {
    const { monthly } = bench.suite.fixtures;
    const customer = await give(monthly, "pm_card_amex");
    await bench.stripe.customers.update(customer, { invoice_settings: { default_payment_method: "" } });
    await open(monthly);
    assert.equal(await brandOf(monthly), "American Express");
    await choose(customer, "pm_card_mastercard");
    const [first] = await bench.suite.provider.subscriptions(customer);
    assert.equal(first?.paymentMethod?.brand, "Mastercard");
  });

  it("keeps it where nothing was given, and where no page was opened for it", async () => {
    const { monthly } = bench.suite.fixtures;
    const customer = await give(monthly, "pm_card_amex");
    await choose(customer, "pm_card_mastercard");
    assert.equal(await brandOf(monthly), "American Express");
    await open(monthly);
    assert.equal(await brandOf(monthly), "American Express");
    await choose(customer, "pm_card_visa");
    assert.equal(await brandOf(monthly), "Visa");
    await choose(customer, "pm_card_jcb");
    assert.equal(await brandOf(monthly), "Visa", "one page, one card");
  });

  it("gets the card of the page that was opened last before it was read, however often one was", async () => {
    const { monthly } = bench.suite.fixtures;
    const customer = await give(monthly, "pm_card_amex");
    const page = { customerId: customer, subscriptionId: monthly, returnUrl: RETURN };
    await bench.suite.provider.paymentPage(page);
    await choose(customer, "pm_card_mastercard");
    await bench.suite.provider.paymentPage(page);
    assert.equal(await brandOf(monthly), "Mastercard");
  });

  it("is the only one that gets it: another keeps its own, though a page was opened for it before", async () => {
    const [one, other] = await bench.suite.provider.subscriptions(bench.suite.fixtures.customerOfTwo);
    assert.ok(one && other);
    const customer = await give(one.id, "pm_card_amex");
    await give(other.id, "pm_card_amex");
    await open(one.id);
    await open(other.id);
    await choose(customer, "pm_card_mastercard");
    assert.equal(await brandOf(one.id), "American Express");
    assert.equal(await brandOf(other.id), "Mastercard");
  });

  it("that has none of its own is not written to", async () => {
    const { monthly } = bench.suite.fixtures;
    const before = await atStripe(monthly);
    await open(monthly);
    await choose((await read(monthly)).customerId, "pm_card_mastercard");
    assert.equal(await brandOf(monthly), "Mastercard");
    assert.deepEqual(await atStripe(monthly), before);
  });

  it("is read all the same where Stripe does not take the new one, and gets it later", async () => {
    const { monthly } = bench.suite.fixtures;
    const customer = await give(monthly, "pm_card_amex");
    await open(monthly);
    await choose(customer, "pm_card_mastercard");
    bench.double.fault = ({ name }) =>
      name === "POST /v1/subscriptions/:id" ? { when: "before", how: 503 } : undefined;
    assert.equal(await brandOf(monthly), "American Express");
    bench.double.fault = undefined;
    assert.equal(await brandOf(monthly), "Mastercard");
  });

  it("keeps the new one when a price that was planned before begins", async () => {
    const { monthly, prices } = bench.suite.fixtures;
    const customer = await give(monthly, "pm_card_amex");
    await act(monthly, { type: "change_price", priceId: prices.cheaper, charge: "renewal" });
    await open(monthly);
    await choose(customer, "pm_card_mastercard");
    await read(monthly);
    await bench.suite.charge(monthly);
    const { price, paymentMethod } = await read(monthly);
    assert.deepEqual([price.id, paymentMethod?.brand], [prices.cheaper, "Mastercard"]);
  });

  it("of somebody who leaves Stripe's page alone is not written to again", async () => {
    const { monthly } = bench.suite.fixtures;
    await give(monthly, "pm_card_amex");
    await open(monthly);
    const before = bench.double.requests.length;
    await read(monthly);
    const asked = bench.double.requests.slice(before).map(({ name }) => name);
    assert.ok(!asked.includes("POST /v1/subscriptions/:id"));
  });
});

describe("money at Stripe that takes days", () => {
  const bench = useStripe();
  const { act, read, refuses, preview } = bench.suite;
  const sepa = async (customer: string): Promise<void> => {
    const iban = "DE89370400440532013000";
    const made = await bench.stripe.paymentMethods.create({
      type: "sepa_debit",
      sepa_debit: { iban },
      billing_details: { name: "Ada", email: "ada@example.com" },
    });
    await bench.stripe.paymentMethods.attach(made.id, { customer });
    await bench.stripe.customers.update(customer, { invoice_settings: { default_payment_method: made.id } });
  };
  const change = (charge: "now" | "renewal") =>
    ({ type: "change_price", priceId: bench.suite.fixtures.prices.cheaper, charge }) as const;

  it("is not asked for at once: a price is another at the renewal, or in a trial", async () => {
    const { monthly, trialing, customer } = bench.suite.fixtures;
    await sepa(customer.id);
    await refuses(monthly, change("now"), "payment_takes_days");
    assert.equal((await preview(monthly, change("renewal"))).dueNow, 0);
    assert.ok((await act(monthly, change("renewal"))).scheduledChange);
    await sepa((await read(trialing)).customerId);
    assert.equal((await act(trialing, change("now"))).price.id, bench.suite.fixtures.prices.cheaper);
  });

  it("is not asked for again while it may be under way", async () => {
    const { pastDue } = bench.suite.fixtures;
    const { customerId, refuses: before } = await read(pastDue);
    assert.ok(!before?.includes("retry_payment"));
    await sepa(customerId);
    assert.ok((await read(pastDue)).refuses?.includes("retry_payment"));
    await refuses(pastDue, retry, "payment_takes_days");
  });

  it("is in a hub nothing that another attempt is offered for", async () => {
    const { pastDue } = bench.suite.fixtures;
    const facts = { now: await bench.suite.provider.now(), settings: undefined, forSale: [] };
    const before = await read(pastDue);
    assert.ok(actionsOf(before, facts).retry_payment);
    await sepa(before.customerId);
    const { retry_payment: another, payment_method: page } = actionsOf(await read(pastDue), facts);
    assert.deepEqual([another, page], [undefined, {}]);
  });

  it("ends no pause beyond what is paid for, and ends one within it", async () => {
    const { monthly, customer } = bench.suite.fixtures;
    await sepa(customer.id);
    const { periodEnd } = await read(monthly);
    const pause = { type: "pause", resumesAt: periodEnd + 70 * 86_400_000 } as const;
    await act(monthly, pause);
    assert.equal((await act(monthly, { type: "resume" })).status, "active");
    await act(monthly, pause);
    await bench.suite.advance(periodEnd + 86_400_000);
    await refuses(monthly, { type: "resume" }, "payment_takes_days");
  });

  it("is not taken for collected where Stripe says only later that it takes days", async () => {
    const { pastDue } = bench.suite.fixtures;
    const { customerId, due } = await read(pastDue);
    const { id } = await bench.stripe.paymentMethods.attach("pm_card_visa", { customer: customerId });
    await bench.stripe.customers.update(customerId, { invoice_settings: { default_payment_method: id } });
    bench.double.state.data.hidden[id] = { processing: true };
    await assert.rejects(act(pastDue, retry, "key"), (error) => {
      assert.ok(error instanceof BillingError);
      assert.deepEqual([error.kind, error.code], ["unknown", "payment_processing"]);
      return true;
    });
    assert.deepEqual((await read(pastDue)).due, due);
    const action = { ...retry, subscriptionId: pastDue };
    assert.equal(await bench.suite.provider.readBack(action, "key"), undefined);
    bench.double.state.data.hidden[id] = {};
    const list = { subscription: pastDue, status: "open" } as const;
    for await (const invoice of bench.stripe.invoices.list(list)) {
      bench.double.state.data.hidden[invoice.id ?? ""] = {};
      await bench.stripe.invoices.pay(invoice.id ?? "");
    }
    assert.equal((await bench.suite.provider.readBack(action, "key"))?.status, "active");
  });
});

describe("a pause at Stripe and a discount for one charge", () => {
  const bench = useStripe();
  const { act, read, refuses } = bench.suite;
  const half = { type: "discount", percentOff: 50, currency: "usd" } as const;
  const once = { ...half, duration: "once" } as const;
  const pause = async () =>
    ({ type: "pause", resumesAt: (await bench.suite.provider.now()) + 70 * 86_400_000 }) as const;

  it("are not there together, whichever came first", async () => {
    const { monthly, several, codes } = bench.suite.fixtures;
    await act(monthly, once);
    assert.ok((await read(monthly)).refuses?.includes("pause"));
    await refuses(monthly, await pause(), "discount_waiting");
    await bench.suite.charge(monthly);
    assert.equal((await act(monthly, await pause())).status, "paused", "it has been used");
    await act(several, await pause());
    const { refuses: not } = await read(several);
    assert.deepEqual(not, ["promo_code"]);
    await refuses(several, once, "charges_stopped");
    await refuses(several, { type: "promo_code", code: codes.percent }, "promo_code_not_applicable");
    await act(several, { type: "resume" });
    assert.equal((await act(several, once)).discount?.percentOff, 50);
  });

  it("are where the discount is for some months", async () => {
    const { monthly, several } = bench.suite.fixtures;
    const months = { ...half, duration: "repeating", months: 4 } as const;
    await act(monthly, months);
    assert.equal((await act(monthly, await pause())).discount?.percentOff, 50);
    await act(several, await pause());
    assert.equal((await act(several, months)).discount?.percentOff, 50);
  });

  it("are not where the discount is the item's", async () => {
    const { monthly } = bench.suite.fixtures;
    const { id: coupon } = await bench.stripe.coupons.create({ percent_off: 10, duration: "once" });
    const { items } = await bench.stripe.subscriptions.retrieve(monthly);
    const discounts = [{ coupon }];
    await bench.stripe.subscriptions.update(monthly, {
      items: items.data.map(({ id }) => ({ id, discounts })),
    });
    await refuses(monthly, await pause(), "discount_waiting");
  });
});

describe("a pause at Stripe that stops the service", () => {
  const bench = useStripe({ pause: "subscription" });
  const { act, read } = bench.suite;

  it("makes nothing void: a discount for one charge waits for the end of it", async () => {
    const { monthly } = bench.suite.fixtures;
    const terms = { type: "discount", percentOff: 50, currency: "usd", duration: "once" } as const;
    const { periodEnd } = await act(monthly, terms);
    assert.equal((await read(monthly)).refuses, undefined);
    const resumesAt = periodEnd + 40 * 86_400_000;
    assert.equal((await act(monthly, { type: "pause", resumesAt })).discount?.percentOff, 50);
  });
});

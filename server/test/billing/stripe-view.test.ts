import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type Stripe from "stripe";
import { PaymentMethod, Subscription } from "../../../src/api/contract.ts";
import { type BilledSubscription, publicView } from "../../src/billing/provider.ts";
import type { Charge, Snapshot, StripeSettings } from "../../src/billing/stripe/model.ts";
import {
  isChargeStopped,
  mainItem,
  mrrOf,
  pauseEntryOf,
  periodEndOf,
  present,
  runningDiscounts,
  scheduledPriceOf,
} from "../../src/billing/stripe/view.ts";
import {
  customer,
  discount,
  every,
  invoice,
  item,
  pauseEntry,
  phase,
  priced,
  product,
  scheduled,
  seconds,
  snapshot,
  withItems,
} from "./stripe-made.ts";

const ms = (date: string) => seconds(date) * 1000;
const NOW = ms("2026-03-10");

const charge = (fields: Partial<Charge> = {}): Charge => ({
  amount: 4900,
  currency: "usd",
  at: ms("2026-03-31"),
  tax: 0,
  usage: 0,
  ...fields,
});

/** Presented, and held to the contract: strict, and with nothing that is null or undefined. */
function seen(
  of: Snapshot,
  next: Charge | undefined = charge(),
  settings?: StripeSettings,
): BilledSubscription {
  const found = present(of, next, NOW, settings);
  const view = publicView(found);
  assert.deepEqual(Subscription.strict().parse(view), view);
  assert.deepEqual(JSON.parse(JSON.stringify(found)), found, "nothing is null or undefined");
  return found;
}

describe("a subscription of Stripe's", () => {
  it("is shown with its plan, price, dates and next charge", () => {
    const metadata = { seats: "9", renumerate_actions: "k.12345678" };
    const of = snapshot({ metadata }, { customer: customer({ metadata: { seats: "1", region: "eu" } }) });
    const { refuses, ...rest } = seen(of, charge({ tax: 931, usage: 120 }));
    assert.deepEqual(rest, {
      id: "sub_1",
      customerId: "cus_1",
      quantity: 1,
      anchor: ms("2025-01-31"),
      status: "active",
      plan: { id: "prod_pro", name: "Pro", features: ["4K export"] },
      price: { id: "price_pro", amount: 4900, currency: "usd", interval: "month", intervalCount: 1 },
      startedAt: ms("2025-01-31"),
      periodEnd: ms("2026-03-31"),
      nextCharge: { amount: 4900, currency: "usd", at: ms("2026-03-31") },
      tax: 931,
      usage: 120,
      metadata: { seats: "9", region: "eu" },
    });
    assert.equal(refuses, undefined);
    const plain = seen(of);
    assert.deepEqual([plain.tax, plain.usage], [undefined, undefined]);
  });

  it("in a trial has its end", () => {
    const trial = { status: "trialing", trial_end: seconds("2026-03-31") };
    assert.deepEqual(
      [seen(snapshot(trial)).status, seen(snapshot(trial)).trialEnd],
      ["trialing", ms("2026-03-31")],
    );
    assert.equal(seen(snapshot({ ...trial, status: "active" })).trialEnd, undefined);
  });

  it("past due or unpaid owes what is open, since the renewal that was not paid", () => {
    const open = [
      invoice({ created: seconds("2026-01-31") + 90, period_end: seconds("2026-01-31") }),
      invoice({ amount_remaining: 900 }),
    ];
    for (const status of ["past_due", "unpaid"]) {
      const found = seen(snapshot({ status }, { open }));
      assert.equal(found.status, "past_due");
      assert.deepEqual(found.due, { amount: 5800, currency: "usd", at: ms("2026-01-31") });
    }
    const late = [invoice({ billing_reason: "subscription_update", period_end: seconds("2020-01-01") })];
    assert.equal(seen(snapshot({ status: "past_due" }, { open: late })).due?.at, ms("2026-02-28"));
    assert.equal(seen(snapshot({ status: "past_due" })).due, undefined);
    assert.equal(seen(snapshot({}, { open })).due, undefined, "what is under way is not owed");
  });

  it("that is about to end says when, and names no charge where there is none", () => {
    const [atPeriodEnd, atDate] = [{ cancel_at_period_end: true }, { cancel_at: seconds("2026-03-20") }];
    const both = { ...atPeriodEnd, cancel_at: seconds("2026-03-31") };
    for (const [fields, at] of [
      [atPeriodEnd, "2026-03-31"],
      [atDate, "2026-03-20"],
      [both, "2026-03-31"],
    ] as const) {
      const found = seen(snapshot(fields));
      assert.deepEqual([found.status, found.cancelAt], ["active", ms(at)]);
    }
    assert.equal(present(snapshot(atPeriodEnd), undefined, NOW).nextCharge, undefined);
  });

  it("that has ended says since when, and what is still owed", () => {
    const ended = { status: "canceled", ended_at: seconds("2026-03-05"), canceled_at: seconds("2026-03-01") };
    const found = seen(snapshot(ended, { open: [invoice()] }));
    assert.deepEqual(
      [found.status, found.cancelAt, found.due?.amount],
      ["cancelled", ms("2026-03-05"), 4900],
    );
    const paused = { ...ended, pause_collection: { behavior: "void", resumes_at: seconds("2026-06-01") } };
    const of = snapshot(paused, { paidUntil: ms("2026-01-31") });
    assert.deepEqual([isChargeStopped(of), seen(of).periodEnd], [false, ms("2026-03-31")]);
  });
});

describe("a pause", () => {
  const resumes = (on: string | null) => ({
    pause_collection: { behavior: "void", resumes_at: on && seconds(on) },
  });
  const metadata = { renumerate_paused_since: String(ms("2026-01-10")) };

  it("of the collection: paid until the end of the newest paid invoice, though periods go on", () => {
    const of = snapshot({ ...resumes("2026-05-10"), metadata }, { paidUntil: ms("2026-01-31") });
    const { status, pausedUntil, pausedSince, periodEnd, metadata: shown } = seen(of);
    assert.deepEqual(
      { status, pausedUntil, pausedSince, periodEnd, shown },
      {
        status: "paused",
        pausedUntil: ms("2026-05-10"),
        pausedSince: ms("2026-01-10"),
        periodEnd: ms("2026-01-31"),
        shown: {},
      },
    );
    assert.ok(isChargeStopped(of));
  });

  it("that is only foreseen looks like one that is read", () => {
    const foreseen = snapshot({ ...resumes("2026-05-10"), metadata });
    const read = { ...foreseen, paidUntil: ms("2026-03-31") };
    assert.deepEqual(seen(foreseen), seen(read));
    assert.equal(periodEndOf(foreseen), periodEndOf(read));
  });

  it("whose end has come is over, whenever Stripe tidies up", () => {
    const of = snapshot(resumes("2026-03-10"), { paidUntil: ms("2026-01-31") });
    const { status, pausedUntil, periodEnd } = seen(of);
    assert.deepEqual([status, pausedUntil, periodEnd], ["active", undefined, ms("2026-03-31")]);
  });

  it("without an end is one all the same", () => {
    const { status, pausedUntil } = seen(snapshot(resumes(null)));
    assert.deepEqual([status, pausedUntil], ["paused", undefined]);
  });

  it("of a trial or of a debt leaves it a trial and a debt", () => {
    const trial = { status: "trialing", trial_end: seconds("2026-03-31"), ...resumes("2026-05-10") };
    assert.deepEqual(
      [seen(snapshot(trial)).status, seen(snapshot(trial)).pausedUntil],
      ["trialing", undefined],
    );
    assert.equal(seen(snapshot({ status: "past_due", ...resumes("2026-05-10") })).status, "past_due");
  });

  it("of the service counts from when it is asked for", () => {
    const waits = scheduled({ pause_schedules: [pauseEntry("2026-06-10")] });
    const of = snapshot({ metadata }, { schedule: waits });
    const { status, pausedUntil, pausedSince, periodEnd } = seen(of);
    assert.deepEqual([status, pausedUntil, pausedSince], ["paused", ms("2026-06-10"), ms("2026-01-10")]);
    assert.equal(periodEnd, ms("2026-03-31"));
    assert.ok(isChargeStopped(of));

    const runs = scheduled({ pause_schedules: [pauseEntry("2026-06-10", "succeeded")] });
    const status_details = { paused: { transitioned_at: seconds("2026-02-28") } };
    const running = seen(snapshot({ status: "paused", status_details }, { schedule: runs }));
    assert.deepEqual([running.status, running.pausedUntil], ["paused", ms("2026-06-10")]);
    assert.equal(running.pausedSince, ms("2026-02-28"));
  });

  it("of the service has ended when it was resumed, and was never one if Stripe could not pause", () => {
    for (const entry of [
      pauseEntry("2026-03-01", "succeeded", "succeeded"),
      pauseEntry("2026-06-10", "error"),
    ]) {
      const schedule = scheduled({ pause_schedules: [entry] });
      assert.equal(pauseEntryOf(schedule), undefined);
      assert.equal(seen(snapshot({}, { schedule })).status, "active");
    }
    assert.equal(pauseEntryOf(undefined), undefined);
  });

  it("of the service goes on where the payment at its end is not there yet", () => {
    const schedule = scheduled({
      pause_schedules: [pauseEntry("2026-03-01", "succeeded", "requires_action")],
    });
    assert.equal(seen(snapshot({ status: "paused" }, { schedule })).status, "paused");
  });

  it("by hand in Stripe's dashboard has no end", () => {
    const { status, pausedUntil } = seen(snapshot({ status: "paused" }));
    assert.deepEqual([status, pausedUntil], ["paused", undefined]);
  });
});

describe("a discount", () => {
  const shown = (of: Snapshot) => seen(of).discount;
  const half = { percent_off: 50, duration: "once" };

  it("for once is shown until the charge after the next one", () => {
    assert.deepEqual(shown(snapshot({ discounts: [discount(half)] })), {
      percentOff: 50,
      endsAt: ms("2026-04-30"),
    });
    const discounts = [discount(half)];
    const yearly = item({ price: priced({ recurring: every("year") }) });
    assert.equal(shown(snapshot({ discounts, ...withItems(yearly) }))?.endsAt, ms("2027-03-31"));
    const pause_collection = { behavior: "void", resumes_at: seconds("2026-05-10") };
    assert.equal(shown(snapshot({ discounts, pause_collection }))?.endsAt, ms("2026-06-30"));
    const shorter = { behavior: "void", resumes_at: seconds("2026-04-15") };
    assert.equal(shown(snapshot({ discounts, pause_collection: shorter }))?.endsAt, ms("2026-05-31"));
    const to = priced({ id: "price_year", recurring: every("year"), product: product() });
    const schedule = scheduled({ phases: [phase("2026-03-31", "2027-03-31", to)] });
    assert.equal(shown(snapshot({ discounts }, { schedule }))?.endsAt, ms("2027-03-31"));
  });

  it("for months ends when Stripe says, and is over then", () => {
    const repeating = discount({ percent_off: 20, duration: "repeating" }, { end: seconds("2026-06-01") });
    assert.deepEqual(shown(snapshot({ discounts: [repeating] })), {
      percentOff: 20,
      endsAt: ms("2026-06-01"),
    });
    const over = discount({ percent_off: 20, duration: "repeating" }, { end: NOW / 1000 });
    assert.equal(shown(snapshot({ discounts: [over] })), undefined);
    assert.deepEqual(runningDiscounts(snapshot({ discounts: [over] }), NOW / 1000), []);
  });

  it("for good has no end; an amount is in the subscription's currency", () => {
    const amount = discount({ amount_off: 500, currency: "usd" });
    assert.deepEqual(shown(snapshot({ discounts: [amount] })), { amountOff: 500 });
    const options = { eur: { amount_off: 450 } };
    const several = discount({ amount_off: 500, currency: "usd", currency_options: options });
    assert.deepEqual(shown(snapshot({ currency: "eur", discounts: [several] })), { amountOff: 450 });
    assert.equal(shown(snapshot({ currency: "eur", discounts: [amount] })), undefined);
  });

  it("of the customer counts where the subscription has none of its own", () => {
    const own = discount({ percent_off: 10 });
    const theirs = { customer: customer({ discount: discount({ percent_off: 30 }) }) };
    assert.deepEqual(shown(snapshot({}, theirs)), { percentOff: 30 });
    assert.deepEqual(shown(snapshot({ discounts: [own] }, theirs)), { percentOff: 10 });
  });

  it("and another become one where that can be said", () => {
    const [ten, twenty] = [
      discount({ percent_off: 10 }),
      discount({ percent_off: 20 }, { end: seconds("2026-06-01") }),
    ];
    assert.deepEqual(shown(snapshot({ discounts: [ten, twenty] })), {
      percentOff: 28,
      endsAt: ms("2026-06-01"),
    });
    const [five, three] = [500, 300].map((amount_off) => discount({ amount_off, currency: "usd" }));
    assert.deepEqual(shown(snapshot({ discounts: [five, three] })), { amountOff: 800 });
    assert.deepEqual(shown(snapshot({ discounts: [ten, five] })), { percentOff: 10 });
    assert.equal(runningDiscounts(snapshot({ discounts: [ten, five] }), NOW / 1000).length, 2);
  });

  it("of an item is shown where the item is the whole of it, and always runs", () => {
    const discounts = [discount({ percent_off: 15 })];
    const one = snapshot(withItems(item({ discounts })));
    assert.deepEqual(shown(one), { percentOff: 15 });
    const two = snapshot(withItems(item({ discounts }), item({ id: "si_2" })));
    assert.equal(shown(two), undefined);
    assert.equal(runningDiscounts(two, NOW / 1000).length, 1);
  });

  it("for another product is none of this plan", () => {
    const other = discount({ percent_off: 15, applies_to: { products: ["prod_other"] } });
    assert.equal(shown(snapshot({ discounts: [other] })), undefined);
  });
});

describe("what a subscription costs", () => {
  const cost = (...items: Stripe.SubscriptionItem[]) => seen(snapshot(withItems(...items)));

  it("is for all units", () => {
    const { price, quantity, mrr } = cost(item({ quantity: 5 }));
    assert.deepEqual([price.amount, quantity, mrr], [24_500, 5, undefined]);
  });

  it("of several items is their sum, and no price is put in the place of one of them", () => {
    const seat = item({
      id: "si_2",
      created: seconds("2025-02-01"),
      quantity: 3,
      price: priced({ id: "price_seat", unit_amount: 500 }),
    });
    const found = cost(seat, item());
    assert.equal(cost(item({ quantity: 2 }), seat).quantity, 1);
    assert.deepEqual(
      [found.price.id, found.price.amount, found.quantity, found.mrr],
      ["price_pro", 6400, 1, undefined],
    );
    assert.deepEqual(found.refuses, ["change_price"]);
    assert.equal(
      mainItem(snapshot(withItems(seat, item())).subscription).id,
      "si_1",
      "the oldest stands for the plan",
    );
  });

  it("of several intervals is the plan's, and revenue knows the rest", () => {
    const yearly = item({
      id: "si_2",
      price: priced({ id: "price_year", unit_amount: 12_000, recurring: every("year") }),
    });
    const found = cost(item(), yearly);
    assert.deepEqual([found.price.amount, found.mrr], [4900, 5900]);
  });

  it("leaves out what is paid by use", () => {
    const usage = priced({ id: "price_use", unit_amount: 2, recurring: every("month", 1, "metered") });
    const metered = item({ id: "si_0", created: 1, price: usage, quantity: undefined });
    const found = cost(metered, item());
    assert.deepEqual(
      [found.price.id, found.price.amount, found.mrr, found.refuses],
      ["price_pro", 4900, undefined, undefined],
    );
    const only = cost(metered);
    assert.deepEqual([only.price.id, only.price.amount, only.refuses], ["price_use", 0, ["change_price"]]);
    assert.equal(mrrOf(snapshot(withItems(metered)).subscription), 0);
  });

  it("of a year is a twelfth of it a month", () => {
    const found = cost(item({ price: priced({ unit_amount: 46_800, recurring: every("year") }) }));
    assert.deepEqual([found.price.interval, found.price.amount, found.mrr], ["year", 46_800, undefined]);
    assert.equal(
      mrrOf(
        snapshot(withItems(item({ price: priced({ unit_amount: 46_800, recurring: every("year") }) })))
          .subscription,
      ),
      3900,
    );
  });

  it("of tiers, packages and fractions is what Stripe would write", () => {
    const tiers = [
      {
        up_to: 10,
        unit_amount: 500,
        flat_amount: 1000,
        unit_amount_decimal: null,
        flat_amount_decimal: null,
      },
      {
        up_to: null,
        unit_amount: 300,
        flat_amount: null,
        unit_amount_decimal: null,
        flat_amount_decimal: null,
      },
    ];
    const tiered = (tiers_mode: string) =>
      priced({ billing_scheme: "tiered", unit_amount: null, tiers, tiers_mode });
    const amounts = [
      item({ quantity: 12, price: tiered("graduated") }),
      item({ quantity: 10, price: tiered("graduated") }),
      item({ quantity: 12, price: tiered("volume") }),
      item({ quantity: 10, price: tiered("volume") }),
      item({ quantity: 12, price: priced({ transform_quantity: { divide_by: 5, round: "up" } }) }),
      item({ quantity: 12, price: priced({ transform_quantity: { divide_by: 5, round: "down" } }) }),
      item({
        quantity: 999,
        price: priced({ unit_amount: null, unit_amount_decimal: { toString: () => "0.5" } }),
      }),
    ].map((each) => cost(each));
    assert.deepEqual(
      amounts.map(({ price }) => price.amount),
      [6600, 6000, 3600, 6000, 14_700, 9800, 500],
    );
    for (const { refuses } of amounts) assert.deepEqual(refuses, ["change_price"]);
  });

  it("is in the subscription's currency and its smallest unit", () => {
    const in_ = (currency: string, unit_amount: number) =>
      seen(snapshot({ currency, ...withItems(item({ price: priced({ currency, unit_amount }) })) })).price;
    assert.deepEqual(
      [in_("jpy", 2900).amount, in_("kwd", 5120).amount, in_("isk", 49_000).amount],
      [2900, 5120, 490],
    );
    const options = { eur: { unit_amount: 4500, unit_amount_decimal: null } };
    const both = item({ price: priced({ currency_options: options }) });
    const { amount, currency } = seen(snapshot({ currency: "eur", ...withItems(both) })).price;
    assert.deepEqual([amount, currency], [4500, "eur"]);
  });
});

describe("a payment method", () => {
  const shown = (method: object | null, fields = {}) => {
    const found = seen(snapshot({ default_payment_method: method, ...fields })).paymentMethod;
    if (found) assert.deepEqual(PaymentMethod.strict().parse(found), found);
    return found;
  };
  const card = { brand: "visa", display_brand: null, last4: "4242", exp_month: 12, exp_year: 2030 };
  const visa = { brand: "Visa", last4: "4242", expMonth: 12, expYear: 2030 };

  it("is called what the customer calls it", () => {
    assert.deepEqual(shown({ type: "card", card }), visa);
    const bancaire = { type: "card", card: { ...card, display_brand: "cartes_bancaires" } };
    assert.equal(shown(bancaire)?.brand, "Cartes Bancaires");
    assert.equal(shown({ type: "card", card: { ...card, brand: "unknown" } })?.brand, "Card");
    assert.deepEqual(shown({ type: "sepa_debit", sepa_debit: { last4: "3000" } }), {
      brand: "SEPA Direct Debit",
      last4: "3000",
    });
    assert.deepEqual(
      shown({ type: "us_bank_account", us_bank_account: { bank_name: "STRIPE BANK", last4: "6789" } }),
      {
        brand: "STRIPE BANK",
        last4: "6789",
      },
    );
    assert.deepEqual(shown({ type: "link", link: { email: "ada@example.com" } }), { brand: "Link" });
    assert.deepEqual(shown({ type: "revolut_pay", revolut_pay: {} }), { brand: "Revolut Pay" });
  });

  it("is the one that Stripe would take", () => {
    const own = { type: "link" };
    const theirs = { invoice_settings: { default_payment_method: { type: "card", card } } };
    const source = { object: "card", brand: "American Express", last4: "0005", exp_month: 1, exp_year: 2029 };
    const of = (fields: object, rest: object) =>
      seen(snapshot(fields, { customer: customer(rest) })).paymentMethod?.brand;
    assert.equal(of({ default_payment_method: own, default_source: source }, theirs), "Link");
    assert.equal(of({ default_source: source }, theirs), "American Express");
    assert.equal(of({}, { ...theirs, default_source: source }), "Visa");
    assert.equal(of({}, { default_source: source }), "American Express");
    assert.equal(
      of({}, { default_source: { object: "bank_account", bank_name: null, last4: "6789" } }),
      "Bank account",
    );
    assert.equal(
      of({}, { default_source: { object: "source", type: "sepa_debit", sepa_debit: { last4: "3000" } } }),
      "SEPA Direct Debit",
    );
    assert.equal(of({}, {}), undefined);
  });

  it("is none where invoices are sent", () => {
    const sent = { collection_method: "send_invoice" };
    assert.equal(shown({ type: "card", card }, sent), undefined);
  });
});

describe("a schedule", () => {
  const to = priced({
    id: "price_basic",
    unit_amount: 1900,
    product: product({ id: "prod_basic", name: "Basic" }),
  });
  const now = phase("2026-02-28", "2026-03-31", priced());
  const ours = scheduled({ phases: [now, phase("2026-03-31", "2026-04-30", to, 2)] });

  it("says which price comes next", () => {
    const of = snapshot({}, { schedule: ours });
    assert.deepEqual(seen(of).scheduledChange, {
      name: "Basic",
      price: { id: "price_basic", amount: 3800, currency: "usd", interval: "month", intervalCount: 1 },
      at: ms("2026-03-31"),
    });
    assert.equal(scheduledPriceOf(of)?.quantity, 2);
    const silent = present(of, undefined, NOW);
    assert.equal(silent.nextCharge, undefined);
    assert.deepEqual(
      silent.scheduledChange,
      seen(of).scheduledChange,
      "also where nobody says what it costs",
    );
    const leaving = snapshot({ cancel_at_period_end: true }, { schedule: ours });
    assert.equal(present(leaving, undefined, NOW).scheduledChange, undefined);
    assert.equal(seen(of).refuses, undefined);
  });

  it("that changes nothing, or only later, says nothing", () => {
    for (const next of [phase("2026-03-31", "2026-04-30", priced()), phase("2026-04-30", "2026-05-31", to)])
      assert.equal(
        seen(snapshot({}, { schedule: scheduled({ phases: [now, next] }) })).scheduledChange,
        undefined,
      );
  });

  it("that is not ours leaves nothing to change", () => {
    const theirs = snapshot({}, { schedule: { ...ours, metadata: {} } });
    assert.deepEqual(seen(theirs).refuses, [
      "discount",
      "promo_code",
      "pause",
      "change_price",
      "extend_trial",
      "undo_cancellation",
    ]);
    const begun = snapshot({}, { schedule: scheduled({ metadata: {}, phases: [now] }) });
    assert.equal(seen(begun).refuses, undefined, "one that plans nothing is one that we have only begun");
  });
});

describe("what is refused for good", () => {
  const refuses = (recurring: object, settings?: StripeSettings, fields = {}) =>
    seen(snapshot({ ...fields, ...withItems(item({ price: priced({ recurring }) })) }), charge(), settings)
      .refuses;

  it("is a pause of what is paid for long, unless it stops the service", () => {
    for (const [interval, most] of [
      ["day", 92],
      ["week", 13],
      ["month", 3],
    ] as const) {
      assert.equal(refuses(every(interval, most)), undefined);
      assert.deepEqual(refuses(every(interval, most + 1)), ["pause"]);
    }
    assert.deepEqual(refuses(every("year")), ["pause"]);
    const service = { pause: "subscription" } as const;
    assert.equal(refuses(every("year"), service), undefined);
    assert.deepEqual(refuses(every("year"), service, { billing_mode: { type: "classic" } }), ["pause"]);
  });

  it("is whatever would charge where invoices are sent", () => {
    const sent = { collection_method: "send_invoice" };
    assert.deepEqual(refuses(every("month"), {}, sent), ["change_price", "retry_payment"]);
  });
});

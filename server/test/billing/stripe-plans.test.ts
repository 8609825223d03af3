import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type Stripe from "stripe";
import type { Snapshot } from "../../src/billing/stripe/model.ts";
import { discountsThen, renewed } from "../../src/billing/stripe/performers/foreseen.ts";
import {
  withPlannedPause,
  withPlannedPrice,
} from "../../src/billing/stripe/performers/foreseen-schedules.ts";
import { plannedOf } from "../../src/billing/stripe/performers/pause-schedules.ts";
import { phasesFor } from "../../src/billing/stripe/performers/phases.ts";

const START = Date.UTC(2026, 0, 31) / 1000;
const END = Date.UTC(2026, 1, 28) / 1000;
const NOW = (START + 86_400) * 1000;

const price = (id: string, interval = "month") =>
  ({
    id,
    currency: "usd",
    unit_amount: 2000,
    billing_scheme: "per_unit",
    recurring: { interval, interval_count: 1, usage_type: "licensed" },
    product: { id: "prod_1", name: "Plan" },
  }) as unknown as Stripe.Price;

const discount = (id: string, duration: string, end: number | null = null) =>
  ({
    id,
    end,
    source: { type: "coupon", coupon: { id: `c_${id}`, duration } },
  }) as unknown as Stripe.Discount;

function snapshot(fields: Partial<Stripe.Subscription> = {}, more: Partial<Snapshot> = {}): Snapshot {
  const item = {
    id: "si_1",
    created: START,
    price: price("price_now"),
    quantity: 3,
    discounts: [],
    current_period_start: START,
    current_period_end: END,
  };
  return {
    subscription: {
      id: "sub_1",
      status: "active",
      currency: "usd",
      billing_mode: { type: "flexible" },
      discounts: [],
      items: { data: [item] },
      metadata: {},
      ...fields,
    },
    customer: { id: "cus_1", discount: null },
    product: { id: "prod_1", name: "Plan" },
    open: [],
    ...more,
  } as unknown as Snapshot;
}

describe("what is planned", () => {
  it("is nothing without a schedule, and with one that does nothing", () => {
    assert.deepEqual(plannedOf(snapshot()), {});
    const { schedule } = withPlannedPrice(snapshot(), price("price_next"), 3);
    assert.ok(schedule);
    const [running] = schedule.phases;
    assert.ok(running);
    assert.deepEqual(plannedOf({ ...snapshot(), schedule: { ...schedule, phases: [running] } }), {});
  });

  it("is remembered as metadata that Stripe can hold: a price, or a pause", () => {
    const changing = withPlannedPrice(snapshot(), price("price_next"), 3);
    const [value = ""] = Object.values(plannedOf(changing));
    assert.deepEqual(JSON.parse(value), { price: "price_next", quantity: 3 });
    assert.ok(value.length <= 500);
    const pausing = withPlannedPause(snapshot(), END, END + 1000);
    const [planned = ""] = Object.values(plannedOf(pausing));
    assert.deepEqual(JSON.parse(planned), { resumesAt: END + 1000 });
  });

  it("by somebody else is not ours to put back", () => {
    const changing = withPlannedPrice(snapshot(), price("price_next"), 3);
    assert.ok(changing.schedule);
    const foreign = { ...changing.schedule, metadata: {} };
    assert.deepEqual(plannedOf({ ...changing, schedule: foreign }), {});
  });
});

describe("the phases of a change of price", () => {
  const phase = {
    start_date: START,
    end_date: END,
    discounts: [],
    metadata: { renumerate_actions: "old" },
    collection_method: "charge_automatically",
    default_payment_method: "pm_1",
    default_tax_rates: [{ id: "txr_1" }],
    description: null,
    invoice_settings: null,
    items: [
      { price: "price_now", quantity: 3, discounts: [{ discount: "di_item" }], tax_rates: [], metadata: {} },
      { price: "price_metered", discounts: [], tax_rates: null, metadata: null },
    ],
  };
  const schedule = {
    id: "sub_sched_1",
    current_phase: { start_date: START, end_date: END },
    default_settings: {},
    phases: [{ ...phase, start_date: START - 100, end_date: START, items: [] }, phase],
  } as unknown as Stripe.SubscriptionSchedule;
  const change = { from: "price_now", to: "price_next", quantity: 4, at: END };

  it("are what runs, as it is, and then the same with the other price", () => {
    const [running, next] = phasesFor(schedule, change);
    assert.deepEqual([running.start_date, running.end_date], [START, END]);
    assert.deepEqual(running.items, [
      { price: "price_now", quantity: 3, discounts: [{ discount: "di_item" }] },
      { price: "price_metered" },
    ]);
    assert.deepEqual(next.items, [
      { price: "price_next", quantity: 4, discounts: [{ discount: "di_item" }] },
      { price: "price_metered" },
    ]);
    for (const each of [running, next]) {
      assert.equal(each.default_payment_method, "pm_1");
      assert.deepEqual(each.default_tax_rates, ["txr_1"]);
      assert.equal("description" in each, false, "null is not a value for Stripe");
    }
    assert.equal(next.proration_behavior, "none");
  });

  it("leave the subscription's metadata alone", () => {
    for (const each of phasesFor(schedule, change)) assert.equal("metadata" in each, false);
  });

  it("keep a trial for as long as it was to last", () => {
    const trialing = { ...phase, trial_end: END } as unknown as Stripe.SubscriptionSchedule.Phase;
    const [running, next] = phasesFor({ ...schedule, phases: [trialing] }, change);
    assert.deepEqual([running.trial_end, next.trial_end], [END, undefined]);
  });

  it("have the discounts that there are, and then those that still run", () => {
    const discounts = [discount("di_1", "repeating", END), discount("di_2", "forever")];
    assert.deepEqual(discountsThen(snapshot({ discounts }), END).discounts, {
      now: [{ discount: "di_1" }, { discount: "di_2" }],
      next: [{ discount: "di_2" }],
    });
  });

  it("have the customer's discount where the subscription has none of its own", () => {
    const customer = {
      id: "cus_1",
      discount: discount("di_customer", "forever"),
    } as unknown as Stripe.Customer;
    assert.deepEqual(discountsThen(snapshot({}, { customer }), END), {}, "a phase that names none gets it");
    const discounts = [discount("di_1", "repeating", END)];
    assert.deepEqual(discountsThen(snapshot({ discounts }, { customer }), END).discounts?.next, [
      { discount: "di_customer" },
    ]);
    assert.deepEqual(discountsThen(snapshot(), END).discounts, { now: "", next: "" });
  });
});

describe("a period that begins now", () => {
  it("uses up what is for one charge, and nothing else", () => {
    const once = discount("di_once", "once");
    const months = discount("di_months", "repeating", END + 1000);
    const { subscription } = renewed(snapshot({ discounts: [once, months] }), NOW);
    assert.deepEqual(subscription.discounts, [months]);
    const [item] = subscription.items.data;
    assert.equal(item?.current_period_start, NOW / 1000);
    assert.equal(item?.current_period_end, Date.UTC(2026, 2, 1) / 1000);
    assert.equal(subscription.billing_cycle_anchor, NOW / 1000);
  });

  it("uses up the customer's only where there is none of the subscription's", () => {
    const customer = { id: "cus_1", discount: discount("di_customer", "once") } as unknown as Stripe.Customer;
    assert.equal(renewed(snapshot({}, { customer }), NOW).customer.discount, null);
    const own = snapshot({ discounts: [discount("di_1", "forever")] }, { customer });
    assert.equal(renewed(own, NOW).customer.discount?.id, "di_customer");
  });

  it("leaves what was read as it was", () => {
    const before = snapshot({ discounts: [discount("di_once", "once")] });
    const copy = structuredClone(before);
    renewed(before, NOW);
    withPlannedPrice(before, price("price_next"), 3);
    assert.deepEqual(before, copy);
  });
});

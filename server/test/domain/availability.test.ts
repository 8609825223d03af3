/** What can be done with a subscription, state by state, and what a business's switches leave of it. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { HubActions, HubChange } from "../../../src/api/wire.ts";
import { addMonths } from "../../../src/flow/offers.ts";
import { type BilledSubscription, BillingError, type CatalogPrice } from "../../src/billing/provider.ts";
import { prices as demoPrices, products } from "../../src/billing/simulator-demo.ts";
import { actionsOf, askedOnce, isAmong, readActions } from "../../src/domain/availability.ts";
import type { HubSettings, HubSwitch } from "../../src/store/store.ts";

const DAY = 86_400_000;
const NOW = Date.parse("2027-05-14T09:41:00Z");
const TODAY = Date.parse("2027-05-14T00:00:00Z");

const catalogue: CatalogPrice[] = demoPrices
  .filter(({ active, interval }) => active && (interval === "month" || interval === "year"))
  .map(({ id, amount, currency, interval, intervalCount, productId, name }) => ({
    price: { id, amount, currency, interval, intervalCount },
    productId,
    name,
    features: products.find((each) => each.id === productId)?.features ?? [],
  }));
const named = (...ids: string[]) =>
  ids.map((id) => catalogue.find((each) => each.price.id === id) ?? fail(id));
const fail = (id: string) => assert.fail(`no price ${id}`);
const ofPro = catalogue.filter(({ productId }) => productId === "prod_pro");

const active: BilledSubscription = {
  id: "sub_1",
  customerId: "cus_1",
  quantity: 1,
  anchor: NOW - 100 * DAY,
  metadata: {},
  status: "active",
  plan: { id: "prod_pro", name: "Pro", features: [] },
  price: { id: "price_pro_monthly", amount: 4900, currency: "usd", interval: "month", intervalCount: 1 },
  startedAt: NOW - 100 * DAY,
  periodEnd: NOW + 18 * DAY,
  nextCharge: { amount: 4900, currency: "usd", at: NOW + 18 * DAY },
};
const { nextCharge: _, ...uncharged } = active;
const due = { amount: 4900, currency: "usd", at: NOW - 5 * DAY };
const trialing: BilledSubscription = { ...active, status: "trialing", trialEnd: NOW + 12 * DAY };
const paused: BilledSubscription = { ...active, status: "paused", pausedUntil: NOW + 70 * DAY };
const annual = named("price_pro_annual")[0]?.price ?? fail("price_pro_annual");

const actions = (subscription: BilledSubscription, settings?: HubSettings, forSale = ofPro) =>
  actionsOf(subscription, { now: NOW, settings, forSale });
const names = (...given: Parameters<typeof actions>) => Object.keys(actions(...given)).sort();

/** A state, and all that is possible in it. */
const table: [string, BilledSubscription, (keyof HubActions)[]][] = [
  ["active", active, ["annual_switch", "cancel", "pause", "payment_method", "plan_change", "promo_code"]],
  [
    "active and yearly",
    { ...active, price: annual },
    ["cancel", "pause", "payment_method", "plan_change", "promo_code"],
  ],
  [
    "active with a discount",
    { ...active, discount: { percentOff: 30 } },
    ["cancel", "pause", "payment_method"],
  ],
  [
    "active and free",
    { ...active, price: { ...active.price, amount: 0 } },
    ["cancel", "pause", "payment_method", "plan_change"],
  ],
  [
    "active, and charged nothing more",
    uncharged,
    ["annual_switch", "cancel", "pause", "payment_method", "plan_change"],
  ],
  ["active with something due", { ...active, due }, ["cancel", "payment_method", "retry_payment"]],
  ["trialing", trialing, ["cancel", "payment_method", "plan_change", "promo_code"]],
  ["past due", { ...active, status: "past_due", due }, ["cancel", "payment_method", "retry_payment"]],
  ["past due with nothing open", { ...active, status: "past_due" }, ["cancel", "payment_method"]],
  ["paused", paused, ["cancel", "extend_pause", "payment_method", "resume"]],
  [
    "paused with something due",
    { ...paused, due },
    ["cancel", "extend_pause", "payment_method", "resume", "retry_payment"],
  ],
  ["cancelling", { ...uncharged, cancelAt: NOW + 18 * DAY }, ["undo_cancellation"]],
  ["cancelling in trial", { ...trialing, cancelAt: NOW + 12 * DAY }, ["undo_cancellation"]],
  ["cancelling while paused", { ...paused, cancelAt: NOW + 70 * DAY }, ["undo_cancellation"]],
  [
    "cancelling with something due",
    { ...uncharged, status: "past_due", cancelAt: NOW + 18 * DAY, due },
    ["payment_method", "retry_payment", "undo_cancellation"],
  ],
  ["cancelled", { ...uncharged, status: "cancelled", cancelAt: NOW - DAY }, []],
  ["cancelled with something due", { ...uncharged, status: "cancelled", cancelAt: NOW - DAY, due }, []],
];

describe("What a customer can change", () => {
  for (const [state, subscription, expected] of table) {
    it(`is decided for a subscription that is ${state}`, () => {
      assert.deepEqual(names(subscription), expected);
    });
  }

  it("is only what the business has left on", () => {
    const everything = (settings: HubSettings) =>
      new Set(table.flatMap(([, subscription]) => names(subscription, settings)));
    const all = everything({});
    const gone: [HubSwitch, (keyof HubActions)[]][] = [
      ["plan_change", ["plan_change"]],
      ["annual_switch", ["annual_switch"]],
      ["pause", ["extend_pause", "pause"]],
      ["resume", ["resume"]],
      ["undo_cancellation", ["undo_cancellation"]],
      ["promo_code", ["promo_code"]],
      ["retry_payment", ["retry_payment"]],
      ["payment_method", ["payment_method"]],
      ["invoices", []],
      ["billing_details", []],
      ["billing_email", []],
      ["offers", []],
    ];
    for (const [name, missing] of gone) {
      const left = everything({ actions: { [name]: false } });
      assert.deepEqual([...all].filter((each) => !left.has(each)).sort(), missing, name);
    }
    const off = Object.fromEntries(gone.map(([name]) => [name, false]));
    assert.deepEqual([...everything({ actions: off })], ["cancel"], "cancelling stays");
    const sneaky = { actions: { cancel: false } } as HubSettings;
    assert.ok(everything(sneaky).has("cancel"), "whatever somebody has stored");
  });

  const plans = (subscription: BilledSubscription, forSale: CatalogPrice[]) =>
    actions(subscription, undefined, forSale).plan_change?.plans.map(({ price }) => price.id);

  it("is a plan of the same currency that is another one, the cheapest first", () => {
    assert.deepEqual(plans(active, ofPro), ["price_pro_annual"]);
    assert.deepEqual(plans(active, catalogue), [
      "price_basic_monthly",
      "price_team_monthly",
      "price_basic_annual",
      "price_team_annual",
      "price_pro_annual",
    ]);
    assert.deepEqual(plans(active, named("price_pro_monthly", "price_pro_monthly_jpy")), undefined);
    assert.deepEqual(plans(active, []), undefined);
  });

  it("is no plan for longer in advance while a discount runs, or where switching to yearly is off", () => {
    const shorter = ["price_basic_monthly", "price_team_monthly"];
    const discounted = { ...active, discount: { percentOff: 30 } };
    assert.deepEqual(plans(discounted, catalogue), shorter);
    const off = { actions: { annual_switch: false } };
    const left = actions(active, off, catalogue).plan_change?.plans.map(({ price }) => price.id);
    assert.deepEqual(left, shorter);
    // What is as long, or shorter, is a plan as ever.
    const yearly = { ...discounted, price: annual };
    const all = ["price_basic_monthly", "price_team_monthly", "price_pro_monthly"];
    assert.deepEqual(plans(yearly, catalogue), [...all, "price_basic_annual", "price_team_annual"]);
  });

  it("is priced for all seats", () => {
    const seats = { ...active, quantity: 3, price: { ...active.price, amount: 3 * 4900 } };
    const { plan_change, annual_switch } = actions(seats);
    assert.equal(plan_change?.plans[0]?.price.amount, 3 * 49_000);
    assert.equal(annual_switch?.plan.price.amount, 3 * 49_000);
    assert.equal(annual_switch?.saving, 3 * (12 * 4900 - 49_000));
  });

  it("takes a planned change of plan back, and does not plan it twice", () => {
    const basic = named("price_basic_monthly")[0] ?? fail("basic");
    const scheduledChange = { name: "Basic", price: basic.price, at: NOW + 18 * DAY };
    const planned = { ...active, plan: { ...active.plan, features: ["4K export"] }, scheduledChange };
    const options = actions(planned, undefined, catalogue).plan_change?.plans ?? [];
    assert.deepEqual(
      options.map(({ price }) => price.id),
      [
        "price_team_monthly",
        "price_pro_monthly",
        "price_basic_annual",
        "price_team_annual",
        "price_pro_annual",
      ],
    );
    const present = options.find(({ price }) => price.id === "price_pro_monthly");
    assert.deepEqual(present, { price: active.price, name: "Pro", features: ["4K export"] });
    assert.deepEqual(plans(planned, []), ["price_pro_monthly"], "also where nothing else is for sale");
  });

  it("is a year of the same plan only where that costs less", () => {
    const yearly = (amount: number) =>
      ofPro.map((each) =>
        each.price.interval === "year" ? { ...each, price: { ...each.price, amount } } : each,
      );
    const saving = (amount: number) => actions(active, undefined, yearly(amount)).annual_switch?.saving;
    assert.equal(saving(12 * 4900 - 1), 1);
    assert.equal(saving(12 * 4900), undefined);
    assert.equal(actions(active, undefined, named("price_basic_annual")).annual_switch, undefined);
  });

  it("is paused for as long as the business says", () => {
    const dates = (months: number) => ({
      min: TODAY + 19 * DAY,
      max: Math.floor(addMonths(NOW, months) / DAY) * DAY,
    });
    const usual = { months: [1, 2, 3], dates: dates(3), startsAt: NOW };
    assert.deepEqual(actions(active).pause, usual);
    assert.deepEqual(actions(paused).extend_pause, usual);
    const pause = { months: [2], maxMonths: 6 };
    assert.deepEqual(actions(active, { pause }).pause, { months: [2], dates: dates(6), startsAt: NOW });
    assert.deepEqual(actions(paused, { pause: { months: [2] } }).extend_pause, {
      months: [2],
      startsAt: NOW,
    });
  });

  it("is paused beyond the next charge, or not at all", () => {
    const next = (periodEnd: number) => actions({ ...active, periodEnd }).pause;
    const [one, three] = [addMonths(NOW, 1), addMonths(NOW, 3)];
    assert.deepEqual(next(one - 1)?.months, [1, 2, 3]);
    assert.deepEqual(next(one)?.months, [2, 3]);
    const day = Math.floor(three / DAY) * DAY;
    assert.deepEqual(next(day - 1), { months: [3], dates: { min: day, max: day }, startsAt: NOW });
    assert.deepEqual(next(day), { months: [3], startsAt: NOW }, "no date is left");
    assert.deepEqual(next(three - 1), { months: [3], startsAt: NOW });
    assert.equal(next(three), undefined);
    const pause = { months: [3], maxMonths: 4 };
    const dates = actions({ ...active, periodEnd: three }, { pause }).pause;
    assert.deepEqual([dates?.months, dates?.dates?.min], [[], day + DAY], "a date, and no length");
  });

  it("is extended as counted from where the pause began", () => {
    const pausedSince = addMonths(NOW, -2);
    const terms = (since: number) => actions({ ...paused, periodEnd: NOW - DAY, pausedSince: since });
    const max = Math.floor(addMonths(pausedSince, 3) / DAY) * DAY;
    assert.deepEqual(terms(pausedSince).extend_pause, {
      months: [3],
      dates: { min: TODAY + DAY, max },
      startsAt: pausedSince,
    });
    assert.equal(terms(addMonths(NOW, -3)).extend_pause, undefined);
    assert.ok(terms(addMonths(NOW, -3)).resume);
  });

  it("includes what was chosen", () => {
    const could = actions(active, undefined, catalogue);
    const yes: Exclude<HubChange, { type: "offer" }>[] = [
      { type: "plan_change", priceId: "price_basic_monthly" },
      { type: "annual_switch" },
      { type: "pause", choice: { months: 3 } },
      { type: "pause", choice: { until: TODAY + 19 * DAY } },
      { type: "promo_code", code: "WELCOME20" },
    ];
    const no: typeof yes = [
      { type: "plan_change", priceId: "price_pro_monthly" },
      { type: "plan_change", priceId: "price_pro_monthly_jpy" },
      { type: "plan_change", priceId: "price_basic_monthly_2019" },
      { type: "pause", choice: {} },
      { type: "pause", choice: { months: 4 } },
      { type: "pause", choice: { months: 1, until: TODAY + 19 * DAY } },
      { type: "pause", choice: { until: TODAY + 19 * DAY - 1 } },
      { type: "pause", choice: { until: (could.pause?.dates?.max ?? 0) + 1 } },
      { type: "extend_pause", choice: { months: 1 } },
      { type: "resume" },
      { type: "undo_cancellation" },
      { type: "retry_payment" },
    ];
    for (const change of yes) assert.equal(isAmong(could, change), true, JSON.stringify(change));
    for (const change of no) assert.equal(isAmong(could, change), false, JSON.stringify(change));
    assert.equal(isAmong(actions(paused), { type: "extend_pause", choice: { months: 1 } }), true);
    assert.equal(isAmong(actions(paused), { type: "resume" }), true);
  });
});

describe("What a customer can change, with billing's prices", () => {
  /** Remembers what it was asked for. */
  function billing() {
    const asked: string[] = [];
    return {
      asked,
      price: async (id: string) => {
        asked.push(id);
        return catalogue.find(({ price }) => price.id === id);
      },
      prices: async (product: string) => {
        asked.push(product);
        return catalogue.filter(({ productId }) => productId === product);
      },
    };
  }
  const options = async (settings?: HubSettings, subscription = active) => {
    const { plan_change, annual_switch } = await readActions(billing(), subscription, settings, NOW);
    return [plan_change?.plans.map(({ price }) => price.id), annual_switch?.plan.price.id];
  };

  it("offers the prices of the product, or those that the business names", async () => {
    assert.deepEqual(await options(), [["price_pro_annual"], "price_pro_annual"]);
    const monthly = [
      "price_team_monthly",
      "price_basic_monthly",
      "price_nowhere",
      "price_basic_monthly_2019",
    ];
    assert.deepEqual(await options({ plans: monthly }), [
      ["price_basic_monthly", "price_team_monthly"],
      undefined,
    ]);
    assert.deepEqual(await options({ plans: [...monthly, "price_pro_annual"] }), [
      ["price_basic_monthly", "price_team_monthly", "price_pro_annual"],
      "price_pro_annual",
    ]);
  });

  it("asks for no price where none matters", async () => {
    const silent = {
      price: () => Promise.reject(new BillingError("unknown", "down", "It does not answer")),
      prices: () => Promise.reject(new BillingError("unknown", "down", "It does not answer")),
    };
    const off = { actions: { plan_change: false, annual_switch: false } };
    assert.ok((await readActions(silent, active, off, NOW)).pause);
    assert.ok((await readActions(silent, paused, undefined, NOW)).resume);
    await assert.rejects(readActions(silent, active, undefined, NOW), BillingError);
  });

  it("asks for each price and product once, for however many subscriptions", async () => {
    const counted = billing();
    const once = askedOnce(counted);
    const settings = { plans: ["price_basic_monthly", "price_pro_monthly", "price_pro_annual"] };
    await Promise.all([active, trialing, active].map((each) => readActions(once, each, settings, NOW)));
    assert.deepEqual(counted.asked.toSorted(), [
      "price_basic_monthly",
      "price_pro_annual",
      "price_pro_monthly",
      "prod_basic",
      "prod_pro",
    ]);
  });
});

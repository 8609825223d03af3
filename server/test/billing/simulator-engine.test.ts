import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { BillingError } from "../../src/billing/provider.ts";
import { perform } from "../../src/billing/simulator-actions.ts";
import { latest } from "../../src/billing/simulator-books.ts";
import { upgraded, VISA } from "../../src/billing/simulator-cards.ts";
import { prices, promoCodes, type StoryAction } from "../../src/billing/simulator-demo.ts";
import { nextCharge, settle } from "../../src/billing/simulator-engine.ts";
import type {
  Advanced,
  SimulatedPaymentMethod,
  SimulatedPrice,
  SimulatedSubscription,
} from "../../src/billing/simulator-model.ts";
import { begin } from "../../src/billing/simulator-seed.ts";

const DAY = 86_400_000;
const utc = (text: string) => Date.parse(`${text}T10:30:00Z`);
const days = (times: readonly { at: number }[]) =>
  times.map(({ at }) => new Date(at).toISOString().slice(0, 10));

const rhythms = (["day", "week", "month", "year"] as const).flatMap((interval) =>
  [1, 3].map(
    (intervalCount): SimulatedPrice => ({
      id: `price_${intervalCount}_${interval}`,
      productId: "prod_pro",
      name: "Pro",
      amount: 2999,
      currency: "usd",
      interval,
      intervalCount,
      active: true,
    }),
  ),
);
const catalogue = [...prices, ...rhythms];
const declined: SimulatedPaymentMethod = { ...VISA, declines: true };
const expiring: SimulatedPaymentMethod = { ...VISA, expMonth: 5, expYear: 2027 };

function start(
  priceId: string,
  startedAt: number,
  more: { trialEnd?: number; quantity?: number } = {},
): Advanced {
  return begin({ id: "sub_1", priceId, startedAt, ...more }, "cus_1", catalogue);
}

/** Does it at `at`, with everything that happens before. A refusal changes nothing but time. */
function act(from: Advanced, at: number, action: StoryAction): Advanced {
  const { news = [], ...then } = until(from, at);
  const { invoices } = then;
  try {
    const price =
      action.type === "change_price" ? catalogue.find((each) => each.id === action.priceId) : undefined;
    const asked = { ...action, subscriptionId: "sub_1" };
    const promoCode =
      action.type === "promo_code" ? promoCodes.find(({ code }) => code === action.code) : undefined;
    const after = perform(then.subscription, asked, at, { price, promoCode, invoices });
    return {
      subscription: after.subscription,
      invoices: latest([...invoices, ...after.invoices]),
      news: [...news, ...(after.news ?? [])],
    };
  } catch (error) {
    assert.ok(error instanceof BillingError && error.kind === "rejected", String(error));
    return { ...then, news };
  }
}

const pay = (from: Advanced, paymentMethod: SimulatedPaymentMethod): Advanced => ({
  ...from,
  subscription: { ...from.subscription, paymentMethod },
});

function until(from: Advanced, at: number): Advanced {
  const { subscription, invoices, news = [] } = settle(from.subscription, at);
  return {
    subscription,
    invoices: latest([...from.invoices, ...invoices]),
    news: [...(from.news ?? []), ...news],
  };
}

describe("the simulator's calendar", () => {
  it("keeps the 31st a 31st", () => {
    const { invoices } = until(start("price_pro_monthly", utc("2027-01-31")), utc("2027-07-01"));
    assert.deepEqual(days(invoices), [
      "2027-01-31",
      "2027-02-28",
      "2027-03-31",
      "2027-04-30",
      "2027-05-31",
      "2027-06-30",
    ]);
  });

  it("keeps the 29th of February a 29th where there is one", () => {
    const { invoices } = until(start("price_pro_annual", utc("2024-02-29")), utc("2028-03-01"));
    assert.deepEqual(days(invoices), ["2024-02-29", "2025-02-28", "2026-02-28", "2027-02-28", "2028-02-29"]);
  });

  it("keeps the 31st through a change of interval and through a pause of whole months", () => {
    const first = start("price_pro_monthly", utc("2027-01-31"));
    const yearly = act(first, utc("2027-02-10"), {
      type: "change_price",
      priceId: "price_pro_annual",
      charge: "renewal",
    });
    assert.deepEqual(days(until(yearly, utc("2029-01-01")).invoices), [
      "2027-01-31",
      "2027-02-28",
      "2028-02-29",
    ]);
    const resumesAt = utc("2027-04-30");
    const paused = act(first, utc("2027-02-10"), { type: "pause", resumesAt });
    assert.deepEqual(days(until(paused, utc("2027-06-01")).invoices), [
      "2027-01-31",
      "2027-04-30",
      "2027-05-31",
    ]);
  });

  it("begins anew where a pause ends on another day", () => {
    const paused = act(start("price_pro_monthly", utc("2027-01-31")), utc("2027-02-10"), {
      type: "pause",
      resumesAt: utc("2027-04-12"),
    });
    assert.deepEqual(days(until(paused, utc("2027-06-01")).invoices), [
      "2027-01-31",
      "2027-04-12",
      "2027-05-12",
    ]);
  });

  it("lets a scheduled cancellation come before the charge of the same instant", () => {
    const first = start("price_pro_monthly", utc("2027-01-31"));
    const leaving = act(first, utc("2027-02-10"), {
      type: "cancel",
      effective: "period_end",
      reason: "other",
    });
    const { subscription, invoices } = until(leaving, utc("2030-01-01"));
    assert.deepEqual(days(invoices), ["2027-01-31"]);
    assert.deepEqual(subscription.cancellation, { requestedAt: utc("2027-02-10"), reason: "other" });
    assert.deepEqual([subscription.cancelAt, subscription.endedAt], [utc("2027-02-28"), utc("2027-02-28")]);
  });

  it("does not discount a charge at the instant when the discount ends", () => {
    const terms = {
      type: "discount",
      percentOff: 100,
      currency: "usd",
      duration: "repeating",
      months: 2,
    } as const;
    const first = act(start("price_pro_monthly", utc("2027-01-15")), utc("2027-01-15"), terms);
    const next = until(first, utc("2027-02-16"));
    assert.deepEqual(nextCharge(next.subscription), { amount: 4900, currency: "usd", at: utc("2027-03-15") });
    assert.deepEqual(
      until(first, utc("2027-04-01")).invoices.map(({ amount }) => amount),
      [4900, 0, 4900],
    );
  });

  it("passes decades in no time", () => {
    const began = performance.now();
    const { invoices } = until(start("price_1_day", utc("2027-01-01")), utc("2047-01-01"));
    assert.equal(invoices.length, 7306);
    assert.ok(performance.now() - began < 1000);
  });
});

describe("the simulator's invoices", () => {
  it("explain their amount line by line", () => {
    const first = start("price_team_monthly", utc("2027-04-01"), { quantity: 3 });
    const terms = { type: "discount", percentOff: 10, currency: "usd", duration: "once" } as const;
    const cheap = act(first, utc("2027-04-02"), terms);
    const half = utc("2027-04-16");
    const changed = act(cheap, half, { type: "change_price", priceId: "price_team_annual", charge: "now" });
    const invoice = changed.invoices.at(-1);
    assert.deepEqual(invoice?.lines, [
      { description: "3 × Team", amount: 117_000 },
      { description: "Discount", amount: -11_700 },
      { description: "Credit for unused time", amount: -5850 },
    ]);
    assert.equal(invoice?.amount, 99_450);
    assert.equal(invoice?.status, "paid");
  });

  it("stay open when the payment fails, one more each period", () => {
    const first = start("price_pro_monthly", utc("2027-04-01"));
    const failing = pay(first, declined);
    const { subscription, invoices } = until(failing, utc("2027-06-05"));
    assert.equal(subscription.status, "past_due");
    assert.deepEqual(
      invoices.map((each) => each.status),
      ["paid", "open", "open"],
    );
  });

  it("that say zero are paid, and pay for nothing else", () => {
    const first = start("price_pro_monthly", utc("2027-04-01"));
    const failing = pay(first, declined);
    const free = { type: "discount", percentOff: 100, currency: "usd", duration: "once" } as const;
    const { subscription, invoices } = until(act(failing, utc("2027-05-15"), free), utc("2027-06-05"));
    assert.deepEqual(
      invoices.map((each) => [each.amount, each.status]),
      [
        [4900, "paid"],
        [4900, "open"],
        [0, "paid"],
      ],
    );
    assert.equal(subscription.status, "past_due");
  });

  it("carry a credit over several periods until it is used up", () => {
    const first = start("price_pro_annual", utc("2027-01-01"));
    const down = act(first, utc("2027-11-30"), {
      type: "change_price",
      priceId: "price_basic_monthly",
      charge: "now",
    });
    const { subscription, invoices } = until(down, utc("2028-04-15"));
    const credit = Math.round((49_000 * (utc("2028-01-01") - utc("2027-11-30"))) / (365 * DAY));
    assert.deepEqual(
      invoices.slice(1).map((each) => each.amount),
      [0, 0, 3 * 1900 - credit, 1900, 1900],
    );
    assert.equal(subscription.credit, 0);
  });
});

describe("the simulator's cards", () => {
  const lastly = Date.UTC(2027, 5, 1) - 1;

  it("are good until the last millisecond of their month, and are refused from then on", () => {
    for (const [at, status] of [
      [lastly, "paid"],
      [lastly + 1, "open"],
    ] as const) {
      const { invoices, subscription } = until(pay(start("price_1_day", at - DAY), expiring), at);
      assert.deepEqual(
        invoices.map((each) => each.status),
        ["paid", status],
      );
      assert.equal(subscription.status, status === "paid" ? "active" : "past_due");
    }
  });

  it("that are refused pay nothing, a new one pays what is open when it is asked to, the oldest first", () => {
    const first = pay(start("price_pro_monthly", utc("2027-04-01")), declined);
    const at = utc("2027-06-05");
    const retry = { type: "retry_payment" } as const;
    const still = act(first, at, retry);
    assert.deepEqual([still.subscription, still.invoices.length], [until(first, at).subscription, 3]);
    const { subscription, invoices } = act(pay(still, VISA), at, retry);
    assert.equal(subscription.status, "active");
    assert.deepEqual(
      invoices.map(({ status, payment }) => [status, payment?.at]),
      [
        ["paid", utc("2027-04-01")],
        ["paid", at],
        ["paid", at],
      ],
    );
    assert.deepEqual(days(invoices), ["2027-04-01", "2027-05-01", "2027-06-01"], "they stay what they were");
  });

  it("of databases that know only failures are a Visa that is declined, or one that is good", () => {
    const { paymentMethod: _, ...old } = start("price_pro_monthly", utc("2027-04-01")).subscription;
    assert.deepEqual(upgraded(old), { ...old, paymentMethod: VISA });
    assert.deepEqual(upgraded({ ...old, paymentFails: true }), { ...old, paymentMethod: declined });
    assert.deepEqual(upgraded({ ...old, paymentMethod: expiring }).paymentMethod, expiring);
  });
});

describe("an invoice that the simulator could not collect", () => {
  const failing = pay(start("price_pro_annual", utc("2026-05-01")), declined);
  const first = utc("2027-05-01");
  const told = ({ news = [] }: Advanced) => news.map(({ id: _, at, ...rest }) => [(at - first) / DAY, rest]);
  const failure = (attempt: number, next?: number) => ({
    type: "payment_failed",
    invoiceId: "in_1_2",
    subscriptionId: "sub_1",
    customerId: "cus_1",
    amount: 49_000,
    currency: "usd",
    attempt,
    declineCode: "generic_decline",
    ...(next === undefined ? {} : { nextAttemptAt: first + next * DAY }),
  });

  it("is tried again after 3, 5 and 7 days more, and written off 25 days later", () => {
    const after = until(failing, utc("2027-12-01"));
    assert.deepEqual(told(after), [
      [0, failure(1, 3)],
      [3, failure(2, 8)],
      [8, failure(3, 15)],
      [15, failure(4)],
      [40, { type: "payment_given_up", invoiceId: "in_1_2", reason: "uncollectible" }],
    ]);
    assert.equal(after.invoices[1]?.status, "uncollectible");
    assert.deepEqual([after.subscription.status, after.subscription.unpaid], ["active", undefined]);
    const before = until(failing, first + 40 * DAY - 1);
    assert.deepEqual([before.subscription.status, before.invoices[1]?.status], ["past_due", "open"]);
    const ids = after.news?.map(({ id }) => id) ?? [];
    assert.equal(new Set(ids).size, 5);
  });

  it("is paid by the next attempt after there is a good card, and by none before", () => {
    const changed = pay(until(failing, first + 4 * DAY), VISA);
    assert.equal(until(changed, first + 8 * DAY - 1).subscription.status, "past_due");
    const { subscription, invoices, ...rest } = until(changed, first + 8 * DAY);
    assert.deepEqual([subscription.status, subscription.unpaid], ["active", undefined]);
    assert.deepEqual(invoices[1]?.payment, { at: first + 8 * DAY, brand: "Visa", last4: "4242" });
    const paid = { type: "payment_succeeded", invoiceId: "in_1_2", amount: 49_000, attempt: 3 };
    assert.deepEqual(told({ subscription, invoices, ...rest }).at(-1), [8, paid]);
  });

  it("is told to be paid when its customer pays it", () => {
    const changed = pay(until(failing, first + 4 * DAY), VISA);
    const after = until(act(changed, first + 5 * DAY, { type: "retry_payment" }), utc("2027-12-01"));
    const paid = { type: "payment_succeeded", invoiceId: "in_1_2", amount: 49_000, attempt: 2 };
    assert.deepEqual(told(after).slice(2), [[5, paid]], "and it is not tried again");
  });

  it("is told to be void when its charge is taken back, and has no more attempts", () => {
    const leave = { type: "cancel", effective: "period_end", requestedAt: first - 1 } as const;
    const after = until(act(failing, first + 4 * DAY, leave), utc("2027-12-01"));
    assert.deepEqual(told(after).slice(2), [
      [4, { type: "payment_given_up", invoiceId: "in_1_2", reason: "voided" }],
    ]);
  });

  it("is not tried any more once its subscription has ended, which is told", () => {
    const leave = { type: "cancel", effective: "immediately", reason: "other" } as const;
    const after = until(act(failing, first + 4 * DAY, leave), utc("2027-12-01"));
    const leaving = { requestedAt: first + 4 * DAY, reason: "other" };
    assert.deepEqual(told(after).slice(2), [
      [4, { type: "subscription_ended", subscriptionId: "sub_1", leaving }],
    ]);
    assert.equal(after.invoices[1]?.status, "open");
  });

  it("that was written off is void, and not given back, when a cancellation counts from before it", () => {
    const leave = { type: "cancel", effective: "period_end", requestedAt: first - 1 } as const;
    const { invoices } = act(failing, first + 50 * DAY, leave);
    assert.deepEqual(
      invoices.map(({ status, amount }) => [status, amount]),
      [
        ["paid", 49_000],
        ["void", 49_000],
      ],
    );
  });
});

describe("the simulator's refunds", () => {
  it("are invoices of their own that say what they give back; what was not paid is void instead", () => {
    const first = start("price_team_monthly", utc("2027-04-01"), { quantity: 3 });
    const failing = pay(first, declined);
    const late = { type: "cancel", effective: "period_end", requestedAt: utc("2027-04-20") } as const;
    const at = utc("2027-05-03");
    const { subscription, invoices } = act(first, at, late);
    const [, renewal, refund] = invoices;
    assert.equal(invoices.length, 3);
    assert.deepEqual([renewal?.status, renewal?.amount], ["paid", 11_700]);
    assert.deepEqual(refund, {
      ...renewal,
      id: "in_1_3",
      number: renewal?.number.replace(/2$/, "3"),
      at,
      amount: -11_700,
      payment: { at, brand: "Visa", last4: "4242" },
      refunds: renewal?.id,
      lines: [{ description: `Refund of ${renewal?.number}`, amount: -11_700 }],
    });
    assert.deepEqual(
      [subscription.cancellation, subscription.endedAt],
      [{ requestedAt: utc("2027-04-20") }, at],
    );
    const unpaid = act(failing, at, late);
    assert.deepEqual(
      unpaid.invoices.map(({ status, amount }) => [status, amount]),
      [
        ["paid", 11_700],
        ["void", 11_700],
      ],
    );
  });

  it("give back no more than was charged after discount and credit, and nothing for what was free", () => {
    const first = start("price_pro_annual", utc("2027-01-01"));
    const down = { type: "change_price", priceId: "price_basic_monthly", charge: "now" } as const;
    const credited = act(first, utc("2027-11-30"), down);
    // 0, 0, a part, and a whole month are charged afterwards.
    const { invoices } = act(credited, utc("2028-03-01"), {
      type: "cancel",
      effective: "period_end",
      requestedAt: utc("2027-11-29"),
    });
    const charged = invoices.filter(({ at, amount }) => at > utc("2027-11-29") && amount > 0);
    const given = invoices.filter(({ refunds }) => refunds);
    assert.deepEqual(
      given.map(({ amount }) => -amount),
      charged.map(({ amount }) => amount),
    );
    assert.equal(new Set(invoices.map(({ number }) => number)).size, invoices.length);
  });

  it("let what was paid before a change last, without a renewal of what it was changed to", () => {
    const at = utc("2027-03-01");
    const monthly = act(start("price_pro_annual", utc("2027-01-01")), at, {
      type: "change_price",
      priceId: "price_basic_monthly",
      charge: "now",
    });
    const late = { type: "cancel", effective: "period_end", requestedAt: at - 1 } as const;
    const { subscription, invoices } = until(act(monthly, at + DAY, late), utc("2029-01-01"));
    assert.equal(subscription.endedAt, utc("2028-01-01"));
    assert.deepEqual(
      invoices.map(({ amount }) => amount),
      [49_000, 0],
    );
  });

  it("leave nothing due where all that was unpaid is void, and the rest of what was paid before", () => {
    const at = utc("2027-11-01");
    const weekly = act(start("price_basic_annual", utc("2027-01-01")), at, {
      type: "change_price",
      priceId: "price_1_week",
      charge: "now",
    });
    const owing = until(pay(weekly, declined), at + 20 * DAY);
    assert.equal(owing.subscription.status, "past_due");
    const late = { type: "cancel", effective: "period_end", requestedAt: at - 1 } as const;
    const { subscription, invoices } = act(owing, at + 20 * DAY, late);
    assert.deepEqual([subscription.status, subscription.cancelAt], ["active", utc("2028-01-01")]);
    assert.ok(invoices.some(({ status }) => status === "void"));
    assert.ok(invoices.every(({ status }) => status !== "open"));
  });

  it("count from now where they are asked for ahead of time", () => {
    const ahead = { type: "cancel", effective: "period_end", requestedAt: utc("2027-09-01") } as const;
    const { subscription } = act(start("price_pro_monthly", utc("2027-04-01")), utc("2027-04-02"), ahead);
    assert.deepEqual(subscription.cancellation, { requestedAt: utc("2027-04-02") });
  });
});

const BEGIN = utc("2026-01-01");
const moment = fc.integer({ min: 0, max: 3 * 366 * 24 }).map((hours) => hours * 3_600_000);
const priceId = fc.constantFrom(...catalogue.map(({ id }) => id));
/** Whatever a caller might ask for; instants are relative to the moment it is asked. */
const better = fc.oneof(
  fc.record({
    type: fc.constant("discount" as const),
    size: fc.oneof(
      fc.record({ percentOff: fc.constantFrom(1, 33, 50, 99.5, 100) }),
      fc.record({ amountOff: fc.integer({ min: 1, max: 9000 }) }),
    ),
    duration: fc.constantFrom("once" as const, "repeating" as const, "forever" as const),
    months: fc.integer({ min: 1, max: 13 }),
  }),
  fc.record({ type: fc.constant("pause" as const), days: fc.integer({ min: -1, max: 400 }) }),
  fc.record({
    type: fc.constant("change_price" as const),
    priceId,
    charge: fc.constantFrom("now" as const, "renewal" as const),
  }),
  fc.record({ type: fc.constant("extend_trial" as const), days: fc.integer({ min: 0, max: 60 }) }),
  fc.record({
    type: fc.constantFrom("resume" as const, "undo_cancellation" as const, "retry_payment" as const),
  }),
  fc.record({
    type: fc.constant("promo_code" as const),
    code: fc.constantFrom(...promoCodes.map(({ code }) => code)),
  }),
  fc.record({ type: fc.constant("pays" as const), with: fc.constantFrom(VISA, declined, expiring) }),
);
const leave = fc.record({
  type: fc.constant("cancel" as const),
  effective: fc.constantFrom("period_end" as const, "immediately" as const),
});
// Rarely a cancellation, or most lives would be short.
const wish = fc.oneof({ weight: 9, arbitrary: better }, { weight: 1, arbitrary: leave });

type Wish = typeof wish extends fc.Arbitrary<infer Value> ? Value : never;

function actionOf(asked: Exclude<Wish, { type: "pays" }>, at: number): StoryAction {
  switch (asked.type) {
    case "discount":
      return {
        type: "discount",
        currency: "usd",
        duration: asked.duration,
        months: asked.months,
        ...asked.size,
      };
    case "pause":
      return { type: "pause", resumesAt: at + asked.days * DAY };
    case "extend_trial":
      return { type: "extend_trial", trialEnd: at + asked.days * DAY };
    default:
      return asked;
  }
}

const life = fc.record({
  priceId,
  quantity: fc.integer({ min: 1, max: 7 }),
  trial: fc.option(fc.integer({ min: 1, max: 45 }), { nil: undefined }),
  fails: fc.boolean(),
  wishes: fc.array(fc.record({ at: moment, wish }), { maxLength: 8 }),
});

type Life = typeof life extends fc.Arbitrary<infer Value> ? Value : never;

/** @param stops instants at which time stands still for a moment */
function run(
  { priceId, quantity, trial, fails, wishes }: Life,
  end: number,
  stops: readonly number[] = [],
): Advanced {
  let now = start(priceId, BEGIN, {
    quantity,
    ...(trial === undefined ? {} : { trialEnd: BEGIN + trial * DAY }),
  });
  if (fails) now = pay(now, declined);
  const plan = [...wishes, ...stops.map((at) => ({ at, wish: undefined }))].toSorted((a, b) => a.at - b.at);
  for (const { at, wish: asked } of plan) {
    const when = BEGIN + at;
    if (asked?.type === "pays") now = pay(until(now, when), asked.with);
    else now = asked ? act(now, when, actionOf(asked, when)) : until(now, when);
  }
  return until(now, end);
}

/** Later than the end of the longest period that can begin. */
const END = BEGIN + 8 * 366 * DAY;
const check = <Values>(property: fc.IProperty<Values>) => fc.assert(property, { numRuns: 500 });

describe("whatever a subscription goes through", () => {
  it("one jump in time equals many small ones", () => {
    check(
      fc.property(life, fc.array(moment, { maxLength: 20 }), (each, stops) => {
        assert.deepEqual(run(each, END, stops), run(each, END));
      }),
    );
  });

  it("no invoice is negative, and its lines sum up to it", () => {
    check(
      fc.property(life, (each) => {
        const { subscription, invoices } = run(each, END);
        assert.ok(subscription.credit >= 0);
        for (const { amount, lines } of invoices) {
          assert.ok(Number.isSafeInteger(amount) && amount >= 0);
          assert.equal(
            lines.reduce((sum, line) => sum + line.amount, 0),
            amount,
          );
        }
        assert.equal(new Set(invoices.map(({ number }) => number)).size, invoices.length);
      }),
    );
  });

  it("period ends strictly increase and no day is billed twice, unless a change credits the rest", () => {
    check(
      fc.property(life, (each) => {
        const wishes = each.wishes.filter(
          ({ wish: asked }) => asked.type !== "change_price" || asked.charge !== "now",
        );
        const { invoices } = run({ ...each, wishes }, END);
        for (const [index, { periodStart, periodEnd }] of invoices.entries()) {
          assert.ok(periodEnd > periodStart);
          assert.ok(periodStart >= (invoices[index - 1]?.periodEnd ?? BEGIN));
        }
      }),
    );
  });

  it("nothing is charged in a trial, in a pause, or after the end", () => {
    check(
      fc.property(life, (each) => {
        const { subscription, invoices } = run(each, END);
        const { cancelAt, endedAt, status } = subscription;
        assert.equal(endedAt, cancelAt, "whatever was scheduled has happened by now");
        assert.ok(
          (endedAt ?? 0) >= (subscription.cancellation?.requestedAt ?? 0),
          "nothing ends in the past",
        );
        assert.equal(status === "cancelled", cancelAt !== undefined);
        // Only a change at the very instant of an immediate cancellation may charge then.
        for (const { at } of invoices) assert.ok(cancelAt === undefined || at <= cancelAt);
        const firstCharge = BEGIN + (each.trial ?? 0) * DAY;
        assert.ok(invoices.every(({ at }) => at >= firstCharge));
        for (const { at, periodEnd, pause } of pausesOf(each)) {
          const during = invoices.filter(
            (invoice) => invoice.at > at && invoice.at < Math.max(pause.resumesAt, periodEnd),
          );
          assert.deepEqual(during, []);
        }
      }),
    );
  });

  it("the announced charge is the one that comes", () => {
    check(
      fc.property(life, moment, (each, at) => {
        const { subscription, invoices } = run(
          { ...each, wishes: each.wishes.filter((wished) => wished.at <= at) },
          BEGIN + at,
        );
        const announced = nextCharge(subscription);
        const [invoice] = settle(subscription, announced?.at ?? END).invoices.filter(
          ({ id }) => !invoices.some((known) => known.id === id),
        );
        assert.deepEqual(
          invoice && { amount: invoice.amount, currency: invoice.currency, at: invoice.at },
          announced,
        );
      }),
    );
  });

  it("a cancellation that arrives late costs what one in time would have, and ends no sooner", () => {
    check(
      fc.property(life, leave, moment, moment, (each, how, one, other) => {
        const [clicked, arrived] = [BEGIN + Math.min(one, other), BEGIN + Math.max(one, other)];
        // Who has left does nothing more with it; nor is a trial made longer that is about to end.
        const wishes = each.wishes.filter(
          ({ at, wish: asked }) =>
            asked.type !== "cancel" && (asked.type !== "extend_trial" || BEGIN + at <= clicked),
        );
        const upTo = (at: number) =>
          run({ ...each, wishes: wishes.filter((wished) => BEGIN + wished.at <= at) }, at);
        const prompt = until(act(upTo(clicked), clicked, how), END);
        const late = until(act(upTo(arrived), arrived, { ...how, requestedAt: clicked }), END);
        const cost = ({ invoices }: Advanced) =>
          invoices.reduce((sum, { amount, status }) => (status === "void" ? sum : sum + amount), 0);
        assert.equal(cost(late), cost(prompt));
        assert.equal(late.subscription.cancellation?.requestedAt, clicked);
        assert.equal(late.subscription.endedAt, Math.max(prompt.subscription.endedAt ?? 0, arrived));
        const { invoices } = late;
        assert.equal(new Set(invoices.map(({ number }) => number)).size, invoices.length);
        const refunded = invoices.flatMap(({ refunds }) => refunds ?? []);
        assert.equal(new Set(refunded).size, refunded.length);
        assert.equal(late.subscription.invoices, invoices.length);
      }),
    );
  });

  it("a cancellation that is undone has never been", () => {
    let undone = 0;
    check(
      fc.property(life, moment, moment, (each, one, other) => {
        const [left, back] = [BEGIN + Math.min(one, other), BEGIN + Math.max(one, other)];
        const before = run({ ...each, wishes: each.wishes.filter(({ at }) => BEGIN + at <= left) }, left);
        if (before.subscription.cancelAt !== undefined) return;
        const leaving = act(before, left, { type: "cancel", effective: "period_end", comment: "Bye" });
        const stayed = act(leaving, back, { type: "undo_cancellation" });
        if ((leaving.subscription.cancelAt ?? 0) <= back) {
          assert.equal(stayed.subscription.status, "cancelled");
          return;
        }
        undone++;
        assert.deepEqual(stayed, until(before, back));
        assert.deepEqual(until(stayed, END), until(before, END));
      }),
    );
    assert.ok(undone > 0);
  });

  it("who has a pause ends it at once, and pays for what is not paid yet and for nothing else", () => {
    let resumed = 0;
    check(
      fc.property(life, moment, (each, at) => {
        const wishes = each.wishes.filter((wished) => wished.at <= at);
        const before = run({ ...each, fails: false, wishes }, BEGIN + at);
        const { pause, periodEnd, status, cancelAt } = before.subscription;
        const after = act(before, BEGIN + at, { type: "resume" });
        const isRefused = after.subscription.status === "paused";
        if (!pause || cancelAt !== undefined || status === "cancelled" || isRefused)
          return assert.deepEqual(after, before);
        resumed++;
        assert.equal(after.subscription.status, "active");
        assert.equal(after.invoices.length - before.invoices.length, BEGIN + at < periodEnd ? 0 : 1);
        assert.ok(after.subscription.periodEnd > BEGIN + at);
        assert.ok(after.invoices.every((invoice) => invoice.status !== "open"));
      }),
    );
    assert.ok(resumed > 0);
  });

  it("it is past due exactly as long as something is", () => {
    check(
      fc.property(life, leave, moment, moment, (each, how, one, other) => {
        const [clicked, arrived] = [BEGIN + Math.min(one, other), BEGIN + Math.max(one, other)];
        const wishes = each.wishes.filter(({ at }) => BEGIN + at <= arrived);
        const before = run({ ...each, wishes }, arrived);
        const late = act(before, arrived, { ...how, requestedAt: clicked });
        for (const { subscription, invoices } of [before, late]) {
          const isDue = invoices.some(({ status }) => status === "open");
          if (subscription.status !== "cancelled") assert.equal(subscription.status === "past_due", isDue);
        }
      }),
    );
  });

  it("survives being written down", () => {
    check(
      fc.property(life, (each) => {
        const { subscription } = run(each, END);
        assert.deepEqual(JSON.parse(JSON.stringify(subscription)) as SimulatedSubscription, subscription);
      }),
    );
  });
});

/** Every pause that was granted, with the instant it was and the end of what was paid for then. */
function pausesOf(each: Life) {
  const wishes = each.wishes.toSorted((a, b) => a.at - b.at);
  return wishes.flatMap(({ at, wish: asked }, index) => {
    if (asked.type !== "pause") return [];
    const { pause, periodEnd } = run(
      { ...each, wishes: wishes.slice(0, index + 1) },
      BEGIN + at,
    ).subscription;
    // What ended inside the paid period may be followed by a charge of a change; what was moved or ended is another one.
    const changed = wishes
      .slice(index + 1)
      .some((later) => ["change_price", "pause", "resume"].includes(later.wish.type));
    return pause && !changed ? [{ at: BEGIN + at, periodEnd, pause }] : [];
  });
}

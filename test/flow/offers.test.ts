/** The arithmetic of offers, and both sides of every limit of a choice. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import type { Choice, Offer } from "../../src/api/wire.ts";
import {
  accessUntil,
  addIntervals,
  addMonths,
  allows,
  discounted,
  monthlyAmount,
  pauseEnd,
} from "../../src/flow/offers.ts";
import { DAY, NOW, offers } from "./fixtures.ts";

const at = (text: string) => Date.parse(text);

const instant = fc.integer({ min: at("1980-01-01"), max: at("2400-01-01") });

describe("addMonths", () => {
  for (const [from, months, to] of [
    ["2026-01-31T10:00:00.123Z", 1, "2026-02-28T10:00:00.123Z"],
    ["2028-01-31T00:00:00Z", 1, "2028-02-29T00:00:00Z"],
    ["2026-01-28T00:00:00Z", 1, "2026-02-28T00:00:00Z"],
    ["2026-03-31T23:59:59Z", 1, "2026-04-30T23:59:59Z"],
    ["2026-10-31T00:00:00Z", 4, "2027-02-28T00:00:00Z"],
    ["2026-12-15T00:00:00Z", 1, "2027-01-15T00:00:00Z"],
    ["2028-02-29T00:00:00Z", 12, "2029-02-28T00:00:00Z"],
    ["2026-05-31T00:00:00Z", 0, "2026-05-31T00:00:00Z"],
    ["2026-05-31T00:00:00Z", -3, "2026-02-28T00:00:00Z"],
  ] as const) {
    it(`${from} + ${months}`, () => assert.equal(addMonths(at(from), months), at(to)));
  }

  it("lands in the right month, never on a later day, and keeps the time of day", () => {
    fc.assert(
      fc.property(instant, fc.integer({ min: -24, max: 60 }), (start, months) => {
        const from = new Date(start);
        const to = new Date(addMonths(start, months));
        const month = (date: Date) => date.getUTCFullYear() * 12 + date.getUTCMonth();
        assert.equal(month(to), month(from) + months);
        assert.ok(to.getUTCDate() <= from.getUTCDate());
        assert.equal(to.getTime() % DAY, from.getTime() % DAY);
        const clamped = to.getUTCDate() < from.getUTCDate();
        // An earlier day is the last of its month.
        if (clamped) assert.equal(new Date(to.getTime() + DAY).getUTCDate(), 1);
      }),
    );
  });

  it("keeps the order of what it is given", () => {
    fc.assert(
      fc.property(instant, instant, fc.nat(60), (one, two, months) => {
        const [early, late] = one < two ? [one, two] : [two, one];
        // Within a clamped day the time of day may overtake.
        assert.ok(addMonths(early, months) <= addMonths(late, months) + DAY);
      }),
    );
  });
});

describe("addIntervals", () => {
  const start = at("2028-02-29T08:00:00Z");
  for (const [interval, count, to] of [
    ["day", 1, "2028-03-01T08:00:00Z"],
    ["week", 2, "2028-03-14T08:00:00Z"],
    ["month", 3, "2028-05-29T08:00:00Z"],
    ["year", 1, "2029-02-28T08:00:00Z"],
    ["year", 4, "2032-02-29T08:00:00Z"],
    ["month", 0, "2028-02-29T08:00:00Z"],
  ] as const) {
    it(`${count} ${interval}`, () => assert.equal(addIntervals(start, interval, count), at(to)));
  }
});

describe("discounted", () => {
  for (const [amount, discount, left] of [
    [3750, { percentOff: 50 }, 1875],
    [999, { percentOff: 50 }, 499],
    [1000, { percentOff: 33.3 }, 667],
    [1000, { percentOff: 0 }, 1000],
    [1000, { percentOff: 100 }, 0],
    [1000, { percentOff: 101 }, 0],
    [1000, { amountOff: 999 }, 1],
    [1000, { amountOff: 1000 }, 0],
    [1000, { amountOff: 1001 }, 0],
    [1000, { amountOff: 0, percentOff: 50 }, 1000],
    [1000, {}, 1000],
    [0, { percentOff: 50 }, 0],
  ] as const) {
    it(`${amount} less ${JSON.stringify(discount)} is ${left}`, () =>
      assert.equal(discounted(amount, discount), left));
  }

  it("is a whole number of minor units between nothing and the amount", () => {
    const percentOff = fc.double({ min: 0, max: 100, noNaN: true });
    fc.assert(
      fc.property(
        fc.nat(),
        fc.oneof(fc.record({ percentOff }), fc.record({ amountOff: fc.nat() })),
        (amount, by) => {
          const left = discounted(amount, by);
          assert.ok(Number.isSafeInteger(left) && left >= 0 && left <= amount);
        },
      ),
    );
  });
});

describe("monthlyAmount", () => {
  for (const [amount, interval, intervalCount, monthly] of [
    [3750, "month", 1, 3750],
    [9000, "month", 3, 3000],
    [12_000, "year", 1, 1000],
    [10_000, "year", 1, 833],
    [24_000, "year", 2, 1000],
    [1200, "week", 1, 5200],
    [1200, "week", 2, 2600],
    [120, "day", 1, 3650],
    [0, "day", 7, 0],
  ] as const) {
    it(`${amount} for ${intervalCount} ${interval} is ${monthly}`, () =>
      assert.equal(monthlyAmount({ amount, interval, intervalCount }), monthly));
  }
});

describe("pauseEnd", () => {
  const { terms } = offers.pause;
  it("is the date, or the months after the start, or not known yet", () => {
    assert.equal(pauseEnd(terms, { until: 5 }), 5);
    assert.equal(pauseEnd(terms, { until: 0 }), 0);
    assert.equal(pauseEnd(terms, { months: 3 }), addMonths(terms.startsAt, 3));
    assert.equal(pauseEnd(terms, {}), undefined);
    assert.equal(pauseEnd(terms, { months: 0 }), undefined);
  });
});

describe("allows", () => {
  const { min, max } = offers.pause.terms.dates;
  const lengthsOnly: Offer = { ...offers.pause, terms: { months: [2], startsAt: NOW } };

  for (const [title, offer, allowed, refused] of [
    [
      "pause",
      offers.pause,
      [{ months: 1 }, { months: 3 }, { until: min }, { until: max }, { until: min + 1 }],
      [
        {},
        { months: 0 },
        { months: 2 },
        { until: min - 1 },
        { until: max + 1 },
        { until: Number.NaN },
        { months: 1, until: min },
        { months: 1, priceId: "price_basic" },
        { priceId: "price_basic" },
      ],
    ],
    ["pause without dates", lengthsOnly, [{ months: 2 }], [{ until: min }, { until: 0 }, { months: 1 }, {}]],
    [
      "plan_change",
      offers.plan_change,
      [{ priceId: "price_basic" }, { priceId: "price_lite" }],
      [
        {},
        { priceId: "" },
        { priceId: "price_pro" },
        { months: 1 },
        { priceId: "price_basic", months: 1 },
        { priceId: "price_basic", until: 0 },
      ],
    ],
    ...(["discount", "annual_switch", "trial_extension", "contact", "redirect", "custom"] as const).map(
      (type) =>
        [type, offers[type], [{}], [{ months: 1 }, { months: 0 }, { until: 0 }, { priceId: "" }]] as const,
    ),
  ] as [string, Offer, Choice[], Choice[]][]) {
    it(title, () => {
      for (const choice of allowed) assert.equal(allows(offer, choice), true, JSON.stringify(choice));
      for (const choice of refused) assert.equal(allows(offer, choice), false, JSON.stringify(choice));
      assert.equal(allows(offer), allows(offer, {}));
    });
  }
});

describe("counting from an anchor", () => {
  const at = (text: string) => Date.parse(`${text}T12:00:00Z`);

  it("gives the 31st back after a February", () => {
    const anchor = at("2026-01-31");
    assert.equal(addIntervals(at("2026-02-28"), "month", 1, anchor), at("2026-03-31"));
    assert.equal(addIntervals(at("2026-02-28"), "month", 1), at("2026-03-28"));
    assert.equal(addIntervals(at("2026-02-28"), "year", 2, anchor), at("2028-02-29"));
  });

  it("follows the date itself once that has left the anchor", () => {
    assert.equal(addIntervals(at("2026-03-10"), "month", 1, at("2026-01-31")), at("2026-04-10"));
  });
});

describe("accessUntil", () => {
  const now = Date.UTC(2026, 0, 10);
  const [sooner, later] = [now - 1, now + 1];
  for (const [status, trialEnd, periodEnd, effective, until] of [
    ["active", undefined, later, "period_end", later],
    ["active", later + 5, later, "period_end", later],
    ["active", undefined, sooner, "period_end", now],
    ["active", undefined, later, "immediately", now],
    ["trialing", later, later + 5, "period_end", later],
    ["trialing", undefined, later, "period_end", later],
    ["trialing", later, later + 5, "immediately", now],
    ["active", undefined, undefined, "period_end", undefined],
    ["active", undefined, undefined, "immediately", now],
  ] as const) {
    it(`${status}, trial until ${trialEnd}, paid until ${periodEnd}, ${effective}`, () => {
      const end = trialEnd === undefined ? {} : { trialEnd };
      const paid = periodEnd === undefined ? {} : { periodEnd };
      assert.equal(accessUntil({ status, ...paid, ...end }, effective, now), until);
    });
  }
});

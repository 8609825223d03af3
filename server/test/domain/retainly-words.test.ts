/** Retainly's words for ours, and back. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Choice, Offer } from "../../../src/api/wire.ts";
import { OfferValueData } from "../../src/contract/events.ts";
import {
  OUTCOME_WORDS,
  OUTCOMES_BY_WORD,
  offerTypeOf,
  offerValue,
  offerWord,
  outcomeWord,
} from "../../src/domain/retainly-words.ts";

const price = { id: "price_1", amount: 900, currency: "usd", interval: "month", intervalCount: 1 } as const;
const plan = (id: string) => ({ name: id, price: { ...price, id } });
const discount = { amount: 4900, discounted: 3430, currency: "usd" };

const offer = <Type extends Offer["type"]>(type: Type, terms: Extract<Offer, { type: Type }>["terms"]) =>
  ({ type, id: "one", terms }) as unknown as Offer;

const values: [name: string, Offer, Choice | undefined, object | null][] = [
  [
    "a percentage for some months",
    offer("discount", { ...discount, percentOff: 30, duration: "repeating", months: 3 }),
    undefined,
    { percent: 30, duration_months: 3 },
  ],
  [
    "a percentage of one charge",
    offer("discount", { ...discount, percentOff: 12.5, duration: "once" }),
    undefined,
    { percent: 12.5, duration_months: null, duration: "once" },
  ],
  [
    "an amount for ever",
    offer("discount", { ...discount, amountOff: 500, duration: "forever" }),
    undefined,
    { amount_cents: 500, currency: "usd", duration_months: null, duration: "forever" },
  ],
  [
    "a pause of the length that was picked",
    offer("pause", { months: [1, 3], startsAt: 0 }),
    { months: 3 },
    { months: 3 },
  ],
  [
    "a pause until the date that was picked",
    offer("pause", { months: [1], dates: { min: 0, max: 9 }, startsAt: 0 }),
    { until: Date.parse("2027-08-01T00:00:00Z") },
    { until: "2027-08-01T00:00:00.000Z" },
  ],
  ["a pause of the only length", offer("pause", { months: [2], startsAt: 0 }), undefined, { months: 2 }],
  ["a pause of which nothing was picked", offer("pause", { months: [1, 3], startsAt: 0 }), undefined, null],
  [
    "a pause of one length or to a date, of which nothing was picked",
    offer("pause", { months: [2], dates: { min: 0, max: 9 }, startsAt: 0 }),
    {},
    null,
  ],
  [
    "the plan that was picked",
    offer("plan_change", { plans: [plan("a"), plan("b")], startsAt: 0 }),
    { priceId: "b" },
    { price_id: "b" },
  ],
  ["the only plan", offer("plan_change", { plans: [plan("a")], startsAt: 0 }), undefined, { price_id: "a" }],
  [
    "plans of which none was picked",
    offer("plan_change", { plans: [plan("a"), plan("b")], startsAt: 0 }),
    undefined,
    null,
  ],
  [
    "a year",
    offer("annual_switch", { plan: plan("year"), dueNow: 1, saving: 1 }),
    undefined,
    { price_id: "year" },
  ],
  ["a longer trial", offer("trial_extension", { days: 14, trialEnd: 0 }), undefined, { days: 14 }],
  ["an address", offer("contact", { url: "mailto:a@b.example" }), undefined, { url: "mailto:a@b.example" }],
  ["something of one's own", offer("custom", { name: "training", data: 1 }), undefined, { name: "training" }],
];

describe("What an offer comes to", () => {
  for (const [name, of, choice, expected] of values) {
    it(`${name}: ${JSON.stringify(expected)}`, () => {
      const value = offerValue(of, choice);
      assert.deepEqual(value, expected);
      if (value) assert.deepEqual(OfferValueData.parse(value), value, "as events may carry it");
    });
  }
});

describe("Words", () => {
  it("for outcomes are Retainly's, and lead back", () => {
    assert.deepEqual(OUTCOME_WORDS, { retained: "saved", cancelled: "canceled", abandoned: "abandoned" });
    for (const [ours, word] of Object.entries(OUTCOME_WORDS)) assert.equal(OUTCOMES_BY_WORD[word], ours);
    assert.deepEqual([outcomeWord("retained"), outcomeWord(undefined)], ["saved", null]);
  });

  it("for offers are Retainly's where it has one, and lead back", () => {
    const words = ["discount", "pause", "plan_change", "annual_switch", "trial_extension"].map(offerWord);
    assert.deepEqual(words, ["discount", "pause", "downgrade", "annual_switch", "trial_extension"]);
    for (const type of ["discount", "plan_change", "custom"])
      assert.equal(offerTypeOf(offerWord(type)), type);
  });
});

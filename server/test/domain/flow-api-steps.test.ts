/** A flow as Retainly's API shows it, for every kind of step and offer. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Flow, Offer, Step } from "../../../src/api/wire.ts";
import { FlowStarted } from "../../src/contract/flow-api.ts";
import { namedOffer } from "../../src/domain/flow-api-offers.ts";
import { stepsOf } from "../../src/domain/flow-api-steps.ts";

const price = (id: string, amount: number) =>
  ({ id, amount, currency: "usd", interval: "month", intervalCount: 1 }) as const;
const plan = (id: string, amount = 900) => ({ name: `Plan ${id}`, price: price(id, amount) });
const DAY = 86_400_000;

const discountTerms = {
  duration: "repeating",
  months: 3,
  amount: 4900,
  discounted: 3430,
  currency: "usd",
} as const;
const byPercent: Offer = { type: "discount", id: "third", terms: { percentOff: 30, ...discountTerms } };
const both = { min: DAY * 20_000, max: DAY * 20_100 };

/** Each offer, what a caller reads of it, and each value that takes it. */
const offers: [Offer, object, object[]][] = [
  [
    byPercent,
    { type: "discount", value: { percent: 30, duration_months: 3 } },
    [{ percent: 30, duration_months: 3 }],
  ],
  [
    { type: "discount", id: "off", terms: { amountOff: 500, ...discountTerms } },
    { type: "discount", value: { amount_cents: 500, currency: "usd", duration_months: 3 } },
    [{ amount_cents: 500, currency: "usd", duration_months: 3 }],
  ],
  [
    { type: "pause", id: "pause", terms: { months: [2], startsAt: 0 } },
    { type: "pause", value: { months: 2 } },
    [{ months: 2 }],
  ],
  [
    { type: "pause", id: "pause", terms: { months: [1, 3], dates: both, startsAt: 0 } },
    {
      type: "pause",
      value: null,
      choices: [
        { label: null, value: { months: 1 } },
        { label: null, value: { months: 3 } },
      ],
      until: { min: "2024-10-04T00:00:00.000Z", max: "2025-01-12T00:00:00.000Z" },
    },
    [
      { months: 1 },
      { months: 3 },
      { until: "2024-10-04T00:00:00.000Z" },
      { until: "2025-01-12T00:00:00.000Z" },
    ],
  ],
  [
    { type: "pause", id: "pause", terms: { months: [], dates: both, startsAt: 0 } },
    {
      type: "pause",
      value: null,
      choices: [],
      until: { min: "2024-10-04T00:00:00.000Z", max: "2025-01-12T00:00:00.000Z" },
    },
    [{ until: "2024-12-24T18:00:00.000Z" }],
  ],
  [
    { type: "plan_change", id: "less", terms: { plans: [plan("a")], startsAt: 0 } },
    { type: "downgrade", value: { price_id: "a" } },
    [{ price_id: "a" }],
  ],
  [
    { type: "plan_change", id: "less", terms: { plans: [plan("a"), plan("b")], startsAt: 0 } },
    {
      type: "downgrade",
      value: null,
      choices: [
        { label: "Plan a", value: { price_id: "a" } },
        { label: "Plan b", value: { price_id: "b" } },
      ],
    },
    [{ price_id: "a" }, { price_id: "b" }],
  ],
  [
    { type: "annual_switch", id: "year", terms: { plan: plan("year"), dueNow: 1, saving: 2 } },
    { type: "annual_switch", value: { price_id: "year" } },
    [{ price_id: "year" }],
  ],
  [
    { type: "trial_extension", id: "longer", terms: { days: 14, trialEnd: 1 } },
    { type: "trial_extension", value: { days: 14 } },
    [{ days: 14 }],
  ],
  [
    { type: "contact", id: "talk", terms: { url: "tel:+1" } },
    { type: "contact", value: { url: "tel:+1" } },
    [{ url: "tel:+1" }],
  ],
  [
    { type: "redirect", id: "go", terms: { url: "https://shop.example" } },
    { type: "redirect", value: { url: "https://shop.example" } },
    [{ url: "https://shop.example" }],
  ],
  [
    { type: "custom", id: "swap", terms: { name: "swap", data: { size: 1 } } },
    { type: "custom", value: { name: "swap" } },
    [{ name: "swap" }],
  ],
];

const show = (steps: Step[], cancelling: "record" | "period_end" | "immediately" = "record") => {
  const flow: Flow = { id: "flow_1", version: 2, steps };
  const shown = stepsOf(flow, cancelling);
  FlowStarted.parse({ session_id: "ses_1", flow: { ...flow, steps: shown } });
  return shown;
};

const silent = { title: null, body: null };

describe("The steps of a flow in Retainly's words", () => {
  for (const [offer, shown, values] of offers) {
    it(`an offer: ${JSON.stringify(shown)}`, () => {
      const steps: Step[] = [{ type: "offer", id: "deal", offer }];
      const words = { accept_label: null, decline_label: null };
      assert.deepEqual(show(steps), [{ id: "deal", type: "offer", ...silent, offer: shown, ...words }]);
      const { type } = shown as { type: string };
      for (const value of values) {
        const named = namedOffer({ flow: { id: "f", version: 1, steps } }, type, value);
        assert.equal(named?.offer, offer, JSON.stringify(value));
        assert.equal(
          namedOffer({ flow: { id: "f", version: 1, steps } }, type, { ...value, more: 1 }),
          undefined,
        );
        assert.equal(namedOffer({ flow: { id: "f", version: 1, steps } }, "nothing", value), undefined);
      }
    });
  }

  it("a question, and the offers behind its answers as steps of their own", () => {
    const offer: Offer = {
      ...byPercent,
      title: "Stay",
      body: "Less",
      acceptLabel: "Yes",
      declineLabel: "No",
    };
    const steps = show([
      {
        type: "survey",
        id: "why",
        title: "Why?",
        reasons: [
          { id: "cost", label: "Too expensive", offer },
          { id: "other", followup: {} },
          { id: "bugs", followup: { label: "Which?", required: true } },
        ],
      },
    ]);
    assert.deepEqual(steps, [
      {
        id: "why",
        type: "survey",
        title: "Why?",
        body: null,
        required: true,
        reasons: [
          {
            key: "cost",
            label: "Too expensive",
            offer_step: "why/cost",
            free_text: "none",
            free_text_label: null,
          },
          { key: "other", label: null, free_text: "optional", free_text_label: null },
          { key: "bugs", label: null, free_text: "required", free_text_label: "Which?" },
        ],
      },
      {
        id: "why/cost",
        type: "offer",
        title: "Stay",
        body: "Less",
        offer: { type: "discount", value: { percent: 30, duration_months: 3 } },
        accept_label: "Yes",
        decline_label: "No",
        show_if: { reason_in: ["cost"] },
      },
    ]);
  });

  it("a question that need not be answered", () => {
    const required = (step: object) =>
      Object(show([{ type: "survey", id: "why", ...step } as Step])[0]).required;
    assert.equal(required({ reasons: [{ id: "a" }], required: false }), false);
    assert.equal(required({ reasons: [] }), false);
  });

  it("the last question says when, as the server ends it where it does", () => {
    const step: Step = { type: "confirm", id: "sure", effective: "period_end", confirmLabel: "End" };
    const shown = { id: "sure", type: "confirm", ...silent, confirm_label: "End", keep_label: null };
    assert.deepEqual(show([step]), [{ ...shown, effective: "period_end" }]);
    assert.deepEqual(show([step], "immediately"), [{ ...shown, effective: "immediately" }]);
  });

  it("an offer's own words, where its step has none", () => {
    const offer: Offer = { ...byPercent, title: "Offer", body: "Body" };
    const [step] = show([{ type: "offer", id: "deal", title: "Step", offer }]);
    assert.deepEqual([step?.title, step?.body], ["Step", "Body"]);
  });

  it("every other step", () => {
    const steps = show([
      { type: "feedback", id: "more", label: "Tell us", minLength: 5 },
      { type: "losses", id: "lost", items: ["Files"] },
      { type: "custom", id: "own", name: "quiz", data: { a: 1 }, required: true },
      { type: "success", id: "bye", retained: { title: "Thanks" } },
    ]);
    assert.deepEqual(steps, [
      { id: "more", type: "feedback", ...silent, label: "Tell us", required: false, min_length: 5 },
      { id: "lost", type: "losses", ...silent, items: ["Files"] },
      { id: "own", type: "custom", ...silent, name: "quiz", data: { a: 1 }, required: true },
      { id: "bye", type: "success", ...silent, saved: { title: "Thanks", body: null }, canceled: null },
    ]);
  });
});

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { addMonths } from "../../../src/flow/offers.ts";
import { assertAlike, type Fixtures, type Suite, type Terms } from "./provider-harness.ts";

const DAY = 86_400_000;
const off = { type: "discount", percentOff: 25, currency: "usd" } as const;

interface Case {
  of: (fixtures: Fixtures) => string;
  terms: (fixtures: Fixtures, now: number) => Terms;
  /** What was done to it before. */
  after?: (fixtures: Fixtures, now: number) => Terms;
  /** Days that pass then. */
  passes?: number;
  /** With which the payment method is replaced before. */
  pays?: "good";
  /** Whether something is charged at once. */
  charges?: true;
}

const change = (price: "cheaper" | "annual", charge: "now" | "renewal") => (fixtures: Fixtures) =>
  ({ type: "change_price", priceId: fixtures.prices[price], charge }) as const;
const pauseFor = (days: number) => (_: Fixtures, now: number) =>
  ({ type: "pause", resumesAt: now + days * DAY }) as const;
const leave = (effective: "period_end" | "immediately") => () => ({ type: "cancel", effective }) as const;

const cases: Record<string, Case> = {
  "a discount for once": { of: (all) => all.monthly, terms: () => ({ ...off, duration: "once" }) },
  "a discount for months": {
    of: (all) => all.monthly,
    terms: () => ({ ...off, duration: "repeating", months: 4 }),
  },
  "a discount for good": { of: (all) => all.trialing, terms: () => ({ ...off, duration: "forever" }) },
  "a promo code": {
    of: (all) => all.monthly,
    terms: ({ codes }) => ({ type: "promo_code", code: codes.percent }),
  },
  "a pause": { of: (all) => all.monthly, terms: pauseFor(90) },
  "another end of a pause": { of: (all) => all.paused, terms: pauseFor(200) },
  "the end of a pause": { of: (all) => all.monthly, after: pauseFor(90), terms: () => ({ type: "resume" }) },
  "the end of a pause that is longer than what is paid for": {
    of: (all) => all.monthly,
    after: pauseFor(90),
    passes: 40,
    terms: () => ({ type: "resume" }),
    charges: true,
  },
  "a longer trial": {
    of: (all) => all.trialing,
    terms: (_, now) => ({ type: "extend_trial", trialEnd: addMonths(now, 2) }),
  },
  "another price at renewal": { of: (all) => all.monthly, terms: change("cheaper", "renewal") },
  "another price in a trial": { of: (all) => all.trialing, terms: change("cheaper", "now") },
  "another price now": { of: (all) => all.monthly, terms: change("annual", "now"), charges: true },
  "another price now, with a discount for once": {
    of: (all) => all.monthly,
    after: () => ({ ...off, duration: "once" }),
    terms: change("annual", "now"),
    charges: true,
  },
  "another price now, for less than the credit": {
    of: (all) => all.monthly,
    after: change("annual", "now"),
    terms: change("cheaper", "now"),
  },
  "another price now, counted from a while ago": {
    of: (all) => all.monthly,
    terms: (all, now) => ({
      type: "change_price",
      priceId: all.prices.annual,
      charge: "now",
      asOf: now - 600_000,
    }),
    charges: true,
  },
  "a cancellation": { of: (all) => all.several, terms: leave("period_end") },
  "a cancellation at once": { of: (all) => all.discounted, terms: leave("immediately") },
  "a cancellation that is undone": {
    of: (all) => all.cancelling,
    terms: () => ({ type: "undo_cancellation" }),
  },
  "a payment that is tried again": {
    of: (all) => all.pastDue,
    pays: "good",
    terms: () => ({ type: "retry_payment" }),
    charges: true,
  },
};

/** What is announced is what happens. */
export function previewsSuite(suite: Suite): void {
  const { act, preview, read, books } = suite;

  describe("a preview says what happens, and changes nothing:", () => {
    for (const [name, { of, terms, after, passes, pays, charges }] of Object.entries(cases)) {
      it(name, async () => {
        const { fixtures, provider } = suite;
        const id = of(fixtures);
        if (pays) await suite.payWith((await read(id)).customerId, pays);
        if (after) await act(id, after(fixtures, await provider.now()));
        if (passes) await suite.advance((await provider.now()) + passes * DAY);
        const [before, paid] = [await read(id), await books(id)];
        const asked = terms(fixtures, await provider.now());
        const { dueNow, subscription } = await preview(id, asked);
        assert.deepEqual(await read(id), before);
        assert.deepEqual(await books(id), paid);
        assert.equal(dueNow > 0, charges === true);
        assertAlike(await act(id, asked), subscription);
        assert.equal((await books(id)).paid - paid.paid, dueNow);
      });
    }

    it("a late cancellation gives back and charges nothing", async () => {
      const { monthly } = suite.fixtures;
      const { at } = await suite.charge(monthly);
      const terms = { type: "cancel", effective: "period_end", requestedAt: at - 1 } as const;
      const { dueNow, subscription } = await preview(monthly, terms);
      assert.equal(dueNow, 0);
      assertAlike(await act(monthly, terms), subscription);
    });

    it("once for all who look", async () => {
      const terms = { type: "promo_code", code: suite.fixtures.codes.percent } as const;
      const [first, ...others] = await Promise.all(
        Array.from({ length: 20 }, () => preview(suite.fixtures.monthly, terms)),
      );
      for (const each of others) assertAlike(each, first);
    });
  });
}

/** What a change means for billing, and when something else has been seen than what would happen. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { HubActions, Interval, Price } from "../../../src/api/wire.ts";
import type { BilledSubscription } from "../../src/billing/provider.ts";
import { billingAction, isAsSeen, PREVIEW_TTL } from "../../src/domain/change-terms.ts";
import { NOW } from "../harness.ts";
import { config } from "../store/rows.ts";

const price = (amount: number, interval: Interval, intervalCount = 1): Price => ({
  id: `${amount}/${intervalCount}${interval}`,
  amount,
  currency: "usd",
  interval,
  intervalCount,
});

/** When a plan at the second price takes the place of one at the first. */
function startOf(present: Price, next: Price, status: BilledSubscription["status"] = "active") {
  const subscription = { ...config.subscription, status, price: present } as BilledSubscription;
  const actions: HubActions = { plan_change: { plans: [{ price: next, name: "Next" }] } };
  const action = billingAction(actions, subscription, { type: "plan_change", priceId: next.id }, NOW);
  assert.ok(action.type === "change_price" && action.priceId === next.id);
  if (action.charge === "now") assert.equal(action.asOf, NOW);
  return action.charge;
}

describe("The start of another plan", () => {
  const table: [Price, Price, "now" | "renewal"][] = [
    [price(1900, "month"), price(1901, "month"), "now"],
    [price(1900, "month"), price(1900, "month"), "renewal"],
    [price(1900, "month"), price(1899, "month"), "renewal"],
    [price(1900, "month"), price(19_000, "year"), "now"],
    [price(1900, "month"), price(5000, "month", 3), "now"],
    [price(1000, "week"), price(1000, "month"), "now"],
    [price(100, "day"), price(100, "week"), "now"],
    // The rest of a year is used up first, whatever comes after it.
    [price(19_000, "year"), price(1900, "month"), "renewal"],
    [price(5000, "month", 3), price(1900, "month"), "renewal"],
    [price(19_000, "year"), price(900, "month"), "renewal"],
    [price(12_000, "year"), price(12_000, "month", 12), "renewal"],
    [price(12_000, "month", 12), price(12_000, "year"), "renewal"],
    [price(24_000, "month", 12), price(12_000, "year"), "renewal"],
    [price(12_000, "month", 11), price(12_000, "year"), "now"],
  ];
  for (const [present, next, start] of table) {
    it(`${present.id} to ${next.id}: ${start}`, () => assert.equal(startOf(present, next), start));
  }
  it("is at once in a trial", () => {
    assert.equal(startOf(price(1900, "month"), price(900, "month"), "trialing"), "now");
  });
});

describe("What was seen", () => {
  const seen = {
    at: 5,
    dueNow: 1900,
    subscription: {
      id: "sub_1",
      periodEnd: NOW,
      plan: { features: ["a", "b"] },
      nextCharge: { amount: 1900, at: NOW },
      pausedUntil: NOW,
      nested: { isLate: true },
    },
  };
  const { subscription } = seen;
  const equals = (present: unknown) => isAsSeen(seen, JSON.parse(JSON.stringify(present)));

  it("is what would happen, where all is equal", () => assert.equal(equals(seen), true));

  for (const by of [PREVIEW_TTL, -PREVIEW_TTL]) {
    it(`may differ by ${by} ms in instants, and by no more`, () => {
      for (const name of ["periodEnd", "pausedUntil"] as const) {
        const moved = (ms: number) =>
          equals({ ...seen, subscription: { ...subscription, [name]: NOW + ms } });
        assert.deepEqual([moved(by), moved(by + Math.sign(by))], [true, false], name);
      }
      const moved = (ms: number) =>
        equals({ ...seen, subscription: { ...subscription, nextCharge: { amount: 1900, at: NOW + ms } } });
      assert.deepEqual([moved(by), moved(by + Math.sign(by))], [true, false]);
    });
  }

  const others: [string, object][] = [
    ["another sum", { ...seen, dueNow: 1901 }],
    ["a sum as text", { ...seen, dueNow: "1900" }],
    ["an instant as text", { ...seen, at: "5" }],
    ["less", { dueNow: 1900, subscription }],
    ["more", { ...seen, currency: "usd" }],
    ["another name", { at: 5, due: 1900, subscription }],
    ["one feature less", { ...seen, subscription: { ...subscription, plan: { features: ["a"] } } }],
    ["another order", { ...seen, subscription: { ...subscription, plan: { features: ["b", "a"] } } }],
    [
      "a list as an object",
      { ...seen, subscription: { ...subscription, plan: { features: { 0: "a", 1: "b" } } } },
    ],
    ["null", { ...seen, subscription: null }],
  ];
  for (const [name, other] of others) {
    it(`is something else with ${name}`, () => {
      assert.equal(equals(other), false);
      assert.equal(isAsSeen(JSON.parse(JSON.stringify(other)), seen), false);
    });
  }
});

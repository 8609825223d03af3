/** Whatever goes wrong between a server and Stripe while a customer decides in a flow: once, and said as it is. */

import { half, offering } from "../flows/fixtures.ts";
import { DAY, MINUTE } from "../harness.ts";
import { moveClock } from "./fixtures.ts";
import { type Case, TODAY } from "./last-steps.ts";
import { survives } from "./survival.ts";

type Decide = NonNullable<Case["flow"]>["decide"];

const accept: Decide = (visit) => visit.act({ type: "accept" });
const leave: Decide = (visit) => visit.act({ type: "confirm" });

const ends = (effective: "period_end" | "immediately") => ({
  definition: () => ({ name: "End", steps: [{ type: "confirm", id: "confirm", effective }] }),
  decide: leave,
});

const lateBy = (ms: number) =>
  ({
    before: ({ advance }) => advance(TODAY.nextCharge - DAY),
    meanwhile: ({ advance }) => advance(TODAY.nextCharge + ms),
  }) satisfies Partial<Case>;

survives({
  "a discount": {
    of: (all) => all.monthly,
    flow: { definition: () => offering(half), decide: accept },
  },
  "a pause": {
    of: (all) => all.monthly,
    flow: {
      definition: () => offering({ type: "pause", id: "pause", months: [1, 2] }),
      decide: (visit) => visit.choose({ months: 2 }).act({ type: "accept" }),
    },
  },
  "a pause that stops the service": {
    settings: { pause: "subscription" },
    of: (all) => all.monthly,
    flow: {
      definition: () => offering({ type: "pause", id: "pause", months: [1, 2] }),
      decide: (visit) => visit.choose({ months: 2 }).act({ type: "accept" }),
    },
  },
  "another plan from the next charge on": {
    of: (all) => all.monthly,
    flow: {
      definition: ({ prices }) =>
        offering({ type: "plan_change", id: "basic", plans: [{ priceId: prices.cheaper }] }),
      decide: (visit, { prices }) => visit.choose({ priceId: prices.cheaper }).act({ type: "accept" }),
    },
  },
  "the yearly plan, charged now": {
    of: (all) => all.monthly,
    flow: { definition: () => offering({ type: "annual_switch", id: "annual" }), decide: accept },
  },
  "a longer trial": {
    of: (all) => all.trialing,
    flow: { definition: () => offering({ type: "trial_extension", id: "longer", days: 14 }), decide: accept },
  },
  "a cancellation": { of: (all) => all.monthly, flow: ends("period_end") },
  "a cancellation at once": { of: (all) => all.monthly, flow: ends("immediately") },
  "a cancellation of what has another plan to come": {
    of: (all) => all.monthly,
    before: ({ provider, fixtures }, subscriptionId) =>
      provider.execute(
        { type: "change_price", subscriptionId, priceId: fixtures.prices.cheaper, charge: "renewal" },
        "before",
      ),
    flow: ends("period_end"),
  },
  "a cancellation that arrives after a renewal": {
    of: (all) => all.monthly,
    ...lateBy(DAY),
    flow: ends("period_end"),
  },
  "a cancellation that arrives while the renewal is a draft": {
    of: (all) => all.monthly,
    ...lateBy(DAY),
    meanwhile: ({ stripe, double }, id) => {
      const { test_clock: clock } = double.state.get("subscriptions", id);
      return moveClock(stripe, clock as string, TODAY.nextCharge + MINUTE);
    },
    flow: ends("period_end"),
  },
});

/** Whatever goes wrong between a server and Stripe while a customer changes something in a hub. */
import type { BillingAction } from "../../src/billing/provider.ts";
import type { Terms } from "../billing/provider-harness.ts";
import { DAY } from "../harness.ts";
import type { DoubleHarness } from "./harness.ts";
import { TODAY } from "./last-steps.ts";
import { survives } from "./survival.ts";

const act = ({ provider }: DoubleHarness, subscriptionId: string, terms: Terms, key = "before") =>
  provider.execute({ ...terms, subscriptionId } as BillingAction, key);

const planCheaper = (harness: DoubleHarness, id: string) =>
  act(
    harness,
    id,
    { type: "change_price", priceId: harness.fixtures.prices.cheaper, charge: "renewal" },
    "planned",
  );

const pauseFor = (days: number) => (harness: DoubleHarness, id: string) =>
  act(harness, id, { type: "pause", resumesAt: TODAY.now + days * DAY });

survives({
  "a promo code": {
    of: (all) => all.monthly,
    change: ({ codes }) => ({ type: "promo_code", code: codes.percent }),
  },
  "a promo code beside another plan to come": {
    of: (all) => all.monthly,
    before: planCheaper,
    change: ({ codes }) => ({ type: "promo_code", code: codes.percent }),
  },
  "the end of a pause inside what is paid for": {
    of: (all) => all.monthly,
    before: pauseFor(60),
    change: () => ({ type: "resume" }),
  },
  "the end of a pause beyond what is paid for": {
    of: (all) => all.monthly,
    before: async (harness, id) => {
      await pauseFor(80)(harness, id);
      await harness.advance(TODAY.nextCharge + 14 * DAY);
    },
    change: () => ({ type: "resume" }),
  },
  "a longer pause": {
    of: (all) => all.monthly,
    before: pauseFor(40),
    change: () => ({ type: "extend_pause", choice: { months: 3 } }),
  },
  "a cancellation taken back, with another plan to come": {
    of: (all) => all.monthly,
    before: async (harness, id) => {
      await planCheaper(harness, id);
      await act(harness, id, { type: "cancel", effective: "period_end" });
    },
    change: () => ({ type: "undo_cancellation" }),
  },
  "two open invoices": {
    of: (all) => all.pastDue,
    before: async ({ provider, advance, payWith }, id) => {
      const found = await provider.subscription(id);
      await advance(found?.nextCharge?.at ?? 0);
      await payWith(found?.customerId ?? "", "good");
    },
    change: () => ({ type: "retry_payment" }),
  },
  "a dearer plan, charged now": {
    of: (all) => all.monthly,
    change: ({ team }) => ({ type: "plan_change", priceId: team }),
  },
  "a dearer plan in place of the one to come": {
    of: (all) => all.monthly,
    before: planCheaper,
    change: ({ team }) => ({ type: "plan_change", priceId: team }),
  },
  "the present plan in place of the one to come": {
    of: (all) => all.monthly,
    before: planCheaper,
    change: ({ present }) => ({ type: "plan_change", priceId: present }),
  },
});

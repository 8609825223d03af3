/** What tests of the adapter work with that look behind it: the provider's suite, and the double that it talks to. */
import type Stripe from "stripe";
import type { StripeSettings } from "../../src/billing/stripe/model.ts";
import type { StripeDouble } from "../stripe/double.ts";
import { DAYS } from "../stripe/fixtures.ts";
import { type DoubleHarness, onDouble } from "../stripe/harness.ts";
import { type Suite, useHarness } from "./provider-harness.ts";

export interface StripeBench {
  suite: Suite;
  readonly stripe: Stripe;
  readonly double: StripeDouble;
}

/** Within a `describe`. */
export function useStripe(settings: StripeSettings = {}): StripeBench {
  const make = onDouble(DAYS.everyMonth, settings);
  let harness: DoubleHarness | undefined;
  const opened = () => {
    if (!harness) throw new Error("Only within a test");
    return harness;
  };
  const suite = useHarness(async () => {
    harness = await make();
    return harness;
  });
  return {
    suite,
    get stripe() {
      return opened().stripe;
    },
    get double() {
      return opened().double;
    },
  };
}

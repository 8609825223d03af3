/** Whether an account has what customers are shown: a page for their card, plans, and customers that are not on a clock of their own. */
import Stripe from "stripe";
import { isPerUnit } from "./catalogue.ts";
import { type Finding, lacks, note, ok, unanswered } from "./finding.ts";
import type { StripeSettings } from "./model.ts";

const { StripePermissionError, StripeInvalidRequestError } = Stripe.errors;

export async function checkPortal(stripe: Stripe, { portalConfiguration }: StripeSettings): Promise<Finding> {
  const about = "customer portal";
  const where = "https://dashboard.stripe.com/settings/billing/portal";
  try {
    const configuration = portalConfiguration
      ? await stripe.billingPortal.configurations.retrieve(portalConfiguration)
      : (await stripe.billingPortal.configurations.list({ is_default: true, active: true, limit: 1 }))
          .data[0];
    if (!configuration)
      return lacks(
        about,
        "it was never set up: there is no page for another payment method",
        `save ${where}`,
      );
    if (!configuration.active || !configuration.features.payment_method_update.enabled)
      return lacks(
        about,
        `${configuration.id} does not let customers change their payment method`,
        `allow it at ${where}`,
      );
    return ok(about, `${configuration.id} lets customers change their payment method`);
  } catch (error) {
    if (error instanceof StripePermissionError)
      return lacks(about, "this key may not look", "allow Customer portal");
    if (portalConfiguration && error instanceof StripeInvalidRequestError)
      return lacks(
        about,
        `there is no configuration ${portalConfiguration}`,
        "name another with renumerate stripe set; each mode has its own",
      );
    return unanswered(about, error);
  }
}

/** Whether a customer could be moved to it. */
const isPlan = (price: Stripe.Price): boolean =>
  price.recurring?.usage_type === "licensed" && isPerUnit(price);

export async function checkPrices(stripe: Stripe): Promise<Finding> {
  const about = "prices";
  try {
    const { data, has_more } = await stripe.prices.list({ active: true, type: "recurring", limit: 100 });
    const plans = data.filter(isPlan).length;
    const others = data.length - plans;
    const says = `${plans}${has_more ? " or more" : ""} can be plans${others ? `; ${others} are metered or tiered, and nobody is offered them` : ""}`;
    return plans
      ? ok(about, says)
      : note(about, says, "without prices that recur there is no plan to change to");
  } catch (error) {
    if (error instanceof StripePermissionError)
      return lacks(about, "this key may not look", "allow Prices: Read");
    return unanswered(about, error);
  }
}

/** Test clocks are counted as far as this: who has more has asked for trouble of another kind. */
const CLOCKS = 20;

/** Customers on a test clock are not there for us, unless it is the one of the settings; then only its own are. */
export async function checkClocks(stripe: Stripe, { testClock }: StripeSettings): Promise<Finding[]> {
  const about = "test clocks";
  try {
    const { data } = await stripe.testHelpers.testClocks.list({ limit: CLOCKS });
    const findings: Finding[] = [];
    if (testClock) {
      const clock = await stripe.testHelpers.testClocks.retrieve(testClock);
      findings.push(
        clock.status === "ready"
          ? ok(
              "test clock",
              `${testClock} stands at ${new Date(clock.frozen_time * 1000).toISOString()}; only its customers are seen`,
            )
          : note("test clock", `${testClock} is ${clock.status}`, "wait until it is ready"),
      );
    }
    let hidden = 0;
    for (const { id } of data) {
      if (id === testClock) continue;
      hidden += (await stripe.customers.list({ test_clock: id, limit: 100 })).data.length;
    }
    if (hidden)
      findings.push(
        note(
          about,
          `${hidden} customers are on a test clock and are not seen`,
          "name the clock with renumerate stripe set to work with them",
        ),
      );
    return findings;
  } catch (error) {
    if (error instanceof StripePermissionError) return [note(about, "this key may not look")];
    if (testClock && error instanceof StripeInvalidRequestError)
      return [
        lacks(
          "test clock",
          `there is no ${testClock}: Stripe deletes them after 30 days`,
          "take it out with renumerate stripe set",
        ),
      ];
    return [unanswered(about, error)];
  }
}

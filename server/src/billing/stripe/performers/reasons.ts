/** Why somebody leaves, in Stripe's words. */
import type Stripe from "stripe";
import { type Action, FEEDBACK, type Feedback, type StripeSettings } from "../model.ts";

/** Of the reasons that flows begin with, those that Stripe calls otherwise. */
const ALSO_CALLED: Readonly<Record<string, Feedback>> = {
  not_using: "unused",
  switching: "switched_service",
  technical_issues: "low_quality",
};
const LONGEST_COMMENT = 5000;

const own = <Value>(table: Readonly<Record<string, Value>>, name: string): Value | undefined =>
  Object.hasOwn(table, name) ? table[name] : undefined;

export const feedbackOf = (reason: string, { feedback = {} }: StripeSettings): Feedback =>
  own(feedback, reason) ?? FEEDBACK.find((each) => each === reason) ?? own(ALSO_CALLED, reason) ?? "other";

type Details = Pick<Stripe.SubscriptionUpdateParams, "cancellation_details">;

/** Nothing where nothing was said. */
export function detailsOf(
  { reason, comment }: Pick<Action<"cancel">, "reason" | "comment">,
  settings: StripeSettings,
): Details {
  if (reason === undefined && !comment) return {};
  return {
    cancellation_details: {
      ...(reason === undefined ? {} : { feedback: feedbackOf(reason, settings) }),
      ...(comment ? { comment: [...comment].slice(0, LONGEST_COMMENT).join("") } : {}),
    },
  };
}

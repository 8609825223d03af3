/** What a business decides about its Stripe account. Keys and secrets are no part of it: they stay in the environment. */
import { z } from "zod";
import type { Feedback } from "../billing/stripe/model.ts";

/** Stripe's words for why somebody leaves, each once. */
const FEEDBACK = {
  customer_service: true,
  low_quality: true,
  missing_features: true,
  other: true,
  switched_service: true,
  too_complex: true,
  too_expensive: true,
  unused: true,
} satisfies Record<Feedback, true>;

const shared = {
  pause: z.enum(["collection", "subscription"]).optional(),
  feedback: z
    .record(
      z.string().regex(/^[a-z0-9_-]{1,64}$/, "the id of a reason"),
      z.enum(Object.keys(FEEDBACK) as [Feedback, ...Feedback[]]),
    )
    .refine((map) => Object.keys(map).length <= 100, "at most 100 reasons")
    .optional(),
  portalConfiguration: z
    .string()
    .regex(/^bpc_\w{1,64}$/, "the id of a configuration of the customer portal: bpc_…")
    .optional(),
};

export const StripeDefinition = z.strictObject(
  {
    ...shared,
    /** What is different there; a test clock is only known in test mode. */
    sandbox: z
      .strictObject({
        ...shared,
        testClock: z
          .string()
          .regex(/^clock_\w{1,64}$/, "the id of a test clock: clock_…")
          .optional(),
      })
      .optional(),
  },
  {
    // Live mode has no test clocks: there it would hide every customer.
    error: (issue) =>
      issue.code === "unrecognized_keys" && issue.keys.includes("testClock")
        ? "testClock only within sandbox"
        : undefined,
  },
);

export type StripeDefinition = z.output<typeof StripeDefinition>;

/**
 * Links to a hosted flow: a business's server makes one, its customer comes back with a signed result. Requests are those
 * of RetentBase's API, in camelCase; answers are in snake_case, as there. What a request holds beyond that is ignored.
 */
import { z } from "zod";
import { instant, line, metadata, mrr } from "./fields.ts";

const Environment = z.enum(["prod", "sandbox"]);
const Outcome = z.enum(["churned", "recovered", "abandoned"]);
const Status = z.enum(["requested", "done"]);
const date = z.string().meta({ format: "date-time" });
const Flat = z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()]));

export const CancelLinkRequest = z
  .looseObject({
    userId: line(255, 1).describe("Customer, by the id that your system has for them; `sub` of the result"),
    returnUrl: z
      .string()
      .min(1)
      .optional()
      .describe(
        "Where the customer comes back to, on a host that the workspace lists; the workspace's own unless said otherwise. " +
          "At most 2048 characters as browsers write it, https, no fragment. A query is kept",
      ),
    environment: Environment.optional().describe(
      "`prod` unless said otherwise; a key of the sandbox makes links for it",
    ),
    context: z
      .object({
        plan: line(255).optional().describe("As the customer knows it; shown in the flow"),
        mrr: mrr
          .optional()
          .describe(
            "What a month costs, in units of the workspace's currency such as 129.99. Without it no discount is offered",
          ),
        tenureDays: z.int().min(0).max(100_000).optional(),
        periodEnd: instant
          .optional()
          .describe("Until when it is paid for; shown in the flow. RetentBase does not know this field"),
      })
      .optional()
      .describe("What there is to know of the subscription, where your own system bills it"),
    locale: z
      .string()
      .max(255)
      .optional()
      .describe(
        "BCP 47: the customer's language, in place of the browser's. Anything else counts as none. RetentBase does not know this field",
      ),
    metadata: metadata
      .optional()
      .describe("Usable in the conditions and texts of flows as `attributes.<key>`"),
    customerId: line(255, 1)
      .optional()
      .describe(
        "The customer's id at the billing provider that this server is connected to: what is decided is then carried out " +
          "there, and `context` means nothing. RetentBase does not know this field",
      ),
    subscriptionId: line(255, 1)
      .optional()
      .describe("With `customerId`: which of their subscriptions, if they have several"),
  })
  .meta({ id: "CancelLinkRequest" });

export const CancelLinkResponse = z
  .object({
    url: z.string().describe("Send the customer's browser there, and nobody else's"),
    expires_at: date,
    environment: Environment,
    session_id: z.string().describe("`cs_…`, for diagnostics"),
  })
  .meta({ id: "CancelLinkResponse" });

const offerFields = {
  type: z.string().describe("`none`, `discount`, `pause`; of other offers the word that flows have for it"),
  accepted: z.boolean(),
};
const Terms = z
  .record(z.string(), z.union([z.string(), z.number()]))
  .describe("What the customer was promised; amounts in minor units, instants as ISO 8601");

export const CancelSession = z
  .object({
    session_id: z.string(),
    environment: Environment,
    user_id: z.string(),
    customer_id: z.string().nullable().describe("At billing, where it is carried out there"),
    subscription_id: z.string().nullable(),
    status: z.enum(["created", "opened", "completed", "expired"]),
    outcome: Outcome.nullable(),
    reason_key: z.string().nullable(),
    offer: z.object({
      ...offerFields,
      label: z.string().nullable(),
      id: z.string().nullable(),
      terms: Terms.nullable(),
    }),
    return_url: z.string(),
    context: z.object({
      plan: z.string().nullable(),
      mrr: z.number().nullable(),
      tenureDays: z.int().nullable(),
      periodEnd: date.nullable(),
    }),
    metadata: Flat,
    created_at: date,
    opened_at: date.nullable(),
    completed_at: date.nullable(),
    expires_at: date,
    result_token: z.object({
      issued: z.boolean(),
      status: Status.nullable().describe("As the token says it; null before one was made"),
      issued_at: date.nullable(),
      verified_at: date.nullable(),
    }),
    events: z
      .array(z.object({ type: z.string(), at: date }))
      .describe(
        "In order: `link_created`, `opened`, what the customer did in the flow, `completed`, `result_issued`, `result_verified`",
      ),
  })
  .meta({ id: "CancelSession", description: "What has become of a link. It never holds a token" });

export const CancelSessionAddress = z.object({ id: z.string() });
export const CancelSessionQuery = z.object({
  environment: Environment.optional().describe(
    "A session of the other one is then a conflict, and for a key of the sandbox not found",
  ),
});

export const ResultVerification = z
  .object({
    token: z.string().describe("`ci_result_token` of the return URL's fragment"),
    environment: Environment.optional().describe("The one that the result must be of; as in other requests"),
  })
  .meta({ id: "ResultVerification" });

export const VerifiedResult = z
  .object({
    valid: z.literal(true),
    iss: z.string(),
    aud: z.string().describe("The workspace"),
    sub: z.string().describe("`userId` of the link: compare it with who is signed in"),
    sid: z.string().describe("The session"),
    env: Environment,
    outcome: Outcome,
    status: Status.describe(
      "`requested`: billing was asked and had not answered yet, and the token will not say more. Always `done` where you bill",
    ),
    reason_key: z.string().nullable(),
    offer: z.object({
      ...offerFields,
      label: z.string().optional(),
      id: z.string().optional(),
      terms: Terms.optional(),
    }),
    iat: z.int(),
    exp: z.int(),
    jti: z.string().describe("The same each time that the result of one link is given out"),
    verified_before: z.boolean().describe("Whether this result was verified here before; act on it once"),
  })
  .meta({ id: "VerifiedResult", description: "The claims of the token" });

/** What the hosted page believes to have happened, and whether it will wait no longer. */
export const ReturnRequest = z.strictObject({
  outcome: z.enum(["retained", "cancelled", "abandoned"]),
  final: z.boolean().optional(),
});

export type CancelLinkRequest = z.output<typeof CancelLinkRequest>;
export type CancelLinkResponse = z.output<typeof CancelLinkResponse>;
export type CancelSession = z.output<typeof CancelSession>;
export type ResultVerification = z.output<typeof ResultVerification>;
export type VerifiedResult = z.output<typeof VerifiedResult>;
export type ReturnRequest = z.output<typeof ReturnRequest>;

/**
 * Retainly's flow endpoints: a page or a server with screens of its own walks through a flow. Everything in snake_case, amounts
 * in minor units. What a request holds beyond that is ignored; what an answer has no words for is null.
 */
import { z } from "zod";
import { line, metadata } from "./fields.ts";
import { workspaceQuery } from "./scope.ts";

const text = z.string().nullable();

export const FlowQuery = z.object({
  environment: z
    .enum(["prod", "sandbox"])
    .optional()
    .describe(
      "For callers with a secret key: `prod` unless said otherwise, and what the key is for. A session id brings its own. Retainly does not know it",
    ),
  ...workspaceQuery,
});

const sessionId = line(64, 1).describe("From `POST /api/flows/start`, or of a widget");

export const FlowStartRequest = z
  .object({
    subscription_id: line(255, 1),
    customer_id: line(255, 1),
    email: line(320).nullish().describe("Kept where billing knows none; of callers with a secret key alone"),
    metadata: metadata
      .nullish()
      .describe("Flat; kept with what becomes of this visit; of callers with a secret key alone"),
  })
  .meta({ id: "FlowStartRequest" });

export type FlowStartRequest = z.output<typeof FlowStartRequest>;

const isObject = (given: unknown): given is Record<string, unknown> =>
  typeof given === "object" && given !== null && !Array.isArray(given);

/** Every key of it is kept; a record of zod's would leave out `__proto__` without a word. */
const object = z
  .unknown()
  .meta({ type: "object", additionalProperties: true })
  .transform((given, context): Record<string, unknown> => {
    if (isObject(given)) return given;
    context.addIssue({ code: "custom", message: "an object", input: given });
    return z.NEVER;
  });

const value = z.record(z.string(), z.unknown());

const Offer = z.object({
  type: z.string().describe("`discount`, `pause`, `downgrade`, `annual_switch`, or a word of our own"),
  value: value
    .nullable()
    .describe("`offer_value` of a save; null where the customer picks one of the `choices`"),
  choices: z
    .array(z.object({ label: text.describe("Of a plan: its name"), value }))
    .optional()
    .describe("What the customer may pick, where there is something to pick"),
  until: z
    .object({ min: z.string(), max: z.string() })
    .optional()
    .describe(
      "Of a pause that may end at an instant of the customer's choice: the first and the last. Sent as `{until}`, in UTC with milliseconds",
    ),
});

const head = { id: z.string(), title: text, body: text };
const freeText = z.enum(["none", "optional", "required"]);

export const FlowStep = z
  .discriminatedUnion("type", [
    z.object({
      ...head,
      type: z.literal("survey"),
      required: z.boolean(),
      reasons: z.array(
        z.object({
          key: z.string(),
          label: text.describe("Null: the flow leaves the words to who shows it"),
          offer_step: z.string().optional().describe("The step to show after this reason"),
          free_text: freeText,
          free_text_label: text,
        }),
      ),
    }),
    z.object({
      ...head,
      type: z.literal("offer"),
      offer: Offer,
      accept_label: text,
      decline_label: text,
      show_if: z
        .object({ reason_in: z.array(z.string()) })
        .optional()
        .describe("Only after one of these reasons"),
    }),
    z.object({
      ...head,
      type: z.literal("confirm"),
      effective: z.enum(["period_end", "immediately"]),
      confirm_label: text,
      keep_label: text,
    }),
    z.object({
      ...head,
      type: z.literal("feedback"),
      label: text,
      required: z.boolean(),
      min_length: z.int().nullable(),
    }),
    z.object({ ...head, type: z.literal("losses"), items: z.array(z.string()) }),
    z.object({
      ...head,
      type: z.literal("success"),
      saved: z.object({ title: text, body: text }).nullable(),
      canceled: z.object({ title: text, body: text }).nullable(),
    }),
    z.object({
      ...head,
      type: z.literal("custom"),
      name: z.string(),
      data: z.unknown(),
      required: z.boolean(),
    }),
  ])
  .meta({ id: "FlowStep" });

export type FlowStep = z.output<typeof FlowStep>;

export const FlowStarted = z
  .object({
    session_id: z.string(),
    flow: z.object({ id: z.string(), version: z.int(), steps: z.array(FlowStep) }),
  })
  .meta({ id: "FlowStarted" });

export type FlowStarted = z.output<typeof FlowStarted>;

export const FlowSaveRequest = z
  .object({
    session_id: sessionId,
    offer_accepted: line(64, 1).describe(
      "`type` of the offer; `annual` and `plan_change` are understood, too",
    ),
    offer_value: object.describe(
      "As the step has it, without anything else: `{percent, duration_months}`, `{months}`, `{price_id}`, …",
    ),
  })
  .meta({ id: "FlowSaveRequest" });

export type FlowSaveRequest = z.output<typeof FlowSaveRequest>;

export const FlowSaved = z
  .union([
    z.object({
      success: z.literal(true),
      stripe: z.object({
        success: z.boolean().describe("Whether billing has carried it out"),
        skipped: z.literal(true).optional().describe("Billing has no part in this offer"),
        pending: z.literal(true).optional().describe("Billing has not answered yet. It will be carried out"),
      }),
      saved_mrr_cents: z.int(),
    }),
    z.object({
      success: z.literal(false),
      stripe: z.object({
        success: z.literal(false),
        error: z.object({ code: z.string(), message: z.string() }),
      }),
    }),
  ])
  .meta({ id: "FlowSaved" });

export type FlowSaved = z.output<typeof FlowSaved>;

export const FlowCancelRequest = z
  .object({
    session_id: sessionId,
    reason: z
      .string()
      .nullish()
      .describe("A reason's `key`. What the workspace does not know is kept as text"),
    reason_text: z.string().nullish(),
  })
  .meta({ id: "FlowCancelRequest" });

export type FlowCancelRequest = z.output<typeof FlowCancelRequest>;

/** Of what is said of an event, as JSON. */
const MOST_DATA = 4096;

/** Too deep to be written down counts as too long. */
function hasRoom(given: unknown): boolean {
  try {
    return Buffer.byteLength(JSON.stringify(given)) <= MOST_DATA;
  } catch {
    return false;
  }
}

export const FlowEventRequest = z
  .object({
    session_id: sessionId,
    event_type: z
      .string()
      .regex(/^[a-z0-9_]{1,64}$/, "1 to 64 of a-z 0-9 _")
      .describe(
        "`step_viewed`, `survey_answered`, `offer_shown`, `offer_accepted`, `offer_declined`, `flow_closed`, `flow_error`; others are stored, too",
      ),
    data: object
      .refine(hasRoom, `at most ${MOST_DATA} bytes as JSON`)
      .nullish()
      .describe(
        "`{step_id}` of a step that was viewed or an offer that was shown, `{reason, reason_text}` of an answer; 4 kB at most",
      ),
  })
  .meta({ id: "FlowEventRequest" });

export type FlowEventRequest = z.output<typeof FlowEventRequest>;

export const FlowAck = z.object({ success: z.literal(true) }).meta({ id: "FlowAck" });

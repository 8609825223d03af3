/**
 * Cancellations that a business reports: its own page asks the customer why, this is where the answer is kept. Requests
 * are those of RetentBase's API; what they hold beyond that is ignored.
 */
import { z } from "zod";
import { instant, line, metadata, mrr, prose } from "./fields.ts";

const EventId = line(255, 1)
  // An address cannot hold them: there they mean the folder, and the one above.
  .refine((id) => id !== "." && id !== "..", "no address can name it")
  .describe("Stable id from your system. The same one again is the same event.");

const environment = z
  .enum(["prod", "sandbox"])
  .optional()
  .describe("`prod` unless said otherwise; a key of the sandbox knows nothing else than `sandbox`");

/** Those of flows, and those of RetentBase, which have no hyphen. */
export const ReasonKey = z
  .string()
  .regex(/^[a-z0-9_-]{1,64}$/, "lower-case letters, digits, _ and -, 1 to 64 of them");

export const CancellationRequest = z
  .looseObject({
    environment,
    eventId: EventId,
    userId: line(255, 1).optional().describe("Customer, by the id that your system has for them"),
    reasonKey: ReasonKey.describe("One that is enabled in the workspace"),
    outcome: z
      .enum(["churned", "recovered", "abandoned"])
      .optional()
      .describe("Left out while it is pending; PATCH reports it later"),
    offer: z
      .object({
        type: z.enum(["none", "discount", "pause"]).optional().describe("`none` unless said otherwise"),
        accepted: z.boolean().optional().describe("false unless said otherwise"),
        label: line(255).optional(),
      })
      .optional()
      .describe("What the customer was offered"),
    reasonText: prose(5000).optional().describe("The customer's own words"),
    context: z
      .object({
        plan: line(255).optional(),
        mrr: mrr
          .optional()
          .describe(
            "Monthly recurring revenue, in units of the workspace's currency such as 129.99, rounded to its decimals",
          ),
        tenureDays: z.int().min(0).optional(),
      })
      .optional(),
    occurredAt: instant.optional().describe("Now unless said otherwise; not in the future"),
    metadata: metadata.optional(),
  })
  .meta({ id: "CancellationRequest", description: "A cancellation, as your own page has seen it" });

export const CancellationUpdate = z
  .looseObject({
    environment,
    outcome: z.enum(["churned", "recovered"]),
    effectiveAt: instant.optional().describe("When it takes effect"),
    metadata: metadata.optional().describe("Is added to what is there; null takes a key away"),
  })
  .meta({ id: "CancellationUpdate", description: "How a cancellation ended at billing" });

const date = z.string().meta({ format: "date-time" });
const Flat = z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()]));

export const Cancellation = z
  .object({
    object: z.literal("cancellation"),
    id: z.string().describe("`can_…`"),
    eventId: z.string(),
    environment: z.enum(["prod", "sandbox"]),
    userId: z.string().nullable(),
    reasonKey: z.string().nullable().describe("Null where a customer of a hosted flow has given none"),
    reasonText: z.string().nullable(),
    outcome: z.enum(["pending", "churned", "recovered", "abandoned"]),
    offer: z.object({
      type: z
        .string()
        .describe("`none`, `discount` or `pause`; of a hosted flow any kind of offer that flows have"),
      accepted: z.boolean(),
      label: z.string().nullable(),
    }),
    context: z.object({
      plan: z.string().nullable(),
      mrr: z.number().nullable(),
      tenureDays: z.int().nullable(),
    }),
    metadata: Flat.nullable(),
    occurredAt: date,
    effectiveAt: date.nullable(),
    createdAt: date,
    updatedAt: date,
  })
  .meta({ id: "Cancellation", description: "As it is stored. Dates are in UTC with milliseconds." });

export const CancellationHistory = Cancellation.extend({
  history: z
    .array(
      z.object({
        outcome: z.enum(["churned", "recovered", "abandoned"]),
        effectiveAt: date.nullable(),
        metadata: Flat.nullable().describe("What was sent with it"),
        at: date.describe("When it was reported"),
      }),
    )
    .describe("The latest 100 outcomes that were reported, oldest first; the last one holds"),
  historyTruncated: z.boolean().describe("Whether there are earlier ones that `history` leaves out"),
}).meta({ id: "CancellationHistory" });

export const CancellationAddress = z.object({ eventId: EventId });
export const CancellationQuery = z.object({ environment });

export type CancellationRequest = z.output<typeof CancellationRequest>;
export type CancellationUpdate = z.output<typeof CancellationUpdate>;
export type Cancellation = z.output<typeof Cancellation>;
export type CancellationHistory = z.output<typeof CancellationHistory>;

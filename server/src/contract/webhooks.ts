/** The business's own endpoints, and what is on its way to them. */
import { z } from "zod";
import { EVENT_TYPES, type EventType } from "./event-types.ts";
import { line } from "./fields.ts";
import { page, pageFields, stretch, stretchFields } from "./paging.ts";
import { scopeQuery, workspaceQuery } from "./scope.ts";

const text = z.string();
const count = z.int().min(0);
const date = text.meta({ format: "date-time" }).describe("ISO 8601, UTC");
const instant = date.nullable();

const environment = z.enum(["prod", "sandbox"]);

const ALL = "*";

/** A test is for one endpoint, whatever it asks for. */
const WEBHOOK_EVENTS = EVENT_TYPES.filter(
  (type): type is Exclude<EventType, "webhook.test"> => type !== "webhook.test",
);

const isOnce = (types: readonly string[]) => new Set(types).size === types.length;
const isPlain = (types: readonly string[]) => !types.includes(ALL) || types.length === 1;

export const WebhookEvents = z
  .array(z.enum([ALL, ...WEBHOOK_EVENTS]))
  .min(1, "at least one type")
  .max(WEBHOOK_EVENTS.length)
  .refine(isOnce, "each type once")
  .refine(isPlain, "* alone, or types")
  .describe("Types of events that it gets; `*` alone stands for all, also for those that come to be");

const isAddress = (value: string): boolean => /^https?:\/\/\S+$/i.test(value) && URL.canParse(value);

const MOST_URL = 2048;

export const WebhookUrl = line(MOST_URL, 1)
  .refine(isAddress, "an address that begins with https://")
  .meta({ format: "uri" })
  .describe("Where events are posted to: https, without a user, and of no private network");

export const WebhookDescription = line(255, 1);

export const WebhookEndpointRequest = z
  .strictObject({
    url: WebhookUrl,
    events: WebhookEvents.default([ALL]),
    description: WebhookDescription.optional(),
    environment: scopeQuery.environment,
  })
  .meta({ id: "WebhookEndpointRequest" });

export const WebhookEndpointUpdate = z
  .strictObject({
    url: WebhookUrl.optional(),
    events: WebhookEvents.optional(),
    description: WebhookDescription.nullable().optional().describe("null takes it away"),
    status: z
      .enum(["enabled", "disabled"])
      .optional()
      .describe("`disabled` gives up what is on its way as well; `enabled` begins with the next event"),
  })
  .meta({ id: "WebhookEndpointUpdate", description: "What is left out stays as it is" });

export const MOST_OVERLAP = 168;

export const SecretRotation = z
  .strictObject({
    overlap_hours: z
      .int()
      .min(0)
      .max(MOST_OVERLAP)
      .default(24)
      .describe("How long the secrets from before still sign beside the new one; 0 ends them now"),
  })
  .meta({ id: "WebhookSecretRotation" });

export const WebhookEndpoint = z
  .object({
    object: z.literal("webhook_endpoint"),
    id: text.describe("`whe_…`"),
    environment,
    url: text,
    description: text.nullable(),
    events: z.array(text),
    status: z.enum(["enabled", "disabled"]),
    disabled_reason: z
      .enum(["gone", "failing", "manual"])
      .nullable()
      .describe("`gone`: it answered 410. `failing`: for five days nothing got through. `manual`: you did"),
    disabled_at: instant,
    failing_since: instant.describe("Since when every attempt has failed"),
    previous_secret_expires_at: instant.describe(
      "Until when secrets from before sign as well; null if the present one alone does",
    ),
    created_at: date,
    updated_at: date,
  })
  .meta({ id: "WebhookEndpoint" });
export type WebhookEndpoint = z.output<typeof WebhookEndpoint>;

export const NewWebhookSecret = WebhookEndpoint.extend({
  secret: text.describe("`whsec_…`: what its messages are signed with. Shown this once"),
}).meta({ id: "WebhookEndpointWithSecret" });

export const DeletedWebhookEndpoint = WebhookEndpoint.extend({ deleted: z.literal(true) }).meta({
  id: "DeletedWebhookEndpoint",
});

export const WebhookEndpointList = z
  .object({ data: z.array(WebhookEndpoint).describe("Latest first"), ...pageFields })
  .meta({ id: "WebhookEndpointList" });

export const WebhookEndpointsQuery = z.object({ ...scopeQuery, ...page });

export const WebhookParams = z.object({ id: line(255, 1) });
export const WebhookQuery = z.object(workspaceQuery);

export const DELIVERY_STATUSES = ["pending", "succeeded", "failed", "canceled"] as const;

const DeliveryStatus = z
  .enum(DELIVERY_STATUSES)
  .describe(
    "`pending`: on its way. `failed`: nothing is tried any more. `canceled`: the endpoint was disabled",
  );

const delivery = {
  object: z.literal("webhook_delivery"),
  id: text,
  endpoint_id: text,
  event_id: text.describe("`evt_…`, which is its `webhook-id` in every attempt"),
  event_type: text,
  status: DeliveryStatus,
  attempt_count: count.describe("Attempts until now, those before it was sent again included"),
  next_attempt_at: instant.describe("null unless it is pending"),
  created_at: date,
  settled_at: instant.describe("When it stopped being pending"),
};

export const WebhookDelivery = z.object(delivery).meta({ id: "WebhookDelivery" });
export type WebhookDelivery = z.output<typeof WebhookDelivery>;

const Attempt = z
  .object({
    object: z.literal("webhook_attempt"),
    id: text,
    at: date,
    duration_ms: count,
    status: z.int().nullable().describe("Of the answer; null if there was none"),
    error: text.nullable().describe("Why it does not count; null for one that arrived"),
    response_excerpt: text.nullable().describe("How the answer began"),
  })
  .meta({ id: "WebhookAttempt" });

const SentEvent = z
  .object({ id: text, type: text, timestamp: date, workspace_id: text, data: z.unknown() })
  .describe("The body that is sent");

export const WebhookDeliveryDetails = WebhookDelivery.extend({
  attempts: z.array(Attempt).describe("Oldest first"),
  event: SentEvent,
}).meta({ id: "WebhookDeliveryDetails" });
export type WebhookDeliveryDetails = z.output<typeof WebhookDeliveryDetails>;

export const WebhookDeliveryList = z
  .object({ data: z.array(WebhookDelivery).describe("Latest first"), ...stretchFields })
  .meta({ id: "WebhookDeliveryList" });

export const WebhookDeliveriesQuery = z.object({
  status: DeliveryStatus.optional(),
  ...stretch,
  ...workspaceQuery,
});

/** https://docs.stripe.com/api/events and /webhook_endpoints */
import type Stripe from "stripe";
import { page } from "../lists.ts";
import { type Call, type Operations, Refusal } from "../state.ts";
import { idOf, isCreated, mergeMetadata, textOf } from "./parts.ts";

/** `type` may be a group: `invoice.*`. */
function fitsType(type: string, wanted: string): boolean {
  return wanted.endsWith("*") ? type.startsWith(wanted.slice(0, -1)) : type === wanted;
}

function list({ state, params }: Call<Stripe.EventListParams>): object {
  if (params.type !== undefined && params.types !== undefined) {
    throw new Refusal(400, "You may pass either type or types, but not both.", { param: "type" });
  }
  const wanted = params.types ?? (params.type === undefined ? undefined : [params.type]);
  const all = state
    .all("events")
    .filter(({ type }) => wanted === undefined || wanted.some((each) => fitsType(type, each)))
    .filter(isCreated(params.created));
  return page(all, params, "/v1/events");
}

/** The secret is told once, in the answer to this. */
function createEndpoint({ state, params }: Call<Stripe.WebhookEndpointCreateParams>): object {
  if (!/^https?:\/\//.test(params.url)) {
    throw new Refusal(400, "Invalid URL: An explicit scheme (such as https) must be provided.", {
      code: "url_invalid",
      param: "url",
    });
  }
  const id = state.newId("webhook_endpoints");
  const secret = `whsec_${id.slice(-14)}`;
  state.data.hidden[id] = { secret };
  const made = state.put("webhook_endpoints", {
    id,
    object: "webhook_endpoint",
    api_version: params.api_version ?? null,
    application: null,
    created: state.data.now,
    description: params.description || null,
    enabled_events: params.enabled_events,
    livemode: false,
    metadata: mergeMetadata(null, params.metadata),
    status: "enabled",
    url: params.url,
  });
  return { ...made, secret };
}

function updateEndpoint({ state, params, ids }: Call<Stripe.WebhookEndpointUpdateParams>): object {
  const before = state.get("webhook_endpoints", idOf({ ids }));
  const { disabled = before.status === "disabled" } = params;
  return state.put("webhook_endpoints", {
    ...before,
    description: textOf(params.description, before.description),
    enabled_events: params.enabled_events ?? before.enabled_events,
    metadata: mergeMetadata(before.metadata, params.metadata),
    status: disabled ? "disabled" : "enabled",
    url: params.url ?? before.url,
  });
}

function deleteEndpoint({ state, ids }: Call): object {
  const { id } = state.get("webhook_endpoints", idOf({ ids }));
  delete state.data.objects.webhook_endpoints[id];
  return { id, object: "webhook_endpoint", deleted: true };
}

function listEndpoints({ state, params }: Call<Stripe.WebhookEndpointListParams>): object {
  return page(state.all("webhook_endpoints"), params, "/v1/webhook_endpoints");
}

export const eventOperations: Operations = {
  "GET /v1/events": list,
  "GET /v1/events/:id": ({ state, ids }: Call) => state.get("events", idOf({ ids })),
  "POST /v1/webhook_endpoints": createEndpoint,
  "GET /v1/webhook_endpoints": listEndpoints,
  "GET /v1/webhook_endpoints/:id": ({ state, ids }: Call) => state.get("webhook_endpoints", idOf({ ids })),
  "POST /v1/webhook_endpoints/:id": updateEndpoint,
  "DELETE /v1/webhook_endpoints/:id": deleteEndpoint,
};

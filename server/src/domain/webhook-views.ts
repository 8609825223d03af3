/** Endpoints and deliveries as the API and the command line show them. */
import type { WebhookDelivery, WebhookDeliveryDetails, WebhookEndpoint } from "../contract/webhooks.ts";
import type { EventRow } from "../store/store.ts";
import type { DeliveryRow, WebhookAttemptRow, WebhookEndpointRow } from "../store/webhooks.ts";
import { isoOf, isoOrNull } from "./dates.ts";
import { bodyOf } from "./webhook-deliveries.ts";
import { signs } from "./webhook-secrets.ts";

export function endpointView(endpoint: WebhookEndpointRow, now: number): WebhookEndpoint {
  const ends = endpoint.secrets
    .slice(1)
    .flatMap((each) => (each.expiresAt !== undefined && signs(each, now) ? [each.expiresAt] : []));
  return {
    object: "webhook_endpoint",
    id: endpoint.id,
    environment: endpoint.environment,
    url: endpoint.url,
    description: endpoint.description ?? null,
    events: endpoint.events,
    status: endpoint.status,
    disabled_reason: endpoint.disabledReason ?? null,
    disabled_at: isoOrNull(endpoint.disabledAt),
    failing_since: isoOrNull(endpoint.failingSince),
    previous_secret_expires_at: isoOrNull(ends.length ? Math.max(...ends) : undefined),
    created_at: isoOf(endpoint.createdAt),
    updated_at: isoOf(endpoint.updatedAt),
  };
}

export function deliveryView(delivery: DeliveryRow): WebhookDelivery {
  const { id, endpointId, eventId, type, status, attempts, dueAt } = delivery;
  return {
    object: "webhook_delivery",
    id,
    endpoint_id: endpointId,
    event_id: eventId,
    event_type: type,
    status: status === "cancelled" ? "canceled" : status,
    attempt_count: attempts,
    next_attempt_at: status === "pending" ? isoOf(dueAt) : null,
    created_at: isoOf(delivery.createdAt),
    settled_at: isoOrNull(delivery.settledAt),
  };
}

export function deliveryDetails(
  delivery: DeliveryRow,
  event: EventRow,
  attempts: readonly WebhookAttemptRow[],
): WebhookDeliveryDetails {
  return {
    ...deliveryView(delivery),
    attempts: attempts.map((each) => ({
      object: "webhook_attempt",
      id: each.id,
      at: isoOf(each.at),
      duration_ms: each.duration,
      status: each.status ?? null,
      error: each.error ?? null,
      response_excerpt: each.excerpt ?? null,
    })),
    event: JSON.parse(bodyOf(event)),
  };
}

/** What was sent to the business's own endpoints, and sending it again. */
import type { z } from "zod";
import type { WebhookDeliveriesQuery, WebhookDeliveryDetails } from "../contract/webhooks.ts";
import type { Deps } from "../deps.ts";
import type { EventRow } from "../store/store.ts";
import type { Cursor } from "../store/visits.ts";
import type { DeliveryRow, WebhookEndpointRow } from "../store/webhooks.ts";
import { stretchOf, unknownAfter } from "./paging.ts";
import { Problem } from "./problem.ts";
import type { Reach } from "./scopes.ts";
import { replay } from "./webhook-deliveries.ts";
import { readEndpoint } from "./webhook-endpoints.ts";
import { deliveryDetails, deliveryView } from "./webhook-views.ts";

/** Latest first. @throws Problem webhook_endpoint_not_found, parameter_invalid */
export async function listDeliveries(
  { store }: Pick<Deps, "store">,
  reach: Reach,
  endpointId: string,
  { status, after, limit }: z.output<typeof WebhookDeliveriesQuery>,
) {
  await readEndpoint(store, reach, endpointId);
  const by = {
    ...(status ? { status: status === "canceled" ? ("cancelled" as const) : status } : {}),
    ...(after === undefined ? {} : { after: await cursorOf(store, endpointId, after) }),
  };
  const rows = await store.deliveries({ endpointId, ...by, limit: limit + 1 });
  return stretchOf(rows, limit, deliveryView);
}

/** @throws Problem parameter_invalid */
async function cursorOf(store: Deps["store"], endpointId: string, id: string): Promise<Cursor> {
  const delivery = await store.delivery(id);
  if (delivery?.endpointId !== endpointId) throw unknownAfter();
  return { at: delivery.createdAt, id };
}

/** @throws Problem webhook_delivery_not_found */
async function find(
  { store }: Pick<Deps, "store">,
  reach: Reach,
  id: string,
): Promise<{ delivery: DeliveryRow; endpoint: WebhookEndpointRow; event: EventRow }> {
  const missing = () => new Problem("webhook_delivery_not_found");
  const delivery = await store.delivery(id);
  if (!delivery) throw missing();
  const endpoint = await readEndpoint(store, reach, delivery.endpointId).catch((error) => {
    throw error instanceof Problem ? missing() : error;
  });
  const event = await store.event(delivery.eventId);
  if (!event) throw missing();
  return { delivery, endpoint, event };
}

/** @throws Problem webhook_delivery_not_found */
export async function readDelivery(
  deps: Pick<Deps, "store">,
  reach: Reach,
  id: string,
): Promise<WebhookDeliveryDetails> {
  const { delivery, event } = await find(deps, reach, id);
  return deliveryDetails(delivery, event, await deps.store.webhookAttempts(id));
}

/** @throws Problem webhook_delivery_not_found, webhook_endpoint_disabled */
export async function sendAgain(
  deps: Pick<Deps, "store" | "clock">,
  reach: Reach,
  id: string,
): Promise<DeliveryRow> {
  const { delivery, endpoint } = await find(deps, reach, id);
  if (endpoint.status === "disabled") throw new Problem("webhook_endpoint_disabled");
  return replay(deps, delivery);
}

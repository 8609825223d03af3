/** The business's own endpoints, for its server: they show addresses and what is sent to them, so reading is not for all keys. */
import type { z } from "zod";
import {
  DeletedWebhookEndpoint,
  NewWebhookSecret,
  SecretRotation,
  WebhookDeliveriesQuery,
  WebhookDelivery,
  WebhookDeliveryDetails,
  WebhookDeliveryList,
  WebhookEndpoint,
  WebhookEndpointList,
  WebhookEndpointRequest,
  WebhookEndpointsQuery,
  WebhookEndpointUpdate,
  WebhookParams,
} from "../contract/webhooks.ts";
import { pageOf } from "../domain/paging.ts";
import { environmentOf } from "../domain/scopes.ts";
import {
  createEndpoint,
  deleteEndpoint,
  listEndpoints,
  MOST_ENDPOINTS,
  readEndpoint,
  rotateSecret,
  testEndpoint,
  updateEndpoint,
} from "../domain/webhook-endpoints.ts";
import { listDeliveries, readDelivery, sendAgain } from "../domain/webhook-log.ts";
import { deliveryView, endpointView } from "../domain/webhook-views.ts";
import { Answer, keyRoute, type Route } from "../http/route.ts";
import type { KeyRow, Scope } from "../store/store.ts";

const scope = "workspace:write";
const MANY = "/api/v1/webhook-endpoints";
const ONE = `${MANY}/:id` as const;
const DELIVERY = "/api/v1/webhook-deliveries/:id";

/** @throws Problem insufficient_scope */
const scopeOf = (key: KeyRow, environment: Scope["environment"] | undefined): Scope => ({
  workspaceId: key.workspaceId,
  environment: environmentOf(key, environment),
});

type Shown = z.input<typeof NewWebhookSecret>;

export const webhookRoutes: readonly Route[] = [
  keyRoute(
    {
      method: "post",
      path: MANY,
      operationId: "create_webhook_endpoint",
      summary: "Have events posted to an address",
      description: `At most ${MOST_ENDPOINTS} in each environment. The answer alone holds the secret.`,
      scope,
      writes: true,
      body: WebhookEndpointRequest,
      reply: NewWebhookSecret,
      statuses: { 201: "The endpoint was made." },
      refusals: ["webhook_url_not_allowed", "webhook_endpoint_limit"],
    },
    async ({ deps, key, body: { environment, ...wanted } }) => {
      const { endpoint, secret } = await createEndpoint(deps, scopeOf(key, environment), wanted);
      const body: Shown = { ...endpointView(endpoint, deps.clock()), secret };
      return new Answer(body, { status: 201 });
    },
  ),
  keyRoute(
    {
      method: "get",
      path: MANY,
      operationId: "list_webhook_endpoints",
      summary: "The endpoints of one environment",
      scope,
      query: WebhookEndpointsQuery,
      reply: WebhookEndpointList,
    },
    async ({ deps, key, query: { environment, ...page } }) => {
      const all = await listEndpoints(deps, scopeOf(key, environment));
      const shown = all.slice(page.offset, page.offset + page.limit);
      return pageOf(
        shown.map((each) => endpointView(each, deps.clock())),
        all.length,
        page,
      );
    },
  ),
  keyRoute(
    {
      method: "get",
      path: ONE,
      operationId: "get_webhook_endpoint",
      summary: "An endpoint",
      scope,
      params: WebhookParams,
      reply: WebhookEndpoint,
      refusals: ["webhook_endpoint_not_found"],
    },
    async ({ deps, key, params }) =>
      endpointView(await readEndpoint(deps.store, key, params.id), deps.clock()),
  ),
  keyRoute(
    {
      method: "patch",
      path: ONE,
      operationId: "update_webhook_endpoint",
      summary: "Change an endpoint, disable it or enable it again",
      scope,
      writes: true,
      params: WebhookParams,
      body: WebhookEndpointUpdate,
      reply: WebhookEndpoint,
      refusals: ["webhook_endpoint_not_found", "webhook_url_not_allowed"],
    },
    async ({ deps, key, params, body }) =>
      endpointView(await updateEndpoint(deps, key, params.id, body), deps.clock()),
  ),
  keyRoute(
    {
      method: "delete",
      path: ONE,
      operationId: "delete_webhook_endpoint",
      summary: "End an endpoint, with all that was sent to it",
      scope,
      writes: true,
      params: WebhookParams,
      reply: DeletedWebhookEndpoint,
      refusals: ["webhook_endpoint_not_found"],
    },
    async ({ deps, key, params }) => ({
      ...endpointView(await deleteEndpoint(deps, key, params.id), deps.clock()),
      deleted: true as const,
    }),
  ),
  keyRoute(
    {
      method: "post",
      path: `${ONE}/rotate-secret`,
      operationId: "rotate_webhook_secret",
      summary: "Sign with a new secret",
      description:
        "The answer alone holds it. For a while each message is signed with those from before as well.",
      scope,
      writes: true,
      params: WebhookParams,
      body: SecretRotation,
      reply: NewWebhookSecret,
      refusals: ["webhook_endpoint_not_found"],
    },
    async ({ deps, key, params, body }): Promise<Shown> => {
      const { endpoint, secret } = await rotateSecret(deps, key, params.id, body.overlap_hours);
      return { ...endpointView(endpoint, deps.clock()), secret };
    },
  ),
  keyRoute(
    {
      method: "post",
      path: `${ONE}/test`,
      operationId: "test_webhook_endpoint",
      summary: "Send it an event `webhook.test`",
      description: "Whatever it asks for. What comes of it is in the delivery.",
      scope,
      writes: true,
      params: WebhookParams,
      reply: WebhookDelivery,
      refusals: ["webhook_endpoint_not_found", "webhook_endpoint_disabled"],
    },
    async ({ deps, key, params }) => deliveryView(await testEndpoint(deps, key, params.id)),
  ),
  keyRoute(
    {
      method: "get",
      path: `${ONE}/deliveries`,
      operationId: "list_webhook_deliveries",
      summary: "What was sent to an endpoint, and what is on its way",
      scope,
      params: WebhookParams,
      query: WebhookDeliveriesQuery,
      reply: WebhookDeliveryList,
      refusals: ["webhook_endpoint_not_found"],
    },
    async ({ deps, key, params, query }) => listDeliveries(deps, key, params.id, query),
  ),
  keyRoute(
    {
      method: "get",
      path: DELIVERY,
      operationId: "get_webhook_delivery",
      summary: "A delivery, with its attempts and what is sent",
      scope,
      params: WebhookParams,
      reply: WebhookDeliveryDetails,
      refusals: ["webhook_delivery_not_found"],
    },
    async ({ deps, key, params }) => readDelivery(deps, key, params.id),
  ),
  keyRoute(
    {
      method: "post",
      path: `${DELIVERY}/replay`,
      operationId: "replay_webhook_delivery",
      summary: "Send it again",
      description:
        "With the `webhook-id` that it had, and as many attempts as at first. What is on its way stays as it is.",
      scope,
      writes: true,
      params: WebhookParams,
      reply: WebhookDelivery,
      refusals: ["webhook_delivery_not_found", "webhook_endpoint_disabled"],
    },
    async ({ deps, key, params }) => deliveryView(await sendAgain(deps, key, params.id)),
  ),
];

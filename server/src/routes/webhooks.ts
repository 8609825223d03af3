/** The business's own endpoints, for its server: they show all that events carry, so reading is not for all keys. */
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
  WebhookQuery,
} from "../contract/webhooks.ts";
import { pageOf } from "../domain/paging.ts";
import { Problem } from "../domain/problem.ts";
import { reachOf, scopeOf } from "../domain/scopes.ts";
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
import { keyRoute, type Route } from "../http/route.ts";

const scope = "webhooks:write";
const MANY = "/api/v1/webhook-endpoints";
const ONE = `${MANY}/:id` as const;
const DELIVERY = "/api/v1/webhook-deliveries/:id";

const mismatch = "workspace_mismatch" as const;

type Shown = z.input<typeof NewWebhookSecret>;

const isOnlyEnd = ({ status, ...more }: z.output<typeof WebhookEndpointUpdate>): boolean =>
  status === "disabled" && Object.keys(more).length === 0;

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
      query: WebhookQuery,
      reply: NewWebhookSecret,
      success: 201,
      refusals: ["webhook_url_not_allowed", "webhook_endpoint_limit", mismatch],
    },
    async ({ deps, key, query, body: { environment, ...wanted } }): Promise<Shown> => {
      const of = scopeOf(key, { ...query, environment });
      const { endpoint, secret } = await createEndpoint(deps, of, wanted);
      return { ...endpointView(endpoint, deps.clock()), secret };
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
      refusals: [mismatch],
    },
    async ({ deps, key, query }) => {
      const all = await listEndpoints(deps, scopeOf(key, query));
      const shown = all.slice(query.offset, query.offset + query.limit);
      return pageOf(
        shown.map((each) => endpointView(each, deps.clock())),
        all.length,
        query,
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
      query: WebhookQuery,
      reply: WebhookEndpoint,
      refusals: [mismatch, "webhook_endpoint_not_found"],
    },
    async ({ deps, key, params, query }) =>
      endpointView(await readEndpoint(deps.store, reachOf(key, query), params.id), deps.clock()),
  ),
  keyRoute(
    {
      method: "patch",
      path: ONE,
      operationId: "update_webhook_endpoint",
      summary: "Change an endpoint, disable it or enable it again",
      description: "While the workspace is read-only, it can be disabled and nothing else.",
      scope,
      params: WebhookParams,
      query: WebhookQuery,
      body: WebhookEndpointUpdate,
      reply: WebhookEndpoint,
      refusals: [mismatch, "workspace_read_only", "webhook_endpoint_not_found", "webhook_url_not_allowed"],
    },
    async ({ deps, key, workspace, params, query, body }) => {
      if (workspace.status === "read_only" && !isOnlyEnd(body)) throw new Problem("workspace_read_only");
      return endpointView(await updateEndpoint(deps, reachOf(key, query), params.id, body), deps.clock());
    },
  ),
  keyRoute(
    {
      method: "delete",
      path: ONE,
      operationId: "delete_webhook_endpoint",
      // Also while the workspace is read-only: what goes to the wrong place cannot wait.
      summary: "End an endpoint, with all that was sent to it",
      scope,
      params: WebhookParams,
      query: WebhookQuery,
      reply: DeletedWebhookEndpoint,
      refusals: [mismatch, "webhook_endpoint_not_found"],
    },
    async ({ deps, key, params, query }) => ({
      ...endpointView(await deleteEndpoint(deps, reachOf(key, query), params.id), deps.clock()),
      deleted: true as const,
    }),
  ),
  keyRoute(
    {
      method: "post",
      path: `${ONE}/rotate-secret`,
      operationId: "rotate_webhook_secret",
      // Also while the workspace is read-only: a secret that has leaked cannot wait.
      summary: "Sign with a new secret",
      description:
        "The answer alone holds it. For a while each message is signed with those from before as well, " +
        "of which none ends before its time: while five sign, only `overlap_hours` 0 is taken.",
      scope,
      params: WebhookParams,
      query: WebhookQuery,
      body: SecretRotation,
      optionalBody: true,
      reply: NewWebhookSecret,
      refusals: [mismatch, "webhook_endpoint_not_found"],
    },
    async ({ deps, key, params, query, body }): Promise<Shown> => {
      const { endpoint, secret } = await rotateSecret(
        deps,
        reachOf(key, query),
        params.id,
        body.overlap_hours,
      );
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
      query: WebhookQuery,
      reply: WebhookDelivery,
      refusals: [mismatch, "webhook_endpoint_not_found", "webhook_endpoint_disabled"],
    },
    async ({ deps, key, params, query }) =>
      deliveryView(await testEndpoint(deps, reachOf(key, query), params.id)),
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
      refusals: [mismatch, "webhook_endpoint_not_found"],
    },
    async ({ deps, key, params, query }) => listDeliveries(deps, reachOf(key, query), params.id, query),
  ),
  keyRoute(
    {
      method: "get",
      path: DELIVERY,
      operationId: "get_webhook_delivery",
      summary: "A delivery, with its attempts and what is sent",
      scope,
      params: WebhookParams,
      query: WebhookQuery,
      reply: WebhookDeliveryDetails,
      refusals: [mismatch, "webhook_delivery_not_found"],
    },
    async ({ deps, key, params, query }) => readDelivery(deps, reachOf(key, query), params.id),
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
      query: WebhookQuery,
      reply: WebhookDelivery,
      refusals: [mismatch, "webhook_delivery_not_found", "webhook_endpoint_disabled"],
    },
    async ({ deps, key, params, query }) =>
      deliveryView(await sendAgain(deps, reachOf(key, query), params.id)),
  ),
];

/** A business whose endpoints are told of events: what the tests of webhooks share. */
import assert from "node:assert/strict";
import { newWebhookSecret } from "../../src/domain/webhook-secrets.ts";
import { couriers } from "../../src/outbox/webhooks.ts";
import type { DeliveryRow, WebhookEndpointRow } from "../../src/store/webhooks.ts";
import type { Stage, WorldOptions } from "../harness.ts";
import { aFact, id } from "../store/rows.ts";

/** By the clock of the machine, because libraries that verify have no other. */
export const START = Date.now();

/** How long an endpoint may take, ms. */
export const LIMIT = 300;
export async function aBusiness({ open }: Stage, options: WorldOptions = {}) {
  const world = await open({ at: START, ...options, limits: { webhook: LIMIT, ...options.limits } });
  const { store } = world.deps;
  return {
    ...world,
    /** Nothing of it is in the way of the next: workers look at the deliveries of all. */
    async [Symbol.asyncDispose]() {
      for (const endpoint of await store.webhookEndpoints(world.scope))
        await store.deleteWebhookEndpoint(endpoint.id);
    },
    /** What a worker does for webhooks in one round. @returns how many it had in hand */
    async send(deps = world.deps): Promise<number> {
      const { dispatch, idle } = couriers(deps);
      await dispatch();
      return idle();
    },
    /** @returns the endpoint with the secret that it signs with */
    async endpoint(url: string, more: Partial<WebhookEndpointRow> = {}) {
      const { secret, row: first } = newWebhookSecret(world.deps);
      const row: WebhookEndpointRow = {
        ...world.scope,
        id: id("whe"),
        url,
        // Not what else may happen there.
        events: ["cancel.saved"],
        status: "enabled",
        secrets: [first],
        createdAt: world.clock.now,
        updatedAt: world.clock.now,
        ...more,
      };
      await store.insertWebhookEndpoint(row);
      return { ...row, secret };
    },
    /** Something happens, so many times. @returns the ids that the messages carry */
    async happens(count = 1): Promise<string[]> {
      const event = { type: "cancel.saved", at: world.clock.now };
      const facts = Array.from({ length: count }, () => aFact(world.scope, event));
      await store.transaction(async (tx) => {
        for (const fact of facts) await tx.insertEvent(fact);
      });
      return facts.map((fact) => fact.id);
    },
    deliveries: ({ id: endpointId }: WebhookEndpointRow) => store.deliveries({ endpointId, limit: 999 }),
    /** The only one. */
    async delivery({ id: endpointId }: WebhookEndpointRow): Promise<DeliveryRow> {
      const [row, ...rest] = await store.deliveries({ endpointId, limit: 9 });
      assert.ok(row && !rest.length);
      return row;
    },
    async now({ id: endpointId }: WebhookEndpointRow): Promise<WebhookEndpointRow> {
      return (await store.webhookEndpoint(world.scope, endpointId)) ?? assert.fail();
    },
  };
}

/** How many are in each state. */
export function states(rows: readonly DeliveryRow[]): Partial<Record<DeliveryRow["status"], number>> {
  const counts: Partial<Record<DeliveryRow["status"], number>> = {};
  for (const { status } of rows) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
}

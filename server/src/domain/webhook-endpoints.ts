/** The business's own endpoints: making, changing and ending them. */
import type { z } from "zod";
import type { WebhookEndpointRequest, WebhookEndpointUpdate } from "../contract/webhooks.ts";
import type { Deps } from "../deps.ts";
import type { Scope, Transaction } from "../store/store.ts";
import type { DeliveryRow, WebhookEndpointRow, WebhookSecret } from "../store/webhooks.ts";
import { isoOrNull } from "./dates.ts";
import { publish } from "./events.ts";
import { Problem } from "./problem.ts";
import type { Reach } from "./scopes.ts";
import { lockOf } from "./webhook-deliveries.ts";
import { newWebhookSecret, signs } from "./webhook-secrets.ts";
import { resolveWebhookUrl } from "./webhook-urls.ts";

export const MOST_ENDPOINTS = 16;
/** Each of them adds a signature to every message. */
const MOST_SECRETS = 5;
const HOUR = 3_600_000;

type EndpointDeps = Pick<Deps, "store" | "clock" | "newId" | "keys" | "outgoing">;
type StoreDeps = Pick<Deps, "store" | "clock">;

/** @throws Problem webhook_url_not_allowed, webhook_endpoint_limit */
export async function createEndpoint(
  deps: EndpointDeps,
  scope: Scope,
  { url, events, description }: Omit<z.output<typeof WebhookEndpointRequest>, "environment">,
): Promise<{ endpoint: WebhookEndpointRow; secret: string }> {
  await resolveWebhookUrl(deps, url);
  const { secret, row: first } = newWebhookSecret(deps);
  const now = deps.clock();
  const endpoint: WebhookEndpointRow = {
    workspaceId: scope.workspaceId,
    environment: scope.environment,
    id: deps.newId("whe"),
    url,
    ...(description === undefined ? {} : { description }),
    events,
    status: "enabled",
    secrets: [first],
    createdAt: now,
    updatedAt: now,
  };
  await deps.store.transaction(async (tx) => {
    await tx.lock(`webhook-endpoints:${scope.workspaceId}/${scope.environment}`);
    if ((await tx.webhookEndpoints(scope)).length >= MOST_ENDPOINTS)
      throw new Problem("webhook_endpoint_limit");
    await tx.insertWebhookEndpoint(endpoint);
  });
  return { endpoint, secret };
}

/** @throws Problem webhook_endpoint_not_found */
export async function readEndpoint(
  store: Pick<Transaction, "webhookEndpoint">,
  reach: Reach,
  id: string,
): Promise<WebhookEndpointRow> {
  const endpoint = await store.webhookEndpoint(reach, id);
  if (!endpoint || (reach.environment === "sandbox" && endpoint.environment === "prod"))
    throw new Problem("webhook_endpoint_not_found");
  return endpoint;
}

/** Latest first. */
export async function listEndpoints(
  { store }: Pick<Deps, "store">,
  of: Parameters<Transaction["webhookEndpoints"]>[0],
): Promise<WebhookEndpointRow[]> {
  return (await store.webhookEndpoints(of)).reverse();
}

type Change = Parameters<Transaction["updateWebhookEndpoint"]>[1];

/** Changes it by what is stored by then. @param how undefined: nothing. @throws Problem webhook_endpoint_not_found */
async function changing(
  { store, clock }: StoreDeps,
  reach: Reach,
  id: string,
  how: (endpoint: WebhookEndpointRow, tx: Transaction) => Promise<Change | undefined>,
): Promise<WebhookEndpointRow> {
  return store.transaction(async (tx) => {
    await tx.lock(lockOf(id));
    const change = await how(await readEndpoint(tx, reach, id), tx);
    if (change) await tx.updateWebhookEndpoint(id, { ...change, updatedAt: clock() });
    return readEndpoint(tx, reach, id);
  });
}

/** @throws Problem webhook_endpoint_not_found, webhook_url_not_allowed */
export async function updateEndpoint(
  deps: EndpointDeps,
  reach: Reach,
  id: string,
  wanted: z.output<typeof WebhookEndpointUpdate>,
): Promise<WebhookEndpointRow> {
  const { url } = await readEndpoint(deps.store, reach, id);
  if (wanted.url !== undefined && wanted.url !== url) await resolveWebhookUrl(deps, wanted.url);
  return changing(deps, reach, id, async (endpoint, tx) => {
    const now = deps.clock();
    const change = changeOf(endpoint, wanted, now);
    if (change?.status === "disabled") await tx.cancelDeliveries(id, now);
    return change;
  });
}

/** Undefined if it says what holds already. */
function changeOf(
  before: WebhookEndpointRow,
  { url, events, description, status }: z.output<typeof WebhookEndpointUpdate>,
  now: number,
): Change | undefined {
  const change: Change = {};
  // What failed at another address says nothing of this one.
  if (url !== undefined && url !== before.url) Object.assign(change, { url, failingSince: null });
  if (events && events.join() !== before.events.join()) change.events = events;
  if (description !== undefined && description !== (before.description ?? null))
    change.description = description;
  if (status !== undefined && status !== before.status) Object.assign(change, switchTo(status, now));
  return Object.keys(change).length ? change : undefined;
}

const switchTo = (status: WebhookEndpointRow["status"], now: number): Change =>
  status === "enabled"
    ? { status, disabledReason: null, disabledAt: null, failingSince: null }
    : { status, disabledReason: "manual", disabledAt: now };

/** @returns as it was. @throws Problem webhook_endpoint_not_found */
export async function deleteEndpoint(
  { store }: Pick<Deps, "store">,
  reach: Reach,
  id: string,
): Promise<WebhookEndpointRow> {
  return store.transaction(async (tx) => {
    await tx.lock(lockOf(id));
    const endpoint = await readEndpoint(tx, reach, id);
    await tx.deleteWebhookEndpoint(id);
    return endpoint;
  });
}

/**
 * Those from before sign for as long as they were to, but no longer than `overlapHours`.
 *
 * @throws Problem webhook_endpoint_not_found, parameter_invalid
 */
export async function rotateSecret(
  deps: EndpointDeps,
  reach: Reach,
  id: string,
  overlapHours: number,
): Promise<{ endpoint: WebhookEndpointRow; secret: string }> {
  const { secret, row } = newWebhookSecret(deps);
  const endpoint = await changing(deps, reach, id, async ({ secrets }) => {
    const now = deps.clock();
    const end = now + overlapHours * HOUR;
    const older = secrets
      .map((each): WebhookSecret => ({ ...each, expiresAt: Math.min(each.expiresAt ?? end, end) }))
      .filter((each) => signs(each, now));
    if (older.length === MOST_SECRETS) throw tooMany(secrets[older.length - 1]);
    return { secrets: [row, ...older] };
  });
  return { endpoint, secret };
}

/** None ends before the time that was said. */
function tooMany(oldest: WebhookSecret | undefined): Problem {
  const said = `${MOST_SECRETS} secrets sign already, the oldest until ${isoOrNull(oldest?.expiresAt)}.`;
  const message = `overlap_hours: ${said} Wait until then, or end all of them now with 0.`;
  return new Problem("parameter_invalid", { param: "overlap_hours", message });
}

const TEST_MESSAGE = "This is a test. Somebody has asked for it, and nothing has happened.";

/** For this endpoint alone, whatever it asks for. @throws Problem webhook_endpoint_not_found, webhook_endpoint_disabled */
export async function testEndpoint(deps: EndpointDeps, reach: Reach, id: string): Promise<DeliveryRow> {
  return deps.store.transaction(async (tx) => {
    await tx.lock(lockOf(id));
    const endpoint = await readEndpoint(tx, reach, id);
    if (endpoint.status === "disabled") throw new Problem("webhook_endpoint_disabled");
    const now = deps.clock();
    const type = "webhook.test";
    const eventId = await publish(deps, tx, endpoint, { type, at: now, data: { message: TEST_MESSAGE } });
    const delivery: DeliveryRow = {
      id: deps.newId("whd"),
      endpointId: id,
      eventId,
      type,
      status: "pending",
      attempts: 0,
      tries: 0,
      dueAt: now,
      createdAt: now,
    };
    await tx.insertDelivery(delivery);
    return delivery;
  });
}

/** What becomes of a message to an endpoint: when it is tried again, and when it, or the endpoint, is given up. */
import { createHash } from "node:crypto";
import type { Deps } from "../deps.ts";
import type { EventRow, Scope, Transaction } from "../store/store.ts";
import type { DeliveryRow, WebhookAttemptRow, WebhookEndpointRow } from "../store/webhooks.ts";
import { isoOf } from "./dates.ts";
import { Problem } from "./problem.ts";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** From each attempt to the next, ms, as Standard Webhooks proposes; altogether a little more than three days. */
export const DELIVERY_PLAN: readonly number[] = [
  5 * SECOND,
  5 * MINUTE,
  30 * MINUTE,
  2 * HOUR,
  5 * HOUR,
  10 * HOUR,
  14 * HOUR,
  20 * HOUR,
  24 * HOUR,
];
/** So that not everything comes back at once that has failed at once. */
const JITTER = 0.1;
const LONGEST_RETRY_AFTER = 24 * HOUR;
/** Without one success: an endpoint that nobody mends is not asked for ever. */
const PATIENCE = 5 * 24 * HOUR;

/** The receiver says that it can take no more, or not now. */
const BUSY: readonly number[] = [429, 502, 503, 504];
const GONE = 410;

/** What an endpoint has answered, if it has. */
export interface Attempted {
  at: number;
  /** ms */
  duration: number;
  status?: number;
  /** Why there was no answer, or why it does not count. */
  error?: string;
  excerpt?: string;
  /** Seconds, or a date of HTTP. */
  retryAfter?: string;
}

/** What is sent of an event: the same bytes at each attempt. */
export const bodyOf = ({ id, type, at, workspaceId, data }: EventRow): string =>
  JSON.stringify({ id, type, timestamp: isoOf(at), workspace_id: workspaceId, data });

/** Whether an endpoint says that it has taken a message. */
export const isSuccess = ({ status, error }: Pick<Attempted, "status" | "error">): boolean =>
  error === undefined && status !== undefined && status >= 200 && status < 300;

/** Whoever was forgotten since it was sent may stand in what came back. */
const isUnchanged = (sent: EventRow, now: EventRow | undefined): boolean =>
  now !== undefined && bodyOf(now) === bodyOf(sent);

/** When the next attempt is due after so many that have failed in vain; undefined after the last. */
export function nextAttempt(
  { id, attempts, tries }: Pick<DeliveryRow, "id" | "attempts" | "tries">,
  { status, retryAfter }: Pick<Attempted, "status" | "retryAfter">,
  now: number,
): number | undefined {
  const planned = DELIVERY_PLAN[tries - 1];
  if (planned === undefined) return undefined;
  const chance = createHash("sha256").update(`${id} ${attempts}`).digest().readUInt32BE() / 2 ** 32;
  const wait = Math.round(planned * (1 - JITTER + 2 * JITTER * chance));
  const asked = BUSY.includes(status ?? 0) ? waitAskedFor(retryAfter, now) : 0;
  return now + Math.max(wait, Math.min(asked, LONGEST_RETRY_AFTER));
}

const HTTP_DATE = /^(\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT)$/;

function waitAskedFor(header: string | undefined, now: number): number {
  const text = header?.trim() ?? "";
  if (/^\d{1,9}$/.test(text)) return Number(text) * SECOND;
  return HTTP_DATE.test(text) ? Date.parse(text) - now || 0 : 0;
}

/** Everything that changes an endpoint, or what is on its way to it, waits for what is changing it already. */
export const lockOf = (endpointId: string): string => `webhook-endpoint:${endpointId}`;

type SettleDeps = Pick<Deps, "store" | "clock" | "newId" | "log">;

/**
 * Writes down what an attempt has come to.
 *
 * @param delivery as it was claimed, with the event as it was sent @param endpoint as it was before the attempt
 * @returns whether the message has arrived
 */
export async function settleDelivery(
  { store, clock, newId, log }: SettleDeps,
  { delivery, endpoint }: { delivery: DeliveryRow & { event: EventRow }; endpoint: WebhookEndpointRow },
  attempted: Attempted,
): Promise<boolean> {
  const { id, endpointId, attempts } = delivery;
  const arrived = isSuccess(attempted);
  const fault = arrived ? undefined : (attempted.error ?? `It answered ${attempted.status}.`);
  const row: WebhookAttemptRow = {
    id: newId("wha"),
    deliveryId: id,
    attempt: attempts,
    at: attempted.at,
    duration: attempted.duration,
    ...(attempted.status === undefined ? {} : { status: attempted.status }),
    ...(fault === undefined ? {} : { error: fault }),
  };
  const disabled = await store.transaction(async (tx) => {
    await tx.lock(lockOf(endpointId));
    const [kept, holds] = [await tx.delivery(id), await tx.webhookEndpoint(endpoint, endpointId)];
    // Deleted meanwhile, or the customer whom it was about was forgotten.
    if (!kept || !holds) return undefined;
    const { excerpt } = attempted;
    const keeps = excerpt !== undefined && isUnchanged(delivery.event, await tx.holdEvent(kept.eventId));
    await tx.insertWebhookAttempt(keeps ? { ...row, excerpt } : row);
    const now = clock();
    if (arrived) {
      if (kept.status !== "succeeded") await tx.updateDelivery(id, { status: "succeeded", settledAt: now });
      if (holds.failingSince !== undefined)
        await tx.updateWebhookEndpoint(endpointId, { failingSince: null });
      return undefined;
    }
    // Whoever has it in hand by now says how it goes on.
    if (kept.status === "pending" && kept.attempts === attempts) await putOff(tx, delivery, attempted, now);
    // What an address answered says nothing of the one that has taken its place.
    return holds.url === endpoint.url ? holdAgainst(tx, holds, attempted, now) : undefined;
  });
  const about = { endpoint: endpointId, delivery: id, attempt: attempts, status: attempted.status };
  if (!arrived) log.info({ ...about, reason: fault }, "a webhook has failed");
  if (disabled) log.warn({ endpoint: endpointId, reason: disabled }, "a webhook endpoint was disabled");
  return arrived;
}

async function putOff(tx: Transaction, delivery: DeliveryRow, attempted: Attempted, now: number) {
  const dueAt = attempted.status === GONE ? undefined : nextAttempt(delivery, attempted, now);
  await tx.updateDelivery(
    delivery.id,
    dueAt === undefined ? { status: "failed", settledAt: now } : { dueAt },
  );
}

/** @returns why it is asked no more, if so */
async function holdAgainst(
  tx: Transaction,
  { id, status, failingSince = Number.POSITIVE_INFINITY }: WebhookEndpointRow,
  attempted: Attempted,
  now: number,
): Promise<WebhookEndpointRow["disabledReason"]> {
  if (status === "disabled") return undefined;
  // One that lies ahead was written while a clock was wrong.
  const since = Math.min(failingSince, now);
  const reason = attempted.status === GONE ? "gone" : now - since >= PATIENCE ? "failing" : undefined;
  if (since !== failingSince) await tx.updateWebhookEndpoint(id, { failingSince: since });
  if (!reason) return undefined;
  await tx.updateWebhookEndpoint(id, {
    status: "disabled",
    disabledReason: reason,
    disabledAt: now,
    updatedAt: now,
  });
  await tx.cancelDeliveries(id, now);
  return reason;
}

/** Of an endpoint that is switched off: what was written down for it while that happened. */
export async function giveUpDeliveries(
  { store, clock }: Pick<Deps, "store" | "clock">,
  { id, workspaceId }: Pick<WebhookEndpointRow, "id"> & Pick<Scope, "workspaceId">,
): Promise<void> {
  await store.transaction(async (tx) => {
    await tx.lock(lockOf(id));
    const endpoint = await tx.webhookEndpoint({ workspaceId }, id);
    if (endpoint?.status === "disabled") await tx.cancelDeliveries(id, clock());
  });
}

/** Once more from the beginning, under the same id; what is still on its way stays so. */
export async function replay(
  { store, clock }: Pick<Deps, "store" | "clock">,
  { id, endpointId }: DeliveryRow,
): Promise<DeliveryRow> {
  return store.transaction(async (tx) => {
    await tx.lock(lockOf(endpointId));
    const kept = await tx.delivery(id);
    if (!kept) throw new Problem("webhook_delivery_not_found");
    if (kept.status === "pending") return kept;
    const { settledAt: _, ...rest } = kept;
    const again = { status: "pending", tries: 0, dueAt: clock() } as const;
    await tx.updateDelivery(id, { ...again, settledAt: null });
    return { ...rest, ...again };
  });
}

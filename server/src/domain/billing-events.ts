/**
 * What billing tells of its own accord. It is kept at once and worked out later: an event says where to look, and what is
 * true of a subscription is read from billing when it is worked out. So the order in which events come does not matter.
 */
import type { BillingEvent } from "../billing/billing-event.ts";
import { type BilledSubscription, flowView } from "../billing/provider.ts";
import type { Deps } from "../deps.ts";
import { isForgotten } from "../store/personal-data.ts";
import type { LedgerRow, Queries, Scope, Transaction } from "../store/store.ts";
import { aliasOf } from "./aliases.ts";
import { endingData } from "./event-data.ts";
import { publish } from "./events.ts";
import { mrrOf } from "./mrr.ts";
import { isAnythingPending } from "./pending.ts";
import { closeRecoveries, closeRecovery, recordFailure } from "./recovery.ts";
import { isEnding, recordCarriedOut, takeBack } from "./undo.ts";

/** Within this time, in ms, a request of ours that caused an event has written down what it brought about. */
const OURS_FIRST = 5_000;

/** Longer than any provider sends one again, ms. */
const KEPT_FOR = 45 * 86_400_000;

const isOfSubscription = (event: BillingEvent) =>
  event.type === "subscription_changed" || event.type === "subscription_ended";

/** Written down together with the work that it makes. The same again changes nothing. */
export async function keepBillingEvent(
  deps: Deps,
  { workspaceId, environment }: Scope,
  event: BillingEvent,
): Promise<void> {
  const receivedAt = deps.clock();
  const { id } = event;
  const subject = isOfSubscription(event) ? event.subscriptionId : event.invoiceId;
  await deps.store.transaction(async (tx) => {
    if (!(await tx.insertBillingEvent({ workspaceId, environment, id, subject, event, receivedAt }))) return;
    await tx.enqueue({
      topic: "billing_event",
      key: `${workspaceId}/${environment}/${id}`,
      payload: { workspaceId, environment, id },
      dueAt: receivedAt + (isOfSubscription(event) ? OURS_FIRST : 0),
    });
  });
}

/** May be done twice. @throws BillingError, or Error while something of ours is pending: another time will do */
export async function processBillingEvent(deps: Deps, scope: Scope, id: string): Promise<void> {
  const event = (await deps.store.billingEvent(scope, id))?.event;
  switch (event?.type) {
    case "subscription_changed":
      return noticeEnding(deps, scope, event.subscriptionId);
    case "subscription_ended":
      await closeRecoveries(deps, scope, event.subscriptionId);
      return noticeEnding(deps, scope, event.subscriptionId);
    case "payment_failed":
      return recordFailure(deps, scope, event);
    case "payment_succeeded":
    case "payment_given_up":
      return closeRecovery(deps, scope, event.invoiceId);
  }
}

export const forgetBillingEvents = ({ store, clock }: Deps): Promise<void> =>
  store.forgetBillingEvents(clock() - KEPT_FOR);

/** Brings the books in line with whether a subscription ends. */
async function noticeEnding(deps: Deps, scope: Scope, id: string): Promise<void> {
  await checkSettled(deps.store, scope, id);
  const billing = deps.billing(scope);
  const subscription = await billing.subscription(id);
  if (!subscription || isEnding(subscription)) {
    const [customer] = subscription ? await billing.findCustomers({ id: subscription.customerId }) : [];
    const now = await billing.now();
    const known = subscription ?? (await endingUnder(deps, deps.store, scope, id)).before;
    if (!known) return;
    await deps.store.transaction(async (tx) => {
      await tx.lock(`customer:${scope.workspaceId}:${scope.environment}:${known.customerId}`);
      await checkSettled(tx, scope, id);
      await recordEnding(deps, tx, scope, { id, subscription, email: customer?.email, now });
    });
    if (subscription?.status === "cancelled") return;
  }
  // Also of one that has just been written down: it may have been taken back after billing was read.
  await takeBack(deps, scope, id);
}

/** Our own decisions cause events too: who ended it is known once billing's answer has been written down. */
async function checkSettled(queries: Parameters<typeof isAnythingPending>[0], scope: Scope, id: string) {
  if (await isAnythingPending(queries, scope, id)) throw new Error("a decision of ours is still pending");
}

interface Found {
  id: string;
  /** Absent if billing does not show it any more, as with a customer who was deleted. */
  subscription: BilledSubscription | undefined;
  email: string | undefined;
  now: number;
}

/** Under which id the books say that it ends: its own, or the one that took its place when its customer was forgotten. */
async function endingUnder(deps: Deps, queries: Queries, scope: Scope, id: string) {
  for (const name of [id, aliasOf(deps, scope, "sub", id)]) {
    const before = await queries.openEnding(scope, name);
    const isOurs = !before && (await queries.cancelledSessions(scope, name)).length > 0;
    if (before || isOurs) return { name, before, isOurs };
  }
  return { name: id, before: undefined, isOurs: false };
}

async function recordEnding(deps: Deps, tx: Transaction, scope: Scope, found: Found): Promise<void> {
  const { id, subscription, now } = found;
  const { name, before, isOurs } = await endingUnder(deps, tx, scope, id);
  if (isOurs) {
    // A session of ours has ended it, and stands in the books for that, also where it was left to the business.
    if (subscription) await recordCarriedOut(deps, tx, scope, flowView({ ...subscription, id: name }));
    return;
  }
  const told = (await tx.billingEvents(scope, id)).map(({ event }) => event).filter(tellsAnEnd);
  const last = told.sort(byTime).at(-1);
  const hasEnded = subscription ? subscription.status === "cancelled" : last?.type === "subscription_ended";
  if (!last || (!subscription && !hasEnded)) return;
  const start = before ?? (subscription && blank(deps, scope, subscription, found.email));
  if (!start) return;
  const row = withFacts(start, isForgotten(start) ? wordless(last) : last, {
    hasEnded,
    endsAt: subscription?.cancelAt,
    now: deps.clock(),
  });
  await tx.putLedger(row);
  if (before?.confirmed || (before && !hasEnded)) return;
  const type = hasEnded ? "subscription.ended" : "subscription.ending";
  await publish(deps, tx, scope, { type, at: now, data: endingData(row) });
}

type Ending = Extract<BillingEvent, { type: "subscription_changed" | "subscription_ended" }> & {
  leaving: object;
};

const tellsAnEnd = (event: BillingEvent): event is Ending =>
  isOfSubscription(event) && event.leaving !== undefined;

/** Of one second, the end itself is last. */
const byTime = (one: Ending, other: Ending): number =>
  one.at - other.at ||
  Number(one.type === "subscription_ended") - Number(other.type === "subscription_ended") ||
  (one.id < other.id ? -1 : 1);

/** Nothing that is said of somebody who was forgotten comes back. */
const wordless = ({ leaving: { comment: _, ...leaving }, ...event }: Ending): Ending => ({
  ...event,
  leaving,
});

function blank(
  deps: Deps,
  { workspaceId, environment }: Scope,
  subscription: BilledSubscription,
  email: string | undefined,
): LedgerRow {
  const { id, customerId, plan, price } = subscription;
  return {
    id: deps.newId("can"),
    workspaceId,
    environment,
    source: "stripe",
    customerId,
    subscriptionId: id,
    ...(email === undefined ? {} : { email }),
    outcome: "cancelled",
    confirmed: false,
    offerAccepted: false,
    plan: plan.name,
    mrr: mrrOf(subscription),
    currency: price.currency,
    occurredAt: 0,
    createdAt: deps.clock(),
    updatedAt: 0,
  };
}

function withFacts(
  row: LedgerRow,
  { at, leaving }: Ending,
  { hasEnded, endsAt, now }: { hasEnded: boolean; endsAt: number | undefined; now: number },
): LedgerRow {
  const { reason: _r, feedback: _f, effectiveAt: former, ...rest } = row;
  const { requestedAt, involuntary, reason = involuntary && "involuntary", comment } = leaving;
  const effectiveAt = endsAt ?? (hasEnded ? at : former);
  return {
    ...rest,
    confirmed: hasEnded || row.confirmed,
    occurredAt: requestedAt ?? at,
    updatedAt: now,
    ...(reason ? { reason } : {}),
    ...(comment ? { feedback: comment } : {}),
    ...(effectiveAt === undefined ? {} : { effectiveAt }),
  };
}

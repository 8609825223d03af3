/**
 * Cancellations that were taken back, in a hub or in the provider's own dashboard: the books say since when. And those that
 * were left to the business: the books say when it has carried them out.
 */
import type { FlowSubscription, Settlement, Subscription } from "../../../src/api/wire.ts";
import { type BilledSubscription, BillingError, flowView } from "../billing/provider.ts";
import type { Deps } from "../deps.ts";
import type { Queries, Scope, SessionRow, Transaction } from "../store/store.ts";
import { recordEndingUndone, recordUndoing } from "./ledger.ts";

export const isEnding = ({ cancelAt, status }: Pick<Subscription, "cancelAt" | "status">): boolean =>
  cancelAt !== undefined || status === "cancelled";

/** Confirmed, and left to the business, which has not ended it at billing yet. */
export const isLeft = ({ settlement }: Pick<SessionRow, "settlement">): boolean =>
  settlement?.outcome === "cancelled" && settlement.status === "done" && !isEnding(settlement.subscription);

/** For the customer, one that is left to the business has been asked for and not confirmed. */
export const asTold = (settlement: Settlement): Settlement =>
  isLeft({ settlement }) ? { ...settlement, status: "requested" } : settlement;

/**
 * Compares what has been ended, by our sessions or elsewhere, with what billing says. Where billing does not answer,
 * another time will do.
 * @param subscriptions as billing had them a moment ago
 */
export async function noticeUndone(
  deps: Deps,
  scope: Scope,
  subscriptions: readonly BilledSubscription[],
): Promise<void> {
  for (const each of subscriptions) {
    try {
      await (isEnding(each) ? carriedOut(deps, scope, each) : takeBack(deps, scope, each.id));
    } catch (error) {
      if (!(error instanceof BillingError)) throw error;
    }
  }
}

async function carriedOut(deps: Deps, scope: Scope, subscription: BilledSubscription): Promise<void> {
  if (!(await deps.store.cancelledSessions(scope, subscription.id)).some(isLeft)) return;
  await deps.store.transaction(async (tx) => {
    await tx.lock(`customer:${scope.workspaceId}:${scope.environment}:${subscription.customerId}`);
    await recordCarriedOut(deps, tx, scope, flowView(subscription));
  });
}

/** What was left to the business is done: the visits it was confirmed in say until when there is access. */
export async function recordCarriedOut(
  deps: Deps,
  tx: Transaction,
  scope: Scope,
  subscription: FlowSubscription,
): Promise<void> {
  for (const { id } of (await tx.cancelledSessions(scope, subscription.id)).filter(isLeft)) {
    await tx.lock(`session:${id}`);
    const session = await tx.session(id);
    if (!session?.settlement || session.undoneAt !== undefined || !isLeft(session)) continue;
    await tx.updateSession(id, { settlement: { ...session.settlement, subscription } });
    const row = await tx.ledgerOfSession(id);
    // Of a visit that only repeated it, the books say nothing.
    if (row?.outcome === "cancelled" && subscription.cancelAt !== undefined)
      await tx.putLedger({ ...row, effectiveAt: subscription.cancelAt, updatedAt: deps.clock() });
  }
}

/** Who stays after all takes back what was left to the business. @param at billing's clock */
export async function takeBackLeft(
  deps: Deps,
  tx: Transaction,
  { id, subscriptionId, ...scope }: SessionRow,
  at: number,
): Promise<void> {
  for (const other of (await tx.cancelledSessions(scope, subscriptionId)).filter(isLeft))
    if (other.id !== id) await recordUndone(deps, tx, other, at, true);
}

/** Providers say instants in whole seconds, ms. */
const COARSE = 1000;

/** Of what was left to the business only what billing has told the end of since then: it was over before anybody looked. */
async function endedSessions(queries: Queries, scope: Scope, id: string): Promise<SessionRow[]> {
  const sessions = await queries.cancelledSessions(scope, id);
  if (!sessions.some(isLeft)) return sessions;
  const told = (await queries.billingEvents(scope, id)).flatMap(({ event }) =>
    "leaving" in event && event.leaving ? [event.at + COARSE] : [],
  );
  return sessions.filter(
    (session) => !isLeft(session) || told.some((at) => at > (session.settlement?.at ?? 0)),
  );
}

/** The same of one that goes on, whatever billing has said of it before. @throws BillingError */
export async function takeBack(deps: Deps, scope: Scope, id: string): Promise<void> {
  const sessions = await endedSessions(deps.store, scope, id);
  const ending = await deps.store.openEnding(scope, id);
  const isOpen = ending !== undefined && !ending.confirmed;
  if (!sessions.length && !isOpen) return;
  // Asked after our own books were read: one that was confirmed meanwhile would look as if it had been taken back.
  const billing = deps.billing(scope);
  const found = await billing.subscription(id);
  if (!found || isEnding(found)) return;
  const at = await billing.now();
  const within = (work: (tx: Transaction) => Promise<void>) =>
    deps.store.transaction(async (tx) => {
      await tx.lock(`customer:${scope.workspaceId}:${scope.environment}:${found.customerId}`);
      await work(tx);
    });
  for (const session of sessions) await within((tx) => recordUndone(deps, tx, session, at));
  if (isOpen) await within((tx) => recordEndingUndone(deps, tx, { scope, subscriptionId: id }, at));
}

/** Once, whoever notices it first. @param byVisit it is another visit that has taken it back, and that counts instead */
export async function recordUndone(
  deps: Deps,
  tx: Transaction,
  { id }: SessionRow,
  at: number,
  byVisit = false,
): Promise<void> {
  await tx.lock(`session:${id}`);
  const session = await tx.session(id);
  if (!session || session.undoneAt !== undefined) return;
  await tx.updateSession(id, { undoneAt: at });
  // A visit that only repeated the cancellation never counted as one.
  if (session.outcome === "cancelled") await recordUndoing(deps, tx, session, at, byVisit);
}

/** Cancellations that were taken back, in a hub or in the provider's own dashboard: the books say since when. */
import type { Subscription } from "../../../src/api/wire.ts";
import { type BilledSubscription, BillingError } from "../billing/provider.ts";
import type { Deps } from "../deps.ts";
import type { Scope, SessionRow, Transaction } from "../store/store.ts";
import { recordEndingUndone, recordUndoing } from "./ledger.ts";

export const isEnding = ({ cancelAt, status }: Pick<Subscription, "cancelAt" | "status">): boolean =>
  cancelAt !== undefined || status === "cancelled";

/**
 * Compares what has been ended, by our sessions or elsewhere, with what billing says. Where billing does not answer,
 * another time will do.
 * @param subscriptions as billing had them a moment ago
 */
export async function noticeUndone(
  deps: Deps,
  scope: Scope,
  subscriptions: readonly Pick<BilledSubscription, "id" | "status" | "cancelAt">[],
): Promise<void> {
  for (const { id } of subscriptions.filter((each) => !isEnding(each))) {
    try {
      await takeBack(deps, scope, id);
    } catch (error) {
      if (!(error instanceof BillingError)) throw error;
    }
  }
}

/** The same of one, whatever billing has said of it before. @throws BillingError */
export async function takeBack(deps: Deps, scope: Scope, id: string): Promise<void> {
  const sessions = await deps.store.cancelledSessions(scope, id);
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

/** Once, whoever notices it first. */
export async function recordUndone(
  deps: Deps,
  tx: Transaction,
  { id }: SessionRow,
  at: number,
): Promise<void> {
  await tx.lock(`session:${id}`);
  const session = await tx.session(id);
  if (!session || session.undoneAt !== undefined) return;
  await tx.updateSession(id, { undoneAt: at });
  // A visit that only repeated the cancellation never counted as one.
  if (session.outcome === "cancelled") await recordUndoing(deps, tx, session, at);
}

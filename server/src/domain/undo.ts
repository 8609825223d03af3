/** Cancellations that were taken back, in a hub or in the provider's own dashboard: the books say since when. */
import type { Subscription } from "../../../src/api/wire.ts";
import { type BilledSubscription, BillingError } from "../billing/provider.ts";
import type { Deps } from "../deps.ts";
import type { Scope, SessionRow, Transaction } from "../store/store.ts";
import { recordUndoing } from "./ledger.ts";

export const isEnding = ({ cancelAt, status }: Pick<Subscription, "cancelAt" | "status">): boolean =>
  cancelAt !== undefined || status === "cancelled";

/**
 * Compares what our sessions have ended with what billing says. Where billing does not answer, another time will do.
 * @param subscriptions as billing had them a moment ago
 */
export async function noticeUndone(
  deps: Deps,
  scope: Scope,
  subscriptions: readonly Pick<BilledSubscription, "id" | "status" | "cancelAt">[],
): Promise<void> {
  for (const { id } of subscriptions.filter((each) => !isEnding(each))) {
    const sessions = await deps.store.cancelledSessions(scope, id);
    if (!sessions.length) continue;
    // Asked after our own books were read: one that was confirmed meanwhile would look as if it had been taken back.
    const at = await goesOnAt(deps, scope, id);
    if (at === undefined) continue;
    for (const session of sessions) {
      await deps.store.transaction(async (tx) => {
        await tx.lock(`customer:${session.workspaceId}:${session.environment}:${session.customerId}`);
        await recordUndone(deps, tx, session, at);
      });
    }
  }
}

/** Billing's clock when it said that the subscription goes on; undefined if it did not say so. */
async function goesOnAt(deps: Deps, scope: Scope, id: string): Promise<number | undefined> {
  const billing = deps.billing(scope);
  try {
    const found = await billing.subscription(id);
    return found && !isEnding(found) ? await billing.now() : undefined;
  } catch (error) {
    if (error instanceof BillingError) return undefined;
    throw error;
  }
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

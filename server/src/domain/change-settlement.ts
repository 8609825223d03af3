/**
 * Carrying out a change, in the order of a flow's decision: it is written down, billing is asked, its answer is written
 * down. A crash between any two of these is found by the job that was written with the first.
 */
import type { HubResult } from "../../../src/api/wire.ts";
import {
  type BilledSubscription,
  BillingError,
  type BillingProvider,
  publicView,
} from "../billing/provider.ts";
import type { Deps } from "../deps.ts";
import type { ChangeRow, Scope, Transaction } from "../store/store.ts";
import { changeData } from "./event-data.ts";
import { publish } from "./events.ts";
import { Problem, type ProblemCode } from "./problem.ts";
import { logSilence } from "./settlement.ts";
import { isEnding, recordUndone } from "./undo.ts";

/** Refusals that a customer can do something about. */
const TOLD: readonly ProblemCode[] = [
  "terms_changed",
  "promo_code_invalid",
  "promo_code_expired",
  "promo_code_used_up",
  "promo_code_not_applicable",
  "payment_declined",
];

/** @param code the provider's own */
export const refusal = (code: string | undefined, cause?: unknown): Problem =>
  new Problem(TOLD.find((each) => each === code) ?? "billing_rejected", { cause });

/**
 * Asks billing, and writes down its answer.
 * @throws Problem promo_code_*, payment_declined, billing_rejected
 */
export async function carryOutChange(deps: Deps, row: ChangeRow): Promise<HubResult> {
  const billing = deps.billing(row);
  let subscription: BilledSubscription;
  let at: number;
  try {
    subscription = await billing.execute(row.action, row.id);
    at = await billing.now();
  } catch (error) {
    if (!(error instanceof BillingError)) throw error;
    if (error.kind === "unknown") {
      logSilence(deps, error, { change: row.id });
      return { status: "requested", subscription: row.before };
    }
    deps.log.warn({ change: row.id, code: error.code }, "billing refused a change");
    await fail(deps, row, error.code);
    throw refusal(error.code, error);
  }
  await succeed(deps, row, subscription, at);
  return { status: "done", subscription: publicView(subscription) };
}

async function succeed(
  deps: Deps,
  row: ChangeRow,
  subscription: BilledSubscription,
  at: number,
): Promise<void> {
  const { id, workspaceId, environment, customerId, change } = row;
  await deps.store.transaction(async (tx) => {
    await tx.lock(`customer:${workspaceId}:${environment}:${customerId}`);
    // Two requests may carry out one change (billing does it once): the first to come back writes it down.
    const status = (await tx.change(id))?.status;
    if (status === "succeeded") return;
    if (status !== "pending") {
      deps.log.error({ change: id }, "billing gave two answers about one change");
      throw new Problem("billing_unavailable");
    }
    await tx.settleChange(id, { status: "succeeded", settledAt: deps.clock() });
    await publish(deps, tx, row, {
      type: "subscription.changed",
      at,
      sessionId: row.tokenId,
      data: changeData(row),
    });
    if (change.type === "undo_cancellation" && !isEnding(subscription)) await undone(deps, tx, row, at);
    await tx.dequeue("change", id);
  });
}

/** While the change was pending nothing else was begun: every cancellation that we know of lies before it. */
async function undone(deps: Deps, tx: Transaction, row: ChangeRow, at: number): Promise<void> {
  for (const session of await tx.cancelledSessions(row, row.subscriptionId))
    await recordUndone(deps, tx, session, at);
}

/** @param fault the provider's own code, or ours */
async function fail(deps: Deps, row: ChangeRow, fault: string): Promise<void> {
  await deps.store.transaction(async (tx) => {
    if ((await tx.change(row.id))?.status !== "pending") return;
    await tx.settleChange(row.id, { status: "failed", fault, settledAt: deps.clock() });
    await publish(deps, tx, row, {
      type: "subscription.change_failed",
      at: row.createdAt,
      sessionId: row.tokenId,
      data: { ...changeData(row), fault },
    });
    await tx.dequeue("change", row.id);
  });
}

/**
 * Whether what the customer agreed to is still what would happen: billing may have been silent over a charge, which was
 * to come later, or less, or not at all.
 */
async function isStillMeant(billing: BillingProvider, { action, seen, before }: ChangeRow): Promise<boolean> {
  try {
    if ((await billing.now()) >= (before.nextCharge?.at ?? Number.POSITIVE_INFINITY)) return false;
    const { dueNow, subscription } = await billing.preview(action);
    // Of a debt a part may have been paid meanwhile, by this very attempt or by one of billing's own.
    const isAsDue = action.type === "retry_payment" ? dueNow <= seen.dueNow : dueNow === seen.dueNow;
    return isAsDue && subscription.nextCharge?.amount === seen.subscription.nextCharge?.amount;
  } catch (error) {
    // Refused now, refused then: billing says it best itself.
    if (error instanceof BillingError && error.kind === "rejected") return true;
    throw error;
  }
}

/**
 * Finds out what became of a change by reading billing back, and carries it out if nothing did.
 * @returns the change as it is afterwards; still pending if billing does not answer
 */
export async function settleChange(deps: Deps, row: ChangeRow): Promise<ChangeRow> {
  if (row.status !== "pending") return row;
  const billing = deps.billing(row);
  try {
    const found = await billing.readBack(row.action, row.id);
    if (found) await succeed(deps, row, found, await billing.now());
    else if (await isStillMeant(billing, row)) await carryOutChange(deps, row);
    else await fail(deps, row, "terms_changed");
  } catch (error) {
    // Refused: nothing is pending any more. Unknown: it stays so, and the job comes back to it.
    if (error instanceof BillingError) logSilence(deps, error, { change: row.id });
    else if (!(error instanceof Problem)) throw error;
  }
  return (await deps.store.change(row.id)) ?? row;
}

/** The same for all of a subscription. @returns those that are still pending */
export async function settleChanges(deps: Deps, scope: Scope, subscriptionId: string): Promise<ChangeRow[]> {
  const settled: ChangeRow[] = [];
  for (const row of await deps.store.pendingChanges(scope, subscriptionId))
    settled.push(await settleChange(deps, row));
  return settled.filter(({ status }) => status === "pending");
}

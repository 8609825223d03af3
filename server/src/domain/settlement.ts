/**
 * Carrying out what was decided. The order is always: it is written down, billing is asked, its answer is written down.
 * A crash between any two of these is found by the job that was written with the first.
 */
import type { FlowSubscription, Settlement } from "../../../src/api/wire.ts";
import {
  type BilledSubscription,
  BillingError,
  type BillingProvider,
  flowView,
} from "../billing/provider.ts";
import type { Deps } from "../deps.ts";
import type { ActionRow, SessionRow, Transaction } from "../store/store.ts";
import { atOnce } from "./at-once.ts";
import { recordDuplicate, recordOutcome } from "./ledger.ts";
import { Problem } from "./problem.ts";
import { isEnding, isLeft, recordCarriedOut, takeBackLeft } from "./undo.ts";

/** Until then, in ms, the request that wrote something down is expected to settle it itself. */
export const SETTLE_AFTER = 30_000;

/** Asks billing, and writes down its answer. */
export async function carryOut(deps: Deps, session: SessionRow, pending: ActionRow): Promise<Settlement> {
  const billing = deps.billing(session);
  let subscription: FlowSubscription;
  let at: number;
  try {
    subscription = pending.action
      ? flowView(await billing.execute(pending.action, pending.id))
      : await untouched(billing, session, pending);
    at = await billing.now();
  } catch (error) {
    if (!(error instanceof BillingError)) throw error;
    if (error.kind === "unknown") {
      logSilence(deps, error, { session: session.id, action: pending.id });
      return requested(deps, session, pending);
    }
    // What the customer wants may hold already: cancelled elsewhere, or just run out.
    const ended = pending.decision.type === "cancel" && (await endingOf(billing, session.subscriptionId));
    if (ended) return succeed(deps, session, pending, flowView(ended), pending.createdAt);
    deps.log.warn({ session: session.id, action: pending.id, code: error.code }, "billing refused an action");
    await fail(deps, session, pending, error);
    throw new Problem(pending.decision.type === "accept" ? "offer_not_available" : "billing_rejected", {
      cause: error,
    });
  }
  return succeed(deps, session, pending, subscription, at);
}

/** Customers are told that it will be done; only the log can say what is in the way. */
export function logSilence({ log }: Pick<Deps, "log">, { code, message }: BillingError, of: object): void {
  log.warn({ ...of, code, reason: message }, "billing has not answered yet");
}

/**
 * An offer that billing has no part in (contact, redirect, custom) needs no answer from it either. A cancellation that the
 * business carries out by itself may have been carried out already.
 */
async function untouched(
  billing: BillingProvider,
  { subscriptionId, config }: SessionRow,
  { decision }: ActionRow,
): Promise<FlowSubscription> {
  const found = decision.type === "cancel" ? await endingOf(billing, subscriptionId) : undefined;
  return found ? flowView(found) : config.subscription;
}

async function endingOf(billing: BillingProvider, id: string): Promise<BilledSubscription | undefined> {
  const found = await billing.subscription(id).catch(() => undefined);
  return found && isEnding(found) ? found : undefined;
}

/** @param at billing's clock; a cancellation counts from when it was confirmed instead */
function settlementOf(
  { decision, action }: ActionRow,
  subscription: Settlement["subscription"],
  status: Settlement["status"],
  at: number,
): Settlement {
  const decidedAt = action?.type === "cancel" ? action.requestedAt : undefined;
  const head = { status, at: decidedAt ?? at, subscription };
  if (decision.type === "cancel") return { outcome: "cancelled", ...head };
  const { id, type } = decision.offer;
  return { outcome: "retained", offer: { id, type }, choice: decision.choice, ...head };
}

/** Safe and wanted, not yet confirmed: the words on screen and in the ledger say so. */
async function requested(deps: Deps, session: SessionRow, pending: ActionRow): Promise<Settlement> {
  return deps.store.transaction(async (tx) => {
    await tx.lock(`session:${session.id}`);
    const current = (await tx.session(session.id)) as SessionRow;
    if (current.settlement) return current.settlement;
    await checkPending(deps, tx, pending);
    const at = pending.createdAt;
    const settlement = settlementOf(pending, session.config.subscription, "requested", at);
    await tx.updateSession(session.id, { settlement, touchedAt: deps.clock() });
    await recordOutcome(deps, tx, current, settlement, at);
    return settlement;
  });
}

async function succeed(
  deps: Deps,
  session: SessionRow,
  pending: ActionRow,
  subscription: FlowSubscription,
  at: number,
): Promise<Settlement> {
  return deps.store.together(async (tx) => {
    const customer = `customer:${session.workspaceId}:${session.environment}:${session.customerId}`;
    const current = (await tx.lockedSession(session.id, customer)) as SessionRow;
    // Two requests may carry out one action (billing does it once): the first to come back writes it down.
    if (current.settlement?.status === "done") return current.settlement;
    await checkPending(deps, tx, pending);
    const settlement = settlementOf(pending, subscription, "done", at);
    const duplicate = await isCancelledAlready(tx, current, settlement);
    await atOnce(
      tx.settleAction(pending.id, { status: "succeeded", settledAt: deps.clock() }),
      tx.updateSession(session.id, {
        outcome: duplicate ? "abandoned" : settlement.outcome,
        settlement,
        completedAt: at,
        touchedAt: deps.clock(),
      }),
      tx.dequeue("settle", session.id),
      duplicate ? recordDuplicate(deps, tx, current, at) : recordOutcome(deps, tx, current, settlement, at),
    );
    // Nor has who cancels in a later period left before.
    if (!duplicate) await takeBackLeft(deps, tx, current, at);
    else if (isEnding(settlement.subscription))
      await recordCarriedOut(deps, tx, current, settlement.subscription);
    return settlement;
  });
}

/** Refused to one request and answered to another: what holds is for the next one to find out, and for the log to say. */
async function checkPending(deps: Deps, tx: Transaction, { id }: ActionRow): Promise<void> {
  if ((await tx.action(id))?.status === "pending") return;
  deps.log.error({ action: id }, "billing gave two answers about one action");
  throw new Problem("billing_unavailable");
}

/**
 * One subscription ends once, whatever number of tabs and page views it was asked for in: the customer is told the same
 * in each, the books count one. What was undone is over: who cancels again afterwards is counted again.
 */
async function isCancelledAlready(
  tx: Transaction,
  session: SessionRow,
  settlement: Settlement,
): Promise<boolean> {
  if (settlement.outcome !== "cancelled") return false;
  // Cancelled at billing itself, which has its own row.
  if (await tx.openEnding(session, session.subscriptionId)) return true;
  const others = await tx.cancelledSessions(session, session.subscriptionId);
  const { cancelAt } = settlement.subscription;
  // What was left to the business was for the period that was paid then: who has paid for another one since has gone on.
  const isSame = (other: SessionRow) =>
    isLeft(other) || isLeft({ settlement })
      ? isOfOnePeriod(other, session)
      : other.settlement?.subscription.cancelAt === cancelAt;
  return others.some((other) => other.id !== session.id && isSame(other));
}

const isOfOnePeriod = ({ config: one }: SessionRow, { config: other }: SessionRow): boolean =>
  one.subscription.periodEnd === other.subscription.periodEnd;

async function fail(deps: Deps, session: SessionRow, pending: ActionRow, error: BillingError): Promise<void> {
  await deps.store.transaction(async (tx) => {
    await tx.lock(`session:${session.id}`);
    if ((await tx.action(pending.id))?.status !== "pending") return;
    await tx.settleAction(pending.id, {
      status: "failed",
      fault: { code: error.code, retryable: false },
      settledAt: deps.clock(),
    });
    const current = (await tx.session(session.id)) as SessionRow;
    if (current.settlement) {
      // It had been announced as requested; that is taken back for the business to act on.
      await tx.updateSession(session.id, { settlement: null });
      await recordOutcome(deps, tx, current, undefined, pending.createdAt);
    }
    await tx.dequeue("settle", session.id);
  });
}

/**
 * Finds out what became of a pending action by reading billing back, and carries it out if nothing did.
 * @returns the session as it is afterwards; still pending if billing does not answer
 */
export async function settlePending(deps: Deps, session: SessionRow): Promise<SessionRow> {
  const pending = (await deps.store.actions(session.id)).find((action) => action.status === "pending");
  if (!pending) return session;
  const billing = deps.billing(session);
  try {
    const found = pending.action && (await billing.readBack(pending.action, pending.id));
    if (found) await succeed(deps, session, pending, flowView(found), await billing.now());
    else await carryOut(deps, session, pending);
  } catch (error) {
    // Refused: nothing is pending any more. Unknown: it stays so, and the job comes back to it.
    if (error instanceof BillingError) logSilence(deps, error, { session: session.id, action: pending.id });
    else if (!(error instanceof Problem)) throw error;
  }
  return (await deps.store.session(session.id)) ?? session;
}

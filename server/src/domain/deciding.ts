/**
 * From what a customer wants to what billing is asked to do, once per session. Whether it was reached by a run of events, as in
 * the widgets, or named by a caller with screens of its own, is for those who ask.
 */
import { isDeepStrictEqual } from "node:util";
import type { Settlement } from "../../../src/api/wire.ts";
import type { Decision } from "../../../src/flow/machine.ts";
import { type BilledSubscription, type BillingAction, BillingError } from "../billing/provider.ts";
import type { Deps } from "../deps.ts";
import type { ActionRow, SessionRow, Transaction } from "../store/store.ts";
import { atOnce } from "./at-once.ts";
import { isGivenOut, linkLocks } from "./cancel-visits.ts";
import { definitionOf } from "./flows.ts";
import { actionFor, isEligible, termsHold } from "./offers.ts";
import { settleAll } from "./pending.ts";
import { Problem } from "./problem.ts";
import { carryOut, logSilence, SETTLE_AFTER } from "./settlement.ts";
import { noticeUndone } from "./undo.ts";

export type Acceptance = Extract<Decision, { type: "accept" }>;

export interface Wanted {
  /** As it was a moment ago. */
  session: Pick<
    SessionRow,
    "id" | "workspaceId" | "environment" | "customerId" | "subscriptionId" | "tokenId"
  >;
  /** Billing's clock. */
  now: number;
  /** Of what has decided it: the client's event, or one made up for it. */
  eventId: string;
  /** Asked with everything locked. @throws Problem */
  decision(tx: Transaction): Promise<{ session: SessionRow; decision: Decision }>;
  /** When the customer confirmed, by billing's clock; now, if absent. */
  clickedAt?: (session: SessionRow) => number;
  /** Refuses what was seen otherwise. @throws Problem */
  checkSeen?: (accepted: Acceptance) => void;
  /** Where the request says what was seen. */
  seenIn: "seen" | "offer_value";
  /** What a cancellation does at billing; absent: as the flow has it. */
  cancelling?: Deps["cancelAtBilling"];
}

/**
 * @throws Problem session_completed, offer_changed, offer_not_available, billing_rejected, billing_unavailable and what
 * `wanted` throws; BillingError
 */
export async function decideOnce(deps: Deps, wanted: Wanted): Promise<Settlement> {
  const { session } = wanted;
  const billing = deps.billing(session);
  const attempt = async () => {
    await settleAll(deps, session, session.subscriptionId);
    const asOf = deps.clock();
    // Without an answer no offer is taken, but leaving must still be possible.
    const billed = await billing.subscription(session.subscriptionId).catch((error) => {
      if (!(error instanceof BillingError)) throw error;
      logSilence(deps, error, { session: session.id });
      return undefined;
    });
    // Who has gone on since an earlier cancellation and cancels again is counted again.
    if (billed) await noticeUndone(deps, session, [billed]);
    return deps.store.together((tx) => prepare(deps, tx, wanted, { asOf, billed }));
  };
  // Another decision that was quicker by a moment is waited for: how it ends says how this one does.
  const prepared = (await attempt()) ?? (await attempt());
  // It may or may not have happened; until billing says so nothing else may be begun.
  if (!prepared) throw new Problem("billing_unavailable");
  return "settlement" in prepared ? prepared.settlement : carryOut(deps, prepared.session, prepared.action);
}

type Prepared = { settlement: Settlement } | { session: SessionRow; action: ActionRow };

/** What billing says at the moment of the decision. */
interface Present {
  /** The machine's clock, from before billing was read. */
  asOf: number;
  billed: BilledSubscription | undefined;
}

/** Undefined while another decision, or a change in a hub, is pending. */
async function prepare(
  deps: Deps,
  tx: Transaction,
  wanted: Wanted,
  { asOf, billed }: Present,
): Promise<Prepared | undefined> {
  const { workspaceId, environment, customerId, subscriptionId, tokenId, id } = wanted.session;
  // Two sessions of one customer must not both take what is offered once.
  await tx.lock(
    `customer:${workspaceId}:${environment}:${customerId}`,
    ...linkLocks(tokenId),
    `session:${id}`,
  );
  const [{ session, decision }, actions, isOver, changing, deciding] = await atOnce(
    wanted.decision(tx),
    tx.actions(id),
    isGivenOut(tx, tokenId),
    tx.pendingChanges(wanted.session, subscriptionId),
    tx.pendingSessions(wanted.session, subscriptionId),
  );
  const { now } = wanted;
  const live = actions.find((action) => action.status !== "failed");
  if (live) return repeated(session, live, decision);
  if (session.settlement) throw new Problem("session_completed");
  if (isOver) throw new Problem("session_completed");
  // A change that billing has not answered may yet happen, after a cancellation as well, and take it back.
  if (changing.length) return undefined;
  const clickedAt = wanted.clickedAt?.(session) ?? now;
  if (decision.type === "accept") {
    // What another tab has just begun or done is not in what billing said of this subscription.
    if (deciding.length) return undefined;
    await checkOffer(tx, wanted, { session, decision }, { asOf, billed });
  } else if (await tx.isRetainedSince(session, session.subscriptionId, clickedAt)) {
    // A late cancellation does not undo what the customer has said since then.
    throw new Problem("session_completed");
  }
  return begin(deps, tx, wanted, { session, decision, clickedAt });
}

/** What the first time has led to. Undefined while another decision is pending. @throws Problem session_completed */
function repeated(session: SessionRow, live: ActionRow, decision: Decision): Prepared | undefined {
  if (sameDecision(live.decision, decision))
    return session.settlement ? { settlement: session.settlement } : { session, action: live };
  if (live.status === "pending") return undefined;
  throw new Problem("session_completed");
}

/** Whether this offer can be taken at this moment. @throws Problem offer_changed, offer_not_available, billing_unavailable */
async function checkOffer(
  tx: Transaction,
  wanted: Wanted,
  { session, decision }: { session: SessionRow; decision: Extract<Decision, { type: "accept" }> },
  { asOf, billed }: Present,
): Promise<void> {
  const { now } = wanted;
  wanted.checkSeen?.(decision);
  // Terms are promises about this subscription as it was when they were made, and not for ever.
  if (!billed) throw new Problem("billing_unavailable");
  if (!termsHold(session.config, billed, now)) throw new Problem("offer_changed", { param: wanted.seenIn });
  const [, isChanged] = await atOnce(
    checkEligible(tx, session, decision, { subscription: billed, now }),
    tx.isChangedSince(session, asOf),
  );
  if (isChanged) throw new Problem("offer_changed");
}

/** Written down before billing is asked. @throws Problem session_completed */
async function begin(
  deps: Deps,
  tx: Transaction,
  wanted: Wanted,
  { session, decision, clickedAt }: { session: SessionRow; decision: Decision; clickedAt: number },
): Promise<Prepared> {
  const words = await ledgerReason(tx, session);
  const billingAction = actionOf(session, decision, { ...words, requestedAt: clickedAt }, wanted.cancelling);
  const action: ActionRow = {
    id: deps.newId("act"),
    sessionId: session.id,
    eventId: wanted.eventId,
    decision,
    ...(billingAction ? { action: billingAction } : {}),
    status: "pending",
    createdAt: wanted.now,
  };
  const [isFirst] = await atOnce(
    tx.insertAction(action),
    tx.enqueue({
      topic: "settle",
      key: session.id,
      payload: { sessionId: session.id },
      dueAt: deps.clock() + SETTLE_AFTER,
    }),
  );
  if (!isFirst) throw new Problem("session_completed");
  return { session, action };
}

function sameDecision(one: Decision, other: Decision): boolean {
  if (one.type === "cancel" || other.type === "cancel") return one.type === other.type;
  return one.offer.id === other.offer.id && isDeepStrictEqual(one.choice, other.choice);
}

/** The customer must still be entitled to it. @throws Problem offer_not_available */
async function checkEligible(
  tx: Transaction,
  session: SessionRow,
  { offer }: Acceptance,
  present: { subscription: BilledSubscription; now: number },
): Promise<void> {
  const [accepted, row] = await atOnce(
    tx.acceptedOffers(session, session.customerId),
    tx.flow(session.flowId, session.flowVersion),
  );
  const customer = { ...present, accepted };
  const definition = row && definitionOf(row, offer.id, customer);
  if (!definition || !isEligible(definition, customer)) throw new Problem("offer_not_available");
}

function actionOf(
  { config, subscriptionId }: SessionRow,
  decision: Decision,
  cancelled: { reason?: string; comment?: string; requestedAt: number },
  cancelling: Wanted["cancelling"],
): BillingAction | undefined {
  if (decision.type === "accept")
    return actionFor(decision.offer, decision.choice, subscriptionId, config.now);
  if (cancelling === "record") return undefined;
  const confirm = config.flow.steps.find((step) => step.type === "confirm");
  const effective = cancelling ?? confirm?.effective ?? "period_end";
  return { type: "cancel", subscriptionId, effective, ...cancelled };
}

async function ledgerReason(
  tx: Transaction,
  session: SessionRow,
): Promise<{ reason?: string; comment?: string }> {
  const row = await tx.ledgerOfSession(session.id);
  const comment = row?.reasonText ?? row?.feedback;
  return { ...(row?.reason ? { reason: row.reason } : {}), ...(comment ? { comment } : {}) };
}

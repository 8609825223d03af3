/** Recorded events become facts, decisions become billing actions, and each session ends at most once. */
import { isDeepStrictEqual } from "node:util";
import type { DecisionRequest, EventsRequest, Settlement } from "../../../src/api/wire.ts";
import type { Decision } from "../../../src/flow/machine.ts";
import { type BilledSubscription, type BillingAction, BillingError } from "../billing/provider.ts";
import type { Deps } from "../deps.ts";
import type { ActionRow, SessionRow, Transaction } from "../store/store.ts";
import { StoreConflict } from "../store/store.ts";
import { isGivenOut, lockLink } from "./cancel-visits.ts";
import { definitionOf } from "./flows.ts";
import { recordProgress } from "./ledger.ts";
import { actionFor, isEligible, termsHold } from "./offers.ts";
import { settleAll } from "./pending.ts";
import { Problem } from "./problem.ts";
import { type Replay, replay } from "./replay.ts";
import type { SessionClaims } from "./session-token.ts";
import { DELIVERY_TTL } from "./sessions.ts";
import { carryOut, logSilence, SETTLE_AFTER } from "./settlement.ts";
import { noticeUndone } from "./undo.ts";

/** More than any person causes; a page that sends more is broken or hostile. */
export const EVENTS_PER_SESSION = 1000;

/** A page that has used them up must not keep its customer from leaving: a decision may bring one more request's worth. */
const DECISION_RESERVE = 500;

async function ownSession(tx: Transaction, claims: SessionClaims, id: string): Promise<SessionRow> {
  const session = await tx.session(id);
  const isOwn =
    session?.tokenId === claims.tokenId &&
    session.workspaceId === claims.workspaceId &&
    (claims.sessionId ?? id) === id;
  if (!isOwn) throw new Problem("session_not_found");
  return session;
}

/** Stores what is new and brings session and ledger up to date; what was sent before changes nothing. */
async function ingest(
  deps: Deps,
  tx: Transaction,
  session: SessionRow,
  { events }: Pick<EventsRequest, "events">,
  now: number,
  most = EVENTS_PER_SESSION,
): Promise<{ accepted: number; runs: Map<string, Replay> }> {
  const at = deps.clock();
  const accepted = await tx.insertSessionEvents(session.id, events, at).catch((error) => {
    throw error instanceof StoreConflict ? new Problem("event_conflict", { cause: error }) : error;
  });
  if (accepted && (await tx.countSessionEvents(session.id)) > most) throw new Problem("too_many_events");
  const actions = await tx.actions(session.id);
  const runs = new Map<string, Replay>();
  for (const run of new Set(events.map((event) => event.run))) {
    runs.set(run, replay(session.config, await tx.sessionEvents(session.id, run)));
  }
  // While billing is being asked the session is as good as decided: its answer, not another tab, says how it ends.
  const isOpen = !session.settlement && !actions.some(({ status }) => status === "pending");
  if (accepted && isOpen && !(await isGivenOut(tx, session.tokenId))) {
    for (const progress of runs.values()) {
      await recordProgress(deps, tx, session, progress, now);
      // Staying decides the session; what other openings say no longer counts.
      if (progress.kept) break;
    }
  }
  return { accepted, runs };
}

/** @throws Problem session_not_found, event_conflict, too_many_events */
export async function recordEvents(
  deps: Deps,
  claims: SessionClaims,
  request: EventsRequest,
): Promise<number> {
  const now = await deps.billing(claims).now();
  return deps.store.transaction(async (tx) => {
    await lockLink(tx, claims.tokenId);
    await tx.lock(`session:${request.session}`);
    const session = await ownSession(tx, claims, request.session);
    return (await ingest(deps, tx, session, request, now)).accepted;
  });
}

/**
 * Executes what the run's last event asks for, once.
 * @throws Problem session_completed, decision_not_possible, offer_changed, offer_not_available, billing_rejected, …
 */
export async function decide(
  deps: Deps,
  claims: SessionClaims,
  request: DecisionRequest,
): Promise<Settlement> {
  const billing = deps.billing(claims);
  const now = await billing.now();
  // The events are kept even if the decision itself is refused: they happened.
  const session = await deps.store.transaction(async (tx) => {
    await lockLink(tx, claims.tokenId);
    await tx.lock(`session:${request.session}`);
    const own = await ownSession(tx, claims, request.session);
    await ingest(deps, tx, own, request, now, EVENTS_PER_SESSION + DECISION_RESERVE);
    return own;
  });
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
    return deps.store.transaction((tx) => prepare(deps, tx, claims, request, { now, asOf, billed }));
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
  now: number;
  /** The machine's clock, from before billing was read. */
  asOf: number;
  billed: BilledSubscription | undefined;
}

/** Undefined while another decision, or a change in a hub, is pending. */
async function prepare(
  deps: Deps,
  tx: Transaction,
  claims: SessionClaims,
  request: DecisionRequest,
  { now, asOf, billed }: Present,
): Promise<Prepared | undefined> {
  // Two sessions of one customer must not both take what is offered once.
  await tx.lock(`customer:${claims.workspaceId}:${claims.environment}:${claims.customerId}`);
  await lockLink(tx, claims.tokenId);
  await tx.lock(`session:${request.session}`);
  const session = await ownSession(tx, claims, request.session);
  const decision = await decisionOf(tx, session, request);
  const actions = await tx.actions(session.id);
  const live = actions.find((action) => action.status !== "failed");
  if (live) {
    if (!sameDecision(live.decision, decision)) {
      if (live.status === "pending") return undefined;
      throw new Problem("session_completed");
    }
    return session.settlement ? { settlement: session.settlement } : { session, action: live };
  }
  if (session.settlement) throw new Problem("session_completed");
  if (await isGivenOut(tx, session.tokenId)) throw new Problem("session_completed");
  // A change that billing has not answered may yet happen, after a cancellation as well, and take it back.
  if ((await tx.pendingChanges(session, session.subscriptionId)).length) return undefined;
  const clicked = clickedAt(session, request, now);
  if (decision.type === "accept") {
    // What another tab has just begun or done is not in what billing said of this subscription.
    if ((await tx.pendingSessions(session, session.subscriptionId)).length) return undefined;
    await checkOffer(tx, session, decision, request, { now, billed });
    if (await tx.isChangedSince(session, asOf)) throw new Problem("offer_changed");
  } else if (await tx.isRetainedSince(session, session.subscriptionId, clicked)) {
    // A late cancellation does not undo what the customer has said since then.
    throw new Problem("session_completed");
  }

  const words = await ledgerReason(tx, session);
  const billingAction = actionOf(session, decision, words, clicked);
  const action: ActionRow = {
    id: deps.newId("act"),
    sessionId: session.id,
    eventId: (request.events.at(-1) as { id: string }).id,
    decision,
    ...(billingAction ? { action: billingAction } : {}),
    status: "pending",
    createdAt: now,
  };
  if (!(await tx.insertAction(action))) throw new Problem("session_completed");
  await tx.enqueue({
    topic: "settle",
    key: session.id,
    payload: { sessionId: session.id },
    dueAt: deps.clock() + SETTLE_AFTER,
  });
  return { session, action };
}

async function decisionOf(
  tx: Transaction,
  session: SessionRow,
  { events }: DecisionRequest,
): Promise<Decision> {
  const last = events.at(-1) as (typeof events)[number];
  if (events.some((event) => event.run !== last.run)) {
    throw new Problem("parameter_invalid", { param: "events", message: "A decision is about one run." });
  }
  const recorded = await tx.sessionEvents(session.id, last.run);
  // The way out must not depend on anything before it being in order.
  if (last.type === "confirm") return { type: "cancel" };
  const ends = recorded.at(-1);
  // Only a run without a gap says what the customer decided about.
  const complete = ends?.id === last.id && ends.seq === recorded.length - 1;
  const decision = complete && replay(session.config, recorded).decision;
  if (!decision) throw new Problem("decision_not_possible");
  return decision;
}

function sameDecision(one: Decision, other: Decision): boolean {
  if (one.type === "cancel" || other.type === "cancel") return one.type === other.type;
  return one.offer.id === other.offer.id && isDeepStrictEqual(one.choice, other.choice);
}

/** What was seen must be what will be executed, and the customer must still be entitled to it. */
async function checkOffer(
  tx: Transaction,
  session: SessionRow,
  { offer, choice }: Extract<Decision, { type: "accept" }>,
  { seen }: DecisionRequest,
  { now, billed }: Pick<Present, "now" | "billed">,
): Promise<void> {
  if (!seen) throw new Problem("parameter_missing", { param: "seen" });
  const shown = { offer: offer.id, terms: withoutNotes(offer.terms), choice };
  if (!isDeepStrictEqual({ ...seen, terms: withoutNotes(seen.terms), choice: seen.choice ?? {} }, shown))
    throw new Problem("offer_changed", { param: "seen" });
  // Terms are promises about this subscription as it was when they were made, and not for ever.
  if (!billed) throw new Problem("billing_unavailable");
  if (!termsHold(session.config, billed, now)) throw new Problem("offer_changed", { param: "seen" });
  const accepted = await tx.acceptedOffers(session, session.customerId);
  const customer = { subscription: billed, accepted, now };
  const row = await tx.flow(session.flowId, session.flowVersion);
  const definition = row && definitionOf(row, offer.id, customer);
  if (!definition || !isEligible(definition, customer)) throw new Problem("offer_not_available");
}

/**
 * When the customer confirmed, by billing's clock. The page says how long ago that was; it is believed as far as it can
 * be true: not before the session was opened, not in the future, and no longer ago than a delivery may take.
 */
function clickedAt({ openedAt }: SessionRow, { age = 0 }: DecisionRequest, now: number): number {
  return Math.min(now, Math.max(openedAt, now - age, now - DELIVERY_TTL));
}

/** Of plans, what the business says about them is not part of the terms: it may be read in another language. */
function withoutNotes(terms: unknown): unknown {
  const { plans } = Object(terms) as { plans?: unknown };
  if (!Array.isArray(plans)) return terms;
  const bare = plans.map((plan) => {
    if (typeof plan !== "object" || !plan) return plan;
    const { description: _, ...rest } = plan;
    return rest;
  });
  return { ...(terms as object), plans: bare };
}

function actionOf(
  { config, subscriptionId }: SessionRow,
  decision: Decision,
  words: { reason?: string; comment?: string },
  requestedAt: number,
): BillingAction | undefined {
  if (decision.type === "accept")
    return actionFor(decision.offer, decision.choice, subscriptionId, config.now);
  const confirm = config.flow.steps.find((step) => step.type === "confirm");
  const effective = confirm?.effective ?? "period_end";
  return { type: "cancel", subscriptionId, effective, requestedAt, ...words };
}

async function ledgerReason(
  tx: Transaction,
  session: SessionRow,
): Promise<{ reason?: string; comment?: string }> {
  const row = await tx.ledgerOfSession(session.id);
  const comment = row?.reasonText ?? row?.feedback;
  return { ...(row?.reason ? { reason: row.reason } : {}), ...(comment ? { comment } : {}) };
}

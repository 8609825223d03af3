/**
 * Outcomes: recorded events become facts, decisions become billing actions, and each session ends at most once.
 * The order is always: write down what is wanted, commit, ask billing, write down what it said. A crash between any
 * two of these is found by the job that was written with the first.
 */
import { isDeepStrictEqual } from "node:util";
import type { DecisionRequest, EventsRequest, Settlement, Subscription } from "../../../src/api/wire.ts";
import type { Decision } from "../../../src/flow/machine.ts";
import {
  type BilledSubscription,
  type BillingAction,
  BillingError,
  type BillingProvider,
  publicView,
} from "../billing/provider.ts";
import type { Deps } from "../deps.ts";
import type { ActionRow, SessionRow, Transaction } from "../store/store.ts";
import { StoreConflict } from "../store/store.ts";
import { definitionOf } from "./flows.ts";
import { recordOutcome, recordProgress } from "./ledger.ts";
import { actionFor, isEligible } from "./offers.ts";
import { Problem } from "./problem.ts";
import { type Replay, replay } from "./replay.ts";
import type { SessionClaims } from "./session-token.ts";

/** More than any person causes; a page that sends more is broken or hostile. */
export const EVENTS_PER_SESSION = 2000;

/** A page that has used them up must not keep its customer from leaving: a decision may bring one more request's worth. */
const DECISION_RESERVE = 500;

/** Until then the request that wrote the action is expected to settle it itself. */
const SETTLE_AFTER = 30_000;

async function ownSession(tx: Transaction, claims: SessionClaims, id: string): Promise<SessionRow> {
  const session = await tx.session(id);
  if (!session || session.tokenId !== claims.tokenId || session.workspaceId !== claims.workspaceId) {
    throw new Problem("session_not_found");
  }
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
    runs.set(run, replay(session.config, await tx.sessionEvents(session.id, run), actions));
  }
  // While billing is being asked the session is as good as decided: its answer, not another tab, says how it ends.
  if (accepted && !session.settlement && !actions.some(({ status }) => status === "pending")) {
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
  const now = await deps.billing(claims).now();
  // The events are kept even if the decision itself is refused: they happened.
  const session = await deps.store.transaction(async (tx) => {
    await tx.lock(`session:${request.session}`);
    const own = await ownSession(tx, claims, request.session);
    await ingest(deps, tx, own, request, now, EVENTS_PER_SESSION + DECISION_RESERVE);
    return own;
  });
  const attempt = async () => {
    await settlePending(deps, session);
    return deps.store.transaction((tx) => prepare(deps, tx, claims, request, now));
  };
  // Another decision that was quicker by a moment is waited for: how it ends says how this one does.
  const prepared = (await attempt()) ?? (await attempt());
  // It may or may not have happened; until billing says so nothing else may be begun.
  if (!prepared) throw new Problem("billing_unavailable");
  return "settlement" in prepared ? prepared.settlement : carryOut(deps, prepared.session, prepared.action);
}

type Prepared = { settlement: Settlement } | { session: SessionRow; action: ActionRow };

/** Undefined while another decision is pending. */
async function prepare(
  deps: Deps,
  tx: Transaction,
  claims: SessionClaims,
  request: DecisionRequest,
  now: number,
): Promise<Prepared | undefined> {
  // Two sessions of one customer must not both take what is offered once.
  await tx.lock(`customer:${claims.workspaceId}:${claims.environment}:${claims.customerId}`);
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
  if (decision.type === "accept") await checkOffer(tx, session, decision, request, now);

  const billingAction = actionOf(session, decision, await ledgerReason(tx, session));
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
  const decision = complete && replay(session.config, recorded, await tx.actions(session.id)).decision;
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
  now: number,
): Promise<void> {
  if (!seen) throw new Problem("parameter_missing", { param: "seen" });
  const shown = { offer: offer.id, terms: offer.terms, choice };
  if (!isDeepStrictEqual({ ...seen, choice: seen.choice ?? {} }, shown))
    throw new Problem("offer_changed", { param: "seen" });
  const row = await tx.flow(session.flowId, session.flowVersion);
  const definition = row && definitionOf(row, offer.id);
  const accepted = await tx.acceptedOffers(session, session.customerId);
  const customer = { subscription: session.config.subscription as BilledSubscription, accepted, now };
  if (!definition || !isEligible(definition, customer)) throw new Problem("offer_not_available");
}

function actionOf(
  { config, subscriptionId }: SessionRow,
  decision: Decision,
  words: { reason?: string; comment?: string },
): BillingAction | undefined {
  if (decision.type === "accept") return actionFor(decision.offer, decision.choice, subscriptionId);
  const confirm = config.flow.steps.find((step) => step.type === "confirm");
  return { type: "cancel", subscriptionId, effective: confirm?.effective ?? "period_end", ...words };
}

async function ledgerReason(
  tx: Transaction,
  session: SessionRow,
): Promise<{ reason?: string; comment?: string }> {
  const row = await tx.ledgerOfSession(session.id);
  const comment = row?.reasonText ?? row?.feedback;
  return { ...(row?.reason ? { reason: row.reason } : {}), ...(comment ? { comment } : {}) };
}

/** Asks billing, and writes down its answer. */
async function carryOut(deps: Deps, session: SessionRow, pending: ActionRow): Promise<Settlement> {
  const billing = deps.billing(session);
  let subscription: Subscription;
  let at: number;
  try {
    // An offer that billing has no part in (contact, redirect, custom) needs no answer from it either.
    subscription = pending.action
      ? await withTimeout(billing.execute(pending.action, pending.id), deps.limits.billingTimeout)
      : session.config.subscription;
    at = await billing.now();
  } catch (error) {
    if (!(error instanceof BillingError)) throw error;
    if (error.kind === "unknown") return requested(deps, session, pending);
    // What the customer wants may hold already: cancelled elsewhere, or just run out.
    const ended = pending.decision.type === "cancel" && (await endingOf(billing, session.subscriptionId));
    if (ended) return succeed(deps, session, pending, ended, await billing.now());
    deps.log.warn({ session: session.id, action: pending.id, code: error.code }, "billing refused an action");
    await fail(deps, session, pending, error);
    throw new Problem(pending.decision.type === "accept" ? "offer_not_available" : "billing_rejected", {
      cause: error,
    });
  }
  return succeed(deps, session, pending, subscription, at);
}

async function endingOf(billing: BillingProvider, id: string): Promise<BilledSubscription | undefined> {
  const found = await billing.subscription(id).catch(() => undefined);
  return found && (found.cancelAt !== undefined || found.status === "cancelled") ? found : undefined;
}

function withTimeout<T>(work: Promise<T>, ms: number): Promise<T> {
  let timer: NodeJS.Timeout;
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new BillingError("unknown", "timeout", `no answer within ${ms} ms`)), ms);
  });
  return Promise.race([work, timeout]).finally(() => clearTimeout(timer));
}

function settlementOf(
  decision: Decision,
  subscription: Settlement["subscription"],
  status: Settlement["status"],
  at: number,
): Settlement {
  const head = { status, at, subscription };
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
    const settlement = settlementOf(
      pending.decision,
      session.config.subscription,
      "requested",
      session.config.now,
    );
    await tx.updateSession(session.id, { settlement, touchedAt: deps.clock() });
    await recordOutcome(deps, tx, current, settlement);
    return settlement;
  });
}

async function succeed(
  deps: Deps,
  session: SessionRow,
  pending: ActionRow,
  subscription: Subscription,
  at: number,
): Promise<Settlement> {
  return deps.store.transaction(async (tx) => {
    await tx.lock(`session:${session.id}`);
    const current = (await tx.session(session.id)) as SessionRow;
    // Two requests may carry out one action (billing does it once): the first to come back writes it down.
    if ((await tx.action(pending.id))?.status !== "pending") return current.settlement as Settlement;
    const settlement = settlementOf(pending.decision, publicView(subscription), "done", at);
    await tx.settleAction(pending.id, { status: "succeeded", settledAt: deps.clock() });
    await tx.updateSession(session.id, {
      outcome: settlement.outcome,
      settlement,
      completedAt: at,
      touchedAt: deps.clock(),
    });
    await recordOutcome(deps, tx, current, settlement);
    await tx.dequeue("settle", session.id);
    return settlement;
  });
}

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
      await recordOutcome(deps, tx, current, undefined);
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
    const found =
      pending.action &&
      (await withTimeout(billing.readBack(pending.action, pending.id), deps.limits.billingTimeout));
    if (found) await succeed(deps, session, pending, found, await billing.now());
    else await carryOut(deps, session, pending);
  } catch (error) {
    // Refused: nothing is pending any more. Unknown: it stays so, and the job comes back to it.
    if (!(error instanceof Problem) && !(error instanceof BillingError)) throw error;
  }
  return (await deps.store.session(session.id)) ?? session;
}

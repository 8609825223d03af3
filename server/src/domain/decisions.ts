/** What a widget records and asks for: its events become facts, and the last one of a run may ask for something to be done. */
import { isDeepStrictEqual } from "node:util";
import type { DecisionRequest, EventsRequest, Settlement } from "../../../src/api/wire.ts";
import type { Decision } from "../../../src/flow/machine.ts";
import type { Deps } from "../deps.ts";
import { type SessionRow, StoreConflict, type Transaction } from "../store/store.ts";
import { atOnce } from "./at-once.ts";
import { isGivenOut, linkLocks } from "./cancel-visits.ts";
import { type Acceptance, decideOnce } from "./deciding.ts";
import { recordProgress } from "./ledger.ts";
import { Problem } from "./problem.ts";
import { type Replay, replay } from "./replay.ts";
import type { SessionClaims } from "./session-token.ts";
import { DELIVERY_TTL } from "./sessions.ts";
import { asTold, takeBackLeft } from "./undo.ts";

/** More than any person causes; a page that sends more is broken or hostile. */
export const EVENTS_PER_SESSION = 1000;

/** A page that has used them up must not keep its customer from leaving: a decision may bring one more request's worth. */
const DECISION_RESERVE = 500;

function checkOwn(session: SessionRow | undefined, claims: SessionClaims, id: string): SessionRow {
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
  const [added, actions, row, isOver] = await atOnce(
    tx.addSessionEvents(session.id, events, at).catch((error) => {
      throw error instanceof StoreConflict ? new Problem("event_conflict", { cause: error }) : error;
    }),
    tx.actions(session.id),
    tx.ledgerOfSession(session.id),
    isGivenOut(tx, session.tokenId),
  );
  const { accepted } = added;
  if (accepted && added.total > most) throw new Problem("too_many_events");
  const runs = new Map([...added.runs].map(([run, all]) => [run, replay(session.config, all)]));
  // While billing is being asked the session is as good as decided: its answer, not another tab, says how it ends.
  const isOpen = !session.settlement && !actions.some(({ status }) => status === "pending");
  if (accepted && isOpen && !isOver) {
    let known = { row };
    for (const progress of runs.values()) {
      known = { row: await recordProgress(deps, tx, session, progress, now, known) };
      if (!progress.kept) continue;
      await takeBackLeft(deps, tx, session, now);
      // Staying decides the session; what other openings say no longer counts.
      break;
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
  return deps.store.together(async (tx) => {
    const locked = await tx.lockedSession(request.session, ...linkLocks(claims.tokenId));
    const session = checkOwn(locked, claims, request.session);
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
  const session = await deps.store.together(async (tx) => {
    const locked = await tx.lockedSession(request.session, ...linkLocks(claims.tokenId));
    const own = checkOwn(locked, claims, request.session);
    await ingest(deps, tx, own, request, now, EVENTS_PER_SESSION + DECISION_RESERVE);
    return own;
  });
  const settlement = await decideOnce(deps, {
    session,
    now,
    eventId: (request.events.at(-1) as { id: string }).id,
    async decision(tx) {
      const current = checkOwn(await tx.session(request.session), claims, request.session);
      return { session: current, decision: await decisionOf(tx, current, request) };
    },
    clickedAt: (current) => clickedAt(current, request, now),
    checkSeen: (accepted) => checkSeen(accepted, request),
    seenIn: "seen",
  });
  return asTold(settlement);
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

/** What was seen must be what will be executed. @throws Problem parameter_missing, offer_changed */
function checkSeen({ offer, choice }: Acceptance, { seen }: DecisionRequest): void {
  if (!seen) throw new Problem("parameter_missing", { param: "seen" });
  const shown = { offer: offer.id, terms: withoutNotes(offer.terms), choice };
  if (!isDeepStrictEqual({ ...seen, terms: withoutNotes(seen.terms), choice: seen.choice ?? {} }, shown))
    throw new Problem("offer_changed", { param: "seen" });
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

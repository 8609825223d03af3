/**
 * The ledger: one row per session that was started, and the events that integrators hear of. What ends without a session
 * is written down in billing-events.ts.
 */
import type { Settlement } from "../../../src/api/wire.ts";
import type { EventType } from "../contract/event-types.ts";
import type { Deps } from "../deps.ts";
import type { LedgerRow, Queries, Scope, SessionRow, Transaction } from "../store/store.ts";
import { atOnce } from "./at-once.ts";
import {
  canceledData,
  endingUndoneData,
  requestedData,
  requestFailedData,
  savedData,
  undoneData,
  visitData,
} from "./event-data.ts";
import { type Announcement, publish } from "./events.ts";
import { isLinkId, isOwn } from "./link-ids.ts";
import { keptMrr, offersIn, valued } from "./outcomes.ts";
import type { Replay } from "./replay.ts";

const DAY = 86_400_000;

async function blank(deps: Deps, tx: Queries, session: SessionRow, now: number): Promise<LedgerRow> {
  const { workspaceId, environment, customerId, tokenId, subscriptionId, email, plan, mrr, currency } =
    session;
  const link = isLinkId(tokenId) ? await tx.cancelLink(tokenId) : undefined;
  const isOfBusiness = isOwn({ id: tokenId, subscriptionId });
  const days = Math.floor((now - session.config.subscription.startedAt) / DAY);
  const tenureDays = isOfBusiness ? link?.context.tenureDays : Math.max(0, days);
  return {
    id: deps.newId("can"),
    workspaceId,
    environment,
    source: "flow",
    sessionId: session.id,
    customerId,
    // Of a subscription that a business bills by itself nobody knows the id.
    ...(isOfBusiness ? {} : { subscriptionId }),
    ...(email === undefined ? {} : { email }),
    confirmed: false,
    offerAccepted: false,
    // What nobody has said is not nothing.
    ...(plan ? { plan } : {}),
    ...(session.config.subscription.price ? { mrr } : {}),
    currency,
    ...(tenureDays === undefined ? {} : { tenureDays }),
    ...(link && Object.keys(link.metadata).length ? { metadata: link.metadata } : {}),
    startedAt: session.startedAt ?? now,
    occurredAt: now,
    createdAt: deps.clock(),
    updatedAt: deps.clock(),
  };
}

/** The row of a session as it was read a moment ago, in the same transaction. */
interface KnownRow {
  row: LedgerRow | undefined;
}

/** The row of a session, to be changed and put back; a new one if it has none yet. */
async function rowOf(
  deps: Deps,
  tx: Queries,
  session: SessionRow,
  now: number,
  known?: KnownRow,
): Promise<{ existing: LedgerRow | undefined; row: LedgerRow }> {
  const existing = known ? known.row : await tx.ledgerOfSession(session.id);
  const row = { ...(existing ?? (await blank(deps, tx, session, now))), updatedAt: deps.clock() };
  return { existing, row };
}

/** What the customer was shown, and what it was called if that is more than its kind. */
function showing({ config }: SessionRow, row: LedgerRow, { id, type }: { id: string; type: string }): void {
  const label = offersIn(config.flow).find((offer) => offer.id === id)?.title;
  Object.assign(row, { offerId: id, offerType: type });
  if (label === undefined) delete row.offerLabel;
  else row.offerLabel = label;
}

/** Tells integrators what has become of a visit. */
const tell = <Type extends EventType>(
  deps: Deps,
  tx: Queries,
  session: SessionRow,
  what: Pick<Announcement<Type>, "type" | "at" | "data">,
) => publish(deps, tx, session, { sessionId: session.id, ...what });

/**
 * The row with what its outcome is worth. Of one subscription a save holds until the period ends that was paid for then: who
 * stays once more before that has kept nothing more.
 *
 * @param kept see `valued`
 */
async function worthOf(
  tx: Transaction,
  session: SessionRow,
  row: LedgerRow,
  now: number,
  kept = row.mrr,
): Promise<LedgerRow> {
  const stored = valued(row, kept);
  return stored.savedMrr && (await isSavedAlready(tx, session, now)) ? { ...stored, savedMrr: 0 } : stored;
}

async function isSavedAlready(
  tx: Transaction,
  { id: sessionId, customerId, subscriptionId, ...scope }: SessionRow,
  now: number,
): Promise<boolean> {
  // Of two at once the second must see the first.
  await tx.lock(`saved:${scope.workspaceId}:${scope.environment}:${subscriptionId}`);
  const last = await tx.lastSave(scope, { customerId, subscriptionId, sessionId });
  const then = last?.sessionId === undefined ? undefined : await tx.session(last.sessionId);
  const { periodEnd } = then?.settlement?.subscription ?? then?.config.subscription ?? {};
  return periodEnd !== undefined && now < periodEnd;
}

/**
 * What a run says so far: the reason, the offer on screen, staying, closing. The session has not been decided yet.
 * @returns the row as it is now
 */
export async function recordProgress(
  deps: Deps,
  tx: Transaction,
  session: SessionRow,
  run: Replay,
  now: number,
  known?: KnownRow,
): Promise<LedgerRow> {
  const { existing, row } = await rowOf(deps, tx, session, now, known);
  for (const key of ["reason", "reasonText", "feedback"] as const) {
    if (run[key] !== undefined) row[key] = run[key];
  }
  if (run.offer) showing(session, row, run.offer);
  const started = session.startedAt === undefined ? { startedAt: now } : {};
  const touched: Parameters<Transaction["updateSession"]>[1] = { touchedAt: deps.clock(), ...started };

  if (run.kept) {
    const settlement: Settlement = {
      outcome: "retained",
      status: "done",
      at: now,
      subscription: session.config.subscription,
    };
    Object.assign(touched, { outcome: "retained", settlement, completedAt: now });
    Object.assign(row, { outcome: "retained", confirmed: true, offerAccepted: false, occurredAt: now });
    row.completedAt = now;
  } else if (run.closed) {
    Object.assign(touched, { outcome: "abandoned", completedAt: now });
    Object.assign(row, { outcome: "abandoned", confirmed: true, completedAt: now });
  }
  const stored = await worthOf(tx, session, row, now);
  await atOnce(
    tx.updateSession(session.id, touched),
    tx.putLedger(stored),
    tellProgress(deps, tx, session, { existing, stored, run, at: now }),
  );
  return stored;
}

async function tellProgress(
  deps: Deps,
  tx: Queries,
  session: SessionRow,
  {
    existing,
    stored,
    run,
    at,
  }: { existing: LedgerRow | undefined; stored: LedgerRow; run: Replay; at: number },
): Promise<void> {
  const data = visitData(session, stored);
  if (!existing) await tell(deps, tx, session, { type: "cancel.started", at, data });
  if (run.kept) await tell(deps, tx, session, { type: "cancel.saved", at, data: savedData(session, stored) });
  // Opening and closing again is still one abandoned visit.
  if (run.closed && existing?.outcome !== "abandoned")
    await tell(deps, tx, session, { type: "cancel.abandoned", at, data });
}

/**
 * @param settlement undefined: what was announced as requested did not come to pass
 * @param now billing's clock: the customer may have decided some days before
 */
export async function recordOutcome(
  deps: Deps,
  tx: Transaction,
  session: SessionRow,
  settlement: Settlement | undefined,
  now: number,
): Promise<void> {
  const { row } = await rowOf(deps, tx, session, now);
  if (!settlement) {
    delete row.outcome;
    delete row.completedAt;
    Object.assign(row, { confirmed: false, offerAccepted: false });
    const open = valued(row);
    await tx.putLedger(open);
    const data = requestFailedData(session, open);
    await tell(deps, tx, session, { type: "cancel.request_failed", at: now, data });
    return;
  }
  const { outcome, status, offer, subscription, at } = settlement;
  Object.assign(row, { outcome, confirmed: status === "done", offerAccepted: !!offer, occurredAt: at });
  if (offer) showing(session, row, offer);
  const effectiveAt = outcome === "cancelled" ? subscription.cancelAt : undefined;
  if (effectiveAt !== undefined) row.effectiveAt = effectiveAt;
  row.completedAt = now;
  const stored = await worthOf(tx, session, row, now, keptMrr(session.config, settlement));
  await atOnce(tx.putLedger(stored), tellOutcome(deps, tx, session, { row: stored, settlement, now }));
}

async function tellOutcome(
  deps: Deps,
  tx: Queries,
  session: SessionRow,
  { row, settlement, now: at }: { row: LedgerRow; settlement: Settlement; now: number },
): Promise<void> {
  if (settlement.status === "requested") {
    const data = requestedData(session, row, settlement);
    await tell(deps, tx, session, { type: "cancel.requested", at, data });
  } else if (settlement.outcome === "retained") {
    await tell(deps, tx, session, { type: "cancel.saved", at, data: savedData(session, row, settlement) });
  } else {
    const data = canceledData(session, row, settlement);
    await tell(deps, tx, session, { type: "cancel.canceled", at, data });
  }
}

/** A cancellation that another session had already brought about: this visit changed nothing, and counts as that. */
export async function recordDuplicate(
  deps: Deps,
  tx: Queries,
  session: SessionRow,
  now: number,
): Promise<void> {
  const { existing, row } = await rowOf(deps, tx, session, now);
  Object.assign(row, { outcome: "abandoned", confirmed: true, offerAccepted: false, completedAt: now });
  const stored = valued(row);
  await tx.putLedger(stored);
  const data = visitData(session, stored);
  if (existing?.outcome !== "abandoned")
    await tell(deps, tx, session, { type: "cancel.abandoned", at: now, data });
}

/**
 * A cancellation was taken back: it stays in the books, with since when that has been known. Where another visit has done so,
 * that visit is what counts: this one has come to nothing.
 */
export async function recordUndoing(
  deps: Deps,
  tx: Transaction,
  session: SessionRow,
  now: number,
  byVisit: boolean,
): Promise<void> {
  const { row } = await rowOf(deps, tx, session, now);
  const { effectiveAt: _, ...rest } = row;
  const stored = byVisit
    ? valued({ ...rest, outcome: "abandoned" })
    : await worthOf(tx, session, { ...row, undoneAt: now }, now);
  await tx.putLedger(stored);
  await tell(deps, tx, session, { type: "cancel.undone", at: now, data: undoneData(session, stored) });
}

/** The same of an end that no session brought about. What is over is not taken back. */
export async function recordEndingUndone(
  deps: Deps,
  tx: Queries,
  { scope, subscriptionId }: { scope: Scope; subscriptionId: string },
  now: number,
): Promise<void> {
  const row = await tx.openEnding(scope, subscriptionId);
  if (!row || row.confirmed) return;
  await tx.putLedger({ ...row, undoneAt: now, updatedAt: deps.clock() });
  const data = endingUndoneData(row);
  await publish(deps, tx, scope, { type: "subscription.ending_undone", at: now, data });
}

/** The customer went without deciding anything. @param now billing's clock, @param leftAt when they last did something */
export async function recordAbandoned(
  deps: Deps,
  tx: Queries,
  session: SessionRow,
  now: number,
  leftAt = now,
): Promise<void> {
  const { existing, row } = await rowOf(deps, tx, session, now);
  Object.assign(row, { outcome: "abandoned", confirmed: true, completedAt: leftAt });
  const started = session.startedAt === undefined ? { startedAt: now } : {};
  await tx.updateSession(session.id, { ...started, outcome: "abandoned", completedAt: leftAt });
  const stored = valued(row);
  await tx.putLedger(stored);
  const data = visitData(session, stored);
  if (!existing) await tell(deps, tx, session, { type: "cancel.started", at: now, data });
  await tell(deps, tx, session, { type: "cancel.abandoned", at: now, data });
}

/** Sessions that are listed at once. */
const IDLE_BATCH = 200;
/** Shorter than a schedule's lease, ms: what is left then is for the next minute. */
const SWEEP_PATIENCE = 20_000;

/** Marks sessions that fell silent. @returns how many */
export async function sweepIdle(deps: Deps): Promise<number> {
  const begun = deps.clock();
  let swept = 0;
  for (let some = IDLE_BATCH; some === IDLE_BATCH && deps.clock() - begun < SWEEP_PATIENCE; swept += some)
    some = await sweepSome(deps);
  return swept;
}

async function sweepSome(deps: Deps): Promise<number> {
  const idle = await deps.store.idleSessions(deps.clock() - deps.limits.idle, IDLE_BATCH);
  let swept = 0;
  for (const { id, workspaceId, environment, subscriptionId } of idle) {
    const now = await deps.billing({ workspaceId, environment, subscriptionId }).now();
    swept += await deps.store.transaction(async (tx) => {
      await tx.lock(`session:${id}`);
      const session = await tx.session(id);
      if (!session || session.outcome || session.touchedAt > deps.clock() - deps.limits.idle) return 0;
      // A decision may have come in since the sessions were listed.
      if (session.settlement || (await tx.actions(id)).some(({ status }) => status === "pending")) return 0;
      // Billing's clock may be another than the one by which their last sign is known.
      const leftAt = Math.max(session.startedAt ?? 0, now - (deps.clock() - session.touchedAt));
      await recordAbandoned(deps, tx, session, now, leftAt);
      return 1;
    });
  }
  return swept;
}

/** What many ask in one transaction, as one statement each: for PostgreSQL. */
import type { Kysely } from "kysely";
import type { Schema } from "../schema.ts";
import type { LedgerRow, Transaction } from "../store.ts";
import { Breath } from "./breath.ts";
import { actionsOf, type LockedSession, ledgersOf, locked, lockedSessions, sessionsOf } from "./reads.ts";
import { type AddEvents, eventsAdded } from "./recording.ts";
import {
  isTouch,
  type PutEvent,
  type PutLedger,
  putEvents,
  putLedgers,
  type Touch,
  touchSessions,
} from "./writes.ts";

/**
 * For each of them its own.
 * @param noting hears of every query that fails
 */
export function merged(
  tx: Kysely<Schema>,
  noting: <Q extends object>(queries: Q) => Q,
): (plain: Transaction) => Pick<Transaction, "lock" | "lockedSession"> & Partial<Transaction> {
  const bulk = noting({
    lock: (all: readonly (readonly string[])[]) => locked(tx, all),
    lockedSession: (all: readonly LockedSession[]) => lockedSessions(tx, all),
    session: (ids: readonly string[]) => sessionsOf(tx, ids),
    actions: (ids: readonly string[]) => actionsOf(tx, ids),
    ledgerOfSession: (ids: readonly string[]) => ledgersOf(tx, ids),
    addSessionEvents: (all: readonly AddEvents[]) => eventsAdded(tx, all),
    updateSession: (all: readonly Touch[]) => touchSessions(tx, all),
    putLedger: (all: readonly PutLedger[]) => putLedgers(tx, all),
    insertEvent: (all: readonly PutEvent[]) => putEvents(tx, all),
  });
  const breath = new Breath();
  const lock = breath.call(bulk.lock);
  const lockedSession = breath.call(bulk.lockedSession);
  const session = breath.call(bulk.session);
  const actions = breath.call(bulk.actions);
  const ledgerOfSession = breath.call(bulk.ledgerOfSession);
  const addSessionEvents = breath.call(bulk.addSessionEvents);
  const updateSession = breath.call(bulk.updateSession);
  const putLedger = breath.call(bulk.putLedger);
  const insertEvent = breath.call(bulk.insertEvent);

  return (plain) => {
    // What it has read is what it replaces, unless somebody else has changed it meanwhile.
    const seen = new Map<string, LedgerRow | undefined>();
    return {
      lock: (...keys) => lock(keys),
      lockedSession: (id, ...keys) => lockedSession({ id, keys }),
      session,
      actions,
      addSessionEvents: (sessionId, events, receivedAt) =>
        addSessionEvents({ sessionId, events, receivedAt }),
      async ledgerOfSession(id) {
        const row = await ledgerOfSession(id);
        seen.set(id, row);
        return row;
      },
      updateSession: (id, change) =>
        isTouch(change) ? updateSession({ id, change }) : plain.updateSession(id, change),
      async putLedger(row) {
        const { sessionId } = row;
        if (sessionId === undefined || !seen.has(sessionId)) return plain.putLedger(row);
        await putLedger({ row, before: seen.get(sessionId) });
        seen.set(sessionId, row);
      },
      insertEvent: (row, { now = row.at, to = "subscribers" } = {}) => insertEvent({ row, now, to }),
    };
  };
}

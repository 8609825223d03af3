/** Visits, latest first, a page at a time: of any length at the same price. */
import type { LedgerRow, Outcome, Scope } from "./store.ts";

/** Where a page begins: after the row with this instant and id. */
export interface Cursor {
  at: number;
  id: string;
}

/** A row of the ledger that a customer's visit has left, in a flow of ours or of the business. */
export type Visit = LedgerRow & { startedAt: number };

export interface VisitQueries {
  /** By when they began. One that was undone counts as retained. `from` inclusive, `to` exclusive. */
  visits(
    scope: Scope,
    by: { outcome?: Outcome; from?: number; to?: number; after?: Cursor; limit: number; offset?: number },
  ): Promise<Visit[]>;
  /** Of a session, or else the row itself: what a visit is called outside. */
  visit(scope: Scope, id: string): Promise<Visit | undefined>;
  /** The latest to a subscription's flow that has kept an amount. @param of.sessionId the one that does not count */
  lastSave(
    scope: Scope,
    of: { customerId: string; subscriptionId: string; sessionId: string },
  ): Promise<Visit | undefined>;
}

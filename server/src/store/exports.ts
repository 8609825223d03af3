/** What exports list, latest first, a page at a time. */
import type { RecoveryAttemptRow, RecoveryRow, Scope } from "./store.ts";
import type { Cursor } from "./visits.ts";

/** Something that kept revenue: a visit that ended well, or an invoice that was paid after all. */
export interface Save {
  /** Of the visit (see visitId in domain/visits.ts) or of the recovery. */
  id: string;
  kind: "visit" | "recovery";
  /** Of the offer that was accepted, if one was. */
  offerType?: string;
  /** A cancellation that was taken back. */
  undone: boolean;
  /** Minor units. */
  amount: number;
  currency: string;
  at: number;
}

export interface ExportQueries {
  /** By when they were saved. */
  saves(scope: Scope, by: { after?: Cursor; limit: number }): Promise<Save[]>;
  /** By when they were made, each with its recovery. */
  attemptsMade(
    scope: Scope,
    by: { after?: Cursor; limit: number },
  ): Promise<(RecoveryAttemptRow & { recovery: RecoveryRow })[]>;
}

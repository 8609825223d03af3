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

export type AttemptMade = RecoveryAttemptRow & {
  recovery: Pick<RecoveryRow, "email" | "amount" | "currency">;
};

/** A part of such a list: so many rows, after this one. */
export interface Part {
  after?: Cursor;
  limit: number;
}

/** What a part comes to, before it is read. */
export interface Extent {
  /** How many of its rows are in another currency. */
  otherCurrency: number;
  /** Its last row, if any come after it. */
  last?: Cursor;
}

export interface ExportQueries {
  /** By when they were saved. */
  saves(scope: Scope, by: Part): Promise<Save[]>;
  /** By when they were made, each with its recovery. */
  attemptsMade(scope: Scope, by: Part): Promise<AttemptMade[]>;
  /** Where a row stands in the list, or would stand if it were still in it; undefined if there is no such row. */
  saveAt(scope: Scope, id: string): Promise<Cursor | undefined>;
  attemptAt(scope: Scope, id: string): Promise<Cursor | undefined>;
  /** @param of.currency every other one is another one */
  savesExtent(scope: Scope, of: Part & { currency: string }): Promise<Extent>;
  attemptsExtent(scope: Scope, of: Part & { currency: string }): Promise<Extent>;
}

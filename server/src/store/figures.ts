/**
 * Sums that are kept, so that figures cost the same whatever has been going on. Each row of the ledger and each recovery
 * stands for some points in time; a changed row takes its points back and adds others. They are written as changes, added
 * up to spans now and then, and read as spans and changes together: exact at any moment.
 */
import type { Scope } from "./store.ts";

/**
 * - `visits.…`: a visit by what it has come to, dated by its beginning; one that was undone is `retained`. The amount is
 *   what was kept (retained) or lost (cancelled), minor units.
 * - `lowered`: a visit that ended in a cheaper plan; the amount is the difference, which is lost.
 * - `failures`: an invoice whose payment has failed, dated by its first failure; `failures.recovered`: of these, those that
 *   were paid since, dated the same.
 * - `recoveries`: an invoice that was paid after all, dated by that, with what was paid.
 */
export type Measure =
  | "visits.open"
  | "visits.retained"
  | "visits.cancelled"
  | "visits.abandoned"
  | "lowered"
  | "failures"
  | "failures.recovered"
  | "recoveries";

/** Of UTC. */
export type Span = "hour" | "day" | "month";

export interface Figure {
  measure: Measure;
  currency: string;
  count: number;
  /** Minor units. */
  amount: number;
}

export interface FigureQueries {
  /** Of any time, to the millisecond; `from` inclusive, `to` exclusive. One row per measure and currency that there is. */
  figures(scope: Scope, of: { from?: number; to?: number }): Promise<Figure[]>;
  /** By month; `from` and `to` are the beginnings of months in UTC. `month` is the beginning of one. */
  monthlyFigures(scope: Scope, of: { from: number; to: number }): Promise<(Figure & { month: number })[]>;
}

export interface FigureUpkeep {
  /** Adds changes up, oldest first. @returns how many, at most `limit` */
  foldFigures(limit: number): Promise<number>;
  /** Sums everything up anew, while nobody else can write. @returns how many sums were not as they should have been */
  rebuildFigures(): Promise<number>;
}

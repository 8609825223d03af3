/** Recoveries as a business lists them, and what reminders of them need. */
import type { RecoveryRow, Scope } from "./store.ts";
import type { Cursor } from "./visits.ts";

export interface RecoveryFilter {
  status?: RecoveryRow["status"];
  customerId?: string;
  /** Of the first failure; `from` inclusive, `to` exclusive. */
  from?: number;
  to?: number;
}

export interface RecoveryListQueries {
  recoveryById(scope: Scope, id: string): Promise<RecoveryRow | undefined>;
  /** By their first failure, latest first. */
  listRecoveries(
    scope: Scope,
    by: RecoveryFilter & { after?: Cursor; limit: number },
  ): Promise<RecoveryRow[]>;
  /** The language that a customer last asked for a flow in. */
  languageOf(scope: Scope, customerId: string): Promise<string | undefined>;
}

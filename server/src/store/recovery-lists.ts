/** Recoveries as a business lists them, and what reminders of them need. */
import type { MailRow, RecoveryRow, Scope } from "./store.ts";

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
    by: RecoveryFilter & { limit: number; offset: number },
  ): Promise<RecoveryRow[]>;
  countRecoveries(scope: Scope, by: RecoveryFilter): Promise<number>;
  /** Mails about a recovery, whatever became of them, oldest first. */
  remindersOf(scope: Scope, recoveryId: string): Promise<MailRow[]>;
  /** The language that a customer last asked for a flow in. */
  languageOf(scope: Scope, customerId: string): Promise<string | undefined>;
}

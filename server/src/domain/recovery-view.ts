/** Recoveries as the API lists them. */
import type { z } from "zod";
import type { RecoveriesQuery, Recovery, RecoveryWithAttempts } from "../contract/recoveries.ts";
import type { Deps } from "../deps.ts";
import type { RecoveryAttemptRow, RecoveryRow, Scope } from "../store/store.ts";
import type { Cursor } from "../store/visits.ts";
import { rangeOf } from "./date-ranges.ts";
import { isoOf, isoOrNull } from "./dates.ts";
import { declineClass } from "./declines.ts";
import { stretchOf, unknownAfter } from "./paging.ts";
import { Problem } from "./problem.ts";

const recoveryView = (row: RecoveryRow): Recovery => ({
  object: "recovery",
  id: row.id,
  environment: row.environment,
  invoice_id: row.invoiceId,
  subscription_id: row.subscriptionId ?? null,
  customer_id: row.customerId,
  email: row.email ?? null,
  amount_cents: row.amount,
  currency: row.currency,
  decline_code: row.declineCode ?? null,
  decline_class: declineClass(row.declineCode),
  status: row.status,
  attempt_count: row.attemptCount,
  first_failed_at: isoOf(row.firstFailedAt),
  last_attempt_at: isoOf(row.lastAttemptAt),
  next_attempt_at: isoOrNull(row.nextAttemptAt),
  recovered_at: isoOrNull(row.recoveredAt),
  closed_reason: row.closedReason ?? null,
});

const attemptView = ({ id, attempt, status, declineCode, attemptedAt }: RecoveryAttemptRow) => ({
  object: "recovery_attempt" as const,
  id,
  attempt,
  status,
  decline_code: declineCode ?? null,
  attempted_at: isoOf(attemptedAt),
});

type Wanted = Omit<z.output<typeof RecoveriesQuery>, "environment" | "workspace_id">;

/** Latest first. @throws Problem parameter_invalid */
export async function listRecoveries(
  { store }: Pick<Deps, "store">,
  scope: Scope,
  { status, customer_id: customerId, since, until, after, limit }: Wanted,
) {
  const by = {
    ...rangeOf(since, until),
    ...(status === undefined ? {} : { status }),
    ...(customerId === undefined ? {} : { customerId }),
    ...(after === undefined ? {} : { after: await cursorOf(store, scope, after) }),
  };
  const rows = await store.listRecoveries(scope, { ...by, limit: limit + 1 });
  return stretchOf(rows, limit, recoveryView);
}

/** @throws Problem parameter_invalid */
async function cursorOf(store: Deps["store"], scope: Scope, id: string): Promise<Cursor> {
  const row = await store.recoveryById(scope, id);
  if (!row) throw unknownAfter();
  return { at: row.firstFailedAt, id };
}

/** @throws Problem recovery_not_found */
export async function readRecovery(
  { store }: Pick<Deps, "store">,
  scope: Scope,
  id: string,
): Promise<z.output<typeof RecoveryWithAttempts>> {
  const row = await store.recoveryById(scope, id);
  if (!row) throw new Problem("recovery_not_found");
  return { ...recoveryView(row), attempts: (await store.recoveryAttempts(id)).map(attemptView) };
}

/**
 * Invoices that could not be collected at once. An invoice has one record, each attempt to collect it one row. The same
 * events lead to the same rows in whatever order they come: what is latest is found by its time, and how it ended by all
 * that is known of the invoice and its subscription. Money that came in counts more than anything that was said before.
 */
import type { BillingEvent } from "../billing/billing-event.ts";
import { BillingError } from "../billing/provider.ts";
import type { Deps } from "../deps.ts";
import { isForgotten } from "../store/personal-data.ts";
import type { RecoveryAttemptRow, RecoveryRow, Scope, Transaction } from "../store/store.ts";
import { isoOf, isoOrNull } from "./dates.ts";
import { declineClass } from "./declines.ts";
import { publish } from "./events.ts";
import { planReminder } from "./reminders.ts";

type Failure = Extract<BillingEvent, { type: "payment_failed" }>;

/** Of silence, ms: billing tries for some weeks at most. */
const GIVEN_UP_AFTER = 30 * 86_400_000;

const within = (deps: Deps, scope: Scope, invoiceId: string, work: (tx: Transaction) => Promise<void>) =>
  deps.store.transaction(async (tx) => {
    await tx.lock(`recovery:${scope.workspaceId}:${scope.environment}:${invoiceId}`);
    await work(tx);
  });

/** An attempt that failed; known ones change nothing. */
export async function recordFailure(deps: Deps, scope: Scope, told: Failure): Promise<void> {
  const declineCode = told.declineCode ?? (await askedWhy(deps, scope, told.invoiceId));
  return record(deps, scope, declineCode === undefined ? told : { ...told, declineCode });
}

/** An event has seldom room for it. That there was an attempt is worth knowing without it. */
async function askedWhy(deps: Deps, scope: Scope, invoiceId: string): Promise<string | undefined> {
  try {
    return await deps.billing(scope).declineCode(invoiceId);
  } catch (error) {
    if (error instanceof BillingError) return undefined;
    throw error;
  }
}

function record(deps: Deps, scope: Scope, event: Failure): Promise<void> {
  return within(deps, scope, event.invoiceId, async (tx) => {
    const known = await tx.recovery(scope, event.invoiceId);
    const failures = known ? (await tx.recoveryAttempts(known.id)).filter(isFailure) : [];
    const { attempt, at: attemptedAt, declineCode } = event;
    if (isRecorded(failures, event)) return;
    const isLatest = failures.every(
      (each) =>
        each.attemptedAt < attemptedAt || (each.attemptedAt === attemptedAt && each.attempt < attempt),
    );
    const row = merged(known ?? begun(deps, scope, event), event, isLatest);
    await tx.putRecovery(row);
    await tx.insertRecoveryAttempt({
      id: deps.newId("att"),
      recoveryId: row.id,
      attempt,
      ...(declineCode === undefined ? {} : { declineCode }),
      status: "failed",
      attemptedAt,
    });
    await publish(deps, tx, scope, {
      type: "payment.failed",
      at: attemptedAt,
      data: { ...paymentOf(row), ...attemptOf(event) },
    });
    await close(deps, tx, row);
    if (isLatest) await planReminder(deps, tx, row, attempt);
  });
}

const isFailure = ({ status }: RecoveryAttemptRow): boolean => status === "failed";

const isRecorded = (attempts: readonly RecoveryAttemptRow[], { attempt, at }: Failure): boolean =>
  attempts.some((each) => isFailure(each) && each.attempt === attempt && each.attemptedAt === at);

function begun(deps: Deps, { workspaceId, environment }: Scope, event: Failure): RecoveryRow {
  const { invoiceId, customerId, amount, currency, attempt, at } = event;
  return {
    workspaceId,
    environment,
    id: deps.newId("rec"),
    invoiceId,
    customerId,
    amount,
    currency,
    status: "pending",
    attemptCount: attempt,
    firstFailedAt: at,
    lastAttemptAt: at,
  };
}

/** Billing may go on about somebody who was forgotten: the books say how it ended, and not whose it was. */
function whose(
  row: RecoveryRow,
  event: Failure,
): Pick<RecoveryRow, "customerId" | "subscriptionId" | "email"> {
  const { customerId, subscriptionId, email } = isForgotten(row) ? row : event;
  return {
    customerId,
    ...(subscriptionId === undefined ? {} : { subscriptionId }),
    ...(email === undefined ? {} : { email }),
  };
}

function merged(row: RecoveryRow, event: Failure, isLatest: boolean): RecoveryRow {
  const { amount, declineCode, nextAttemptAt, attempt, at } = event;
  const result: RecoveryRow = {
    ...row,
    attemptCount: Math.max(row.attemptCount, attempt),
    firstFailedAt: Math.min(row.firstFailedAt, at),
    lastAttemptAt: Math.max(row.lastAttemptAt, at),
  };
  if (!isLatest) return result;
  const { declineCode: _, nextAttemptAt: _n, email: _e, subscriptionId: _s, ...rest } = result;
  return {
    ...rest,
    ...whose(row, event),
    ...(row.status === "recovered" ? {} : { amount }),
    ...(declineCode === undefined ? {} : { declineCode }),
    ...(row.status !== "pending" || nextAttemptAt === undefined ? {} : { nextAttemptAt }),
  };
}

/** Something was told of an invoice that may have a record. */
export function closeRecovery(deps: Deps, scope: Scope, invoiceId: string): Promise<void> {
  return within(deps, scope, invoiceId, async (tx) => {
    const row = await tx.recovery(scope, invoiceId);
    if (row) await close(deps, tx, row);
  });
}

/** The same of all of a subscription's. */
export async function closeRecoveries(deps: Deps, scope: Scope, subscriptionId: string): Promise<void> {
  for (const { invoiceId } of await deps.store.recoveriesOf(scope, subscriptionId))
    await closeRecovery(deps, scope, invoiceId);
}

/** Works out how it ended, if it has. What was told all at once is told on in the order in which it happened. */
async function close(deps: Deps, tx: Transaction, row: RecoveryRow): Promise<void> {
  const attempts = await tx.recoveryAttempts(row.id);
  const told = [
    ...(await tx.billingEvents(row, row.invoiceId)),
    ...(row.subscriptionId ? await tx.billingEvents(row, row.subscriptionId) : []),
  ]
    .map(({ event }) => event)
    .sort((one, other) => one.at - other.at || (one.id < other.id ? -1 : 1));
  // Whoever records the last of them comes by here again.
  if (told.some((event) => event.type === "payment_failed" && !isRecorded(attempts, event))) return;
  const paid = told.find((event) => event.type === "payment_succeeded");
  const { nextAttemptAt: _, closedReason: _c, ...rest } = row;
  if (paid) {
    if (row.status === "recovered") return;
    const recovered: RecoveryRow = {
      ...rest,
      status: "recovered",
      recoveredAt: paid.at,
      // Nothing where it was paid in another way.
      amount: paid.amount || row.amount,
    };
    await tx.putRecovery(recovered);
    const { attempt, at: attemptedAt } = paid;
    const attempted = { recoveryId: row.id, attempt, attemptedAt };
    await tx.insertRecoveryAttempt({ id: deps.newId("att"), status: "succeeded", ...attempted });
    const data = {
      ...paymentOf(recovered),
      attempt,
      recovered_at: isoOf(paid.at),
      attempts: attempts.length + 1,
    };
    await publish(deps, tx, row, { type: "payment.recovered", at: paid.at, data });
    return;
  }
  const end = told.find(({ type }) => type === "payment_given_up" || type === "subscription_ended");
  if (!end || row.status === "recovered") return;
  const closedReason = end.type === "payment_given_up" ? end.reason : "subscription_ended";
  const lost: RecoveryRow = { ...rest, status: "failed", closedReason };
  await tx.putRecovery(lost);
  if (row.status === "pending") await tellLost(deps, tx, lost, closedReason, end.at);
}

/** Once: what else is told of an invoice that is lost already changes only why. */
const tellLost = (
  deps: Deps,
  tx: Transaction,
  row: RecoveryRow,
  reason: NonNullable<RecoveryRow["closedReason"]>,
  at: number,
) => publish(deps, tx, row, { type: "payment.lost", at, data: { ...paymentOf(row), reason } });

/** As integrators hear of it: what is not known is null. */
const paymentOf = (row: RecoveryRow) => ({
  recovery_id: row.id,
  invoice_id: row.invoiceId,
  subscription_id: row.subscriptionId ?? null,
  customer_id: row.customerId,
  email: row.email ?? null,
  amount_cents: row.amount,
  currency: row.currency,
  decline_code: row.declineCode ?? null,
  decline_class: declineClass(row.declineCode),
  attempt: row.attemptCount,
  next_attempt_at: isoOrNull(row.nextAttemptAt),
});

/** What one attempt said, even if others have been heard of that came after it. */
const attemptOf = ({ amount, attempt, declineCode, nextAttemptAt }: Failure) => ({
  amount_cents: amount,
  decline_code: declineCode ?? null,
  decline_class: declineClass(declineCode),
  attempt,
  next_attempt_at: isoOrNull(nextAttemptAt),
});

/** Closes what nobody tries to collect any more. */
export async function giveUpSilent(deps: Deps): Promise<void> {
  const before = deps.clock() - GIVEN_UP_AFTER;
  for (const { invoiceId, id, ...scope } of await deps.store.silentRecoveries(before, 200)) {
    await within(deps, scope, invoiceId, async (tx) => {
      const row = await tx.recovery(scope, invoiceId);
      // There may have been another attempt since they were listed.
      if (row?.status !== "pending" || Math.max(row.lastAttemptAt, row.nextAttemptAt ?? 0) > before) return;
      const { nextAttemptAt: _, ...rest } = row;
      const lost: RecoveryRow = { ...rest, status: "failed", closedReason: "given_up" };
      await tx.putRecovery(lost);
      await tellLost(deps, tx, lost, "given_up", deps.clock());
    });
  }
}

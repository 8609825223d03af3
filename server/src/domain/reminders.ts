/**
 * Mails to customers whose payment has failed. Off unless a business has switched them on, of production alone, and few: who
 * is about to leave gets none, nor does who has just had one.
 */
import type { Deps } from "../deps.ts";
import type { JobRow, MailRow, RecoveryRow, Scope, Transaction } from "../store/store.ts";
import { sendMail, skipMail } from "./mails.ts";
import { reminderMail } from "./reminder-mail.ts";
import { wantedReminder } from "./reminders-wanted.ts";
import { isEnding } from "./undo.ts";

/** So that who notices at once and pays hears nothing of it, ms. */
const PATIENCE = 15 * 60_000;
const MOST = 3;
const BETWEEN = 20 * 3_600_000;

/** One address and nothing else: a list of them would be several recipients. */
const ADDRESS = /^[^\s@,;:<>()"\\[\]]+@[^\s@,;:<>()"\\[\]]+$/;

type Reminder = { recoveryId: string } & Scope;

/** With what has just been written down of a failure. */
export async function planReminder(
  deps: Pick<Deps, "clock">,
  tx: Transaction,
  { id: recoveryId, workspaceId, environment }: RecoveryRow,
  attempt: number,
): Promise<void> {
  const row = await tx.recoveryById({ workspaceId, environment }, recoveryId);
  if (!row || !(await wantedReminder(tx, row))) return;
  const payload: Reminder = { recoveryId, workspaceId, environment };
  const dueAt = deps.clock() + PATIENCE;
  await tx.enqueue({ topic: "reminder", key: `${recoveryId}/${attempt}`, payload: { ...payload }, dueAt });
}

/** One reminder, if it is still wanted. @throws BillingError: another time will do */
export async function remind(deps: Deps, job: JobRow): Promise<void> {
  const { recoveryId, ...scope } = job.payload as unknown as Reminder;
  const before = await deps.store.recoveryById(scope, recoveryId);
  if (!before || !(await wantedReminder(deps.store, before)) || !(await isOwing(deps, scope, before))) return;
  await deps.store.transaction(async (tx) => {
    await tx.lock(`reminder:${recoveryId}`);
    const row = await tx.recoveryById(scope, recoveryId);
    const plan = row && (await wantedReminder(tx, row));
    if (!plan) return;
    const mails = await tx.remindersOf(scope, recoveryId);
    if (!hasRoom(mails, deps.clock())) return;
    const { reminded, kind, email, settings, workspace } = plan;
    const about = { ...scope, kind, about: `${recoveryId}/${mails.length + 1}` };
    if (!ADDRESS.test(email)) {
      await skipMail(deps, tx, { ...about, recipient: email, reason: "that is not an address" });
      return;
    }
    const language = await tx.languageOf(scope, row.customerId);
    const { amount, currency } = row;
    const mail = reminderMail({ reminded, amount, currency, language, workspace, settings });
    await sendMail(deps, tx, { ...about, message: { to: email, ...mail } });
  });
}

/** Whether there is something to pay, and by somebody who wants to go on. @throws BillingError */
async function isOwing(deps: Deps, scope: Scope, { subscriptionId }: RecoveryRow): Promise<boolean> {
  if (subscriptionId === undefined) return true;
  // Who has cancelled is not asked for money by us, whether billing knows of it yet or not.
  if ((await deps.store.cancelledSessions(scope, subscriptionId)).length) return false;
  const subscription = await deps.billing(scope).subscription(subscriptionId);
  return subscription?.due !== undefined && !isEnding(subscription);
}

function hasRoom(mails: readonly MailRow[], now: number): boolean {
  const sent = mails.filter(({ status }) => status === "sent" || status === "pending");
  const last = Math.max(...mails.map(({ createdAt }) => createdAt));
  // A clock that ran ahead must not stop them for good.
  return sent.length < MOST && (now - last >= BETWEEN || last - now > BETWEEN);
}

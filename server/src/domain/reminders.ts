/**
 * Mails to customers whose payment has failed. Off unless a business has switched them on, of production alone, and few: who
 * is about to leave gets none, nor does who has just had one.
 */
import type { Deps } from "../deps.ts";
import type { JobRow, MailRow, RecoveryRow, Scope, Transaction } from "../store/store.ts";
import { sendMail, skipMail } from "./mails.ts";
import { reminderMail } from "./reminder-mail.ts";
import { isOwing, REMINDER_MAILS, wantedReminder } from "./reminders-wanted.ts";

/** So that who notices at once and pays hears nothing of it, ms. */
const PATIENCE = 15 * 60_000;

/** For an invoice; and to a customer within a while, however many invoices have failed. */
const MOST = 3;
const A_WHILE = 30 * 86_400_000;
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
  if (!before || !(await wantedReminder(deps.store, before)) || !(await isOwing(deps, before))) return;
  await deps.store.transaction(async (tx) => {
    // Several invoices of one customer can fail at one instant.
    await tx.lock(`reminder:${scope.workspaceId}:${scope.environment}:${before.customerId}`);
    const row = await tx.recoveryById(scope, recoveryId);
    const plan = row && (await wantedReminder(tx, row));
    if (!plan) return;
    const mails = await tx.remindersTo(scope, { customerId: row.customerId, kinds: REMINDER_MAILS });
    if (!hasRoom(mails, recoveryId, deps.clock())) return;
    const { reminded, kind, email, settings, workspace } = plan;
    const number = mails.filter((mail) => isAbout(mail, recoveryId)).length + 1;
    const about = { ...scope, kind, about: `${recoveryId}/${number}` };
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

/**
 * @param mails about all that this customer has not paid at once; what was not sent, and will not be, has bothered nobody
 */
function hasRoom(mails: readonly MailRow[], recoveryId: string, now: number): boolean {
  const sent = mails.filter(({ status }) => status === "sent" || status === "pending");
  // A clock that ran ahead must not stop them for good.
  const within = (length: number) =>
    sent.filter(({ createdAt }) => Math.abs(now - createdAt) < length).length;
  const ofInvoice = sent.filter((mail) => isAbout(mail, recoveryId)).length;
  return ofInvoice < MOST && within(A_WHILE) < MOST && within(BETWEEN) === 0;
}

const isAbout = ({ about }: MailRow, recoveryId: string): boolean => about.startsWith(`${recoveryId}/`);

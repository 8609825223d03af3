/**
 * Mails go out by the outbox: each is written down with what caused it, sent afterwards, and tried again while the mail
 * server does not take it. Nothing is sent twice, but for one case: a process that dies after the server has taken a mail
 * and before that is recorded. The repetition has the same Message-ID, by which mail programs may recognise it.
 */
import { type Deps, MailError, type Message } from "../deps.ts";
import type { JobRow, Json, MailRow, Scope, Transaction } from "../store/store.ts";
import { isReminder, reminderUnwanted } from "./reminders-wanted.ts";

/** With the outbox's pauses: for about sixteen hours. */
const MOST_ATTEMPTS = 24;

export interface NewMail extends Scope {
  kind: string;
  about: string;
  message: Message;
}

/**
 * Writes a mail down, to be sent once the transaction holds.
 *
 * @returns false if there is one already of this kind, about this, to this recipient
 */
export async function sendMail(
  deps: Pick<Deps, "newId" | "clock">,
  tx: Transaction,
  { message, ...about }: NewMail,
): Promise<boolean> {
  const id = deps.newId("mail");
  const now = deps.clock();
  const row: MailRow = {
    ...about,
    id,
    recipient: message.to,
    status: "pending",
    attempts: 0,
    createdAt: now,
  };
  if (!(await tx.insertMail(row))) return false;
  // Only an open job has the message: what was sent is kept nowhere.
  await tx.enqueue({
    topic: "mail",
    key: id,
    payload: { id, message: message as unknown as Json },
    dueAt: now,
  });
  return true;
}

/**
 * Writes down that a mail is not sent, and why.
 *
 * @returns false if there is one already of this kind, about this, to this recipient
 */
export function skipMail(
  { newId, clock }: Pick<Deps, "newId" | "clock">,
  tx: Transaction,
  mail: Pick<MailRow, "workspaceId" | "environment" | "kind" | "about" | "recipient" | "reason">,
): Promise<boolean> {
  const now = clock();
  return tx.insertMail({
    ...mail,
    id: newId("mail"),
    status: "skipped",
    attempts: 0,
    createdAt: now,
    settledAt: now,
  });
}

const REPORT = /^report_(weekly|monthly)$/;

/** Why nobody wants it any more: an attempt may come hours after the mail was written down. */
async function unwanted(deps: Deps, row: MailRow): Promise<string | undefined> {
  const { workspaceId, kind, recipient } = row;
  if (isReminder(kind)) return reminderUnwanted(deps, row);
  const [, period] = REPORT.exec(kind) ?? [];
  if (!period) return undefined;
  const reports = (await deps.store.workspace(workspaceId))?.settings.reports;
  if (!reports?.[period as "weekly" | "monthly"]) return "such reports have been switched off";
  return reports.recipients.includes(recipient) ? undefined : "the recipient was taken off the list";
}

/** @returns why it was not sent. @throws MailError, BillingError */
async function sendIfWanted(deps: Deps, row: MailRow, message: Message): Promise<string | undefined> {
  const reason = await unwanted(deps, row);
  if (reason !== undefined) return reason;
  if (!deps.mailer) return "no way to send mail is configured";
  await deps.mailer.send(message, row.id);
  return undefined;
}

/** One attempt. @throws whatever was in the way, if it is worth another */
export async function deliverMail(deps: Deps, job: JobRow): Promise<void> {
  const { store, log } = deps;
  const { id, message } = job.payload as unknown as { id: string; message: Message };
  const row = await store.mail(id);
  if (row?.status !== "pending") return;
  const about = { workspaceId: row.workspaceId, mail: id, kind: row.kind, about: row.about };
  const settle = (status: MailRow["status"], reason?: string) =>
    store.updateMail(id, {
      status,
      attempts: job.attempts,
      settledAt: deps.clock(),
      ...(reason === undefined ? {} : { reason }),
    });
  let skipped: string | undefined;
  try {
    skipped = await sendIfWanted(deps, row, message);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const isPermanent = error instanceof MailError && error.permanent;
    if (!isPermanent && job.attempts < MOST_ATTEMPTS) {
      await store.updateMail(id, { attempts: job.attempts, reason });
      throw error;
    }
    await settle("failed", reason);
    log.warn({ ...about, attempts: job.attempts, reason }, "a mail has failed");
    return;
  }
  await (skipped === undefined ? settle("sent") : settle("skipped", skipped));
  if (skipped !== undefined) log.info(about, `a mail was skipped: ${skipped}`);
}

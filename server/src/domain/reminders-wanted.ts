/** Whether a business still wants a customer to be reminded. */
import type { Deps } from "../deps.ts";
import type { MailRow, Queries, RecoveryRow, RemindedClass, ReminderSettings } from "../store/store.ts";
import { declineClass } from "./declines.ts";
import { isEnding } from "./undo.ts";

/** What can be asked of a customer; of the other failures nothing can. */
export const REMINDED_CLASSES: readonly RemindedClass[] = ["card_update", "authenticate", "retryable"];

const kindOf = (reminded: RemindedClass): string => `recovery_${reminded}`;

/** As mails are called. */
export const REMINDER_MAILS: readonly string[] = REMINDED_CLASSES.map(kindOf);

export const isReminder = (kind: string): boolean => REMINDER_MAILS.includes(kind);

interface Wanted {
  reminded: RemindedClass;
  kind: string;
  email: string;
  settings: ReminderSettings;
  /** Name of the business. */
  workspace: string;
}

/** What would be sent about it; undefined where this business wants nothing to be. */
export async function wantedReminder(
  queries: Pick<Queries, "workspace">,
  { workspaceId, environment, status, declineCode, email }: RecoveryRow,
): Promise<Wanted | undefined> {
  if (environment !== "prod" || status !== "pending" || email === undefined) return undefined;
  const workspace = await queries.workspace(workspaceId);
  const settings = workspace?.settings.reminders;
  const reminded = declineClass(declineCode);
  if (!settings || reminded === "stop" || !settings.classes.includes(reminded)) return undefined;
  return { reminded, kind: kindOf(reminded), email, settings, workspace: workspace.name };
}

/** Whether there is something to pay, and by somebody who wants to go on. @throws BillingError */
export async function isOwing(
  { store, billing }: Pick<Deps, "store" | "billing">,
  { workspaceId, environment, subscriptionId }: RecoveryRow,
): Promise<boolean> {
  if (subscriptionId === undefined) return true;
  const scope = { workspaceId, environment };
  // Who has cancelled is not asked for money by us, whether billing knows of it yet or not.
  if ((await store.cancelledSessions(scope, subscriptionId)).length) return false;
  const subscription = await billing(scope).subscription(subscriptionId);
  return subscription?.due !== undefined && !isEnding(subscription);
}

/** Why one that was written down is not to be sent any more: all that it was decided by holds, or it does not. @throws BillingError */
export async function reminderUnwanted(
  deps: Pick<Deps, "store" | "billing">,
  { workspaceId, environment, kind, about, recipient }: MailRow,
): Promise<string | undefined> {
  const [recoveryId = ""] = about.split("/");
  const row = await deps.store.recoveryById({ workspaceId, environment }, recoveryId);
  if (row?.status !== "pending") return "there is nothing to be paid any more";
  const wanted = await wantedReminder(deps.store, row);
  if (!wanted)
    return "such reminders have been switched off, or nothing can be asked of the customer any more";
  if (wanted.kind !== kind) return "the bank has refused for another reason since";
  if (wanted.email !== recipient) return "the customer has another address now";
  return (await isOwing(deps, row)) ? undefined : "the customer is leaving, or owes nothing any more";
}

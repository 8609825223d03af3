/** Whether a business still wants a customer to be reminded. */
import type { MailRow, Queries, RecoveryRow, RemindedClass, ReminderSettings } from "../store/store.ts";
import { declineClass } from "./declines.ts";

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

/** Why one that was written down is not to be sent any more. */
export async function reminderUnwanted(
  queries: Pick<Queries, "workspace" | "recoveryById">,
  { workspaceId, environment, kind, about }: MailRow,
): Promise<string | undefined> {
  const [recoveryId = ""] = about.split("/");
  const row = await queries.recoveryById({ workspaceId, environment }, recoveryId);
  if (row?.status !== "pending") return "there is nothing to be paid any more";
  const reminders = (await queries.workspace(workspaceId))?.settings.reminders;
  const isOn = reminders?.classes.some((each) => kind === kindOf(each));
  return isOn ? undefined : "such reminders have been switched off";
}

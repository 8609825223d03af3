/** What may be told of reports to whoever reads figures: who gets them is nobody else's business. */
import type { Reports } from "../contract/reports.ts";
import type { Deps } from "../deps.ts";
import type { MailRow, ReportSettings, WorkspaceRow } from "../store/store.ts";
import { nextDue, type ReportKind } from "./report-period.ts";

/** `ann@papercrane.example` as `a…@papercrane.example` */
export function shortened(address: string): string {
  const at = address.lastIndexOf("@");
  return `${Array.from(address)[0] ?? ""}…${address.slice(at)}`;
}

const iso = (at: number): string => new Date(at).toISOString();

export async function reportsView(
  deps: Pick<Deps, "store" | "clock" | "mailer">,
  { id, settings: { reports } }: Pick<WorkspaceRow, "id" | "settings">,
  limit: number,
): Promise<Reports> {
  return {
    object: "reports",
    transport: deps.mailer ? "smtp" : "none",
    settings: reports ? settingsView(reports, deps.clock()) : null,
    mails: (await deps.store.mails(id, { limit })).map(mailView),
  };
}

function settingsView(reports: ReportSettings, now: number): NonNullable<Reports["settings"]> {
  const { recipients, timeZone, since } = reports;
  const next = (kind: ReportKind) => {
    const at = reports[kind] ? nextDue(kind, timeZone, now) : undefined;
    return at === undefined ? null : iso(at);
  };
  return {
    recipients: recipients.map(shortened),
    time_zone: timeZone,
    weekly: reports.weekly,
    monthly: reports.monthly,
    since: iso(since),
    next_weekly_at: next("weekly"),
    next_monthly_at: next("monthly"),
  };
}

function mailView(row: MailRow): Reports["mails"][number] {
  const { id, kind, about, recipient, status, reason, attempts, createdAt, settledAt } = row;
  return {
    id,
    kind,
    about,
    recipient: shortened(recipient),
    status,
    // What an earlier attempt met with is no reason any more.
    reason: status === "sent" ? null : (reason ?? null),
    attempts,
    created_at: iso(createdAt),
    settled_at: settledAt === undefined ? null : iso(settledAt),
  };
}

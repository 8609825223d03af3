/** What may be told of reports to whoever reads figures: who gets them is nobody else's business. */
import type { Reports } from "../contract/reports.ts";
import type { Deps } from "../deps.ts";
import type { MailRow, ReportSettings, WorkspaceRow } from "../store/store.ts";
import { isoOf, isoOrNull } from "./dates.ts";
import { type Page, pageOf } from "./paging.ts";
import { nextDue, type ReportKind } from "./report-period.ts";
import { REPORT_MAILS } from "./reports.ts";

/** `ann@papercrane.example` as `a…@papercrane.example` */
export function shortened(address: string): string {
  const at = address.lastIndexOf("@");
  return `${Array.from(address)[0] ?? ""}…${address.slice(at)}`;
}

export async function reportsView(
  deps: Pick<Deps, "store" | "clock" | "mailer">,
  { id, settings: { reports } }: Pick<WorkspaceRow, "id" | "settings">,
  page: Page,
): Promise<Reports> {
  const mails = await deps.store.mails(id, { kinds: REPORT_MAILS, ...page });
  const total = await deps.store.mailCount(id, { kinds: REPORT_MAILS });
  return {
    object: "reports",
    transport: deps.mailer ? "smtp" : "none",
    settings: reports ? settingsView(reports, deps.clock()) : null,
    ...pageOf(mails.map(mailView), total, page),
  };
}

function settingsView(reports: ReportSettings, now: number): NonNullable<Reports["settings"]> {
  const { recipients, timeZone, since } = reports;
  const next = (kind: ReportKind) => {
    return isoOrNull(reports[kind] ? nextDue(kind, timeZone, now) : undefined);
  };
  return {
    recipients: recipients.map(shortened),
    time_zone: timeZone,
    weekly: reports.weekly,
    monthly: reports.monthly,
    since: isoOf(since),
    next_weekly_at: next("weekly"),
    next_monthly_at: next("monthly"),
  };
}

function mailView(row: MailRow): Reports["data"][number] {
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
    created_at: isoOf(createdAt),
    settled_at: isoOrNull(settledAt),
  };
}

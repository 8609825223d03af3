/** Reports by mail: the week that has ended, the month before. Of production only. */
import { type Deps, loggable } from "../deps.ts";
import type { ReportSettings, Scope, WorkspaceRow } from "../store/store.ts";
import { sendMail } from "./mails.ts";
import { type Report, reportMail } from "./report-mail.ts";
import { lastPeriod, type ReportKind, type ReportPeriod } from "./report-period.ts";
import { currencyOf, retentionHealth } from "./retention-health.ts";

/** After an outage: what is older than this is left out, as nobody wants last month's Monday. ms */
const LATEST = 3 * 86_400_000;

/** More mails than the reports of that time can be. */
const RECENT = 200;

/** More issues than a mail shows. */
const MOST_ISSUES = 50;

type ReportDeps = Pick<Deps, "store" | "clock" | "newId" | "log">;

const scopeOf = ({ id }: Pick<WorkspaceRow, "id">): Scope => ({ workspaceId: id, environment: "prod" });

export const kindOfMail = (kind: ReportKind): string => `report_${kind}`;

/** Makes what is due in any workspace and was not made before. */
export async function makeReports(deps: ReportDeps): Promise<void> {
  for (const workspace of await deps.store.workspaces()) {
    const { reports } = workspace.settings;
    if (!reports) continue;
    try {
      for (const period of duePeriods(reports, deps.clock())) await makeReport(deps, workspace, period);
    } catch (error) {
      // The others do not wait for it, and it is tried again in five minutes.
      deps.log.error({ workspace: workspace.id, err: loggable(error) }, "a report could not be made");
    }
  }
}

/** What is due of all that a workspace has asked for, whether it was made or not. */
export function duePeriods(reports: ReportSettings, now: number): ReportPeriod[] {
  const kinds = (["weekly", "monthly"] as const).filter((kind) => reports[kind]);
  return kinds
    .map((kind) => lastPeriod(kind, reports.timeZone, now))
    .filter(({ dueAt }) => dueAt >= reports.since && now - dueAt <= LATEST);
}

async function makeReport(deps: ReportDeps, workspace: WorkspaceRow, period: ReportPeriod): Promise<void> {
  const kind = kindOfMail(period.kind);
  const made = await deps.store.mails(workspace.id, { limit: RECENT });
  const isMissing = (recipient: string) =>
    !made.some((mail) => mail.kind === kind && mail.about === period.name && mail.recipient === recipient);
  const missing = workspace.settings.reports?.recipients.filter(isMissing) ?? [];
  if (!missing.length) return;
  const mail = reportMail(await reportOf(deps, workspace, period));
  await deps.store.transaction(async (tx) => {
    for (const to of missing) {
      const message = { to, ...mail };
      await sendMail(deps, tx, { ...scopeOf(workspace), kind, about: period.name, message });
    }
  });
}

/** The figures of a period. Its own are those of today: a cancellation that was taken back since is one that was kept. */
export async function reportOf(
  deps: Pick<Deps, "store" | "clock">,
  workspace: WorkspaceRow,
  period: ReportPeriod,
): Promise<Report> {
  const { store } = deps;
  const scope = scopeOf(workspace);
  const currency = currencyOf(workspace);
  const { from, to, previousFrom } = period;
  const issues = [
    ...(await store.issues(scope, { status: "open", limit: MOST_ISSUES })),
    ...(await store.issues(scope, { status: "acting", limit: MOST_ISSUES })),
  ];
  return {
    workspace: workspace.name,
    period,
    currency,
    counts: await store.outcomeCounts(scope, { from, to, currency }),
    previous: await store.outcomeCounts(scope, { from: previousFrom, to: from, currency }),
    reasons: await store.reasonCounts(scope, { from, length: to - from, parts: 1, currency }),
    issues: issues.sort((one, other) => other.lastSeen - one.lastSeen),
    health: await retentionHealth(deps, workspace),
  };
}

/** Reports by mail: the week that has ended, the month before. Of production only. */
import { type Deps, loggable } from "../deps.ts";
import type { MailRow, ReportSettings, Scope, WorkspaceRow } from "../store/store.ts";
import { currencyOf } from "./currency.ts";
import { isoOf } from "./dates.ts";
import { sendMail, skipMail } from "./mails.ts";
import { type Report, reportMail } from "./report-mail.ts";
import { lastPeriod, type ReportKind, type ReportPeriod } from "./report-period.ts";
import { retentionHealth } from "./retention-health.ts";

/** After an outage: what is older than this is left out, as nobody wants last month's Monday. ms */
const LATEST = 3 * 86_400_000;

/** What is older than this does not show as left out either. ms */
const OLDEST = 35 * 86_400_000;

const LEFT_OUT = "it could not be made within three days of when it was due";

/** More mails than the reports of that time can be. */
const RECENT = 400;

type ReportDeps = Pick<Deps, "store" | "clock" | "newId" | "log">;

const scopeOf = ({ id }: Pick<WorkspaceRow, "id">): Scope => ({ workspaceId: id, environment: "prod" });

export const kindOfMail = (kind: ReportKind): string => `report_${kind}`;

/** All kinds of mails that are reports. */
export const REPORT_MAILS: readonly string[] = (["weekly", "monthly"] as const).map(kindOfMail);

/** Makes what is due in any workspace and was not made before, and writes down what came to be too late for that. */
export async function makeReports(deps: ReportDeps): Promise<void> {
  for (const workspace of await deps.store.workspaces()) {
    const { reports } = workspace.settings;
    if (!reports) continue;
    try {
      const made = await deps.store.mails(workspace.id, { kinds: REPORT_MAILS, limit: RECENT });
      for (const period of duePeriods(reports, deps.clock())) await makeReport(deps, workspace, period, made);
      for (const period of leftOut(reports, made, deps.clock())) await skipReport(deps, workspace, period);
    } catch (error) {
      // The others do not wait for it, and it is tried again in five minutes.
      deps.log.error({ workspace: workspace.id, err: loggable(error) }, "a report could not be made");
    }
  }
}

const wantedKinds = (reports: ReportSettings): ReportKind[] =>
  (["weekly", "monthly"] as const).filter((kind) => reports[kind]);

/** What is due of all that a workspace has asked for, whether it was made or not. */
export function duePeriods(reports: ReportSettings, now: number): ReportPeriod[] {
  return wantedKinds(reports)
    .map((kind) => lastPeriod(kind, reports.timeZone, now))
    .filter(({ dueAt }) => dueAt >= reports.since && now - dueAt <= LATEST);
}

/**
 * What nobody got and nobody gets any more. One that somebody has got was made, and so were those before it: who has been
 * added since has missed nothing.
 */
function leftOut(reports: ReportSettings, made: readonly MailRow[], now: number): ReportPeriod[] {
  const isMade = ({ kind, name }: ReportPeriod) =>
    made.some((mail) => mail.kind === kindOfMail(kind) && mail.about === name);
  return wantedKinds(reports).flatMap((kind) => {
    const found: ReportPeriod[] = [];
    const from = Math.max(reports.since, now - OLDEST);
    let period = lastPeriod(kind, reports.timeZone, now - LATEST - 1);
    while (period.dueAt >= from && !isMade(period)) {
      found.push(period);
      period = lastPeriod(kind, reports.timeZone, period.dueAt - 1);
    }
    return found;
  });
}

async function makeReport(
  deps: ReportDeps,
  workspace: WorkspaceRow,
  period: ReportPeriod,
  made: readonly MailRow[],
): Promise<void> {
  const kind = kindOfMail(period.kind);
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

async function skipReport(deps: ReportDeps, workspace: WorkspaceRow, period: ReportPeriod): Promise<void> {
  const about = { kind: kindOfMail(period.kind), about: period.name };
  const isNew = await deps.store.transaction(async (tx) => {
    const rows = [];
    for (const recipient of workspace.settings.reports?.recipients ?? [])
      rows.push(await skipMail(deps, tx, { ...scopeOf(workspace), ...about, recipient, reason: LEFT_OUT }));
    return rows.includes(true);
  });
  if (!isNew) return;
  const dueAt = isoOf(period.dueAt);
  deps.log.warn({ workspace: workspace.id, ...about, dueAt }, `a report was left out: ${LEFT_OUT}`);
}

/** The figures of a period. Its own are those of today: a cancellation that was taken back since is one that was kept. */
export async function reportOf(
  deps: Pick<Deps, "store" | "clock">,
  workspace: WorkspaceRow,
  period: ReportPeriod,
): Promise<Report> {
  const { store } = deps;
  const scope = scopeOf(workspace);
  const currency = currencyOf(workspace.settings);
  const { from, to, previousFrom } = period;
  return {
    workspace: workspace.name,
    period,
    currency,
    counts: await store.outcomeCounts(scope, { from, to, currency }),
    previous: await store.outcomeCounts(scope, { from: previousFrom, to: from, currency }),
    reasons: await store.reasonCounts(scope, { from, length: to - from, parts: 1, currency }),
    // All of them: the mail says how many it has no room for.
    issues: await store.issues(scope, { statuses: ["open", "acting"] }),
    health: await retentionHealth(deps, workspace),
  };
}

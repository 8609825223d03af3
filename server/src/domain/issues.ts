/**
 * Issues: reasons that customers name unusually often. Every week that has ended is looked at once, in production only.
 * People say what they do about an issue; the weeks say whether it is over, or back.
 */
import { type Deps, loggable } from "../deps.ts";
import type {
  IssueRow,
  IssueWeekRow,
  Queries,
  ReasonCount,
  Scope,
  Transaction,
  WorkspaceRow,
} from "../store/store.ts";
import { currencyOf } from "./currency.ts";
import { publish } from "./events.ts";
import { BASE_WEEKS, isOver, QUIET_WEEKS, rulesMet, statusWhenFound } from "./issue-rules.ts";
import { issueView } from "./issue-view.ts";
import { Problem } from "./problem.ts";
import { WEEK, weekOf } from "./weeks.ts";

/** After an outage, weeks further back are left out: nobody acts on them any more. */
const MOST_WEEKS = 8;

/** Half a year. */
const WEEKS_SHOWN = 26;

type IssueDeps = Pick<Deps, "store" | "clock" | "newId" | "log">;
type Change = {
  status?: IssueRow["status"] | undefined;
  owner?: string | null | undefined;
  note?: string | null | undefined;
};

const lockOf = ({ workspaceId, environment }: Scope) => `issues:${workspaceId}:${environment}`;
const isActive = ({ status }: IssueRow) => status === "open" || status === "acting";
const isOpened = (before: IssueRow | undefined, after: IssueRow) =>
  isActive(after) && !(before && isActive(before));

/** Looks at all weeks that have ended since the last time, of every workspace. A second time changes nothing. */
export async function detectIssues(deps: IssueDeps): Promise<void> {
  const failures: unknown[] = [];
  for (const workspace of await deps.store.workspaces()) {
    try {
      await lookAtWorkspace(deps, workspace);
    } catch (error) {
      // The other workspaces do not wait for it.
      deps.log.warn({ workspace: workspace.id, err: loggable(error) }, "issues could not be looked for");
      failures.push(error);
    }
  }
  if (failures.length) throw new Error("Issues were not looked for everywhere", { cause: failures[0] });
}

async function lookAtWorkspace(deps: IssueDeps, workspace: WorkspaceRow): Promise<void> {
  const scope: Scope = { workspaceId: workspace.id, environment: "prod" };
  const currency = currencyOf(workspace.settings);
  const last = await deps.store.lastIssueWeek(scope);
  const weeks = weeksAfter(last, deps.clock());
  const [first] = weeks;
  if (first === undefined) return;
  const from = first - BASE_WEEKS * WEEK;
  const parts = BASE_WEEKS + weeks.length;
  const counts = await deps.store.reasonCounts(scope, { from, length: WEEK, parts, currency });
  await deps.store.transaction(async (tx) => {
    await tx.lock(lockOf(scope));
    // Somebody else has looked in the meantime.
    if ((await tx.lastIssueWeek(scope)) !== last) return;
    const issues = new Map((await tx.issues(scope)).map((issue) => [issue.reason, issue]));
    for (const [index, week] of weeks.entries())
      await lookAtWeek(deps, tx, { scope, currency, week, counts, index: BASE_WEEKS + index, issues });
  });
}

/** Weeks that have ended and come after `last`; only the last of all if none was looked at before. */
export function weeksAfter(last: number | undefined, now: number): number[] {
  const ended = weekOf(now) - WEEK;
  const first = last === undefined ? ended : Math.max(last + WEEK, ended - (MOST_WEEKS - 1) * WEEK);
  const weeks: number[] = [];
  for (let week = first; week <= ended; week += WEEK) weeks.push(week);
  return weeks;
}

interface Look {
  scope: Scope;
  currency: string;
  week: number;
  counts: readonly ReasonCount[];
  /** Which of the counted weeks this is. */
  index: number;
  /** By their reasons, as the weeks before have left them. */
  issues: Map<string, IssueRow>;
}

async function lookAtWeek(deps: IssueDeps, tx: Transaction, look: Look): Promise<void> {
  const { scope, currency, week, counts, index, issues } = look;
  const here = counts.filter((each) => each.part === index);
  const total = here.reduce((sum, { count }) => sum + count, 0);
  const unresolved = [...issues.values()].filter(({ status }) => status !== "resolved");
  const reasons = new Set([...here, ...unresolved].map(({ reason }) => reason));
  for (const reason of [...reasons].sort()) {
    const { count = 0, mrr = 0, otherCurrency = 0 } = here.find((each) => each.reason === reason) ?? {};
    const before = counts
      .filter((each) => each.reason === reason && each.part < index && each.part >= index - BASE_WEEKS)
      .reduce((sum, each) => sum + each.count, 0);
    const rules = rulesMet({ count, before, total });
    const found = { week, count, before, total, rules, mrrAtRisk: mrr, currency, otherCurrency };
    const row = { ...scope, reason, ...found, at: deps.clock() };
    await tx.putIssueWeek(row);
    const issue = issues.get(reason);
    if (rules.length) issues.set(reason, await keepIssue(deps, tx, issue, row));
    else if (issue) issues.set(reason, await closeIfOver(deps, tx, issue));
  }
}

async function keepIssue(
  deps: IssueDeps,
  tx: Transaction,
  issue: IssueRow | undefined,
  { at: now, ...found }: IssueWeekRow,
): Promise<IssueRow> {
  const status = statusWhenFound(issue, found.count);
  const start = issue ?? { id: deps.newId("iss"), firstSeen: now, openedAt: now };
  const row: IssueRow = { ...start, ...found, status, lastSeen: now, updatedAt: now };
  if (status !== "dismissed") delete row.dismissedCount;
  if (isOpened(issue, row)) row.openedAt = now;
  await tx.putIssue(row);
  await announce(deps, tx, issue, row);
  return row;
}

/** @returns what has become of it */
async function closeIfOver(deps: IssueDeps, tx: Transaction, issue: IssueRow): Promise<IssueRow> {
  const latest = await tx.issueWeeks(issue, { reason: issue.reason, limit: QUIET_WEEKS });
  if (!isOver(issue, latest)) return issue;
  const row: IssueRow = { ...issue, status: "resolved", updatedAt: deps.clock() };
  await tx.putIssue(row);
  await announce(deps, tx, issue, row);
  return row;
}

/** Tells integrators that an issue is there, again perhaps, or is over. What a team does in between is the team's. */
async function announce(
  deps: IssueDeps,
  tx: Queries,
  before: IssueRow | undefined,
  after: IssueRow,
): Promise<void> {
  const opened = isOpened(before, after);
  const resolved = after.status === "resolved" && before?.status !== "resolved";
  if (!opened && !resolved) return;
  const type = opened ? "issue.opened" : "issue.resolved";
  await publish(deps, tx, after, { type, at: deps.clock(), data: issueView(after) });
}

/** @throws Problem issue_not_found */
export async function changeIssue(
  deps: IssueDeps,
  scope: Scope,
  id: string,
  change: Change,
): Promise<IssueRow> {
  return deps.store.transaction(async (tx) => {
    await tx.lock(lockOf(scope));
    const issue = await tx.issue(scope, id);
    if (!issue) throw new Problem("issue_not_found");
    const row = changed(issue, change, deps.clock());
    if (!row) return issue;
    await tx.putIssue(row);
    await announce(deps, tx, issue, row);
    return row;
  });
}

/** Undefined if it says what holds already. */
function changed(issue: IssueRow, change: Change, now: number): IssueRow | undefined {
  const row: IssueRow = { ...issue, status: change.status ?? issue.status };
  for (const key of ["owner", "note"] as const) {
    const value = change[key];
    if (value === null) delete row[key];
    else if (value !== undefined) row[key] = value;
  }
  const isSame = row.status === issue.status && row.owner === issue.owner && row.note === issue.note;
  if (isSame) return undefined;
  if (row.status !== "dismissed") delete row.dismissedCount;
  else if (issue.status !== "dismissed") row.dismissedCount = issue.count;
  // It does not resolve because of weeks before that.
  if (isOpened(issue, row)) row.openedAt = now;
  return { ...row, updatedAt: now };
}

/** @throws Problem issue_not_found */
export async function readIssue(
  { store }: Pick<Deps, "store">,
  scope: Scope,
  id: string,
): Promise<{ issue: IssueRow; weeks: IssueWeekRow[] }> {
  const issue = await store.issue(scope, id);
  if (!issue) throw new Problem("issue_not_found");
  return { issue, weeks: await store.issueWeeks(scope, { reason: issue.reason, limit: WEEKS_SHOWN }) };
}

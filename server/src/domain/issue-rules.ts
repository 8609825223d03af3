/** When a reason is named unusually often. Integers throughout: no mean is rounded before it is compared. */
import type { IssueRow, IssueWeekRow } from "../store/store.ts";

/** Fewer than this in a week are chance. */
export const LEAST_COUNT = 3;
/** How many weeks before make the mean. */
export const BASE_WEEKS = 4;
/** After so many weeks below the threshold an issue resolves by itself. */
export const QUIET_WEEKS = 4;

/** What was found in one week: of the reason, of it in the four weeks before together, and of all reasons. */
export type Found = Pick<IssueWeekRow, "count" | "before" | "total">;

/**
 * Which rules a week meets; none is below the threshold. Where the weeks before have nothing, any number is more than the
 * double of it, so a new reason needs no more than the least count.
 */
export function rulesMet({ count, before, total }: Found): IssueWeekRow["rules"] {
  if (count < LEAST_COUNT) return [];
  const rules: IssueWeekRow["rules"] = [];
  // count >= 2 * (before / 4)
  if (BASE_WEEKS * count >= 2 * before) rules.push("doubled");
  // count >= 25 % of total
  if (4 * count >= total) rules.push("large_share");
  return rules;
}

/** Whether it is at least half as much again as when the issue was dismissed. */
export const isWorse = (count: number, dismissedCount: number): boolean => 2 * count >= 3 * dismissedCount;

/** What becomes of an issue, if there is one, in a week that meets a rule. */
export function statusWhenFound(
  issue: Pick<IssueRow, "status" | "dismissedCount"> | undefined,
  count: number,
): IssueRow["status"] {
  if (!issue || issue.status === "resolved") return "open";
  if (issue.status === "dismissed" && isWorse(count, issue.dismissedCount ?? 0)) return "open";
  return issue.status;
}

/**
 * Whether the weeks that were looked at last say that an issue is over. A dismissed one stays dismissed: if it were
 * resolved, the next time it is found would open it, however little that is.
 *
 * @param latest weeks of the reason, latest first
 */
export function isOver(
  { status, openedAt }: Pick<IssueRow, "status" | "openedAt">,
  latest: readonly Pick<IssueWeekRow, "rules" | "at">[],
): boolean {
  if (status !== "open" && status !== "acting") return false;
  const quiet = latest.slice(0, QUIET_WEEKS);
  return quiet.length === QUIET_WEEKS && quiet.every(({ rules, at }) => !rules.length && at >= openedAt);
}

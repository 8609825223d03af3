/** An issue as the API and its events show it. */
import type { Issue, IssueWeek } from "../contract/insights.ts";
import type { IssueRow, IssueWeekRow } from "../store/store.ts";
import { BASE_WEEKS, type Found, rulesMet } from "./issue-rules.ts";
import { isoWeek } from "./weeks.ts";

const iso = (at: number): string => new Date(at).toISOString();

function findings(row: Found & { week: number; mrrAtRisk: number }) {
  const { count, before, total, week, mrrAtRisk } = row;
  return {
    week: isoWeek(week),
    count,
    baseline: before / BASE_WEEKS,
    total,
    share: total ? Math.round((10_000 * count) / total) / 10_000 : 0,
    rules: rulesMet(row),
    mrr_at_risk_cents: mrrAtRisk,
  };
}

export const issueWeekView = (row: IssueWeekRow): IssueWeek => findings(row);

export function issueView(row: IssueRow): Issue {
  const { id, reason, status, currency, firstSeen, lastSeen, dismissedCount, owner, note, updatedAt } = row;
  return {
    object: "issue",
    id,
    reason_key: reason,
    status,
    ...findings(row),
    currency,
    first_seen: iso(firstSeen),
    last_seen: iso(lastSeen),
    ...(dismissedCount === undefined ? {} : { dismissed_count: dismissedCount }),
    ...(owner === undefined ? {} : { owner }),
    ...(note === undefined ? {} : { note }),
    updated_at: iso(updatedAt),
  };
}

/** An issue as the API and its events show it. */
import type { Issue, IssueWeek } from "../contract/insights.ts";
import type { IssueFindings, IssueRow, IssueWeekRow } from "../store/store.ts";
import { isoOf } from "./dates.ts";
import { BASE_WEEKS } from "./issue-rules.ts";
import { isoWeek } from "./weeks.ts";

function findings({
  week,
  count,
  before,
  total,
  rules,
  mrrAtRisk,
  currency,
  otherCurrency,
}: IssueFindings): IssueWeek {
  return {
    week: isoWeek(week),
    count,
    baseline: before / BASE_WEEKS,
    total,
    share: total ? Math.round((10_000 * count) / total) / 10_000 : 0,
    // As they were met then: other thresholds do not change what has happened.
    rules,
    mrr_at_risk_cents: mrrAtRisk,
    currency,
    other_currency: otherCurrency,
  };
}

export const issueWeekView = (row: IssueWeekRow): IssueWeek => findings(row);

export function issueView(row: IssueRow): Issue {
  const { id, reason, status, firstSeen, lastSeen, openedAt, dismissedCount, owner, note, updatedAt } = row;
  return {
    object: "issue",
    id,
    reason_key: reason,
    status,
    ...findings(row),
    first_seen: isoOf(firstSeen),
    last_seen: isoOf(lastSeen),
    opened_at: isoOf(openedAt),
    ...(dismissedCount === undefined ? {} : { dismissed_count: dismissedCount }),
    ...(owner === undefined ? {} : { owner }),
    ...(note === undefined ? {} : { note }),
    updated_at: isoOf(updatedAt),
  };
}

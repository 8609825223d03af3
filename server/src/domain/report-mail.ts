/** What a report says, once for both of its forms. Its readers know their business and not our words for it. */
import { minorDigits } from "../../../src/flow/offers.ts";
import type { IssueRow, OutcomeCounts, ReasonCount } from "../store/store.ts";
import { BASE_WEEKS } from "./issue-rules.ts";
import { reportHtml } from "./report-html.ts";
import { type ReportPeriod, shortTitleOf, titleOf } from "./report-period.ts";
import { reportText } from "./report-text.ts";
import type { RetentionHealth } from "./retention-health.ts";

export interface Report {
  /** Name of the workspace. */
  workspace: string;
  period: ReportPeriod;
  currency: string;
  counts: OutcomeCounts;
  previous: OutcomeCounts;
  /** Of the period, in any order. */
  reasons: readonly ReasonCount[];
  /** Those that nobody has closed, latest first. */
  issues: readonly IssueRow[];
  health: RetentionHealth;
}

/** All of it is plain text. */
export interface ReportWords {
  subject: string;
  workspace: string;
  period: string;
  lead: string;
  /** Empty if nothing has happened, as are the reasons. */
  figures: readonly { label: string; now: string; before: string }[];
  /** Heads of the columns. */
  now: string;
  before: string;
  reasons: readonly { label: string; count: number; share: number; kept: string; mrr: string }[];
  moreReasons?: string;
  issues: readonly { title: string; why: string; state: string }[];
  moreIssues?: string;
  health: string;
  notes: readonly string[];
  footer: string;
}

const MOST_REASONS = 6;
const MOST_ISSUES = 6;

export function reportMail(report: Report): { subject: string; text: string; html: string } {
  const words = reportWords(report);
  return { subject: words.subject, text: reportText(words), html: reportHtml(words) };
}

export function reportWords(report: Report): ReportWords {
  const { period, counts, health } = report;
  const title = titleOf(period);
  // What somebody has called it must stay in its line.
  const workspace = report.workspace.replace(/[\p{Cc}\u2028\u2029]+/gu, " ");
  const asked = askedOf(counts);
  const news = asked ? `${counts.retained} of ${asked} kept` : "no cancellations";
  return {
    subject: `Retention at ${workspace}, ${title}: ${news}`,
    workspace,
    period: title,
    lead: leadOf(counts, period),
    figures: asked || askedOf(report.previous) ? figuresOf(report) : [],
    now: shortTitleOf(period),
    before: shortTitleOf({ ...period, from: period.previousFrom, to: period.from }),
    ...reasonsOf(report),
    ...issuesOf(report),
    health: healthOf(health),
    notes: notesOf(report),
    footer:
      "Renumerate sends this report because it was set up for this address. Whoever runs the server changes that with: renumerate reports",
  };
}

const askedOf = ({ retained, cancelled, abandoned, pending }: OutcomeCounts): number =>
  retained + cancelled + abandoned + pending;

const counted = (count: number, one: string, more: string): string => `${count} ${count === 1 ? one : more}`;

const money = (amount: number, currency: string): string => {
  const digits = minorDigits(currency);
  return new Intl.NumberFormat("en", {
    style: "currency",
    currency,
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  }).format(amount / 10 ** digits);
};

const rate = ({ retained, cancelled, abandoned }: OutcomeCounts): string => {
  const decided = retained + cancelled + abandoned;
  return decided ? `${Math.round((100 * retained) / decided)}%` : "–";
};

function leadOf(counts: OutcomeCounts, { kind }: ReportPeriod): string {
  const asked = askedOf(counts);
  if (!asked) return `Nobody set out to cancel ${kind === "weekly" ? "in this week" : "in this month"}.`;
  const customers = counted(asked, "customer set out to cancel", "customers set out to cancel");
  return `${customers}: ${counts.retained} stayed and ${counts.cancelled} cancelled.`;
}

function figuresOf({ counts, previous, currency }: Report): ReportWords["figures"] {
  const row = (label: string, say: (of: OutcomeCounts) => string | number) => ({
    label,
    now: `${say(counts)}`,
    before: `${say(previous)}`,
  });
  return [
    row("Set out to cancel", askedOf),
    row("Kept", ({ retained }) => retained),
    row("Cancelled", ({ cancelled }) => cancelled),
    row("Left without an answer", ({ abandoned }) => abandoned),
    row("Save rate", rate),
    row("MRR kept", ({ retainedMrr }) => money(retainedMrr, currency)),
    row("MRR lost", ({ cancelledMrr }) => money(cancelledMrr, currency)),
  ];
}

/** `too_expensive` as a person would write it. */
function labelOf(reason: string): string {
  const words = reason.replace(/[_-]+/g, " ").trim() || reason;
  return words.charAt(0).toUpperCase() + words.slice(1);
}

function reasonsOf({ reasons, currency }: Report): Pick<ReportWords, "reasons" | "moreReasons"> {
  const sorted = reasons
    .filter(({ count }) => count > 0)
    .sort((one, other) => other.count - one.count || (one.reason < other.reason ? -1 : 1));
  const total = sorted.reduce((sum, { count }) => sum + count, 0);
  const rest = sorted.slice(MOST_REASONS);
  const others = rest.reduce((sum, { count }) => sum + count, 0);
  return {
    reasons: sorted.slice(0, MOST_REASONS).map(({ reason, count, retained, mrr }) => ({
      label: labelOf(reason),
      count,
      share: count / total,
      kept: `${retained} kept`,
      mrr: mrr === undefined ? "–" : money(mrr, currency),
    })),
    ...(rest.length
      ? { moreReasons: `${counted(others, "customer", "customers")} named another reason.` }
      : {}),
  };
}

function issuesOf({ issues, period }: Report): Pick<ReportWords, "issues" | "moreIssues"> {
  const rest = issues.length - MOST_ISSUES;
  return {
    issues: issues.slice(0, MOST_ISSUES).map((issue) => ({
      title: labelOf(issue.reason),
      why: whyOf(issue),
      state: stateOf(issue, period),
    })),
    ...(rest > 0 ? { moreIssues: rest === 1 ? "There is 1 more." : `There are ${rest} more.` } : {}),
  };
}

/** Weeks of issues are those of UTC. */
const dayOf = (at: number, timeZone = "UTC"): string =>
  new Intl.DateTimeFormat("en-GB", { timeZone, day: "numeric", month: "long" }).format(at);

function whyOf(issue: IssueRow): string {
  const { count, total, before, week, rules } = issue;
  const mean = (before / BASE_WEEKS).toLocaleString("en", { maximumFractionDigits: 1 });
  const reasons = [
    ...(rules.includes("large_share") ? [`${Math.round((100 * count) / total)}% of all`] : []),
    ...(rules.includes("doubled")
      ? [
          before
            ? `the ${BASE_WEEKS} weeks before had ${mean} each`
            : `none in the ${BASE_WEEKS} weeks before`,
        ]
      : []),
  ];
  const because = reasons.length ? ` (${reasons.join("; ")})` : "";
  return `Named ${count} of ${total} times in the week of ${dayOf(week)}${because}.${paidOf(issue)}`;
}

/** Nothing where no amount is known. */
function paidOf({ mrrAtRisk, currency, otherCurrency }: IssueRow): string {
  if (!mrrAtRisk) return "";
  const others = otherCurrency ? `, without ${otherCurrency} in another currency` : "";
  return ` Together they paid ${money(mrrAtRisk, currency)} a month${others}.`;
}

function stateOf({ status, owner, openedAt }: IssueRow, { timeZone }: ReportPeriod): string {
  const whose =
    status === "acting"
      ? `${owner ?? "somebody"} is on it`
      : owner
        ? `its owner is ${owner}`
        : "nobody has taken it up";
  return `Open since ${dayOf(openedAt, timeZone)}; ${whose}.`;
}

function healthOf({ score, trend }: RetentionHealth): string {
  if (score === null) return "Too few customers decided in the last 30 days to say how many of 100 stay.";
  const than =
    trend === null
      ? ""
      : trend === 0
        ? ", as in the 30 days before"
        : `, ${Math.abs(trend)} ${trend > 0 ? "more" : "fewer"} than in the 30 days before`;
  return `Retention health: of 100 customers who decided in the last 30 days, ${score} stayed${than}.`;
}

const MEANING =
  "Save rate: how many stayed, of all who decided or left without an answer. MRR: what these customers paid a month when they set out to cancel.";

function notesOf({ counts, previous, period, currency }: Report): string[] {
  const { pending, otherCurrency } = counts;
  return [
    ...(pending ? [`${counted(pending, "customer has", "customers have")} not decided yet.`] : []),
    ...(otherCurrency
      ? [
          `${counted(otherCurrency, "customer pays", "customers pay")} in another currency than ${currency.toUpperCase()}: counted, but in no amount.`,
        ]
      : []),
    ...(askedOf(counts) || askedOf(previous) ? [MEANING] : []),
    `Subscriptions that ended because nobody paid, and everything in the sandbox, are left out. Days are those of ${period.timeZone}.`,
  ];
}

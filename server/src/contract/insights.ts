/**
 * What the ledger says all together: retention health, and reasons that are named unusually often. Customers are counted,
 * each of them once.
 */
import { z } from "zod";
import { page, pageFields } from "./paging.ts";

const text = z.string();
const count = z.int();
const minor = z.int();
const date = text.meta({ format: "date-time" }).describe("ISO 8601, UTC");
const currency = text.describe(
  "Lower-case ISO 4217: the currency of the workspace, whose minor units amounts are in",
);
const score = z.int().min(0).max(100).nullable();

/** Figures are of production alone, so nothing else can be asked for. */
export const production = z
  .literal("prod")
  .optional()
  .describe("The sandbox is in no figure, so this can only be `prod`");

export const InsightQuery = z.object({ environment: production });

export const RetentionHealth = z
  .object({
    object: z.literal("retention_health"),
    environment: z.literal("prod"),
    period: z.literal("last_30_days"),
    from: date,
    as_of: date,
    score: score.describe(
      "100 × recovered ÷ (recovered + churned), rounded; null if fewer than 5 are decided",
    ),
    trend: z
      .int()
      .nullable()
      .describe("Points more than in the 30 days before; null if there is no score of either"),
    recovered: count.describe(
      "Customers whose last decision was to stay; also those who have taken their cancellation back",
    ),
    churned: count.describe("Customers whose last decision was to cancel"),
    abandoned: count.describe("Customers who left a flow and decided nothing"),
    pending: count.describe("Customers who have done neither yet"),
    mrr_recovered_cents: minor,
    mrr_churned_cents: minor,
    currency,
    other_currency: count.describe(
      "Of these customers, those who pay in another currency: they are in no amount",
    ),
    why: z
      .object({
        decided: count.describe("recovered + churned"),
        needed: count.describe("A score needs so many decided cancellations"),
        previous: z.object({ from: date, to: date, recovered: count, churned: count, decided: count, score }),
      })
      .describe("What the score and the trend are made of"),
  })
  .meta({ id: "RetentionHealth" });

export const IssueStatus = z.enum(["open", "acting", "dismissed", "resolved"]).meta({ id: "IssueStatus" });

const Rule = z
  .enum(["doubled", "large_share"])
  .describe("`doubled`: at least twice the baseline. `large_share`: at least a quarter of the week.");

const findings = {
  week: text.describe("ISO 8601 week in UTC, `2027-W19`"),
  count: count.describe("Customers who named the reason in the week"),
  baseline: z.number().describe("Mean of the four weeks before"),
  total: count.describe("The counts of all reasons of the week together"),
  share: z.number().describe("count ÷ total, 0 to 1, four digits"),
  rules: z
    .array(Rule)
    .describe("Which rules the week met when it was looked at. Fewer than 3 in a week meet none."),
  mrr_at_risk_cents: minor.describe("Monthly revenue of those who named it, whatever they did then"),
  currency: text.describe(
    "Lower-case ISO 4217: the currency of the workspace when the week was looked at, whose minor units the amount is in",
  ),
  other_currency: count.describe("Of `count`, those who pay in another currency: they are in no amount"),
};

export const IssueWeek = z.object(findings).meta({ id: "IssueWeek" });
export type IssueWeek = z.output<typeof IssueWeek>;

export const Issue = z
  .object({
    object: z.literal("issue"),
    id: text,
    reason_key: text,
    status: IssueStatus,
    ...findings,
    week: findings.week.describe(
      "The last week in which it was found, `2027-W19`; the figures are of that week",
    ),
    first_seen: date.describe("When it was first found"),
    last_seen: date.describe("When it was last found"),
    opened_at: date.describe("When it was last opened, because it was found or by somebody"),
    dismissed_count: count.optional().describe("What `count` was when it was dismissed"),
    owner: text.optional(),
    note: text.optional(),
    updated_at: date,
  })
  .meta({ id: "Issue" });
export type Issue = z.output<typeof Issue>;

export const IssueWithWeeks = Issue.extend({
  weeks: z.array(IssueWeek).describe("Weeks that were looked at, latest first, at most 26"),
}).meta({ id: "IssueWithWeeks" });

export const IssueList = z
  .object({ data: z.array(Issue).describe("Latest found first"), ...pageFields })
  .meta({ id: "IssueList" });

export const IssuesQuery = InsightQuery.extend({
  status: IssueStatus.optional(),
  ...page,
});

export const IssueParams = z.object({ id: text.min(1).max(255) });

/** PostgreSQL stores neither NUL nor half of a character. */
const words = (max: number, allowed: RegExp) =>
  text.min(1).max(max).regex(allowed, "no control characters").nullable().optional();

export const IssueUpdate = z
  .strictObject({
    environment: production,
    status: IssueStatus.optional(),
    owner: words(255, /^[^\p{Cc}\p{Cs}]*$/u).describe("Who sees to it; null takes it away"),
    note: words(5_000, /^(?:[\t\n\r]|[^\p{Cc}\p{Cs}])*$/u).describe("null takes it away"),
  })
  .meta({ id: "IssueUpdate" });

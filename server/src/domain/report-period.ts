/** What a report is about, and when it is due: Mondays and firsts of the month of one time zone. */
import { Cron } from "croner";
import { isoWeek } from "./weeks.ts";

export type ReportKind = "weekly" | "monthly";

export interface ReportPeriod {
  kind: ReportKind;
  timeZone: string;
  from: number;
  /** Exclusive. */
  to: number;
  /** As many days or months again: what it is compared with. */
  previousFrom: number;
  dueAt: number;
  /** `2027-W19`, `2027-04` */
  name: string;
}

/** At eight in the morning, of what ended at midnight. */
const patterns: Record<ReportKind, { due: string; begins: string }> = {
  weekly: { due: "0 8 * * 1", begins: "0 0 * * 1" },
  monthly: { due: "0 8 1 * *", begins: "0 0 1 * *" },
};

/** The last time a clock on that wall showed this, `at` included; latest first. Where it was put forward over it, right after. */
function lastTimes(pattern: string, timeZone: string, at: number, count: number): number[] {
  // Croner looks for what is before.
  const times = new Cron(pattern, { timezone: timeZone }).previousRuns(count, new Date(at + 1));
  return times.map((time) => time.getTime());
}

/** The last period whose report was due at `now` or before. @throws if there is no such time zone */
export function lastPeriod(kind: ReportKind, timeZone: string, now: number): ReportPeriod {
  const { due, begins } = patterns[kind];
  const [dueAt = now] = lastTimes(due, timeZone, now, 1);
  const [to = 0, from = 0, previousFrom = 0] = lastTimes(begins, timeZone, dueAt, 3);
  return { kind, timeZone, from, to, previousFrom, dueAt, name: nameOf(kind, timeZone, from) };
}

function nameOf(kind: ReportKind, timeZone: string, from: number): string {
  const parts = new Intl.DateTimeFormat("en", { timeZone, year: "numeric", month: "numeric", day: "numeric" })
    .formatToParts(from)
    .map(({ type, value }) => [type, Number(value)] as const);
  const { year, month, day } = Object.fromEntries(parts) as Record<"year" | "month" | "day", number>;
  // As if that day were one of UTC: its week has the same name everywhere.
  if (kind === "weekly") return isoWeek(Date.UTC(year, month - 1, day));
  return `${year}-${String(month).padStart(2, "0")}`;
}

/** `10 – 16 May 2027`, `April 2027` */
export const titleOf = (period: ReportPeriod): string => written(period, { month: "long", year: "numeric" });

/** `10 – 16 May`, `Apr`: for a column. */
export const shortTitleOf = (period: ReportPeriod): string => written(period, { month: "short" });

function written({ kind, timeZone, from, to }: ReportPeriod, style: Intl.DateTimeFormatOptions): string {
  if (kind === "monthly") return new Intl.DateTimeFormat("en-GB", { timeZone, ...style }).format(from);
  const days = new Intl.DateTimeFormat("en-GB", { timeZone, day: "numeric", ...style });
  // Not every font of a mail program has thin spaces.
  return days.formatRange(from, to - 1).replace(/[\u2009\u202f]/g, " ");
}

export const nextDue = (kind: ReportKind, timeZone: string, now: number): number | undefined =>
  new Cron(patterns[kind].due, { timezone: timeZone }).nextRun(new Date(now))?.getTime();

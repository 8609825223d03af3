/** Billing periods, in seconds: https://docs.stripe.com/billing/subscriptions/billing-cycle */

export interface Recurring {
  interval: string;
  interval_count: number;
}

export const HOUR = 3600;
export const DAY = 24 * HOUR;

function plusMonths(at: number, months: number): number {
  const from = new Date(at * 1000);
  const [year, month] = [from.getUTCFullYear(), from.getUTCMonth() + months];
  const lastDay = new Date(Date.UTC(year, month + 1, 0)).getUTCDate();
  const day = Math.min(from.getUTCDate(), lastDay);
  return Date.UTC(year, month, day) / 1000 + (at % DAY);
}

/** So many intervals later; months and years clamp to the last day of a month. */
export function plus(at: number, { interval, interval_count }: Recurring, times = 1): number {
  const count = interval_count * times;
  if (interval === "day") return at + count * DAY;
  if (interval === "week") return at + count * 7 * DAY;
  return plusMonths(at, interval === "year" ? count * 12 : count);
}

const LONGEST: Readonly<Record<string, number>> = { day: 1, week: 7, month: 31, year: 366 };

/** The first end of a period after this moment. Counted from the anchor, so that a 31st comes back after a February. */
export function boundaryAfter(anchor: number, recurring: Recurring, at: number): number {
  const longest = (LONGEST[recurring.interval] ?? 1) * recurring.interval_count * DAY;
  let times = Math.floor((at - anchor) / longest);
  while (times > 0 && plus(anchor, recurring, times) > at) times -= 1;
  while (plus(anchor, recurring, times - 1) > at) times -= 1;
  while (plus(anchor, recurring, times) <= at) times += 1;
  return plus(anchor, recurring, times);
}

/** The period that this moment lies in. */
export function periodAt(anchor: number, recurring: Recurring, at: number): { start: number; end: number } {
  const end = boundaryAfter(anchor, recurring, at);
  let times = 0;
  while (plus(anchor, recurring, times) < end) times += 1;
  while (plus(anchor, recurring, times) > end) times -= 1;
  return { start: plus(anchor, recurring, times - 1), end };
}

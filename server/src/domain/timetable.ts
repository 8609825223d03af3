/** What recurs, and when: by the clock of UTC. */
import { Cron } from "croner";

const patterns = {
  sweep: "* * * * *",
  nonces: "* * * * *",
  recoveries: "17 * * * *",
  billing_events: "47 3 * * *",
  /** Through an hour of the night, in parts. */
  forget: "* 4 * * *",
  /** Of the ISO week that has just ended. */
  issues: "0 0 * * 1",
  /** When it is Monday, or the first of the month, differs from workspace to workspace. */
  reports: "*/5 * * * *",
  figures: "* * * * *",
  /** What a simulated billing has to tell; a real one calls. */
  simulated: "*/5 * * * * *",
  /** The same. */
  purge: "* 4 * * *",
  /** What is left of endpoints that somebody has deleted. */
  endpoints: "* * * * *",
} as const;

export type ScheduleName = keyof typeof patterns;

export const scheduleNames = Object.keys(patterns) as ScheduleName[];

/** Servers that share a database need not agree on the time to the second. ms */
const CLOCKS_DIFFER = 60_000;

/** Longer than work waits for a server that is started again, ms. */
const OVERDUE = 600_000;

export const nextRun = (name: ScheduleName, now: number): number =>
  new Cron(patterns[name], { timezone: "UTC" }).nextRun(new Date(now))?.getTime() ?? now + CLOCKS_DIFFER;

/** Whether only a clock that ran ahead can have set that time. */
export const isTooFar = (name: ScheduleName, nextAt: number, now: number): boolean =>
  nextAt > nextRun(name, now + CLOCKS_DIFFER);

/** Whether nobody sees to it. What an older version did, and this one does not, is nobody's. */
export function isNeglected({ name, nextAt }: { name: string; nextAt: number }, now: number): boolean {
  const known = scheduleNames.find((each) => each === name);
  return known !== undefined && (now - nextAt > OVERDUE || isTooFar(known, nextAt, now));
}

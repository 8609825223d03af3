/** Weeks of ISO 8601 in UTC: they begin on Monday, and the first one of a year is the one with its first Thursday. */

const DAY = 86_400_000;
export const WEEK = 7 * DAY;

/** Instant 0 was on a Thursday. */
const FIRST_MONDAY = 4 * DAY;
const TO_THURSDAY = 3 * DAY;

/** Start of the week that this instant is in. */
export const weekOf = (at: number): number => at - ((((at - FIRST_MONDAY) % WEEK) + WEEK) % WEEK);

/** Name of the week that this instant is in, `2027-W19`. Its year is the one that its Thursday is in. */
export function isoWeek(at: number): string {
  const thursday = weekOf(at) + TO_THURSDAY;
  const year = new Date(thursday).getUTCFullYear();
  const week = Math.floor((thursday - Date.UTC(year, 0, 1)) / WEEK) + 1;
  return `${year}-W${String(week).padStart(2, "0")}`;
}

/** Months of UTC. */

/** Beginning of the month that this instant is in, or of one so many months later. */
export function monthOf(at: number, later = 0): number {
  const date = new Date(at);
  date.setUTCMonth(date.getUTCMonth() + later, 1);
  return date.setUTCHours(0, 0, 0, 0);
}

/** Name of the month that this instant is in, `2027-05`. */
export const monthName = (at: number): string => new Date(at).toISOString().slice(0, 7);

/** Beginnings of so many months, the one that this instant is in as the last. */
export const lastMonths = (at: number, count: number): number[] =>
  Array.from({ length: count }, (_, index) => monthOf(at, index + 1 - count));

/** Instants as the APIs show them. */

/** ISO 8601, in UTC, with milliseconds. @param at integer milliseconds, as everywhere inside */
export const isoOf = (at: number): string => new Date(at).toISOString();

export const isoOrNull = (at: number | undefined): string | null => (at === undefined ? null : isoOf(at));

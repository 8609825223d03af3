/** Hours, days and months of UTC, and how any length of time is cut into whole ones. Milliseconds throughout. */
import type { Span } from "./figures.ts";

export const HOUR = 3_600_000;
export const DAY = 24 * HOUR;

/** `from` inclusive, `to` exclusive; either may be infinite. */
export interface Range {
  from: number;
  to: number;
}

/** Time as sums know it: whole spans, the coarsest that fit, and what is left over at the ends. */
export interface Cut {
  spans: (Range & { span: Span })[];
  /** All the spans together; absent if none fits. */
  whole?: Range;
  edges: Range[];
}

/** Beginning of the span that this instant is in. */
export function startOf(span: Span, at: number): number {
  if (!Number.isFinite(at)) return at;
  if (span !== "month") {
    const length = span === "hour" ? HOUR : DAY;
    // Also before 1970.
    return at - (((at % length) + length) % length);
  }
  const date = new Date(at);
  date.setUTCDate(1);
  return date.setUTCHours(0, 0, 0, 0);
}

/** Beginning of the month that lies so many months after this beginning of one. */
export function addMonths(month: number, count: number): number {
  const date = new Date(month);
  return date.setUTCMonth(date.getUTCMonth() + count);
}

/** The first beginning of a span that is not before. */
function nextStart(span: Span, at: number): number {
  const start = startOf(span, at);
  if (start === at) return at;
  return span === "month" ? addMonths(start, 1) : start + (span === "hour" ? HOUR : DAY);
}

const COARSER = { hour: "day", day: "month", month: undefined } as const;

/** Whole spans of at least this kind within time that begins and ends with one. */
function spansIn(span: Span, { from, to }: Range): Cut["spans"] {
  const coarser = COARSER[span];
  const inner = coarser && { from: nextStart(coarser, from), to: startOf(coarser, to) };
  if (!inner || inner.from >= inner.to) return from < to ? [{ span, from, to }] : [];
  return [
    ...(from < inner.from ? [{ span, from, to: inner.from }] : []),
    ...spansIn(coarser, inner),
    ...(inner.to < to ? [{ span, from: inner.to, to }] : []),
  ];
}

export function cut({ from, to }: Range): Cut {
  const whole = { from: nextStart("hour", from), to: startOf("hour", to) };
  if (whole.from >= whole.to) return { spans: [], edges: from < to ? [{ from, to }] : [] };
  const edges = [
    { from, to: whole.from },
    { from: whole.to, to },
  ];
  return { spans: spansIn("hour", whole), whole, edges: edges.filter((edge) => edge.from < edge.to) };
}

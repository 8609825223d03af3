/** Times that a caller asks for: days of UTC as a whole, or instants. */
import { Problem } from "./problem.ts";

const DAY = 86_400_000;

/** `isDay`: a day is meant as a whole. */
export interface Moment {
  at: number;
  isDay: boolean;
}

/**
 * `since` inclusive; of `until` the whole day where it is one, and nothing of it where it is an instant.
 *
 * @returns `from` inclusive, `to` exclusive. @throws Problem parameter_invalid
 */
export function rangeOf(
  since: Moment | undefined,
  until: Moment | undefined,
): { from?: number; to?: number } {
  const to = until && (until.isDay ? until.at + DAY : until.at);
  const isBackward = since && until && to !== undefined && (until.isDay ? since.at >= to : since.at > to);
  if (isBackward) throw new Problem("parameter_invalid", { param: "since", message: "since: after `until`" });
  return { ...(since ? { from: since.at } : {}), ...(to === undefined ? {} : { to }) };
}

/** Requests per rolling minute and caller, counted in this process. */
import type { Context } from "hono";
import { Problem } from "../domain/problem.ts";

const WINDOW = 60_000;

/** @throws Problem rate_limited, with Retry-After set */
export type RateLimit = (context: Context, caller: string, perMinute: number) => void;

export function createRateLimit(clock: () => number): RateLimit {
  // Times of the requests of the last minute, oldest first. A caller's list never grows past its limit.
  const seen = new Map<string, number[]>();
  let swept = clock();
  // A time that lies ahead was written before the clock was set back: it would count until then.
  const isRecent = (at: number, now: number) => at <= now && now - at < WINDOW;
  return (context, caller, perMinute) => {
    const now = clock();
    if (!isRecent(swept, now)) {
      for (const [key, times] of seen) if (!times.some((at) => isRecent(at, now))) seen.delete(key);
      swept = now;
    }
    const times = (seen.get(caller) ?? []).filter((at) => isRecent(at, now));
    const allowed = times.length < perMinute;
    if (allowed) seen.set(caller, [...times, now]);
    const oldest = times[0] ?? now;
    const reset = Math.max(1, Math.ceil((oldest + WINDOW - now) / 1000));
    context.header("RateLimit-Limit", String(perMinute));
    context.header("RateLimit-Remaining", String(Math.max(0, perMinute - times.length - 1)));
    context.header("RateLimit-Reset", String(reset));
    if (allowed) return;
    context.header("Retry-After", String(reset));
    throw new Problem("rate_limited");
  };
}

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
  return (context, caller, perMinute) => {
    const now = clock();
    if (now - swept >= WINDOW) {
      for (const [key, times] of seen) if (now - (times.at(-1) as number) >= WINDOW) seen.delete(key);
      swept = now;
    }
    const times = (seen.get(caller) ?? []).filter((at) => now - at < WINDOW);
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

/** Requests of the last minute, counted by this process in memory. */
import type { Counted } from "../store/store.ts";
import { Recent } from "./recent.ts";

type Count = (caller: string, of: { now: number; window: number; most: number }) => Counted;

export function createCounter(): Count {
  const seen = new Map<string, Recent>();
  let swept = 0;
  return (caller, { now, window, most }) => {
    // A time that lies far ahead was written before the clock was set back: it would count until then.
    if (Math.abs(now - swept) >= window) {
      for (const [key, recent] of seen) if (recent.forget(now, window) === 0) seen.delete(key);
      swept = now;
    }
    const recent = seen.get(caller) ?? new Recent();
    const taken = recent.forget(now, window);
    const { oldest } = recent;
    const allowed = taken < most;
    if (allowed) {
      recent.add(now);
      seen.set(caller, recent);
    }
    return { allowed, taken, ...(oldest === undefined ? {} : { oldest }) };
  };
}

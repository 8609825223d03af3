/** Requests of the last minute, counted by this process in memory. */
import type { Counted } from "../store/store.ts";

type Count = (caller: string, of: { now: number; window: number; most: number }) => Counted;

export function createCounter(): Count {
  // Times of the requests that were taken, oldest first. A caller's list never grows past its limit.
  const seen = new Map<string, number[]>();
  let swept = 0;
  return (caller, { now, window, most }) => {
    // A time that lies far ahead was written before the clock was set back: it would count until then.
    const isRecent = (at: number) => Math.abs(now - at) < window;
    if (!isRecent(swept)) {
      for (const [key, times] of seen) if (!times.some(isRecent)) seen.delete(key);
      swept = now;
    }
    const times = (seen.get(caller) ?? []).filter(isRecent);
    const allowed = times.length < most;
    if (allowed) seen.set(caller, [...times, now]);
    const [oldest] = times;
    return { allowed, taken: times.length, ...(oldest === undefined ? {} : { oldest }) };
  };
}

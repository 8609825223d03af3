/** Requests per rolling minute and caller: counted by this process alone, or by all that share the database. */
import type { Context } from "hono";
import { Problem } from "../domain/problem.ts";
import type { Store } from "../store/store.ts";
import { createCounter } from "./counter.ts";
import { setHeader } from "./headers.ts";

const WINDOW = 60_000;

/** @throws Problem rate_limited, with Retry-After set */
export type RateLimit = (
  context: Context,
  caller: string,
  perMinute: number,
  /** Whether requests to other processes count as well. */
  shared?: "shared",
) => Promise<void>;

export function createRateLimit({
  clock,
  store,
}: {
  clock: () => number;
  store: Pick<Store, "countRequest">;
}): RateLimit {
  const own = createCounter();
  return async (context, caller, perMinute, shared) => {
    const now = clock();
    const of = { now, window: WINDOW, most: perMinute };
    const counted = (shared && (await store.countRequest?.(caller, of))) ?? own(caller, of);
    const { allowed, taken, oldest = now } = counted;
    // Of requests that another server took whose clock is ahead, too.
    const reset = Math.min(WINDOW / 1000, Math.max(1, Math.ceil((oldest + WINDOW - now) / 1000)));
    setHeader(context, "RateLimit-Limit", String(perMinute));
    setHeader(context, "RateLimit-Remaining", String(Math.max(0, perMinute - taken - 1)));
    setHeader(context, "RateLimit-Reset", String(reset));
    if (allowed) return;
    setHeader(context, "Retry-After", String(reset));
    throw new Problem("rate_limited");
  };
}

/** What keeps a page's main thread busy: every task of it, by what the customer was doing. */
import type { Browser, Page } from "playwright-core";

/** Milliseconds. */
export interface Task {
  /** By the clock: what else the machine does is in it. */
  readonly wall: number;
  /** What the processor has spent on it: what else the machine does is not in it. */
  readonly cpu: number;
}

/** Phases in their order, each with its longest task. */
export type Phases = ReadonlyMap<string, Task>;

export interface Recording {
  /** From now on everything belongs to this phase. */
  phase(name: string): Promise<void>;
}

interface TraceEvent {
  name: string;
  ph: string;
  pid: number;
  tid: number;
  /** Microseconds, as all times of a trace. */
  ts: number;
  dur?: number;
  tdur?: number;
}

const MARK = "phase: ";

/** The first phase, which begins with the document. */
export const LOADING = "the page";

const CATEGORIES = ["disabled-by-default-devtools.timeline", "blink.user_timing"];

function longest(events: readonly TraceEvent[]): Phases {
  const marks = events
    .filter(({ name, ph }) => name.startsWith(MARK) && /^[IiR]$/.test(ph))
    .sort((one, other) => one.ts - other.ts);
  const [first] = marks;
  if (!first) throw new Error("the trace has nothing of the page");
  const phases = new Map<string, Task>();
  for (const { name } of marks) phases.set(name.slice(MARK.length), { wall: 0, cpu: 0 });
  for (const { name, ph, pid, tid, ts, dur = 0, tdur = 0 } of events) {
    if (name !== "RunTask" || ph !== "X" || pid !== first.pid || tid !== first.tid) continue;
    // The task that a mark is made in belongs to what begins there.
    const of = marks.findLast((mark) => mark.ts <= ts + dur)?.name.slice(MARK.length);
    const known = of === undefined ? undefined : phases.get(of);
    if (of === undefined || !known) continue;
    phases.set(of, { wall: Math.max(known.wall, dur / 1000), cpu: Math.max(known.cpu, tdur / 1000) });
  }
  return phases;
}

/**
 * Records one visit, which begins where the page is loaded.
 *
 * @param visit must not use locators: the code that they bring into the page would be in the figures. `touch.ts` has what
 *   is needed instead
 */
export async function recordTasks(
  browser: Browser,
  page: Page,
  visit: (recording: Recording) => Promise<void>,
): Promise<Phases> {
  const mark = (name: string) => void performance.mark(name);
  await page.addInitScript(mark, MARK + LOADING);
  await browser.startTracing(page, { categories: CATEGORIES });
  let trace: Buffer;
  try {
    await visit({ phase: (name) => page.evaluate(mark, MARK + name) });
  } finally {
    trace = await browser.stopTracing();
  }
  return longest((JSON.parse(trace.toString()) as { traceEvents: TraceEvent[] }).traceEvents);
}

/** A browser whose memory can be looked into. */
import { type Browser, type CDPSession, chromium, type Page } from "playwright-core";
import { slopeOf } from "../../bench/quantile.ts";
import { findBrowser } from "../../scripts/browser.ts";
import { serveSources } from "../../scripts/dev-site.ts";
import type { DoingName } from "./page.ts";

/**
 * Bytes for each time. With the flags below nothing remains of most, and of an address that cannot be fetched 20: browsers
 * keep those. A record of a few fields that somebody forgets is above it.
 */
export const ROOM = 50;

/**
 * Of V8. Left to itself it compiles what runs often, throws away what has not run for some time, and makes notes of both: a
 * kilobyte here and there that would hide a record that is forgotten.
 */
const NOTHING_IS_COMPILED = "--jitless --no-flush-bytecode --no-lazy-feedback-allocation";

/** Until everything that is made once is there, also what the first looks bring with them. */
const WARM_UPS = 2;
/** Of each. */
const WARM_UP = 10;
/** How often is looked, evenly. */
const STRETCHES = 4;

/** What must be as it was. */
export interface Counts {
  documents: number;
  nodes: number;
  listeners: number;
  /** Timeouts and intervals that have neither come nor been cleared. */
  timers: number;
  /** Style sheets that were given to the document. */
  sheets: number;
  /** Entries in localStorage. */
  stored: number;
  /** Held and awaited Web Locks. */
  locks: number;
}

interface Measurement {
  counts: Counts;
  /** Bytes of living objects. */
  heap: number;
}

/** What there is more of after some have been done. */
export interface Growth {
  /** Bytes each time: the median slope between any two looks. */
  readonly heap: number;
  readonly counts: Counts;
  /** As it was in the end. */
  readonly last: Counts;
}

export interface Subject {
  readonly page: Page;
  /** Does it so many times, after a warm-up, and looks in between: more than two looks tell what grows from what comes once. */
  grow(name: DoingName, times: number): Promise<Growth>;
  close(): Promise<void>;
}

export interface Laboratory {
  readonly names: readonly DoingName[];
  subject(name: DoingName): Promise<Subject>;
  close(): Promise<void>;
}

declare global {
  interface Window {
    pendingTimers: Set<unknown>;
  }
}

/** Retries do not wait, and every timer is counted. */
function prepare(): void {
  Math.random = () => 0;
  const { setTimeout, setInterval, clearTimeout, clearInterval } = window;
  const pending = new Set<unknown>();
  window.pendingTimers = pending;
  Object.assign(window, {
    setTimeout(handler: (...args: unknown[]) => void, delay?: number, ...args: unknown[]) {
      const id = setTimeout(() => {
        pending.delete(id);
        handler(...args);
      }, delay);
      pending.add(id);
      return id;
    },
    setInterval(handler: (...args: unknown[]) => void, delay?: number, ...args: unknown[]) {
      const id = setInterval(handler, delay, ...args);
      pending.add(id);
      return id;
    },
    clearTimeout(id?: number) {
      pending.delete(id);
      clearTimeout(id);
    },
    clearInterval(id?: number) {
      pending.delete(id);
      clearInterval(id);
    },
  });
}

const look = async () => {
  const { held = [], pending = [] } = await navigator.locks.query();
  return {
    timers: window.pendingTimers.size,
    sheets: document.adoptedStyleSheets.length,
    stored: localStorage.length,
    locks: held.length + pending.length,
  };
};

async function measure(page: Page, session: CDPSession): Promise<Measurement> {
  // What only a finalizer lets go of is gone the next time.
  for (let round = 0; round < 3; round++) await session.send("HeapProfiler.collectGarbage");
  const { documents, nodes, jsEventListeners: listeners } = await session.send("Memory.getDOMCounters");
  const { usedSize: heap } = await session.send("Runtime.getHeapUsage");
  return { counts: { documents, nodes, listeners, ...(await page.evaluate(look)) }, heap };
}

async function subject(browser: Browser, url: string, name?: DoingName): Promise<Subject> {
  // Little to draw: only what is left matters.
  const context = await browser.newContext({
    viewport: { width: 320, height: 240 },
    reducedMotion: "reduce",
  });
  const page = await context.newPage();
  if (name === "a dialog that cannot be fetched")
    await page.route("**/retention-modal.ts*", (route) => route.abort());
  await page.addInitScript(prepare);
  await page.goto(`${url}test/leak/`);
  await page.waitForFunction(() => "leaks" in window);
  const session = await context.newCDPSession(page);
  const repeat = (name: DoingName, times: number) =>
    page.evaluate(([name, times]) => window.leaks.repeat(name, times), [name, times] as const);
  return {
    page,
    async grow(name, times) {
      const apart = Math.ceil(times / STRETCHES);
      const looks: Measurement[] = [];
      for (let look = -WARM_UPS; look <= STRETCHES; look++) {
        await repeat(name, look > 0 ? apart : WARM_UP);
        const seen = await measure(page, session);
        if (look >= 0) looks.push(seen);
      }
      const [{ counts: first }, { counts: last }] = [looks[0], looks.at(-1)] as [Measurement, Measurement];
      const more = Object.entries(last).map(([what, count]) => [what, count - first[what as keyof Counts]]);
      return {
        heap: slopeOf(looks.map(({ heap }) => heap)) / apart,
        counts: Object.fromEntries(more) as Counts,
        last,
      };
    },
    close: () => context.close(),
  };
}

export async function openLaboratory(): Promise<Laboratory> {
  const site = await serveSources();
  const browser = await chromium.launch({
    executablePath: await findBrowser(),
    args: ["--no-sandbox", `--js-flags=${NOTHING_IS_COMPILED}`],
  });
  const first = await subject(browser, site.url);
  const names = await first.page.evaluate(() => window.leaks.names);
  await first.close();
  return {
    names,
    subject: (name) => subject(browser, site.url, name),
    async close() {
      await browser.close();
      await site.close();
    },
  };
}

/** A browser whose memory can be looked into. */
import { type Browser, type CDPSession, chromium, type Page } from "playwright-core";
import { findBrowser } from "../../scripts/browser.ts";
import { serveSources } from "../../scripts/dev-site.ts";
import type { DoingName } from "./page.ts";

/**
 * Bytes for each time. Code that is still being compiled takes between 100 and 450, less the longer it runs. What one
 * could forget takes more: measured on purpose, an outbox without its listeners 1400, an empty dialog 2500.
 */
export const ROOM = 1000;

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

export interface Measurement {
  counts: Counts;
  /** Bytes of living objects. */
  heap: number;
}

export interface Subject {
  readonly page: Page;
  /** Does it so many times, as often as it is called. */
  repeat(name: DoingName, times: number): Promise<void>;
  /** Collects garbage, then looks. */
  measure(): Promise<Measurement>;
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
  return {
    page,
    repeat: (name, times) =>
      page.evaluate(([name, times]) => window.leaks.repeat(name, times), [name, times] as const),
    measure: () => measure(page, session),
    close: () => context.close(),
  };
}

export async function openLaboratory(): Promise<Laboratory> {
  const site = await serveSources();
  const browser = await chromium.launch({ executablePath: await findBrowser(), args: ["--no-sandbox"] });
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

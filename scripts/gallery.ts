/**
 * Walks a browser through the development page: every state of the flow and of the hub in one kind of window after
 * another, always with the same pixels. Says what is wrong to see where a program can know it.
 */
import {
  type Browser,
  type BrowserContextOptions,
  type CDPSession,
  chromium,
  type Page,
} from "playwright-core";
import { NOW } from "../test/fixtures/flows.ts";
import { findBrowser } from "./browser.ts";
import { serveSources } from "./dev-site.ts";
import { faultsOf } from "./visible-faults.ts";

/** What there are states of. */
export type Kind = "flow" | "hub";

export const kindOf = (name: string): Kind => (name.startsWith("hub-") ? "hub" : "flow");

export interface Variant {
  name: string;
  locale?: string;
  /** Of the window. */
  options: BrowserContextOptions;
  /** For these alone. */
  only?: Kind;
}

const desktop = { viewport: { width: 560, height: 780 } };
const phone = { viewport: { width: 320, height: 568 }, hasTouch: true, isMobile: true };

export const smallPhone: Variant = { name: "phone", options: phone };

export const variants: readonly Variant[] = [
  { name: "light", options: desktop },
  { name: "dark", options: { ...desktop, colorScheme: "dark" } },
  smallPhone,
  { name: "phone-arabic", locale: "ar", options: phone },
  { name: "desktop-german", locale: "de", options: desktop },
  // A hub is a part of the page: how tall the window is changes nothing for it, and how wide it is a lot.
  { name: "landscape", options: { ...phone, viewport: { width: 320, height: 256 } }, only: "flow" },
  { name: "wide", options: { viewport: { width: 1600, height: 900 } }, only: "hub" },
];

export interface Walk {
  /** Of the states that this kind of window is for. */
  readonly names: readonly string[];
  /** Of all states. */
  readonly known: readonly string[];
  readonly languages: readonly string[];
  /**
   * Shows a state and waits until it is complete.
   * @param locale default: the variant's
   * @returns what is wrong with it
   */
  show(name: string, locale?: string): Promise<string[]>;
  /** Moves on in what scrolls. @returns whether there was anything more to see */
  scrollToEnd(): Promise<boolean>;
  photograph(): Promise<Buffer>;
  close(): Promise<void>;
}

export interface Gallery {
  readonly browser: Browser;
  enter(variant: Variant): Promise<Walk>;
  close(): Promise<void>;
}

/** Chance decides nothing that can be seen, and retries do not wait. */
const withoutChance = () => {
  Math.random = () => 0;
};

/** Nothing moves any more, and no letter is still on its way. */
const atRest = async () => {
  const roots = [document, ...[...document.querySelectorAll("*")].flatMap((each) => each.shadowRoot ?? [])];
  await document.fonts.ready;
  await Promise.all(roots.flatMap((root) => root.getAnimations().map(({ finished }) => finished)));
};

/** @returns whether something was left to see */
const toEnd = (): boolean => {
  const { shadowRoot } = document.querySelector("#stage > *") as HTMLElement;
  let moved = false;
  for (const each of shadowRoot?.querySelectorAll<HTMLElement>("dialog, .panel, .content") ?? []) {
    if (getComputedStyle(each).overflowY !== "auto") continue;
    const before = each.scrollTop;
    each.scrollTop = each.scrollHeight;
    moved ||= each.scrollTop > before + 1;
  }
  return moved;
};

/** How letters are smoothed depends on what was in their place before, unless all of it is drawn in another size between. */
async function drawAnew(page: Page, session: CDPSession, mobile = false): Promise<void> {
  for (const deviceScaleFactor of [2, 1]) {
    await session.send("Emulation.setDeviceMetricsOverride", {
      ...(page.viewportSize() as { width: number; height: number }),
      deviceScaleFactor,
      mobile,
    });
    await page.evaluate(
      () => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))),
    );
  }
}

async function enter(
  browser: Browser,
  url: string,
  { options, locale: own = "", only }: Variant,
): Promise<Walk> {
  const context = await browser.newContext({
    reducedMotion: "reduce",
    timezoneId: "UTC",
    locale: "en-US",
    ...options,
  });
  const page: Page = await context.newPage();
  const errors: string[] = [];
  page.on("pageerror", ({ message }) => errors.push(`throws: ${message}`));
  page.on("console", (message) => {
    if (message.type() === "error") errors.push(`console: ${message.text()}`);
  });
  const session = await context.newCDPSession(page);
  await page.clock.setFixedTime(NOW);
  await page.addInitScript(withoutChance);
  await page.goto(url);
  await page.waitForFunction(() => "gallery" in window);
  await page.locator("[name=scheme]").selectOption("auto");
  const { known, languages } = await page.evaluate(() => ({
    known: window.gallery.names,
    languages: window.gallery.languages,
  }));
  /** What is a part of the page is photographed to its end. */
  let fullPage = false;
  return {
    known,
    names: known.filter((name) => !only || kindOf(name) === only),
    languages,
    async show(name, locale = own) {
      fullPage = kindOf(name) === "hub";
      await page.evaluate(([name, locale]) => window.gallery.present(name, locale), [name, locale] as const);
      await page.evaluate(atRest);
      return [...errors.splice(0), ...(await page.evaluate(faultsOf, locale))];
    },
    scrollToEnd: () => page.evaluate(toEnd),
    async photograph() {
      await drawAnew(page, session, options.isMobile);
      return page.screenshot({ animations: "disabled", caret: "hide", fullPage });
    },
    close: () => context.close(),
  };
}

export async function openGallery(): Promise<Gallery> {
  const site = await serveSources();
  const browser = await chromium.launch({
    executablePath: await findBrowser(),
    // Drawing only what has changed leaves traces of what was there before.
    args: ["--no-sandbox", "--disable-partial-raster"],
  });
  return {
    browser,
    enter: (variant) => enter(browser, site.url, variant),
    async close() {
      await browser.close();
      await site.close();
    },
  };
}

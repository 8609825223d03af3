import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { findBrowser } from "../../../scripts/browser.ts";
import { LAUNCH_LIMIT_MS, patiently } from "../../../scripts/launch.ts";
import type { Driver } from "./page.ts";

/** Chromium with all that Playwright can do. */
export function chromiumDriver(): Driver<Page, BrowserContextOptions> {
  let browser: Promise<Browser> | undefined;
  return {
    async open(options) {
      browser ??= start();
      const context = await (await browser).newContext(options);
      const page = await context.newPage();
      const faults: string[] = [];
      page.on("pageerror", (error) => faults.push(error.message));
      page.on("console", (message) => {
        if (/Content Security Policy|Trusted/i.test(message.text())) faults.push(message.text());
      });
      return { page, faults, close: () => context.close() };
    },
    async close() {
      await (await browser)?.close();
    },
  };
}

async function start(): Promise<Browser> {
  const executablePath = await findBrowser();
  return patiently("Chromium", () =>
    chromium.launch({ executablePath, args: ["--no-sandbox"], timeout: LAUNCH_LIMIT_MS }),
  );
}

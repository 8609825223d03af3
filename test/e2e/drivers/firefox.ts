import { type Browser, type KeyInput, launch } from "puppeteer-core";
import { findFirefox } from "../../../scripts/engines.ts";
import { LAUNCH_LIMIT_MS, patiently } from "../../../scripts/launch.ts";
import { pageOver } from "./over.ts";
import type { Driver, Preferences } from "./page.ts";

/** Firefox over WebDriver BiDi. What the user prefers is decided at the start: there is a browser for each such set. */
export function firefoxDriver(): Driver {
  const browsers = new Map<string, Promise<Browser>>();
  const browserFor = (preferences: Preferences) => {
    const key = JSON.stringify(preferences);
    const browser = browsers.get(key) ?? start(preferences);
    browsers.set(key, browser);
    return browser;
  };

  return {
    async open(preferences) {
      const context = await (await browserFor(preferences)).createBrowserContext();
      const page = await context.newPage();
      await page.setViewport({ width: 1280, height: 720 });
      const faults: string[] = [];
      return {
        page: pageOver(
          {
            async goto(url) {
              await page.goto(url);
            },
            async reload() {
              await page.reload();
            },
            run: (body, ...values) =>
              page.evaluate(new Function(body) as (...values: unknown[]) => unknown, ...values),
            press: (key) => page.keyboard.press((key === "Space" ? " " : key) as KeyInput),
            type: (text) => page.keyboard.type(text),
            click: (x, y) => page.mouse.click(x, y),
          },
          faults,
        ),
        faults,
        close: () => context.close(),
      };
    },
    async close() {
      for (const browser of browsers.values()) await (await browser).close();
    },
  };
}

function start({ colorScheme, reducedMotion, locale = "en-US" }: Preferences): Promise<Browser> {
  const executablePath = findFirefox();
  if (!executablePath) throw new Error("There is no Firefox");
  return patiently("Firefox", () =>
    launch({
      browser: "firefox",
      executablePath,
      headless: true,
      timeout: LAUNCH_LIMIT_MS,
      extraPrefsFirefox: {
        "intl.accept_languages": locale,
        "intl.locale.requested": locale,
        "ui.prefersReducedMotion": reducedMotion === "reduce" ? 1 : 0,
        // Websites follow the system's theme.
        "layout.css.prefers-color-scheme.content-override": 2,
        "ui.systemUsesDarkTheme": colorScheme === "dark" ? 1 : 0,
      },
    }),
  );
}

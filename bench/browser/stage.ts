/** A real server with billing's simulator, a site on another origin, both far away, and a browser. */
import path from "node:path";
import { type Browser, chromium, type Page } from "playwright-core";
import { build } from "vite";
import { findBrowser } from "../../scripts/browser.ts";
import { LAUNCH_LIMIT_MS, patiently } from "../../scripts/launch.ts";
import { everyOffer } from "../../test/e2e/flows.ts";
import { createWorld, type World } from "../../test/e2e/harness.ts";
import { farAway } from "./far.ts";
import { openSite, type Site } from "./site.ts";

/** How the survey of the flow on stage begins. */
export const FIRST_WORDS = "Before you go";

export interface Stage {
  readonly world: World;
  readonly browser: Browser;
  readonly site: Site;
  /** Where pages reach the server and the site. */
  readonly far: { server: string; site: string };
  close(): Promise<void>;
}

/** What is measured is the code as it is now, not as it was built last. */
export async function buildEmbed(): Promise<void> {
  // A build leaves behind what everything after it would take for the page's own wish.
  const { NODE_ENV } = process.env;
  await build({ root: path.join(import.meta.dirname, "../.."), mode: "embed", logLevel: "warn" });
  if (NODE_ENV === undefined) delete process.env.NODE_ENV;
  else process.env.NODE_ENV = NODE_ENV;
}

export const openBrowser = async (): Promise<Browser> => {
  const executablePath = await findBrowser();
  return patiently("Chromium", () =>
    chromium.launch({ executablePath, args: ["--no-sandbox"], timeout: LAUNCH_LIMIT_MS }),
  );
};

/** Of the browser that all of it runs in. */
export async function versions(): Promise<{ Chromium: string }> {
  const browser = await openBrowser();
  const version = browser.version();
  await browser.close();
  return { Chromium: version };
}

/** @param roundTrip milliseconds between the browser and everything else */
export async function openStage(roundTrip: number): Promise<Stage> {
  const world = await createWorld();
  await world.publish(everyOffer);
  const browser = await openBrowser();
  const site = await openSite(world.mint);
  const [server, farSite] = await Promise.all([farAway(world.url, roundTrip), farAway(site.url, roundTrip)]);
  return {
    world,
    browser,
    site,
    far: { server: server.url, site: farSite.url },
    async close() {
      await browser.close();
      await Promise.all([server.close(), farSite.close()]);
      await site.close();
      await world.close();
    },
  };
}

/** @param rate how many times slower than this machine */
export async function slowDown(page: Page, rate: number): Promise<void> {
  const session = await page.context().newCDPSession(page);
  await session.send("Emulation.setCPUThrottlingRate", { rate });
}

import { type ChromeLauncher, chromeLauncher } from "@web/test-runner-chrome";
import type { ElementHandle, Page } from "puppeteer-core";
import { withFinder } from "./finder.ts";
import { LAUNCH_LIMIT_MS, patiently } from "./launch.ts";

/** Launcher of @web/test-runner for Firefox: the one for Chrome speaks WebDriver BiDi as well. */
export function firefoxLauncher(executablePath: string): ChromeLauncher {
  const launcher = chromeLauncher({
    launchOptions: { browser: "firefox", executablePath, timeout: LAUNCH_LIMIT_MS },
    async createPage({ context }) {
      const page = await context.newPage();
      // It keeps account for assistive technology from when it is first asked, and can miss a page that is open by then.
      await page.goto("data:text/html,<button>Ready</button>");
      await until(async () => (await page.$('aria/Ready[role="button"]')) !== null);
      // Puppeteer's own asks Chromium's protocol.
      Object.defineProperty(page, "accessibility", { value: { snapshot: () => snapshot(page) } });
      return page;
    },
    // Keys go to the one tab that has the focus.
    concurrency: 1,
  });
  // It takes every browser that it does not have to look for itself for Chrome.
  launcher.name = "Firefox";
  return retrying(launcher);
}

/** The launcher, but a browser that does not start is started once more. */
export function retrying(launcher: ChromeLauncher): ChromeLauncher {
  const launch = launcher.launchBrowser.bind(launcher);
  launcher.launchBrowser = (options) => patiently(launcher.name, () => launch(options));
  return launcher;
}

const ROLES = ["dialog", "group", "heading", "radio", "textbox", "link", "button"];
/** How long Firefox may take to notice what a page has changed: it does so in its spare time. */
const NOTICE_MS = 5000;

const inPage = (body: string) => new Function(withFinder(body)) as (...values: unknown[]) => unknown;

async function until(holds: () => Promise<boolean>): Promise<void> {
  const end = Date.now() + NOTICE_MS;
  while (!(await holds()) && Date.now() < end);
}

interface Told {
  role: string;
  name: string;
}

/** A flat tree of what assistive technology is told, once it is told of all that is there; late, as it is by then. */
async function snapshot(page: Page) {
  const number = await page.evaluate(
    inPage(`const all = finder.below(document.body);
    const modal = all.filter((each) => each.matches(":modal")).at(-1);
    return (modal ? [modal, ...finder.below(modal)] : all).filter(
      (each) => arguments[0].includes(finder.roleOf(each)) && finder.isVisible(each),
    ).length;`),
    ROLES,
  );
  let children: Told[] = [];
  await until(async () => {
    children = await ask(page);
    return children.length >= Number(number) && children.every(({ name }) => name !== "?");
  });
  return { role: "document", name: "", children };
}

/**
 * Firefox can be asked which elements have a role and a name, but not for their names: each element is asked for with
 * the name that it should have, and one that has another is called "?".
 */
async function ask(page: Page): Promise<Told[]> {
  const told: Told[] = [];
  for (const root of await rootsOf(page)) {
    for (const role of ROLES) {
      const elements = await root.$$(`aria/[role="${role}"]`);
      const names = await page.evaluate(inPage("return [...arguments].map(finder.nameOf)"), ...elements);
      for (const [index, element] of elements.entries()) {
        const name = (names as string[])[index] as string;
        const namesakes = await root.$$(`aria/${name}[role="${role}"]`);
        const agreed = await element.evaluate((one, ...all) => all.includes(one), ...namesakes);
        told.push({ role, name: agreed ? name : "?" });
      }
    }
  }
  return told;
}

/** The page and every shadow root in it: the question is not passed on into them. */
async function rootsOf(page: Page): Promise<ElementHandle[]> {
  const list = await page.evaluateHandle(
    inPage(
      "return [document.body, ...finder.below(document.body).map((each) => each.shadowRoot).filter(Boolean)]",
    ),
  );
  const roots = [...(await list.getProperties()).values()].map((each) => each.asElement());
  return roots.filter((root) => root !== null) as ElementHandle[];
}

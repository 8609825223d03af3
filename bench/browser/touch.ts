/** Hands for a page that is being measured: nothing of them stays in it, and what they ask it is little. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Page } from "playwright-core";

const LIMIT = 30_000;

/** Where to press what has this name; shadow roots are searched, and what is drawn last comes first. */
function find([selector, words]: readonly [string, string]): { x: number; y: number } | undefined {
  const roots: (Document | ShadowRoot)[] = [document];
  const found: Element[] = [];
  for (const root of roots) {
    found.push(...root.querySelectorAll(selector));
    for (const { shadowRoot } of root.querySelectorAll("*")) if (shadowRoot) roots.push(shadowRoot);
  }
  for (const element of found.reverse()) {
    if (!element.textContent?.includes(words) || element.matches(":disabled")) continue;
    element.scrollIntoView({ block: "nearest", behavior: "instant" });
    const { x, y, width, height } = element.getBoundingClientRect();
    if (width && height) return { x: x + width / 2, y: y + height / 2 };
  }
  return undefined;
}

/** Waits until there is such an element to see. @returns its middle */
export async function sees(page: Page, selector: string, words = ""): Promise<{ x: number; y: number }> {
  for (const end = Date.now() + LIMIT; Date.now() < end; await sleep(30)) {
    const place = await page.evaluate(find, [selector, words] as const);
    if (place) return place;
  }
  throw new Error(`no ${selector} “${words}” in ${LIMIT / 1000} s`);
}

/** As a mouse does; what moves is waited for. */
export async function press(page: Page, selector: string, words = ""): Promise<void> {
  let place = await sees(page, selector, words);
  for (let rests = false; !rests; ) {
    await sleep(30);
    const next = await sees(page, selector, words);
    rests = next.x === place.x && next.y === place.y;
    place = next;
  }
  await page.mouse.click(place.x, place.y);
}

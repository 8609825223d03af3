/** What customers do, phase by phase, from the page to the end. */
import type { Page } from "playwright-core";
import { withTags } from "./site.ts";
import { type Stage, slowDown } from "./stage.ts";
import { type Phases, type Recording, recordTasks } from "./tasks.ts";
import { press, sees } from "./touch.ts";
import { doYardstick, takeYardstick } from "./yardstick.ts";

export interface Journey {
  readonly name: string;
  readonly tag: "cancel-button" | "subscription-hub";
  /** Each can go once: afterwards there is nothing left to cancel, or to change to. */
  readonly customers: readonly string[];
  go(page: Page, recording: Recording): Promise<void>;
}

const BUTTON = "button";
const HEADING = "h2";

/** Through a survey and an offer that is not taken. */
export const cancelling: Journey = {
  name: "a cancel flow",
  tag: "cancel-button",
  customers: ["cus_eleanor", "cus_noah", "cus_zoe", "cus_misaki", "cus_xxx"],
  async go(page, { phase }) {
    await sees(page, BUTTON, "Cancel subscription");
    await phase("the click, and the survey");
    await press(page, BUTTON, "Cancel subscription");
    await sees(page, HEADING, "Before you go");
    await phase("a reason");
    await press(page, "label", "Too expensive");
    await phase("the offer");
    await press(page, BUTTON, "Continue");
    await sees(page, BUTTON, "Accept discount");
    await phase("the confirmation");
    await press(page, BUTTON, "Cancel subscription");
    await sees(page, HEADING, "Confirm your cancellation");
    await phase("the end");
    await press(page, BUTTON, "Cancel subscription");
    await sees(page, HEADING, "Your subscription is cancelled");
    await phase("closing");
    await press(page, BUTTON, "Done");
  },
};

/** One change of the plan. */
export const managing: Journey = {
  name: "a subscription hub",
  tag: "subscription-hub",
  customers: ["cus_NffrFeUfNV2Hib", "cus_tom", "cus_amara"],
  async go(page, { phase }) {
    await sees(page, BUTTON, "Change plan");
    await phase("choosing a plan");
    await press(page, BUTTON, "Change plan");
    await sees(page, "label", "Basic");
    await phase("what it would cost");
    await press(page, "label", "Basic");
    await sees(page, BUTTON, "Switch plan");
    await phase("the change");
    await press(page, BUTTON, "Switch plan");
    await sees(page, "article", "Your plan");
  },
};

export interface Visited {
  readonly phases: Phases;
  /** Milliseconds. */
  readonly yardstick: number;
}

/** @param slower how many times slower the page's processor is than this machine's */
export async function travel(
  { browser, site, world }: Stage,
  { tag, go }: Journey,
  customer: string,
  slower = 1,
): Promise<Visited> {
  const path = site.add(
    withTags(
      world.url,
      `<renumerate-${tag} session-url="/session?customer=${customer}"></renumerate-${tag}>`,
    ),
  );
  const context = await browser.newContext();
  try {
    const page = await context.newPage();
    await slowDown(page, slower);
    const recorded = await recordTasks(browser, page, async (recording) => {
      await page.goto(site.url + path);
      await go(page, recording);
      await doYardstick(page, recording);
    });
    return takeYardstick(recorded);
  } finally {
    await context.close();
  }
}

/**
 * Of each phase the least of all visits, in yardsticks: what is in every one of them is the page's own doing, and what is
 * not is the machine's.
 */
export function leastOf(visits: readonly Visited[]): Map<string, number> {
  const least = new Map<string, number>();
  for (const { phases, yardstick } of visits)
    for (const [name, { cpu }] of phases)
      least.set(name, Math.min(cpu / yardstick, least.get(name) ?? Number.POSITIVE_INFINITY));
  return least;
}

/** The longest task of everything that customers do: what is shorter than 50 ms nobody notices. */

import { serveSources } from "../../scripts/dev-site.ts";
import { cancelling, type Journey, leastOf, managing, travel, type Visited } from "../browser/journeys.ts";
import { buildEmbed, openBrowser, openStage, type Stage, versions } from "../browser/stage.ts";
import { recordTasks } from "../browser/tasks.ts";
import { doYardstick, LONG, LONG_IN_YARDSTICKS, takeYardstick } from "../browser/yardstick.ts";
import type { Aim, Part, Result, Table } from "../part.ts";

const SLOWER = 4;
const VISITS = 3;
/** Of the states that take longest. */
const SHOWN = 5;

async function visits(journey: Journey, short: boolean, slower = 1): Promise<Visited[]> {
  const stage: Stage = await openStage(0);
  try {
    const visited: Visited[] = [];
    for (const customer of journey.customers.slice(0, short ? 1 : VISITS))
      visited.push(await travel(stage, journey, customer, slower));
    return visited;
  } finally {
    await stage.close();
  }
}

interface Figures {
  /** By phase. */
  readonly yardsticks: ReadonlyMap<string, number>;
  /** Milliseconds by the clock, on the slow processor; the least of all visits. */
  readonly slow: ReadonlyMap<string, number>;
}

async function figuresOf(journey: Journey, short: boolean): Promise<Figures> {
  const yardsticks = leastOf(await visits(journey, short));
  const slow = new Map<string, number>();
  for (const { phases } of await visits(journey, short, SLOWER))
    for (const [name, { wall }] of phases)
      slow.set(name, Math.min(wall, slow.get(name) ?? Number.POSITIVE_INFINITY));
  return { yardsticks, slow };
}

/** What a task takes on the slow processor for which the limit is written. */
const milliseconds = (yardsticks: number): string =>
  `${((yardsticks / LONG_IN_YARDSTICKS) * LONG).toFixed(0)} ms`;

const tableOf = (title: string, { yardsticks, slow }: Figures): Table => ({
  title: `Longest tasks of ${title}`,
  columns: ["", "yardsticks", "on the slow processor", "by the clock, Chromium slowed down"],
  rows: [...yardsticks].map(([name, longest]) => [
    name,
    longest.toFixed(1),
    milliseconds(longest),
    `${(slow.get(name) ?? Number.NaN).toFixed(0)} ms`,
  ]),
});

/** Every state of the development page, which shows the longest flows and hubs that there are. */
async function gallery(short: boolean): Promise<[name: string, yardsticks: number][]> {
  const site = await serveSources();
  const browser = await openBrowser();
  try {
    const page = await (await browser.newContext()).newPage();
    const recorded = await recordTasks(browser, page, async (recording) => {
      await page.goto(site.url);
      await page.waitForFunction(() => "gallery" in window);
      const known = await page.evaluate(() => window.gallery.names);
      const names = short ? known.slice(0, 5) : known;
      const show = (name: string) => page.evaluate((name) => window.gallery.present(name, "en"), name);
      // What is made once, and sources that are fetched one by one, are not the states'.
      for (const name of names) await show(name);
      for (const name of names) {
        await recording.phase(`state ${name}`);
        await show(name);
      }
      await doYardstick(page, recording);
    });
    const { phases, yardstick } = takeYardstick(recorded);
    return [...phases]
      .filter(([name]) => name.startsWith("state "))
      .map(([name, { cpu }]): [string, number] => [name.replace("state ", ""), cpu / yardstick])
      .sort(([, one], [, other]) => other - one)
      .slice(0, SHOWN);
  } finally {
    await browser.close();
    await site.close();
  }
}

const wanted = (what: string, longest: number) => ({
  what: `longest task of ${what}`,
  aim: `at most ${LONG_IN_YARDSTICKS.toFixed(1)} yardsticks, which are ${LONG} ms`,
  is: longest.toFixed(1),
  met: longest <= LONG_IN_YARDSTICKS,
});

/** Of the same journeys, as the clock of a page says that Chromium slows down. */
function wantedByTheClock(what: string, slow: Figures["slow"]): Aim {
  const longest = Math.max(...slow.values());
  return {
    what: `longest task of ${what}, by the clock, Chromium slowed down`,
    aim: `at most ${LONG} ms`,
    is: `${longest.toFixed(0)} ms`,
    met: longest <= LONG,
    explained: "[what the clock counts](#what-the-clock-counts)",
  };
}

/** @param of by journey */
export const resultOf = (
  of: ReadonlyMap<string, Figures>,
  states: readonly (readonly [name: string, yardsticks: number])[],
): Result => ({
  tables: [
    ...[...of].map(([name, figures]) => tableOf(name, figures)),
    {
      title: "Longest tasks of all states of flow and hub, from sources that are not bundled",
      columns: ["", "yardsticks", "on the slow processor"],
      rows: states.map(([name, longest]) => [name, longest.toFixed(1), milliseconds(longest)]),
    },
  ],
  aims: [
    ...[...of].map(([name, { yardsticks }]) => wanted(name, Math.max(...yardsticks.values()))),
    wanted("all states", states[0]?.[1] ?? Number.NaN),
    ...[...of].map(([name, { slow }]) => wantedByTheClock(name, slow)),
  ],
  figures: {
    journeys: [...of].map(([name, { yardsticks, slow }]) => ({
      name,
      yardsticks: Object.fromEntries(yardsticks),
      slow: Object.fromEntries(slow),
    })),
    states: Object.fromEntries(states),
  },
});

export const part: Part = {
  title: "Longest tasks",
  versions,

  async run({ short, log }) {
    await buildEmbed();
    const of = new Map<string, Figures>();
    for (const journey of [cancelling, managing]) {
      of.set(journey.name, await figuresOf(journey, short));
      log(`${journey.name}: done`);
    }
    return resultOf(of, await gallery(short));
  },
};

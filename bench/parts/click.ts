/** How long a customer looks at nothing, from the click to the first step of the flow. */
import { setTimeout as sleep } from "node:timers/promises";
import { whole } from "../../scripts/command-line.ts";
import { watchPaint } from "../browser/painted.ts";
import { withShell, withTags } from "../browser/site.ts";
import { buildEmbed, openStage, type Stage, slowDown, versions } from "../browser/stage.ts";
import { partOf, type Table } from "../part.ts";
import { quantile } from "../quantile.ts";

const ROUND_TRIP = 150;
const SLOWER = 4;
const ROUNDS = 25;
const CUSTOMER = "cus_eleanor";

/** Milliseconds; what is only read does not matter to what comes after it. */
const IDLE = 400;

const AIM = 100;

interface Situation {
  readonly name: string;
  /** The page, for a session of the customer. */
  page(server: string, sessionId: string): string;
  /** Milliseconds between the first sign of intent and the click. */
  readonly ahead?: number;
  /** With what intent is shown. */
  readonly by?: "pointer" | "focus";
}

const SHELL = "a shell around a frame, as the Renumerate client 0.7.7";
const INTENT = "the tag, pointed at 200 ms before";

const given: Situation["page"] = (server, id) =>
  withTags(server, `<renumerate-cancel-button session-id="${id}"></renumerate-cancel-button>`);
const asked: Situation["page"] = (server) =>
  withTags(
    server,
    `<renumerate-cancel-button session-url="/session?customer=${CUSTOMER}"></renumerate-cancel-button>`,
  );

const situations: readonly Situation[] = [
  { name: SHELL, page: withShell },
  { name: "the tag, clicked out of nothing", page: given },
  { name: INTENT, page: given, ahead: 200 },
  { name: "the tag, focused 200 ms before", page: given, ahead: 200, by: "focus" },
  { name: "the tag, pointed at 500 ms before", page: given, ahead: 500 },
  { name: "the tag with `session-url`, clicked out of nothing", page: asked },
  { name: "the tag with `session-url`, pointed at 200 ms before", page: asked, ahead: 200 },
  { name: "the tag with `session-url`, pointed at 500 ms before", page: asked, ahead: 500 },
];

/** @returns milliseconds from the click to the step */
async function once(
  { world, browser, site, far }: Stage,
  { page: pageOf, ahead, by = "pointer" }: Situation,
  slower: number,
): Promise<number> {
  const path = site.add(pageOf(far.server, await world.mint(CUSTOMER)));
  const context = await browser.newContext();
  try {
    const watched = await watchPaint(context);
    const page = await context.newPage();
    await page.goto(far.site + path, { waitUntil: "load" });
    const button = page.getByRole("button", { name: /^cancel subscription$/i });
    const box = await button.boundingBox();
    if (!box) throw new Error("the button is not to be seen");
    await sleep(IDLE);
    await slowDown(page, slower);
    const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
    if (ahead && by === "pointer") await page.mouse.move(x, y);
    if (ahead && by === "focus") await page.keyboard.press("Tab");
    if (ahead) await sleep(ahead);
    if (by === "focus") await page.keyboard.press("Enter");
    else await page.mouse.click(x, y);
    return await watched.clickToPaint;
  } finally {
    await context.close();
  }
}

type Times = Map<Situation, number[]>;

/** In turn, so that what else the machine does concerns all alike. The first round only fills what the server keeps. */
async function measure(stage: Stage, slower: number, rounds: number): Promise<Times> {
  const times: Times = new Map(situations.map((situation) => [situation, []]));
  for (let round = -1; round < rounds; round++)
    for (const situation of situations) {
      const time = await once(stage, situation, slower);
      if (round >= 0) times.get(situation)?.push(time);
    }
  return times;
}

const ms = (time: number): string => `${Math.round(time)} ms`;

function tableOf(title: string, times: Times): Table {
  const [[, ofShell] = []] = times;
  const shell = quantile(ofShell ?? [], 0.5);
  const isOne = ofShell?.length === 1;
  return {
    title,
    columns: [
      "from the click to the first step",
      ...(isOne ? ["once"] : ["median", "95 of 100"]),
      "÷ the shell",
    ],
    rows: [...times].map(([{ name }, each]) => {
      const median = quantile(each, 0.5);
      const shown = isOne ? [median] : [median, quantile(each, 0.95)];
      return [name, ...shown.map(ms), (median / shell).toFixed(2)];
    }),
  };
}

const medianOf = (times: Times, wanted: string): number =>
  quantile([...times].find(([{ name }]) => name === wanted)?.[1] ?? [], 0.5);

export const part = partOf({
  title: "From the click to the first step",
  takes: {
    rounds: whole("how often each is clicked on the slower processor, and half as often on this one"),
  },
  versions,

  async run({ short, values, log }) {
    const rounds = values.rounds ?? (short ? 1 : ROUNDS);
    await buildEmbed();
    const stage = await openStage(ROUND_TRIP);
    try {
      const slow = await measure(stage, SLOWER, rounds);
      log("with a slower processor: done");
      const fast = await measure(stage, 1, Math.ceil(rounds / 2));
      const is = medianOf(slow, INTENT);
      return {
        tables: [
          tableOf(`Round trips of ${ROUND_TRIP} ms, a processor ${SLOWER} times slower than this one`, slow),
          tableOf(`Round trips of ${ROUND_TRIP} ms, this processor`, fast),
        ],
        aims: [
          {
            what: INTENT,
            aim: `at most ${AIM} ms`,
            is: ms(is),
            met: is <= AIM,
            explained: "[two journeys](#why-not-sooner)",
          },
        ],
        figures: [slow, fast].map((times) => [...times].map(([{ name }, each]) => ({ name, ms: each }))),
      };
    } finally {
      await stage.close();
    }
  },
});

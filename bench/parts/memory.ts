/** What remains in a page after everything that comes and goes has done so a thousand times. */
import { type Counts, type Laboratory, openLaboratory, ROOM } from "../../test/leak/laboratory.ts";
import type { DoingName } from "../../test/leak/page.ts";
import { versions } from "../browser/stage.ts";
import type { Part } from "../part.ts";

const TIMES = 1000;

/** What a page does most; the tests do everything else as well, less often. */
const opening: readonly DoingName[] = [
  "opening and closing by the button",
  "a flow that ends in a cancellation",
];
const mounting: readonly DoingName[] = [
  "a button that comes and goes",
  "a closed dialog that comes and goes",
  "an open dialog that comes and goes",
  "a hub that comes and goes",
];

interface Left {
  readonly name: DoingName;
  /** Bytes each time. */
  readonly heap: number;
  /** More than before, after all of them. */
  readonly counts: Counts;
}

async function leftOf(laboratory: Laboratory, name: DoingName, times: number): Promise<Left> {
  const { grow, close } = await laboratory.subject(name);
  const { heap, counts } = await grow(name, times);
  await close();
  return { name, heap, counts };
}

/** A little less than nothing is nothing. */
const whole = (bytes: number): string => String(Math.round(bytes) || 0);

const rows = (all: readonly Left[], names: readonly DoingName[]): string[][] =>
  all
    .filter(({ name }) => names.includes(name))
    .map(({ name, heap, counts }) => [
      name,
      whole(heap),
      ...[counts.nodes, counts.listeners, counts.documents, counts.timers].map(String),
    ]);

export const part: Part = {
  title: "What remains in a page",
  versions,

  async run({ short, log }) {
    const times = short ? 20 : TIMES;
    const laboratory = await openLaboratory();
    const all: Left[] = [];
    try {
      for (const name of [...opening, ...mounting]) {
        all.push(await leftOf(laboratory, name, times));
        log(`${name}: done`);
      }
    } finally {
      await laboratory.close();
    }
    const columns = ["", "bytes each time", "nodes", "listeners", "documents", "timers"];
    const heap = Math.max(...all.map((each) => each.heap));
    const most = (what: "nodes" | "listeners") => Math.max(...all.map(({ counts }) => counts[what]));
    return {
      tables: [
        { title: `Left after opening and closing ${times} times`, columns, rows: rows(all, opening) },
        { title: `Left after coming and going ${times} times`, columns, rows: rows(all, mounting) },
      ],
      aims: [
        ...(["nodes", "listeners"] as const).map((what) => ({
          what: `${what} left`,
          aim: "none",
          is: `${most(what)}`,
          met: most(what) <= 0,
        })),
        {
          what: "heap left each time",
          aim: `less than ${ROOM} bytes`,
          is: `${whole(heap)} bytes`,
          met: heap < ROOM,
        },
      ],
      figures: { times, left: all },
    };
  },
};

/**
 * What one server process holds in memory: when it has started, while one and while 64 connections ask without a pause, and
 * whether anything is left of the requests: a hundred thousand of them, looked at after each tenth. What counts is what is left after
 * a collection of garbage; resident memory is what the system sees, and Node gives little of it back.
 */
import { whole } from "../../scripts/command-line.ts";
import { type Aim, type Options, partOf } from "../part.ts";
import { slopeOf } from "../quantile.ts";
import { start } from "../server/child.ts";
import { type Loaded, load, type Memory, settled } from "../server/memory.ts";
import { inEachHome, type Served, store } from "../server/served.ts";

/** The heap of a server that remembers an object for each request grows by more than this a request, bytes. */
const MOST_GROWN = 20;
/** What begins with the first requests, such as compiled code, has come by then. */
const WARM_UP = 2;
const LEVELS = [1, 64];

const megabytes = (bytes: number): string => (bytes / 2 ** 20).toFixed(1);

interface Plan {
  /** Of one load. */
  count: number;
  loads: number;
}

const FULL: Plan = { count: 10_000, loads: 10 + WARM_UP };
const SHORT: Plan = { count: 150, loads: 4 + WARM_UP };

interface Figures {
  home: Served["home"];
  started: Memory;
  atRest: Memory;
  levels: (Loaded & { connections: number })[];
  /** After each of the loads. */
  left: Memory[];
  grown: Memory;
}

/** Of the databases that the last run was on. */
let versions: Record<string, string> = {};

async function observe(served: Served, { count, loads }: Plan, log: Options["log"]): Promise<Figures> {
  const { home, child } = served;
  const loader = start("load.ts");
  try {
    const started = (await child.usage()).memory;
    const atRest = await settled(served);
    const levels: Figures["levels"] = [];
    for (const connections of LEVELS) {
      log(`${home}: ${connections} connections`);
      levels.push({ connections, ...(await load(served, loader, { connections, count })) });
    }
    const left: Memory[] = [];
    for (let number = 1; number <= loads; number++) {
      const { after } = await load(served, loader, { connections: 64, count });
      left.push(after);
      log(`${home}: after ${number * count} of ${loads * count} requests ${megabytes(after.heapUsed)} MB`);
    }
    const steady = left.slice(WARM_UP);
    const slope = (figure: keyof Memory) => slopeOf(steady.map((each) => each[figure])) / count;
    const grown = { heapUsed: slope("heapUsed"), rss: slope("rss") };
    return { home, started, atRest, levels, left, grown };
  } finally {
    await loader.stop();
  }
}

const cells = ({ heapUsed, rss }: Memory): string[] => [megabytes(heapUsed), megabytes(rss)];

function rowsOf({ home, started, atRest, levels, left }: Figures): string[][] {
  return [
    [home, "started", ...cells(started)],
    [home, "at rest", ...cells(atRest)],
    ...levels.flatMap(({ connections, peak, after }) => [
      [
        home,
        `the most with ${connections} ${connections === 1 ? "connection" : "connections"}`,
        ...cells(peak),
      ],
      [home, "afterwards", ...cells(after)],
    ]),
    [home, "after all", ...cells(left.at(-1) as Memory)],
  ];
}

const aimOf = ({ home, grown }: Figures): Aim => ({
  what: `growth of the heap a request, ${home}`,
  aim: `at most ${MOST_GROWN} bytes`,
  is: `${Math.round(grown.heapUsed)} bytes`,
  met: grown.heapUsed <= MOST_GROWN,
});

export const part = partOf({
  title: "What one server process holds in memory",
  takes: { store, requests: whole("how many are sent while its growth is looked for") },

  versions: async () => versions,

  async run({ short, values: { store, requests }, log }) {
    const plan = short ? SHORT : FULL;
    const count = requests ? Math.ceil(requests / (plan.loads - WARM_UP)) : plan.count;
    const all: Figures[] = [];
    versions = await inEachHome({ store, options: ["--expose-gc"] }, async (served) => {
      all.push(await observe(served, { ...plan, count }, log));
    });
    return {
      tables: [{ columns: ["", "", "heap, MB", "resident, MB"], rows: all.flatMap(rowsOf) }],
      aims: all.map(aimOf),
      figures: all,
    };
  },
});

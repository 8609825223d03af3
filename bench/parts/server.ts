/**
 * How much one server process does in a second, beside what it could do at best: a bare `node:http` server that reads the same
 * JSON and answers the same bytes, and the driver alone that writes the same JSON, one durable row a call. Rates are of the
 * machine and of whoever else is on it; what is wanted are ratios of runs that alternate, of which the median counts.
 */
import { listOf, oneOf, type Values, whole } from "../../scripts/command-line.ts";
import { type Aim, type Options, partOf, type Result, type Table } from "../part.ts";
import { median } from "../quantile.ts";
import { openBench, type Run } from "../server/bench.ts";
import { type Operation, operations } from "../server/operations.ts";
import { type Measured, measure, type Plan, type Round } from "../server/rounds.ts";
import { inEachHome, type Served, store } from "../server/served.ts";

const FULL: Plan = { connections: [1, 16, 64], rounds: 3, seconds: 0.8, warmUp: 500 };
const SHORT: Plan = { connections: [16], rounds: 1, seconds: 0.2, warmUp: 64 };

const takes = {
  store,
  only: listOf(
    oneOf(
      "the operations that are measured",
      operations.map(({ name }) => name),
    ),
  ),
  connections: listOf(whole("how many ask at once")),
  rounds: whole("how often each is measured"),
};

const planOf = (short: boolean, { connections, rounds }: Values<typeof takes>): Plan => {
  const plan = short ? SHORT : FULL;
  return { ...plan, ...(connections && { connections }), ...(rounds && { rounds }) };
};

/** Ratios as far as they mean something. */
const two = (value: number): string =>
  value < 10 ? value.toPrecision(2) : String(Number(value.toPrecision(2)));

interface Figures extends Measured {
  home: Served["home"];
  operation: Operation;
}

type Who = "ours" | "bare" | "raw";
const of = (rounds: readonly Round[], who: Who, figure: (run: Run) => number): number =>
  median(rounds.flatMap((round) => (round[who] ? [figure(round[who])] : [])));
const ratio = (rounds: readonly Round[], who: "bare" | "raw", figure: (run: Run) => number): number =>
  median(rounds.flatMap((round) => (round[who] ? [figure(round.ours) / figure(round[who])] : [])));

const perSecond = (run: Run) => run.perSecond;
const cpu = (run: Run) => run.cpu;
const rounded = (value: number) => Math.round(value).toLocaleString("en");

function tableOf(home: Served["home"], all: readonly Figures[]): Table {
  return {
    title: home,
    columns: [
      "",
      "connections",
      "a second",
      "of bare `node:http`",
      "of raw inserts",
      "CPU, µs a request",
      "times bare `node:http`",
    ],
    rows: all
      .filter((each) => each.home === home)
      .map(({ operation: { name, writes }, connections, rounds }) => [
        name,
        String(connections),
        rounded(of(rounds, "ours", perSecond)),
        two(ratio(rounds, "bare", perSecond)),
        writes ? two(ratio(rounds, "raw", perSecond)) : "–",
        rounded(of(rounds, "ours", cpu)),
        two(ratio(rounds, "bare", cpu)),
      ]),
  };
}

const yardsticks = { bare: "bare `node:http`", raw: "raw inserts" } as const;

/** Met where it is met with every number of connections. */
function aimOf(
  home: Served["home"],
  operation: Operation,
  who: "bare" | "raw",
  all: readonly Figures[],
): Aim[] {
  const wanted = operation.aims?.[who];
  const mine = all.filter((each) => each.home === home && each.operation === operation);
  if (wanted === undefined || !mine.length) return [];
  // SQLite writes one after the other, whoever asks: nothing is wanted of it there.
  if (who === "raw" && home === "SQLite") return [];
  const ratios = mine.map(({ connections, rounds }) => ({ connections, is: ratio(rounds, who, perSecond) }));
  return [
    {
      what: `${operation.name} beside ${yardsticks[who]}, ${home}`,
      aim: `at least ${wanted}`,
      is: ratios.map(({ connections, is }) => `${two(is)} with ${connections}`).join(", "),
      met: ratios.every(({ is }) => is >= wanted),
      explained: "[where the limit is](#where-the-servers-limit-is)",
    },
  ];
}

async function onServer(served: Served, plan: Plan, chosen: readonly Operation[], log: Options["log"]) {
  const bench = await openBench(served);
  const all: Figures[] = [];
  try {
    for (const operation of chosen) {
      log(`${served.home}: ${operation.name}`);
      for (const measured of await measure(bench, operation, plan))
        all.push({ home: served.home, operation, ...measured });
    }
  } finally {
    await bench.stop();
  }
  return all;
}

export function resultOf(all: readonly Figures[]): Result {
  const measured = (["SQLite", "PostgreSQL"] as const).filter((home) =>
    all.some((each) => each.home === home),
  );
  return {
    tables: measured.map((home) => tableOf(home, all)),
    aims: measured.flatMap((home) =>
      [...new Set(all.map(({ operation }) => operation))].flatMap((operation) =>
        (["bare", "raw"] as const).flatMap((who) => aimOf(home, operation, who, all)),
      ),
    ),
    figures: all.map(({ operation: { name }, ...rest }) => ({ operation: name, ...rest })),
  };
}

/** Of the databases that the last run was on. */
let versions: Record<string, string> = {};

export const part = partOf({
  title: "What one server process does in a second",
  takes,

  versions: async () => versions,

  async run({ short, values, log }) {
    const { store, only } = values;
    const chosen = operations.filter(({ name }) => !only || only.includes(name));
    const all: Figures[] = [];
    versions = await inEachHome({ store }, async (served) => {
      all.push(...(await onServer(served, planOf(short, values), chosen, log)));
    });
    return resultOf(all);
  },
});

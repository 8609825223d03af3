/** A command that was asked for what there is not says so, and does nothing. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import path from "node:path";
import { describe, it, test } from "node:test";
import { checkMeasured } from "../../bench/part.ts";
import {
  flag,
  listOf,
  oneOf,
  Refusal,
  refuseOthers,
  split,
  usageOf,
  valuesOf,
  whole,
} from "../../scripts/command-line.ts";

const root = path.join(import.meta.dirname, "../..");

const takes = {
  quick: flag("sooner"),
  count: whole("how many", 2),
  store: oneOf("where", ["here", "there"]),
  sizes: listOf(whole("of what"), 2),
};

const read = (...args: string[]) => {
  const { words, given } = split(args, ["quick"]);
  refuseOthers(given, [takes]);
  return { words, values: valuesOf(given, takes) };
};

test("words, options with values in both spellings, and options that stand alone", () => {
  assert.deepEqual(read("one", "--quick", "two", "--count", "2", "--store=there", "--sizes", "1,20"), {
    words: ["one", "two"],
    values: { quick: true, count: 2, store: "there", sizes: [1, 20] },
  });
  assert.deepEqual(read(), { words: [], values: {} });
});

for (const [args, message] of [
  ["--count 1", "--count takes a whole number from 2 on, not 1"],
  ["--count 2.5", "--count takes a whole number from 2 on, not 2.5"],
  ["--count 2e3", "--count takes a whole number from 2 on, not 2e3"],
  ["--count", "--count takes a whole number from 2 on, not nothing"],
  ["--count=", "--count takes a whole number from 2 on, not nothing"],
  ["--count --quick", "--count takes a whole number from 2 on, not --quick"],
  ["--count 2 --count 3", "--count is there twice"],
  ["--store nowhere", "--store takes here or there, not nowhere"],
  ["--sizes 1", "--sizes takes a whole number from 1 on, 2 or more of them with commas between, not 1"],
  [
    "--sizes 1,x,3",
    "--sizes takes a whole number from 1 on, 2 or more of them with commas between, not 1,x,3",
  ],
  ["--quick=no", "--quick takes nothing, not no"],
  ["--many 2", "There is no --many here, only --quick, --count, --store, --sizes"],
] as const)
  test(`refused: ${args}`, () => {
    assert.throws(() => read(...args.split(" ")), new Refusal(message));
  });

test("usage has one line for each option", () => {
  assert.deepEqual(usageOf({ quick: takes.quick, count: takes.count }), [
    "  --quick        sooner",
    "  --count        how many: a whole number from 2 on",
  ]);
});

test("a part of the benchmark that measured nothing is no result", () => {
  const of = (...rows: string[][]) => ({ tables: [{ columns: ["", "ms"], rows }], figures: {} });
  checkMeasured(of(["events", "12"]));
  assert.throws(() => checkMeasured({ tables: [], figures: {} }), /nothing was measured/);
  assert.throws(() => checkMeasured(of()), /nothing was measured/);
  assert.throws(() => checkMeasured(of(["events", "NaN ms"])), /nothing was measured of events/);
});

interface Ended {
  code: unknown;
  out: string;
  error: string;
}

const run = (command: string): Promise<Ended> =>
  new Promise((resolve) => {
    const [script = "", ...args] = command.split(" ");
    execFile(process.execPath, [script, ...args], { cwd: root }, (failure, out, error) =>
      resolve({ code: failure?.code ?? 0, out, error }),
    );
  });

describe("before anything is started", { concurrency: 2 }, () => {
  for (const [command, message] of [
    ["bench/run.ts nothing", /^There is no part nothing, only analytics, click/],
    ["bench/run.ts sizes --rounds 3", /^There is no --rounds here, only --short\./],
    ["bench/run.ts server --store mysql", /^--store takes sqlite or postgres, not mysql/],
    ["bench/run.ts server --only evnts", /^--only takes session mint, .*, not evnts/],
    ["bench/run.ts server --connections x", /^--connections takes a whole number/],
    ["bench/run.ts footprint --requests x", /^--requests takes a whole number/],
    ["bench/run.ts analytics --sizes", /^--sizes takes a whole number .*, not nothing/],
    ["bench/run.ts year --seconds 0", /^--seconds takes a whole number from 1 on, not 0/],
    ["bench/run.ts click --short --rounds abc", /^--rounds takes a whole number from 1 on, not abc/],
    ["scripts/fuzz.ts --cases 3", /^--cases is of tampering/],
    ["scripts/fuzz.ts tampering --requests 3", /^--requests is not of tampering/],
    ["scripts/fuzz.ts --store mysql", /^--store takes sqlite or postgres, not mysql/],
    ["scripts/size.ts recrod", /^There is nothing called recrod here/],
    ["scripts/size.ts --recrod", /^There is no --recrod here, only --record/],
    ["scripts/cluster.ts nothing", /^There is no command nothing; cluster takes e2e, chaos or a program/],
    ["scripts/cluster.ts e2e nothing", /^There is no suite nothing, only unit/],
    ["scripts/cluster.ts chaos --only nothing", /^chaos does not take --only nothing: --only takes one of/],
  ] as const)
    it(`${command} is refused`, async () => {
      const { code, out, error } = await run(command);
      assert.match(error, message);
      assert.doesNotMatch(error, /\n {4}at /, "without a stack");
      assert.deepEqual({ code, out }, { code: 2, out: "" });
    });

  for (const [script, shown] of [
    ["bench/run.ts", /^server: .*\n {2}--store .*\n {2}--only /m],
    ["scripts/fuzz.ts", /--requests .*[\s\S]*tampering \[options\][\s\S]*--cases /],
    ["scripts/size.ts", /--record /],
    ["scripts/cluster.ts", /-- e2e /],
  ] as const)
    it(`${script} --help says what there is`, async () => {
      const { code, out, error } = await run(`${script} --help`);
      assert.match(out, shown);
      assert.deepEqual({ code, error }, { code: 0, error: "" });
    });
});

/**
 * Measures: all parts, or those that are named. Prints tables, and writes what was measured into bench/results and from
 * there into the guides that have a place for it. Ends with 1 if an aim is missed and no guide says why, and with 2 if what
 * it was asked for does not exist.
 *
 *     npm run bench                      all of them, one after the other
 *     npm run bench -- sizes click       some
 *     npm run bench -- server --short    a minute or so, to see that it works
 *     npm run bench -- --help            which part takes what
 *
 * Runs that are shorter or have options of their own write nothing.
 */
import { globSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import {
  flag,
  Refusal,
  refuseOthers,
  split,
  understood,
  usageOf,
  valuesOf,
} from "../scripts/command-line.ts";
import { machine } from "./machine.ts";
import { sectionOf, withSection } from "./markdown.ts";
import { checkMeasured, type Measured, type Options, type Part } from "./part.ts";

const here = import.meta.dirname;
const docs = path.join(here, "../docs");

const names = globSync("*.ts", { cwd: path.join(here, "parts") })
  .map((file) => path.basename(file, ".ts"))
  .sort();

const common = { short: flag("a run of a minute or so, to see that it works: nothing is written") };

const load = async (name: string): Promise<Part> =>
  ((await import(`./parts/${name}.ts`)) as { part: Part }).part;

async function usage(): Promise<string> {
  const parts = await Promise.all(names.map(async (name) => ({ name, ...(await load(name)) })));
  return [
    "npm run bench -- [part …] [options]\n",
    ...usageOf(common),
    ...parts.flatMap(({ name, title, takes = {} }) => [`\n${name}: ${title}`, ...usageOf(takes)]),
  ].join("\n");
}

interface Chosen {
  readonly name: string;
  readonly part: Part;
  readonly options: Options;
}

/** @throws Refusal whatever would be another run than the one that was meant */
async function choose(args: readonly string[]): Promise<Chosen[]> {
  const { words, given } = split(args, Object.keys(common));
  const unknown = words.filter((name) => !names.includes(name));
  if (unknown.length) throw new Refusal(`There is no part ${unknown.join(", ")}, only ${names.join(", ")}`);
  const { short = false } = valuesOf(given, common);
  const chosen = await Promise.all(
    names
      .filter((name) => !words.length || words.includes(name))
      .map(async (name) => ({ name, part: await load(name) })),
  );
  refuseOthers(given, [common, ...chosen.map(({ part: { takes = {} } }) => takes)]);
  return chosen.map(({ name, part }) => {
    const values = valuesOf(given, part.takes ?? {});
    return { name, part, options: { short, values, log: (line) => console.log(line) } };
  });
}

async function measure(part: Part, options: Options): Promise<Measured> {
  options.log(`\n── ${part.title} ──`);
  const result = await part.run(options);
  checkMeasured(result);
  return {
    title: part.title,
    machine: machine(),
    versions: { Node: process.version, ...(await part.versions?.()) },
    on: new Date().toISOString().slice(0, 10),
    ...result,
  };
}

function keep(name: string, measured: Measured): void {
  mkdirSync(path.join(here, "results"), { recursive: true });
  writeFileSync(path.join(here, "results", `${name}.json`), `${JSON.stringify(measured, null, 2)}\n`);
  for (const file of globSync("*.md", { cwd: docs }).map((each) => path.join(docs, each))) {
    const guide = readFileSync(file, "utf8");
    const renewed = withSection(guide, name, sectionOf(measured));
    if (renewed !== guide) writeFileSync(file, renewed);
  }
}

// Leaving by exit() lets what was started be stopped.
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => process.exit(130));

const chosen = await understood(usage, () => choose(process.argv.slice(2)));
const missed: string[] = [];
for (const { name, part, options } of chosen) {
  try {
    const measured = await measure(part, options);
    console.log(`\n${sectionOf(measured)}`);
    // What is run in another way than always is for whoever asked.
    if (!options.short && Object.keys(options.values).length === 0) keep(name, measured);
    for (const { what, aim, is, met, explained } of measured.aims ?? [])
      if (!met && !explained && !options.short) missed.push(`${name}: ${what} is ${is}, wanted ${aim}`);
  } catch (error) {
    missed.push(`${name}: ${error instanceof Error ? (error.stack ?? error.message) : error}`);
  }
}
for (const each of missed) console.error(`✖ ${each}`);
process.exitCode = missed.length ? 1 : 0;

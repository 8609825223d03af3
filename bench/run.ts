/**
 * Measures: all parts, or those that are named. Prints tables, and writes what was measured into bench/results and from
 * there into the guides that have a place for it. Ends with 1 if an aim is missed and no guide says why.
 *
 *     npm run bench                      all of them, one after the other
 *     npm run bench -- sizes click       some
 *     npm run bench -- server --short    takes seconds, to see that it works
 *
 * Runs that are shorter or have options of their own write nothing.
 */
import { globSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { parseArgs } from "node:util";
import { machine } from "./machine.ts";
import { sectionOf, withSection } from "./markdown.ts";
import type { Measured, Options, Part } from "./part.ts";

const here = import.meta.dirname;
const docs = path.join(here, "../docs");

const names = globSync("*.ts", { cwd: path.join(here, "parts") })
  .map((file) => path.basename(file, ".ts"))
  .sort();

/** `--name value` for whichever part knows it; `--short` alone has none. */
function readArguments(args: string[]): { chosen: string[]; options: Options } {
  const { tokens } = parseArgs({
    args,
    strict: false,
    tokens: true,
    options: { short: { type: "boolean" } },
  });
  const chosen: string[] = [];
  const values: Record<string, string> = {};
  let awaiting: string | undefined;
  for (const token of tokens) {
    if (token.kind === "option") {
      awaiting = token.name === "short" || token.value !== undefined ? undefined : token.name;
      values[token.name] = token.value ?? "";
    } else if (token.kind === "positional" && awaiting) {
      values[awaiting] = token.value;
      awaiting = undefined;
    } else if (token.kind === "positional") chosen.push(token.value);
  }
  const { short, ...rest } = values;
  const unknown = chosen.filter((name) => !names.includes(name));
  if (unknown.length) throw new Error(`There is no part ${unknown.join(", ")}, only ${names.join(", ")}`);
  return {
    chosen: chosen.length ? chosen : names,
    options: { short: short !== undefined, values: rest, log: (line) => console.log(line) },
  };
}

/** @throws Error an option that none of them takes would be a run that somebody did not mean */
async function partsOf(chosen: readonly string[], { values }: Options): Promise<(readonly [string, Part])[]> {
  const parts = await Promise.all(
    chosen.map(async (name) => {
      const { part } = (await import(`./parts/${name}.ts`)) as { part: Part };
      return [name, part] as const;
    }),
  );
  const taken = parts.flatMap(([, { takes = [] }]) => takes);
  const unknown = Object.keys(values).filter((name) => !taken.includes(name));
  if (unknown.length)
    throw new Error(`There is no --${unknown[0]}, only --${["short", ...taken].join(", --")}`);
  return parts;
}

async function measure(part: Part, options: Options): Promise<Measured> {
  options.log(`\n── ${part.title} ──`);
  const result = await part.run(options);
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

const { chosen, options } = readArguments(process.argv.slice(2));
/** What is run in another way than always is for whoever asked. */
const isKept = !options.short && Object.keys(options.values).length === 0;
const missed: string[] = [];
for (const [name, part] of await partsOf(chosen, options)) {
  const measured = await measure(part, options);
  console.log(`\n${sectionOf(measured)}`);
  if (isKept) keep(name, measured);
  for (const { what, aim, is, met, explained } of measured.aims ?? [])
    if (!met && !explained) missed.push(`${name}: ${what} is ${is}, wanted ${aim}`);
}
for (const each of missed) console.error(`✖ ${each}`);
process.exitCode = missed.length && !options.short ? 1 : 0;

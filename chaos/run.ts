/**
 * Customers cancel while everything around them fails, in scenarios that are each made from one number.
 *
 *     npm run chaos                           1,000 scenarios
 *     npm run chaos -- --scenarios 50 --from 300
 *     npm run chaos -- --only disk            scenarios of one kind
 *     npm run chaos -- --seed 42              one again, with all that happened in it
 *     npm run chaos -- --seed 42 --plan       what would happen in it
 *     npm run chaos -- --short                those that CI plays
 *     npm run chaos -- --url http://… --database postgres://… --key rk_sk_…
 *                                             against servers that run already
 */
import { appendFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { build } from "vite";
import { closeBrowser, inBrowser } from "./browser.ts";
import { hasDatabase } from "./database.ts";
import type { Elsewhere } from "./homes.ts";
import { playAll, type Result } from "./lanes.ts";
import { type Kind, kinds, type Plan, planOf } from "./plan.ts";
import { play } from "./scenario.ts";
import { shortPlans } from "./short.ts";

const { values } = parseArgs({
  options: {
    scenarios: { type: "string", default: "1000" },
    from: { type: "string", default: "0" },
    seed: { type: "string" },
    only: { type: "string" },
    plan: { type: "boolean", default: false },
    short: { type: "boolean", default: false },
    lanes: { type: "string", default: "4" },
    minutes: { type: "string", default: "45" },
    url: { type: "string", multiple: true },
    servers: { type: "string" },
    database: { type: "string" },
    key: { type: "string" },
    /** A file that a line of JSON is appended to for each scenario. */
    results: { type: "string" },
  },
});

/** What can be played against servers that are not ours to stop: all that happens between them and their customers. */
const OUTSIDE: readonly Kind[] = ["cut", "slow", "gateway", "closed tab", "repeated", "tabs"];

function elsewhere(): Elsewhere | undefined {
  const urls = [...(values.url ?? []), ...(values.servers?.split(",") ?? [])];
  if (!urls.length) return undefined;
  const { database, key = process.env.RENUMERATE_PRIVATE_KEY } = values;
  if (!database || !key) throw new Error("--url needs --database and --key beside it");
  return { urls: urls.map((url) => url.replace(/\/$/, "")), database, key };
}

function chosenKind(): Kind | undefined {
  const kind = kinds.find((each) => each === values.only);
  if (values.only !== undefined && !kind) throw new Error(`--only takes one of: ${kinds.join(", ")}`);
  return kind;
}

/** @throws Error what is no whole number would be played as some other scenario, or as none */
function whole(name: "scenarios" | "from" | "seed" | "lanes" | "minutes", least = 0): number {
  const number = Number(values[name]);
  if (values[name]?.trim() && Number.isSafeInteger(number) && number >= least) return number;
  throw new Error(`--${name} takes a whole number from ${least} on, not ${values[name]}`);
}

function chosen(outside: boolean): Plan[] {
  const only = chosenKind();
  if (outside && only && !OUTSIDE.includes(only)) throw new Error(`--url plays only: ${OUTSIDE.join(", ")}`);
  const kindAt = (seed: number) => only ?? (outside ? OUTSIDE[seed % OUTSIDE.length] : undefined);
  if (values.seed !== undefined) return [whole("seed")].map((seed) => planOf(seed, kindAt(seed)));
  if (values.short && !outside) return shortPlans();
  const from = whole("from");
  const seeds = Array.from({ length: whole("scenarios", 1) }, (_, index) => from + index);
  return seeds.map((seed) => planOf(seed, kindAt(seed)));
}

// Leaving by exit() lets what was started be stopped.
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => process.exit(130));

const other = elsewhere();
const wanted = chosen(!!other);
const plans = wanted.filter(({ home }) => other || home === "sqlite" || home === "stripe" || hasDatabase());
if (plans.length < wanted.length)
  console.log(`There is no PostgreSQL: ${wanted.length - plans.length} scenarios are left out.`);
if (!plans.length) throw new Error("There is nothing to play");
const results: Result[] = [];
const failed: Result[] = [];

function heard(result: Result): void {
  results.push(result);
  const { plan, violations, diary, milliseconds, happened, overtaken } = result;
  if (values.results !== undefined) {
    const { seed, kind, home, browser } = plan;
    const line = { seed, kind, home, browser, happened, overtaken, milliseconds, violations };
    appendFileSync(values.results, `${JSON.stringify(line)}\n`);
  }
  if (violations.length || values.seed !== undefined) {
    console.log(JSON.stringify(plan));
    for (const line of diary) console.log(`    ${line}`);
  }
  const where = `${plan.kind}, ${plan.home}${plan.browser ? ", in a browser" : ""}`;
  if (violations.length) {
    failed.push(result);
    console.log(`✖ seed ${plan.seed} (${where}): npm run chaos -- --seed ${plan.seed}${again()}`);
    for (const each of violations) console.log(`    ${each}`);
  } else if (values.seed !== undefined || results.length % 25 === 0) {
    console.log(
      `✔ ${results.length} of ${plans.length}; the last was seed ${plan.seed} (${where}, ${milliseconds} ms)`,
    );
  }
}

const again = () => (values.only === undefined ? "" : ` --only "${values.only}"`);

if (values.plan) {
  for (const plan of plans) console.log(JSON.stringify(plan, undefined, values.seed === undefined ? 0 : 2));
} else {
  // What the servers serve to browsers.
  if (plans.some(({ browser }) => browser)) await build({ mode: "embed", logLevel: "warn" });
  const begun = Date.now();
  const played = await playAll(plans, {
    lanes: whole("lanes", 1),
    until: begun + whole("minutes", 1) * 60_000,
    ...(other ? { elsewhere: other } : {}),
    player: (home, plan) => (plan.browser ? inBrowser(home, plan) : play(home, plan)),
    heard,
  });
  await closeBrowser();
  const sum = (of: (result: Result) => number) => results.reduce((total, each) => total + of(each), 0);
  const browsers = results.filter(({ plan }) => plan.browser).length;
  console.log(
    `\n${played} of ${plans.length} scenarios in ${Math.round((Date.now() - begun) / 1000)} s, ${browsers} of them in a browser: ` +
      `${sum(({ happened }) => happened.length)} faults, ${sum(({ overtaken }) => overtaken)} requests overtaken by later ones, ${sum(({ requests }) => requests)} requests, ${sum(({ acknowledged }) => acknowledged)} events acknowledged.`,
  );
  if (played < plans.length) console.log(`Time was up: ${plans.length - played} were not played.`);
  console.log(
    failed.length
      ? `Seeds that failed: ${failed.map(({ plan }) => plan.seed).join(" ")}`
      : "Every promise was kept.",
  );
  // A scenario that hangs may hold on to something for ever.
  process.exit(failed.length || played < plans.length ? 1 : 0);
}

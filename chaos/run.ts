/** Plays scenarios, and says which promises were not kept. What it can be told is in options.ts. */
import { appendFileSync } from "node:fs";
import { build } from "vite";
import { closeBrowser, inBrowser } from "./browser.ts";
import { hasDatabase } from "./database.ts";
import { playAll, type Result } from "./lanes.ts";
import { checkThere, type Options, optionsOf, USAGE, Wrong } from "./options.ts";
import { play } from "./scenario.ts";

/** Whoever asked wrongly reads why, and nothing of where in here that was found. */
async function asked(): Promise<Options> {
  try {
    const options = optionsOf(process.argv.slice(2), process.env);
    if (options.elsewhere && !options.plan && !options.help) await checkThere(options.elsewhere);
    return options;
  } catch (error) {
    if (!(error instanceof Wrong)) throw error;
    console.error(error.message);
    process.exit(2);
  }
}

const options = await asked();
const { elsewhere, only, isOne } = options;
if (options.help) {
  process.stdout.write(USAGE);
  process.exit(0);
}

// Leaving by exit() lets what was started be stopped.
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => process.exit(130));

const wanted = options.plans;
const plans = wanted.filter(
  ({ home }) => elsewhere || home === "sqlite" || home === "stripe" || hasDatabase(),
);
if (plans.length < wanted.length)
  console.log(`There is no PostgreSQL: ${wanted.length - plans.length} scenarios are left out.`);
if (!plans.length) {
  console.error("There is nothing to play");
  process.exit(2);
}
const results: Result[] = [];
const failed: Result[] = [];

function heard(result: Result): void {
  results.push(result);
  const { plan, violations, diary, milliseconds, happened, overtaken } = result;
  if (options.results !== undefined) {
    const { seed, kind, home, browser } = plan;
    const line = { seed, kind, home, browser, happened, overtaken, milliseconds, violations };
    appendFileSync(options.results, `${JSON.stringify(line)}\n`);
  }
  if (violations.length || isOne) {
    console.log(JSON.stringify(plan));
    for (const line of diary) console.log(`    ${line}`);
  }
  const where = `${plan.kind}, ${plan.home}${plan.browser ? ", in a browser" : ""}`;
  if (violations.length) {
    failed.push(result);
    console.log(`✖ seed ${plan.seed} (${where}): npm run chaos -- --seed ${plan.seed}${again()}`);
    for (const each of violations) console.log(`    ${each}`);
  } else if (isOne || results.length % 25 === 0) {
    console.log(
      `✔ ${results.length} of ${plans.length}; the last was seed ${plan.seed} (${where}, ${milliseconds} ms)`,
    );
  }
}

const again = () => (only === undefined ? "" : ` --only "${only}"`);

if (options.plan) {
  for (const plan of plans) console.log(JSON.stringify(plan, undefined, isOne ? 2 : 0));
} else {
  // What the servers serve to browsers.
  if (plans.some(({ browser }) => browser)) await build({ mode: "embed", logLevel: "warn" });
  const begun = Date.now();
  const played = await playAll(plans, {
    lanes: options.lanes,
    until: begun + options.minutes * 60_000,
    ...(elsewhere ? { elsewhere } : {}),
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

/**
 * Runs suites one after the other and ends with one line: `N passed, N failed`.
 *
 *     npm test                      all of them
 *     npm test -- unit components   some of them
 *     npm test -- leak+package      two at once; what the second says comes when both have ended
 *     BROWSERS=firefox,webkit npm test -- e2e
 *     npm run coverage              unit and server in one run, measured against the bar
 */
import { AsyncLocalStorage } from "node:async_hooks";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, globSync, openSync, readFileSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import path from "node:path";
import { openStore } from "../server/src/store/database.ts";
import { chooseBackends } from "./backends.ts";
import { findBrowser } from "./browser.ts";
import { createDatabase } from "./cluster/database.ts";
import { compiled } from "./compiled.ts";
import { chooseEngines } from "./engines.ts";
import { startPostgres } from "./postgres.ts";

export interface Counts {
  readonly passed: number;
  readonly failed: number;
  /** Of each failed test its name, with its file, and why: the end of a long log must be enough to act on. */
  readonly failures?: readonly string[];
}

/** How a suite ended: its exit status, and what its reporter wrote down if it got that far. */
interface Ending {
  readonly status: number | null;
  readonly counts?: Counts;
}

/** A suite that ended badly without a failed test counts as one failure: the last line must not look well then. */
export function verdict({ status, counts }: Ending): Counts & { fault?: string } {
  if (!counts) return { passed: 0, failed: 1, fault: `did not finish (status ${status})` };
  if (counts.failed > 0) return counts;
  const once = { ...counts, failed: 1 };
  if (status !== 0) return { ...once, fault: `ended with status ${status} although no test failed` };
  if (counts.passed === 0) return { ...once, fault: "ran no test" };
  return counts;
}

const files = {
  unit: () =>
    globSync("test/**/*.test.ts", {
      exclude: ["components", "sdk", "e2e", "leak", "package", "demos"].map((name) => `test/${name}/**`),
    }),
  server: () => globSync("server/test/**/*.test.ts"),
};

/** Files at once: by itself Node leaves one processor alone, which on a machine with two is half of it. */
const together = `--test-concurrency=${availableParallelism()}`;

/** The bar of the design, for the code that decides what happens to a subscription. */
const bar = [
  together,
  "--experimental-test-coverage",
  ...["src/api", "src/flow", "server/src/domain"].map((folder) => `--test-coverage-include=${folder}/**`),
  "--test-coverage-lines=95",
  "--test-coverage-branches=95",
];

/** --test-timeout ends a test, but not the process of a test that goes on regardless: the run would wait for ever. */
const SUITE_LIMIT_MS = 15 * 60_000;

const notices: string[] = [];

/** Where a suite that runs beside another one writes to: the descriptor of a file. */
const aside = new AsyncLocalStorage<number>();
const running = new Set<ChildProcess>();

/** @returns its exit status, null where a signal has ended it */
async function end(program: string, args: readonly string[], env = process.env): Promise<number | null> {
  const output = aside.getStore() ?? "inherit";
  const child = spawn(program, args, {
    stdio: ["inherit", output, output],
    timeout: SUITE_LIMIT_MS,
    env,
  });
  running.add(child);
  const [status] = await once(child, "exit");
  running.delete(child);
  return status;
}

let runs = 0;

async function run(
  args: (report: string) => readonly string[],
  env: NodeJS.ProcessEnv = {},
): Promise<Ending> {
  const report = path.join(tmpdir(), `renumerate-test-${process.pid}-${runs++}.json`);
  const status = await end(process.execPath, args(report), { ...process.env, ...env, TEST_COUNTS: report });
  try {
    return { status, counts: JSON.parse(readFileSync(report, "utf8")) };
  } catch {
    return { status };
  } finally {
    rmSync(report, { force: true });
  }
}

async function runNode(
  files: readonly string[],
  flags: readonly string[] = [],
  env?: NodeJS.ProcessEnv,
): Promise<Ending> {
  if (!files.length) return { status: 0, counts: { passed: 0, failed: 0 } };
  const reporters = ["--test-reporter=spec", "--test-reporter-destination=stdout"];
  const counting = (report: string) => [
    "--test-reporter=./scripts/node-counts.ts",
    `--test-reporter-destination=${report}`,
  ];
  return run(
    (report) => ["--test", "--test-timeout=120000", ...reporters, ...counting(report), ...flags, ...files],
    env,
  );
}

/** A database with our tables, which hundreds of tests copy. */
async function makeTemplate(server: string) {
  const { url, drop } = await createDatabase(server);
  await (await openStore({ url })).store.close();
  return { name: new URL(url).pathname.slice(1), drop };
}

async function withPostgres(tests: (env: NodeJS.ProcessEnv) => Promise<Ending>): Promise<Ending> {
  const postgres = await startPostgres();
  const template = postgres && (await makeTemplate(postgres.url));
  try {
    if (template)
      return await tests({ TEST_DATABASE_URL: postgres.url, TEST_DATABASE_TEMPLATE: template.name });
    notices.push(
      "Not run: the server's tests on PostgreSQL, because neither initdb nor TEST_DATABASE_URL was found. " +
        "They ran on SQLite. RENUMERATE_INSTALL=1 installs PostgreSQL on Debian as root.",
    );
    return await tests({});
  } finally {
    await template?.drop();
    postgres?.stop();
  }
}

/** What the suites that need browsers are told, so that all of them run in the same. */
let browsers: NodeJS.ProcessEnv | undefined;

async function withBrowsers(): Promise<NodeJS.ProcessEnv> {
  if (!browsers) {
    const choice = chooseEngines();
    notices.push(...choice.notices);
    browsers = { BROWSERS: choice.engines.join(",") };
    // Searched for once; without a network that is what takes its time.
    if (choice.engines.includes("chromium")) browsers.RENUMERATE_BROWSER = await findBrowser();
    console.log(`Browsers: ${choice.engines.join(", ")}`);
  }
  return browsers;
}

/** What the tests of examples for backends are told, so that all of them run in the same languages. */
let languages: NodeJS.ProcessEnv | undefined;

function withBackends(): NodeJS.ProcessEnv {
  if (!languages) {
    const choice = chooseBackends();
    notices.push(...choice.notices);
    languages = { BACKENDS: choice.backends.join(",") };
  }
  return languages;
}

/** The package as whoever publishes it builds it; once for a run. */
let packed: Promise<number | null> | undefined;

function buildPackage(): Promise<number | null> {
  packed ??= end("npm", ["run", "build", "--silent"]);
  return packed;
}

let embedded: Promise<number | null> | undefined;

/** What servers serve; once for a run. In a process of its own: a build changes the environment of what runs beside it. */
async function buildEmbed(): Promise<void> {
  embedded ??= end("npm", ["run", "build:embed", "--silent", "--", "--logLevel", "warn"]);
  if (await embedded) throw new Error("the embed could not be built");
}

const suites: Record<string, () => Promise<Ending>> = {
  unit: () => runNode(files.unit(), [together], withBackends()),
  server: () => withPostgres((env) => runNode(files.server(), [together], env)),
  components: async () => run(() => ["node_modules/@web/test-runner/dist/bin.js"], await withBrowsers()),
  async e2e() {
    const env = { ...(await withBrowsers()), ...withBackends() };
    await buildEmbed();
    return runNode(globSync("test/e2e/**/*.test.ts"), [together], env);
  },
  leak: async () =>
    runNode(globSync("test/leak/**/*.test.ts"), ["--test-concurrency=1"], await withBrowsers()),
  async chaos() {
    const browsers = await withBrowsers();
    await buildEmbed();
    return withPostgres((env) =>
      runNode(globSync("chaos/**/*.test.ts"), [together], { ...env, ...browsers }),
    );
  },
  async package() {
    const env = await withBrowsers();
    const status = await buildPackage();
    return status ? { status } : runNode(globSync("test/package/**/*.test.ts"), [together], env);
  },
  async demos() {
    const env = await withBrowsers();
    const status = await buildPackage();
    const limit = ["--test-concurrency=1", "--test-timeout=420000"];
    return status ? { status } : runNode(globSync("test/demos/**/*.test.ts"), limit, env);
  },
  coverage: () =>
    withPostgres((env) => runNode([...files.unit(), ...files.server()], bar, { ...env, ...withBackends() })),
};

/** What it can be asked for. */
export const suiteNames: readonly string[] = Object.keys(suites);

async function attempt(name: string): Promise<Ending> {
  try {
    const suite = suites[name];
    if (!suite) throw new Error(`There is no suite "${name}", only ${suiteNames.join(", ")}`);
    return await suite();
  } catch (error) {
    console.error(error);
    return { status: 1 };
  }
}

async function attemptAside(name: string): Promise<{ ending: Ending; text: string }> {
  const file = path.join(tmpdir(), `renumerate-test-${process.pid}-${name}.log`);
  const descriptor = openSync(file, "w");
  try {
    const ending = await aside.run(descriptor, () => attempt(name));
    return { ending, text: readFileSync(file, "utf8") };
  } finally {
    closeSync(descriptor);
    rmSync(file, { force: true });
  }
}

async function main(): Promise<void> {
  process.chdir(path.join(import.meta.dirname, ".."));
  // Each file of tests, each server and each command is a process of its own that would compile the same code anew: a third of
  // what starting one takes. Coverage finds a little less in what was not compiled anew, and never more.
  process.env.NODE_COMPILE_CACHE ??= compiled;
  // Leaving by exit() lets what was started be stopped.
  for (const signal of ["SIGINT", "SIGTERM"] as const)
    process.once(signal, async () => {
      const gone = [...running].map((child) => once(child, "exit"));
      for (const child of running) child.kill(signal);
      await Promise.all(gone);
      process.exit(130);
    });

  const names =
    process.argv.length > 2
      ? process.argv.slice(2)
      : ["unit", "server", "components", "e2e", "leak", "chaos", "package"];
  const total = { passed: 0, failed: 0 };
  const failures: string[] = [];
  const ended = new Map<string, Counts>();
  const note = (name: string, ending: Ending) => {
    const { passed, failed, failures: named = [], fault } = verdict(ending);
    failures.push(...named.map((each) => `${name}: ${each}`));
    if (fault) notices.push(`${name} ${fault}.`);
    total.passed += passed;
    total.failed += failed;
    ended.set(name, { passed, failed });
  };
  for (const each of names) {
    const [name = "", ...others] = each.split("+");
    const beside = others.map(attemptAside);
    console.log(`\n── ${name} ──`);
    note(name, await attempt(name));
    for (const [at, other] of others.entries()) {
      const { ending, text } = await (beside[at] as (typeof beside)[0]);
      console.log(`\n── ${other} ──\n${text}`);
      note(other, ending);
    }
  }
  console.log();
  for (const [name, { passed, failed }] of ended) console.log(`${name}: ${passed} passed, ${failed} failed`);
  for (const failure of failures) console.log(`\n✖ ${failure}`);
  for (const notice of notices) console.log(`\n${notice}`);
  console.log(`\n${total.passed} passed, ${total.failed} failed`);
  process.exitCode = total.failed ? 1 : 0;
}

if (import.meta.main) await main();

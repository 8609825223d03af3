/**
 * Three servers behind one address, on one PostgreSQL: that of DATABASE_URL, or one of their own.
 *
 *     npm run cluster                       until it is interrupted
 *     npm run cluster -- e2e                the end-to-end tests, with three servers for each world
 *     npm run cluster -- chaos [options]    faults while they run
 *     npm run cluster -- <command…>         any command, which finds their addresses in its environment
 */
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { build } from "vite";
import { createDatabase } from "./cluster/database.ts";
import { type Cluster, startCluster } from "./cluster/servers.ts";
import { Refusal, understood } from "./command-line.ts";
import { findProgram } from "./find.ts";
import { startPostgres } from "./postgres.ts";
import { suiteNames } from "./test.ts";

const SERVERS = 3;
/** So that whoever is to use them knows them. */
const KEYS = {
  RENUMERATE_PUBLIC_KEY: "rk_pk_cluster_0123456789abcdef",
  RENUMERATE_PRIVATE_KEY: "rk_sk_cluster_0123456789abcdef",
};

const node = process.execPath;
const signals = ["SIGINT", "SIGTERM"] as const;

/** What is to end this command: at any time, also while something is being started that has to be taken down again. */
const interrupted = new AbortController();

/** @returns how it ended. What is to end this command ends that one, so that everything is taken down after it. */
async function run(command: readonly string[], env: Readonly<Record<string, string>>): Promise<number> {
  const [program = node, ...args] = command;
  const child = spawn(program, args, { stdio: "inherit", env: { ...process.env, ...env } });
  const pass = (signal: NodeJS.Signals) => child.kill(signal);
  for (const signal of signals) process.on(signal, pass);
  const [code] = (await once(child, "close")) as [number | null];
  for (const signal of signals) process.off(signal, pass);
  return code ?? 1;
}

/** Where they are, for people and for commands. */
const addresses = (cluster: Cluster, database: string): Record<string, string> => ({
  RENUMERATE_URL: cluster.url,
  RENUMERATE_SERVERS: cluster.servers.map(({ url }) => url).join(","),
  RENUMERATE_SERVER_PIDS: cluster.servers.map(({ pid }) => pid).join(","),
  DATABASE_URL: database,
  RENUMERATE_SECRET: cluster.env.RENUMERATE_SECRET as string,
  ...KEYS,
});

async function beside(database: string, [name, ...args]: readonly string[]): Promise<number> {
  const cluster = await startCluster(
    { RATE_LIMIT_PER_MINUTE: "1000000", ALLOW_PRIVATE_WEBHOOKS: "1", ...KEYS, DATABASE_URL: database },
    SERVERS,
  );
  try {
    const env = addresses(cluster, database);
    if (interrupted.signal.aborted) return 130;
    if (name === undefined) {
      for (const [variable, value] of Object.entries(env)) console.log(`${variable}=${value}`);
      console.log(`${SERVERS} servers answer at ${cluster.url}`);
      if (!interrupted.signal.aborted) await once(interrupted.signal, "abort");
      return 0;
    }
    if (name !== "chaos") return await run([name, ...args], env);
    return await run([node, "chaos/run.ts", "--url", cluster.url, "--database", database, ...args], env);
  } finally {
    await cluster.close();
  }
}

const usage = `npm run cluster                       until it is interrupted
npm run cluster -- e2e [suite …]      the end-to-end tests, with three servers for each world; then other suites
npm run cluster -- chaos [options]    faults while they run: the options of npm run chaos
npm run cluster -- <command…>         any program, which finds their addresses in its environment`;

/** Before anything is started, which takes half a minute. @throws Refusal */
function check([name, ...args]: readonly string[]): void {
  if (name === undefined) return;
  if (name === "e2e") {
    const unknown = args.filter((each) => !suiteNames.includes(each));
    if (unknown.length)
      throw new Refusal(`There is no suite ${unknown.join(", ")}, only ${suiteNames.join(", ")}`);
  } else if (name === "chaos") {
    // What would happen, of servers that nobody asks.
    const elsewhere = ["--url", "http://localhost", "--database", "postgres://localhost", "--key", "none"];
    const plan = [path.resolve("chaos/run.ts"), "--plan", ...elsewhere, ...args];
    const { status, stderr } = spawnSync(node, plan, { encoding: "utf8", maxBuffer: 2 ** 28 });
    if (status === 0) return;
    const [, why = stderr.trim()] = /^\w*Error(?: \[\w+\])?: (.*)$/m.exec(stderr) ?? [];
    throw new Refusal(`chaos does not take ${args.join(" ")}: ${why}`);
  } else if (name.startsWith("-") || !findProgram([name]))
    throw new Refusal(`There is no command ${name}; cluster takes e2e, chaos or a program`);
}

async function main(words: readonly string[]): Promise<number> {
  process.chdir(path.join(import.meta.dirname, ".."));
  await understood(
    () => usage,
    () => check(words),
    words.slice(0, 1),
  );
  for (const signal of signals) process.on(signal, () => interrupted.abort());
  // What the servers serve.
  await build({ mode: "embed", logLevel: "warn" });
  const given = process.env.DATABASE_URL;
  const postgres = given ? { url: given, stop: () => {} } : await startPostgres();
  if (!postgres)
    throw new Error("There is no PostgreSQL: set DATABASE_URL, or RENUMERATE_INSTALL=1 to install it");
  try {
    if (words[0] === "e2e") {
      const worlds = { TEST_DATABASE_URL: postgres.url, E2E_SERVERS: String(SERVERS) };
      return await run([node, "scripts/test.ts", ...words], worlds);
    }
    if (given) return await beside(given, words);
    const database = await createDatabase(postgres.url);
    try {
      return await beside(database.url, words);
    } finally {
      await database.drop();
    }
  } finally {
    postgres.stop();
  }
}

if (import.meta.main) process.exitCode = await main(process.argv.slice(2));

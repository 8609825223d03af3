/**
 * Whether figures, lists and exports take longer the more visits there are: the real app over businesses of several sizes,
 * asked in turn. Sizes may be given as arguments; a PostgreSQL of its own holds them, and SQLite up to a million.
 * Exits with 1 if a median has grown by more than half.
 */
import { cpus, totalmem } from "node:os";
import { sql } from "kysely";
import { startPostgres } from "../scripts/postgres.ts";
import { aReport } from "../server/test/store/rows.ts";
import type { TestHome, TestStore } from "../server/test/stores.ts";
import { type OpenApp, openApp } from "./app.ts";
import { fill } from "./visits.ts";

// Not the server of tests: what is measured wants one for itself.
delete process.env.TEST_DATABASE_URL;
const postgres = await startPostgres();
if (postgres) process.env.TEST_DATABASE_URL = postgres.url;
const { stores } = await import("../server/test/stores.ts");

const NOW = Date.parse("2027-05-14T09:41:00Z");

const MOST_GROWN = 1.5;
const ROUNDS = 200;
const WARM_UP = 20;
const LARGEST_SQLITE = 1_000_000;
/** So that nobody asks more than sixty times a minute, ms. */
const APART = 1_001;

const paths = {
  analytics: "/api/v1/analytics",
  revenue: "/api/v1/analytics/revenue?months=24",
  sessions: "/api/v1/sessions",
  "sessions saved": "/api/v1/sessions?outcome=saved",
  "sessions of a time": "/api/v1/sessions?since=2026-11-03&until=2027-02-10T12:00:00Z",
  "export, first rows": "/api/exports/sessions",
} as const;

interface Business {
  home: string;
  size: number;
  asked: OpenApp;
  opened: TestStore;
}

const args = process.argv.slice(2).map(Number);
const sizes = args.length ? args : [10_000, 1_000_000, 10_000_000];

async function found(home: TestHome, size: number): Promise<Business> {
  const started = performance.now();
  const opened = await home.open();
  const asked = await openApp(opened.store, { now: NOW });
  const { workspaceId } = asked.scope;
  await fill({ db: opened.db, isPostgres: home.name === "PostgreSQL", workspaceId, now: NOW }, size);
  const filled = performance.now();
  await opened.store.rebuildFigures();
  const seconds = (from: number, to: number) => `${((to - from) / 1000).toFixed(1)} s`;
  console.log(
    `${home.name}, ${size} visits: filled in ${seconds(started, filled)}, summed up in ${seconds(filled, performance.now())}`,
  );
  // What came in since it was last added up.
  for (let more = 0; more < 500; more++)
    await opened.store.putLedger(
      aReport(asked.scope, { startedAt: NOW + more, outcome: "retained", savedMrr: 100 }),
    );
  const { body } = await ask(asked, paths.sessions);
  if (JSON.parse(body).total !== size + 500) throw new Error(`${body.slice(0, 200)}: not all are there`);
  return { home: home.name, size, asked, opened };
}

/** As far as its first bytes, which is all that an export has of any length. */
async function ask({ app, key, clock }: OpenApp, path: string): Promise<{ ms: number; body: string }> {
  clock.now += APART;
  const started = performance.now();
  const headers = { "X-API-Key": key };
  const response = await app.fetch(new Request(new URL(path, "http://localhost"), { headers }));
  if (response.status !== 200) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  const reader = response.body?.getReader();
  const { value } = (await reader?.read()) ?? {};
  const ms = performance.now() - started;
  await reader?.cancel();
  return { ms, body: new TextDecoder().decode(value) };
}

const quantile = (times: readonly number[], part: number): number =>
  [...times].sort((a, b) => a - b)[Math.floor(times.length * part)] ?? Number.NaN;

/** All of them in turn, so that what else the machine does concerns all alike. */
async function measure(businesses: readonly Business[]): Promise<boolean> {
  const times = new Map(businesses.map((business) => [business, new Map<string, number[]>()]));
  for (let round = -WARM_UP; round < ROUNDS; round++)
    for (const [name, path] of Object.entries(paths))
      for (const business of businesses) {
        const { ms } = await ask(business.asked, path);
        const of = times.get(business);
        if (round >= 0) of?.set(name, [...(of.get(name) ?? []), ms]);
      }
  const [first, last] = [businesses[0], businesses.at(-1)];
  let isGood = true;
  console.log(`\n${first?.home}, ms: median (95 of 100)`);
  console.log(["", ...businesses.map(({ size }) => size.toLocaleString("en")), "last ÷ first"].join(" | "));
  for (const name of Object.keys(paths)) {
    const of = (business: Business | undefined) => times.get(business as Business)?.get(name) ?? [];
    const grown = quantile(of(last), 0.5) / quantile(of(first), 0.5);
    isGood &&= grown <= MOST_GROWN;
    const cells = businesses.map((each) => {
      const [median, p95] = [quantile(of(each), 0.5), quantile(of(each), 0.95)];
      return `${median.toFixed(2)} (${p95.toFixed(2)})`;
    });
    console.log([name, ...cells, `${grown.toFixed(2)}${grown > MOST_GROWN ? " too much" : ""}`].join(" | "));
  }
  return isGood;
}

const [cpu] = cpus();
console.log(
  `${cpus().length} × ${cpu?.model}, ${Math.round(totalmem() / 2 ** 30)} GB; Node ${process.version}`,
);
let isGood = true;
for (const home of stores) {
  const businesses: Business[] = [];
  try {
    for (const size of sizes)
      if (home.name === "PostgreSQL" || size <= LARGEST_SQLITE) businesses.push(await found(home, size));
    const version = home.name === "SQLite" ? sql`select sqlite_version() as v` : sql`select version() as v`;
    const { rows } = await version.execute(businesses[0]?.opened.db ?? (undefined as never));
    console.log(JSON.stringify(rows[0]));
    isGood = (await measure(businesses)) && isGood;
  } finally {
    for (const { opened } of businesses) await opened.drop();
  }
}
postgres?.stop();
process.exit(isGood ? 0 : 1);

/**
 * Whether figures, lists and exports take longer the more visits there are: the real app over businesses of several sizes,
 * asked in turn. A PostgreSQL of its own holds them, and SQLite up to a million.
 */
import { sql } from "kysely";
import { listOf, whole } from "../../scripts/command-line.ts";
import { startPostgres } from "../../scripts/postgres.ts";
import { aReport } from "../../server/test/store/rows.ts";
import type { TestHome, TestStore } from "../../server/test/stores.ts";
import { type OpenApp, openApp } from "../app.ts";
import { type Aim, type Options, partOf, type Table } from "../part.ts";
import { quantile } from "../quantile.ts";
import { fill } from "../visits.ts";

const NOW = Date.parse("2027-05-14T09:41:00Z");

const MOST_GROWN = 1.5;
const ROUNDS = 200;
const WARM_UP = 20;
const LARGEST_SQLITE = 1_000_000;
/** So that nobody asks more than sixty times a minute, ms. */
const APART = 1_001;

const ALL = "/api/v1/sessions";

const paths = {
  "the last 30 days": "/api/v1/analytics",
  "24 months": "/api/v1/analytics/revenue?months=24",
  "50 sessions": ALL,
  "50 saved ones": "/api/v1/sessions?outcome=saved",
  "50 of a time": "/api/v1/sessions?since=2026-11-03&until=2027-02-10T12:00:00Z",
  "an export, its first rows": "/api/exports/sessions",
} as const;

interface Business {
  home: string;
  size: number;
  asked: OpenApp;
  opened: TestStore;
}

const SIZES = [10_000, 1_000_000, 10_000_000];
const SHORT_SIZES = [1_000, 10_000];

async function found(home: TestHome, size: number, log: Options["log"]): Promise<Business> {
  const started = performance.now();
  const opened = await home.open();
  const asked = await openApp(opened.store, { now: NOW });
  const { workspaceId } = asked.scope;
  await fill({ db: opened.db, isPostgres: home.name === "PostgreSQL", workspaceId, now: NOW }, size);
  const filled = performance.now();
  await opened.store.rebuildFigures();
  const seconds = (from: number, to: number) => `${((to - from) / 1000).toFixed(1)} s`;
  log(
    `${home.name}, ${size} visits: filled in ${seconds(started, filled)}, summed up in ${seconds(filled, performance.now())}`,
  );
  // What came in since it was last added up.
  for (let more = 0; more < 500; more++)
    await opened.store.putLedger(
      aReport(asked.scope, { startedAt: NOW + more, outcome: "retained", savedMrr: 100 }),
    );
  const { body } = await ask(asked, ALL);
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

type Times = ReadonlyMap<string, readonly number[]>;

/** All of them in turn, so that what else the machine does concerns all alike. */
async function measure(businesses: readonly Business[], rounds: number): Promise<Map<Business, Times>> {
  const times = new Map(businesses.map((business) => [business, new Map<string, number[]>()]));
  for (let round = -WARM_UP; round < rounds; round++)
    for (const [name, path] of Object.entries(paths))
      for (const business of businesses) {
        const { ms } = await ask(business.asked, path);
        const of = times.get(business);
        if (round >= 0) of?.set(name, [...(of.get(name) ?? []), ms]);
      }
  return times;
}

function report(home: string, times: ReadonlyMap<Business, Times>): { table: Table; aims: Aim[] } {
  const businesses = [...times.keys()];
  const sizes = businesses.map(({ size }) => size.toLocaleString("en"));
  const rows = Object.keys(paths).map((name) => {
    const of = businesses.map((each) => times.get(each)?.get(name) ?? []);
    const medians = of.map((each) => quantile(each, 0.5));
    const grown = (medians.at(-1) ?? Number.NaN) / (medians[0] ?? Number.NaN);
    const cells = of.map((each, at) => `${medians[at]?.toFixed(2)} (${quantile(each, 0.95).toFixed(2)})`);
    return { grown, cells: [name, ...cells, grown.toFixed(2)] };
  });
  const most = Math.max(...rows.map(({ grown }) => grown));
  return {
    table: {
      title: `${home}, ms: median (95 of 100)`,
      columns: ["visits", ...sizes, "last ÷ first"],
      rows: rows.map(({ cells }) => cells),
    },
    aims: [
      {
        what: `${home}: growth from ${sizes[0]} to ${sizes.at(-1)} visits`,
        aim: `at most ${MOST_GROWN}`,
        is: most.toFixed(2),
        met: most <= MOST_GROWN,
      },
    ],
  };
}

const versions: Record<string, string> = {};

const takes = { sizes: listOf(whole("how many visits the businesses have behind them", 100), 2) };

export const part = partOf({
  title: "Figures, lists and exports, the more visits there are",
  takes,

  versions: async () => versions,

  async run({ short, values, log }) {
    const sizes = (values.sizes ?? (short ? SHORT_SIZES : SIZES)).toSorted((one, other) => one - other);
    const postgres = await startPostgres({ durable: true });
    if (postgres) process.env.TEST_DATABASE_URL = postgres.url;
    // Reads the address when it is loaded.
    const { stores } = await import("../../server/test/stores.ts");
    const reports: ReturnType<typeof report>[] = [];
    const figures: object[] = [];
    try {
      for (const home of stores) {
        const own = sizes.filter((size) => home.name === "PostgreSQL" || size <= LARGEST_SQLITE);
        // One alone says nothing of what more visits do.
        if (own.length < 2) continue;
        const businesses: Business[] = [];
        try {
          for (const size of own) businesses.push(await found(home, size, log));
          versions[home.name] = await versionOf(home, businesses[0]);
          const times = await measure(businesses, short ? 20 : ROUNDS);
          reports.push(report(home.name, times));
          for (const [{ size }, of] of times)
            for (const [name, ms] of of)
              figures.push({ home: home.name, size, name, p50: quantile(ms, 0.5), p95: quantile(ms, 0.95) });
        } finally {
          for (const { opened } of businesses) await opened.drop();
        }
      }
    } finally {
      postgres?.stop();
    }
    return { tables: reports.map(({ table }) => table), aims: reports.flatMap(({ aims }) => aims), figures };
  },
});

async function versionOf({ name }: TestHome, business: Business | undefined): Promise<string> {
  if (!business) return "";
  const version =
    name === "SQLite"
      ? sql<{ v: string }>`select sqlite_version() as v`
      : sql<{ v: string }>`select current_setting('server_version') as v`;
  const { rows } = await version.execute(business.opened.db);
  return rows[0]?.v ?? "";
}

/**
 * A hundred million visits a year: three servers on one PostgreSQL take visits for a minute at the rate of a busy hour, first
 * on an empty database, then on one with a year behind it as far as it fits here. What a visit costs and weighs is then multiplied.
 */
import { setTimeout as delay } from "node:timers/promises";
import { sql } from "kysely";
import { createDatabase } from "../../scripts/cluster/database.ts";
import { startCluster } from "../../scripts/cluster/servers.ts";
import { type Values, whole } from "../../scripts/command-line.ts";
import { startPostgres } from "../../scripts/postgres.ts";
import { type OpenedStore, openStore } from "../../server/src/store/database.ts";
import { type Options, partOf } from "../part.ts";
import { quantile } from "../quantile.ts";
import { addCustomers, listenFor, type Receiver } from "../year/business.ts";
import { type Consumed, consumed, memoryOf, postmasterOf, watchConnections } from "../year/consumption.ts";
import { type Kind, visitAll } from "../year/load.ts";
import { multiply, type Weight, weigh } from "../year/past.ts";
import { divide, dropMonth, type Purge, purgeByRows } from "../year/purge.ts";
import { aimsOf, tablesOf } from "../year/tables.ts";

const SERVERS = 3;
const KEY = "rk_sk_bench_year_0123456789";

export interface Minute {
  visits: number;
  requests: number;
  seconds: number;
  /** Seconds of a processor, beyond what they consume when nobody comes. */
  consumed: Consumed;
  /** Seconds of a processor in a second when nobody comes. */
  resting: Consumed;
  /** Of all servers together, MB. */
  memory: number;
  connections: { most: number; active: number };
  /** Messages to the business, and how long after the last visit all of them had come, s. */
  messages: number;
  behind: number;
  medians: Record<Kind, number>;
  /** 95 of 100 took no longer. */
  slow: Record<Kind, number>;
  faults: string[];
}

export interface Year {
  rate: number;
  /** How many visits the full database has behind it. */
  visits: number;
  empty: Minute;
  full: Minute;
  weights: Weight[];
  purges: Purge[];
  /** What went wrong once tables were divided by months. */
  divided: string[];
}

interface Plan {
  rate: number;
  seconds: number;
  past: number;
}

const takes = {
  // A tenth of them is made, and each way in which a visit ends has to be among them.
  visits: whole("how many the full database has behind it", 100),
  rate: whole("how many come in a second"),
  seconds: whole("for how long they come"),
};

function planOf(short: boolean, { visits, ...given }: Values<typeof takes>): Plan {
  const wanted = short ? { rate: 8, seconds: 4, past: 2_000 } : { rate: 32, seconds: 60, past: 1_000_000 };
  return { ...wanted, ...given, ...(visits && { past: visits }) };
}

const each = (times: Record<Kind, number[]>, part: number) =>
  Object.fromEntries(Object.entries(times).map(([kind, all]) => [kind, quantile(all, part)])) as Record<
    Kind,
    number
  >;

/** Three servers on a database of their own, and a business that hears of everything. */
class Installation {
  readonly opened: OpenedStore;
  readonly cluster: Awaited<ReturnType<typeof startCluster>>;
  readonly receiver: Receiver;
  readonly drop: () => Promise<void>;

  private constructor(parts: Pick<Installation, "opened" | "cluster" | "receiver" | "drop">) {
    this.opened = parts.opened;
    this.cluster = parts.cluster;
    this.receiver = parts.receiver;
    this.drop = parts.drop;
  }

  static async open(postgres: string): Promise<Installation> {
    const { url, drop } = await createDatabase(postgres);
    const settings = {
      DATABASE_URL: url,
      RENUMERATE_PRIVATE_KEY: KEY,
      RATE_LIMIT_PER_MINUTE: "100000",
      ALLOW_PRIVATE_WEBHOOKS: "1",
    };
    const cluster = await startCluster(settings, SERVERS);
    const receiver = await listenFor(cluster.url, KEY);
    // Under another name, so that its own connections are not counted with theirs.
    const opened = await openStore({ url: `${url}?application_name=bench` });
    return new Installation({ opened, cluster, receiver, drop });
  }

  /** @param perSecond of visits; nobody waits for a slow one */
  async visits(perSecond: number, seconds: number) {
    const customers = await addCustomers(this.opened, Math.round(perSecond * seconds));
    return visitAll({ url: this.cluster.url, key: KEY, customers, perSecond, seconds });
  }

  /** Until every message has arrived. */
  async settled(): Promise<void> {
    const waiting = async () => {
      const { rows } = await sql<{ left: number }>`
        select count(*) as left from webhook_deliveries where status = 'pending'`.execute(this.opened.db);
      return rows[0]?.left ?? 0;
    };
    while (await waiting()) await delay(100);
  }

  async busy({ rate, seconds }: Plan): Promise<Minute> {
    // The first of everything is slower, and not what a busy hour is like.
    await this.visits(rate, Math.min(5, seconds));
    await this.settled();
    const { db } = this.opened;
    const pids = this.cluster.servers.map(({ pid }) => pid);
    const postmaster = await postmasterOf(db);
    const customers = await addCustomers(this.opened, Math.round(rate * seconds));
    const resting = await this.#rest(pids, postmaster, Math.min(10, seconds));
    const connections = watchConnections(db);
    const [before, heard, started] = [consumed(pids, postmaster), this.receiver.heard, performance.now()];
    const load = { url: this.cluster.url, key: KEY, customers, perSecond: rate, seconds };
    const { times, ...served } = await visitAll(load);
    const ended = performance.now();
    await this.settled();
    const settled = performance.now();
    const after = consumed(pids, postmaster);
    const took = (settled - started) / 1_000;
    return {
      ...served,
      seconds: took,
      consumed: {
        servers: after.servers - before.servers - resting.servers * took,
        database: after.database - before.database - resting.database * took,
      },
      resting,
      memory: pids.reduce((sum, pid) => sum + memoryOf(pid), 0),
      connections: connections.stop(),
      messages: this.receiver.heard - heard,
      behind: (settled - ended) / 1_000,
      medians: each(times, 0.5),
      slow: each(times, 0.95),
    };
  }

  async #rest(pids: number[], postmaster: number, seconds: number): Promise<Consumed> {
    const before = consumed(pids, postmaster);
    await delay(seconds * 1_000);
    const after = consumed(pids, postmaster);
    return {
      servers: (after.servers - before.servers) / seconds,
      database: (after.database - before.database) / seconds,
    };
  }

  async close(): Promise<void> {
    await this.opened.store.close();
    await this.cluster.close();
    this.receiver.close();
    await this.drop();
  }
}

/** A few visits are made; all others are copies of these. */
async function age(installation: Installation, past: number): Promise<number> {
  const made = Math.min(200, past / 10);
  await installation.visits(20, made / 20);
  await installation.settled();
  const { db } = installation.opened;
  // Their nightly work would find what is only half there.
  await installation.cluster.stop("SIGTERM");
  await multiply(db, Math.round(past / made));
  await installation.cluster.start();
  const { rows } = await sql<{ count: number }>`select count(*) as count from sessions`.execute(db);
  return rows[0]?.count ?? 0;
}

async function measure(postgres: string, plan: Plan, log: Options["log"]): Promise<Year> {
  const fresh = await Installation.open(postgres);
  const empty = await fresh.busy(plan).finally(() => fresh.close());
  log(`empty: ${empty.visits} visits in ${empty.seconds.toFixed(1)} s`);
  const old = await Installation.open(postgres);
  try {
    const visits = await age(old, plan.past);
    const weights = await weigh(old.opened.db);
    log(`a past of ${visits} visits`);
    const full = await old.busy(plan);
    log(`full: ${full.visits} visits in ${full.seconds.toFixed(1)} s`);
    const byRows = await purgeByRows(old.opened);
    await old.cluster.stop("SIGTERM");
    await divide(old.opened.db);
    await old.cluster.start();
    const after = await old.visits(plan.rate, Math.min(5, plan.seconds));
    await old.settled();
    const byMonth = await dropMonth(old.opened.db, byRows.events);
    const year = { rate: plan.rate, visits, empty, full, weights };
    return { ...year, purges: [byRows, byMonth], divided: after.faults };
  } finally {
    await old.close();
  }
}

let version = "";

export const part = partOf({
  title: "A hundred million visits a year",
  takes,
  versions: async () => ({ PostgreSQL: version }),
  async run({ short, values, log }) {
    const postgres = await startPostgres({ durable: true });
    if (!postgres) throw new Error("There is no PostgreSQL on this machine");
    try {
      const { db, store } = await openStore({ url: postgres.url });
      const { rows } = await sql<{ v: string }>`select current_setting('server_version') as v`.execute(db);
      version = rows[0]?.v.split(" ")[0] ?? "";
      await store.close();
      const year = await measure(postgres.url, planOf(short, values), log);
      return { tables: tablesOf(year), aims: aimsOf(year), figures: year };
    } finally {
      postgres.stop();
    }
  },
});

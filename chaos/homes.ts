/** Each of the places that a scenario can be played at. */
import { join } from "node:path";
import { folder } from "../server/test/process/child.ts";
import { HOOK, newcomer, openBusiness } from "../server/test/process/stripe-business.ts";
import type { RequestEntry } from "../server/test/stripe/double.ts";
import { Database } from "./database.ts";
import { Disk } from "./disk.ts";
import { type BillingFault, type Books, type Effect, Home, type Parts } from "./home.ts";
import type { HomeName } from "./plan.ts";
import { Server } from "./server.ts";

const KEY = "sk_live_chaos_0123456789abcdef";
const MASTER = "a-master-secret-that-no-log-may-hold-0123456789";

const settings = {
  RENUMERATE_PRIVATE_KEY: KEY,
  RENUMERATE_SECRET: MASTER,
  RATE_LIMIT_PER_MINUTE: "1000000",
  ALLOW_PRIVATE_WEBHOOKS: "1",
  // Everything that it could tell.
  LOG_LEVEL: "debug",
};

async function onFile(): Promise<Parts> {
  const disk = new Disk();
  const server = await Server.start({ ...settings, DATA_DIR: disk.folder });
  return {
    name: "sqlite",
    urls: [server.url],
    servers: [server],
    location: { file: join(disk.folder, "renumerate.db") },
    key: KEY,
    environment: "prod",
    secrets: [KEY, MASTER],
    disk,
    async close() {
      await server.end("SIGKILL");
      disk.remove();
    },
  };
}

async function onPostgres(name: HomeName, count: number): Promise<Parts> {
  const database = await Database.start();
  const places = await Promise.all(Array.from({ length: count }, folder));
  const servers: Server[] = [];
  // The first one makes the tables and the workspace.
  for (const { env } of places)
    servers.push(await Server.start({ ...env, ...settings, DATABASE_URL: database.url }));
  return {
    name,
    urls: servers.map(({ url }) => url),
    servers,
    location: { url: database.url },
    key: KEY,
    environment: "prod",
    secrets: [KEY, MASTER],
    database,
    async close() {
      await Promise.all(servers.map((server) => server.end("SIGKILL")));
      await Promise.all(places.map((place) => place[Symbol.asyncDispose]()));
      await database.stop();
    },
  };
}

/** What goes along with a change, and what only notes something. */
const ASIDE: ReadonlySet<string> = new Set([
  "metadata",
  "expand",
  "proration_behavior",
  "cancellation_details",
]);

/** What a request to Stripe has changed at a subscription; also where it says the same as one before it. */
function effectOf({ method, params }: RequestEntry): Effect[] {
  if (method === "DELETE") return [{ type: "cancel" }];
  const changed = Object.keys(params).filter((name) => !ASIDE.has(name));
  if (!changed.length) return [];
  const isEnd = ["cancel_at_period_end", "cancel_at"].some(
    (name) => !/^(undefined|false|)$/.test(`${params[name]}`),
  );
  return [{ type: isEnd ? "cancel" : changed.join() === "discounts" ? "discount" : changed.join() }];
}

async function onStripe(): Promise<Parts> {
  const business = await openBusiness();
  const { env, key, double, stripe, store } = business;
  const server = await Server.start({
    ...env,
    RENUMERATE_SECRET: MASTER,
    ALLOW_PRIVATE_WEBHOOKS: "1",
    BILLING_TIMEOUT_SECONDS: "1",
    RATE_LIMIT_PER_MINUTE: "1000000",
    LOG_LEVEL: "debug",
  });
  let count = 0;
  const books: Books = {
    async newcomer() {
      const { customer: id, subscription } = await newcomer(business, `Person${++count}`);
      return { id, subscription };
    },
    async effects({ subscription }) {
      const path = `/v1/subscriptions/${subscription}`;
      const changes = double.requests.filter((each) => each.carriedOut && each.path === path);
      return changes.flatMap(effectOf);
    },
    async billed({ subscription }) {
      const found = await stripe.subscriptions.retrieve(subscription);
      return {
        isEnding: found.cancel_at_period_end || found.status === "canceled",
        isDiscounted: found.discounts.length > 0,
      };
    },
  };
  const failBilling = (plan: BillingFault | undefined) => {
    double.fault =
      plan &&
      (({ method }) => {
        if (plan.times <= 0 || (plan.writes && method !== "POST")) return undefined;
        plan.times--;
        plan.met?.();
        return { when: plan.when, how: plan.how };
      });
  };
  // Nobody else may hold the file.
  await store.close();
  return {
    name: "stripe",
    urls: [server.url],
    servers: [server],
    location: { file: join(env.DATA_DIR as string, "renumerate.db") },
    key,
    environment: "sandbox",
    secrets: [key, MASTER, HOOK, env.STRIPE_SECRET_KEY as string],
    failBilling,
    books: () => books,
    async close() {
      await server.end("SIGKILL");
      await business[Symbol.asyncDispose]();
    },
  };
}

export interface Elsewhere {
  /** Of servers that run already, or of what stands in front of them. */
  readonly urls: readonly string[];
  readonly database: string;
  readonly key: string;
}

async function elsewhere({ urls, database, key }: Elsewhere): Promise<Parts> {
  return {
    name: "postgres",
    urls,
    servers: [],
    location: { url: database },
    key,
    environment: "prod",
    secrets: [key],
    close: async () => {},
  };
}

export async function openHome(name: HomeName, other?: Elsewhere): Promise<Home> {
  if (other) return Home.open(await elsewhere(other));
  if (name === "stripe") return Home.open(await onStripe());
  return Home.open(await (name === "sqlite" ? onFile() : onPostgres(name, name === "postgres" ? 1 : 2)));
}

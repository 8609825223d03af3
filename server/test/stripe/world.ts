/**
 * A whole server on Stripe, in this process: the app over a real store, Stripe's double behind a real connection, and one
 * time for all of them. The server can die and be started again.
 */
import { Agent } from "node:http";
import Stripe from "stripe";
import { createApp } from "../../src/app.ts";
import type { BillingProvider } from "../../src/billing/provider.ts";
import type { StripeSettings } from "../../src/billing/stripe/model.ts";
import { createStripeBilling } from "../../src/billing/stripe/provider.ts";
import { tick } from "../../src/outbox/worker.ts";
import { createWorld, DAY, type Reply, replyOf } from "../harness.ts";
import type { TestStore } from "../stores.ts";
import { Visit } from "../visit.ts";
import type { StripeDouble } from "./double.ts";
import { advanceTo } from "./engine/clock.ts";
import { accountOf } from "./harness.ts";
import type { State } from "./state.ts";

export interface StripeWorldOptions {
  settings?: StripeSettings;
  secretKey?: string;
  /** Prices that a customer may change to in a hub. */
  plans?: string[];
}

/** What of a server lives no longer than its process. */
interface Life {
  billing: BillingProvider;
  /** Nothing that Stripe answers is heard any more, and nothing more is asked. */
  end(): void;
}

/** Without an end, and without anything that waits for it. */
const forEver = <Value>() => new Promise<Value>(() => {});

function connection(): { httpClient: NonNullable<Stripe.StripeConfig["httpClient"]>; cut(): void } {
  const agent = new Agent({ keepAlive: true });
  const own = Stripe.createNodeHttpClient(agent);
  let isCut = false;
  const heard = async <Value>(value: Promise<Value>): Promise<Value> => {
    const result = await value.catch((error) => (isCut ? forEver<Value>() : Promise.reject(error)));
    return isCut ? forEver<Value>() : result;
  };
  return {
    httpClient: {
      getClientName: () => own.getClientName(),
      makeRequest: (...request) => (isCut ? forEver() : heard(own.makeRequest(...request))),
    },
    cut() {
      isCut = true;
      agent.destroy();
    },
  };
}

/**
 * @param retries of the library: where there are none, a test sees each of its faults. What waits before them would only
 * make tests slow.
 */
function live(
  url: string,
  clock: () => number,
  { settings, secretKey }: { settings: StripeSettings; secretKey: string },
  retries: number,
): Life {
  const { hostname: host, port } = new URL(url);
  const { httpClient, cut } = connection();
  const stripe = new Stripe(secretKey, {
    protocol: "http",
    host,
    port,
    httpClient,
    telemetry: false,
    maxNetworkRetries: retries,
  });
  const brief = { getInitialNetworkRetryDelay: () => 0.001, getMaxNetworkRetryDelay: () => 0.001 };
  const account = accountOf(Object.assign(stripe, brief), clock, settings);
  return { billing: createStripeBilling(account), end: cut };
}

export type StripeWorld = Awaited<ReturnType<typeof createStripeWorld>>;

/** @param state whose customers are on no test clock: the machine's time is Stripe's */
export async function createStripeWorld(
  store: TestStore,
  double: StripeDouble,
  state: State,
  { settings, secretKey = "sk_test_of_the_double", plans }: StripeWorldOptions = {},
) {
  double.state = state.copy();
  const time = () => double.state.data.now * 1000;
  const options = { secretKey, settings: settings ?? {} };
  const begin = (retries = 0): Life => {
    const fresh = live(double.url, () => base.clock.now, options, retries);
    lives.push(fresh);
    const { execute } = fresh.billing;
    const noted: BillingProvider["execute"] = (...asked) => {
      const result = execute(...asked);
      executing.push(result);
      return result;
    };
    return { ...fresh, billing: { ...fresh.billing, execute: noted } };
  };
  let life: Life | undefined;
  const lives: Life[] = [];
  const executing: Promise<unknown>[] = [];
  const current = new Proxy({} as BillingProvider, {
    get: (_, name) => Reflect.get(life?.billing ?? {}, name),
  });
  const base = await createWorld(store, {
    at: time(),
    billing: () => current,
    limits: { sessionTtl: 30 * DAY },
    settings: plans ? { hub: { plans } } : {},
  });
  life = begin();
  let { app } = base;

  async function request(path: string, { token, json }: { token: string; json?: unknown }): Promise<Reply> {
    const headers = { Authorization: `Bearer ${token}`, "Content-Type": "application/json" };
    const init = json === undefined ? { headers } : { method: "POST", headers, body: JSON.stringify(json) };
    return replyOf(await app.fetch(new Request(new URL(path, base.deps.publicUrl), init)));
  }

  const world = {
    ...base,
    store: store.store,
    db: store.db,
    double,
    options,
    request,
    /** Of the server that runs now. */
    billing: current,
    customerOf: (subscription: string) => double.state.get("subscriptions", subscription).customer as string,
    /** For one subscription. */
    mint: (subscription: string, kind: "retention" | "subscription") =>
      base.mint(world.customerOf(subscription), subscription, kind),
    async visit(subscription: string): Promise<Visit> {
      const token = await world.mint(subscription, "retention");
      return new Visit({ clock: base.clock, request }, token, await base.flow(token));
    },
    /** The process is gone, and another one takes its place. */
    restart(retries?: number): void {
      life?.end();
      world.another(retries);
    },
    /** Another process in front of the one that there is, which goes on with what it is at. */
    another(retries?: number): void {
      life = begin(retries);
      app = createApp(base.deps);
    },
    /** Every process has come to the end of what it was at, whoever still waits for that. */
    quiet: () => Promise.allSettled(executing),
    die: () => life?.end(),
    /** Time goes by, for us and at Stripe. */
    pass(ms: number): void {
      base.clock.now += ms;
      advanceTo(double.state, undefined, Math.floor(base.clock.now / 1000));
    },
    /** What else has happened at Stripe, with the time that it took. */
    becomes(state: State): void {
      double.state = state.copy();
      base.clock.now = time();
    },
    tick: () => tick(base.deps),
    async [Symbol.asyncDispose]() {
      for (const each of lives) each.end();
    },
  };
  return world;
}

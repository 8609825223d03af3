/**
 * A whole server for a test, without a port: the app over a real store, the simulator that can go wrong on purpose, a
 * clock that only the test moves, and a workspace of its own.
 */
import assert from "node:assert/strict";
import { after, before, describe } from "node:test";
import { sql } from "kysely";
import { pino } from "pino";
import type { FlowConfig } from "../../src/api/wire.ts";
import { createApp } from "../src/app.ts";
import { chooseBilling } from "../src/billing/choose.ts";
import type { BilledSubscription, BillingProvider, Environment } from "../src/billing/provider.ts";
import { createSimulator } from "../src/billing/simulator.ts";
import type { SimulatedInvoice } from "../src/billing/simulator-model.ts";
import { seedDemo } from "../src/billing/simulator-seed.ts";
import { simulatorStorage } from "../src/billing/simulator-storage.ts";
import type { Deps } from "../src/deps.ts";
import { defaultFlow } from "../src/domain/default-flow.ts";
import { lintFlow, publishFlow } from "../src/domain/flows.ts";
import { createKey, randomText } from "../src/domain/workspaces.ts";
import { tick } from "../src/outbox/worker.ts";
import { mountSimulator } from "../src/routes/simulator.ts";
import { type LinkDeps, simulatorPages } from "../src/routes/simulator-links.ts";
import type { FlowRow, Scope, WorkspaceSettings } from "../src/store/store.ts";
import { faulty } from "./billing/faulty.ts";
import { stores, type TestHome, type TestStore } from "./stores.ts";
import { Visit } from "./visit.ts";

export const DAY = 86_400_000;
export const MINUTE = 60_000;
/** After which billing counts as silent. */
export const BILLING_TIMEOUT = 8_000;
/** A day of the month that every month has, at a time that no boundary falls on. */
export const NOW = Date.parse("2027-05-14T09:41:00Z");

/** The customer of every example. */
export const john = "cus_NffrFeUfNV2Hib";

export interface Asked {
  method?: string;
  /** Sent as `X-Brand-Key`. */
  key?: string;
  /** Sent as a bearer. */
  token?: string;
  origin?: string;
  json?: unknown;
  body?: string | Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array>;
  headers?: Record<string, string>;
}

export interface Reply {
  status: number;
  headers: Headers;
  text: string;
  /** The JSON object that was answered, or an empty one. */
  body: Record<string, unknown>;
  /** The code of a refusal in either form, or undefined. */
  code: string | undefined;
  /** The field that a refusal names. */
  param: string | undefined;
}

export interface WorldOptions {
  limits?: Partial<Deps["limits"]>;
  settings?: Partial<WorkspaceSettings>;
  outgoing?: Partial<Deps["outgoing"]>;
  cancelAtBilling?: Deps["cancelAtBilling"];
  environment?: Environment;
  at?: number;
  publicUrl?: string;
  /** In place of the simulator, which then has nobody. */
  billing?: (clock: () => number) => BillingProvider;
}

export type World = Awaited<ReturnType<typeof createWorld>>;

/** By database, the instants for which it holds a demo business to copy from. */
const models = new WeakMap<TestStore["db"], Set<number>>();

/**
 * The demo business as `seedDemo` makes it. Its past is played once for each database and instant: the worlds of a suite are
 * hundreds, and each gets a copy.
 */
async function seedCopy(db: TestStore["db"], scope: string, at: number): Promise<void> {
  const model = `model/${at}`;
  const known = models.get(db) ?? new Set();
  models.set(db, known);
  if (!known.has(at)) await seedDemo(simulatorStorage(db), model, at);
  known.add(at);
  await sql`insert into simulator_objects (scope, type, id, customer_id, data)
    select ${scope}, type, id, customer_id, data from simulator_objects where scope = ${model}`.execute(db);
}

export async function createWorld({ store, db, memory }: TestStore, options: WorldOptions = {}) {
  const clock = { now: options.at ?? NOW };
  const log: string[] = [];
  const storage = simulatorStorage(db, memory);
  const scope: Scope = { workspaceId: `ws_${randomText(22)}`, environment: options.environment ?? "prod" };
  const boxOf = ({ workspaceId, environment }: Scope) => `${workspaceId}/${environment}`;
  const links: LinkDeps = {
    key: new Uint8Array(32).fill(9),
    clock: () => clock.now,
    base: () => deps.publicUrl,
  };
  const simulatorOf = (wanted: Scope) =>
    createSimulator({
      storage,
      scope: boxOf(wanted),
      clock: () => clock.now,
      pages: simulatorPages(links, wanted),
    });
  const simulator = simulatorOf(scope);
  const billing = faulty(options.billing?.(() => clock.now) ?? simulator);
  const deps: Deps = {
    store,
    billing: chooseBilling({ store, clock: () => clock.now, limit: BILLING_TIMEOUT }, (wanted) =>
      boxOf(wanted) === boxOf(scope) ? billing : simulatorOf(wanted),
    ),
    clock: () => clock.now,
    newId: (prefix) => `${prefix}_${randomText(22)}`,
    keys: {
      session: new Uint8Array(32).fill(7),
      signing: new Uint8Array(32).fill(8),
      result: new Uint8Array(32).fill(6),
      webhook: new Uint8Array(32).fill(5),
    },
    limits: {
      perKey: 10_000,
      perSession: 10_000,
      perAddress: 10_000,
      linkTtl: 60 * MINUTE,
      sessionTtl: DAY,
      idle: 30 * MINUTE,
      webhook: 2_000,
      ...options.limits,
    },
    outgoing: { allowPrivate: true, resolve: async () => ["127.0.0.1"], ...options.outgoing },
    cancelAtBilling: options.cancelAtBilling ?? "record",
    log: pino({ level: "debug", base: null }, { write: (line) => void log.push(line) }),
    publicUrl: options.publicUrl ?? "http://localhost:4321",
    version: "0.0.0",
  };

  const settings: WorkspaceSettings = {
    fallbackEmail: "help@papercrane.example",
    allowedOrigins: ["https://shop.example", "http://localhost:*"],
    ...options.settings,
  };
  const workspace = { id: scope.workspaceId, name: "Papercrane", status: "active" as const, settings };
  await store.insertWorkspace({ ...workspace, createdAt: clock.now });
  if (!options.billing) await seedCopy(db, boxOf(scope), clock.now);
  const publish = (definition: unknown, where: Scope = scope): Promise<FlowRow> => {
    const result = lintFlow(definition);
    assert.ok(result.ok, JSON.stringify(result));
    return publishFlow(deps, where, result.definition);
  };
  await publish(defaultFlow);
  const { key } = await createKey(deps, { ...scope, kind: "secret", name: "test" });
  const { key: publicKey } = await createKey(deps, { ...scope, kind: "public", name: "test" });
  const app = createApp(deps, (each) =>
    mountSimulator(each, { links, simulator: simulatorOf, log: deps.log }),
  );

  async function request(path: string, asked: Asked = {}): Promise<Reply> {
    const { token, origin, json } = asked;
    const headers = new Headers(asked.headers);
    if (asked.key) headers.set("X-Brand-Key", asked.key);
    if (token) headers.set("Authorization", `Bearer ${token}`);
    if (origin) headers.set("Origin", origin);
    if (json !== undefined) headers.set("Content-Type", "application/json");
    const body = json === undefined ? asked.body : JSON.stringify(json);
    const method = asked.method ?? (body === undefined ? "GET" : "POST");
    // Node wants to be told that a body that streams does so.
    const init = { method, headers, ...(body === undefined ? {} : { body, duplex: "half" as const }) };
    return replyOf(await app.fetch(new Request(new URL(path, "http://localhost:4321"), init)));
  }

  /** A session id for this customer, as the business's own server asks for it. */
  async function mint(customer: string, subscription?: string, kind = "retention"): Promise<string> {
    const wanted = { customer_id: customer, ...(subscription ? { subscription_id: subscription } : {}) };
    const reply = await request(`/v1/${kind}/session`, { key, json: { [kind]: wanted } });
    assert.equal(reply.status, 200, reply.text);
    return reply.body.id as string;
  }

  async function flow(token: string, query = ""): Promise<FlowConfig> {
    const reply = await request(`/v1/widget/flow${query}`, { token });
    assert.equal(reply.status, 200, reply.text);
    return reply.body as unknown as FlowConfig;
  }

  const world = {
    deps,
    app,
    clock,
    scope,
    /** Every line that was logged. */
    log,
    billing,
    simulator,
    /** What seals the addresses of the simulator's pages. */
    links,
    storage,
    key,
    publicKey,
    publish,
    request,
    mint,
    flow,
    /** Lets time go by, for us and for billing. */
    pass(ms: number): void {
      clock.now += ms;
    },
    /** Opens the flow as a widget does; a customer stands for a new session id of theirs. */
    async visit(who: string, query = ""): Promise<Visit> {
      const token = who.startsWith("cus_") ? await mint(who) : who;
      return new Visit(world, token, await flow(token, query));
    },
    ledger: () => store.ledger(scope, { limit: 100 }),
    /** Types of the events that integrators hear of, in order. */
    facts: async () => (await store.events(scope, { limit: 1000 })).map(({ type }) => type),
    async billed(subscription: string): Promise<BilledSubscription> {
      const found = await simulator.subscription(subscription);
      assert.ok(found, `${subscription} exists`);
      return found;
    },
    /** Oldest first. */
    async invoices(subscription: string): Promise<SimulatedInvoice[]> {
      const { customers } = await simulator.snapshot();
      const all = customers.flatMap(({ invoices }) => invoices);
      return all.filter((each) => each.subscriptionId === subscription).sort((a, b) => a.at - b.at);
    },
    /** What has really been done at billing, whoever asked and however often. */
    async effects(): Promise<Record<string, unknown>[]> {
      const rows = await db
        .selectFrom("simulator_requests")
        .select("data")
        .where("scope", "=", boxOf(scope))
        .execute();
      return rows.map(({ data }) => Object.fromEntries(JSON.parse(JSON.parse(data).action)));
    },
    /** What billing was told about a cancellation. */
    cancellation: async (subscription: string) =>
      (await storage.rows(boxOf(scope)).get("subscription", subscription))?.cancellation,
    /** One round of the worker. */
    tick: () => tick(deps),
  };
  return world;
}

export async function replyOf(response: Response): Promise<Reply> {
  const text = await response.text();
  const isJson = response.headers.get("content-type")?.startsWith("application/json");
  const body: Record<string, unknown> = isJson && text ? JSON.parse(text) : {};
  const refusal = (typeof body.error === "string" ? body : (body.error ?? {})) as Record<string, string>;
  const { code, param } = refusal;
  return { status: response.status, headers: response.headers, text, body, code, param };
}

/** What stays the same when a flow is asked for again: each answer carries a delivery token of its own. */
export function lasting({ session: { deliveryToken: _, ...session }, ...config }: FlowConfig): FlowConfig {
  return { ...config, session };
}

export interface Stage {
  home: TestHome;
  /** A workspace of its own in the store of this suite. */
  open(options?: WorldOptions): Promise<World>;
}

/** Runs a suite once for each store. Its worlds share a database but nothing in it. */
export function onEachStore(name: string, suite: (stage: Stage) => void): void {
  for (const home of stores) {
    describe(`${name} on ${home.name}`, () => {
      let store: TestStore;
      before(async () => {
        store = await home.open();
      });
      after(() => store.drop());
      suite({ home, open: (options) => createWorld(store, options) });
    });
  }
}

/** A world alone in its database, for what concerns all workspaces: jobs, sweeps, several processes. */
export async function alone(
  home: TestHome,
  options?: WorldOptions,
): Promise<World & AsyncDisposable & { store: TestStore }> {
  const store = await home.open();
  const world = await createWorld(store, options);
  return { ...world, store, [Symbol.asyncDispose]: () => store.drop() };
}

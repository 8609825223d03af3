/** A business with its data, its servers, its customers, and an endpoint that hears its webhooks. */
import { setTimeout as pause } from "node:timers/promises";
import { createSimulator } from "../server/src/billing/simulator.ts";
import { prices } from "../server/src/billing/simulator-demo.ts";
import { begin } from "../server/src/billing/simulator-seed.ts";
import { simulatorStorage } from "../server/src/billing/simulator-storage.ts";
import type { Deps } from "../server/src/deps.ts";
import { lintFlow, publishFlow } from "../server/src/domain/flows.ts";
import { randomText } from "../server/src/domain/workspaces.ts";
import { type OpenedStore, openStore, type StoreLocation } from "../server/src/store/database.ts";
import type { Scope } from "../server/src/store/store.ts";
import { asking, half } from "../server/test/flows/fixtures.ts";
import { openReceiver, type Receiver } from "../server/test/process/receiver.ts";
import type { Person } from "./customer.ts";
import type { Database } from "./database.ts";
import type { Disk } from "./disk.ts";
import type { HomeName } from "./plan.ts";
import type { Server } from "./server.ts";

const DAY = 86_400_000;
/** Made at once; whoever needs more makes more. */
const NEWCOMERS = 60;

/** What billing has done to a subscription. `key`: of the action that asked for it, where billing tells. */
export interface Effect {
  readonly type: string;
  readonly key?: string;
}

export interface Billed {
  readonly isEnding: boolean;
  readonly isDiscounted: boolean;
}

/** Billing as it is seen from its own side. */
export interface Books {
  /** Somebody new, with a running subscription. */
  newcomer(): Promise<Person>;
  effects(of: Person): Promise<Effect[]>;
  billed(of: Person): Promise<Billed>;
}

export interface Parts {
  readonly name: HomeName;
  /** Where requests can go; each is asked in turn. */
  readonly urls: readonly string[];
  /** Absent where they are not ours to stop. */
  readonly servers: readonly Server[];
  readonly location: StoreLocation;
  readonly key: string;
  readonly environment: Scope["environment"];
  readonly secrets: readonly string[];
  readonly database?: Database;
  readonly disk?: Disk;
  /** Makes billing fail; undefined mends it. */
  readonly failBilling?: (plan: BillingFault | undefined) => void;
  books?: (home: Home) => Books;
  close(): Promise<void>;
}

export interface BillingFault {
  readonly when: "before" | "after";
  readonly how: 429 | 409 | "lock_timeout" | 500 | 503 | "reset" | "hang";
  readonly writes: boolean;
  times: number;
  /** A request has met it. */
  readonly met?: () => void;
}

export type Opened = OpenedStore & { readonly scope: Scope };

export class Home {
  readonly parts: Parts;
  readonly receiver: Receiver;
  /** Id of the one that hears its webhooks. */
  endpoint = "";
  /** Ids of the messages that its endpoint has taken. */
  readonly taken = new Set<string>();
  readonly books: Books;
  /** Whether something of it cannot be used any more. */
  isBroken = false;
  #opened: Opened | undefined;

  private constructor(parts: Parts, receiver: Receiver) {
    this.parts = parts;
    this.receiver = receiver;
    this.books = parts.books?.(this) ?? simulated(this);
  }

  static async open(parts: Parts): Promise<Home> {
    const home = new Home(parts, await openReceiver());
    await home.withStore(({ store, scope }) => publish(store, scope));
    await home.#listen();
    return home;
  }

  async #openStore(): Promise<Opened> {
    const opened = await openStore(this.parts.location);
    const [workspace] = await opened.store.workspaces();
    if (!workspace) throw new Error("There is no workspace");
    return { ...opened, scope: { workspaceId: workspace.id, environment: this.parts.environment } };
  }

  /** Opened anew: a handle of ours would keep alive what a crash of the server is to leave behind. */
  async withStore<Result>(work: (opened: Opened) => Promise<Result>): Promise<Result> {
    if (this.#opened) return work(this.#opened);
    const opened = await this.#openStore();
    try {
      return await work(opened);
    } finally {
      await opened.store.close();
    }
  }

  /** Nothing crashes meanwhile: the database stays open. */
  async whileCalm<Result>(work: () => Promise<Result>): Promise<Result> {
    this.#opened = await this.#openStore();
    try {
      return await work();
    } finally {
      const { store } = this.#opened;
      this.#opened = undefined;
      await store.close();
    }
  }

  async #listen(): Promise<void> {
    const response = await fetch(`${this.parts.urls[0]}/api/v1/webhook-endpoints`, {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-API-Key": this.parts.key },
      body: JSON.stringify({ url: this.receiver.url, events: ["*"] }),
    });
    const made = (await response.json()) as { id: string; secret: string };
    if (response.status !== 201) throw new Error(`No endpoint was made: ${JSON.stringify(made)}`);
    this.receiver.secret = made.secret;
    this.endpoint = made.id;
  }

  /** Where the servers stay, nothing more is told to somebody who has gone. */
  async #unlisten(): Promise<void> {
    const { urls, servers, key } = this.parts;
    if (servers.length) return;
    const headers = { "X-API-Key": key };
    await fetch(`${urls[0]}/api/v1/webhook-endpoints/${this.endpoint}`, { method: "DELETE", headers });
  }

  /** Before anything fails: a machine that has much to do may need another attempt. */
  async firstSession(person: Person): Promise<string> {
    for (let left = 5; ; left--) {
      try {
        return await this.mint(this.parts.urls[0] as string, person);
      } catch (error) {
        if (!left) throw error;
        await pause(500);
      }
    }
  }

  /** As the business's own backend asks for a session. */
  async mint(url: string, { id }: Person): Promise<string> {
    const response = await fetch(`${url}/v1/retention/session`, {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-Brand-Key": this.parts.key },
      body: JSON.stringify({ retention: { customer_id: id } }),
    });
    const body = (await response.json()) as { id?: string };
    if (!response.ok || !body.id) throw new Error(`No session: ${JSON.stringify(body)}`);
    return body.id;
  }

  /** Everything runs, and answers. */
  async recover(): Promise<void> {
    const { servers, disk, database, urls, failBilling } = this.parts;
    failBilling?.(undefined);
    disk?.free();
    await database?.start().catch(() => {});
    for (const server of servers) server.ahead = 0;
    await Promise.all(servers.map((server) => server.start()));
    await Promise.all(servers.map((server) => server.limitFiles(undefined)));
    for (const url of urls) await answers(url);
  }

  /** So much time passes that whatever was put off is due, and nobody holds what somebody took who is gone. */
  async letTimePass(): Promise<void> {
    await this.withStore(async ({ db }) => {
      await db.updateTable("jobs").set({ due_at: 0, leased_until: null }).execute();
      await db
        .updateTable("webhook_deliveries")
        .set({ due_at: 0, leased_until: null })
        .where("status", "=", "pending")
        .execute();
    });
  }

  get printed(): string {
    return this.parts.servers.map(({ printed }) => printed).join("");
  }

  async close(): Promise<void> {
    await this.#unlisten();
    await this.receiver[Symbol.asyncDispose]();
    await this.parts.close();
  }
}

async function answers(url: string): Promise<void> {
  const end = Date.now() + 20_000;
  for (;;) {
    const response = await fetch(`${url}/api/health`, { signal: AbortSignal.timeout(5_000) }).catch(
      () => undefined,
    );
    if (response?.ok) return;
    if (Date.now() > end) throw new Error(`${url} does not answer again: ${response?.status}`);
    await pause(50);
  }
}

async function publish(store: OpenedStore["store"], scope: Scope): Promise<void> {
  const linted = lintFlow(asking({ money: [half] }));
  if (!linted.ok) throw new Error("the flow is not valid");
  const deps = { store, clock: Date.now, newId: (prefix: string) => `${prefix}_${randomText(22)}` } as Deps;
  await publishFlow(deps, scope, linted.definition);
}

/** The billing simulator keeps its books in the same database. */
export function simulated(home: Home): Books {
  const waiting: Person[] = [];
  let made = 0;
  const isOurs = randomText(6);
  const scopeOf = ({ scope }: Opened) => `${scope.workspaceId}/${scope.environment}`;

  async function more(): Promise<void> {
    const people = Array.from({ length: NEWCOMERS }, (): Person => {
      const id = `cus_${isOurs}_${++made}`;
      return { id, subscription: `sub_${id}` };
    });
    const createdAt = Date.now() - 10 * DAY;
    await home.withStore((opened) =>
      simulatorStorage(opened.db).transaction(scopeOf(opened), async (rows) => {
        await rows.put(
          "customer",
          people.map(({ id }) => ({ id, email: `${id}@example.com`, metadata: {}, createdAt })),
        );
        const lives = people.map(
          ({ id, subscription }) =>
            begin({ id: subscription, priceId: "price_pro_monthly", startedAt: createdAt }, id, prices)
              .subscription,
        );
        await rows.put("subscription", lives);
      }),
    );
    waiting.push(...people);
  }

  return {
    async newcomer() {
      if (!waiting.length) await more();
      return waiting.shift() as Person;
    },
    effects: ({ subscription }) =>
      home.withStore(async (opened) => {
        const rows = await opened.db
          .selectFrom("simulator_requests")
          .select(["key", "data"])
          .where("scope", "=", scopeOf(opened))
          .where("data", "like", `%${subscription}%`)
          .execute();
        return rows.flatMap(({ key, data }) => {
          const action = Object.fromEntries(JSON.parse((JSON.parse(data) as { action: string }).action));
          // Another's id may begin like this one.
          return action.subscriptionId === subscription ? [{ key, type: action.type as string }] : [];
        });
      }),
    billed: ({ subscription }) =>
      home.withStore(async (opened) => {
        const storage = simulatorStorage(opened.db);
        const simulator = createSimulator({ storage, scope: scopeOf(opened), clock: Date.now });
        const found = await simulator.subscription(subscription);
        return {
          isEnding: found?.cancelAt !== undefined || found?.status === "cancelled",
          isDiscounted: found?.discount !== undefined,
        };
      }),
  };
}

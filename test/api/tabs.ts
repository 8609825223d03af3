/** A browser with tabs that share storage and locks, and a server that knows what it was told. */
import type { TestContext } from "node:test";
import { type Client, createClient } from "../../src/api/client.ts";
import { DecisionRequest, EventsRequest } from "../../src/api/contract.ts";
import { type Courier, type CourierOptions, createCourier } from "../../src/api/courier.ts";
import type { ApiError } from "../../src/api/errors.ts";
import { createOutbox, type Outbox } from "../../src/api/outbox.ts";
import { createShelf, type Kept, type Shelf } from "../../src/api/shelf.ts";
import type { FlowEvent, Settlement } from "../../src/api/wire.ts";
import type { CustomerEvent } from "../../src/flow/machine.ts";
import { settlementOf } from "../flow/fixtures.ts";
import { type Answer, json, listen, refuse, type Server } from "./server.ts";

/** As browsers have it: what is stored are properties of its own. */
export function memoryStorage(capacity = Number.POSITIVE_INFINITY): Storage {
  const used = (storage: object) =>
    Object.entries(storage).reduce((sum, [key, value]) => sum + key.length + String(value).length, 0);
  const methods = {
    getItem(this: Record<string, string>, key: string) {
      return Object.hasOwn(this, key) ? this[key] : null;
    },
    setItem(this: Record<string, string>, key: string, value: string) {
      const before = Object.hasOwn(this, key) ? key.length + (this[key] as string).length : 0;
      if (used(this) - before + key.length + value.length > capacity)
        throw new DOMException("full", "QuotaExceededError");
      const descriptor = { value, enumerable: true, configurable: true, writable: true };
      Object.defineProperty(this, key, descriptor);
    },
    removeItem(this: Record<string, string>, key: string) {
      delete this[key];
    },
    clear(this: Record<string, string>) {
      for (const key of Object.keys(this)) delete this[key];
    },
  };
  return Object.create(methods) as Storage;
}

interface Request {
  tab: object;
  name: string;
  grant(): void;
}

/** Web Locks: first come, first served; a tab that dies lets go of everything. */
export class Locks {
  #waiting: Request[] = [];
  #held: Request[] = [];

  get held(): string[] {
    return this.#held.map(({ name }) => name);
  }

  of(tab: object): Pick<LockManager, "request"> {
    const request = async (name: string, ...rest: unknown[]) => {
      const callback = rest.at(-1) as (lock: object | null) => unknown;
      const { ifAvailable = false } = rest.length > 1 ? (rest[0] as LockOptions) : {};
      if (ifAvailable && [...this.#held, ...this.#waiting].some((each) => each.name === name))
        return callback(null);
      const { promise, resolve } = Promise.withResolvers<void>();
      const own = { tab, name, grant: resolve };
      this.#waiting.push(own);
      this.#next();
      await promise;
      try {
        return await callback({ name });
      } finally {
        this.#held = this.#held.filter((each) => each !== own);
        this.#next();
      }
    };
    return { request: request as LockManager["request"] };
  }

  die(tab: object): void {
    this.#held = this.#held.filter((each) => each.tab !== tab);
    this.#waiting = this.#waiting.filter((each) => each.tab !== tab);
    this.#next();
  }

  #next(): void {
    for (const each of [...this.#waiting]) {
      if (this.#held.some(({ name }) => name === each.name)) continue;
      this.#waiting = this.#waiting.filter((other) => other !== each);
      this.#held.push(each);
      each.grant();
    }
  }
}

/** `lost`: carried out, and the answer does not come back. */
export type Mode = "works" | "offline" | "down" | "lost" | "hangs";

/** What every answer of the server rests on. */
export class Books {
  mode: Mode = "works";
  /** Refuses decisions for good. */
  refusal: string | undefined;
  readonly events = new Map<string, FlowEvent>();
  readonly settled = new Map<string, Settlement>();
  /** Carried out, with the session's age of it. */
  readonly carriedOut: { session: string; age: number | undefined }[] = [];
  /** Events that came under an id that was known, and said something else. */
  readonly changed: FlowEvent[] = [];

  readonly answer: Answer = (response, { url, body }, count) => {
    if (this.mode === "offline") return void response.socket?.destroy();
    if (this.mode === "down") return refuse(response, 503, "billing_unavailable");
    if (this.mode === "hangs") return;
    const { token, ...request } = JSON.parse(body);
    const done = (answer: unknown) =>
      this.mode === "lost" ? void response.socket?.destroy() : json(response, answer);
    if (token !== "dlv_1") return refuse(response, 401, "session_invalid");
    if (/(events|beacon)$/.test(url)) return done({ accepted: this.#take(EventsRequest.parse(request)) });
    const { session, events, age } = DecisionRequest.parse(request);
    this.#take({ events });
    if (this.refusal) return refuse(response, 409, this.refusal);
    // Staying has been recorded: the session is decided.
    if (this.run(events[0]?.run as string).some(({ type }) => type === "keep"))
      return refuse(response, 409, "session_completed");
    if (!this.settled.has(session)) this.carriedOut.push({ session, age });
    this.settled.set(session, settlementOf("cancelled", { at: count }));
    done(this.settled.get(session));
  };

  #take({ events }: { events: unknown[] }): number {
    for (const event of events as FlowEvent[]) {
      const known = this.events.get(event.id);
      if (known && JSON.stringify(known) !== JSON.stringify(event)) this.changed.push(event);
      if (!known) this.events.set(event.id, event);
    }
    return events.length;
  }

  /** What the server knows of a run, as it would read it. */
  run(run: string): FlowEvent[] {
    return [...this.events.values()].filter((event) => event.run === run).sort((a, b) => a.seq - b.seq);
  }
}

export class Browser {
  readonly books = new Books();
  readonly locks = new Locks();
  readonly tabs: Tab[] = [];
  clock = Date.UTC(2026, 0, 1);
  readonly storage: Storage;
  readonly server: Server;

  constructor(server: Server, storage: Storage) {
    this.server = server;
    this.storage = storage;
    server.answer = this.books.answer;
  }

  tab(options: TabOptions = {}): Tab {
    const tab = new Tab(this, options);
    this.tabs.push(tab);
    return tab;
  }

  get stored(): string[] {
    return Object.keys(this.storage);
  }

  /** Requests by the last part of their address. */
  get asked(): string[] {
    return this.server.asked.map(({ url }) => url.split("/").at(-1) as string);
  }

  close(): void {
    this.storage.clear();
    for (const tab of this.tabs) tab.die();
  }
}

export interface TabOptions {
  hasLocks?: boolean;
  hasStorage?: boolean;
  courier?: CourierOptions;
}

/** Each has its own network. */
export class Tab {
  readonly page = new EventTarget();
  readonly courier: Courier;
  readonly outboxes: Outbox[] = [];
  isOnline = true;
  #isAlive = true;
  readonly #browser: Browser;
  readonly #client: Client;
  /** What is on its way. */
  readonly #calls = new Set<Promise<unknown>>();

  constructor(browser: Browser, { hasLocks = true, hasStorage = true, courier }: TabOptions) {
    this.#browser = browser;
    const now = () => browser.clock;
    const fetch: typeof globalThis.fetch = (input, init) => {
      if (!this.#isAlive || !this.isOnline) return Promise.reject(new TypeError("no connection"));
      const call = globalThis.fetch(input, init);
      this.#calls.add(call);
      const end = () => this.#calls.delete(call);
      call.then(end, end);
      return call;
    };
    this.#client = createClient({
      apiUrl: browser.server.url,
      token: async () => "dlv_1",
      fetch,
      wait: async () => {},
      attempts: 2,
    });
    const shelf = createShelf({ storage: hasStorage ? browser.storage : undefined, now });
    this.courier = createCourier({
      fetch,
      now,
      page: this.page,
      shelf: this.#mortal(shelf),
      ...courier,
      locks: hasLocks ? browser.locks.of(this) : undefined,
    });
  }

  /** A tab that is gone neither reads nor writes. */
  #mortal(shelf: Shelf): Shelf {
    return {
      put: (kept) => this.#isAlive && shelf.put(kept),
      get: (run) => (this.#isAlive ? shelf.get(run) : undefined),
      drop: (run) => this.#isAlive && shelf.drop(run),
      all: () => (this.#isAlive ? shelf.all() : []),
    };
  }

  open(run = `run-of-${this.#browser.tabs.indexOf(this)}-${this.outboxes.length}`): Outbox {
    const { record } = this.#client;
    const { courier, page } = this;
    const apiUrl = this.#browser.server.url;
    const outbox = createOutbox({
      client: { record, beacon: (token, session, events) => this.#beacon({ token, session, events }) },
      session: `ses-${run}`,
      keeping: { courier, apiUrl, token: "dlv_1", subscription: "sub_1" },
      run,
      now: () => this.#browser.clock,
      page,
      // What is sent is sent by what the test does.
      delay: 3_600_000,
    });
    this.outboxes.push(outbox);
    return outbox;
  }

  #beacon(body: object): boolean {
    if (!this.#isAlive || !this.isOnline) return false;
    const url = `${this.#browser.server.url}/v1/widget/beacon`;
    const call = globalThis.fetch(url, { method: "POST", body: JSON.stringify(body) }).catch(() => {});
    this.#calls.add(call);
    void call.then(() => this.#calls.delete(call));
    return true;
  }

  /** Confirms the cancellation and asks for it until it is answered, as a flow does. */
  async confirm(outbox: Outbox, event: CustomerEvent = { type: "confirm" }): Promise<Settlement | undefined> {
    outbox.add(event);
    outbox.confirm();
    const { confirmedAt } = outbox;
    const events = outbox.all();
    try {
      const session = `ses-${outbox.run}`;
      const age = this.#browser.clock - (confirmedAt as number);
      const settlement = await this.#client.decide({ session, events, age });
      outbox.delivered(events);
      return settlement;
    } catch (error) {
      if (!(error as ApiError).retryable || !outbox.isKept) {
        outbox.withdraw();
        throw error;
      }
      return outbox.persist();
    }
  }

  moment(type: string): void {
    this.page.dispatchEvent(new Event(type));
  }

  /** Without a word to the page. */
  die(): void {
    this.#isAlive = false;
    this.#browser.locks.die(this);
    this.courier.nudge();
    for (const outbox of this.outboxes) outbox.dispose();
  }

  get isBusy(): boolean {
    return this.#calls.size > 0;
  }
}

/** Lets everything that is on its way come to its end. */
export async function settle(browser: Browser): Promise<void> {
  for (let quiet = 0; quiet < 3; quiet++) {
    await new Promise(setImmediate);
    if (browser.tabs.some(({ isBusy }) => isBusy)) quiet = -1;
  }
}

export async function launch(t: TestContext, storage = memoryStorage()): Promise<Browser> {
  // Otherwise a tab without locks would have those of this process.
  Object.defineProperty(globalThis.navigator, "locks", { configurable: true, value: undefined });
  const browser = new Browser(await listen(t, () => {}), storage);
  t.after(() => browser.close());
  return browser;
}

export const eventOf = (seq: number, run = "run-left", more: object = { type: "next" }): FlowEvent =>
  ({ id: `${run}-event-${seq}`, run, seq, at: seq, ...more }) as FlowEvent;

/** What a tab has left behind. */
export const keptOf = (browser: Browser, run = "run-left", more: Partial<Kept> = {}): Kept => ({
  apiUrl: browser.server.url,
  session: `ses-${run}`,
  subscription: "sub_1",
  token: "dlv_1",
  run,
  at: browser.clock,
  events: [eventOf(0, run, { type: "open" }), eventOf(1, run, { type: "confirm" })],
  ...more,
});

/** The courier's pauses; they end at once, or only for a reason. */
export function watchedPauses(t: TestContext, endless = false): number[] {
  const pauses: number[] = [];
  const { setTimeout } = globalThis;
  const watched = (action: () => void, ms = 0, ...rest: unknown[]) => {
    // Shorter ones are those of fetch, and ten seconds are the limit of a request.
    const isPause = ms >= 1500 && ms !== 10_000 && !rest.length;
    if (isPause) pauses.push(ms);
    if (isPause && endless) return setTimeout(action, 2 ** 31 - 1).unref();
    return setTimeout(action, isPause ? 0 : ms, ...rest);
  };
  t.mock.method(globalThis, "setTimeout", watched as typeof setTimeout);
  return pauses;
}

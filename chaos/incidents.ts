/** Makes a plan's incidents happen, each at its request. */

import { statSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import type { Fault as Answering, Exchange, FaultProxy } from "../test/e2e/fault-proxy.ts";
import * as faults from "../test/e2e/faults/faults.ts";
import type { Home } from "./home.ts";
import { type Incident, type Plan, type RequestKind, requestKinds } from "./plan.ts";

const PATHS: Readonly<Record<string, RequestKind>> = {
  "/v1/retention/session": "session",
  "/v1/widget/flow": "flow",
  "/v1/widget/events": "events",
  "/v1/widget/decision": "decision",
  "/v1/widget/beacon": "beacon",
};

/** What happens to the servers has happened when they have felt it, and not when it is due. */
const isBeside = ({ what }: Incident): boolean =>
  ["kill", "stop", "freeze", "clock", "database", "disk", "billing"].includes(what);

/** What can stand in the place of an answer, by the names of a plan. */
const answers: Readonly<Record<Extract<Incident, { what: "answer" }>["how"], Answering>> = faults;

/** Of the session that a request says something for. */
function sessionIn(text: Buffer): string | undefined {
  try {
    const { session } = JSON.parse(text.toString()) as { session?: string | { id: string } };
    return typeof session === "object" ? session.id : session;
  } catch {
    return undefined;
  }
}

interface Late {
  readonly kind: RequestKind;
  readonly nth: number;
  readonly exchange: Exchange;
}

export const kindOf = (path: string): RequestKind | undefined => PATHS[path];

const handOn: Answering = async ({ answer, send }) => send(await answer());

/** Cut without an answer: what is behind has gone, and so has the connection. */
const orReset =
  (fault: Answering): Answering =>
  async (exchange) => {
    try {
      await fault(exchange);
    } catch {
      exchange.socket.resetAndDestroy();
    }
  };

export class Incidents {
  readonly diary: string[] = [];
  /** What has happened: a plan may have more than its customers give it time for. */
  readonly happened: Incident["what"][] = [];
  /** How many requests have come to a server after later ones of their session had been answered. */
  overtaken = 0;
  readonly #home: Home;
  readonly #left: Incident[];
  readonly #counts = new Map<string, number>();
  /** What goes on in the background: starting again, above all. */
  readonly #running = new Set<Promise<unknown>>();
  /** Who waits for later requests to pass. */
  readonly #held = new Set<() => void>();
  /** Requests that come once more when all is over. */
  readonly #late: Late[] = [];
  readonly #answered: { readonly nth: number; readonly session: string }[] = [];
  #passed = 0;
  readonly #began = performance.now();

  constructor(home: Home, { incidents }: Pick<Plan, "incidents">) {
    this.#home = home;
    this.#left = [...incidents];
  }

  /** From now on all of its requests pass by here. */
  watch(proxy: FaultProxy, kinds: readonly RequestKind[] = requestKinds): void {
    for (const kind of kinds)
      proxy.fail(
        kind,
        orReset((exchange) => this.#pass(proxy, kind, exchange)),
      );
  }

  async #pass(proxy: FaultProxy, kind: RequestKind, exchange: Exchange): Promise<void> {
    for (const look of this.#held) look();
    const nth = ++this.#passed;
    const due = this.#due(kind);
    let fault = handOn;
    for (const incident of due) {
      this.#note(`${kind}: ${JSON.stringify(incident)}`);
      fault = this.#around(fault, incident, { proxy, nth });
    }
    if (due.some(({ what }) => what === "twice" || what === "held")) this.#late.push({ kind, nth, exchange });
    await fault({
      ...exchange,
      answer: async () => {
        const given = await exchange.answer();
        const session = sessionIn(exchange.body) ?? sessionIn(given.body);
        if (given.status < 300 && session !== undefined) this.#answered.push({ nth, session });
        return given;
      },
    });
  }

  /** How many that came later have been answered. */
  #before(nth: number, session: string | undefined): number {
    return this.#answered.filter((each) => each.nth > nth && each.session === session).length;
  }

  /** What was repeated or held comes once more with its old words, after all that its session has said since. */
  async deliverLate(): Promise<void> {
    for (const { kind, nth, exchange } of this.#late.splice(0)) {
      const own = this.#answered.find((each) => each.nth === nth)?.session ?? sessionIn(exchange.body);
      const later = this.#before(nth, own);
      const answer = await exchange.answer().then(({ status }) => status, String);
      this.#note(`${kind}: a late copy, after ${later} others of its session: ${answer}`);
      if (later) this.overtaken++;
    }
  }

  #note(words: string): void {
    this.diary.push(`${Math.round(performance.now() - this.#began)} ms: ${words}`);
  }

  #due(kind: RequestKind): Incident[] {
    for (const each of [kind, "any"]) this.#counts.set(each, (this.#counts.get(each) ?? 0) + 1);
    const due = this.#left.filter(
      ({ at }) => (at.request === kind || at.request === "any") && this.#counts.get(at.request) === at.n,
    );
    for (const each of due) this.#left.splice(this.#left.indexOf(each), 1);
    return due;
  }

  /** Goes on behind the request. */
  #aside(work: () => Promise<unknown>): Promise<unknown> {
    const running: Promise<unknown> = work().catch((error) => this.#note(String(error)));
    this.#running.add(running);
    void running.finally(() => this.#running.delete(running));
    return running;
  }

  #around(
    inner: Answering,
    incident: Incident,
    { proxy, nth }: { proxy: FaultProxy; nth: number },
  ): Answering {
    if (!isBeside(incident)) this.happened.push(incident.what);
    switch (incident.what) {
      case "answer":
        return answers[incident.how];
      case "slow":
        return async (exchange) => {
          await pause(incident.before);
          await inner({
            ...exchange,
            async answer() {
              const given = await exchange.answer();
              await pause(incident.after);
              return given;
            },
          });
        };
      case "port closed":
        return async (exchange) => {
          void this.#aside(async () => {
            await proxy.down();
            await pause(incident.for);
            await proxy.up();
          });
          await inner(exchange);
        };
      case "twice":
        return async (exchange) => {
          const [given] = await Promise.allSettled([
            exchange.answer(),
            pause(incident.apart).then(() => exchange.answer()),
          ]);
          // Whoever asked hears one of them.
          if (given.status === "rejected") throw given.reason;
          exchange.send(given.value);
        };
      case "held":
        return async (exchange) => {
          await this.#behind(incident.behind, incident.most);
          if (this.#before(nth, sessionIn(exchange.body))) this.overtaken++;
          await inner(exchange);
        };
      default:
        return this.#beside(inner, incident);
    }
  }

  #behind(count: number, most: number): Promise<void> {
    return new Promise((resolve) => {
      let left = count;
      const end = () => {
        clearTimeout(timer);
        this.#held.delete(look);
        resolve();
      };
      const look = () => --left <= 0 && setTimeout(end, 20);
      const timer = setTimeout(end, most);
      this.#held.add(look);
    });
  }

  /** What happens to the servers and to what they stand on. */
  #beside(inner: Answering, incident: Incident): Answering {
    const isTimed = "within" in incident;
    const when = isTimed ? incident.when : "before";
    const happen = () => this.#happen(incident);
    if (when === "before")
      return async (exchange) => {
        await happen();
        await inner(exchange);
      };
    if (when === "after")
      return (exchange) =>
        inner({
          ...exchange,
          async answer() {
            const given = await exchange.answer();
            await happen();
            return given;
          },
        });
    return async (exchange) => {
      const happened = pause(isTimed ? incident.within : 0).then(happen);
      await Promise.all([inner(exchange), happened]);
    };
  }

  /** Resolves when it has happened; how it is mended goes on behind. */
  async #happen(incident: Incident): Promise<void> {
    const { servers, database, disk, failBilling } = this.#home.parts;
    const again = (work: () => Promise<unknown>) => void this.#aside(work);
    switch (incident.what) {
      case "kill":
      case "stop": {
        const server = servers[incident.server];
        if (server?.isRunning) this.happened.push(incident.what);
        const ended = server?.end(incident.what === "kill" ? "SIGKILL" : "SIGTERM");
        again(async () => {
          await ended;
          await pause(incident.for);
          await server?.start();
        });
        // Who is asked to end finishes first what is in hand, which may be this very request.
        if (incident.what === "kill") await ended;
        return;
      }
      case "freeze":
        if (servers[incident.server]?.isRunning) this.happened.push("freeze");
        again(async () => servers[incident.server]?.freeze(incident.for));
        return;
      case "clock":
        for (const server of servers) server.ahead = incident.by;
        if (servers.length) this.happened.push("clock");
        return;
      case "database":
        if (database) this.happened.push("database");
        if (incident.how === "connections") return database?.dropConnections();
        await database?.crash();
        again(async () => {
          await pause(incident.for);
          await database?.start();
        });
        return;
      case "disk": {
        const { file } = this.#home.parts.location;
        const isFull = incident.how === "full" && disk?.fill(incident.room);
        const size = file ? statSync(`${file}-wal`, { throwIfNoEntry: false })?.size : 0;
        if (!isFull) await servers[0]?.limitFiles((size ?? 0) + incident.room);
        this.happened.push("disk");
        again(async () => {
          await pause(incident.for);
          disk?.free();
          await servers[0]?.limitFiles(undefined);
        });
        return;
      }
      case "billing":
        failBilling?.({ ...incident, met: () => void this.happened.push("billing") });
        return;
    }
  }

  /** Nothing happens any more, and what has happened is over. */
  async over(): Promise<void> {
    this.#left.length = 0;
    while (this.#running.size) await Promise.all(this.#running);
  }
}

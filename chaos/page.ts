/**
 * A page of a business without a browser: the widgets' own controller, client, outbox and courier run in it as they do
 * in a browser, one copy for each page. What they take from a browser (its network, storage, locks, and the moments of a
 * page's life) is given to each page apart.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import { registerHooks } from "node:module";
import type { FlowEvent, Settlement } from "../src/api/wire.ts";
import type { FlowController, FlowHost, FlowSettings } from "../src/flow/flow-controller.ts";
import type { FlowState, MachineEvent } from "../src/flow/machine.ts";
import type { Profile } from "./profile.ts";

const pages = new AsyncLocalStorage<Page>();
const machine = { fetch: globalThis.fetch };
let opened = 0;

/** What is kept for a page is in two files; the rest can be shared by all of them. */
registerHooks({
  resolve(specifier, context, next) {
    const found = next(specifier, context);
    const page = /\?page=\d+$/.exec(context.parentURL ?? "")?.[0];
    return page && found.url.endsWith("/src/flow/deliveries.ts")
      ? { ...found, url: found.url + page }
      : found;
  },
});

/** Outside of every page things are as they were: other code asks them what it runs in. */
const inPage =
  <Value>(value: (page: Page) => Value, otherwise?: Value) =>
  () => {
    const page = pages.getStore();
    return page ? value(page) : otherwise;
  };
const given = {
  localStorage: inPage(({ storage }) => storage),
  navigator: inPage<unknown>(({ navigator }) => navigator, globalThis.navigator),
  location: inPage(() => ({ href: "https://shop.example/billing" })),
  document: inPage((page) => ({
    querySelector: () => ({ showFallback: () => page.tell("the address to write to") }),
  })),
  addEventListener: inPage(({ window }) => window.addEventListener.bind(window)),
  removeEventListener: inPage(({ window }) => window.removeEventListener.bind(window)),
  fetch: inPage<unknown>((page) => page.fetch.bind(page), machine.fetch),
};
for (const [name, get] of Object.entries(given))
  Object.defineProperty(globalThis, name, { get, configurable: true });

/** What somebody has been told about an outcome. */
export interface Shown {
  readonly outcome: Settlement["outcome"];
  readonly status: Settlement["status"];
  readonly session: string;
  readonly offer?: string | undefined;
}

/** All that is known of one customer from the outside, whatever the page. */
export interface Witness {
  /** Events that the server has acknowledged, by id. */
  readonly acknowledged: Map<string, { session: string; event: FlowEvent }>;
  readonly shown: Shown[];
  /** Sessions of which a decision was refused because it had been under way for too long. */
  readonly tooLate: Set<string>;
  /** In words, for whoever looks into a seed. */
  readonly diary: string[];
}

const never = new Promise<never>(() => {});

export class Page {
  readonly window = new EventTarget();
  readonly storage: Storage;
  readonly navigator: { locks: Pick<LockManager, "request">; sendBeacon(url: string, body: string): boolean };
  readonly gone: Promise<void>;
  readonly told: string[] = [];
  isGone = false;
  controller!: FlowController;
  readonly #name: number;
  readonly #witness: Witness;
  readonly #began = performance.now();
  /** Requests that outlive the page. */
  readonly #last = new Set<Promise<unknown>>();
  readonly #end = new AbortController();
  #leave!: () => void;
  readonly #changed = new Set<() => void>();

  constructor(profile: Profile, witness: Witness) {
    this.#name = ++opened;
    this.#witness = witness;
    this.gone = new Promise((resolve) => {
      this.#leave = resolve;
    });
    this.storage = profile.storageFor(this);
    this.navigator = {
      locks: profile.locksFor(this),
      sendBeacon: (url, body) => {
        this.#last.add(this.#send(url, { method: "POST", body }).catch(() => {}));
        return true;
      },
    };
  }

  /** The elements are in the page: what an earlier visit has left behind goes on its way. */
  async load(settings: FlowSettings): Promise<void> {
    const at = `?page=${this.#name}`;
    const { FlowController } = (await import(`../src/flow/flow-controller.ts${at}`)) as {
      FlowController: new (host: FlowHost) => FlowController;
    };
    const deliveries = (await import(`../src/flow/deliveries.ts${at}`)) as {
      deliverLeftovers(): Promise<void>;
    };
    const stage = new EventTarget();
    for (const name of ["retained", "cancelled", "error"])
      stage.addEventListener(`renumerate-${name}`, (event) =>
        this.#hear(name, (event as CustomEvent).detail),
      );
    const host = {
      settings,
      stage,
      isConnected: true,
      debug: false,
      texts: Promise.resolve(),
      updateComplete: Promise.resolve(true),
      hide() {},
      addController() {},
      removeController() {},
      requestUpdate: () => this.#update(),
    };
    this.run(() => {
      this.controller = new FlowController(host);
      void deliveries.deliverLeftovers();
    });
  }

  run<Result>(work: () => Result): Result {
    return pages.run(this, work);
  }

  get state(): FlowState {
    return this.controller.state;
  }

  dispatch(event: MachineEvent): void {
    this.tell(`> ${event.type}${"reason" in event ? ` ${event.reason}` : ""}`);
    this.run(() => this.controller.dispatch(event));
  }

  happens(moment: "online" | "visibilitychange" | "pagehide"): void {
    this.run(() => this.window.dispatchEvent(new Event(moment)));
  }

  tell(words: string): void {
    this.told.push(words);
    this.#witness.diary.push(
      `page ${this.#name} ${Math.round(performance.now() - this.#began)} ms: ${words}`,
    );
  }

  #update(): void {
    const { state } = this;
    const fault = "fault" in state && state.fault ? ` (${state.fault.code})` : "";
    this.tell(`${state.phase}${fault}`);
    if (state.phase === "done" && state.settlement) this.#notice(state.config.session.id, state.settlement);
    for (const look of this.#changed) look();
  }

  #notice(
    session: string,
    { outcome, status, offer }: Pick<Settlement, "outcome" | "status" | "offer">,
  ): void {
    this.#witness.shown.push({ outcome, status, session, offer: offer?.type });
  }

  #hear(name: string, detail: Record<string, unknown>): void {
    if (name === "error") {
      this.tell(`error ${detail.code}`);
      return;
    }
    const { sessionId: session, status, offer } = detail as unknown as { sessionId: string } & Settlement;
    this.tell(`${name} ${status}`);
    this.#notice(session, { outcome: name as Settlement["outcome"], status, ...(offer && { offer }) });
  }

  /** Resolves to false after so many milliseconds, or when the page has gone. */
  async until(holds: (state: FlowState) => boolean, limit: number): Promise<boolean> {
    if (holds(this.state)) return true;
    let look = () => {};
    const seen = new Promise<boolean>((resolve) => {
      look = () => void (holds(this.state) && resolve(true));
      this.#changed.add(look);
    });
    // Not all that is waited for is in its state.
    const ticking = setInterval(look, 50);
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<boolean>((resolve) => {
      timer = setTimeout(resolve, limit, false);
    });
    const result = await Promise.race([seen, late, this.gone.then(() => false)]);
    clearTimeout(timer);
    clearInterval(ticking);
    this.#changed.delete(look);
    return result;
  }

  /** As `fetch`, but nothing comes back to a page that has gone, and what was acknowledged is noted. */
  async fetch(url: string, init: RequestInit): Promise<Response> {
    // What was about to be sent is not sent any more.
    if (this.isGone) return never;
    const ends = init.keepalive ? [] : [this.#end.signal];
    const signal = AbortSignal.any([...(init.signal ? [init.signal] : []), ...ends]);
    const sent = this.#send(url, { ...init, signal });
    if (init.keepalive) {
      const settled = sent.then(
        () => {},
        () => {},
      );
      this.#last.add(settled);
      void settled.then(() => this.#last.delete(settled));
    }
    try {
      const response = await sent;
      return this.isGone ? await never : response;
    } catch (error) {
      throw this.isGone ? await never : error;
    }
  }

  async #send(url: string, init: RequestInit): Promise<Response> {
    const { status, ok, headers, text } = await read(await machine.fetch(url, init));
    const body = typeof init.body === "string" ? init.body : "";
    if (ok && body) acknowledge(this.#witness, url, body, text);
    if (status === 401 && body) noteLate(this.#witness, url, body, text);
    return new Response(status === 204 ? null : text, { status, headers });
  }

  /** @param abruptly without a moment for last words */
  async close(abruptly = false): Promise<void> {
    if (this.isGone) return;
    this.tell(abruptly ? "is gone" : "is closed");
    if (!abruptly) {
      this.happens("visibilitychange");
      this.happens("pagehide");
    }
    this.isGone = true;
    this.#end.abort();
    this.#leave();
    await Promise.all(this.#last);
  }
}

async function read(response: Response) {
  const { status, ok, headers } = response;
  return { status, ok, headers: new Headers(headers), text: await response.text() };
}

/** An answer of something in between, with whatever status, acknowledges nothing. */
function acknowledge({ acknowledged }: Witness, url: string, body: string, text: string): void {
  try {
    const said = JSON.parse(text) as { accepted?: unknown; outcome?: unknown };
    if (said.accepted === undefined && said.outcome === undefined && !url.endsWith("/beacon")) return;
    const { session, events } = JSON.parse(body) as { session: string; events: FlowEvent[] };
    for (const event of events) acknowledged.set(event.id, { session, event });
  } catch {}
}

/** Notes whose decision the server has refused because its token was too old; what is no answer of it says no such thing. */
export function noteLate(
  { tooLate }: Pick<Witness, "tooLate">,
  url: string,
  body: string,
  text: string,
): void {
  if (!url.endsWith("/decision")) return;
  try {
    const { error } = JSON.parse(text) as { error?: { code?: string } };
    const { session } = JSON.parse(body) as { session: string };
    if (error?.code === "session_expired") tooLate.add(session);
  } catch {}
}

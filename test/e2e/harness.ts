/** Real servers, a real site on another origin, a real browser. Nothing between them is replaced. */
import { execFile } from "node:child_process";
import { writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { describe } from "node:test";
import { setImmediate } from "node:timers/promises";
import { promisify } from "node:util";
import type { BrowserContextOptions, Page } from "playwright-core";
import { type Engine, namedEngines } from "../../scripts/engines.ts";
import type { RenumerateEventMap } from "../../src/events.ts";
import { chromiumDriver } from "./drivers/chromium.ts";
import { firefoxDriver } from "./drivers/firefox.ts";
import type { AnyPage, Driver, Preferences } from "./drivers/page.ts";
import { webkitDriver } from "./drivers/webkit.ts";
import { cli, install } from "./installation.ts";

const privateKey = "rk_sk_end_to_end_tests_0123456789";

export interface DomEvent {
  name: keyof RenumerateEventMap;
  detail: Record<string, unknown>;
}

/** What the demo's own backend says of billing, ledger and events. */
export interface State {
  now: number;
  customers: {
    id: string;
    name?: string;
    email?: string;
    address?: Record<string, string>;
    subscriptions: {
      id: string;
      status: string;
      price: { id: string; amount: number };
      periodEnd: number;
      trialEnd?: number;
      pausedUntil?: number;
      cancelAt?: number;
      discount?: { percentOff?: number; endsAt?: number };
      scheduledChange?: { price: { id: string }; at: number };
      nextCharge?: { amount: number; at: number };
      paymentMethod?: { brand: string; last4?: string };
      due?: { amount: number; at: number };
    }[];
    /** The newest first, as many as the demo shows. */
    invoices: { id: string; subscriptionId: string; amount: number; at: number; status: string }[];
  }[];
  ledger: {
    sessionId: string;
    subscriptionId: string;
    outcome?: string;
    reason?: string;
    reasonText?: string;
    offerType?: string;
    offerAccepted: boolean;
    confirmed: boolean;
    effectiveAt?: number;
    undoneAt?: number;
  }[];
  events: { id: string; type: string; sessionId: string; data: { subscription_id: string } }[];
}

/** With Playwright's pages in Chromium; in every engine, with what all of them can do. */
export interface World<AnyOf extends AnyPage = Page, Options = BrowserContextOptions> {
  /** The server's address. */
  url: string;
  /** The site's address: another origin than the server's. */
  site: string;
  privateKey: string;
  /** Runs the command line against the server's data. */
  renumerate(...args: string[]): Promise<string>;
  publish(definition: object): Promise<void>;
  /** What customers may do in the hub: these settings in place of all. */
  setHub(settings: object): Promise<void>;
  /** Moves the billing simulator's clock. */
  advance(days: number): Promise<void>;
  state(): Promise<State>;
  subscription(id: string): Promise<State["customers"][number]["subscriptions"][number]>;
  mint(customer: string, subscription?: string): Promise<string>;
  visit(options: Visit<Options>): Promise<Visitor<AnyOf>>;
  /** Stops the server hard or gently and starts it again on the same data and port. */
  restart(signal: NodeJS.Signals): Promise<void>;
  close(): Promise<void>;
}

export interface Visit<Options = BrowserContextOptions> {
  customer: string;
  subscription?: string;
  /** What the page has of ours; the cancel button if it does not say. */
  tag?: "cancel-button" | "subscription-hub";
  /** More markup for the page, and more attributes for the tag. */
  html?: string;
  attributes?: string;
  browser?: Options;
}

export interface Visitor<AnyOf extends AnyPage = Page> {
  page: AnyOf;
  /** The renumerate-* events so far, in order. */
  events(): Promise<DomEvent[]>;
  names(): Promise<string[]>;
  /** Faults of the page: exceptions and policy violations. */
  faults: string[];
  close(): Promise<void>;
}

/** A business's page: its events are kept where the test can read them. */
function pageOf(server: string, visit: Visit): string {
  const { customer, subscription, tag = "cancel-button", html = "", attributes = "" } = visit;
  const query = `customer=${customer}${subscription ? `&subscription=${subscription}` : ""}`;
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Billing</title><script type="module" src="${server}/embed.js"></script>
<script>
  window.fired = [];
  window.faults = [];
  addEventListener("error", (event) => window.faults.push(event.message));
  addEventListener("unhandledrejection", (event) => window.faults.push(String(event.reason)));
  addEventListener("securitypolicyviolation", (event) => window.faults.push(event.violatedDirective));
  for (const name of ["open","step","retained","cancelled","complete","close","error","change"])
    document.addEventListener("renumerate-" + name, (event) => window.fired.push({ name: event.type, detail: event.detail }));
</script></head>
<body><main><h1>Billing</h1>
<renumerate-${tag} session-url="/session?${query}" fallback-email="help@shop.example" ${attributes}>
  <a href="mailto:help@shop.example">Cancel by e-mail</a>
</renumerate-${tag}>${html}</main></body></html>`;
}

const drivers: Record<Engine, () => Driver<AnyPage, object>> = {
  chromium: chromiumDriver,
  firefox: firefoxDriver,
  webkit: webkitDriver,
};

/** Journeys that are the same in every engine: each is run in all that BROWSERS names. */
export function describeInEachEngine(title: string, journeys: (engine: Engine) => void): void {
  for (const engine of namedEngines()) describe(`${title}, in ${engine}`, () => journeys(engine));
}

export async function createWorld(): Promise<World>;
export async function createWorld(engine: Engine): Promise<World<AnyPage, Preferences>>;
export async function createWorld(engine: Engine = "chromium"): Promise<World<AnyPage, object>> {
  const installation = await install({
    RENUMERATE_PRIVATE_KEY: privateKey,
    RATE_LIMIT_PER_MINUTE: "10000",
    LOG_LEVEL: "error",
  });
  const { url, folder, env } = installation;
  const driver = drivers[engine]();

  const ask = (customer: string, subscription?: string) =>
    fetch(`${url}/v1/retention/session`, {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-Brand-Key": privateKey },
      body: JSON.stringify({
        retention: { customer_id: customer, ...(subscription ? { subscription_id: subscription } : {}) },
      }),
    });
  const mint: World["mint"] = async (customer, subscription) =>
    ((await (await ask(customer, subscription)).json()) as { id: string }).id;

  const pages = new Map<string, string>();
  const site = createServer(async (request, response) => {
    const { pathname, searchParams } = new URL(request.url as string, "http://site");
    if (pathname === "/session") {
      const answer = await ask(
        searchParams.get("customer") as string,
        searchParams.get("subscription") ?? undefined,
      ).catch(() => Response.json({}, { status: 502 }));
      response.writeHead(answer.status, { "Content-Type": "application/json" }).end(await answer.text());
    } else {
      const page = pages.get(pathname);
      response.writeHead(page ? 200 : 404, { "Content-Type": "text/html; charset=utf-8" }).end(page);
    }
  });
  await new Promise<void>((resolve) => site.listen(0, "localhost", resolve));
  const siteUrl = `http://localhost:${(site.address() as AddressInfo).port}`;

  const state = async () => (await (await fetch(`${url}/demo/api/state`)).json()) as State;

  const world: World<AnyPage, object> = {
    url,
    site: siteUrl,
    privateKey,
    mint,
    state,
    async renumerate(...args) {
      return (await promisify(execFile)(process.execPath, [cli, ...args], { env })).stdout;
    },
    async publish(definition) {
      const file = join(folder, "flow.json");
      writeFileSync(file, JSON.stringify(definition));
      await world.renumerate("flow", "publish", file, "--json");
    },
    async setHub(settings) {
      const file = join(folder, "hub.json");
      writeFileSync(file, JSON.stringify(settings));
      await world.renumerate("hub", "set", file, "--json");
    },
    async advance(days) {
      const { ok, status } = await fetch(`${url}/demo/api/clock`, {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ days }),
      });
      if (!ok) throw new Error(`the clock was not moved (${status})`);
    },
    async subscription(id) {
      const found = (await state()).customers
        .flatMap((each) => each.subscriptions)
        .find((each) => each.id === id);
      if (!found) throw new Error(`the simulator has no ${id}`);
      return found;
    },
    async visit(options) {
      const { page, faults, close } = await driver.open(options.browser ?? {});
      const path = `/${pages.size}.html`;
      pages.set(path, pageOf(url, options));
      await page.goto(siteUrl + path);
      const events = () => page.evaluate(() => (window as unknown as { fired: DomEvent[] }).fired);
      return {
        page,
        faults,
        events,
        names: async () => (await events()).map(({ name }) => name.replace("renumerate-", "")),
        close,
      };
    },
    restart: installation.restart,
    async close() {
      await driver.close();
      site.close();
      site.closeAllConnections();
      await installation.close();
    },
  };
  return world;
}

/** Waits for what happens in the background; the test's own time limit ends the waiting. */
export async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await setImmediate();
}

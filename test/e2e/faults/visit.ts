/** One customer on one page of a business, with everything behind the page able to fail. */
import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { type Browser, type BrowserContext, chromium, type Locator, type Page } from "playwright-core";
import { findBrowser } from "../../../scripts/browser.ts";
import { createFaultProxy, type FaultProxy, forwardTo } from "../fault-proxy.ts";
import type { Books, Customer, Shop } from "./shop.ts";

export const ADDRESS = "help@shop.example";
/** Milliseconds; long enough for a good answer on a busy machine. */
export const LIMIT = 3000;
export const OWN = "Cancel by telephone";

export type Element = "button" | "dialog" | "inline";
export type Source = "session-id" | "session-url" | "getAuthToken";

export interface Placing {
  element: Element;
  source?: Source;
  /** The page names an address for the worst case. */
  email?: boolean;
  /** The tag has content of its own. */
  children?: boolean;
  /** Milliseconds; the default where absent. */
  timeout?: number | undefined;
}

/** Where each kind of request goes, so that each can be failed alone and each port be closed alone. */
const CODE: Record<string, string> = { "/embed.js": "script" };
const API = /^\/v1\/(?:widget|session)\/(flow|events|beacon|decision|exchange)$/;

/** What the page has heard, and clicks among it. */
export interface Fired {
  name: string;
  detail: Record<string, unknown>;
  timeStamp: number;
}

export interface Site {
  /** Tells one story and checks that it has done no harm. */
  visit(placing: Placing, story: (visit: Visit) => Promise<void>): Promise<void>;
  close(): Promise<void>;
}

export async function openSite(shop: Shop): Promise<Site> {
  const browser = await chromium.launch({ executablePath: await findBrowser(), args: ["--no-sandbox"] });
  const pages = new Map<string, string>();
  const server = createServer(({ url = "" }, response) => {
    const page = pages.get(url);
    response.writeHead(page ? 200 : 404, { "content-type": "text/html; charset=utf-8" }).end(page);
  });
  await new Promise<void>((resolve) => server.listen(0, "localhost", resolve));
  const origin = `http://localhost:${(server.address() as AddressInfo).port}`;
  return {
    async visit(placing, story) {
      const customer = shop.customer();
      const path = `/${customer.id}.html`;
      const visit = await Visit.begin(shop, browser, customer, placing, origin + path);
      pages.set(path, visit.html);
      try {
        await story(visit);
        await visit.assertUnharmed();
      } finally {
        await visit.end();
      }
    },
    async close() {
      await browser.close();
      server.close();
      server.closeAllConnections();
    },
  };
}

export class Visit {
  declare readonly shop: Shop;
  declare readonly customer: Customer;
  declare readonly placing: Placing;
  declare readonly address: string;
  declare readonly html: string;
  declare readonly code: FaultProxy;
  declare readonly api: FaultProxy;
  /** The business's own backend. */
  declare readonly backend: FaultProxy;
  declare readonly context: BrowserContext;
  declare page: Page;
  /** What no page of ours may cause. */
  readonly harm: string[] = [];

  static async begin(
    shop: Shop,
    browser: Browser,
    customer: Customer,
    placing: Placing,
    address: string,
  ): Promise<Visit> {
    const forward = forwardTo(shop.url);
    const shared = { "access-control-allow-origin": "*", "content-type": "application/json" };
    const give = (value: object) => ({
      status: 200,
      headers: shared,
      body: Buffer.from(JSON.stringify(value)),
    });
    const [code, api, backend] = await Promise.all([
      createFaultProxy({
        kindOf: (path) => CODE[path] ?? (path.endsWith(".js") ? "chunk" : undefined),
        answer: forward,
      }),
      createFaultProxy({ kindOf: (path) => API.exec(path)?.[1], answer: forward }),
      createFaultProxy({
        kindOf: (path) => path.slice(1),
        answer: async ({ url }) =>
          give(url === "/session" ? { id: await shop.mint(customer) } : { token: shop.handshake(customer) }),
      }),
    ]);
    const visit = Object.assign(new Visit(), { shop, customer, placing, address, code, api, backend });
    const sessionId = placing.source === "session-id" ? await shop.mint(customer) : "";
    const context = await browser.newContext();
    return Object.assign(visit, { context, html: visit.#html(sessionId) });
  }

  #html(sessionId: string): string {
    const { element, source = "session-url", email = true, children = false, timeout = LIMIT } = this.placing;
    const attributes = [
      `api-url="${this.api.url}"`,
      `subscription-id="${this.customer.subscription}"`,
      source === "session-url" && `session-url="${this.backend.url}/session"`,
      source === "session-id" && `session-id="${sessionId}"`,
      email && `fallback-email="${ADDRESS}"`,
      timeout && `timeout="${timeout}"`,
      element === "inline" && "inline",
      element !== "button" && "open",
    ];
    const tag = element === "button" ? "renumerate-cancel-button" : "renumerate-retention-modal";
    const own = children ? `<a href="tel:+15550100">${OWN}</a>` : "";
    return `<!doctype html><html lang="en"><meta charset="utf-8"><title>Billing</title>
<script>
  window.fired = [];
  addEventListener("click", ({ timeStamp }) => {
    window.clicked = Date.now();
    window.fired.push({ name: "click", detail: {}, timeStamp });
  }, true);
  for (const name of ["open","step","retained","cancelled","complete","close","error"])
    document.addEventListener("renumerate-" + name, ({ type, detail, timeStamp }) =>
      window.fired.push({ name: type, detail, timeStamp }));
</script>
<script type="module" src="${this.code.url}/embed.js"></script>
<h1>Billing</h1><${tag} ${attributes.filter(Boolean).join(" ")}>${own}</${tag}>
<button onclick="document.querySelector('renumerate-retention-modal').show()">Show it again</button>
<script>
  ${
    source === "getAuthToken"
      ? `document.querySelector("${tag}").getAuthToken = async () =>
    (await (await fetch("${this.backend.url}/handshake")).json()).token;`
      : ""
  }
</script></html>`;
  }

  /** Loads the page; where the element is open from the start, the flow with it. */
  async arrive(waitUntil: "load" | "commit" = "load"): Promise<void> {
    await this.newPage();
    await this.page.goto(this.address, { waitUntil });
  }

  /** Another tab, or another visit: the same browser. */
  async newPage(): Promise<Page> {
    this.page = await this.context.newPage();
    this.page.setDefaultTimeout(15_000);
    this.page.on("pageerror", ({ name, message }) => {
      // A file of which half is missing says so itself.
      if (name !== "SyntaxError") this.harm.push(`page error: ${message}`);
    });
    this.page.on("console", (message) => {
      const text = message.text();
      if (message.type() !== "error") return;
      if (/^Failed to load resource|blocked by CORS policy|Failed to load module script/.test(text)) return;
      // What cannot be drawn is for the developer to know.
      if (/^RangeError: Invalid/.test(text)) return;
      this.harm.push(`console: ${text}`);
    });
    return this.page;
  }

  /** The flow, wherever it is shown. */
  get flow(): Locator {
    return this.page.locator("renumerate-retention-modal");
  }

  heading(name: string | RegExp): Locator {
    return this.flow.getByRole("heading", { name, exact: typeof name === "string" });
  }

  button(name: string): Locator {
    return this.flow.getByRole("button", { name, exact: true });
  }

  press(name: string): Promise<void> {
    return this.button(name).click();
  }

  /** The customer's own way in. */
  async open(): Promise<void> {
    const { element } = this.placing;
    if (element === "button")
      await this.page.locator("renumerate-cancel-button").click({ position: { x: 9, y: 9 } });
    else await this.page.getByRole("button", { name: "Show it again" }).click();
  }

  async shows(name: string | RegExp): Promise<void> {
    await this.heading(name).waitFor();
  }

  /** Leaves the dialog; what is part of the page is taken away by the page. */
  async shut(): Promise<void> {
    if (this.placing.element === "inline")
      await this.flow.evaluate((modal: HTMLElement & { close(): void }) => modal.close());
    else await this.button("Close").click();
    await this.heading(/./).waitFor({ state: "hidden" });
  }

  fired(): Promise<Fired[]> {
    return this.page.evaluate(() => (window as unknown as { fired: Fired[] }).fired);
  }

  async names(): Promise<string[]> {
    return (await this.fired())
      .filter(({ name }) => name !== "click")
      .map(({ name }) => name.replace("renumerate-", ""));
  }

  /** When the customer clicked last, by the page's own clock. */
  clicked(): Promise<number> {
    return this.page.evaluate(() => (window as unknown as { clicked: number }).clicked);
  }

  /** What is kept in this browser. */
  kept(): Promise<string[]> {
    return this.page.evaluate(() => Object.entries(localStorage).map((entry) => entry.join("=")));
  }

  /** Resolves when nothing is kept in this browser any more. */
  async emptied(): Promise<void> {
    await this.page.waitForFunction(() => localStorage.length === 0);
  }

  books(): Promise<Books> {
    return this.shop.books(this.customer);
  }

  /** Nothing has happened that nobody asked for. */
  async assertUnharmed(): Promise<void> {
    const harmed = await this.page.evaluate(
      () => "harmed" in window || "harmed" in {} || sessionStorage.length > 0 || document.cookie !== "",
    );
    assert.equal(harmed, false, "the page was changed");
    assert.deepEqual(this.harm, []);
  }

  async end(): Promise<void> {
    await this.context.close();
    await Promise.all([this.code, this.api, this.backend].map((each) => each.close()));
  }
}

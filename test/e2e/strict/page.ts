/** Pages with headers and scripts of their own, in front of a real server. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Page } from "playwright-core";
import type { DomEvent, Visitor, World } from "../harness.ts";
import type { Files } from "./builds.ts";

/** What a page notes from its first moment on, whatever its policy says about scripts. */
interface Notes {
  names: string[];
  violations: string[];
  fired: DomEvent[];
}

declare global {
  interface Window {
    notes: Notes;
  }
}

export interface Strict {
  head?: string;
  /** More attributes of the button. */
  attributes?: string;
  policy?: string;
  /** Puts the page on the server's own origin. */
  atServer?: boolean;
  /** Files of another release, at `/old/` of the server, and of the page's own bundle, at `/own/` of its site. */
  old?: Files;
  own?: Files;
  customer: string;
}

function takeNotes(): void {
  const notes: Notes = { names: [], violations: [], fired: [] };
  Object.defineProperty(window, "notes", { value: notes });
  notes.names = [...Object.getOwnPropertyNames(window), ...Reflect.ownKeys(Symbol)].map(String);
  document.addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI, sample }) =>
    notes.violations.push(`${violatedDirective} ${blockedURI} ${sample}`.trim()),
  );
  for (const name of ["open", "step", "retained", "cancelled", "complete", "close", "error"]) {
    document.addEventListener(`renumerate-${name}`, (event) =>
      notes.fired.push({ name: event.type, detail: (event as CustomEvent).detail } as DomEvent),
    );
  }
}

/** A site whose one page comes with these headers; a page that the driver makes up may not talk to the local network. */
async function serveSite(page: string, headers: Record<string, string>, files: Files) {
  const site = createServer(({ url }, response) => {
    const file = files.get(url?.split("/").at(-1) ?? "");
    if (file) response.writeHead(200, { "Content-Type": "text/javascript" }).end(file);
    else response.writeHead(200, { "Content-Type": "text/html", ...headers }).end(page);
  });
  await new Promise<void>((resolve) => site.listen(0, "localhost", resolve));
  const close = () => {
    site.close();
    site.closeAllConnections();
  };
  return { url: `http://localhost:${(site.address() as AddressInfo).port}/`, close };
}

/** Opens a page with a button of a new session. */
export async function visitStrict(world: World, options: Strict): Promise<Visitor & { warnings: string[] }> {
  const { customer, head = script(world), attributes = "", policy, atServer, old, own = new Map() } = options;
  const visitor = await world.visit({ customer });
  const { page } = visitor;
  page.setDefaultTimeout(6_000);
  const warnings: string[] = [];
  page.on("console", (message) => message.type() === "warning" && warnings.push(message.text()));
  await page.addInitScript(takeNotes);
  const body = `<!doctype html><html lang="en"><meta charset="utf-8"><title>Strict</title>${head}
<h1>Billing</h1><renumerate-cancel-button session-id="${await world.mint(customer)}" fallback-email="help@shop.example"
${attributes}><a href="/by-mail">Cancel by e-mail</a></renumerate-cancel-button>`;
  const headers: Record<string, string> = policy ? { "Content-Security-Policy": policy } : {};
  const site = await serveSite(body, headers, own);
  const address = atServer ? `${world.url}/strict.html` : site.url;
  if (atServer) {
    headers["Content-Type"] = "text/html";
    await page.route(address, (route) => route.fulfill({ headers, body }));
  }
  if (old) {
    await page.route(`${world.url}/old/*.js`, (route) =>
      route.fulfill({
        headers: { "Content-Type": "text/javascript", "Access-Control-Allow-Origin": "*" },
        body: old.get(new URL(route.request().url()).pathname.split("/").at(-1) as string) ?? "",
      }),
    );
  }
  await page.goto(address);
  const close = () => {
    site.close();
    return visitor.close();
  };
  return { ...visitor, warnings, close };
}

export const script = (world: World, attributes = "") =>
  `<script type="module" ${attributes} src="${world.url}/embed.js"></script>`;

export const cancelButton = (page: Page) =>
  page.locator("renumerate-cancel-button").getByRole("button", { name: "Cancel subscription" });

/** From the first click to the words that it is done. */
export async function cancel(page: Page): Promise<void> {
  await cancelButton(page).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("button", { name: "Cancel subscription" }).click();
  await dialog.getByRole("heading", { name: "Confirm your cancellation" }).waitFor();
  await dialog.getByRole("button", { name: "Cancel subscription" }).click();
  await dialog.getByRole("heading", { name: "Your subscription is cancelled" }).waitFor();
}

export const notesOf = (page: Page) => page.evaluate(() => window.notes);
export const namesOf = async (page: Page) =>
  (await notesOf(page)).fired.map(({ name }) => name.replace("renumerate-", ""));

/**
 * A site with a client that knows the hosted pages by their addresses and messages alone. It is written from the
 * protocol (docs/hosted.md), shares no code with what it talks to, and notes every message that reaches the page.
 */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { FrameLocator, Page } from "playwright-core";

export interface Message {
  /** Whose frame it came from. */
  from: "retention" | "subscription" | undefined;
  origin: string;
  type: string;
  data: unknown;
}

/** What the page does with messages. */
export type Manner =
  /** All of the protocol, of the subscription in a hub's request too. */
  | "client"
  /** All of it, but hands on the session of a hub alone. */
  | "older"
  /** Opens a dialog in which it talks to the customer itself. */
  | "dialog"
  /** Says that it has taken over. */
  | "accepts"
  /** Nobody listens. */
  | "silent";

export interface Shop {
  /** Shows the page with a frame in it; for `/retention` in a dialog. */
  embed(page: Page, path: "/retention" | "/subs", query: string, manner?: Manner): Promise<void>;
  close(): Promise<void>;
}

/** Runs in the page. */
function client(server: string, manner: Manner, path: string, query: string): void {
  const heard: Message[] = [];
  Object.assign(window, { heard });
  let dialog: HTMLDialogElement | undefined;
  let retention: HTMLIFrameElement | undefined;
  let hub: HTMLIFrameElement | undefined;

  const frame = (address: string, title: string) => {
    const made = document.createElement("iframe");
    made.src = `${server}${address}`;
    made.title = title;
    made.style.cssText = "box-sizing: content-box; border: 0; width: 100%; height: 300px";
    return made;
  };
  const open = (search: string) => {
    const opened = document.createElement("dialog");
    retention = frame(`/retention?${search}`, "Retention");
    opened.append(retention);
    opened.addEventListener("close", () => {
      opened.remove();
      hub?.contentWindow?.postMessage({ type: "on-complete", data: {} }, server);
    });
    document.body.append(opened);
    opened.showModal();
    dialog = opened;
  };

  const acts: Record<string, (data: Record<string, string & number>, source: Window) => void> = {
    "cancel-subscription": ({ sessionId, subscriptionId }, source) => {
      if (manner === "accepts")
        source.postMessage({ type: "cancel-subscription-accepted", data: {} }, server);
      else if (manner === "dialog") {
        dialog = document.createElement("dialog");
        dialog.append(document.createElement("input"));
        document.body.append(dialog);
        dialog.showModal();
      } else {
        const wanted = manner === "client" ? `&subscription_id=${subscriptionId}` : "";
        open(`session_id=${sessionId}${wanted}`);
      }
    },
    resize: ({ iframe, height }) => {
      const target = iframe === "subscription" ? hub : retention;
      if (target && typeof height === "number" && height > 0) target.style.height = `${height}px`;
    },
    "close-dialog": () => dialog?.close(),
  };
  addEventListener("message", ({ origin, source, data }) => {
    const from =
      source === retention?.contentWindow
        ? "retention"
        : source === hub?.contentWindow
          ? "subscription"
          : undefined;
    heard.push({ from, origin, ...data });
    if (manner !== "silent" && origin === server) acts[data.type]?.(data.data, source as Window);
  });

  if (path === "/subs") {
    hub = frame(`/subs?${query}`, "SubscriptionHub");
    document.body.append(hub);
  } else open(query);
}

/** @param host another one is another site */
export async function openShop(server: string, host = "localhost"): Promise<Shop> {
  const pages = new Map<string, string>();
  const site = createServer(({ url = "" }, response) => {
    response.writeHead(200, { "Content-Type": "text/html; charset=utf-8" }).end(pages.get(url));
  });
  await new Promise<void>((resolve) => site.listen(0, host, resolve));
  const origin = `http://${host}:${(site.address() as AddressInfo).port}`;
  return {
    async embed(page, path, query, manner = "client") {
      const address = `/${pages.size}.html`;
      const given = [server, manner, path, query].map((each) => JSON.stringify(each)).join();
      pages.set(
        address,
        `<!doctype html><html lang="en"><meta charset="utf-8"><title>Billing</title><h1>Billing</h1>
<script>(${client})(${given})</script>`,
      );
      await page.goto(origin + address);
    },
    async close() {
      site.close();
      site.closeAllConnections();
    },
  };
}

export const heardBy = (page: Page): Promise<Message[]> =>
  page.evaluate(() => (window as unknown as { heard: Message[] }).heard);

/** What was heard, but for how high a frame wants to be. */
export const wordsTo = async (page: Page): Promise<Message[]> =>
  (await heardBy(page)).filter(({ type }) => type !== "resize");

export const retentionIn = (page: Page): FrameLocator => page.frameLocator("iframe[title='Retention']");
export const hubIn = (page: Page): FrameLocator => page.frameLocator("iframe[title='SubscriptionHub']");

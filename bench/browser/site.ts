/** A business's pages: with the tags, or with a shell around a frame in their place. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

export interface Site {
  readonly url: string;
  /** Holds a page ready. @returns its path */
  add(page: string): string;
  close(): Promise<void>;
}

/** @param mint makes a session for a customer, at once: the site's own backend is near the server */
export async function openSite(mint: (customer: string) => Promise<string>): Promise<Site> {
  const pages: string[] = [];
  const server = createServer(async (request, response) => {
    const { pathname, searchParams } = new URL(request.url as string, "http://site");
    if (pathname === "/session") {
      const id = await mint(searchParams.get("customer") as string);
      response.writeHead(200, { "Content-Type": "application/json" }).end(JSON.stringify({ id }));
      return;
    }
    const page = pages[Number(pathname.slice(1))];
    response.writeHead(page ? 200 : 404, { "Content-Type": "text/html; charset=utf-8" }).end(page);
  });
  await new Promise<void>((resolve) => server.listen(0, "localhost", resolve));
  return {
    url: `http://localhost:${(server.address() as AddressInfo).port}`,
    add: (page) => `/${pages.push(page) - 1}`,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const page = (
  head: string,
  body: string,
): string => `<!doctype html><html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width"><link rel="icon" href="data:,"><title>Billing</title>${head}</head>
<body><main><h1>Billing</h1>${body}</main></body></html>`;

/** @param tags with their attributes */
export const withTags = (server: string, tags: string): string =>
  page(`<script type="module" src="${server}/embed.js"></script>`, tags);

/**
 * What the Renumerate client 0.7.7 does: its script is a part of the page's own, and a click makes a dialog with a frame
 * of the hosted page, whose address has the session id.
 */
export const withShell = (server: string, sessionId: string): string =>
  page(
    `<style>
      dialog { width: 412px; max-width: 90%; padding: 0; border: 0; background: none }
      dialog::backdrop { background: rgba(0, 0, 0, .4) }
      dialog div { background: #fcfbf9; border-radius: 8px; padding: 24px; box-shadow: rgba(149, 157, 165, .2) 0 8px 24px }
      iframe { width: 100%; min-height: 304px; border: 0; transition: height .3s }
    </style>`,
    `<button type="button">Cancel Subscription</button>
    <script>
      document.querySelector("button").onclick = () => {
        const dialog = document.createElement("dialog");
        const content = document.createElement("div");
        const close = document.createElement("button");
        close.ariaLabel = "Close";
        close.textContent = "×";
        close.onclick = () => dialog.close();
        const frame = document.createElement("iframe");
        frame.src = "${server}/retention?session_id=${encodeURIComponent(sessionId)}";
        content.append(close, frame);
        dialog.append(content);
        dialog.onclose = () => dialog.remove();
        document.body.append(dialog);
        dialog.showModal();
        close.blur();
      };
      addEventListener("message", ({ origin, data }) => {
        if (origin === "${server}" && data.type === "resize")
          document.querySelector("iframe").style.height = data.data.height + "px";
      });
    </script>`,
  );

/** A small site for a test: what `answer` returns for a request, on a free port of localhost. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

export interface Served {
  url: string;
  close(): void;
}

/** @param answer a path that it returns nothing for is not there */
export async function serve(
  answer: (request: Request) => Response | undefined | Promise<Response | undefined>,
): Promise<Served> {
  const server = createServer(async (incoming, outgoing) => {
    const url = `http://localhost:${(server.address() as AddressInfo).port}${incoming.url}`;
    const headers = new Headers(incoming.headers as Record<string, string>);
    const response = await answer(new Request(url, { method: incoming.method ?? "GET", headers }));
    outgoing.writeHead(response?.status ?? 404, Object.fromEntries(response?.headers ?? []));
    outgoing.end(response && Buffer.from(await response.arrayBuffer()));
  });
  await new Promise<void>((resolve) => server.listen(0, "localhost", resolve));
  return {
    url: `http://localhost:${(server.address() as AddressInfo).port}`,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

export const html = (body: string, head = ""): Response =>
  new Response(
    `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Page</title>${head}</head><body>${body}</body></html>`,
    { headers: { "Content-Type": "text/html; charset=utf-8" } },
  );

/** A real server on a free port that does what a test says, and remembers what it was asked. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import type { TestContext } from "node:test";

export interface Asked {
  method: string;
  /** Path and query. */
  url: string;
  headers: IncomingMessage["headers"];
  body: string;
}

/** What a widget says: its token, and the rest. */
export function said(asked: Pick<Asked, "body"> | undefined): {
  token: unknown;
  fields: Record<string, unknown>;
} {
  const { token, ...fields } = JSON.parse(asked?.body ?? "{}");
  return { token, fields };
}

/** `count` is 1 for the first request. Not answering is an answer, too. */
export type Answer = (response: ServerResponse, asked: Asked, count: number) => void;

export interface Server {
  url: string;
  asked: Asked[];
  answer: Answer;
  /** Resolves with the next request. */
  next(): Promise<Asked>;
}

export async function listen(t: TestContext, answer: Answer): Promise<Server> {
  let waiting: ((asked: Asked) => void)[] = [];
  const server: Server = {
    url: "",
    asked: [],
    answer,
    next: () => new Promise((resolve) => waiting.push(resolve)),
  };
  const http = createServer(async (request, response) => {
    const { method = "", url = "", headers } = request;
    const asked = { method, url, headers, body: await text(request) };
    const count = server.asked.push(asked);
    server.answer(response, asked, count);
    const told = waiting;
    waiting = [];
    for (const tell of told) tell(asked);
  });
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    http.closeAllConnections();
    http.close();
  });
  server.url = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
  return server;
}

export function json(
  response: ServerResponse,
  body: unknown,
  status = 200,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, { "Content-Type": "application/json", ...headers }).end(JSON.stringify(body));
}

/** A failure in the server's own words. */
export function refuse(
  response: ServerResponse,
  status: number,
  code: string,
  headers?: Record<string, string>,
): void {
  json(response, { error: { type: "api_error", code, message: `About ${code}.` } }, status, headers);
}

/** The real fetch, and what it was called with. */
export function watchedFetch(): { fetch: typeof fetch; inits: RequestInit[] } {
  const inits: RequestInit[] = [];
  return {
    inits,
    fetch: (input, init) => {
      inits.push(init ?? {});
      return fetch(input, init);
    },
  };
}

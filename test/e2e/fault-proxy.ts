/**
 * A server in front of a server that can be told to fail: each kind of request in its own way, from now on or for the
 * next few times. What it does not fail goes through.
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";

export interface Answer {
  status: number;
  headers: Record<string, string>;
  body: Buffer;
}

export interface Exchange {
  request: IncomingMessage;
  /** What the browser has sent. */
  body: Buffer;
  response: ServerResponse;
  socket: Socket;
  /** What it would have been answered with; asking for it carries the request out. */
  answer(): Promise<Answer>;
  send(answer: Answer): void;
  /** Calls again and again until the connection is gone. */
  every(milliseconds: number, work: () => void): void;
}

/** Takes the place of an answer. */
export type Fault = (exchange: Exchange) => unknown;

export interface Call {
  kind: string;
  body: string;
  /** When it came, in milliseconds since 1970. */
  at: number;
  /** Whether the request reached what is behind. */
  carriedOut: boolean;
}

export interface FaultProxy {
  readonly url: string;
  readonly calls: readonly Call[];
  /** Paths that a browser has asked about before it asked. */
  readonly preflights: readonly string[];
  /** From now on, or for so many requests. */
  fail(kind: string, fault: Fault, times?: number): void;
  /** Everything goes through again; what hangs goes on hanging. */
  mend(): void;
  /** The port is closed. */
  down(): Promise<void>;
  up(): Promise<void>;
  /** Resolves when the next request of this kind is there. */
  arrived(kind: string): Promise<void>;
  close(): Promise<void>;
}

export interface Upstream {
  /** Requests that no kind is given are never failed. */
  kindOf(path: string): string | undefined;
  answer(request: IncomingMessage, body: Buffer): Promise<Answer>;
}

/** Hands on to another origin. */
export const forwardTo =
  (origin: string): Upstream["answer"] =>
  async ({ method = "GET", url, headers }, body) => {
    const { host: _, connection: __, "content-length": ___, ...rest } = headers;
    const answer = await fetch(origin + url, {
      method,
      redirect: "manual",
      headers: { ...(rest as Record<string, string>), "accept-encoding": "identity" },
      ...(body.length && { body: new Uint8Array(body) }),
    });
    const { "transfer-encoding": ____, connection: _____, ...kept } = Object.fromEntries(answer.headers);
    return { status: answer.status, headers: kept, body: Buffer.from(await answer.arrayBuffer()) };
  };

async function read(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks);
}

export async function createFaultProxy({ kindOf, answer }: Upstream): Promise<FaultProxy> {
  const faults = new Map<string, { fault: Fault; left: number }>();
  const calls: Call[] = [];
  const preflights: string[] = [];
  const waiting = new Map<string, () => void>();

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname } = new URL(request.url as string, "http://proxy");
    const body = await read(request);
    const { socket } = response;
    if (!socket) return;
    const send = ({ status, headers, body }: Answer) =>
      void response.writeHead(status, { ...headers, "content-length": body.length }).end(body);
    if (request.method === "OPTIONS") preflights.push(pathname);
    const kind = request.method === "OPTIONS" ? undefined : kindOf(pathname);
    if (kind === undefined) return send(await answer(request, body));

    const call: Call = { kind, body: body.toString(), at: Date.now(), carriedOut: false };
    calls.push(call);
    const carryOut = async () => {
      const given = await answer(request, body);
      call.carriedOut = true;
      return given;
    };
    waiting.get(kind)?.();
    waiting.delete(kind);
    const found = faults.get(kind);
    if (!found?.left) return send(await carryOut());
    found.left--;
    const every = (milliseconds: number, work: () => void) => {
      const timer = setInterval(work, milliseconds);
      socket.once("close", () => clearInterval(timer));
    };
    await found.fault({ request, body, response, socket, answer: carryOut, send, every });
  }

  const server = createServer((request, response) => {
    // A browser that has gone away in the middle is no fault of this server.
    serve(request, response).catch(() => response.socket?.destroy());
  });
  const listen = (port: number) => new Promise<void>((resolve) => server.listen(port, "localhost", resolve));
  const down = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  await listen(0);
  const { port } = server.address() as AddressInfo;

  return {
    url: `http://localhost:${port}`,
    calls,
    preflights,
    fail: (kind, fault, times = Number.POSITIVE_INFINITY) => void faults.set(kind, { fault, left: times }),
    mend: () => faults.clear(),
    down,
    up: () => listen(port),
    arrived: (kind) => new Promise((resolve) => waiting.set(kind, resolve)),
    close: () => (server.listening ? down() : Promise.resolve()),
  };
}

/**
 * One address for several servers: each request goes to the next of them, whatever connection it came over. A server that
 * takes no connection is passed over. A request is sent again only if nobody can have acted on it.
 */
import { once } from "node:events";
import {
  Agent,
  request as ask,
  type ClientRequest,
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type ServerResponse,
} from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { pipeline } from "node:stream";
import { connectionLimits, protect } from "../../server/src/http/limits.ts";

export interface Entrance {
  url: string;
  close(): void;
}

/** Of one connection, not of the message; `expect` is answered here. */
const OF_A_CONNECTION = new Set([
  "connection",
  "keep-alive",
  "proxy-connection",
  "te",
  "trailer",
  "upgrade",
  "expect",
]);

const passedOn = (headers: IncomingHttpHeaders): IncomingHttpHeaders =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => !OF_A_CONNECTION.has(name)));

/** Asking twice is as good as asking once. */
const REPEATABLE = ["GET", "HEAD", "OPTIONS"];

/** @param servers origins, as they are at the moment of each request */
export async function openProxy(servers: () => readonly string[]): Promise<Entrance> {
  const agent = new Agent({ keepAlive: true });
  let turn = 0;
  const server = protect(
    createServer(connectionLimits, (incoming, outgoing) => {
      const all = servers();
      const first = turn++ % Math.max(1, all.length);
      forward({ incoming, outgoing, agent }, [...all.slice(first), ...all.slice(0, first)]);
    }),
  );
  server.listen(0, "localhost");
  await once(server, "listening");
  return {
    url: `http://localhost:${(server.address() as AddressInfo).port}`,
    close() {
      server.close();
      server.closeAllConnections();
      agent.destroy();
    },
  };
}

interface Exchange {
  incoming: IncomingMessage;
  outgoing: ServerResponse;
  agent: Agent;
}

function forward({ incoming, outgoing, agent }: Exchange, [server, ...others]: readonly string[]): void {
  if (outgoing.destroyed) return;
  if (server === undefined) {
    fail(outgoing);
    return;
  }
  const { hostname, port } = new URL(server);
  const { method = "GET", url: path = "/" } = incoming;
  const headers = {
    ...passedOn(incoming.headers),
    "x-forwarded-for": incoming.socket.remoteAddress ?? "",
    "x-forwarded-proto": "http",
  };
  const request = ask({ hostname, port, method, path, headers, agent });
  let isSent = false;
  request.once("socket", (socket: Socket) => {
    const send = () => {
      isSent = true;
      incoming.pipe(request);
    };
    if (socket.connecting) socket.once("connect", send);
    else send();
  });
  request.once("response", (answer) => {
    outgoing.writeHead(answer.statusCode ?? 502, answer.statusMessage, passedOn(answer.headers));
    pipeline(answer, outgoing, () => {});
  });
  request.once("error", () => {
    if (outgoing.headersSent) outgoing.destroy();
    else if (!isSent) forward({ incoming, outgoing, agent }, others);
    else if (wasLate(request, method)) forward({ incoming, outgoing, agent }, [server, ...others]);
    else fail(outgoing);
  });
  outgoing.once("close", () => {
    // Whoever asked has gone.
    if (!outgoing.writableFinished) request.destroy();
  });
}

/** A connection that was kept alive can end in the moment in which it is used again. */
const wasLate = (request: ClientRequest, method: string): boolean =>
  request.reusedSocket && REPEATABLE.includes(method);

function fail(outgoing: ServerResponse): void {
  if (!outgoing.headersSent) outgoing.writeHead(502, { "Content-Type": "text/plain" });
  outgoing.end();
}

/**
 * What is refused before there is a request: headers that are too long, what comes too slowly, and what two servers in a row
 * could read in two ways. What Node's own parser refuses already is not repeated here; a body has limits of its own.
 */
import type { IncomingMessage, RequestListener, Server, ServerOptions, ServerResponse } from "node:http";
import type { Socket } from "node:net";

/** Milliseconds and bytes. */
export const connectionLimits = {
  /** Request line and headers together: a page's own address and its site's cookies fit in. Beyond it: 431. */
  maxHeaderSize: 16_384,
  /** From the first byte, or from the connection, to the end of the headers. Beyond it: 408. */
  headersTimeout: 15_000,
  /** The same to the end of the body: half a megabyte over a bad connection. */
  requestTimeout: 60_000,
  /** Longer than proxies keep theirs, which would otherwise send a request into a connection that is just closing. */
  keepAliveTimeout: 65_000,
  /** How exact the first two are. */
  connectionsCheckingInterval: 1_000,
} as const satisfies ServerOptions;

/** Without a byte in either direction, ms: whoever asks for much and does not read it. */
export const LONGEST_SILENCE = 120_000;

/** Three times what a browser and the proxies in front of us send: Node counts the bytes of names and values alone. Beyond it: 431. */
export const MOST_HEADERS = 100;

/** Of one connection, sent without waiting for answers: browsers never do, and each is carried out and kept until it is its turn. */
export const MOST_UNANSWERED = 16;

/** @returns the same server */
export function protect<Any extends Server>(server: Any, silence = LONGEST_SILENCE): Any {
  server.setTimeout(silence);
  server.maxHeadersCount = MOST_HEADERS;
  const listeners = server.listeners("request") as RequestListener[];
  server.removeAllListeners("request");
  const unanswered = new WeakMap<Socket, number>();
  server.on("request", (request: IncomingMessage, response: ServerResponse) => {
    const { socket } = request;
    // What had come in the same piece is still read.
    if (socket.destroyed) return;
    const count = (unanswered.get(socket) ?? 0) + 1;
    if (count > MOST_UNANSWERED) return void socket.destroy();
    unanswered.set(socket, count);
    response.once("close", () => unanswered.set(socket, (unanswered.get(socket) ?? 1) - 1));
    if (isAmbiguous(request)) return refuse(response);
    for (const listener of listeners) listener.call(server, request, response);
  });
  return server;
}

/**
 * Node takes the first of several hosts, any coding before `chunked`, chunks of HTTP/1.0 and requests without a version
 * (RFC 9112: 3.2, 6.1). What stands in front may take the other.
 */
function isAmbiguous({ rawHeaders, httpVersion }: IncomingMessage): boolean {
  let hosts = 0;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] as string;
    // By their lengths first: this is asked of every request.
    if (name.length === 4 && name.toLowerCase() === "host") hosts++;
    else if (name.length === 17 && name.toLowerCase() === "transfer-encoding") {
      if (httpVersion !== "1.1" || rawHeaders[at + 1]?.toLowerCase() !== "chunked") return true;
    }
  }
  return hosts > 1 || httpVersion === "0.9";
}

function refuse(response: ServerResponse): void {
  response.writeHead(400, { Connection: "close", "Content-Length": 0 }).end();
}

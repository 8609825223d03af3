/** An endpoint of a business on this machine: it keeps what it is sent and answers as it is told. */
import { once } from "node:events";
import { createServer, type RequestListener, type ServerResponse } from "node:http";
import { createServer as createSecureServer } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import { text } from "node:stream/consumers";

export interface Received {
  method: string;
  path: string;
  headers: Record<string, string>;
  /** As it came. */
  body: string;
  /** For TLS: the name that was asked for. */
  servername?: string;
}

export interface Receiver extends AsyncDisposable {
  port: number;
  url: string;
  received: Received[];
  /** Resolves once so many have come altogether. */
  arrived(count: number): Promise<void>;
}

export type Reaction = (response: ServerResponse, received: Received, index: number) => void;

export const say =
  (status: number, body = "", headers: Record<string, string> = {}): Reaction =>
  (response) =>
    void response.writeHead(status, headers).end(body);

/** It never says anything. */
export const silence: Reaction = () => {};

export async function receiver(
  react: Reaction = say(204),
  tls?: { cert: string; key: string },
): Promise<Receiver> {
  const received: Received[] = [];
  let waiting: { count: number; resolve: () => void }[] = [];
  const sockets = new Set<Socket>();
  const listener: RequestListener = async (request, response) => {
    const { method = "", url: path = "", headers, socket } = request;
    const body = await text(request).catch(() => undefined);
    if (body === undefined) return;
    const servername = "servername" in socket ? { servername: String(socket.servername || "") } : {};
    const one = { method, path, headers: headers as Record<string, string>, body, ...servername };
    received.push(one);
    react(response, one, received.length - 1);
    waiting = waiting.filter(({ count, resolve }) => count > received.length || resolve());
  };
  const server = tls ? createSecureServer(tls, listener) : createServer(listener);
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    port,
    url: `${tls ? "https" : "http"}://127.0.0.1:${port}/hooks`,
    received,
    arrived: (count) =>
      received.length >= count
        ? Promise.resolve()
        : new Promise((resolve) => waiting.push({ count, resolve })),
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

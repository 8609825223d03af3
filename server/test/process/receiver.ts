/** A business's own program that hears webhooks. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { Webhook } from "standardwebhooks";

export interface Heard {
  id: string;
  type: string;
  headers: Record<string, string>;
  body: { id: string; type: string; data: Record<string, unknown> };
  /** It does not verify. */
  fault?: unknown;
}

export interface Receiver extends AsyncDisposable {
  url: string;
  heard: Heard[];
  /** Fits what it is told with. Set it before anything arrives. */
  secret: string;
  /** Decides about an answer. Undefined keeps it open until whoever asked is gone. */
  answer: (heard: Heard) => number | undefined;
  /** Resolves as soon as what was heard is as wanted. */
  until(wanted: (heard: readonly Heard[]) => boolean): Promise<void>;
}

export async function openReceiver(): Promise<Receiver> {
  const waiting = new Set<() => void>();
  const held = new Set<ServerResponse>();
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk) => chunks.push(chunk));
    request.on("end", () => {
      const text = Buffer.concat(chunks).toString();
      const status = hear(request.headers as Record<string, string>, text);
      if (status === undefined) held.add(response);
      else response.writeHead(status).end();
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");

  function hear(headers: Record<string, string>, text: string): number | undefined {
    const body = JSON.parse(text) as Heard["body"];
    const heard: Heard = { id: headers["webhook-id"] ?? "", type: body.type, headers, body };
    try {
      new Webhook(receiver.secret).verify(text, headers);
    } catch (fault) {
      heard.fault = fault;
    }
    receiver.heard.push(heard);
    const status = receiver.answer(heard);
    for (const look of waiting) look();
    return status;
  }

  const receiver: Receiver = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hooks`,
    heard: [],
    secret: "",
    answer: () => 204,
    until(wanted) {
      const { promise, resolve } = Promise.withResolvers<void>();
      const look = () => {
        if (!wanted(receiver.heard)) return;
        waiting.delete(look);
        resolve();
      };
      waiting.add(look);
      look();
      return promise;
    },
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
      for (const response of held) response.destroy();
    },
  };
  return receiver;
}

/** Makes an endpoint for it. */
export async function listen(
  receiver: Receiver,
  { url, key, events = ["*"] }: { url: string; key: string; events?: string[] },
): Promise<string> {
  const response = await fetch(`${url}/api/v1/webhook-endpoints`, {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-API-Key": key },
    body: JSON.stringify({ url: receiver.url, events }),
  });
  const made = (await response.json()) as { id: string; secret: string };
  assert.equal(response.status, 201, JSON.stringify(made));
  receiver.secret = made.secret;
  return made.id;
}

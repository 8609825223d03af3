/** The yardstick for all that is said over HTTP: Node's own server, which reads the same JSON and answers the same bytes. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { answer } from "./answering.ts";

export interface Captured {
  method: string;
  path: string;
  status: number;
  /** Names and values in turn. */
  headers: string[];
  body: string;
}

const answers = new Map<string, Captured & { bytes: Buffer }>();

async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  if (chunks.length) JSON.parse(Buffer.concat(chunks).toString());
  const found = answers.get(`${request.method} ${request.url}`);
  if (found) response.writeHead(found.status, found.headers).end(found.bytes);
  else response.writeHead(404).end();
}

const server = createServer((request, response) => void serve(request, response));

answer({
  listen: async () => {
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  },
  learn: (captured: Captured) => {
    answers.set(`${captured.method} ${captured.path}`, { ...captured, bytes: Buffer.from(captured.body) });
  },
});

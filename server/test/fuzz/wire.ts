/**
 * Requests as bytes on a connection, so that Node's own reading of HTTP takes part, and some as no client would send them:
 * odd bytes, addresses that are none, bodies of another length than is said.
 */
import { connect } from "node:net";
import type { Draft } from "./requests.ts";

type Lines = { start: string; headers: string[]; body: Buffer };

const say = (...lines: string[]): string[] => lines;

/** What is done to a request after it was written; none of them may be an error of the server's. */
const broken: readonly [name: string, change: (lines: Lines) => Lines | Buffer][] = [
  ["as it is", (lines) => lines],
  ["a body shorter than is said", (lines) => ({ ...lines, body: lines.body.subarray(0, -1) })],
  [
    "a body longer than is said",
    (lines) => ({ ...lines, body: Buffer.concat([lines.body, Buffer.from("}")]) }),
  ],
  ["no end of the headers", ({ start, headers }) => Buffer.from([start, ...headers].join("\r\n"))],
  ["a NUL in a header", (lines) => ({ ...lines, headers: say(...lines.headers, "X-Odd: a\0b") })],
  [
    "bytes above ASCII in a header",
    (lines) => ({ ...lines, headers: say(...lines.headers, "X-Odd: \xff\xfe") }),
  ],
  ["such bytes in a key", (lines) => ({ ...lines, headers: say(...lines.headers, "X-API-Key: \xe9\xff") })],
  ["a header without a name", (lines) => ({ ...lines, headers: say(...lines.headers, ": a") })],
  ["a blank before the colon", (lines) => ({ ...lines, headers: say(...lines.headers, "Content-Type : a") })],
  ["a folded header", (lines) => ({ ...lines, headers: say(...lines.headers, "X-Odd: a\r\n b") })],
  ["no host", (lines) => ({ ...lines, headers: lines.headers.filter((each) => !/^host:/i.test(each)) })],
  ["two hosts", (lines) => ({ ...lines, headers: say(...lines.headers, "Host: elsewhere.example") })],
  ["a host that is none", (lines) => withHost(lines, "[::1")],
  ["a host with a path", (lines) => withHost(lines, "a/b?c#d")],
  ["an empty host", (lines) => withHost(lines, "")],
  ["a bad percent-escape", (lines) => withPath(lines, (path) => path.replace(/\/(\w)/, "/%$1%zz%"))],
  ["half of a character", (lines) => withPath(lines, (path) => `${path}%ff%c0%af`)],
  ["a long address", (lines) => withPath(lines, (path) => `${path}?${"a".repeat(14_000)}`)],
  ["an endless address", (lines) => withPath(lines, (path) => `${path}?${"a".repeat(70_000)}`)],
  ["raw bytes in the address", (lines) => withPath(lines, (path) => `${path}\xff\x01`)],
  ["a whole address", (lines) => withPath(lines, (path) => `http://elsewhere.example${path}`)],
  ["an address without its slash", (lines) => withPath(lines, (path) => path.slice(1))],
  ["two slashes", (lines) => withPath(lines, (path) => `//${path}`)],
  ["steps upwards", (lines) => withPath(lines, (path) => `/..%2f../.${path}`)],
  ["only a star", (lines) => withPath(lines, () => "*")],
  ["a fragment", (lines) => withPath(lines, (path) => `${path}#a`)],
  ["an older version", (lines) => ({ ...lines, start: lines.start.replace("1.1", "1.0") })],
  ["no version", (lines) => ({ ...lines, start: lines.start.replace(/ HTTP.*/, "") })],
  ["a version to come", (lines) => ({ ...lines, start: lines.start.replace("1.1", "9.9") })],
  ["an expectation", (lines) => ({ ...lines, headers: say(...lines.headers, "Expect: a miracle") })],
  ["a length that is none", (lines) => withLength(lines, "1x")],
  ["a length below nothing", (lines) => withLength(lines, "-1")],
  ["a length beyond all", (lines) => withLength(lines, "9".repeat(40))],
  ["two lengths", (lines) => ({ ...lines, headers: say(...lines.headers, "Content-Length: 1") })],
  [
    "length and chunks",
    (lines) => ({ ...lines, headers: say(...lines.headers, "Transfer-Encoding: chunked") }),
  ],
  ["chunks", (lines) => inChunks(lines, (body) => `${body.length.toString(16)}\r\n`)],
  ["chunks of another size", (lines) => inChunks(lines, (body) => `${(body.length + 9).toString(16)}\r\n`)],
  ["chunks of no size", (lines) => inChunks(lines, () => "xyz\r\n")],
  [
    "chunks that say much",
    (lines) => inChunks(lines, (body) => `${body.length.toString(16)};${"a".repeat(20_000)}\r\n`),
  ],
  ["an encoding that nobody knows", (lines) => withEncoding(lines, "gzip, chunked")],
  ["many headers", (lines) => ({ ...lines, headers: [...lines.headers, ...Array(3000).fill("X-Odd: a")] })],
  [
    "a long header",
    (lines) => ({ ...lines, headers: say(...lines.headers, `X-Odd: ${"a".repeat(20_000)}`) }),
  ],
  [
    "another protocol",
    (lines) => ({ ...lines, headers: say(...lines.headers, "Connection: Upgrade", "Upgrade: websocket") }),
  ],
  [
    "only line feeds",
    ({ start, headers, body }) => Buffer.concat([Buffer.from(`${[start, ...headers].join("\n")}\n\n`), body]),
  ],
  ["a beginning of TLS", () => Buffer.from("1603010200010001fc0303", "hex")],
  ["nothing", () => Buffer.alloc(0)],
];

export const WAYS = broken.length;
export const wayName = (way: number): string => broken[way % WAYS]?.[0] ?? "";

const withPath = (lines: Lines, change: (path: string) => string): Lines => {
  const [method = "", path = "", version = ""] = lines.start.split(" ");
  return { ...lines, start: `${method} ${change(path)} ${version}` };
};

const withHeader = (lines: Lines, name: string, value: string): Lines => ({
  ...lines,
  headers: [
    ...lines.headers.filter((each) => !each.toLowerCase().startsWith(`${name}:`)),
    `${name}: ${value}`,
  ],
});
const withHost = (lines: Lines, host: string): Lines => withHeader(lines, "host", host);
const withLength = (lines: Lines, length: string): Lines => withHeader(lines, "content-length", length);

function withEncoding(lines: Lines, encoding: string): Lines {
  const headers = lines.headers.filter((each) => !/^content-length:/i.test(each));
  return { ...lines, headers: [...headers, `Transfer-Encoding: ${encoding}`] };
}

function inChunks(lines: Lines, size: (body: Buffer) => string): Lines {
  const { body } = lines;
  const sent = Buffer.concat([Buffer.from(size(body)), body, Buffer.from("\r\n0\r\n\r\n")]);
  return { ...withEncoding(lines, "chunked"), body: sent };
}

/** @param way one of `WAYS`; the first is as it should be */
export function bytesOf({ method, url, headers, body = "" }: Draft, way: number): Buffer {
  const { host, pathname, search } = new URL(url);
  const content = Buffer.from(body as string);
  const own = [...headers].filter(([name]) => !["host", "content-length", "connection"].includes(name));
  const lines: Lines = {
    start: `${method} ${pathname}${search} HTTP/1.1`,
    headers: [
      `Host: ${headers.get("host") ?? host}`,
      "Connection: close",
      ...own.map(([name, value]) => `${name}: ${value}`),
      ...(content.length ? [`Content-Length: ${content.length}`] : []),
    ],
    body: content,
  };
  const changed = broken[way % WAYS]?.[1](lines) ?? lines;
  if (Buffer.isBuffer(changed)) return changed;
  const head = `${[changed.start, ...changed.headers].join("\r\n")}\r\n\r\n`;
  return Buffer.concat([Buffer.from(head, "latin1"), changed.body]);
}

/** As long as anybody waits for an answer that does not come. */
const PATIENCE = 10_000;

/** After which the sender of a request that may have no end says that this was all, ms. */
const SHORT = 100;

/**
 * @param isWhole whether it has an end, so that the answer can be waited for
 * @returns all that came before the connection ended
 * @throws Error if it does not end
 */
export function answerTo(bytes: Buffer, port: number, isWhole = true): Promise<Buffer> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  const socket = connect({ port, host: "127.0.0.1" });
  const chunks: Buffer[] = [];
  socket.on("data", (chunk) => chunks.push(chunk));
  // Broken off by the server, after its answer or without one: what came says enough.
  socket.on("error", () => {});
  socket.on("close", () => resolve(Buffer.concat(chunks)));
  socket.setTimeout(PATIENCE, () => {
    reject(new Error(`No answer and no end within ${PATIENCE} ms`));
    socket.destroy();
  });
  // Who closes a connection has lost interest in its answer: only where more is waited for, there is no more to come.
  const last = isWhole ? undefined : setTimeout(() => socket.end(), SHORT);
  socket.on("data", () => clearTimeout(last)).on("close", () => clearTimeout(last));
  socket.write(bytes);
  return promise;
}

/** The first answer in what came; undefined where the connection ended without one. @throws Error if it is none */
export function responseIn(bytes: Buffer): Response | undefined {
  if (!bytes.length) return undefined;
  const end = bytes.indexOf("\r\n\r\n");
  const [start = "", ...lines] = bytes.subarray(0, end).toString("latin1").split("\r\n");
  const status = Number(/^HTTP\/1\.1 (\d{3}) ?/.exec(start)?.[1]);
  if (end < 0 || !status)
    throw new Error(`No answer of HTTP: ${JSON.stringify(bytes.toString("latin1", 0, 200))}`);
  const headers = new Headers(
    lines.map((line): [string, string] => {
      const at = line.indexOf(":");
      return [line.slice(0, at), line.slice(at + 1).trim()];
    }),
  );
  const rest = bytes.subarray(end + 4);
  const isChunked = headers.get("transfer-encoding") === "chunked";
  const length = headers.get("content-length");
  const body = isChunked ? unchunked(rest) : length === null ? rest : rest.subarray(0, Number(length));
  const isEmpty = [101, 204, 205, 304].includes(status);
  return new Response(isEmpty ? null : new Uint8Array(body), { status, headers });
}

function unchunked(bytes: Buffer): Buffer {
  const parts: Buffer[] = [];
  for (let at = 0; ; ) {
    const end = bytes.indexOf("\r\n", at);
    const size = Number.parseInt(bytes.toString("latin1", at, end), 16);
    if (!size) return Buffer.concat(parts);
    parts.push(bytes.subarray(end + 2, end + 2 + size));
    at = end + 2 + size + 2;
  }
}

/** What was sent, for somebody who wants to send it again. */
export const pipeable = (bytes: Buffer, port: number): string =>
  `base64 -d <<< '${bytes.toString("base64")}' | nc -N 127.0.0.1 ${port}`;

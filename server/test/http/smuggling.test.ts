/**
 * Requests byte by byte, as no client would send them: what two servers in a row could read in two ways, what is too long,
 * and what comes too slowly. On the handler of Node that the program listens with.
 */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type RequestListener, type Server, type ServerResponse } from "node:http";
import { connect } from "node:net";
import { after, before, describe, it } from "node:test";
import { getRequestListener } from "@hono/node-server";
import {
  connectionLimits,
  LONGEST_SILENCE,
  MOST_HEADERS,
  MOST_UNANSWERED,
  protect,
} from "../../src/http/limits.ts";
import { createWorld, john, type World } from "../harness.ts";
import { stores, type TestStore } from "../stores.ts";

interface Heard {
  /** Of each answer, in order. */
  statuses: number[];
  text: string;
}

async function listening(
  listener: RequestListener,
  options = {},
  silence = LONGEST_SILENCE,
): Promise<Server> {
  const server = protect(createServer({ ...connectionLimits, ...options }, listener), silence);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return server;
}

const portOf = (server: Server) => (server.address() as { port: number }).port;

/** Sends these bytes and hears until the server closes. */
async function send(server: Server, bytes: string): Promise<Heard> {
  const socket = connect(portOf(server), "127.0.0.1");
  let text = "";
  socket.setEncoding("latin1").on("data", (chunk) => {
    text += chunk;
  });
  // The server may close before everything is written.
  socket.on("error", () => {});
  socket.write(bytes, "latin1");
  await once(socket, "close");
  return {
    statuses: Array.from(text.matchAll(/HTTP\/1\.1 (\d{3}) /g), ([, status]) => Number(status)),
    text,
  };
}

const BODY = JSON.stringify({ retention: { customer_id: john } });
const CHUNK = `${BODY.length.toString(16)}\r\n${BODY}\r\n`;
/** What must never be taken for a request of its own. */
const INNER = "GET /api/health HTTP/1.1\r\nHost: x\r\n\r\n";

describe("Requests of raw bytes", () => {
  let store: TestStore;
  let world: World;
  let server: Server;
  before(async () => {
    store = await (stores[0] as (typeof stores)[0]).open();
    world = await createWorld(store);
    server = await listening(getRequestListener(world.app.fetch));
  });
  after(async () => {
    server.close();
    server.closeAllConnections();
    await store.drop();
  });

  const minting = (head: string, body: string, version = "1.1") =>
    `POST /v1/retention/session HTTP/${version}\r\nHost: x\r\nX-Brand-Key: ${world.key}\r\nContent-Type: application/json\r\n${head}\r\n${body}`;
  const last = "Connection: close\r\n";
  const length = `Content-Length: ${BODY.length}\r\n`;
  const chunked = "Transfer-Encoding: chunked\r\n";

  it("as they should be are answered", async () => {
    for (const bytes of [
      minting(length + last, BODY),
      minting(chunked + last, `${CHUNK}0\r\n\r\n`),
      minting(`TRANSFER-encoding:\tChunked\r\n${last}`, `${CHUNK}0\r\n\r\n`),
      minting(chunked + last, `${CHUNK.replace("\r\n", ";name=value\r\n")}0\r\n\r\n`),
      minting(length, BODY, "1.0"),
    ])
      assert.deepEqual((await send(server, bytes)).statuses, [200], bytes);
  });

  it("one after the other on a connection are each answered, and a body of a GET is no request", async () => {
    const asked = `GET /api/health HTTP/1.1\r\nHost: x\r\nContent-Length: ${INNER.length}\r\n\r\n${INNER}`;
    const { statuses } = await send(server, `${asked}GET /nothing HTTP/1.1\r\nHost: x\r\n${last}\r\n`);
    assert.deepEqual(statuses, [200, 404]);
  });

  const faulty: Record<string, () => string> = {
    "two lengths of a body: Content-Length and chunks": () =>
      minting(`Content-Length: 6\r\n${chunked}`, `0\r\n\r\n${INNER}`),
    "the same the other way round": () => minting(`${chunked}Content-Length: 4\r\n`, `0\r\n\r\n${INNER}`),
    "two Content-Lengths": () => minting(`${length}Content-Length: 3\r\n`, BODY),
    "the same Content-Length twice": () => minting(length + length, BODY),
    "a list as Content-Length": () => minting(`Content-Length: ${BODY.length}, ${BODY.length}\r\n`, BODY),
    "a Content-Length with a sign": () => minting(`Content-Length: +${BODY.length}\r\n`, BODY),
    "a Content-Length below nothing": () => minting("Content-Length: -1\r\n", BODY),
    "a Content-Length in another base": () => minting("Content-Length: 0x10\r\n", BODY),
    "a Content-Length beyond counting": () => minting("Content-Length: 99999999999999999999\r\n", BODY),
    "an unknown coding": () => minting("Transfer-Encoding: xchunked\r\n", `0\r\n\r\n${INNER}`),
    "chunks that are not the last coding": () =>
      minting("Transfer-Encoding: chunked, identity\r\n", `0\r\n\r\n${INNER}`),
    "a coding under the chunks": () => minting(`Transfer-Encoding: gzip, chunked\r\n`, `${CHUNK}0\r\n\r\n`),
    "a coding in a header of its own": () =>
      minting(`Transfer-Encoding: gzip\r\n${chunked}`, `${CHUNK}0\r\n\r\n`),
    "chunks twice": () => minting(chunked + chunked, `${CHUNK}0\r\n\r\n`),
    "a blank before the colon": () => minting("Transfer-Encoding : chunked\r\n", `${CHUNK}0\r\n\r\n`),
    "a vertical tab before the coding": () =>
      minting("Transfer-Encoding: \x0bchunked\r\n", `${CHUNK}0\r\n\r\n`),
    "chunks of HTTP/1.0": () => minting(chunked, `${CHUNK}0\r\n\r\n`, "1.0"),
    "a header that goes on in the next line": () => minting(`${length}X-Note: a\r\n b\r\n`, BODY),
    "a header that ends with a bare line feed": () => minting(`${length}X-Note: a\nX-Other: b\r\n`, BODY),
    "bare line feeds alone": () => minting(length, BODY).replaceAll("\r\n", "\n"),
    "a bare carriage return": () => minting(`${length}X-Note: a\rX-Other: b\r\n`, BODY),
    "a NUL in a header": () => minting(`${length}X-Note: a\0b\r\n`, BODY),
    "a chunk without its size": () => minting(chunked, `zz\r\n${BODY}\r\n0\r\n\r\n`),
    "a chunk whose size overflows": () => minting(chunked, `fffffffffffffffff\r\n${BODY}\r\n0\r\n\r\n`),
    "a chunk that is longer than its size": () => minting(chunked, CHUNK.replace(/\r\n$/, "XX\r\n0\r\n\r\n")),
    "chunks with bare line feeds": () => minting(chunked, `${CHUNK}0\r\n\r\n`.replaceAll("\r\n", "\n")),
    "an extension of a chunk that ends with a bare line feed": () =>
      minting(chunked, `${CHUNK.replace("\r\n", ";a\n")}0\r\n\r\n`),
    "no host": () => `GET /api/health HTTP/1.1\r\n\r\n`,
    "two hosts": () => "GET /api/health HTTP/1.1\r\nHost: a\r\nhost: b\r\n\r\n",
    "the same host twice": () => "GET /api/health HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n",
    "a host that is none": () => `GET /api/health HTTP/1.1\r\nHost: a/b@c\r\n${last}\r\n`,
    "no version": () => "GET /api/health\r\n\r\n",
    "a version that there is not": () => "GET /api/health HTTP/1.2\r\nHost: x\r\n\r\n",
    "the beginning of HTTP/2": () => "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "a method that there is not": () => "TRACK /api/health HTTP/1.1\r\nHost: x\r\n\r\n",
    "the server as a whole": () => `OPTIONS * HTTP/1.1\r\nHost: x\r\n${last}\r\n`,
    "bytes that are no ASCII in the address": () => "GET /api/h\xe9alth HTTP/1.1\r\nHost: x\r\n\r\n",
    "an address of another protocol": () => `GET ftp://x/api/health HTTP/1.1\r\nHost: x\r\n${last}\r\n`,
  };
  for (const [title, bytes] of Object.entries(faulty))
    it(`with ${title} are refused, and nothing after them is heard`, async () => {
      const heard = await send(server, bytes() + INNER);
      assert.deepEqual(heard.statuses, [400], heard.text);
      assert.ok(!heard.text.includes("ret_"));
    });

  it("that ask for a tunnel get none", async () => {
    const { text } = await send(server, "CONNECT 127.0.0.1:22 HTTP/1.1\r\nHost: x\r\n\r\n");
    assert.equal(text, "");
  });

  it("that want another protocol are answered in this one", async () => {
    for (const protocol of ["h2c", "websocket"]) {
      const head = `Host: x\r\nUpgrade: ${protocol}\r\nConnection: Upgrade, close\r\n`;
      assert.deepEqual((await send(server, `GET /api/health HTTP/1.1\r\n${head}\r\n`)).statuses, [200]);
    }
  });

  it("mean the same when they name the server in full, whoever that is", async () => {
    const asked = (target: string) => send(server, `GET ${target} HTTP/1.1\r\nHost: x\r\n${last}\r\n`);
    for (const target of ["/api/health", "http://elsewhere.example/api/health"])
      assert.deepEqual((await asked(target)).statuses, [200], target);
    for (const target of ["//elsewhere.example/api/health", "/api/%2e%2e/nothing", "/api/./../nothing"])
      assert.deepEqual((await asked(target)).statuses, [404], target);
  });

  it("do not become others by what follows the last chunk", async () => {
    const bytes = minting(
      `${chunked}Trailer: X-Brand-Key\r\n${last}`,
      `${CHUNK}0\r\nX-Brand-Key: ${world.key}\r\n\r\n`,
    );
    const { statuses } = await send(server, bytes.replace(`X-Brand-Key: ${world.key}\r\n`, ""));
    assert.deepEqual(statuses, [401]);
  });

  it("have 16 kB for their headers, the address among them", async () => {
    const asked = (path: string, head: string) => `GET ${path} HTTP/1.1\r\nHost: x\r\n${head}${last}\r\n`;
    const room = connectionLimits.maxHeaderSize - 200;
    for (const [bytes, status] of [
      [asked("/api/health", `X-Note: ${"a".repeat(room)}\r\n`), 200],
      [asked("/api/health", `X-Note: ${"a".repeat(room + 300)}\r\n`), 431],
      [asked(`/api/health?deep=0&${"a".repeat(room)}`, ""), 200],
      [asked(`/api/health?deep=0&${"a".repeat(room + 300)}`, ""), 431],
    ] as const)
      assert.deepEqual((await send(server, bytes)).statuses, [status], `${bytes.length}`);
  });

  it("have a hundred headers", async () => {
    // Host, Connection, and these.
    for (const [count, status] of [
      [MOST_HEADERS - 2, 200],
      [MOST_HEADERS + 100, 431],
    ] as const) {
      const bytes = `GET /api/health HTTP/1.1\r\nHost: x\r\n${"a:\r\n".repeat(count)}${last}\r\n`;
      assert.deepEqual((await send(server, bytes)).statuses, [status], `${count}`);
    }
  });

  it("with a body that nobody wants to read are answered at once, and the connection ends", async () => {
    const head = "POST /v1/widget/beacon HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\n";
    for (const bytes of [
      `${head}Content-Length: 1000000\r\n\r\n`,
      `${head}${chunked}\r\n${"8000\r\n".padEnd(0x8000 + 6, " ")}\r\n`.repeat(1) +
        `8000\r\n${" ".repeat(0x8000)}\r\n`.repeat(3),
    ])
      assert.deepEqual((await send(server, bytes)).statuses, [413]);
  });
});

describe("Who asks again and again without hearing", () => {
  const asked = "GET /docs HTTP/1.1\r\nHost: x\r\n\r\n";

  /** As many requests in one piece, of which none is answered before all have been read. */
  async function taken(count: number): Promise<{ heard: number; isLetGo: boolean }> {
    const responses: ServerResponse[] = [];
    const server = await listening((_, response) => void responses.push(response));
    try {
      const socket = connect(portOf(server), "127.0.0.1");
      socket.on("error", () => {});
      const closed = new Promise<boolean>((resolve) => socket.on("close", () => resolve(true)));
      const [connection] = await Promise.all([once(server, "connection"), socket.write(asked.repeat(count))]);
      const bytes = asked.length * count;
      while (connection[0].bytesRead < bytes && !connection[0].destroyed) await new Promise(setImmediate);
      await new Promise(setImmediate);
      const heard = responses.length;
      for (const response of responses) response.end("x");
      let answered = 0;
      socket.on("data", (data) => {
        answered += String(data).split("200 OK").length - 1;
        if (answered === count) socket.destroy();
      });
      await closed;
      return { heard, isLetGo: answered < count };
    } finally {
      server.close();
      server.closeAllConnections();
    }
  }

  it("is heard sixteen times at once, and is let go for more", async () => {
    assert.deepEqual(await taken(MOST_UNANSWERED), { heard: MOST_UNANSWERED, isLetGo: false });
    assert.deepEqual(await taken(MOST_UNANSWERED + 1), { heard: MOST_UNANSWERED, isLetGo: true });
    assert.deepEqual(await taken(2000), { heard: MOST_UNANSWERED, isLetGo: true });
  });

  it("may ask as often as it likes where it hears each answer first", async () => {
    const server = await listening((_, response) => response.end("x"));
    const socket = connect(portOf(server), "127.0.0.1");
    for (let count = 0; count < 3 * MOST_UNANSWERED; count++) {
      socket.write(asked);
      const [data] = await once(socket, "data");
      assert.match(String(data), /200 OK/);
    }
    socket.destroy();
    server.close();
  });
});

describe("Who takes long", () => {
  const hurried = {
    headersTimeout: 150,
    requestTimeout: 300,
    keepAliveTimeout: 100,
    connectionsCheckingInterval: 20,
  };
  let server: Server;
  before(async () => {
    const all: RequestListener = (request, response) =>
      request.url === "/much"
        ? response.end(Buffer.alloc(50_000_000))
        : request.resume().on("end", () => response.end());
    server = await listening(all, hurried, 400);
  });
  after(() => {
    server.close();
    server.closeAllConnections();
  });

  /** What it is told at the end. An answer is lost to who is just saying something: then it is tried again. */
  async function told(first: string, more: string): Promise<string> {
    for (let left = 5; left; left--) {
      const line = await drip(first, more);
      if (line) return line;
    }
    return "";
  }

  /** Says something, and then a little again and again. */
  async function drip(first: string, more: string): Promise<string> {
    const socket = connect(portOf(server), "127.0.0.1");
    let text = "";
    socket.setEncoding("latin1").on("data", (chunk) => {
      text += chunk;
    });
    socket.on("error", () => {});
    socket.write(first);
    const timer = setInterval(() => socket.write(more), 25);
    // Not `once`, which throws where the connection is reset.
    await new Promise((resolve) => socket.on("close", resolve));
    clearInterval(timer);
    return text.split("\r\n")[0] ?? "";
  }

  for (const [title, first, more] of [
    ["to say anything", "", ""],
    ["over the headers", "GET / HTTP/1.1\r\nHost: x\r\n", "X-Note: a\r\n"],
    ["over one header", "GET / HTTP/1.1\r\nHost: x\r\nX-Note: ", "a"],
    ["over a body", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n", " "],
    ["over chunks", "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n", "1\r\n \r\n"],
  ] as const)
    it(`${title} is let go`, async () => {
      assert.equal(await told(first, more), "HTTP/1.1 408 Request Timeout");
    });

  it("to ask again is let go without a word", async () => {
    assert.equal(await drip("GET / HTTP/1.1\r\nHost: x\r\n\r\n", ""), "HTTP/1.1 200 OK");
  });

  it("to read what was asked for is let go", async () => {
    const socket = connect(portOf(server), "127.0.0.1");
    socket.on("error", () => {});
    socket.write("GET /much HTTP/1.1\r\nHost: x\r\n\r\n");
    const [connection] = await once(server, "connection");
    socket.pause();
    await once(connection, "close");
    socket.destroy();
  });
});

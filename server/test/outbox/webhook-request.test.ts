/** One message to endpoints that behave badly, each a real one. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { describe, it } from "node:test";
import { getCACertificates, setDefaultCACertificates } from "node:tls";
import { gzipSync } from "node:zlib";
import { NO_ANSWER, post } from "../../src/outbox/webhook-request.ts";
import { certificate, listener } from "./mail-server.ts";
import { type Reaction, receiver, say, silence } from "./receiver.ts";

const LIMIT = 300;
const headers = { "content-type": "application/json", "webhook-signature": "v1,abc", "webhook-id": "evt_1" };
const body = '{"größe":"🦊"}';

const ask = (url: string, addresses = ["127.0.0.1"], ms = 2_000) =>
  post({ url: new URL(url), addresses }, { headers, body, signal: AbortSignal.timeout(ms) });

/** What is answered to one message. */
async function answered(react: Reaction, ms?: number) {
  await using endpoint = await receiver(react);
  return await ask(endpoint.url, undefined, ms);
}

/** The same, of something that speaks bytes. */
async function spoken(bytes: string, { end = true, ms = LIMIT } = {}) {
  await using endpoint = await listener((socket) => {
    socket.write(bytes);
    if (end) socket.once("data", () => socket.end());
  });
  return await ask(`http://127.0.0.1:${endpoint.port}/`, undefined, ms);
}

describe("A message to an endpoint", () => {
  it("is a POST of what was signed, and brings back status and words", async () => {
    await using endpoint = await receiver(say(201, "Taken."));
    assert.deepEqual(await ask(`${endpoint.url}?key=1&b=%20`), { status: 201, excerpt: "Taken." });
    const [got] = endpoint.received;
    assert.deepEqual([got?.method, got?.path, got?.body], ["POST", "/hooks?key=1&b=%20", body]);
    for (const [name, value] of Object.entries(headers)) assert.equal(got?.headers[name], value);
    assert.equal(got?.headers.host, `127.0.0.1:${endpoint.port}`);
    assert.equal(got?.headers.connection, "close", "the next one may go elsewhere");
  });

  it("goes to the address that was checked, whatever its host is called", async () => {
    await using endpoint = await receiver();
    const { port, received } = endpoint;
    assert.deepEqual(await ask(`http://hooks.acme.example:${port}/`), { status: 204 });
    assert.equal(received[0]?.headers.host, `hooks.acme.example:${port}`);
    // One of them does not answer.
    assert.deepEqual(await ask(`http://acme.example:${port}/`, ["127.0.0.2", "127.0.0.1"]), { status: 204 });
  });

  it("follows no redirect", async () => {
    await using target = await receiver();
    for (const status of [301, 302, 303, 307, 308])
      assert.deepEqual(await answered(say(status, "", { location: target.url })), { status });
    assert.deepEqual(target.received, []);
  });

  it("hears what an endpoint that is busy asks for", async () => {
    const answer = await answered(say(503, "Later", { "retry-after": "120" }));
    assert.deepEqual(answer, { status: 503, excerpt: "Later", retryAfter: "120" });
  });

  it("is given up if nothing is answered, or no refusal to the end, in time", async () => {
    const late = { error: NO_ANSWER };
    assert.deepEqual(await answered(silence, LIMIT), late);
    assert.deepEqual(await spoken("", { end: false }), late);
    assert.deepEqual(await spoken("HTTP/1.1 200 OK\r\nx-a", { end: false }), late);
    const slowly: Reaction = (response) => {
      response.writeHead(500);
      const timer = setInterval(() => response.write("."), 20);
      response.on("close", () => clearInterval(timer));
    };
    assert.deepEqual(await answered(slowly, LIMIT), { ...late, status: 500 });
  });

  it("is taken once its endpoint has said so, however the rest of the answer ends", async () => {
    const half: Reaction = (response) => void response.writeHead(202).write("half");
    assert.deepEqual(await answered(half, LIMIT), { status: 202, excerpt: "half" });
    const cut: Reaction = (response) => {
      response.writeHead(202).write("half");
      setImmediate(() => response.socket?.resetAndDestroy());
    };
    const short = await answered(cut);
    assert.deepEqual([short.status, short.error], [202, undefined]);
    const faulty = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\nnot a size\r\n";
    const answer = await spoken(faulty, { end: false });
    assert.deepEqual([answer.status, answer.error], [200, undefined]);
  });

  it("needs no more of a long answer than its beginning", async () => {
    const endless: Reaction = (response) => {
      response.writeHead(200);
      const more = () => {
        while (response.writable && response.write("ä".repeat(9_999)));
        response.once("drain", more);
      };
      more();
    };
    assert.deepEqual(await answered(endless), { status: 200, excerpt: "ä".repeat(1_000) });
    assert.deepEqual(await answered(say(200, "🦊".repeat(1_001))), {
      status: 200,
      excerpt: "🦊".repeat(1_000),
    });
  });

  it("keeps words that can be shown, and none of its own signatures", async () => {
    const echo: Reaction = (response, { headers }) =>
      void response.end(`\u0000 a\r\nb\u001b[31m\u2028c ${JSON.stringify(headers["webhook-signature"])}`);
    assert.deepEqual(await answered(echo), { status: 200, excerpt: 'a b [31m c "…"' });
    const broken = Buffer.from([0x61, 0xff, 0xf0, 0x9f]);
    const bytes: Reaction = (response) => void response.end(broken);
    assert.deepEqual(await answered(bytes), { status: 200, excerpt: "a\ufffd\ufffd" });
    const packed: Reaction = (response) =>
      void response.writeHead(200, { "content-encoding": "gzip" }).end(gzipSync("hello"));
    assert.deepEqual(await answered(packed), { status: 200 });
  });

  it("says in plain words why there was no answer", async () => {
    const closed = "The connection was closed before there was a complete answer.";
    const cut: Reaction = (response) => void response.destroy();
    assert.deepEqual(await answered(cut), { error: closed });
    const short: Reaction = (response) => {
      response.writeHead(500, { "content-length": 99 }).write("half");
      response.socket?.resetAndDestroy();
    };
    assert.equal((await answered(short)).error, closed);
    assert.match(
      (await spoken("220 mail.acme.example ESMTP\r\n")).error ?? "",
      /^What it answered is not HTTP/,
    );
    const flood = `HTTP/1.1 200 OK\r\n${"x-a: b\r\n".repeat(9_999)}`;
    assert.match((await spoken(flood)).error ?? "", /^What it answered is not HTTP/);
    const { port } = await listener(() => {}).then(async (each) => {
      await each[Symbol.asyncDispose]();
      return each;
    });
    assert.deepEqual(await ask(`http://127.0.0.1:${port}/`), { error: "The connection was refused." });
  });

  it("takes what changes the protocol for an answer that does not count", async () => {
    const upgrade = "HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: tcp\r\n\r\n";
    assert.deepEqual(await spoken(upgrade, { end: false }), { status: 101 });
  });

  it("goes out under TLS to the one that the URL names, and to nobody who only says so", async () => {
    const own = await certificate("DNS:hooks.acme.example,IP:127.0.0.1");
    await using endpoint = await receiver(say(204), own);
    const url = (host: string) => `https://${host}:${endpoint.port}/`;
    const untrusted = { error: "Its certificate is not to be trusted (DEPTH_ZERO_SELF_SIGNED_CERT)." };
    assert.deepEqual(await ask(url("hooks.acme.example")), untrusted);
    const known = getCACertificates();
    setDefaultCACertificates([...known, own.cert]);
    try {
      assert.deepEqual(await ask(url("hooks.acme.example")), { status: 204 });
      assert.deepEqual(await ask(url("hooks.acme.example.")), { status: 204 });
      assert.deepEqual(await ask(url("127.0.0.1")), { status: 204 });
      assert.deepEqual(
        endpoint.received.map(({ servername }) => servername),
        ["hooks.acme.example", "hooks.acme.example", ""],
      );
      assert.match((await ask(url("other.example"))).error ?? "", /^Its certificate is not to be trusted/);
    } finally {
      setDefaultCACertificates(known);
    }
    await using plain = await receiver();
    const answer = await ask(`https://127.0.0.1:${plain.port}/`);
    assert.match(answer.error ?? "", /^There was no agreement on TLS/);
  });

  it("leaves no connection behind", async () => {
    const ends: Promise<unknown>[] = [];
    await using endpoint = await listener((socket) => {
      ends.push(once(socket.resume(), "close"));
      socket.write("HTTP/1.1 200 OK\r\nconnection: keep-alive\r\ncontent-length: 2\r\n\r\nok");
    });
    for (let count = 0; count < 3; count++) await ask(`http://127.0.0.1:${endpoint.port}/`);
    await Promise.all(ends);
    assert.equal(ends.length, 3);
  });
});

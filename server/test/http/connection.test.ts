/** Bodies and headers over a real connection, where they take another way than from a `Request` that a test has made. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, request, type Server } from "node:http";
import { after, before, describe, it } from "node:test";
import { getRequestListener } from "@hono/node-server";
import { createWorld, john, type World } from "../harness.ts";
import { stores, type TestStore } from "../stores.ts";

interface Answer {
  status: number;
  code: string | undefined;
  headers: Record<string, unknown>;
}

describe("Over a connection", () => {
  let store: TestStore;
  let world: World;
  let server: Server;
  before(async () => {
    store = await (stores[0] ?? assert.fail()).open();
    world = await createWorld(store);
    server = createServer(getRequestListener(world.app.fetch, { overrideGlobalObjects: false }));
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
  });
  after(async () => {
    server.close();
    await store.drop();
  });

  /** @param how whether the length is announced, or the body comes in chunks */
  async function mint(body: Buffer, how: "announced" | "chunked", headers = {}): Promise<Answer> {
    const { port } = server.address() as { port: number };
    const length = how === "announced" ? { "Content-Length": body.byteLength } : {};
    const asked = request({
      port,
      host: "127.0.0.1",
      method: "POST",
      path: "/v1/retention/session",
      headers: { "X-Brand-Key": world.key, "Content-Type": "application/json", ...length, ...headers },
    });
    asked.on("error", () => {});
    for (let from = 0; from < body.byteLength; from += 20_000)
      asked.write(body.subarray(from, from + 20_000));
    asked.end();
    const [response] = await once(asked, "response");
    let text = "";
    for await (const chunk of response) text += chunk;
    const { code } = JSON.parse(text) as { code?: string };
    return { status: response.statusCode, code, headers: response.headers };
  }

  const minting = (length: number) =>
    Buffer.from(JSON.stringify({ retention: { customer_id: john } }).padEnd(length));

  for (const how of ["announced", "chunked"] as const) {
    it(`a body of 64 kB is taken and a longer one is not: ${how}`, async () => {
      assert.equal((await mint(minting(65_536), how)).status, 200);
      const { status, code } = await mint(minting(65_537), how);
      assert.deepEqual([status, code], [413, "body_too_large"]);
    });

    it(`what is no UTF-8 or no JSON is malformed, and nothing at all too: ${how}`, async () => {
      for (const body of [Buffer.from([0x22, 0xff, 0x22]), Buffer.from("{"), Buffer.alloc(0)]) {
        const { status, code } = await mint(body, how);
        assert.deepEqual([status, code], [400, "body_malformed"], body.toString("latin1"));
      }
    });
  }

  it("an answer and a refusal carry the same headers of their own", async () => {
    const good = await mint(minting(100), "announced", { "Request-Id": "trace-0815" });
    const bad = await mint(Buffer.from("{"), "announced", { "Request-Id": "trace-0816" });
    assert.deepEqual([good.status, bad.status], [200, 400]);
    for (const [{ headers }, id] of [
      [good, "trace-0815"],
      [bad, "trace-0816"],
    ] as const) {
      assert.equal(headers["request-id"], id);
      assert.equal(headers["x-content-type-options"], "nosniff");
      assert.equal(headers["referrer-policy"], "no-referrer");
      assert.equal(headers["cache-control"], "no-store");
      assert.equal(headers["content-type"], "application/json");
      assert.equal(headers["ratelimit-limit"], "10000");
      assert.match(String(headers["ratelimit-remaining"]), /^\d+$/);
    }
  });
});

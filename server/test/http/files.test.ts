/** What an installation serves beside the API: the embed's files and the demo's own backend. */
import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { brotliDecompressSync } from "node:zlib";
import { Hono } from "hono";
import { createApp } from "../../src/app.ts";
import type { Env } from "../../src/http/route.ts";
import { mountDemo } from "../../src/routes/demo.ts";
import { serveFiles } from "../../src/routes/files.ts";
import { DAY, john, NOW, onEachStore, replyOf, type World } from "../harness.ts";

describe("Files", () => {
  async function served() {
    const folder = await mkdtemp(join(tmpdir(), "renumerate-files-"));
    await mkdir(join(folder, "chunks"));
    const script = "export const answer = 42;".repeat(40);
    await writeFile(join(folder, "index.html"), "<!doctype html><title>Demo</title>");
    await writeFile(join(folder, "embed.js"), script);
    await writeFile(join(folder, "chunks", "flow-0a1B2c3D.js"), script);
    await writeFile(join(folder, "logo.png"), new Uint8Array([1, 2, 3]));
    await writeFile(join(folder, ".env"), "SECRET=1");
    const app = new Hono<Env>();
    serveFiles(app, folder, "/");
    const get = async (path: string, headers: Record<string, string> = {}) =>
      app.fetch(new Request(`http://localhost${path}`, { headers }));
    return { get, script, [Symbol.asyncDispose]: () => rm(folder, { recursive: true }) };
  }

  it("are served as what they are, a page under the strict policy and scripts to every origin", async () => {
    await using files = await served();
    const page = await files.get("/");
    assert.equal(page.headers.get("content-type"), "text/html; charset=utf-8");
    assert.match(
      page.headers.get("content-security-policy") ?? "",
      /default-src 'self'.*require-trusted-types-for/,
    );
    const script = await files.get("/embed.js");
    assert.equal(script.headers.get("content-type"), "text/javascript; charset=utf-8");
    assert.equal(script.headers.get("access-control-allow-origin"), "*");
    assert.equal(await script.text(), files.script);
    assert.deepEqual(
      new Uint8Array(await (await files.get("/logo.png")).arrayBuffer()),
      new Uint8Array([1, 2, 3]),
    );
  });

  it("are compressed for who understands it, and not sent again to who has them", async () => {
    await using files = await served();
    const packed = await files.get("/embed.js", { "Accept-Encoding": "gzip, br" });
    assert.equal(packed.headers.get("content-encoding"), "br");
    assert.equal(brotliDecompressSync(await packed.arrayBuffer()).toString(), files.script);
    const again = await files.get("/embed.js", { "If-None-Match": packed.headers.get("etag") ?? "" });
    assert.deepEqual([again.status, await again.text()], [304, ""]);
  });

  it("are kept for ever only if their name says what is in them", async () => {
    await using files = await served();
    assert.equal((await files.get("/embed.js")).headers.get("cache-control"), "no-cache");
    assert.match(
      (await files.get("/chunks/flow-0a1B2c3D.js")).headers.get("cache-control") ?? "",
      /immutable/,
    );
  });

  it("are those that were there at the start, of kinds that we know", async () => {
    await using files = await served();
    for (const path of ["/.env", "/../package.json", "/%2e%2e/package.json", "/chunks/", "/nothing.js"]) {
      assert.equal((await files.get(path)).status, 404, path);
    }
    const empty = new Hono<Env>();
    serveFiles(empty, "/nowhere/at/all", "/");
    assert.equal((await empty.fetch(new Request("http://localhost/"))).status, 404);
  });
});

onEachStore("The demo's backend", ({ open }) => {
  function demo(world: World) {
    const app = createApp(world.deps, (each) => mountDemo(each, world.deps, world.scope, world.simulator));
    return async (path: string, init: RequestInit = {}) =>
      replyOf(await app.fetch(new Request(`http://localhost${path}`, init)));
  }
  const json = { "Content-Type": "application/json" };

  it("makes a session for whoever is chosen", async () => {
    const world = await open();
    const ask = demo(world);
    const { body } = await ask(`/demo/api/session?customer=${john}`);
    assert.equal((await world.flow(body.id as string)).customer.name, "John Doe");
    assert.equal((await ask("/demo/api/session?customer=cus_nobody")).code, "customer_not_found");
    assert.equal((await ask("/demo/api/session")).status, 400);
  });

  it("shows what billing, the ledger and the events say", async () => {
    const world = await open();
    await (await world.visit(john)).cancel();
    const { body } = await demo(world)("/demo/api/state");
    assert.equal(body.now, NOW);
    assert.equal((body.customers as unknown[]).length, 18);
    assert.deepEqual(
      (body.events as { type: string }[]).map(({ type }) => type),
      ["cancel.started", "cancel.canceled"],
    );
    assert.equal((body.ledger as unknown[]).length, 1);
  });

  it("moves billing's clock, but not for a form on another page", async () => {
    const world = await open();
    const ask = demo(world);
    const move = (body: string, headers: Record<string, string> = json) =>
      ask("/demo/api/clock", { method: "POST", headers, body });
    assert.deepEqual((await move('{"days":30}')).body, { now: NOW + 30 * DAY });
    for (const body of ["{", "{}", '{"days":-1}', '{"days":3651}', '{"days":"1"}'])
      assert.equal((await move(body)).status, 400);
    assert.equal((await move('{"days":1}', { "Content-Type": "text/plain" })).status, 415);
    assert.equal(await world.simulator.now(), NOW + 30 * DAY);
  });
});

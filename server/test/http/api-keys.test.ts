/** Keys that are made, listed and revoked by another one. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { it } from "node:test";
import { sql } from "kysely";
import type { Environment } from "../../src/billing/provider.ts";
import { createKey, hashKey } from "../../src/domain/workspaces.ts";
import type { KeyRow } from "../../src/store/store.ts";
import { type Asked, alone, john, MINUTE, onEachStore, type Reply, type World } from "../harness.ts";
import { handshake } from "./handshake.ts";

const KEYS = "/api/v1/api-keys";
const NONE = { last_used_at: null, revoked_at: null };

const make = (world: World, json: object, asked: Asked = {}, query = ""): Promise<Reply> =>
  world.request(`${KEYS}${query}`, { key: world.key, json, ...asked });

const revoke = (world: World, id: string, key = world.key): Promise<Reply> =>
  world.request(`${KEYS}/${id}`, { method: "DELETE", key });

async function made(world: World, json: object, asked: Asked = {}): Promise<{ id: string; key: string }> {
  const reply = await make(world, json, asked);
  assert.equal(reply.status, 201, reply.text);
  return reply.body as { id: string; key: string };
}

async function list(world: World, query = "", key = world.key): Promise<Record<string, unknown>[]> {
  const reply = await world.request(`${KEYS}${query}`, { key });
  assert.equal(reply.status, 200, reply.text);
  return reply.body.data as Record<string, unknown>[];
}

const sandboxKey = async (world: World): Promise<string> =>
  (await createKey(world.deps, { ...world.scope, environment: "sandbox", kind: "secret", name: "box" })).key;

const mint = (world: World, key: string): Promise<Reply> =>
  world.request("/v1/retention/session", { key, json: { retention: { customer_id: john } } });

const health = (world: World, key: string): Promise<Reply> =>
  world.request("/api/v1/retention-health", { key });

onEachStore("API keys", ({ open, home }) => {
  it("are made with what was asked for, and shown once", async () => {
    const world = await open();
    world.pass(MINUTE);
    const { status, body } = await make(world, { name: "backend", scopes: ["*"], environment: "prod" });
    const { key, ...shown } = body;
    assert.equal(status, 201);
    assert.match(String(key), /^rk_sk_[0-9A-Za-z]{40}$/);
    assert.deepEqual(shown, {
      object: "api_key",
      id: shown.id,
      name: "backend",
      environment: "prod",
      scopes: ["*"],
      last_four: String(key).slice(-4),
      created_at: "2027-05-14T09:42:00.000Z",
      ...NONE,
    });
    assert.match(String(shown.id), /^key_/);
    const [first] = await list(world);
    assert.deepEqual(first, shown, "the list has all but the key");
  });

  it("do what their scopes say and no more", async () => {
    const world = await open();
    const { key: reader, ...least } = await made(world, { name: "figures" });
    assert.deepEqual((least as { scopes?: unknown }).scopes, ["analytics:read"], "no more than reading");
    assert.equal((await health(world, reader)).status, 200);
    assert.equal((await mint(world, reader)).code, "insufficient_scope");
    const { key: minter } = await made(world, { name: "sessions", scopes: ["sessions:write"] });
    assert.equal((await mint(world, minter)).status, 200);
    assert.equal((await health(world, minter)).code, "insufficient_scope");
    for (const key of [reader, minter])
      for (const method of ["GET", "POST"])
        assert.equal((await world.request(KEYS, { method, key })).code, "insufficient_scope");
    const { key: all } = await made(world, { name: "all", scopes: ["*"] });
    await made(world, { name: "made by one that was made" }, { key: all });
  });

  it("cannot vouch for customers without the scope for sessions, whenever they were made", async () => {
    const world = await open();
    const exchange = (secret: string) =>
      world.request("/v1/session/exchange", { json: { handshakeToken: handshake(world, {}, { secret }) } });
    const { key: minter } = await made(world, { name: "sessions", scopes: ["sessions:write"] });
    assert.equal((await exchange(minter)).status, 200);
    const { key: reader, id } = await made(world, { name: "figures" });
    assert.equal((await exchange(reader)).code, "handshake_invalid");
    const row = async (wanted: string) =>
      (await world.deps.store.keys(world.scope.workspaceId)).find((each) => each.id === wanted);
    assert.equal((await row(id))?.sealed, undefined, "nobody has use for a copy of it");
    // From before, when every secret key had its copy.
    const { store } = world.deps;
    const before = {
      ...store,
      insertKey: (each: KeyRow) => store.insertKey({ ...each, scopes: ["analytics:read"] }),
    };
    const { key } = await createKey(world.deps, { ...world.scope, kind: "secret", name: "old" }, before);
    assert.equal((await exchange(key)).code, "handshake_invalid");
  });

  it("are revoked at once, even the one that asks, and once", async () => {
    const world = await open();
    const { id, key } = await made(world, { name: "leaked", scopes: ["*"] });
    assert.equal((await health(world, key)).status, 200);
    world.pass(MINUTE);
    const reply = await revoke(world, id);
    const revoked_at = "2027-05-14T09:42:00.000Z";
    assert.deepEqual([reply.status, reply.body.id, reply.body.revoked_at], [200, id, revoked_at]);
    assert.equal(reply.body.key, undefined);
    for (const path of ["/api/v1/retention-health", KEYS, "/api/health?deep=1"])
      assert.equal((await world.request(path, { key })).code, "key_invalid", path);
    world.pass(MINUTE);
    assert.equal((await revoke(world, id)).body.revoked_at, revoked_at);
    const { id: own, key: itself } = await made(world, { name: "itself", scopes: ["*"] });
    assert.equal((await revoke(world, own, itself)).status, 200);
    assert.equal((await revoke(world, own, itself)).code, "key_invalid");
    assert.equal((await health(world, world.key)).status, 200, "the others hold");
  });

  it("are revoked while the workspace is read-only as well, and not made then", async () => {
    const world = await open();
    const { id } = await made(world, { name: "leaked" });
    await world.deps.store.updateWorkspace(world.scope.workspaceId, { status: "read_only" });
    assert.equal((await make(world, { name: "new" })).code, "workspace_read_only");
    assert.equal((await revoke(world, id)).status, 200);
  });

  it("of a demo workspace are nobody's to see or change", async () => {
    const world = await open();
    const { id } = await made(world, { name: "old" });
    await world.deps.store.updateWorkspace(world.scope.workspaceId, { status: "demo" });
    const asked = [make(world, { name: "new" }), revoke(world, id), world.request(KEYS, { key: world.key })];
    for (const { code } of await Promise.all(asked)) assert.equal(code, "demo_workspace");
  });

  it("of the sandbox reach the sandbox alone", async () => {
    const world = await open();
    const box = await sandboxKey(world);
    const { id: prod } = await made(world, { name: "prod" });
    const { id: own } = await made(world, { name: "own" }, { key: box });
    const of = async (query: string, key: string) =>
      new Set((await list(world, query, key)).map(({ environment }) => environment as Environment));
    assert.deepEqual([...(await of("", box))], ["sandbox"], "also the one that was just made");
    assert.deepEqual([...(await of("", world.key))], ["prod"], "as everywhere");
    assert.deepEqual([...(await of("?environment=sandbox", world.key))], ["sandbox"]);
    assert.deepEqual([...(await of("?environment=prod", world.key))], ["prod"]);
    const crossing = [
      make(world, { name: "more", environment: "prod" }, { key: box }),
      world.request(`${KEYS}?environment=prod`, { key: box }),
    ];
    for (const { code } of await Promise.all(crossing)) assert.equal(code, "insufficient_scope");
    assert.equal((await revoke(world, prod, box)).code, "api_key_not_found");
    assert.equal((await revoke(world, own)).status, 200);
  });

  it("of another workspace, public ones and unknown ones are none", async () => {
    const world = await open();
    const other = await open();
    const { id } = await made(other, { name: "theirs" });
    const publicOne = (await world.deps.store.keys(world.scope.workspaceId)).find(
      ({ kind }) => kind === "public",
    );
    for (const each of [id, publicOne?.id ?? "", "key_nobody", "%20", "x".repeat(255)]) {
      const { status, code } = await revoke(world, each);
      assert.deepEqual([status, code], [404, "api_key_not_found"], each);
    }
    assert.equal((await revoke(world, "x".repeat(256))).param, "id");
    assert.ok((await list(world)).every(({ last_four }) => last_four !== world.publicKey.slice(-4)));
    assert.ok(!(await list(world)).some((each) => each.id === id));
  });

  it("are asked for in the key's own workspace, if one is named", async () => {
    const world = await open();
    const { id } = await made(world, { name: "kept" });
    const { workspaceId } = world.scope;
    const ask = (name: string) => [
      make(world, { name: "new" }, {}, `?workspace_id=${name}`),
      world.request(`${KEYS}?workspace_id=${name}`, { key: world.key }),
      revoke(world, `${id}?workspace_id=${name}`),
    ];
    for (const { status, code } of await Promise.all(ask("ws_other")))
      assert.deepEqual([status, code], [403, "workspace_mismatch"]);
    assert.deepEqual(
      (await Promise.all(ask(workspaceId))).map(({ status }) => status),
      [201, 200, 200],
    );
  });

  it("come in pages, latest first", async () => {
    const world = await open();
    for (const name of ["a", "b", "c"]) {
      world.pass(1);
      await made(world, { name });
    }
    const { body } = await world.request(`${KEYS}?limit=2&offset=1`, { key: world.key });
    const { data, ...rest } = body as { data: { name: string }[] };
    assert.deepEqual(
      data.map(({ name }) => name),
      ["b", "a"],
    );
    assert.deepEqual(rest, { total: 4, limit: 2, offset: 1, has_more: true });
  });

  it("say when they were last used, to the minute", async () => {
    const world = await open();
    const { id, key } = await made(world, { name: "used" });
    const used = async () => (await list(world)).find((each) => each.id === id)?.last_used_at;
    assert.equal(await used(), null);
    await health(world, key);
    const first = "2027-05-14T09:41:00.000Z";
    assert.equal(await used(), first);
    world.pass(MINUTE - 1);
    await health(world, key);
    assert.equal(await used(), first);
    world.pass(1);
    await health(world, key);
    assert.equal(await used(), "2027-05-14T09:42:00.000Z");
  });

  it("take names and scopes up to their limits, and nothing else", async () => {
    const world = await open();
    const every = [
      "sessions:write",
      "cancellations:write",
      "analytics:read",
      "workspace:write",
      "webhooks:write",
    ];
    await made(world, { name: "😀".repeat(120), scopes: every });
    const bad: [object, string][] = [
      [{}, "name"],
      [{ name: "" }, "name"],
      [{ name: "  " }, "name"],
      [{ name: "a\nb" }, "name"],
      [{ name: "x".repeat(121) }, "name"],
      [{ name: "x", scopes: [] }, "scopes"],
      [{ name: "x", scopes: ["*", "analytics:read"] }, "scopes"],
      [{ name: "x", scopes: ["analytics:read", "analytics:read"] }, "scopes"],
      [{ name: "x", scopes: ["everything"] }, "scopes/0"],
      [{ name: "x", scopes: "*" }, "scopes"],
      [{ name: "x", environment: "test" }, "environment"],
      [{ name: "x", key: "rk_sk_mine" }, "key"],
    ];
    for (const [json, param] of bad) {
      const reply = await make(world, json);
      assert.deepEqual([reply.status, reply.param], [400, param], JSON.stringify(json));
    }
  });

  it("are stored as their digest, and stand in no table and no line of the log", async () => {
    await using world = await alone(home);
    const { key, id } = await made(world, { name: "backend", scopes: ["*"] });
    await health(world, key);
    await list(world, "", key);
    await revoke(world, id, key);
    const { db } = world.store;
    const tables = await db.introspection.getTables();
    const rows = await Promise.all(
      tables.map(async ({ name }) => (await sql`select * from ${sql.table(name)}`.execute(db)).rows),
    );
    const stored = JSON.stringify(rows);
    const digest = createHash("sha256").update(key).digest("hex");
    assert.ok(stored.includes(digest));
    for (const text of [stored, world.log.join("")]) {
      assert.ok(!text.includes(key));
      assert.ok(!text.includes(key.slice("rk_sk_".length)));
    }
    const known = "rk_sk_0123456789abcdefghijABCDEFGHIJ01";
    assert.equal(hashKey(known), "0c9ae9f6ef43d15dfbde08e2726b7ca9f19b6018e9033b9924da8db019905231");
  });
});

/** A handshake token for a session: what a site signs, and everything that is no such thing. */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { it } from "node:test";
import fc from "fast-check";
import { createKey } from "../../src/domain/workspaces.ts";
import { alone, DAY, john, MINUTE, NOW, onEachStore, type Reply, type World } from "../harness.ts";
import { settled } from "../visit.ts";
import { handshake, signed } from "./handshake.ts";

const EXCHANGE = "/v1/session/exchange";
const SHOP = "https://shop.example";

const ask = (world: World, handshakeToken: unknown, more: object = {}): Promise<Reply> =>
  world.request(EXCHANGE, { json: { handshakeToken }, ...more });
const refused = (reply: Reply, status: number, code: string, words: string) =>
  assert.deepEqual(
    [reply.status, reply.code, (reply.body.error as { message: string } | undefined)?.message],
    [status, code, words],
  );

/** Computed with another implementation, from these keys and this payload. */
const VECTOR = {
  at: 1_767_225_600_000,
  publicKey: "pk_live_test",
  privateKey: "sk_live_test",
  token:
    "eyJicmFuZFB1YiI6InBrX2xpdmVfdGVzdCIsInN1YnNjcmliZXJJZCI6ImN1c19OZmZyRmVVZk5WMkhpYiIsInRpbWVzdGFtcCI6MTc2NzIyNTYwMDAwMCwibm9uY2UiOiIwMDAxMDIwMzA0MDUwNjA3MDgwOTBhMGIwYzBkMGUwZiJ9.P9UtiXCyo4hwGwD-esq-RnQqwCvzTecJW7D-1qArWYo",
  /** With a space after each colon and comma, as Python writes JSON. */
  spaced: "GDknykEI2eaMa8vwia5jwv7u3i08VB1m4G5fxUqzC70",
};

onEachStore("Exchanging a handshake token", ({ open, home }) => {
  it("59: gives a session of the customer, for the life of a session, in seconds", async () => {
    const world = await open();
    const reply = await ask(world, handshake(world));
    assert.equal(reply.status, 200, reply.text);
    const { sessionId, expiresAt } = reply.body.session as { sessionId: string; expiresAt: number };
    assert.deepEqual(reply.body, { session: { sessionId, expiresAt } });
    assert.match(sessionId, /^r10_[A-Za-z0-9_-]{100,}$/);
    assert.equal(expiresAt, (NOW + DAY) / 1000);
    assert.equal(reply.headers.get("cache-control"), "no-store");
    const visit = await world.visit(sessionId);
    assert.equal(visit.config.customer.name, "John Doe");
    assert.equal((await visit.select("other").send()).status, 200);
    settled(await visit.cancel());
    world.pass(DAY);
    assert.equal((await world.request("/v1/widget/flow", { token: sessionId })).code, "session_expired");
  });

  it("answers where a client asks that takes the bare host of a local server for its API", async () => {
    const world = await open();
    const reply = await world.request("/session/exchange", { json: { handshakeToken: handshake(world) } });
    assert.equal(reply.status, 200, reply.text);
    assert.equal((await world.request("/session/exchange", { method: "GET" })).status, 405);
  });

  it("58: takes what other implementations sign, whatever their JSON looks like", async () => {
    await using world = await alone(home, { at: VECTOR.at });
    const { workspaceId } = world.scope;
    const scope = { workspaceId, environment: "prod", name: "vector" } as const;
    await createKey(world.deps, { ...scope, kind: "secret", key: VECTOR.privateKey });
    await createKey(world.deps, { ...scope, kind: "public", key: VECTOR.publicKey });
    assert.equal((await ask(world, VECTOR.token)).status, 200);
    const json = Buffer.from(VECTOR.token.split(".")[0] as string, "base64url").toString();
    const spaced = json.replaceAll('":', '": ').replaceAll(',"', ', "');
    const token = `${Buffer.from(spaced).toString("base64url")}.${VECTOR.spaced}`;
    refused(await ask(world, token), 401, "nonce_used", "Token already used");
    const other = signed(spaced.replace("0e0f", "ffff"), VECTOR.privateKey);
    assert.equal((await ask(world, other)).status, 200);
  });

  it("58: refuses whatever differs by one bit or one character", async () => {
    const world = await open();
    const token = handshake(world);
    const { workspaceId } = world.scope;
    const before = await world.deps.store.keys(workspaceId);
    const [payload, signature] = token.split(".").map((part) => Buffer.from(part, "base64url"));
    const other = async (changed: string) => {
      const { status, code } = await ask(world, changed);
      assert.ok(status === 401 || (status === 404 && code === "brand_not_found"), `${status} ${changed}`);
    };
    const bits = fc.nat(((payload?.length ?? 0) + (signature?.length ?? 0)) * 8 - 1);
    await fc.assert(
      fc.asyncProperty(bits, async (bit) => {
        const bytes = Buffer.concat([payload as Buffer, signature as Buffer]);
        bytes.writeUInt8(bytes.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
        const [left, right] = [bytes.subarray(0, payload?.length), bytes.subarray(payload?.length)];
        await other(`${left.toString("base64url")}.${right.toString("base64url")}`);
      }),
      { numRuns: 200 },
    );
    for (let byte = 0; byte < (signature?.length ?? 0); byte++) {
      const changed = Buffer.from(signature as Buffer);
      changed.writeUInt8(changed.readUInt8(byte) ^ 1, byte);
      const text = `${token.split(".")[0]}.${changed.toString("base64url")}`;
      refused(await ask(world, text), 401, "handshake_invalid", "Invalid signature");
    }
    const character = fc.constantFrom(..."ABCXYZabcxyz0189-_=+/. é");
    await fc.assert(
      fc.asyncProperty(fc.nat(token.length - 1), character, async (at, each) => {
        fc.pre(token[at] !== each);
        await other(token.slice(0, at) + each + token.slice(at + 1));
      }),
      { numRuns: 200 },
    );
    // Other spellings of the very same bytes.
    for (const last of "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
      if (!token.endsWith(last)) await other(token.slice(0, -1) + last);
    assert.deepEqual(await world.deps.store.keys(workspaceId), before, "nothing was used");
    assert.equal((await ask(world, token)).status, 200, "the token itself is still good");
  });

  it("58: refuses what is no token", async () => {
    const world = await open();
    const good = { brandPub: world.publicKey, subscriberId: john, timestamp: NOW, nonce: "n" };
    const { brandPub: _b, ...brandless } = good;
    const { nonce: _n, ...nonceless } = good;
    const bodies = [
      ...["null", "[]", "7", "{", ""],
      ...[brandless, nonceless].map((each) => JSON.stringify(each)),
      ...[
        { timestamp: `${NOW}` },
        { timestamp: NOW + 0.5 },
        { subscriberId: "" },
        { subscriberId: "x".repeat(256) },
        { nonce: "" },
        { nonce: "x".repeat(256) },
        { nonce: 7 },
      ].map((change) => JSON.stringify({ ...good, ...change })),
    ];
    const [payload, signature] = handshake(world).split(".");
    const tokens = [
      undefined,
      7,
      "",
      ".",
      "abc",
      `${payload}`,
      `${payload}.`.slice(0, -1),
      `${payload}.${signature}.`,
      `${payload}=.${signature}`,
      `.${signature}`,
      ...bodies.map((body) => signed(body, world.key)),
      signed(new Uint8Array([0x22, 0xff, 0x22]), world.key),
    ];
    for (const token of tokens)
      refused(await ask(world, token), 401, "handshake_malformed", "Invalid token format");
    refused(await ask(world, `${payload}.`), 401, "handshake_invalid", "Invalid signature");
    const long = await ask(world, handshake(world, { more: "x".repeat(4000) }));
    assert.deepEqual([long.status, long.code, long.param], [400, "parameter_invalid", "handshakeToken"]);
    assert.equal((await ask(world, handshake(world, { nonce: "x".repeat(255) }))).status, 200);
  });

  it("58: allows five minutes on either side, to the millisecond", async () => {
    const world = await open();
    for (const away of [-5 * MINUTE, 0, 5 * MINUTE])
      assert.equal((await ask(world, handshake(world, { timestamp: NOW + away }))).status, 200, `${away}`);
    for (const away of [-5 * MINUTE - 1, 5 * MINUTE + 1, -NOW, -NOW + NOW / 1000]) {
      const token = handshake(world, { timestamp: Math.round(NOW + away) });
      refused(await ask(world, token), 401, "handshake_expired", "Token expired");
    }
  });

  it("58: takes a nonce once, even from twenty at the same time, for as long as the token could be good", async () => {
    const world = await open();
    const token = handshake(world, { timestamp: NOW + 5 * MINUTE });
    const replies = await Promise.all(Array.from({ length: 20 }, () => ask(world, token)));
    assert.deepEqual(replies.map(({ status }) => status).sort(), [
      200,
      ...Array.from({ length: 19 }, () => 401),
    ]);
    refused(
      replies.find(({ status }) => status === 401) ?? assert.fail(),
      401,
      "nonce_used",
      "Token already used",
    );
    world.pass(10 * MINUTE);
    await world.deps.store.forgetNonces(world.clock.now);
    assert.equal((await ask(world, token)).code, "nonce_used", "the last millisecond of its life");
    world.pass(1);
    assert.equal((await ask(world, token)).code, "handshake_expired");
    // A nonce of one site is no business of another's, nor of the sandbox.
    const other = await open();
    const nonce = randomUUID();
    for (const each of [world, other])
      assert.equal((await ask(each, handshake(each, { nonce }))).status, 200);
  });

  it("forgets nonces that can do no harm any more", async () => {
    await using world = await alone(home);
    assert.equal((await ask(world, handshake(world))).status, 200);
    const kept = () => world.store.db.selectFrom("nonces").selectAll().execute();
    await world.tick();
    world.pass(5 * MINUTE);
    await world.tick();
    assert.equal((await kept()).length, 1);
    world.pass(MINUTE);
    await world.tick();
    assert.deepEqual(await kept(), []);
  });

  it("knows the site by its public key alone, in the key's environment", async () => {
    const world = await open();
    for (const brandPub of ["rk_pk_nobody", world.key, `${world.publicKey} `])
      refused(await ask(world, handshake(world, { brandPub })), 404, "brand_not_found", "Brand not found");
    const other = await open();
    const foreign = handshake(world, {}, { secret: other.key });
    refused(await ask(world, foreign), 401, "handshake_invalid", "Invalid signature");
    const sandbox = { ...world.scope, environment: "sandbox", name: "sandbox" } as const;
    const { key: secret } = await createKey(world.deps, { ...sandbox, kind: "secret" });
    assert.equal((await ask(world, handshake(world, {}, { secret }))).code, "handshake_invalid");
    const { key: brandPub } = await createKey(world.deps, { ...sandbox, kind: "public" });
    assert.equal((await ask(world, handshake(world, { brandPub }))).code, "handshake_invalid");
    // The sandbox has a billing of its own, which knows nobody here.
    const there = await ask(world, handshake(world, { brandPub }, { secret }));
    refused(there, 404, "customer_not_found", "Customer not found");
  });

  it("lets a site change its keys one after the other", async () => {
    const world = await open();
    const { store } = world.deps;
    const { key: secret, row } = await createKey(world.deps, {
      ...world.scope,
      kind: "secret",
      name: "next",
    });
    for (const each of [world.key, secret])
      assert.equal((await ask(world, handshake(world, {}, { secret: each }))).status, 200);
    const keys = await store.keys(world.scope.workspaceId);
    assert.ok(
      keys.every(({ lastUsedAt }) => lastUsedAt === NOW),
      "who tidies up sees that they are used",
    );
    const old = keys.find((each) => each.kind === "secret" && each.id !== row.id)?.id ?? "";
    await store.revokeKey(old, NOW);
    assert.equal((await ask(world, handshake(world))).code, "handshake_invalid");
    assert.equal((await ask(world, handshake(world, {}, { secret }))).status, 200);
    const open2 = keys.find(({ kind }) => kind === "public")?.id ?? "";
    await store.revokeKey(open2, NOW);
    assert.equal((await ask(world, handshake(world, {}, { secret }))).code, "brand_not_found");
  });

  it("says so where no key is of an age, or of a master secret, that signatures can be checked with", async () => {
    await using world = await alone(home);
    world.deps.keys.signing = new Uint8Array(32).fill(9);
    assert.equal((await ask(world, handshake(world))).code, "handshake_unavailable");
    world.deps.keys.signing = new Uint8Array(32).fill(8);
    assert.equal((await ask(world, handshake(world))).status, 200);
    await world.store.db.updateTable("api_keys").set({ sealed: null }).execute();
    assert.equal((await ask(world, handshake(world))).code, "handshake_unavailable");
    assert.equal(
      (await world.mint(john)).slice(0, 4),
      "ret_",
      "for everything else the key is as good as before",
    );
    const { key: secret } = await createKey(world.deps, { ...world.scope, kind: "secret", name: "new" });
    assert.equal((await ask(world, handshake(world, {}, { secret }))).status, 200);
  });

  it("keeps a secret key in no form that the database alone gives away", async () => {
    await using world = await alone(home);
    const rows = await world.store.db.selectFrom("api_keys").selectAll().execute();
    const secret = rows.find(({ kind }) => kind === "secret");
    assert.ok(secret?.sealed && rows.find(({ kind }) => kind === "public")?.sealed === null);
    const bytes = Buffer.from(secret.sealed, "base64url").toString("latin1");
    assert.ok(!`${JSON.stringify(rows)}${bytes}`.includes(world.key.slice(6, 30)));
    // Moved to another row it is worth nothing there.
    const { row } = await createKey(world.deps, { ...world.scope, kind: "secret", name: "other" });
    await world.store.db
      .updateTable("api_keys")
      .set({ sealed: secret.sealed })
      .where("id", "=", row.id)
      .execute();
    await world.deps.store.revokeKey(secret.id, NOW);
    assert.equal((await ask(world, handshake(world))).code, "handshake_unavailable");
  });

  it("refuses a customer whom billing does not know, and a read-only workspace", async () => {
    const world = await open();
    const unknown = handshake(world, { subscriberId: "cus_nobody" });
    for (let asked = 0; asked < 2; asked++)
      refused(await ask(world, unknown), 404, "customer_not_found", "Customer not found");
    await world.deps.store.updateWorkspace(world.scope.workspaceId, { status: "read_only" });
    const reply = await ask(world, handshake(world));
    assert.deepEqual([reply.status, reply.code], [402, "workspace_read_only"]);
  });

  it("does not use a token up over billing that does not answer", async () => {
    const world = await open();
    const token = handshake(world);
    world.billing.plan = { findCustomers: { when: "before", throws: "unknown", times: 1 } };
    assert.equal((await ask(world, token)).code, "billing_unavailable");
    assert.equal((await ask(world, token)).status, 200);
  });

  it("59: is for the workspace's own pages, which can read every refusal", async () => {
    const world = await open();
    const preflight = await world.request(EXCHANGE, { method: "OPTIONS", origin: SHOP });
    assert.equal(preflight.status, 204);
    assert.equal(preflight.headers.get("access-control-allow-origin"), SHOP);
    assert.match(preflight.headers.get("access-control-allow-headers") ?? "", /content-type/);
    const good = await ask(world, handshake(world), { origin: SHOP });
    assert.equal(good.status, 200);
    for (const [token, origin, code] of [
      [handshake(world), "https://elsewhere.example", "origin_not_allowed"],
      ["nonsense", SHOP, "handshake_malformed"],
    ] as const) {
      const reply = await ask(world, token, { origin });
      assert.equal(reply.code, code);
      assert.equal(reply.headers.get("access-control-allow-origin"), origin);
    }
  });

  it("counts requests by customer, but none whose signature is wrong", async () => {
    const world = await open({ limits: { perSession: 2 } });
    for (let asked = 0; asked < 5; asked++)
      assert.equal((await ask(world, handshake(world, {}, { secret: "guess" }))).code, "handshake_invalid");
    for (let asked = 0; asked < 2; asked++) assert.equal((await ask(world, handshake(world))).status, 200);
    const token = handshake(world);
    assert.equal((await ask(world, token, { origin: SHOP })).code, "rate_limited");
    const other = handshake(world, { subscriberId: "cus_zoe" });
    assert.equal(
      (await ask(world, other)).status,
      200,
      "who has used up their own has not used up the site's",
    );
    world.pass(MINUTE);
    assert.equal((await ask(world, token)).status, 200);
  });

  it("checks in the one order, as far as the credential in the body lets it", async () => {
    const world = await open({ limits: { perSession: 0 } });
    const request = (more: object) =>
      world.request(EXCHANGE, { origin: "https://elsewhere.example", ...more });
    assert.equal((await request({})).status, 405);
    const huge = "{".repeat(70_000);
    const json = { "Content-Type": "application/json" };
    assert.equal((await request({ body: huge, headers: { "Content-Type": "text/html" } })).status, 415);
    for (const headers of [json, { "Content-Type": "text/plain;charset=UTF-8" }]) {
      assert.equal((await request({ body: huge, headers })).status, 413);
      assert.equal((await request({ body: "{", headers })).status, 400);
      assert.equal((await request({ body: '{"handshakeToken":"x"}', headers })).status, 401);
    }
    assert.equal((await request({ json: { handshakeToken: "x" } })).status, 401);
    assert.equal((await request({ json: { handshakeToken: handshake(world) } })).status, 429);
    world.deps.limits.perSession = 9;
    assert.equal((await request({ json: { handshakeToken: handshake(world) } })).status, 403);
  });
});

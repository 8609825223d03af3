import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { openSession, sealSession } from "../../src/domain/session-token.ts";
import { createKey } from "../../src/domain/workspaces.ts";
import { errors } from "../../src/http/errors.ts";
import { john, MINUTE, NOW, onEachStore, type World } from "../harness.ts";

const MINT = "/v1/retention/session";
const json = { retention: { customer_id: john } };

onEachStore("Keys", ({ open }) => {
  const ask = (world: World, headers: Record<string, string>) => world.request(MINT, { headers, json });

  it("are taken from each header that a dialect documents, and from several if they agree", async () => {
    const world = await open();
    const { key } = world;
    for (const headers of [
      { "X-Brand-Key": key },
      { "X-API-Key": key },
      { Authorization: `Bearer ${key}` },
      { Authorization: `bearer   ${key}` },
      { "X-Brand-Key": key, "X-API-Key": key, Authorization: `Bearer ${key}` },
      { "X-Brand-Key": "", "X-API-Key": key },
    ] as Record<string, string>[]) {
      assert.equal((await ask(world, headers)).status, 200, JSON.stringify(Object.keys(headers)));
    }
  });

  it("that do not agree are refused, whichever of them is valid", async () => {
    const world = await open();
    const { key } = world;
    for (const headers of [
      { "X-Brand-Key": key, "X-API-Key": "other" },
      { "X-API-Key": "other", Authorization: `Bearer ${key}` },
      { "X-Brand-Key": "other", Authorization: `Bearer ${key}` },
    ] as Record<string, string>[]) {
      assert.equal((await ask(world, headers)).code, "conflicting_credentials");
    }
  });

  it("missing, malformed, unknown, public and revoked ones are refused in the same words", async () => {
    const world = await open();
    const { key, row } = await createKey(world.deps, { ...world.scope, kind: "secret", name: "old" });
    assert.equal((await ask(world, { "X-Brand-Key": key })).status, 200);
    await world.deps.store.revokeKey(row.id, world.clock.now);
    for (const headers of [
      {},
      { "X-Brand-Key": "nonsense" },
      { "X-Brand-Key": `${world.key}x` },
      { "X-Brand-Key": world.key.slice(0, -1) },
      { Authorization: world.key },
      { Authorization: `Basic ${world.key}` },
      { Authorization: `Bearer ${world.key} ${world.key}` },
      { "X-Brand-Key": world.publicKey },
      { "X-Brand-Key": key },
      { Authorization: `Bearer ${await world.mint(john)}` },
    ] as Record<string, string>[]) {
      const reply = await ask(world, headers);
      assert.deepEqual(
        [reply.status, reply.code, reply.body.error],
        [401, "key_invalid", errors.key_invalid.message],
      );
    }
  });

  it("remember when they were last used, to the minute", async () => {
    const world = await open();
    const lastUse = async () =>
      (await world.deps.store.keys(world.scope.workspaceId)).find(({ kind }) => kind === "secret")
        ?.lastUsedAt;
    assert.equal(await lastUse(), undefined);
    await world.mint(john);
    assert.equal(await lastUse(), NOW);
    world.pass(MINUTE - 1);
    await world.mint(john);
    assert.equal(await lastUse(), NOW);
    world.pass(1);
    await world.mint(john);
    assert.equal(await lastUse(), NOW + MINUTE);
  });

  it("belong to one workspace", async () => {
    const [one, two] = [await open(), await open()];
    await two.publish({
      name: "Two",
      steps: [{ type: "confirm", id: "only-here", effective: "period_end" }],
    });
    const token = await two.mint(john);
    assert.deepEqual(
      (await one.flow(token)).flow.steps.map(({ id }) => id),
      ["only-here"],
    );
  });
});

onEachStore("Session ids", ({ open }) => {
  it("of one customer open nothing of another", async () => {
    const world = await open();
    const mine = await world.visit(john);
    const theirs = await world.visit("cus_zoe");
    for (const path of ["/v1/widget/events", "/v1/widget/decision"]) {
      const json = { session: theirs.session, events: mine.events };
      const reply = await world.request(path, { token: mine.token, json });
      assert.deepEqual([reply.status, reply.code], [404, "session_not_found"]);
    }
    const reply = await world.request("/v1/widget/flow?subscription_id=sub_zoe_team", { token: mine.token });
    assert.deepEqual([reply.status, reply.code], [404, "subscription_not_found"]);
    const bound = await world.mint("cus_lucia", "sub_lucia_basic");
    const other = await world.request("/v1/widget/flow?subscription_id=sub_lucia_team", { token: bound });
    assert.equal(other.code, "subscription_not_found");
    assert.deepEqual(await world.ledger(), []);
  });

  it("of one workspace open nothing of another, although the customer has the same id", async () => {
    const [one, two] = [await open(), await open()];
    const [mine, theirs] = [await one.visit(john), await two.visit(john)];
    const json = { session: theirs.session, events: mine.events };
    const reply = await one.request("/v1/widget/events", { token: mine.token, json });
    assert.equal(reply.code, "session_not_found");
  });

  it("of the same customer but another visit do not open this one", async () => {
    const world = await open();
    const [one, two] = [await world.visit(john), await world.visit(john)];
    const json = { session: two.session, events: one.events };
    assert.equal(
      (await world.request("/v1/widget/events", { token: one.token, json })).code,
      "session_not_found",
    );
  });

  it("are refused as keys, and keys as session ids", async () => {
    const world = await open();
    assert.equal((await world.request("/v1/widget/flow", { token: world.key })).code, "session_invalid");
    assert.equal((await world.request("/v1/widget/flow", { key: world.key })).code, "session_invalid");
  });

  it("expire to the millisecond, also in the middle of a flow", async () => {
    const world = await open();
    const visit = await world.visit(john);
    world.pass(world.deps.limits.sessionTtl - 1);
    assert.equal((await visit.send()).status, 200);
    world.pass(1);
    const reply = await visit.cancel();
    assert.deepEqual([reply.status, reply.code], [401, "session_expired"]);
    assert.deepEqual(await world.effects(), []);
  });

  it("of a workspace that is gone open nothing", async () => {
    const world = await open();
    const claims = {
      ...world.scope,
      workspaceId: "ws_gone",
      tokenId: "tok",
      customerId: john,
      expiresAt: NOW + 1,
    };
    const token = sealSession(world.deps.keys.session, "ret_", claims);
    assert.equal((await world.request("/v1/widget/flow", { token })).code, "session_invalid");
  });
});

describe("A sealed session id", () => {
  const key = new Uint8Array(32).fill(3);
  const claims = {
    workspaceId: "ws_1",
    environment: "prod" as const,
    tokenId: "tok_1",
    customerId: john,
    subscriptionId: "sub_1",
    expiresAt: NOW,
  };
  const refused = (token: string, code: string, now = NOW - 1, with_ = key) =>
    assert.throws(() => openSession(with_, token, now), { name: "Problem", code });

  it("opens to what was sealed, with and without a subscription", () => {
    const { subscriptionId: _, ...any } = claims;
    for (const prefix of ["ret_", "sub_", "r10_", "dlv_"] as const) {
      for (const sealed of [claims, any, { ...any, sessionId: "ses_1" }]) {
        const opened = openSession(key, sealSession(key, prefix, sealed), NOW - 1);
        assert.deepEqual(opened, { prefix, ...sealed });
      }
    }
  });

  it("never looks the same twice and shows nothing", () => {
    const [one, two] = [sealSession(key, "ret_", claims), sealSession(key, "ret_", claims)];
    assert.notEqual(one, two);
    assert.ok(!Buffer.from(one.slice(4), "base64url").toString("latin1").includes("cus_"));
  });

  it("is refused when any one of its characters is another", () => {
    const token = sealSession(key, "ret_", claims);
    const character = fc.constantFrom(..."ABCXYZabcxyz0189-_=+/. é");
    fc.assert(
      fc.property(fc.nat(token.length - 1), character, (at, other) => {
        fc.pre(token[at] !== other);
        refused(token.slice(0, at) + other + token.slice(at + 1), "session_invalid");
      }),
      { numRuns: 500 },
    );
  });

  it("is refused in any other spelling of the same bytes", () => {
    let spellings = 0;
    for (const customerId of ["cus_1", "cus_12", "cus_123"]) {
      const token = sealSession(key, "ret_", { ...claims, customerId });
      for (const last of "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") {
        const other = token.slice(0, -1) + last;
        if (other === token) continue;
        refused(other, "session_invalid");
        if (Buffer.from(other.slice(4), "base64url").equals(Buffer.from(token.slice(4), "base64url")))
          spellings++;
      }
    }
    assert.equal(spellings, 3 + 15, "lengths of every kind were tried");
  });

  it("is refused when any one bit of it is another", () => {
    const token = sealSession(key, "sub_", claims);
    const bytes = Buffer.from(token.slice(4), "base64url");
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const changed = Buffer.from(bytes);
      changed.writeUInt8(changed.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
      refused(`sub_${changed.toString("base64url")}`, "session_invalid");
    }
  });

  it("is refused when cut, lengthened, put together, of the other kind or of another server", () => {
    const token = sealSession(key, "ret_", claims);
    for (let length = 0; length < token.length; length++) refused(token.slice(0, length), "session_invalid");
    for (const more of ["A", "=", "AAAA", "\n", " ", token]) refused(token + more, "session_invalid");
    for (const prefix of ["sub_", "r10_", "dlv_", "RET_"])
      refused(token.replace("ret_", prefix), "session_invalid");
    refused(token, "session_invalid", NOW - 1, new Uint8Array(32).fill(4));
    refused(`ret_${"A".repeat(2000)}`, "session_invalid");
  });

  it("expires at its instant", () => {
    const token = sealSession(key, "ret_", claims);
    assert.ok(openSession(key, token, NOW - 1));
    refused(token, "session_expired", NOW);
  });
});

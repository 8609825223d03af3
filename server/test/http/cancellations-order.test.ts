/** Which check comes first, and who may do what in which workspace. */
import assert from "node:assert/strict";
import { it } from "node:test";
import { createKey } from "../../src/domain/workspaces.ts";
import type { WorkspaceRow } from "../../src/store/store.ts";
import { type Asked, onEachStore, type World } from "../harness.ts";
import { at, least, PATH, read, report, update } from "./cancelling.ts";

const JSON_TYPE = { "Content-Type": "application/json" };
const TEXT_TYPE = { "Content-Type": "text/plain" };

onEachStore("Cancellations", ({ open }) => {
  const keyWith = async (world: World, scopes: ("cancellations:write" | "analytics:read" | "*")[]) =>
    (await createKey(world.deps, { ...world.scope, kind: "secret", name: "some", scopes })).key;
  const become = (world: World, status: WorkspaceRow["status"]) =>
    world.deps.store.updateWorkspace(world.scope.workspaceId, { status });

  // Each request breaks every later rule as well.
  for (const [method, path] of [
    ["POST", PATH],
    ["PATCH", at("x".repeat(256))],
  ] as const) {
    it(`${method} is checked in the documented order`, async () => {
      const world = await open({ limits: { perKey: 0 } });
      const weak = await keyWith(world, ["analytics:read"]);
      await become(world, "read_only");
      const huge = "{".repeat(65_537);
      const all = { headers: TEXT_TYPE, body: huge, origin: "https://shop.example" };
      const ask = async (asked: Asked, where: string = path) => {
        const { status, code } = await world.request(where, { method, ...asked });
        return `${status} ${code}`;
      };
      assert.equal(await ask(all, "/api/v1/cancellation"), "404 route_not_found");
      assert.equal(await ask({ ...all, method: "PUT" }), "405 method_not_allowed");
      assert.equal(await ask({ ...all, key: "rk_sk_wrong" }), "401 key_invalid");
      assert.equal(await ask({ ...all, key: weak }), "429 rate_limited");
      world.deps.limits.perKey = 100;
      assert.equal(await ask({ ...all, key: weak }), "403 secret_key_in_browser");
      const { key } = world;
      assert.equal(await ask({ headers: TEXT_TYPE, body: huge, key: weak }), "403 insufficient_scope");
      assert.equal(await ask({ headers: TEXT_TYPE, body: huge, key }), "402 workspace_read_only");
      await become(world, "demo");
      assert.equal(await ask({ headers: TEXT_TYPE, body: huge, key }), "403 demo_workspace");
      await become(world, "active");
      assert.equal(await ask({ headers: TEXT_TYPE, body: huge, key }), "415 content_type_unsupported");
      assert.equal(await ask({ headers: JSON_TYPE, body: huge, key }), "413 body_too_large");
      assert.equal(await ask({ headers: JSON_TYPE, body: "{", key }), "400 body_malformed");
      assert.equal(
        await ask({ json: { ...least, outcome: "saved", reasonKey: "nothing" }, key }),
        "400 parameter_invalid",
      );
      assert.deepEqual(await world.ledger(), []);
    });
  }

  it("what is wrong with a report comes before what is wrong with what it is about", async () => {
    const world = await open();
    assert.equal((await report(world, { reasonKey: "nothing" })).code, "parameter_missing");
    assert.equal((await report(world, { ...least, reasonKey: "nothing" })).code, "reason_not_enabled");
    assert.equal((await update(world, "none", { outcome: "saved" })).code, "parameter_invalid");
    assert.equal((await update(world, "none", { outcome: "churned" })).code, "cancellation_not_found");
    assert.equal((await read(world, "none", "?environment=live")).param, "environment");
  });

  it("nothing is written in a workspace that is read-only or for demonstration, and all is read", async () => {
    const world = await open();
    await report(world, least);
    for (const [status, refused] of [
      ["read_only", [402, "workspace_read_only"]],
      ["demo", [403, "demo_workspace"]],
    ] as const) {
      await become(world, status);
      for (const reply of [
        await report(world, least),
        await report(world, { ...least, eventId: "evt_2" }),
        await update(world, "evt_1", { outcome: "churned" }),
      ])
        assert.deepEqual([reply.status, reply.code], refused);
      const { body } = await read(world, "evt_1");
      assert.equal(body.outcome, "pending");
    }
    assert.equal((await world.ledger()).length, 1);
  });

  it("reporting and reading each need their scope", async () => {
    const world = await open();
    await report(world, least);
    const may = async (scopes: Parameters<typeof keyWith>[1]) => {
      const key = await keyWith(world, scopes);
      const replies = [
        await report(world, least, { key }),
        await update(world, "evt_1", { outcome: "churned" }, { key }),
        await read(world, "evt_1", "", { key }),
      ];
      return replies.map(({ status, code }) => code ?? status);
    };
    assert.deepEqual(await may(["*"]), [200, 200, 200]);
    assert.deepEqual(await may(["cancellations:write"]), [200, 200, "insufficient_scope"]);
    assert.deepEqual(await may(["analytics:read"]), ["insufficient_scope", "insufficient_scope", 200]);
    assert.deepEqual(await may([]), Array(3).fill("insufficient_scope"));
  });

  it("keys are counted, and the one too many says when to come again", async () => {
    const world = await open({ limits: { perKey: 2 } });
    assert.equal((await report(world, least)).status, 201);
    // Refused ones count.
    assert.equal((await report(world, {})).status, 400);
    const reply = await update(world, "evt_1", { outcome: "churned" });
    assert.deepEqual([reply.status, reply.code], [429, "rate_limited"]);
    const wait = Number(reply.headers.get("retry-after"));
    assert.ok(wait > 0 && wait <= 60, String(wait));
    world.pass(60_000);
    assert.equal((await update(world, "evt_1", { outcome: "churned" })).status, 200);
  });

  it("secret keys stay on servers: no page is answered", async () => {
    const world = await open();
    const asked = { origin: "https://shop.example" };
    for (const reply of [await report(world, least, asked), await read(world, "evt_1", "", asked)]) {
      assert.deepEqual([reply.status, reply.code], [403, "secret_key_in_browser"]);
      assert.equal(reply.headers.get("access-control-allow-origin"), null);
    }
  });
});

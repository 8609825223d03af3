/**
 * Which check comes first. Each request below breaks every later rule as well, so it can only be answered as expected
 * if the order holds: 404, 405, 401, 429, 403, 415, 413, 400.
 */
import assert from "node:assert/strict";
import { it } from "node:test";
import { john, onEachStore, type World } from "../harness.ts";

const MINT = "/v1/retention/session";
const EVENTS = "/v1/widget/events";
const FOREIGN = "https://elsewhere.example";
const huge = (size: number) => ({ headers: { "Content-Type": "text/plain" }, body: "{".repeat(size) });

onEachStore("The order of checks", ({ open }) => {
  /** Nobody may ask anything any more. */
  const exhausted = async (): Promise<{ world: World; token: string }> => {
    const world = await open({ limits: { perKey: 1, perSession: 0 } });
    const token = await world.mint(john);
    return { world, token };
  };

  it("of a route for keys", async () => {
    const { world } = await exhausted();
    const all = { ...huge(70_000), origin: FOREIGN };
    assert.equal((await world.request("/v1/nowhere", all)).status, 404);
    const wrong = await world.request(MINT, { ...all, method: "PUT" });
    assert.deepEqual([wrong.status, wrong.headers.get("allow")], [405, "POST"]);
    assert.equal((await world.request(MINT, { ...all, key: "rk_sk_wrong" })).status, 401);
    assert.equal((await world.request(MINT, { ...all, key: world.key })).status, 429);
    world.deps.limits.perKey = 100;
    assert.equal((await world.request(MINT, { ...all, key: world.key })).status, 403);
    assert.equal((await world.request(MINT, { ...huge(70_000), key: world.key })).status, 415);
    const json = { "Content-Type": "application/json" };
    assert.equal((await world.request(MINT, { ...huge(70_000), headers: json, key: world.key })).status, 413);
    assert.equal((await world.request(MINT, { ...huge(7), headers: json, key: world.key })).status, 400);
    assert.deepEqual(await world.effects(), []);
  });

  it("of a route for sessions", async () => {
    const { world, token } = await exhausted();
    const form = { "Content-Type": "text/html" };
    const all = { ...huge(600_000), headers: form, origin: FOREIGN };
    const wrong = await world.request(EVENTS, { ...all, method: "DELETE" });
    assert.deepEqual([wrong.status, wrong.headers.get("allow")], [405, "POST"]);
    assert.equal((await world.request(EVENTS, all)).status, 401);
    assert.equal((await world.request(EVENTS, { ...all, token })).status, 429);
    world.deps.limits.perSession = 100;
    assert.equal((await world.request(EVENTS, { ...all, token })).status, 403);
    assert.equal((await world.request(EVENTS, { ...huge(600_000), headers: form, token })).status, 415);
    const json = { "Content-Type": "application/json" };
    assert.equal((await world.request(EVENTS, { ...huge(600_000), headers: json, token })).status, 413);
    assert.equal((await world.request(EVENTS, { ...huge(7), headers: json, token })).status, 400);
  });

  it("a wrong query is a 400 before billing is asked", async () => {
    const world = await open();
    const token = await world.mint(john);
    const before = world.billing.calls.length;
    for (const query of ["?restart=yes", "?subscription_id=", `?subscription_id=${"x".repeat(256)}`]) {
      const reply = await world.request(`/v1/widget/flow${query}`, { token });
      assert.deepEqual([reply.status, reply.code], [400, "parameter_invalid"], query);
    }
    assert.equal(world.billing.calls.length, before);
  });

  it("HEAD is answered like GET, without the body", async () => {
    const world = await open();
    const reply = await world.request("/api/health", { method: "HEAD" });
    assert.deepEqual([reply.status, reply.text], [200, ""]);
    assert.equal((await world.request(MINT, { method: "HEAD" })).status, 405);
  });

  it("health says what runs and what time it is", async () => {
    const world = await open();
    const { body } = await world.request("/api/health");
    assert.deepEqual(body, { status: "ok", version: "0.0.0", time: "2027-05-14T09:41:00.000Z" });
  });
});

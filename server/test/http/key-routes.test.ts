/** What holds for every route that takes a secret key, whatever it does. */
import assert from "node:assert/strict";
import { it } from "node:test";
import type { z } from "zod";
import { routes } from "../../src/app.ts";
import { KEY_SCOPES } from "../../src/domain/scopes.ts";
import { createKey } from "../../src/domain/workspaces.ts";
import type { Route } from "../../src/http/route.ts";
import { type Asked, onEachStore, type Reply, type World } from "../harness.ts";

const keyed = routes.filter(({ auth }) => auth === "key");
const name = ({ method, path }: Route) => `${method.toUpperCase()} ${path}`;
const addressOf = ({ path }: Route) => path.replace(/:\w+/g, "nobody");
const JSON_HEADERS = { "Content-Type": "application/json" };

const ask = (world: World, route: Route, asked: Asked, query = ""): Promise<Reply> =>
  world.request(`${addressOf(route)}${query}`, {
    method: route.method.toUpperCase(),
    ...(route.body ? { body: "{}" } : {}),
    ...asked,
    headers: { ...(route.body ? JSON_HEADERS : {}), ...asked.headers },
  });

onEachStore("Every route for keys", ({ open }) => {
  it("takes the key in each header of the three dialects, and nowhere else", async () => {
    const world = await open();
    for (const route of keyed) {
      const spellings: Record<string, string>[] = [
        { "X-API-Key": world.key },
        { "X-Brand-Key": world.key },
        { Authorization: `Bearer ${world.key}` },
        { authorization: `bearer ${world.key}`, "x-api-key": world.key },
      ];
      for (const headers of spellings) {
        const { status, text } = await ask(world, route, { headers });
        assert.ok(status !== 401 && status < 500, `${name(route)} ${status} ${text}`);
      }
      for (const query of [`?api_key=${world.key}`, `?key=${world.key}`, `?access_token=${world.key}`]) {
        const reply = await ask(world, route, {}, query);
        assert.deepEqual([reply.status, reply.code], [401, "key_invalid"], name(route));
        assert.equal(reply.headers.get("www-authenticate"), "Bearer");
      }
      const both = { "X-API-Key": world.key, Authorization: "Bearer rk_sk_other" };
      assert.equal((await ask(world, route, { headers: both })).code, "conflicting_credentials");
    }
  });

  it("says the same of a key that is missing, malformed, unknown, public or revoked", async () => {
    const world = await open();
    const { key, row } = await createKey(world.deps, { ...world.scope, kind: "secret", name: "old" });
    await world.deps.store.revokeKey(row.id, world.clock.now);
    for (const route of keyed) {
      const said = new Set<string>();
      for (const each of [undefined, "x", "rk_sk_unknown", world.publicKey, key]) {
        const { status, body } = await ask(world, route, each === undefined ? {} : { key: each });
        const { request_id: _, ...rest } = typeof body.error === "string" ? body : Object(body.error);
        said.add(JSON.stringify([status, rest]));
      }
      assert.equal(said.size, 1, name(route));
    }
  });

  it("refuses a browser, and a key without the scope", async () => {
    const world = await open();
    for (const route of keyed) {
      const reply = await ask(world, route, { key: world.key, origin: "https://shop.example" });
      assert.deepEqual([reply.status, reply.code], [403, "secret_key_in_browser"], name(route));
      assert.equal(reply.headers.get("access-control-allow-origin"), null);
      const scopes = KEY_SCOPES.filter((scope) => scope !== route.scope);
      const { key } = await createKey(world.deps, { ...world.scope, kind: "secret", name: "other", scopes });
      assert.equal((await ask(world, route, { key })).code, "insufficient_scope", name(route));
      const one = route.scope ? [route.scope] : [];
      const good = await createKey(world.deps, {
        ...world.scope,
        kind: "secret",
        name: "one",
        scopes: one,
      });
      assert.notEqual((await ask(world, route, { key: good.key })).status, 403, name(route));
    }
  });

  it("checks in one order: 401, 429, 403, 402, 415, 413, 400", async () => {
    for (const route of keyed) {
      const world = await open({ limits: { perKey: 1 } });
      const { store } = world.deps;
      const huge = { body: "{".repeat(70_000), headers: { "Content-Type": "text/plain" } };
      const bad = route.body ? huge : {};
      assert.equal((await ask(world, route, { ...bad, key: "rk_sk_no" })).status, 401, name(route));
      await ask(world, route, { key: world.key });
      assert.equal((await ask(world, route, { ...bad, key: world.key })).status, 429, name(route));
      world.deps.limits.perKey = 10_000;
      await store.updateWorkspace(world.scope.workspaceId, { status: "demo" });
      const inDemo = await ask(world, route, { ...bad, key: world.key });
      assert.equal(inDemo.code === "demo_workspace", route.notInDemo === true, name(route));
      await store.updateWorkspace(world.scope.workspaceId, { status: "read_only" });
      const readOnly = await ask(world, route, { ...bad, key: world.key });
      assert.equal(readOnly.code === "workspace_read_only", route.writes === true, name(route));
      await store.updateWorkspace(world.scope.workspaceId, { status: "active" });
      if (!route.body) continue;
      assert.equal((await ask(world, route, { ...bad, key: world.key })).status, 415, name(route));
      for (const type of ["application/json; charset=utf-8", "Application/JSON"]) {
        const large = { ...huge, headers: { "Content-Type": type }, key: world.key };
        assert.equal((await ask(world, route, large)).status, 413, name(route));
      }
      for (const type of ["application/vnd.api+json", "application/x-www-form-urlencoded", ""]) {
        const headers = { "Content-Type": type };
        assert.equal(
          (await ask(world, route, { key: world.key, headers })).status,
          415,
          `${name(route)} ${type}`,
        );
      }
      assert.equal((await ask(world, route, { key: world.key, body: "{" })).status, 400, name(route));
    }
  });

  it("takes numbers in digits alone, within their bounds", async () => {
    const world = await open();
    const boundsOf = (route: Route) => ({
      limit: [1, route.path.startsWith("/api/exports") ? 50_000 : 200],
      offset: [0, 100_000],
      months: [1, 24],
    });
    for (const route of keyed.filter(({ method }) => method === "get"))
      for (const [param, [least = 0, most = 0]] of Object.entries(boundsOf(route))) {
        if (!Object.hasOwn(Object((route.query as z.ZodObject | undefined)?.shape), param)) continue;
        const said = async (value: string) => {
          const reply = await ask(world, route, { key: world.key }, `?${param}=${encodeURIComponent(value)}`);
          return reply.code === "parameter_invalid" ? reply.param : undefined;
        };
        for (const value of ["", " 5", "+5", "0x10", "1e1", "5.0", "-1", "٣", `${most + 1}`, "9".repeat(400)])
          assert.equal(await said(value), param, `${name(route)} ${param}=${value}`);
        if (least) assert.equal(await said("0"), param, name(route));
        for (const value of [`${least}`, `${most}`, "007"]) assert.equal(await said(value), undefined, value);
      }
  });

  it("answers OPTIONS, and has nothing behind a slash", async () => {
    const world = await open();
    for (const route of keyed) {
      const asked = { method: "OPTIONS", origin: "https://shop.example" };
      const reply = await world.request(addressOf(route), asked);
      assert.deepEqual([reply.status, reply.headers.get("access-control-allow-origin")], [204, null]);
      const { status, code } = await ask(world, { ...route, path: `${route.path}/` }, { key: world.key });
      assert.deepEqual([status, code], [404, "route_not_found"], name(route));
    }
  });
});

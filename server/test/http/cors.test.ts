import assert from "node:assert/strict";
import { it } from "node:test";
import { john, onEachStore } from "../harness.ts";

const PATHS = [
  "/v1/widget/flow",
  "/v1/widget/hub",
  "/v1/widget/events",
  "/v1/widget/decision",
  "/v1/widget/beacon",
  "/v1/session/exchange",
];

onEachStore("Pages on other origins", ({ open }) => {
  it("may ask what they may send", async () => {
    const world = await open();
    for (const path of PATHS) {
      const { status, headers, text } = await world.request(path, {
        method: "OPTIONS",
        origin: "https://shop.example",
      });
      assert.deepEqual([status, text], [204, ""]);
      assert.equal(headers.get("access-control-allow-origin"), "https://shop.example");
      assert.equal(headers.get("access-control-allow-methods"), /flow$|hub$/.test(path) ? "GET" : "POST");
      const allowed = headers.get("access-control-allow-headers")?.split(", ") ?? [];
      for (const name of ["authorization", "content-type"]) assert.ok(allowed.includes(name), name);
      assert.equal(headers.get("access-control-allow-credentials"), null);
      assert.match(headers.get("vary") ?? "", /origin/i);
    }
  });

  it("may carry what a page's own wrapper around fetch adds", async () => {
    const world = await open();
    const { headers } = await world.request("/v1/widget/flow", {
      method: "OPTIONS",
      origin: "https://shop.example",
      headers: { "access-control-request-headers": "authorization,x-trace-id" },
    });
    assert.equal(headers.get("access-control-allow-headers"), "authorization,x-trace-id");
  });

  for (const [path, method, wrong] of [
    ["/v1/widget/flow", "get", { subscription_id: 7 }],
    ["/v1/widget/hub", "get", { locale: 7 }],
    ["/v1/widget/events", "post", { session: "ses_1", events: [], more: 1 }],
    ["/v1/widget/decision", "post", { session: "ses_1" }],
    ["/v1/widget/hub/preview", "post", {}],
  ] as const) {
    it(`are spared the preflight where they send all as text: ${path}`, async () => {
      const world = await open();
      const token = await world.mint(john);
      const ask = (said: unknown, type = "text/plain;charset=UTF-8", origin = "https://shop.example") =>
        world.request(path, {
          method: "POST",
          origin,
          headers: { "Content-Type": type },
          body: typeof said === "string" ? said : JSON.stringify(said),
        });
      if (method === "get") {
        const asked = await ask({ token });
        assert.equal(asked.status, 200, asked.text);
        assert.equal(asked.headers.get("access-control-allow-origin"), "https://shop.example");
        const { text } = await world.request(path, { token });
        assert.deepEqual(Object.keys(asked.body), Object.keys(JSON.parse(text)));
        assert.equal((await ask({ token }, "application/json")).status, 405);
      } else assert.equal((await ask({ token }, "application/json")).status, 401, "JSON has no credential");
      assert.equal((await ask({ token, ...wrong })).status, 400);
      assert.equal((await ask({ token: `${token}A` })).status, 401);
      assert.equal((await ask({ token: world.key })).status, 401);
      assert.equal((await ask([])).status, 401);
      assert.equal((await ask("{")).code, "body_malformed");
      assert.equal((await ask({ token }, "text/plain", "https://evil.example")).status, 403);
      const wide = await world.request(path, {
        method: "POST",
        token,
        headers: { "Content-Type": "text/plain" },
        body: "{}",
      });
      assert.equal(wide.status, 401, "one credential counts, and it is the body's");
    });
  }

  it("say as text what they would ask by an address", async () => {
    const world = await open();
    const token = await world.mint("cus_lucia");
    const said = (more: object) =>
      world.request("/v1/widget/flow", {
        method: "POST",
        headers: { "Content-Type": "text/plain" },
        body: JSON.stringify({ token, ...more }),
      });
    const reply = await said({ subscription_id: "sub_lucia_team", locale: "de" });
    assert.equal((reply.body.subscription as { id: string }).id, "sub_lucia_team");
    assert.equal((await said({ subscription_id: "sub_zoe_team" })).code, "subscription_not_found");
    assert.equal((await said({ unknown: "1" })).status, 200, "as an address may have");
  });

  it("may not ask for anything that needs a key", async () => {
    const world = await open();
    const asked = { method: "OPTIONS", origin: "https://shop.example" };
    const { headers } = await world.request("/v1/retention/session", asked);
    assert.equal(headers.get("access-control-allow-origin"), null);
    assert.equal(headers.get("allow"), "POST, OPTIONS");
  });

  const origins: [string, boolean][] = [
    ["https://shop.example", true],
    ["http://localhost:4321", true],
    ["http://localhost:5173", true],
    ["http://localhost", true],
    ["https://api.papercrane.example", true],
    ["http://shop.example", false],
    ["https://shop.example:8443", false],
    ["https://evil-shop.example", false],
    ["https://shop.example.evil.example", false],
    ["http://localhost:5173.evil.example", false],
    ["http://localhost:", false],
    ["https://localhost:5173", false],
    ["http://localhost:65535", true],
    ["http://localhost:65536", false],
    ["null", false],
  ];
  for (const [origin, allowed] of origins) {
    it(`${origin} is ${allowed ? "let in" : "refused"}`, async () => {
      const world = await open({ publicUrl: "https://api.papercrane.example/base" });
      const token = await world.mint(john);
      const { status, code, headers } = await world.request("/v1/widget/flow", { token, origin });
      assert.deepEqual([status, code], allowed ? [200, undefined] : [403, "origin_not_allowed"]);
      assert.match(headers.get("vary") ?? "", /origin/i);
      assert.equal(headers.get("access-control-allow-origin"), origin, "its page can read why");
    });
  }

  it("are not the server's own because its address says so, where anybody may have that name lead to it", async () => {
    const world = await open();
    const token = await world.mint(john);
    const status = async (origin: string) =>
      (await world.request(`${origin}/v1/widget/flow`, { token, origin })).status;
    assert.equal(await status("http://evil.example"), 403);
    assert.equal(await status("http://127.0.0.1:4321"), 200);
    assert.equal(await status("http://[::1]:4321"), 200);
  });

  it("can read every refusal", async () => {
    const world = await open();
    for (const asked of [{}, { token: "ret_nonsense" }, { token: await world.mint(john), body: "{" }]) {
      const reply = await world.request("/v1/widget/events", {
        method: "POST",
        origin: "https://shop.example",
        ...asked,
      });
      assert.ok(reply.status >= 400);
      assert.equal(reply.headers.get("access-control-allow-origin"), "https://shop.example");
      assert.match(reply.headers.get("access-control-expose-headers") ?? "", /Request-Id/);
    }
  });

  it("cannot use a secret key, whatever the origin", async () => {
    const world = await open();
    for (const origin of ["https://shop.example", "null"]) {
      const json = { retention: { customer_id: john } };
      const reply = await world.request("/v1/retention/session", { key: world.key, origin, json });
      assert.deepEqual([reply.status, reply.code], [403, "secret_key_in_browser"]);
      assert.equal(reply.headers.get("access-control-allow-origin"), null);
    }
  });
});

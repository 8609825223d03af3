/** What holds for every route alike: which pages may ask, that nobody is known by a cookie, and that a form moves nothing. */
import assert from "node:assert/strict";
import { it } from "node:test";
import { routes } from "../../src/app.ts";
import { connectionLimits } from "../../src/http/limits.ts";
import type { Route } from "../../src/http/route.ts";
import { john, onEachStore, type World } from "../harness.ts";

const ADDRESSES = routes.flatMap((route) =>
  [route.path, ...(route.aliases ?? [])].map((path) => ({
    route,
    path: path.replaceAll(/:\w+/g, "some_id"),
  })),
);

/** What is not in the table of the API. */
const PAGES = [
  ["GET", "/"],
  ["GET", "/docs"],
  ["GET", "/docs.css"],
  ["GET", "/openapi.json"],
  ["GET", "/retention"],
  ["GET", "/subs"],
  ["GET", "/hosted.css"],
  ["GET", "/cancel/some_token"],
  ["POST", "/cancel/some_token/return"],
  ["POST", "/api/stripe/webhook"],
  ["GET", "/branding/some_id.css"],
  ["GET", "/branding/some_id/logo"],
  ["GET", "/simulator/style.css"],
  ["GET", "/simulator/invoices/some_token"],
  ["GET", "/simulator/payment-method/some_token"],
  ["POST", "/simulator/payment-method/some_token"],
  ["GET", "/nothing"],
] as const;

const ALL = [...ADDRESSES.map(({ route, path }) => [route.method.toUpperCase(), path] as const), ...PAGES];

const inBrowser = ({ auth }: Route) => ["session", "body", "either"].includes(auth);

/** Each is another origin than https://shop.example and http://localhost:*, and looks like one of them to a careless eye. */
const FOREIGN = [
  "null",
  "https://elsewhere.example",
  "https://shop.example.elsewhere.example",
  "https://notshop.example",
  "https://elsewhere.example/https://shop.example",
  "https://shop.example@elsewhere.example",
  "https://shop.example:444",
  "http://shop.example",
  "https://SHOP.example",
  "https://shop.example.",
  "https://shop.example/",
  "https://shop-example",
  "http://localhost.elsewhere.example:80",
  "http://localhost:80@elsewhere.example",
  "http://localhost:x",
  "file://",
  "chrome-extension://shop.example",
];

onEachStore("Every route", ({ open }) => {
  const FORM = "application/x-www-form-urlencoded";

  it("sets no cookie and takes none for a credential", async () => {
    const world = await open();
    const token = await world.mint(john);
    for (const [method, path] of ALL) {
      for (const value of [world.key, token]) {
        const Cookie = ["session", "session_id", "token", "Authorization", "X-Brand-Key"]
          .map((name) => `${name}=${value}`)
          .join("; ");
        const reply = await world.request(path, { method, headers: { Cookie } });
        assert.deepEqual(reply.headers.getSetCookie(), [], path);
        const route = ADDRESSES.find((each) => each.path === path)?.route;
        if (route && route.auth !== "none") assert.equal(reply.status >= 400, true, `${method} ${path}`);
      }
    }
  });

  it("sets none for who is let in either", async () => {
    const world = await open();
    const token = await world.mint(john);
    for (const { route, path } of ADDRESSES) {
      const who = route.auth === "session" ? { token } : { key: world.key };
      const reply = await world.request(path, { method: route.method.toUpperCase(), ...who });
      assert.deepEqual(reply.headers.getSetCookie(), [], path);
    }
  });

  it("answers no page elsewhere with more than the refusal", async () => {
    const world = await open();
    const token = await world.mint(john);
    for (const { route, path } of ADDRESSES) {
      const method = route.method.toUpperCase();
      const json = method === "GET" ? undefined : { token };
      for (const origin of FOREIGN) {
        const what = `${method} ${path} from ${origin}`;
        const reply = await world.request(path, { method, token, origin, json });
        if (route.auth === "none") {
          assert.equal(reply.headers.get("access-control-allow-origin"), null, what);
          continue;
        }
        assert.ok(reply.status >= 400, what);
        if (route.auth === "session")
          assert.deepEqual([reply.status, reply.code], [403, "origin_not_allowed"], what);
        assert.equal(
          reply.headers.get("access-control-allow-origin"),
          inBrowser(route) ? origin : null,
          what,
        );
        assert.equal(reply.headers.get("access-control-allow-credentials"), null, what);
      }
    }
    assert.deepEqual(await world.effects(), []);
  });

  it("lets no page elsewhere ask for what a key opens, nor send one along", async () => {
    const world = await open();
    for (const { route, path } of ADDRESSES) {
      const asked = { method: "OPTIONS", origin: "https://shop.example" };
      const { status, headers } = await world.request(path, asked);
      assert.equal(status, 204, path);
      const isOpen = ADDRESSES.some((each) => each.path === path && inBrowser(each.route));
      assert.equal(headers.get("access-control-allow-origin"), isOpen ? asked.origin : null, path);
      assert.equal(headers.get("access-control-allow-credentials"), null, path);
      assert.equal(headers.get("access-control-allow-private-network"), null, path);
      if (route.auth !== "key") continue;
      const reply = await world.request(path, {
        method: route.method.toUpperCase(),
        key: world.key,
        origin: "https://shop.example",
      });
      assert.deepEqual([reply.status, reply.code], [403, "secret_key_in_browser"], path);
    }
  });

  it("takes no form: what a page elsewhere can send without being asked first moves nothing", async () => {
    const world = await open();
    const token = await world.mint(john);
    const before = await world.ledger();
    for (const [method, path] of ALL) {
      if (method === "GET") continue;
      const route = ADDRESSES.find((each) => each.path === path)?.route;
      // Text is what our own pages send: its credential is in it, and nobody else's is looked at.
      const isText = route && inBrowser(route) && route.auth !== "either";
      for (const type of ["multipart/form-data; boundary=x", FORM, "text/plain"]) {
        const headers = { "Content-Type": type, "Sec-Fetch-Site": "cross-site" };
        const body = type === FORM ? "token=x&session=y" : '{"token":"x"}';
        const who = route?.auth === "session" ? { token } : { key: world.key };
        const reply = await world.request(path, { method, headers, body, ...who });
        assert.ok(reply.status >= 400, `${method} ${path} as ${type}: ${reply.status}`);
        if (isText && type === "text/plain") assert.equal(reply.status, 401, path);
        else if (route?.body)
          assert.deepEqual([reply.status, reply.code], [415, "content_type_unsupported"], path);
      }
    }
    assert.deepEqual(await world.ledger(), before);
    assert.deepEqual(await world.effects(), []);
  });

  it("says of itself only what its answer is, to whoever embeds or guesses", async () => {
    const world = await open();
    for (const [method, path] of ALL) {
      const { headers } = await world.request(path, { method });
      assert.equal(headers.get("x-content-type-options"), "nosniff", path);
      assert.equal(headers.get("referrer-policy"), "no-referrer", path);
      for (const name of ["server", "x-powered-by"]) assert.equal(headers.get(name), null, path);
      if (!headers.get("content-type")?.startsWith("text/html")) continue;
      const policy = headers.get("content-security-policy") ?? "";
      assert.match(policy, /default-src '(none|self)'/, path);
      assert.match(policy, /frame-ancestors /, path);
      assert.doesNotMatch(policy, /unsafe/, path);
    }
  });
});

onEachStore("A body", ({ open }) => {
  const send = (world: World, body: string) =>
    world.request("/v1/retention/session", {
      key: world.key,
      headers: { "Content-Type": "application/json" },
      body,
    });

  it("that names a thing twice means the last, as JSON.parse has it, for check and use alike", async () => {
    const world = await open();
    const twice = (first: string, last: string) =>
      `{"retention":{"customer_id":"${first}","customer_id":"${last}"}}`;
    assert.equal((await send(world, twice("cus_nobody", john))).status, 200);
    assert.deepEqual((await send(world, twice(john, "cus_nobody"))).code, "customer_not_found");
  });

  it("that names a prototype changes none, and gives nothing of it to anybody", async () => {
    const world = await open();
    for (const name of ["__proto__", "constructor", "prototype"]) {
      const hostile = `"${name}":{"customer_id":"${john}","polluted":true}`;
      for (const body of [`{${hostile},"retention":{}}`, `{"retention":{${hostile}}}`]) {
        const reply = await send(world, body);
        assert.equal(reply.status, 400, `${body}: ${reply.text}`);
        assert.equal(Reflect.get({}, "polluted"), undefined);
      }
    }
  });

  it("that is nested beyond reason is refused as any other", async () => {
    const world = await open();
    for (const depth of [10, 1_000, 30_000]) {
      const body = `{"retention":${"[".repeat(depth)}${"]".repeat(depth)}}`;
      assert.deepEqual((await send(world, body)).code, "parameter_invalid", `${depth}`);
    }
  });
});

it("Slow connections end before a proxy would give up on ours, and ours outlive those of a proxy", () => {
  const { headersTimeout, requestTimeout, keepAliveTimeout } = connectionLimits;
  assert.ok(headersTimeout < requestTimeout);
  assert.ok(keepAliveTimeout > 60_000, "the usual sixty seconds of load balancers and nginx");
});

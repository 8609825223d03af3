/** Making links to hosted flows, as the documented API has it. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { it } from "node:test";
import { demoSubscriptions as ids } from "../../src/billing/simulator-demo.ts";
import { createKey } from "../../src/domain/workspaces.ts";
import { askLink, BACK, LINK, makeLink, page, settings } from "../domain/cancel-linking.ts";
import { john, MINUTE, onEachStore } from "../harness.ts";
import { openSandbox } from "./cancelling.ts";

const localeIn = (url: unknown) => new URL(String(url)).searchParams.get("locale");

onEachStore("Links to hosted flows", ({ open }) => {
  it("speaks the language that the business asks for, if it is one", async () => {
    const world = await open({ settings });
    for (const [locale, wanted] of [
      ["de-AT", "de-AT"],
      ["ar", "ar"],
      ["not a language", null],
      ["", null],
    ] as const)
      assert.equal(localeIn((await askLink(world, { locale })).body.url), wanted, locale);
    assert.equal(localeIn((await askLink(world)).body.url), null);
    const { body } = await askLink(world, { locale: "ar" });
    const { pathname, search } = new URL(String(body.url));
    assert.match((await world.request(pathname + search)).text, /<html lang="ar" dir="rtl">/);
    assert.equal((await askLink(world, { locale: "x".repeat(256) })).param, "locale");
  });

  it("takes the documented request and answers with the four documented fields", async () => {
    const world = await open({ settings });
    const { status, body, headers } = await world.request(LINK, {
      headers: { Authorization: `Bearer ${world.key}` },
      json: {
        userId: "user_123",
        returnUrl: BACK,
        environment: "prod",
        context: { plan: "pro", mrr: 129, tenureDays: 180 },
        metadata: { cohort: "b", seats: 3, annual: false, note: null },
      },
    });
    assert.equal(status, 200);
    const { url, session_id: id } = body as Record<string, string>;
    assert.deepEqual(body, {
      url,
      expires_at: "2027-05-14T10:41:00.000Z",
      environment: "prod",
      session_id: id,
    });
    assert.match(url ?? "", /^http:\/\/localhost:4321\/cancel\/[\w-]{43}$/);
    assert.match(id ?? "", /^cs_\w{22}$/);
    assert.equal(headers.get("cache-control"), "no-store");
  });

  it("needs a user alone where the workspace says where to come back to", async () => {
    const world = await open({ settings });
    const { status, body } = await world.request(LINK, { key: world.key, json: { userId: "user_123" } });
    assert.equal(status, 200);
    const link = await world.deps.store.cancelLink(body.session_id as string);
    assert.equal(link?.returnUrl, settings.defaultReturnUrl);
  });

  it("ignores what it does not know", async () => {
    const world = await open({ settings });
    const more = { user_id: "other", plan: "x", context: { plan: "pro", tenure: 4, country: "NO" } };
    assert.equal((await askLink(world, more)).status, 200);
  });

  it("keeps of the address a digest alone, and logs none of it", async () => {
    const world = await open({ settings });
    const link = await makeLink(world);
    await page(world, link);
    const row = await world.deps.store.cancelLink(link.id);
    assert.equal(row?.tokenHash, createHash("sha256").update(link.token).digest("hex"));
    assert.ok(!JSON.stringify(row).includes(link.token));
    assert.ok(world.log.some((line) => line.includes("/cancel/")));
    assert.ok(!world.log.join("").includes(link.token));
    assert.notEqual((await makeLink(world)).token, link.token);
  });

  const ALLOWED: [sent: string, stored?: string][] = [
    ["https://shop.example"],
    ["https://shop.example/"],
    ["HTTPS://SHOP.Example:443/Back?a=1&b=%20#".slice(0, -1), "https://shop.example/Back?a=1&b=%20"],
    ["https://shop.example/a/../b", "https://shop.example/b"],
    ["https://shop.example:8443/x"],
    ["https://bücher.example/danke", "https://xn--bcher-kva.example/danke"],
    ["https://xn--bcher-kva.example/"],
    [`https://shop.example/?q=${"x".repeat(2048 - 24)}`],
    // Six characters each, once a browser has written them.
    [`https://shop.example/${"ü".repeat(337)}xxxxx`, `https://shop.example/${"%C3%BC".repeat(337)}xxxxx`],
  ];
  const REFUSED = [
    "https://shop.example.evil.com/",
    "https://evil.com/shop.example",
    "https://sub.shop.example/",
    "https://shop.example./",
    "https://shop.example:444/",
    "https://shop.example:80/",
    "https://other.example:8443/",
    "http://shop.example/",
    "http://localhost/",
    "https://localhost/",
    "https://user@shop.example/",
    "https://user:secret@shop.example/",
    "https://@shop.example/",
    "https://shop.example@evil.com/",
    "https://shop.example\\@evil.com/",
    "https://shop.example\\back",
    "https:\\\\shop.example/",
    "https:/shop.example/",
    "https:shop.example/",
    "https:///shop.example/",
    "//shop.example/",
    "/account",
    "shop.example",
    "https://shop.example/#done",
    "https://shop.example/#",
    " https://shop.example/",
    "https://shop.example/\nx",
    "https://shop.ex\tample/",
    "https://evil.com#@shop.example/",
    "https://evil.com?@shop.example/",
    "javascript:alert(1)//shop.example/",
    "data:text/html,shop.example",
    "https://",
    "https://[::1]/",
    "https://*/",
    `https://shop.example/?q=${"x".repeat(2048 - 23)}`,
    `https://shop.example/${"ü".repeat(337)}xxxxxx`,
  ];
  const listed = {
    returnHosts: [
      "shop.example",
      "shop.example:8443",
      "bücher.example",
      "xn--bcher-kva.example",
      "*.wild.example",
    ],
  };

  it("sends customers back to listed hosts alone, each with its port", async () => {
    // Of a server of the world: on this machine it may be less strict.
    const world = await open({ settings: listed, publicUrl: "https://retention.example" });
    for (const [returnUrl, stored = returnUrl] of ALLOWED) {
      const { status, body, text } = await askLink(world, { returnUrl });
      assert.equal(status, 200, `${returnUrl}: ${text}`);
      const row = await world.deps.store.cancelLink(body.session_id as string);
      assert.equal(row?.returnUrl.replace(/\/$/, ""), stored.replace(/\/$/, ""));
    }
    for (const returnUrl of [...REFUSED, "https://a.wild.example/"]) {
      const { status, code, param } = await askLink(world, { returnUrl });
      assert.deepEqual([status, code, param], [400, "return_url_not_allowed", "returnUrl"], returnUrl);
    }
    assert.equal((await askLink(world, { returnUrl: "" })).code, "parameter_invalid");
    assert.equal((await askLink(world, { returnUrl: null })).code, "parameter_invalid");
  });

  it("takes plain http for this machine in the sandbox, and where the server itself is there", async () => {
    const local = [
      "localhost",
      "localhost:3000",
      "127.0.0.1:3000",
      "[::1]:3000",
      "shop.example",
      "192.168.0.7",
    ];
    const plain = [
      "http://localhost/",
      "http://localhost:3000/",
      "http://127.0.0.1:3000/x",
      "http://[::1]:3000/",
    ];
    const world = await open({ settings: { returnHosts: local }, publicUrl: "https://retention.example" });
    await openSandbox(world);
    for (const returnUrl of plain) {
      assert.equal((await askLink(world, { returnUrl, environment: "sandbox" })).status, 200, returnUrl);
      assert.equal((await askLink(world, { returnUrl })).code, "return_url_not_allowed", returnUrl);
    }
    for (const returnUrl of ["http://shop.example/", "http://192.168.0.7/", "http://localhost:3001/"]) {
      const { code } = await askLink(world, { returnUrl, environment: "sandbox" });
      assert.equal(code, "return_url_not_allowed", returnUrl);
    }
    const here = await open({ settings: { returnHosts: local }, publicUrl: "http://localhost:4321" });
    for (const returnUrl of plain) assert.equal((await askLink(here, { returnUrl })).status, 200, returnUrl);
    assert.equal((await askLink(here, { returnUrl: "http://shop.example/" })).code, "return_url_not_allowed");
  });

  it("says with 409 that it knows no way back", async () => {
    const world = await open({ settings: { returnHosts: ["shop.example"] } });
    const { status, code } = await askLink(world, { returnUrl: undefined });
    assert.deepEqual([status, code], [409, "return_url_missing"]);
  });

  it("refuses with the documented statuses", async () => {
    const world = await open({ settings });
    const { deps, scope } = world;
    const nothing = await askLink(world, { environment: "sandbox" });
    assert.deepEqual([nothing.status, nothing.code], [404, "no_active_flow"]);
    await openSandbox(world);
    const keyFor = async (more: object) =>
      (await createKey(deps, { ...scope, kind: "secret", name: "other", ...more })).key;
    assert.equal((await askLink(world, {}, "rk_sk_wrong")).status, 401);
    const reader = await keyFor({ scopes: ["analytics:read"] });
    assert.deepEqual([(await askLink(world, {}, reader)).code], ["insufficient_scope"]);
    const boxed = await keyFor({ environment: "sandbox" });
    assert.equal((await askLink(world, { environment: "prod" }, boxed)).code, "insufficient_scope");
    assert.equal((await askLink(world, {}, boxed)).body.environment, "sandbox");
    assert.equal((await askLink(world, { environment: "sandbox" })).body.environment, "sandbox");
    const text = await world.request(LINK, {
      key: world.key,
      body: JSON.stringify({ userId: "user_123" }),
      headers: { "Content-Type": "text/plain" },
    });
    assert.equal(text.status, 415);
    await deps.store.updateWorkspace(scope.workspaceId, { status: "read_only" });
    const reply = await askLink(world);
    assert.deepEqual([reply.status, reply.code], [402, "workspace_read_only"]);
    await deps.store.updateWorkspace(scope.workspaceId, { status: "active" });
    world.deps.limits.perKey = 1;
    assert.equal((await askLink(world)).status, 429);
  });

  it("names every field at fault", async () => {
    const world = await open({ settings });
    const { status, body } = await world.request(LINK, {
      key: world.key,
      json: {
        returnUrl: 7,
        environment: "test",
        context: { plan: "x".repeat(256), mrr: -1, tenureDays: 1.5, periodEnd: "2027-06-01" },
        metadata: { deep: {} },
        customerId: "",
      },
    });
    assert.equal(status, 400);
    const { errors } = body.error as { errors: { param: string; code: string }[] };
    assert.deepEqual(errors.map(({ param }) => param).sort(), [
      "context/mrr",
      "context/periodEnd",
      "context/plan",
      "context/tenureDays",
      "customerId",
      "environment",
      "metadata/deep",
      "returnUrl",
      "userId",
    ]);
    assert.equal(errors.find(({ param }) => param === "userId")?.code, "parameter_missing");
  });

  it("takes each field as long as it may be, and no longer", async () => {
    const world = await open({ settings });
    for (const [field, most] of [
      ["userId", 255],
      ["customerId", 255],
    ] as const) {
      const { code: longer, param } = await askLink(world, { [field]: "x".repeat(most + 1) });
      assert.deepEqual([longer, param], ["parameter_invalid", field]);
      assert.notEqual((await askLink(world, { [field]: "x".repeat(most) })).code, "parameter_invalid");
    }
    for (const userId of ["", "a\nb", "a\0b", "\ud800"])
      assert.equal((await askLink(world, { userId })).code, "parameter_invalid", JSON.stringify(userId));
    const ended = { context: { periodEnd: new Date(world.clock.now).toISOString() } };
    assert.deepEqual((await askLink(world, ended)).param, "context/periodEnd");
    const tomorrow = { context: { periodEnd: new Date(world.clock.now + 1).toISOString() } };
    assert.equal((await askLink(world, tomorrow)).status, 200);
  });

  it("reads amounts in the workspace's currency", async () => {
    for (const [currency, mrr, minor] of [
      [undefined, 129.99, 12999],
      ["usd", 1.005, 101],
      ["jpy", 2900, 2900],
      ["kwd", 1.5, 1500],
    ] as const) {
      const world = await open({ settings: { ...settings, ...(currency ? { currency } : {}) } });
      const { id } = await makeLink(world, { context: { mrr } });
      const link = await world.deps.store.cancelLink(id);
      assert.deepEqual([link?.currency, link?.context.mrr], [currency ?? "eur", minor]);
    }
  });

  it("finds customers at billing where it is told to carry out what they decide", async () => {
    const world = await open({ settings });
    const named = { customerId: john, subscriptionId: ids.monthly };
    const { id } = await makeLink(world, named);
    const link = await world.deps.store.cancelLink(id);
    assert.deepEqual([link?.customerId, link?.subscriptionId], [john, ids.monthly]);
    const only = await makeLink(world, { customerId: john });
    assert.equal((await world.deps.store.cancelLink(only.id))?.subscriptionId, ids.monthly);
    for (const [more, status, code] of [
      [{ customerId: "cus_nobody" }, 404, "customer_not_found"],
      [{ customerId: john, subscriptionId: ids.trialing }, 404, "subscription_not_found"],
      [{ customerId: john, subscriptionId: "sub_nothing" }, 404, "subscription_not_found"],
      [{ customerId: john, subscriptionId: id }, 404, "subscription_not_found"],
      [{ subscriptionId: ids.monthly }, 400, "parameter_missing"],
    ] as const) {
      const reply = await askLink(world, more);
      assert.deepEqual([reply.status, reply.code], [status, code], JSON.stringify(more));
    }
    world.billing.plan = { findCustomers: { when: "before", throws: "unknown" } };
    assert.equal((await askLink(world, named)).code, "billing_unavailable");
  });

  it("asks no billing of a business that bills by itself", async () => {
    const world = await open({ settings, limits: { linkTtl: 5 * MINUTE } });
    const { body } = await askLink(world);
    assert.equal(body.expires_at, "2027-05-14T09:46:00.000Z");
    assert.deepEqual(world.billing.calls, []);
  });
});

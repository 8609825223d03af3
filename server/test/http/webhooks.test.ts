/** Endpoints of webhooks: made, listed, changed and ended by API. */
import assert from "node:assert/strict";
import { it } from "node:test";
import { EVENT_TYPES } from "../../src/contract/event-types.ts";
import { KEY_SCOPES, type KeyScope } from "../../src/domain/scopes.ts";
import { createKey } from "../../src/domain/workspaces.ts";
import { DAY, MINUTE, onEachStore } from "../harness.ts";
import {
  calling,
  deliveries,
  type Endpoint,
  enter,
  happens,
  hook,
  MANY,
  made,
  sandboxKey,
  signing,
} from "./webhooks.ts";

const HOUR = 60 * MINUTE;
const codeOf = async (reply: Promise<{ code: string | undefined; status: number }>) => {
  const { code, status } = await reply;
  return code ?? status;
};

onEachStore("Webhook endpoints", ({ open }) => {
  it("are made with what was asked for, and their secret is shown once", async () => {
    const world = await open();
    const { post, get } = calling(world);
    const wanted = { url: hook, events: ["cancel.saved", "payment.lost"], description: "Customer success" };
    const { status, body } = await post(MANY, { ...wanted, environment: "prod" });
    const { secret, ...shown } = body as unknown as Endpoint;
    assert.equal(status, 201);
    assert.match(secret, /^whsec_[A-Za-z0-9+/]{43}=$/);
    const at = "2027-05-14T09:41:00.000Z";
    assert.deepEqual(shown, {
      object: "webhook_endpoint",
      id: shown.id,
      environment: "prod",
      ...wanted,
      status: "enabled",
      disabled_reason: null,
      disabled_at: null,
      failing_since: null,
      previous_secret_expires_at: null,
      created_at: at,
      updated_at: at,
    });
    assert.match(shown.id, /^whe_/);
    assert.deepEqual((await get(`${MANY}/${shown.id}`)).body, shown);
    assert.deepEqual((await get(MANY)).body, {
      data: [shown],
      total: 1,
      limit: 50,
      offset: 0,
      has_more: false,
    });
    const least = await made(world, { url: "HTTP://hooks.example:8080/a?b=c" });
    assert.deepEqual([least.events, least.description], [["*"], null]);
    assert.ok(!world.log.join("").includes("b=c"), "an address may hold what opens something");
  });

  it("take what fits and nothing else", async () => {
    const world = await open();
    const { post } = calling(world);
    const types = EVENT_TYPES.filter((type) => type !== "webhook.test");
    const path = (length: number) => `https://hooks.example/${"x".repeat(length - 22)}`;
    await made(world, { url: path(2048), events: types, description: "😀".repeat(255) });
    const bad: [object, string][] = [
      [{}, "url"],
      [{ url: path(2049) }, "url"],
      [{ url: "hooks.example" }, "url"],
      [{ url: "ftp://hooks.example" }, "url"],
      [{ url: "https://" }, "url"],
      [{ url: "https://hooks.example/\n" }, "url"],
      [{ url: " https://hooks.example/" }, "url"],
      [{ url: hook, events: [] }, "events"],
      [{ url: hook, events: ["*", "cancel.saved"] }, "events"],
      [{ url: hook, events: ["cancel.saved", "cancel.saved"] }, "events"],
      [{ url: hook, events: ["cancel.*"] }, "events/0"],
      [{ url: hook, events: ["webhook.test"] }, "events/0"],
      [{ url: hook, events: "*" }, "events"],
      [{ url: hook, description: "" }, "description"],
      [{ url: hook, description: "x".repeat(256) }, "description"],
      [{ url: hook, environment: "test" }, "environment"],
      [{ url: hook, secret: "whsec_mine" }, "secret"],
    ];
    for (const [json, param] of bad) {
      const reply = await post(MANY, json);
      assert.deepEqual([reply.status, reply.param], [400, param], JSON.stringify(json));
    }
  });

  it("lead to no private network, neither at first nor later", async () => {
    const resolve = async (host: string) => [host === "hooks.example" ? "93.184.216.34" : "10.0.0.7"];
    const world = await open({ outgoing: { allowPrivate: false, resolve } });
    const { post, patch, get } = calling(world);
    const { id } = await made(world);
    const bad = [
      "https://internal.example/",
      "http://hooks.example/",
      "https://127.0.0.1/",
      "https://[::1]/",
      "https://a:b@hooks.example/",
    ];
    for (const url of bad) {
      assert.equal(await codeOf(post(MANY, { url })), "webhook_url_not_allowed", url);
      assert.equal(await codeOf(patch(`${MANY}/${id}`, { url })), "webhook_url_not_allowed", url);
    }
    assert.equal((await get(`${MANY}/${id}`)).body.url, hook);
    assert.equal((await get(MANY)).body.total, 1);
  });

  it("are at most 16 in each environment, however many are made at once", async () => {
    const world = await open();
    const { post, remove } = calling(world);
    const replies = await Promise.all(Array.from({ length: 20 }, () => post(MANY, { url: hook })));
    const good = replies.filter(({ status }) => status === 201);
    assert.equal(good.length, 16);
    for (const reply of replies)
      if (!good.includes(reply))
        assert.deepEqual([reply.status, reply.code], [409, "webhook_endpoint_limit"]);
    assert.equal((await post(MANY, { url: hook, environment: "sandbox" })).status, 201);
    assert.equal((await remove(`${MANY}/${good[0]?.body.id}`)).status, 200);
    assert.equal((await post(MANY, { url: hook })).status, 201);
    assert.equal(await codeOf(post(MANY, { url: hook })), "webhook_endpoint_limit");
  });

  it("come in pages of one environment, latest first", async () => {
    const world = await open();
    const { get } = calling(world);
    const ids: string[] = [];
    for (const environment of ["prod", "sandbox", "prod", "prod"]) {
      world.pass(1);
      const { id } = await made(world, { url: hook, environment });
      if (environment === "prod") ids.unshift(id);
    }
    const { data, ...rest } = (await get(`${MANY}?limit=2&offset=1`)).body as { data: Endpoint[] };
    assert.deepEqual(
      data.map(({ id }) => id),
      ids.slice(1),
    );
    assert.deepEqual(rest, { total: 3, limit: 2, offset: 1, has_more: false });
    assert.equal((await get(`${MANY}?environment=sandbox`)).body.total, 1);
  });

  it("change by what is named, and by nothing that holds already", async () => {
    const world = await open();
    const { patch } = calling(world);
    const { secret: _, ...first } = await made(world, { url: hook, description: "first" });
    const path = `${MANY}/${first.id}`;
    world.pass(MINUTE);
    const same = { url: hook, events: ["*"], description: "first", status: "enabled" };
    for (const json of [{}, same]) assert.deepEqual((await patch(path, json)).body, first);
    const updated_at = "2027-05-14T09:42:00.000Z";
    const wanted = { url: "https://other.example/", events: ["issue.opened"], description: null };
    const { body } = await patch(path, wanted);
    assert.deepEqual(body, { ...first, ...wanted, updated_at });
    for (const [json, param] of [
      [{ url: "nowhere" }, "url"],
      [{ url: null }, "url"],
      [{ events: [] }, "events"],
      [{ status: "paused" }, "status"],
      [{ environment: "sandbox" }, "environment"],
    ] as const)
      assert.equal((await patch(path, json)).param, param);
  });

  it("lose nothing when they are changed twice at once", async () => {
    const world = await open();
    const { patch, post, get } = calling(world);
    const { id } = await made(world);
    const path = `${MANY}/${id}`;
    const changes = [
      { url: "https://other.example/" },
      { events: ["issue.opened"] },
      { description: "both" },
    ];
    const turns = [1, 2, 3].map(() => post(`${path}/rotate-secret`, {}));
    const [rotated] = await Promise.all([Promise.all(turns), ...changes.map((json) => patch(path, json))]);
    const { body } = await get(path);
    for (const change of changes)
      for (const [name, value] of Object.entries(change)) assert.deepEqual(body[name], value, name);
    const signs = await signing(world, id);
    assert.equal(signs.length, 4);
    for (const { body } of rotated) assert.ok(signs.includes(body.secret as string));
  });

  it("give up what is on its way when they are disabled, and begin anew when they are enabled", async () => {
    const world = await open();
    const { patch } = calling(world);
    const { id } = await made(world);
    const path = `${MANY}/${id}`;
    await happens(world);
    world.pass(MINUTE);
    const disabled_at = "2027-05-14T09:42:00.000Z";
    const { body } = await patch(path, { status: "disabled" });
    assert.deepEqual(
      [body.status, body.disabled_reason, body.disabled_at],
      ["disabled", "manual", disabled_at],
    );
    const [given] = await deliveries(world, id);
    assert.deepEqual(
      [given?.status, given?.settled_at, given?.next_attempt_at],
      ["canceled", disabled_at, null],
    );
    world.pass(MINUTE);
    assert.equal((await patch(path, { status: "disabled" })).body.disabled_at, disabled_at, "once is enough");
    await happens(world);
    assert.equal((await deliveries(world, id)).length, 1, "nothing is sent to it");
    const again = await patch(path, { status: "enabled" });
    assert.deepEqual(
      [again.body.status, again.body.disabled_reason, again.body.disabled_at],
      ["enabled", null, null],
    );
    await happens(world);
    assert.deepEqual(
      (await deliveries(world, id)).map(({ status }) => status),
      ["pending", "canceled"],
    );
    assert.deepEqual(
      (await deliveries(world, id, "?status=canceled")).map((each) => each.id),
      [given?.id],
    );
  });

  it("start anew where one was given up, and at another address", async () => {
    const world = await open();
    const { patch, get } = calling(world);
    const { id } = await made(world);
    const path = `${MANY}/${id}`;
    const fail = (more: object) =>
      world.deps.store.updateWebhookEndpoint(id, { failingSince: world.clock.now, ...more });
    const failing_since = "2027-05-14T09:41:00.000Z";
    const disabledAt = world.clock.now;
    await fail({ status: "disabled", disabledReason: "failing", disabledAt });
    const { body } = await get(path);
    assert.deepEqual([body.disabled_reason, body.failing_since], ["failing", failing_since]);
    const manual = await patch(path, { status: "disabled" });
    assert.equal(manual.body.disabled_reason, "failing", "it was before");
    assert.equal((await patch(path, { status: "enabled" })).body.failing_since, null);
    await fail({});
    assert.equal((await patch(path, { description: "slow" })).body.failing_since, failing_since);
    assert.equal((await patch(path, { url: "https://other.example/" })).body.failing_since, null);
  });

  it("sign with the secrets from before as long as they were to", async () => {
    const world = await open();
    const { post, get } = calling(world);
    const { id, secret } = await made(world);
    const rotate = async (json?: object) => {
      const { status, body } = await post(`${MANY}/${id}/rotate-secret`, json);
      assert.equal(status, 200);
      return body as unknown as Endpoint;
    };
    const second = await rotate();
    assert.match(second.secret, /^whsec_/);
    assert.equal(second.previous_secret_expires_at, "2027-05-15T09:41:00.000Z", "a day");
    assert.equal((await get(`${MANY}/${id}`)).body.secret, undefined);
    assert.deepEqual(await signing(world, id), [second.secret, secret]);
    world.pass(DAY - 1);
    assert.deepEqual(await signing(world, id), [second.secret, secret]);
    world.pass(1);
    assert.deepEqual(await signing(world, id), [second.secret]);
    assert.equal((await get(`${MANY}/${id}`)).body.previous_secret_expires_at, null);

    const third = await rotate({ overlap_hours: 168 });
    const fourth = await rotate({ overlap_hours: 1 });
    assert.equal(fourth.previous_secret_expires_at, new Date(world.clock.now + HOUR).toISOString());
    assert.deepEqual(await signing(world, id), [fourth.secret, third.secret, second.secret]);
    const last = await rotate({ overlap_hours: 0 });
    assert.deepEqual(await signing(world, id), [last.secret]);
    assert.equal(last.previous_secret_expires_at, null);
    const typed = { method: "POST", key: world.key };
    const json = { "Content-Type": "application/json" };
    const path = `${MANY}/${id}/rotate-secret`;
    const [plain, form] = [
      await world.request(path, { ...typed, body: "{}" }),
      await world.request(path, { ...typed, body: "{}", headers: { "Content-Type": "text/plain" } }),
    ];
    for (const { status } of [plain, form]) assert.equal(status, 415);
    assert.equal((await world.request(path, { ...typed, body: " ", headers: json })).status, 400);
    for (const overlap_hours of [-1, 169, 0.5, "24", null])
      assert.equal((await post(`${MANY}/${id}/rotate-secret`, { overlap_hours })).param, "overlap_hours");
    assert.deepEqual(await signing(world, id), [last.secret]);
  });

  it("sign with five secrets at most, and with none that nobody can read", async () => {
    const world = await open();
    const { post } = calling(world);
    const { id, secret } = await made(world);
    const secrets: string[] = [];
    const rotate = (overlap_hours: number) => post(`${MANY}/${id}/rotate-secret`, { overlap_hours });
    for (let turn = 0; turn < 4; turn++) secrets.unshift((await rotate(24)).body.secret as string);
    const all = [...secrets, secret];
    assert.deepEqual(await signing(world, id), all);
    for (const hours of [1, 168]) {
      const { status, param, text } = await rotate(hours);
      assert.deepEqual([status, param], [400, "overlap_hours"], "none ends before the time that was said");
      assert.ok(text.includes("the oldest until 2027-05-15T09:41:00.000Z"), text);
    }
    assert.deepEqual(await signing(world, id), all);
    world.pass(DAY);
    assert.deepEqual(await signing(world, id), secrets.slice(0, 1));
    for (let turn = 0; turn < 4; turn++) assert.equal((await rotate(24)).status, 200);
    const { body } = await rotate(0);
    assert.deepEqual(await signing(world, id), [body.secret], "what has leaked can be ended at any time");
    world.deps.keys.webhook = new Uint8Array(32).fill(1);
    assert.deepEqual(await signing(world, id), []);
  });

  it("keep their secrets sealed, and out of the log", async () => {
    const world = await open();
    const { id, secret } = await made(world);
    const { body } = await calling(world).post(`${MANY}/${id}/rotate-secret`, {});
    const row = await world.deps.store.webhookEndpoint(world.scope, id);
    for (const each of [secret, body.secret as string])
      for (const text of [JSON.stringify(row), world.log.join("")])
        assert.ok(!text.includes(each.slice("whsec_".length, -1)));
  });

  it("end with all that was sent to them", async () => {
    const world = await open();
    const { post, remove, get } = calling(world);
    const { secret: _, ...shown } = await made(world);
    const path = `${MANY}/${shown.id}`;
    const { body: sent } = await post(`${path}/test`);
    const reply = await remove(path);
    assert.deepEqual([reply.status, reply.body], [200, { ...shown, deleted: true }]);
    assert.equal(await codeOf(remove(path)), "webhook_endpoint_not_found");
    assert.equal(await codeOf(get(path)), "webhook_endpoint_not_found");
    assert.equal(await codeOf(get(`/api/v1/webhook-deliveries/${sent.id}`)), "webhook_delivery_not_found");
    assert.equal((await get(MANY)).body.total, 0);
  });

  it("are there for their own workspace, and of the sandbox for its key", async () => {
    const world = await open();
    const other = await open();
    const box = await sandboxKey(world);
    const { id } = await made(world);
    const { body: sent } = await calling(world).post(`${MANY}/${id}/test`);
    for (const stranger of [calling(other), calling(world, box)])
      for (const reply of await enter(stranger, id, sent.id as string))
        assert.deepEqual([reply.status, reply.code?.endsWith("_not_found")], [404, true], reply.text);
    const inBox = calling(world, box);
    const { id: own } = await made(world, { url: hook }, box);
    assert.equal((await inBox.get(`${MANY}/${own}`)).body.environment, "sandbox");
    assert.equal((await calling(world).get(`${MANY}/${own}`)).status, 200, "production's key has the whole");
    assert.equal((await inBox.get(MANY)).body.total, 1);
    for (const reply of [
      inBox.post(MANY, { url: hook, environment: "prod" }),
      inBox.get(`${MANY}?environment=prod`),
    ])
      assert.equal(await codeOf(reply), "insufficient_scope");
    for (const nobody of ["whe_nobody", "%20", "x".repeat(255)])
      assert.equal(await codeOf(inBox.get(`${MANY}/${nobody}`)), "webhook_endpoint_not_found");
    assert.equal((await inBox.get(`${MANY}/${"x".repeat(256)}`)).param, "id");
  });

  it("are for keys with their own scope: whoever has it hears everything", async () => {
    const world = await open();
    const { id } = await made(world);
    const { body: sent } = await calling(world).post(`${MANY}/${id}/test`);
    const holding = async (scopes: KeyScope[]) => {
      const of = { ...world.scope, kind: "secret" as const, name: "some", scopes };
      return calling(world, (await createKey(world.deps, of)).key);
    };
    const others = await holding(KEY_SCOPES.filter((scope) => scope !== "webhooks:write"));
    for (const reply of await enter(others, id, sent.id as string))
      assert.equal(reply.code, "insufficient_scope");
    for (const reply of await enter(await holding(["webhooks:write"]), id, sent.id as string))
      assert.equal(reply.status, 200, reply.text);
  });

  it("of a read-only workspace can be ended and lose their secret, and nothing else", async () => {
    const world = await open();
    const { id, secret } = await made(world);
    const { body: sent } = await calling(world).post(`${MANY}/${id}/test`);
    await world.deps.store.updateWorkspace(world.scope.workspaceId, { status: "read_only" });
    const { patch, post } = calling(world);
    const path = `${MANY}/${id}`;
    for (const json of [{}, { status: "enabled" }, { status: "disabled", description: "mine" }])
      assert.equal(await codeOf(patch(path, json)), "workspace_read_only", JSON.stringify(json));
    assert.equal(await codeOf(post(MANY, { url: hook })), "workspace_read_only");
    const { body } = await post(`${path}/rotate-secret`, { overlap_hours: 0 });
    assert.ok(!(await signing(world, id)).includes(secret) && body.secret);
    assert.equal((await patch(path, { status: "disabled" })).body.status, "disabled");
    const replies = await enter(calling(world), id, sent.id as string);
    const no = "workspace_read_only";
    assert.deepEqual(
      replies.map(({ code, status }) => code ?? status),
      [200, 200, 200, no, 200, no, no, 200],
    );
  });

  it("are asked for in the key's own workspace, if one is named", async () => {
    const world = await open();
    const { id } = await made(world);
    const { body: sent } = await calling(world).post(`${MANY}/${id}/test`);
    const asking = (name: string) => {
      const { get, post, patch, remove } = calling(world);
      const to = (path: string) => `${path}?workspace_id=${name}`;
      return {
        get: (path: string) => get(to(path)),
        post: (path: string, json?: object) => post(to(path), json),
        patch: (path: string, json: object) => patch(to(path), json),
        remove: (path: string) => remove(to(path)),
      };
    };
    const elsewhere = asking("ws_other");
    const refused = [elsewhere.get(MANY), elsewhere.post(MANY, { url: hook })];
    for (const { status, code } of [
      ...(await Promise.all(refused)),
      ...(await enter(elsewhere, id, sent.id as string)),
    ])
      assert.deepEqual([status, code], [403, "workspace_mismatch"]);
    for (const { status, text } of await enter(asking(world.scope.workspaceId), id, sent.id as string))
      assert.equal(status, 200, text);
  });
});

/** What monitoring asks for: by itself in its database, because all workspaces share one queue of jobs. */
import assert from "node:assert/strict";
import { describe, it, mock } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { demoSubscriptions as ids } from "../../src/billing/simulator-demo.ts";
import { hearStripe } from "../../src/billing/stripe/webhook.ts";
import { createKey } from "../../src/domain/workspaces.ts";
import type { MailRow, Scope } from "../../src/store/store.ts";
import { leaves } from "../billing/stripe-payloads.ts";
import { alone, DAY, MINUTE, onEachStore, type Reply, type World } from "../harness.ts";
import { stores } from "../stores.ts";
import { signed } from "../stripe/events.ts";
import { calling, happens, hook, MANY, made } from "./webhooks.ts";

const DEEP = "/api/health?deep=1";
const TOKEN = "monitoring-0123456789";
const SECRET = "whsec_current";
/** As long as a part may be late, ms. */
const LATE = 300_000;

interface Part {
  status: string;
  [field: string]: unknown;
}

const partsOf = ({ body }: Reply) => body.checks as Record<string, Part>;

/** What the token sees. */
async function deep(world: World): Promise<{ status: unknown; checks: Record<string, Part> }> {
  world.deps.healthToken = TOKEN;
  const reply = await world.request(DEEP, { token: TOKEN });
  assert.equal(reply.status, 200, reply.text);
  return { status: reply.body.status, checks: partsOf(reply) };
}

async function part(world: World, name: string): Promise<Part> {
  const { checks } = await deep(world);
  return checks[name] ?? assert.fail(`no ${name}`);
}

const mailer = { send: async () => {}, close() {} };

/** Says what main says of each account. */
function connect(world: World, scopes: readonly Scope[], secrets: readonly string[]): void {
  const { clock } = world.deps;
  const hear = secrets.length ? { hear: hearStripe({ secrets, clock }) } : {};
  world.deps.webhooks = () => scopes.map((scope) => ({ scope, ...hear, refresh() {} }));
}

async function tell(world: World): Promise<void> {
  const event = leaves(ids.monthly, world.clock.now);
  const { body, signature } = signed(event, SECRET, Math.floor(world.clock.now / 1000));
  const headers = { "Content-Type": "application/json", "Stripe-Signature": signature };
  assert.equal((await world.request("/api/stripe/webhook", { method: "POST", body, headers })).status, 200);
}

const sandboxOf = ({ scope }: World): Scope => ({ ...scope, environment: "sandbox" });

function enqueue(world: World, topic: string, dueAt: number): Promise<void> {
  return world.deps.store.enqueue({ topic, key: "a", payload: {}, dueAt });
}

/** As a worker does whose work fails. */
async function fail(world: World): Promise<void> {
  const { store } = world.deps;
  for (const { id } of await store.claimJobs(world.clock.now, 1_000, 10))
    await store.retryJob(id, world.clock.now, "no luck");
}

let mails = 0;
function mail(world: World, change: Partial<MailRow>): Promise<boolean> {
  const row = {
    ...world.scope,
    id: `mail_${++mails}`,
    kind: "report_weekly",
    about: `2027-W${mails}`,
    recipient: "ada@papercrane.example",
    status: "sent" as const,
    attempts: 1,
    createdAt: world.clock.now,
    settledAt: world.clock.now,
  };
  return world.deps.store.insertMail({ ...row, ...change });
}

onEachStore("Health", ({ home }) => {
  it("is public as far as that the server and its database answer", async () => {
    await using world = await alone(home);
    for (const path of ["/api/health", "/api/health?deep=0"]) {
      const reply = await world.request(path);
      assert.deepEqual(
        [reply.status, reply.body],
        [200, { status: "ok", version: "0.0.0", time: "2027-05-14T09:41:00.000Z" }],
      );
    }
    const reply = await world.request("/api/health?deep=yes", { key: world.key });
    assert.deepEqual([reply.status, reply.param], [400, "deep"]);
  });

  it("shows its parts to who has a secret key, in any header, or the token", async () => {
    await using world = await alone(home);
    const { key, publicKey } = world;
    const ask = async (headers: Record<string, string>) => {
      const { status, code } = await world.request(DEEP, { headers });
      return code ?? status;
    };
    const token = { "X-API-Key": TOKEN };
    assert.equal(await ask(token), "key_invalid", "there is none unless it is configured");
    world.deps.healthToken = TOKEN;
    const good: Record<string, string>[] = [
      { "X-Brand-Key": key },
      { "X-API-Key": key },
      { Authorization: `Bearer ${key}` },
      token,
      { Authorization: `Bearer ${TOKEN}` },
      { Authorization: `Bearer ${TOKEN}`, "X-API-Key": TOKEN },
    ];
    for (const headers of good) assert.equal(await ask(headers), 200, JSON.stringify(headers));
    const bad: Record<string, string>[] = [
      {},
      { "X-API-Key": "rk_sk_wrong" },
      { "X-API-Key": publicKey },
      { "X-API-Key": TOKEN.slice(0, -1) },
      { "X-API-Key": `${TOKEN}0` },
      { "X-Brand-Key": TOKEN },
    ];
    for (const headers of bad) assert.equal(await ask(headers), "key_invalid", JSON.stringify(headers));
    for (const other of [{ Authorization: `Bearer ${key}` }, { "X-Brand-Key": key }] as Record<
      string,
      string
    >[])
      assert.equal(await ask({ ...token, ...other }), "conflicting_credentials");
    const Origin = "https://shop.example";
    assert.equal(await ask({ "X-API-Key": key, Origin }), "secret_key_in_browser");
    assert.equal(await ask({ ...token, Origin }), "secret_key_in_browser");
    assert.equal(await ask({ Origin }), "key_invalid");
  });

  it("does not count against what a key may ask", async () => {
    await using world = await alone(home, { limits: { perKey: 1 } });
    for (let round = 0; round < 3; round++)
      assert.equal((await world.request(DEEP, { key: world.key })).status, 200);
  });

  it("finds no fault in what nobody has configured", async () => {
    await using world = await alone(home);
    assert.deepEqual(await deep(world), {
      status: "ok",
      checks: {
        database: { status: "ok", latency_ms: 0 },
        stripe: {
          status: "unconfigured",
          webhook_secret: false,
          api_key: false,
          last_event_at: null,
          unprocessed: 0,
        },
        notifications: { status: "unconfigured", transport: "none", last_sent_at: null, failed_24h: 0 },
        webhooks: { status: "ok", pending: 0, failing: 0, oldest_pending_seconds: 0, disabled_endpoints: 0 },
      },
    });
  });

  it("says when Stripe last told something, and what of it waits", async () => {
    await using world = await alone(home);
    connect(world, [world.scope], [SECRET]);
    const configured = { status: "ok", webhook_secret: true, api_key: true };
    assert.deepEqual(await part(world, "stripe"), { ...configured, last_event_at: null, unprocessed: 0 });
    await tell(world);
    const told = { ...configured, last_event_at: "2027-05-14T09:41:00.000Z" };
    assert.deepEqual(await part(world, "stripe"), { ...told, unprocessed: 1 });
    world.pass(10_000);
    await world.tick();
    assert.deepEqual(await part(world, "stripe"), { ...told, unprocessed: 0 });
  });

  it("finds Stripe degraded while its events are refused, or not processed", async () => {
    await using world = await alone(home);
    connect(world, [world.scope], []);
    const { status, checks } = await deep(world);
    assert.deepEqual(
      [status, checks.stripe?.status, checks.stripe?.webhook_secret, checks.stripe?.api_key],
      ["degraded", "degraded", false, true],
    );
    connect(world, [world.scope], [SECRET]);
    await enqueue(world, "settle", world.clock.now - 2 * LATE);
    assert.equal((await part(world, "stripe")).status, "ok", "this job is not Stripe's");
    await enqueue(world, "billing_event", world.clock.now - LATE);
    assert.equal((await part(world, "stripe")).status, "ok");
    world.pass(1);
    assert.equal((await part(world, "stripe")).status, "degraded");
  });

  it("finds the pipeline degraded once a job has failed three times", async () => {
    await using world = await alone(home);
    await enqueue(world, "settle", world.clock.now);
    for (let tries = 0; tries < 3; tries++) {
      assert.deepEqual(await part(world, "webhooks"), {
        status: "ok",
        pending: 1,
        failing: 0,
        oldest_pending_seconds: 0,
        disabled_endpoints: 0,
      });
      await fail(world);
    }
    const { status, checks } = await deep(world);
    assert.deepEqual(
      [status, checks.webhooks?.status, checks.webhooks?.failing],
      ["degraded", "degraded", 1],
    );
  });

  it("finds the pipeline degraded when nobody works on it, and does not wait for what is due later", async () => {
    await using world = await alone(home);
    await enqueue(world, "settle", world.clock.now + LATE);
    assert.equal((await part(world, "webhooks")).oldest_pending_seconds, 0);
    world.pass(2 * LATE);
    const last = await part(world, "webhooks");
    assert.deepEqual([last.status, last.pending, last.oldest_pending_seconds], ["ok", 1, 300]);
    world.pass(1);
    assert.equal((await part(world, "webhooks")).status, "degraded");
  });

  it("finds the pipeline degraded when a message is five minutes late and nobody has it in hand", async () => {
    await using world = await alone(home);
    const { store } = world.deps;
    const { id } = await made(world);
    await happens(world);
    await happens(world);
    const state = async () => {
      const { status, pending, failing, oldest_pending_seconds: age } = await part(world, "webhooks");
      return [status, pending, failing, age];
    };
    assert.deepEqual(await state(), ["ok", 2, 0, 0]);
    world.pass(LATE);
    assert.deepEqual(await state(), ["ok", 2, 0, 300]);
    world.pass(1);
    assert.deepEqual(await state(), ["degraded", 2, 0, 300]);
    const [taken] = await store.claimDeliveries(id, { now: world.clock.now, leaseMs: MINUTE, limit: 1 });
    assert.deepEqual(await state(), ["ok", 2, 0, 0], "somebody is at it, and will get to the next");
    await store.updateDelivery(taken?.id ?? "", { dueAt: world.clock.now + 9 * MINUTE });
    assert.deepEqual(await state(), ["degraded", 2, 0, 300]);
  });

  it("finds no fault in what one business's endpoint does not take, and says how many such there are", async () => {
    await using world = await alone(home);
    const { store } = world.deps;
    const { id } = await made(world);
    await made(world, { url: hook, environment: "sandbox" });
    for (let count = 0; count < 3; count++) await happens(world);
    for (const { id: own } of await store.deliveries({ endpointId: id, limit: 9 }))
      await store.updateDelivery(own, { tries: 9, attempts: 9 });
    await store.updateWebhookEndpoint(id, { failingSince: world.clock.now });
    world.pass(DAY);
    const seen = { status: "ok", pending: 3, failing: 1, oldest_pending_seconds: 0, disabled_endpoints: 0 };
    assert.deepEqual(await part(world, "webhooks"), seen);
    const { key } = await createKey(world.deps, { ...sandboxOf(world), kind: "secret", name: "test" });
    for (const [token, failing] of [
      [world.key, 1],
      [key, 0],
    ] as const)
      assert.equal(partsOf(await world.request(DEEP, { token })).webhooks?.failing, failing);
  });

  it("counts the endpoints that were given up, as far as a key reaches, and finds no fault in them", async () => {
    await using world = await alone(home);
    const [first, second, third] = [await made(world), await made(world), await made(world)];
    const own = await made(world, { url: hook, environment: "sandbox" });
    const change = { status: "disabled", disabledReason: "gone", disabledAt: world.clock.now } as const;
    for (const { id } of [first, second, own]) await world.deps.store.updateWebhookEndpoint(id, change);
    await calling(world).patch(`${MANY}/${third.id}`, { status: "disabled" });
    const { key } = await createKey(world.deps, { ...sandboxOf(world), kind: "secret", name: "test" });
    const { webhooks: all } = (await deep(world)).checks;
    assert.deepEqual([all?.status, all?.disabled_endpoints], ["ok", 3], "one was somebody's own decision");
    for (const [token, count] of [
      [world.key, 3],
      [key, 1],
    ] as const)
      assert.equal(partsOf(await world.request(DEEP, { token })).webhooks?.disabled_endpoints, count);
  });

  it("finds the pipeline degraded while a schedule is ten minutes late, or further ahead than it can be", async () => {
    await using world = await alone(home);
    const { store } = world.deps;
    await world.tick();
    const [start, late] = [world.clock.now, 10 * MINUTE];
    /** From when on it is. */
    const turns = async (at: number) => {
      world.clock.now = at;
      const before = (await part(world, "webhooks")).status;
      world.pass(1);
      return [before, (await part(world, "webhooks")).status];
    };
    const first = Math.min(...(await store.schedules()).map(({ nextAt }) => nextAt));
    assert.ok(first > start && first <= start + MINUTE, "something recurs every minute");
    assert.deepEqual(await turns(first + late), ["ok", "degraded"]);
    await world.tick();
    assert.equal((await part(world, "webhooks")).status, "ok");
    // Nobody has worked at that time: whether it will be right tomorrow is not to be waited for.
    world.clock.now = start + 400 * DAY;
    await world.tick();
    world.clock.now = start + DAY;
    assert.deepEqual(
      [(await deep(world)).status, (await part(world, "webhooks")).status],
      ["degraded", "degraded"],
    );
    await world.tick();
    assert.equal((await part(world, "webhooks")).status, "ok");
    await store.ensureSchedule("of an older version", 0);
    assert.equal((await part(world, "webhooks")).status, "ok");
  });

  it("says when a mail was last sent, and is degraded for a day after one has failed", async () => {
    await using world = await alone(home);
    await mail(world, { settledAt: world.clock.now - 60_000 });
    assert.equal((await part(world, "notifications")).status, "unconfigured");
    world.deps.mailer = mailer;
    const fine = { status: "ok", transport: "smtp", last_sent_at: "2027-05-14T09:40:00.000Z", failed_24h: 0 };
    assert.deepEqual(await part(world, "notifications"), fine);
    await mail(world, { status: "failed" });
    const failed = { ...fine, status: "degraded", failed_24h: 1 };
    assert.deepEqual(await part(world, "notifications"), failed);
    world.pass(DAY + 1);
    assert.deepEqual(await part(world, "notifications"), fine);
  });

  it("shows a key its own workspace, one of the sandbox the sandbox, and the token everything", async () => {
    await using world = await alone(home);
    world.deps.mailer = mailer;
    world.deps.healthToken = TOKEN;
    const other: Scope = { workspaceId: "ws_other", environment: "prod" };
    const settings = { allowedOrigins: [] };
    await world.deps.store.insertWorkspace({
      id: other.workspaceId,
      name: "Other",
      status: "active",
      settings,
      createdAt: 0,
    });
    const keyOf = async (scope: Scope) =>
      (await createKey(world.deps, { ...scope, kind: "secret", name: "test" })).key;
    const keys = [await keyOf(other), world.key, await keyOf(sandboxOf(world)), TOKEN];
    connect(world, [world.scope], [SECRET]);
    await tell(world);
    await mail(world, { status: "failed" });
    const seen = [];
    for (const token of keys) {
      const { stripe, notifications } = partsOf(await world.request(DEEP, { token }));
      seen.push([stripe?.status, stripe?.last_event_at !== null, notifications?.failed_24h]);
    }
    assert.deepEqual(seen, [
      ["unconfigured", false, 0],
      ["ok", true, 1],
      ["unconfigured", false, 1],
      ["ok", true, 1],
    ]);
    // A key of production is the whole workspace's.
    connect(world, [sandboxOf(world)], [SECRET]);
    assert.equal(partsOf(await world.request(DEEP, { token: world.key })).stripe?.status, "ok");
  });

  it("is down when the database does not answer", async () => {
    await using world = await alone(home);
    world.deps.healthToken = TOKEN;
    await world.deps.store.close();
    const time = "2027-05-14T09:41:00.000Z";
    const plain = await world.request("/api/health");
    assert.deepEqual([plain.status, plain.body], [503, { status: "down", version: "0.0.0", time }]);
    for (const token of [TOKEN, world.key, "rk_sk_nobody_can_check"]) {
      const { status, body } = await world.request(DEEP, { token });
      const checks = { database: { status: "down" } };
      assert.deepEqual([status, body], [503, { status: "down", version: "0.0.0", time, checks }]);
    }
    assert.equal(
      (await world.request(DEEP)).code,
      "key_invalid",
      "who says nothing learns no more than that",
    );
    assert.ok(world.log.some((line) => line.includes("the database does not answer")));
  });
});

/** As many as an answer that waits for nothing takes. */
async function turns(): Promise<void> {
  for (let left = 20; left; left--) await turn();
}

describe("Health, while the database is silent", () => {
  it("is down after three seconds", async () => {
    await using world = await alone(stores[0] ?? assert.fail());
    const silent = () => new Promise<never>(() => {});
    world.deps.store = { ...world.deps.store, ping: silent, keyByHash: silent };
    mock.timers.enable({ apis: ["setTimeout"] });
    try {
      const replies = [world.request("/api/health"), world.request(DEEP, { key: world.key })];
      const answered: number[] = [];
      for (const reply of replies) void reply.then(({ status }) => answered.push(status));
      await turns();
      mock.timers.tick(2_999);
      await turns();
      assert.deepEqual(answered, []);
      mock.timers.tick(1);
      await turns();
      assert.deepEqual(answered, [503, 503]);
    } finally {
      mock.timers.reset();
    }
  });
});

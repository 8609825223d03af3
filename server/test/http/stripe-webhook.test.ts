/** Stripe tells of changes: signed with the official library, over HTTP, as its own servers do it. */
import assert from "node:assert/strict";
import { it } from "node:test";
import Stripe from "stripe";
import { demoSubscriptions as ids } from "../../src/billing/simulator-demo.ts";
import { hearStripe } from "../../src/billing/stripe/webhook.ts";
import type { Scope } from "../../src/store/store.ts";
import { ended, event, failed, leaves, paid, renamed, type Sent, stays } from "../billing/stripe-payloads.ts";
import { DAY, john, onEachStore, type Reply, type World } from "../harness.ts";
import { settled } from "../visit.ts";

const PATH = "/api/stripe/webhook";
const SECRET = "whsec_current";

interface Given {
  secret?: string;
  /** When it was signed, ms. */
  at?: number;
  headers?: Record<string, string>;
}

const signatureOf = (world: World, payload: string, { secret = SECRET, at = world.clock.now }: Given = {}) =>
  Stripe.webhooks.generateTestHeaderString({ payload, secret, timestamp: Math.floor(at / 1000) });

function send(world: World, sent: Sent | string, given: Given = {}): Promise<Reply> {
  const body = typeof sent === "string" ? sent : JSON.stringify(sent, null, 2);
  const headers = {
    "Content-Type": "application/json; charset=utf-8",
    "Stripe-Signature": signatureOf(world, body, given),
    ...given.headers,
  };
  return world.request(PATH, { method: "POST", body, headers });
}

/** Says what main says of each account. @returns what was forgotten, by scope */
function connect(world: World, accounts: [Scope, readonly string[]][] = [[world.scope, [SECRET]]]): string[] {
  const forgotten: string[] = [];
  const { clock } = world.deps;
  const endpoints = accounts.map(([scope, secrets]) => ({
    scope,
    ...(secrets.length ? { hear: hearStripe({ secrets, clock }) } : {}),
    refresh: (prefix: string) => void forgotten.push(`${scope.environment} ${prefix}`),
  }));
  world.deps.webhooks = () => endpoints;
  return forgotten;
}

async function work(world: World): Promise<void> {
  world.pass(10_000);
  while (await world.tick());
}

const kept = async (world: World, scope = world.scope, subject: string = ids.monthly) =>
  (await world.deps.store.billingEvents(scope, subject)).map(({ id }) => id);

function accepted({ status, body }: Reply): void {
  assert.deepEqual([status, body], [200, { received: true }]);
}

onEachStore("Stripe's webhook", ({ open }) => {
  async function connected(): Promise<World & { forgotten: string[] }> {
    const world = await open();
    return { ...world, forgotten: connect(world) };
  }

  it("takes an event, and what it leads to is worked out afterwards", async () => {
    const world = await connected();
    await world.simulator.execute(
      { type: "cancel", effective: "period_end", subscriptionId: ids.monthly },
      "elsewhere",
    );
    const reply = await send(world, leaves(ids.monthly, world.clock.now, { feedback: "too_expensive" }));
    accepted(reply);
    assert.equal(reply.headers.get("cache-control"), "no-store");
    assert.deepEqual(await world.ledger(), []);
    await work(world);
    const rows = (await world.ledger()).map(({ source, reason, confirmed }) => [source, reason, confirmed]);
    assert.deepEqual(rows, [["stripe", "too_expensive", false]]);
    const [line] = world.log.map((each) => JSON.parse(each)).filter(({ path }) => path === PATH);
    assert.deepEqual([line.workspace, line.method, line.status], [world.scope.workspaceId, "POST", 200]);
  });

  it("counts a cancellation in our flow once, with all that Stripe then tells of it", async () => {
    const world = await connected();
    settled(await (await world.visit(john)).cancel());
    const at = world.clock.now;
    accepted(await send(world, leaves(ids.monthly, at)));
    await work(world);
    world.pass(60 * DAY);
    accepted(
      await send(world, ended(ids.monthly, world.clock.now, { reason: "cancellation_requested" }, at)),
    );
    await work(world);
    assert.deepEqual(
      (await world.ledger()).map(({ source, outcome }) => [source, outcome]),
      [["flow", "cancelled"]],
    );
  });

  it("follows an invoice until it is paid, also in the shapes of older versions", async () => {
    const world = await connected();
    const { now } = world.clock;
    const old = { parent: undefined, payments: undefined, subscription: ids.monthly };
    accepted(await send(world, failed(now, {}, { ...old, api_version: "2018-02-28" })));
    accepted(
      await send(world, failed(now + DAY, { attempt: 2, subscription: ids.monthly, next: now + 3 * DAY })),
    );
    await work(world);
    const rows = () => world.deps.store.recoveriesOf(world.scope, ids.monthly);
    assert.deepEqual(
      (await rows()).map(({ status, attemptCount, nextAttemptAt }) => [status, attemptCount, nextAttemptAt]),
      [["pending", 2, now + 3 * DAY]],
    );
    accepted(await send(world, paid(now + 3 * DAY, { attempt: 3 }, old)));
    await work(world);
    assert.deepEqual(
      (await rows()).map(({ status, recoveredAt }) => [status, recoveredAt]),
      [["recovered", now + 3 * DAY]],
    );
    assert.deepEqual(await world.facts(), ["payment.failed", "payment.failed", "payment.recovered"]);
  });

  it("takes the same event once, whoever sends it again", async () => {
    const world = await connected();
    const sent = failed(world.clock.now);
    for (const reply of await Promise.all([1, 2, 3].map(() => send(world, sent)))) accepted(reply);
    await work(world);
    accepted(await send(world, sent));
    await work(world);
    const [row, ...more] = await world.deps.store.listRecoveries(world.scope, { limit: 9 });
    assert.deepEqual(more, []);
    assert.equal((await world.deps.store.recoveryAttempts(row?.id ?? "")).length, 1);
    assert.deepEqual(await world.facts(), ["payment.failed"]);
  });

  const refused: [string, (world: World, body: string) => Record<string, string>, string?][] = [
    ["none", () => ({})],
    ["an empty one", () => ({ "Stripe-Signature": "" })],
    ["no signature at all", () => ({ "Stripe-Signature": "whatever" })],
    [
      "another secret's",
      (world, body) => ({ "Stripe-Signature": signatureOf(world, body, { secret: "whsec_x" }) }),
    ],
    ["another body's", (world, body) => ({ "Stripe-Signature": signatureOf(world, `${body} `) })],
    [
      "the same JSON's, written otherwise",
      (world, body) => ({ "Stripe-Signature": signatureOf(world, JSON.stringify(JSON.parse(body))) }),
    ],
    [
      "one that is too old",
      (world, body) => ({ "Stripe-Signature": signatureOf(world, body, { at: world.clock.now - 301_000 }) }),
    ],
    [
      "one whose time was changed",
      (world, body) => ({
        "Stripe-Signature": signatureOf(world, body, { at: world.clock.now - 301_000 }).replace(
          /t=\d+/,
          `t=${Math.floor(world.clock.now / 1000)}`,
        ),
      }),
    ],
    [
      "one of another scheme",
      (world, body) => ({ "Stripe-Signature": signatureOf(world, body).replace("v1=", "v0=") }),
    ],
  ];
  for (const [name, headers] of refused)
    it(`refuses as a signature ${name}`, async () => {
      const world = await connected();
      const body = JSON.stringify(leaves(ids.monthly, world.clock.now), null, 2);
      const reply = await world.request(PATH, { method: "POST", body, headers: headers(world, body) });
      assert.deepEqual([reply.status, reply.code], [400, "webhook_signature_invalid"]);
      assert.deepEqual([await kept(world), world.forgotten], [[], []]);
    });

  it("takes a signature that is just young enough, and one beside others", async () => {
    const world = await connected();
    const { now } = world.clock;
    accepted(await send(world, failed(now), { at: now - 300_000 }));
    const body = JSON.stringify(failed(now));
    const [time, good] = signatureOf(world, body).split(",");
    const headers = { "Stripe-Signature": `${time},v1=00,${good},v0=11` };
    accepted(await world.request(PATH, { method: "POST", body, headers }));
  });

  it("does not ask what the body calls itself", async () => {
    const world = await connected();
    accepted(await send(world, failed(world.clock.now), { headers: { "Content-Type": "text/plain" } }));
  });

  it("takes the old secret beside the new one while they are being exchanged", async () => {
    const world = await open();
    connect(world, [[world.scope, ["whsec_old", SECRET]]]);
    for (const secret of ["whsec_old", SECRET])
      accepted(await send(world, failed(world.clock.now), { secret }));
    connect(world, [[world.scope, [SECRET]]]);
    assert.equal((await send(world, failed(world.clock.now), { secret: "whsec_old" })).status, 400);
  });

  it("finds the workspace by the secret and the environment by the mode", async () => {
    const world = await open();
    const sandbox = { ...world.scope, environment: "sandbox" } as const;
    const other = { workspaceId: "ws_other", environment: "prod" } as const;
    const both = ["whsec_live", "whsec_test"];
    const forgotten = connect(world, [
      [sandbox, both],
      [world.scope, both],
      [other, ["whsec_other"]],
    ]);
    const at = world.clock.now;
    const live = leaves(ids.monthly, at);
    const test = { ...leaves(ids.monthly, at), livemode: false };
    const others = leaves(ids.monthly, at);
    accepted(await send(world, live, { secret: "whsec_live" }));
    accepted(await send(world, test, { secret: "whsec_test" }));
    accepted(await send(world, others, { secret: "whsec_other" }));
    assert.deepEqual(await kept(world), [live.id]);
    assert.deepEqual(await kept(world, sandbox), [test.id]);
    assert.deepEqual(await kept(world, other), [others.id]);
    assert.deepEqual(forgotten, [
      `prod charge:${ids.monthly}`,
      `sandbox charge:${ids.monthly}`,
      `prod charge:${ids.monthly}`,
    ]);
  });

  it("refuses what is from the other mode", async () => {
    const world = await connected();
    const reply = await send(world, { ...leaves(ids.monthly, world.clock.now), livemode: false });
    assert.deepEqual([reply.status, reply.code], [400, "webhook_mode_wrong"]);
    assert.deepEqual([await kept(world), world.forgotten], [[], []]);
  });

  it("says so where no secret is configured", async () => {
    const world = await open();
    const asked = async () => {
      const { status, code } = await send(world, failed(world.clock.now));
      return [status, code];
    };
    assert.deepEqual(await asked(), [503, "webhook_unavailable"]);
    connect(world, []);
    assert.deepEqual(await asked(), [503, "webhook_unavailable"]);
    connect(world, [[world.scope, []]]);
    assert.deepEqual(await asked(), [503, "webhook_unavailable"]);
  });

  it("takes up to a megabyte", async () => {
    const world = await connected();
    const sized = (size: number) => {
      const sent = failed(world.clock.now, {}, { padding: "" });
      const room = size - JSON.stringify(sent).length;
      return JSON.stringify({ ...sent, padding: "x".repeat(room - `"padding":"",`.length) });
    };
    assert.equal(sized(1_048_576).length, 1_048_576);
    accepted(await send(world, sized(1_048_576)));
    const reply = await send(world, sized(1_048_577));
    assert.deepEqual([reply.status, reply.code], [413, "body_too_large"]);
    const said = await send(world, sized(10_000), { headers: { "Content-Length": "1048577" } });
    assert.equal(said.status, 413);
  });

  it("takes what it does not know, and keeps nothing of it", async () => {
    const world = await connected();
    const at = world.clock.now;
    const strange = [
      event("something.new", at, { id: "x_1", customer: "cus_unknown" }),
      event("invoice.paid", at, {}),
      event("customer.subscription.created", at, { id: ids.monthly, object: "subscription" }),
      event("checkout.session.completed", at, { object: "checkout.session", subscription: ids.monthly }),
      renamed(ids.monthly, at),
      leaves("sub_unknown", at),
      ended("sub_unknown", at),
      stays(ids.monthly, at),
    ];
    for (const each of strange) accepted(await send(world, each));
    await work(world);
    assert.deepEqual([await world.ledger(), await world.facts()], [[], []]);
    assert.equal((await kept(world)).length, 1, "only what may have been about an end");
    assert.ok(world.forgotten.includes(`prod charge:${ids.monthly}`));
  });

  it("refuses what is signed and says nothing", async () => {
    const world = await connected();
    const thin = JSON.stringify({ id: "evt_1", object: "v2.core.event", livemode: true, type: "x" });
    for (const body of ["", "{", "null", "[]", "{}", `{"livemode":"yes"}`, thin]) {
      const { status, code } = await send(world, body);
      assert.deepEqual([status, code], [400, "body_malformed"], body);
    }
  });

  it("says that it has failed if it cannot write it down, and takes it the next time", async () => {
    const world = await connected();
    const sent = failed(world.clock.now);
    const { store } = world.deps;
    const broken = () => Promise.reject(new Error("the disk is full"));
    world.deps.store = { ...store, transaction: broken };
    assert.deepEqual((await send(world, sent)).status, 500);
    world.deps.store = store;
    accepted(await send(world, sent));
    await work(world);
    assert.deepEqual(await world.facts(), ["payment.failed"]);
  });

  it("writes down an event only together with its work", async () => {
    const world = await connected();
    const { store } = world.deps;
    const transaction: typeof store.transaction = (work) =>
      store.transaction((tx) =>
        work({ ...tx, enqueue: () => Promise.reject(new Error("the process is killed")) }),
      );
    world.deps.store = { ...store, transaction };
    const sent = leaves(ids.monthly, world.clock.now);
    assert.equal((await send(world, sent)).status, 500);
    world.deps.store = store;
    assert.deepEqual(await kept(world), []);
    accepted(await send(world, sent));
    assert.deepEqual(await kept(world), [sent.id]);
  });

  it("is no place for browsers, keys or counting", async () => {
    const world = await open({ limits: { perKey: 0, perSession: 0 } });
    connect(world);
    const reply = await send(world, failed(world.clock.now), { headers: { Origin: "https://shop.example" } });
    accepted(reply);
    for (let sent = 0; sent < 20; sent++) accepted(await send(world, failed(world.clock.now)));
    const options = await world.request(PATH, { method: "OPTIONS", origin: "https://shop.example" });
    assert.deepEqual([options.status, options.headers.get("allow")], [204, "POST, OPTIONS"]);
    for (const { headers } of [reply, options])
      for (const [name] of headers) assert.doesNotMatch(name, /^(access-control|ratelimit)-/);
    for (const method of ["GET", "HEAD", "PUT", "DELETE"]) {
      const wrong = await world.request(PATH, { method });
      assert.deepEqual([wrong.status, wrong.headers.get("allow")], [405, "POST"], method);
    }
  });

  it("keeps no more of a customer than it needs, and logs nothing of them", async () => {
    const world = await connected();
    const at = world.clock.now;
    await send(world, leaves(ids.monthly, at));
    await send(world, failed(at, { subscription: ids.monthly }));
    await send(world, ended(ids.monthly, at), { secret: "whsec_x" });
    await work(world);
    const all = ["in_1", ids.monthly].map((subject) => world.deps.store.billingEvents(world.scope, subject));
    const stored = JSON.stringify([
      await Promise.all(all),
      await world.deps.store.events(world.scope, { limit: 9 }),
    ]);
    assert.ok(stored.includes("in_1"));
    assert.doesNotMatch(stored, /PRIVATE-WORDS/);
    const log = world.log.join("");
    assert.doesNotMatch(log, /PRIVATE-WORDS|john\.doe|whsec|v1=/);
  });
});

/** Somebody's program for Retainly, with another host and another key: every request of Retainly's own page. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { Webhook } from "standardwebhooks";
import Stripe from "stripe";
import { createKey } from "../../src/domain/workspaces.ts";
import { errors } from "../../src/http/errors.ts";
import { asking } from "../flows/fixtures.ts";
import { MINUTE, onEachStore, type Reply, type World } from "../harness.ts";
import { assertShape, columns, commands, HOST, type Printed, printed, statuses } from "./retainly-page.ts";
import { assertPrinted, examplesOf, openShell, type Shell } from "./shell.ts";

type KeyScopes = NonNullable<Parameters<typeof createKey>[1]["scopes"]>;

/** The offer of Retainly's sample. */
const thirty = { type: "discount", id: "thirty", percentOff: 30, duration: "repeating", months: 3 };

/** A world that a user of Retainly has moved to: their flow is published, and amounts are in euros. */
async function movedTo(open: (options: object) => Promise<World>, options: object = {}): Promise<World> {
  const world = await open({ settings: { currency: "eur" }, ...options });
  await world.publish(asking({ too_expensive: [thirty] }));
  return world;
}

interface Received {
  path: string | undefined;
  headers: Record<string, string>;
  body: string;
}

/** What a business's own program hears. */
async function openReceiver(): Promise<{ url: string; received: Received[]; close(): void }> {
  const received: Received[] = [];
  const server: Server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk) => chunks.push(chunk));
    request.on("end", () => {
      const headers = request.headers as Record<string, string>;
      received.push({ path: request.url, headers, body: Buffer.concat(chunks).toString() });
      response.writeHead(204).end();
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/webhooks`;
  return {
    url,
    received,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

const keyOf = async (world: World, scopes: KeyScopes) =>
  (await createKey(world.deps, { ...world.scope, kind: "secret", name: "dashboard", scopes })).key;

onEachStore("Who moves from Retainly, and sends what its page prints,", ({ open }) => {
  let world: World;
  let shell: Shell;
  let receiver: Awaited<ReturnType<typeof openReceiver>>;
  let folder: string;
  /** Of the flow that is begun. */
  let session: string;
  let secret: string;
  before(async () => {
    world = await movedTo(open);
    folder = mkdtempSync(join(tmpdir(), "renumerate-guide-"));
    shell = await openShell(world, HOST, folder);
    receiver = await openReceiver();
    const made = await world.request("/api/v1/webhook-endpoints", {
      key: world.key,
      json: { url: receiver.url, events: ["cancel.saved"] },
    });
    assert.equal(made.status, 201, made.text);
    secret = String(made.body.secret);
  });
  after(() => {
    shell.close();
    receiver.close();
    rmSync(folder, { recursive: true });
  });

  /** As it is printed, but for the token. */
  const send = (command: string, key = world.key) =>
    shell.type(command.replace(/rk_sk_(xxx|your_token_here)/, key));
  const about = (path: string) =>
    commands.findLast((each) => each.includes(path)) ?? assert.fail(`${path} is on the page`);
  /** The page prints bodies alone. */
  const post = (path: string, body: object) =>
    send(
      `curl ${HOST}${path} -H "X-API-Key: rk_sk_xxx" -H "Content-Type: application/json" -d '${JSON.stringify(body)}'`,
    );

  it("starts a flow, and gets its session and steps", async () => {
    const { status, body } = await post("/api/flows/start", printed.start);
    assert.equal(status, 200, JSON.stringify(body));
    assertShape(body, printed.started);
    session = String(body.session_id);
    const { steps } = body.flow as { steps: Printed[] };
    assert.ok(steps.length > 1);
    const again = await post("/api/flows/start", printed.start);
    assert.deepEqual([again.status, again.body.session_id], [200, session]);
  });

  it("tells what the customer saw and said", async () => {
    const told = await post("/api/flows/event", { ...printed.event, session_id: session });
    assert.deepEqual([told.status, told.body], [200, { success: true }]);
    const data = { reason: printed.cancel.reason };
    const said = await post("/api/flows/event", {
      session_id: session,
      event_type: "survey_answered",
      data,
    });
    assert.equal(said.status, 200, JSON.stringify(said.body));
  });

  it("saves with the printed offer, which is carried out at billing", async () => {
    assert.equal((await world.billed("sub_xxx")).discount, undefined);
    const { status, body } = await post("/api/flows/save", { ...printed.save, session_id: session });
    assert.equal(status, 200, JSON.stringify(body));
    assertShape(body, printed.saved);
    assert.deepEqual(body, { ...printed.saved, saved_mrr_cents: 4900 });
    assert.equal((await world.billed("sub_xxx")).discount?.percentOff, 30);
  });

  it("hears cancel.saved at its own endpoint, signed, with the printed keys", async () => {
    await world.tick();
    assert.equal(receiver.received.length, 1);
    const [{ path, headers, body } = assert.fail()] = receiver.received;
    assert.equal(path, "/api/webhooks");
    const event = JSON.parse(body);
    assertShape(event, printed.webhook);
    assert.equal(event.type, "cancel.saved");
    assert.equal(event.workspace_id, world.scope.workspaceId);
    assert.equal(headers["webhook-id"], event.id);
    assert.match(event.id, /^evt_\w+$/);
    assert.match(event.timestamp, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    const { data } = printed.webhook as { data: Printed };
    const expected = { ...data, session_id: session, saved_mrr_cents: 4900 };
    const known = Object.fromEntries(Object.keys(expected).map((name) => [name, event.data[name]]));
    assert.deepEqual(known, expected);
  });

  it("verifies that message by either header, and refuses a changed one", () => {
    const [{ headers, body } = assert.fail()] = receiver.received;
    // The world's clock is not the machine's, and both libraries ask for the machine's.
    const at = Number(headers["webhook-timestamp"]) * 1000;
    const { now } = Date;
    Date.now = () => at;
    try {
      const standard = (text: string) => new Webhook(secret).verify(text, headers);
      const stripes = (text: string) =>
        Stripe.webhooks.constructEvent(text, headers["x-retainly-signature"] ?? "", secret);
      for (const verify of [standard, stripes]) {
        assert.deepEqual(verify(body), JSON.parse(body));
        assert.throws(() => verify(body.replace("4900", "4901")), /signature/i);
      }
    } finally {
      Date.now = now;
    }
  });

  it("records a confirmed cancellation, and leaves billing alone", async () => {
    const john = { customer_id: "cus_amara", subscription_id: "sub_amara_pro_annual" };
    const started = await post("/api/flows/start", { ...printed.start, ...john, email: undefined });
    const { session_id } = started.body;
    const { status, body } = await post("/api/flows/cancel", { ...printed.cancel, session_id });
    assert.deepEqual([status, body], [200, { success: true }]);
    assert.equal((await world.billed(john.subscription_id)).cancelAt, undefined);
  });

  it("reads the figures", async () => {
    for (const command of commands.filter((each) => /analytics \\/.test(each))) {
      const { status, body } = await send(command);
      assert.equal(status, 200, JSON.stringify(body));
      assert.deepEqual(Object.keys(body), Object.keys(printed.analytics));
      assertShape(body, printed.analytics);
      assert.deepEqual(
        [body.workspace_id, body.period, body.cancel_sessions, body.saves, body.save_rate_pct],
        [world.scope.workspaceId, "last_30_days", 2, 1, 50],
      );
    }
  });

  it("reads the months of revenue", async () => {
    const { status, body } = await send(about("revenue"));
    assert.equal(status, 200, JSON.stringify(body));
    const months = (body.months as Printed[]).map(({ month }) => month);
    assert.deepEqual(months, ["2027-03", "2027-04", "2027-05"]);
    const path = "/api/v1/analytics/revenue?months=";
    assert.equal((await world.request(`${path}24`, { key: world.key })).status, 200);
    assert.equal((await world.request(`${path}25`, { key: world.key })).status, 400);
  });

  it("reads the saved sessions, and no other", async () => {
    const { status, body } = await send(about("sessions?"));
    assert.equal(status, 200, JSON.stringify(body));
    const data = body.data as Printed[];
    assert.deepEqual(
      data.map(({ id, outcome }) => [id, outcome]),
      [[session, "saved"]],
    );
  });

  for (const [name, header] of Object.entries(columns)) {
    it(`downloads the export of ${name}, with the printed columns`, async () => {
      const { status, contentType } = await send(about(`exports/${name}`));
      assert.equal(status, 200);
      assert.match(contentType, /^text\/csv/);
      const lines = readFileSync(join(folder, `${name}-export.csv`), "utf8").split("\r\n");
      assert.equal(lines[0], header);
      assert.equal(lines.at(-1), "", "the last line ends");
      const rows = { sessions: 2, recovery: 0, saves: 1 }[name];
      assert.equal(lines.length - 2, rows);
      if (name !== "recovery") assert.ok(lines.some((line) => line.startsWith(`${session},`)));
    });
  }
});

onEachStore("What Retainly's page says of its API", ({ open }) => {
  const read = (world: World, key: string, path = "/api/v1/analytics") =>
    world.request(path, { headers: { "X-API-Key": key } });
  const reads = [
    "/api/v1/analytics",
    "/api/v1/analytics/revenue",
    "/api/v1/sessions",
    "/api/exports/sessions",
    "/api/exports/recovery",
    "/api/exports/saves",
    "/api/v1/recoveries",
  ];

  it("analytics:read reads analytics, sessions and recovery data, and writes nothing", async () => {
    const world = await movedTo(open);
    const key = await keyOf(world, ["analytics:read"]);
    for (const path of reads) assert.equal((await read(world, key, path)).status, 200, path);
    const writes: [string, object][] = [
      ["/api/flows/start", printed.start],
      ["/api/flows/save", printed.save],
      ["/api/flows/cancel", printed.cancel],
      ["/api/flows/event", printed.event],
      ["/api/v1/webhook-endpoints", { url: "https://app.example.com/hooks" }],
    ];
    for (const [path, json] of writes) {
      const reply = await world.request(path, { key, json });
      assert.deepEqual([reply.status, reply.code], [403, "insufficient_scope"], path);
    }
  });

  it("* reads and writes everything", async () => {
    const world = await movedTo(open);
    const key = await keyOf(world, ["*"]);
    for (const path of reads) assert.equal((await read(world, key, path)).status, 200, path);
    const started = await world.request("/api/flows/start", { key, json: printed.start });
    assert.equal(started.status, 200, started.text);
  });

  it("a token begins with rk_sk_, and is stored as its SHA-256 alone where it only reads", async () => {
    const world = await movedTo(open);
    const key = await keyOf(world, ["analytics:read"]);
    assert.match(key, /^rk_sk_[0-9A-Za-z]{40}$/);
    const rows = (await world.deps.store.keys(world.scope.workspaceId)) as unknown as Printed[];
    assert.ok(!JSON.stringify(rows).includes(key));
    const digest = Buffer.from(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(key))).toString(
      "hex",
    );
    const row = rows.find(({ hash }) => hash === digest) ?? assert.fail("its hash is there");
    assert.equal(row.sealed, undefined);
  });

  it("of the requests within a minute the 61st of a key is refused, and told when to come again", async () => {
    const world = await movedTo(open, { limits: { perKey: 60 } });
    const limits = (reply: Reply) =>
      ["RateLimit-Limit", "RateLimit-Remaining", "Retry-After"].map((name) => reply.headers.get(name));
    for (let left = 59; left >= 0; left--) {
      const reply = await read(world, world.key);
      assert.deepEqual([reply.status, ...limits(reply)], [200, "60", String(left), null]);
    }
    const refused = await read(world, world.key);
    assert.deepEqual([refused.status, ...limits(refused)], [429, "60", "0", "60"]);
    assert.equal((await read(world, await keyOf(world, ["*"]))).status, 200, "another key is free");
    world.pass(MINUTE + 1);
    assert.equal((await read(world, world.key)).status, 200);
  });

  it("each status of its table is answered for the reason that stands there", async () => {
    const world = await movedTo(open, { limits: { perKey: 8 } });
    const { key } = world;
    const other = await open({});
    const seen: [status: number, reply: Reply][] = [
      [200, await read(world, key)],
      [400, await world.request("/api/flows/start", { key, json: { subscription_id: "sub_xxx" } })],
      [401, await read(world, "")],
      [401, await read(world, `${key.slice(0, -1)}_`)],
      [403, await read(world, await keyOf(world, ["cancellations:write"]))],
      [403, await read(world, key, `/api/v1/analytics?workspace_id=${other.scope.workspaceId}`)],
      [404, await world.request("/api/flows/cancel", { key, json: printed.cancel })],
    ];
    for (let count = 0; count < 4; count++) await read(world, key);
    seen.push([429, await read(world, key)]);
    const broken = await movedTo(open);
    broken.deps.store = { ...broken.deps.store, figures: () => Promise.reject(new Error("no disk left")) };
    seen.push([500, await read(broken, broken.key)]);
    for (const [status, reply] of seen) assert.equal(reply.status, status, reply.text);
    assert.deepEqual([...new Set(seen.map(([status]) => status))], statuses);
    for (const [, { status, body, headers }] of seen) {
      if (status < 400) continue;
      const { request_id } = body.error as Printed;
      assert.match(String(request_id), /^req_\w+$/);
      assert.equal(headers.get("Request-Id"), request_id);
    }
    const last = seen.at(-1)?.[1].text ?? "";
    assert.ok(!last.includes("disk"));
  });
});

const read = (name: string) => readFileSync(new URL(`../../../docs/${name}`, import.meta.url), "utf8");
const guide = read("migrating-from-retainly.md");
const OURS = "https://renumerate.example.com";

onEachStore("Who follows docs/migrating-from-retainly.md", ({ open }) => {
  let world: World;
  let shell: Shell;
  before(async () => {
    world = await open({ settings: { currency: "usd" }, publicUrl: OURS });
    const flow = /^```json\n(.*?)^```/ms.exec(guide)?.[1] ?? assert.fail("it has a flow");
    await world.publish(JSON.parse(flow));
    shell = await openShell(world, OURS);
    shell.known.RETAINLY_API_KEY = world.key;
  });
  after(() => shell.close());

  it("gets what is printed, request by request", async () => {
    const examples = examplesOf(guide);
    assert.ok(examples.length >= 6);
    for (const { command, printed } of examples) {
      const { status, body } = await shell.type(command);
      assert.equal(status, 200, `${command}: ${JSON.stringify(body)}`);
      const shown = printed ?? assert.fail("the guide shows the answer");
      assertPrinted(body, shown);
      assert.deepEqual(Object.keys(body), Object.keys(shown));
      if (body.session_id) shell.known.SESSION_ID = String(body.session_id);
    }
  });
});

describe("docs/migrating-from-retainly.md", () => {
  it("names codes that there are", () => {
    const codes = [...guide.matchAll(/\b(\d{3}) `([a-z_]+)`/g)];
    assert.ok(codes.length > 3);
    for (const [, status, code = ""] of codes) {
      const row = errors[code as keyof typeof errors] ?? assert.fail(code);
      assert.equal(String(row.status), status, code);
    }
  });
});

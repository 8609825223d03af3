/** What a business reports once, and again. */
import assert from "node:assert/strict";
import { it } from "node:test";
import { asking, half } from "../flows/fixtures.ts";
import { john, MINUTE, NOW, onEachStore, type World } from "../harness.ts";
import { least, openSandbox, PATH, read, report, sandboxOf, update } from "./cancelling.ts";

const full = {
  environment: "prod",
  eventId: "cancel_evt_8f30a7bf",
  userId: "user_456",
  reasonKey: "too_expensive",
  outcome: "churned",
  offer: { type: "discount", accepted: true, label: "20% off next month" },
  reasonText: "Needs lower\nmonthly price",
  context: { plan: "pro", mrr: 129, tenureDays: 42 },
  occurredAt: "2027-05-14T11:40:00+02:00",
  metadata: { source: "billing_settings_page", seats: 3, annual: false, coupon: null },
};

onEachStore("Reporting a cancellation", ({ open }) => {
  const facts = async (world: World) => (await world.facts()).filter((type) => /^cancellation/.test(type));

  it("everything that was sent is kept, and answered with 201", async () => {
    const world = await open();
    const reply = await report(world, full);
    assert.equal(reply.status, 201, reply.text);
    const { id } = reply.body;
    assert.match(id as string, /^can_[A-Za-z0-9]{22}$/);
    const { environment: _, ...said } = full;
    assert.deepEqual(reply.body, {
      object: "cancellation",
      id,
      environment: "prod",
      ...said,
      occurredAt: "2027-05-14T09:40:00.000Z",
      effectiveAt: null,
      createdAt: "2027-05-14T09:41:00.000Z",
      updatedAt: "2027-05-14T09:41:00.000Z",
    });
    assert.equal(reply.headers.get("idempotent-replayed"), null);
    assert.equal(reply.headers.get("x-idempotency-mismatch"), null);
    assert.equal(reply.headers.get("cache-control"), "no-store");
    assert.deepEqual((await read(world, full.eventId)).body, {
      ...reply.body,
      history: [{ outcome: "churned", effectiveAt: null, metadata: null, at: "2027-05-14T09:41:00.000Z" }],
      historyTruncated: false,
    });
  });

  it("what was left out is null, or what it stands for", async () => {
    const world = await open();
    const { status, body } = await report(world, least);
    assert.equal(status, 201);
    const now = "2027-05-14T09:41:00.000Z";
    assert.deepEqual(body, {
      object: "cancellation",
      id: body.id,
      eventId: "evt_1",
      environment: "prod",
      userId: null,
      reasonKey: "too_expensive",
      reasonText: null,
      outcome: "pending",
      offer: { type: "none", accepted: false, label: null },
      context: { plan: null, mrr: null, tenureDays: null },
      metadata: null,
      occurredAt: now,
      effectiveAt: null,
      createdAt: now,
      updatedAt: now,
    });
    assert.deepEqual((await read(world, "evt_1")).body.history, []);
  });

  it("each outcome and each offer comes back in the same words", async () => {
    const world = await open();
    for (const outcome of ["churned", "recovered", "abandoned"]) {
      const { body } = await report(world, { ...least, eventId: outcome, outcome });
      assert.equal(body.outcome, outcome);
    }
    for (const type of ["none", "discount", "pause"]) {
      const { body } = await report(world, { ...least, eventId: `offer ${type}`, offer: { type } });
      assert.deepEqual(body.offer, { type, accepted: false, label: null });
    }
  });

  it("it stands in the ledger beside the cancellations of flows", async () => {
    const world = await open();
    const visit = await world.visit(john);
    await visit.select("not_using").send();
    await report(world, { ...full, outcome: "recovered", reasonText: undefined });
    await report(world, { ...least, occurredAt: "2027-05-01T00:00:00Z" });
    const rows = await world.ledger();
    const [flow, known, pending] = [undefined, full.eventId, "evt_1"].map((eventId) =>
      rows.find((row) => row.eventId === eventId),
    );
    assert.deepEqual(
      [flow?.source, flow?.customerId, flow?.reason, flow?.eventId],
      ["flow", john, "not_using", undefined],
    );
    const { id, digest, ...row } = known ?? assert.fail();
    assert.match(id, /^can_/);
    assert.match(digest ?? "", /^[0-9a-f]{64}$/);
    assert.deepEqual(row, {
      ...world.scope,
      source: "api",
      eventId: full.eventId,
      customerId: "user_456",
      reason: "too_expensive",
      outcome: "retained",
      confirmed: true,
      offerType: "discount",
      offerLabel: "20% off next month",
      offerAccepted: true,
      plan: "pro",
      mrr: 12_900,
      currency: "eur",
      tenureDays: 42,
      metadata: full.metadata,
      startedAt: NOW - MINUTE,
      completedAt: NOW - MINUTE,
      savedMrr: 12_900,
      occurredAt: NOW - MINUTE,
      createdAt: NOW,
      updatedAt: NOW,
    });
    assert.deepEqual(
      [pending?.confirmed, pending?.outcome, pending?.mrr, pending?.customerId, pending?.offerType],
      [false, undefined, undefined, undefined, undefined],
    );
  });

  it("again, it is answered with 200 as it is stored, and happens once", async () => {
    const world = await open();
    const first = await report(world, full);
    world.pass(MINUTE);
    const reversed = (value: object) => Object.fromEntries(Object.entries(value).reverse());
    for (const again of [full, { ...reversed(full), metadata: reversed(full.metadata) }]) {
      const reply = await report(world, again);
      assert.deepEqual([reply.status, reply.text], [200, first.text]);
      assert.equal(reply.headers.get("idempotent-replayed"), "true");
      assert.equal(reply.headers.get("x-idempotency-mismatch"), null);
    }
    assert.equal((await world.ledger()).length, 1);
    assert.deepEqual(await facts(world), ["cancellation.created"]);
  });

  it("what stands for something that was left out, and what is ignored, makes no other report of it", async () => {
    const world = await open();
    await report(world, least);
    world.pass(MINUTE);
    for (const same of [least, { ...least, environment: "prod" }, { ...least, mood: "bad" }]) {
      const reply = await report(world, same);
      assert.deepEqual([reply.status, reply.headers.get("x-idempotency-mismatch")], [200, null]);
    }
  });

  it("again with something else, what was stored first holds, and a header says so", async () => {
    const world = await open();
    const first = await report(world, full);
    for (const change of [
      { userId: "user_457" },
      { reasonKey: "not_using" },
      { outcome: "recovered" },
      { outcome: undefined },
      { offer: { ...full.offer, accepted: false } },
      { reasonText: "" },
      { context: { plan: "pro", mrr: 130, tenureDays: 42 } },
      { occurredAt: "2027-05-14T09:39:00Z" },
      { metadata: { ...full.metadata, seats: "3" } },
    ]) {
      const reply = await report(world, { ...full, ...change });
      const about = JSON.stringify(change);
      assert.deepEqual([reply.status, reply.text], [200, first.text], about);
      assert.equal(reply.headers.get("idempotent-replayed"), "true", about);
      assert.equal(reply.headers.get("x-idempotency-mismatch"), "true", about);
    }
    assert.deepEqual(await facts(world), ["cancellation.created"]);
  });

  it("after an update, a repetition is answered as it is now", async () => {
    const world = await open();
    await report(world, least);
    const updated = await update(world, "evt_1", { outcome: "recovered" });
    const again = await report(world, least);
    assert.deepEqual([again.status, again.text], [200, updated.text]);
    assert.equal(again.headers.get("x-idempotency-mismatch"), null);
  });

  it("a repetition is no report of the future because the clock of the server was put back", async () => {
    const world = await open();
    const now = { ...least, occurredAt: "2027-05-14T09:41:00Z" };
    const first = await report(world, now);
    world.pass(-10 * MINUTE);
    const again = await report(world, now);
    assert.deepEqual([again.status, again.text], [200, first.text]);
    assert.equal(again.headers.get("x-idempotency-mismatch"), null);
    const other = await report(world, { ...now, eventId: "evt_2" });
    assert.deepEqual([other.status, other.param], [400, "occurredAt"]);
  });

  it("one eventId in both environments is two cancellations", async () => {
    const world = await open();
    const key = await openSandbox(world);
    const live = await report(world, least);
    const tried = await report(world, { ...least, environment: "sandbox", userId: "tester" });
    assert.deepEqual([live.status, tried.status], [201, 201]);
    assert.notEqual(live.body.id, tried.body.id);
    assert.deepEqual([live.body.environment, tried.body.environment], ["prod", "sandbox"]);
    await update(world, "evt_1", { environment: "sandbox", outcome: "churned" });
    assert.equal((await read(world, "evt_1")).body.outcome, "pending");
    assert.equal((await read(world, "evt_1", "?environment=sandbox")).body.outcome, "churned");
    assert.equal((await world.ledger()).length, 1);
    const sandbox = await world.deps.store.events(sandboxOf(world), { limit: 10 });
    assert.deepEqual(
      sandbox.map(({ type }) => type),
      ["cancellation.created", "cancellation.updated"],
    );
    // A key of the sandbox means the sandbox, and nothing else.
    const own = await report(world, least, { key });
    assert.deepEqual([own.status, own.body.id], [200, tried.body.id]);
    const beyond = await report(world, { ...least, environment: "prod" }, { key });
    assert.deepEqual([beyond.status, beyond.code], [403, "insufficient_scope"]);
  });

  it("integrators hear of it in the same words", async () => {
    const world = await open();
    const created = await report(world, full);
    world.pass(MINUTE);
    const updated = await update(world, full.eventId, { outcome: "recovered" });
    const events = await world.deps.store.events(world.scope, { limit: 10 });
    assert.deepEqual(
      events.map(({ type, data, at, sessionId }) => ({ type, data, at, sessionId })),
      [
        { type: "cancellation.created", data: created.body, at: NOW, sessionId: undefined },
        { type: "cancellation.updated", data: updated.body, at: NOW + MINUTE, sessionId: undefined },
      ],
    );
  });

  it("takes the reasons that the flow asks for, with what the workspace has added and without what it took away", async () => {
    const settings = { reasons: { legacy_reason: true, not_using: false } };
    const world = await open({ settings });
    await world.publish(asking({ too_expensive: [half], not_using: [half], "too-slow": [half] }));
    const taken = async (reasonKey: string, environment = "prod") => {
      const { status, code, param } = await report(world, { eventId: reasonKey, reasonKey, environment });
      return status === 201 ? "taken" : [status, code, param].join(" ");
    };
    for (const key of ["too_expensive", "too-slow", "legacy_reason"]) assert.equal(await taken(key), "taken");
    const refused = "400 reason_not_enabled reasonKey";
    for (const key of ["not_using", "missing_features", "nothing", "constructor", "__proto__"])
      assert.equal(await taken(key), refused, key);
    // No flow is published there.
    assert.equal(await taken("too_expensive", "sandbox"), refused);
    assert.equal(await taken("legacy_reason", "sandbox"), "taken");
    assert.equal((await world.ledger()).length, 3);
  });

  it("a repetition does not depend on what has become of the reason", async () => {
    const world = await open();
    await report(world, least);
    const { settings } = (await world.deps.store.workspace(world.scope.workspaceId)) ?? assert.fail();
    const reasons = { too_expensive: false };
    await world.deps.store.updateWorkspace(world.scope.workspaceId, { settings: { ...settings, reasons } });
    assert.equal((await report(world, least)).status, 200);
    assert.equal((await report(world, { ...least, eventId: "evt_2" })).code, "reason_not_enabled");
  });

  it("refuses what belongs to a hosted session, and ignores what else it does not know", async () => {
    const world = await open();
    for (const name of ["sessionId", "session_id", "ci_result_token"]) {
      const created = await report(world, { ...least, [name]: "cs_123" });
      assert.deepEqual(
        [created.status, created.code, created.param],
        [400, "hosted_session_not_allowed", name],
      );
    }
    assert.deepEqual(await world.ledger(), []);
    const free = {
      ...least,
      session: "cs_123",
      cancelAt: "tomorrow",
      offer: { type: "pause", sessionId: "cs_123" },
      context: { plan: "pro", tenure: 3 },
      metadata: { session_id: "cs_123" },
    };
    const reply = await report(world, free);
    assert.equal(reply.status, 201, reply.text);
    assert.deepEqual(
      [reply.body.offer, reply.body.context, reply.body.metadata, "session" in reply.body],
      [
        { type: "pause", accepted: false, label: null },
        { plan: "pro", mrr: null, tenureDays: null },
        { session_id: "cs_123" },
        false,
      ],
    );
    const updated = await update(world, "evt_1", { outcome: "churned", sessionId: "cs_123" });
    assert.deepEqual(
      [updated.status, updated.code, updated.param],
      [400, "hosted_session_not_allowed", "sessionId"],
    );
    assert.equal((await update(world, "evt_1", { outcome: "churned", session: "cs_123" })).status, 200);
  });

  it("amounts are in the workspace's currency, as it was then", async () => {
    const world = await open();
    const { id } = (await world.deps.store.workspace(world.scope.workspaceId)) ?? assert.fail();
    for (const [index, [currency, mrr, minor, back]] of (
      [
        ["eur", 129.99, 12_999, 129.99],
        ["usd", 1.005, 101, 1.01],
        ["usd", 1e-7, 0, 0],
        ["jpy", 1200, 1200, 1200],
        ["kwd", 9.125, 9125, 9.125],
      ] as const
    ).entries()) {
      const { body } = await report(world, { ...least, eventId: `${index}`, context: { mrr } });
      assert.deepEqual(body.context, { plan: null, mrr: back, tenureDays: null });
      const row = await world.deps.store.ledgerOfEvent(world.scope, `${index}`);
      assert.deepEqual([row?.mrr, row?.currency], [minor, currency]);
      const settings = { allowedOrigins: [], currency: ["usd", "usd", "jpy", "kwd"][index] ?? "eur" };
      await world.deps.store.updateWorkspace(id, { settings });
      assert.deepEqual((await read(world, `${index}`)).body.context, body.context);
    }
  });

  it("takes the key in both documented headers", async () => {
    const world = await open();
    for (const [at, headers] of [
      { Authorization: `Bearer ${world.key}` },
      { "x-api-key": world.key },
    ].entries()) {
      const reply = await world.request(PATH, {
        headers: headers as object as Record<string, string>,
        json: { ...least, eventId: `evt_${at}` },
      });
      assert.equal(reply.status, 201);
    }
    for (const headers of [{}, { "x-api-key": "rk_sk_wrong" }, { Authorization: world.key }]) {
      const reply = await world.request(PATH, {
        headers: headers as object as Record<string, string>,
        json: least,
      });
      assert.deepEqual([reply.status, reply.code], [401, "key_invalid"]);
      assert.equal(reply.headers.get("www-authenticate"), "Bearer");
    }
  });
});

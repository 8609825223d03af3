/** The flow endpoints that Retainly documents: start, save, cancel, event. */
import assert from "node:assert/strict";
import { it } from "node:test";
import { demoSubscriptions as ids } from "../../src/billing/simulator-demo.ts";
import { createKey } from "../../src/domain/workspaces.ts";
import { followed, makeLink, settings } from "../domain/cancel-linking.ts";
import { DAY, john, MINUTE, onEachStore, type World } from "../harness.ts";
import { settled } from "../visit.ts";
import { call, discount, everything, names, refused, saved, start, succeeds } from "./flowing.ts";

onEachStore("Retainly's flow endpoints", ({ open }) => {
  async function opened(options: Parameters<typeof open>[0] = {}): Promise<World> {
    const world = await open(options);
    await world.publish(everything);
    return world;
  }

  it("take the documented bodies from a server, and answer in the documented shapes", async () => {
    const world = await opened();
    const begun = await call(world, "start", { ...names, email: "user@example.com", metadata: {} });
    assert.equal(begun.status, 200, begun.text);
    const { session_id, flow } = begun.body as { session_id: string; flow: Record<string, unknown> };
    assert.deepEqual(Object.keys(begun.body), ["session_id", "flow"]);
    assert.deepEqual(Object.keys(flow), ["id", "version", "steps"]);
    assert.match(session_id, /^ses_/);
    await succeeds(call(world, "event", { session_id, event_type: "offer_shown", data: {} }));
    await succeeds(call(world, "save", { session_id, ...discount }), saved);
    assert.equal((await world.billed(ids.monthly)).discount?.percentOff, 30);
    assert.deepEqual(await world.facts(), ["cancel.started", "cancel.saved"]);
    const other = await start(world, { subscription_id: ids.annual, customer_id: "cus_amara" });
    await succeeds(call(world, "cancel", { session_id: other, reason: "too_expensive" }));
  });

  it("start: a session that counts, with who it is of and what the caller knows of it", async () => {
    const world = await opened();
    const metadata = { seats: 3, trial: false, team: "Storyboards", note: null };
    const id = await start(world, { email: "other@example.com", metadata });
    const [row] = await world.ledger();
    assert.deepEqual(
      [row?.sessionId, row?.customerId, row?.subscriptionId, row?.email, row?.metadata, row?.mrr],
      [id, john, ids.monthly, "john.doe@example.com", metadata, 4900],
    );
    assert.equal(row?.startedAt, world.clock.now);
    assert.equal(row.outcome, undefined);
  });

  it("start: an address that billing does not know is kept", async () => {
    const world = await opened();
    await world.simulator.updateCustomer({ id: john, name: "John Doe" });
    await start(world, { email: "john@elsewhere.example" });
    assert.equal((await world.ledger())[0]?.email, "john@elsewhere.example");
    const [event] = await world.deps.store.events(world.scope, { limit: 1 });
    assert.equal(Object(event?.data).email, "john@elsewhere.example");
  });

  it("start: a page says neither who its customer is, nor what belongs to them", async () => {
    const world = await opened();
    await world.simulator.updateCustomer({ id: john, name: "John Doe" });
    await start(world, { email: "victim@example.com", metadata: { plan: "all" } }, await world.mint(john));
    const [row] = await world.ledger();
    assert.deepEqual([row?.email, row?.metadata], [undefined, undefined]);
    const found = await world.request("/api/v1/customers/data?email=victim@example.com", { key: world.key });
    assert.equal(found.body.found, false);
  });

  it("a key is for its own workspace, by whatever it is asked", async () => {
    const world = await opened();
    const session_id = await start(world);
    const asked = { ...names, session_id, ...discount, event_type: "step_viewed" };
    for (const what of ["start", "save", "cancel", "event"])
      await refused(call(world, `${what}?workspace_id=ws_other`, asked), 403, "workspace_mismatch");
    await succeeds(call(world, `event?workspace_id=${world.scope.workspaceId}`, asked));
  });

  it("start: again is the same session, until it has been silent for too long or is decided", async () => {
    const world = await opened();
    const [first, twin] = await Promise.all([start(world), start(world)]);
    assert.equal(first, twin);
    world.pass(29 * MINUTE);
    assert.equal(await start(world), first);
    world.pass(30 * MINUTE - 1);
    assert.equal(await start(world), first, "half an hour after the last word");
    assert.deepEqual(await world.facts(), ["cancel.started"]);
    world.pass(30 * MINUTE);
    const second = await start(world);
    assert.notEqual(second, first);
    await succeeds(call(world, "save", { session_id: second, ...discount }), saved);
    assert.notEqual(await start(world), second);
  });

  it("start: terms that no longer hold are made anew in the same session", async () => {
    const world = await opened();
    const id = await start(world);
    world.pass(16 * MINUTE);
    const late = await refused(call(world, "save", { session_id: id, ...discount }), 409, "offer_changed");
    assert.equal(late.param, "offer_value");
    assert.equal(await start(world), id);
    await succeeds(call(world, "save", { session_id: id, ...discount }), saved);
  });

  it("start: what is refused", async () => {
    const world = await opened();
    const ask = (more: object) => call(world, "start", { ...names, ...more });
    await refused(ask({ customer_id: "cus_nobody" }), 404, "customer_not_found");
    await refused(ask({ subscription_id: "sub_nothing" }), 404, "subscription_not_found");
    await refused(ask({ subscription_id: ids.annual }), 404, "subscription_not_found");
    await refused(ask({ metadata: { deep: {} } }), 400, "parameter_invalid");
    await refused(ask({ metadata: [] }), 400, "parameter_invalid");
    await refused(ask({ email: 7 }), 400, "parameter_invalid");
    for (const missing of ["subscription_id", "customer_id"]) {
      const reply = await refused(ask({ [missing]: undefined }), 400, "parameter_missing");
      assert.equal(reply.param, missing);
    }
    const sandbox = (query: string) =>
      world.request(`/api/flows/start?environment=${query}`, { key: world.key, json: names });
    await refused(sandbox("sandbox"), 404, "customer_not_found");
    await refused(sandbox("other"), 400, "parameter_invalid");
    assert.deepEqual(await world.ledger(), []);
  });

  it("a read-only workspace begins nothing, and keeps nobody who has begun", async () => {
    const world = await opened();
    const session_id = await start(world);
    await world.deps.store.updateWorkspace(world.scope.workspaceId, { status: "read_only" });
    await refused(call(world, "start", names), 402, "workspace_read_only");
    await succeeds(call(world, "cancel", { session_id }));
  });

  it("a page's session id opens the same session for widgets and for these calls", async () => {
    const world = await opened();
    const token = await world.mint(john, ids.monthly);
    const id = await start(world, {}, token);
    const visit = await world.visit(token);
    assert.equal(visit.session, id);
    visit.select("too_expensive").next();
    await visit.send();
    await succeeds(call(world, "event", { session_id: id, event_type: "step_viewed", data: {} }, token));
    settled(await visit.accept());
    await succeeds(call(world, "save", { session_id: id, ...discount }, token), saved);
    assert.equal((await world.effects()).length, 1);
    assert.deepEqual(await world.facts(), ["cancel.started", "cancel.saved"]);
  });

  it("a server's session is gone on with by a widget of the same customer", async () => {
    const world = await opened();
    const id = await start(world);
    const config = await world.flow(await world.mint(john), `?session=${id}`);
    assert.equal(config.session.id, id);
    const token = await world.mint(john);
    await succeeds(call(world, "save", { session_id: id, ...discount }, token), saved);
    const { settlement } = (await world.flow(token, `?session=${id}`)).session;
    assert.deepEqual([settlement?.outcome, settlement?.offer?.id], ["retained", "third"]);
  });

  it("a page names nothing but what its session id is for", async () => {
    const world = await opened();
    const token = await world.mint(john, ids.monthly);
    const ask = (more: object, as = token) => call(world, "start", { ...names, ...more }, as);
    const customer = await refused(ask({ customer_id: "cus_amara" }), 403, "session_mismatch");
    assert.equal(customer.param, "customer_id");
    const named = await refused(ask({ subscription_id: ids.annual }), 403, "session_mismatch");
    assert.equal(named.param, "subscription_id");
    const wide = await world.mint(john);
    await refused(ask({ subscription_id: ids.annual }, wide), 404, "subscription_not_found");
    assert.deepEqual(await world.ledger(), []);
  });

  it("what belongs to somebody else is not there", async () => {
    const world = await opened();
    const id = await start(world);
    const other = await opened();
    const sandbox = await createKey(world.deps, {
      ...world.scope,
      environment: "sandbox",
      kind: "secret",
      name: "box",
    });
    const amara = await world.mint("cus_amara");
    const { deliveryToken } = (await world.flow(await world.mint(john))).session;
    for (const [what, body] of [
      ["save", discount],
      ["cancel", {}],
      ["event", { event_type: "step_viewed" }],
    ] as const) {
      const json = { session_id: id, ...body };
      const path = `/api/flows/${what}`;
      for (const asked of [{ key: other.key }, { key: sandbox.key }, { token: amara }])
        await refused(world.request(path, { json, ...asked }), 404, "session_not_found");
      const elsewhere = world.request(`${path}?environment=sandbox`, { json, key: world.key });
      await refused(elsewhere, 404, "session_not_found");
      await refused(call(world, what, { ...json, session_id: "ses_nobody" }), 404, "session_not_found");
      const delivering = world.request(path, { json, token: deliveryToken as string });
      await refused(delivering, 401, "key_invalid");
      await refused(world.request(path, { json }), 401, "key_invalid");
      const scopes = ["analytics:read" as const];
      const { key } = await createKey(world.deps, { ...world.scope, kind: "secret", name: "r", scopes });
      await refused(world.request(path, { json, key }), 403, "insufficient_scope");
    }
    assert.deepEqual(await world.facts(), ["cancel.started"]);
    assert.deepEqual(await world.effects(), []);
  });

  it("a flow behind a hosted link is decided on its page alone", async () => {
    const world = await opened({ settings });
    const link = await makeLink(world, { customerId: john, context: undefined });
    const behind = await followed(world, link);
    assert.notEqual(await start(world), behind.session);
    const body = { session_id: behind.session };
    await refused(call(world, "cancel", body), 404, "session_not_found");
    await refused(call(world, "cancel", body, behind.token), 404, "session_not_found");
    await refused(call(world, "start", names, behind.token), 404, "session_not_found");
    const own = await start(world);
    await refused(call(world, "cancel", { session_id: own }, behind.token), 404, "session_not_found");
    assert.equal((await world.flow(behind.token)).session.settlement, undefined);
  });

  it("answer a page of a listed origin, and no other; a key is not for pages", async () => {
    const world = await opened();
    const token = await world.mint(john);
    const origin = "https://shop.example";
    for (const what of ["start", "save", "cancel", "event"]) {
      const path = `/api/flows/${what}`;
      const asked = { method: "OPTIONS", headers: { "Access-Control-Request-Method": "POST" }, origin };
      const before = await world.request(path, asked);
      assert.deepEqual(
        [before.status, before.headers.get("access-control-allow-origin")],
        [204, origin],
        what,
      );
      const foreign = world.request(path, { token, json: {}, origin: "https://elsewhere.example" });
      await refused(foreign, 403, "origin_not_allowed");
      await refused(world.request(path, { key: world.key, json: {}, origin }), 403, "secret_key_in_browser");
    }
    const reply = await world.request("/api/flows/start", { token, json: names, origin });
    assert.deepEqual([reply.status, reply.headers.get("access-control-allow-origin")], [200, origin]);
    assert.ok(!reply.text.includes("dlv_"), "no credential is in the answer");
  });

  it("cancel: a reason that nobody knows is what the customer says, whatever it is", async () => {
    const cases: [object, (string | undefined)[]][] = [
      [{ reason: "too_expensive" }, ["too_expensive", undefined]],
      [{ reason: "too_expensive", reason_text: "Really" }, ["too_expensive", "Really"]],
      [{ reason: "No fun\0" }, [undefined, "No fun"]],
      [{ reason: "__proto__", reason_text: "and more" }, [undefined, "__proto__\nand more"]],
      [{ reason: "x".repeat(6000) }, [undefined, "x".repeat(5000)]],
      [{ reason: "\ud800" }, [undefined, "\ufffd"]],
      [{ reason: null, reason_text: "" }, [undefined, undefined]],
      [{ reason: "we_moved" }, ["we_moved", undefined]],
    ];
    for (const [said, expected] of cases) {
      const world = await opened({ settings: { reasons: { we_moved: true } } });
      await succeeds(call(world, "cancel", { session_id: await start(world), ...said }));
      const [row] = await world.ledger();
      assert.deepEqual([row?.outcome, row?.reason, row?.reasonText], ["cancelled", ...expected]);
    }
  });

  it("cancel: after an offer was taken is too late in that session", async () => {
    const world = await opened();
    const session_id = await start(world);
    await succeeds(call(world, "save", { session_id, ...discount }), saved);
    await refused(call(world, "cancel", { session_id }), 409, "session_completed");
    assert.equal((await world.ledger())[0]?.outcome, "retained");
  });

  it("who has been silent for too long may still leave, or stay", async () => {
    for (const [what, body, answer, outcome] of [
      ["cancel", {}, { success: true }, "cancelled"],
      ["save", discount, saved, "retained"],
    ] as const) {
      const world = await opened({ limits: { idle: 5 * MINUTE } });
      const session_id = await start(world);
      world.pass(6 * MINUTE);
      await world.deps.store.ensureSchedule("sweep", world.clock.now);
      await world.tick();
      assert.equal((await world.ledger())[0]?.outcome, "abandoned");
      await succeeds(call(world, what, { session_id, ...body }), answer);
      const [row, ...others] = await world.ledger();
      assert.deepEqual([row?.outcome, others], [outcome, []]);
    }
  });

  it("event: reason, offer and closing go into the books, everything is kept", async () => {
    const world = await opened();
    const session_id = await start(world);
    const tell = (event_type: string, data?: unknown) =>
      call(world, "event", { session_id, event_type, data });
    const row = async () => (await world.ledger())[0] ?? assert.fail();
    await succeeds(tell("survey_answered", { reason: "no_time", reason_text: "Busy" }));
    assert.deepEqual([(await row()).reason, (await row()).reasonText], ["no_time", "Busy"]);
    await succeeds(tell("survey_answered", { reason: "constructor", reason_text: 7 }));
    assert.equal((await row()).reason, "no_time", "one that the flow does not know changes nothing");
    await succeeds(tell("offer_shown", { step_id: "why/no_time" }));
    assert.deepEqual([(await row()).offerId, (await row()).offerType], ["pause", "pause"]);
    await succeeds(tell("offer_shown", { offer: "downgrade" }));
    assert.deepEqual([(await row()).offerId, (await row()).offerType], ["smaller", "plan_change"]);
    await succeeds(tell("tea_was_had", { cups: [1, { two: null }] }));
    await succeeds(tell("flow_error"));
    await succeeds(tell("flow_closed"));
    assert.equal((await row()).outcome, "abandoned");
    assert.deepEqual(await world.facts(), ["cancel.started", "cancel.abandoned"]);
    const kept = await world.deps.store.sessionEvents(session_id, "api");
    assert.deepEqual(
      kept.map(({ type }) => type as string),
      [
        "survey_answered",
        "survey_answered",
        "offer_shown",
        "offer_shown",
        "tea_was_had",
        "flow_error",
        "flow_closed",
      ],
    );
    assert.deepEqual(Object(kept[4]).data, { cups: [1, { two: null }] });
  });

  it("event: what is refused", async () => {
    const world = await opened();
    const session_id = await start(world);
    const tell = (event_type: unknown, data?: unknown) =>
      call(world, "event", { session_id, event_type, data });
    for (const type of ["", "Shown", "offer-shown", "x".repeat(65), 7, null])
      await refused(tell(type), 400, "parameter_invalid");
    await succeeds(tell("x".repeat(64), { text: "y".repeat(4096 - 11) }));
    for (const data of [{ text: "y".repeat(4096 - 10) }, [], "text", 7])
      await refused(tell("step_viewed", data), 400, "parameter_invalid");
  });

  it("event: no more than any person causes, together with those of widgets", async () => {
    const world = await opened();
    const token = await world.mint(john);
    const visit = await world.visit(token);
    for (let each = 0; each < 998; each++) visit.record({ type: "back" });
    const half = visit.events.slice(0, 500);
    for (const events of [half, visit.events.slice(500)]) {
      const json = { session: visit.session, events };
      assert.equal((await world.request("/v1/widget/events", { token, json })).status, 200);
    }
    const tell = () => call(world, "event", { session_id: visit.session, event_type: "step_viewed" }, token);
    await succeeds(tell());
    await refused(tell(), 400, "too_many_events");
  });

  it("event: what an API tells does not disturb what a widget records", async () => {
    const world = await opened();
    const token = await world.mint(john);
    const visit = await world.visit(token);
    const tell = (event_type: string) =>
      call(world, "event", { session_id: visit.session, event_type, data: {} }, token);
    await succeeds(tell("confirm"));
    visit.select("too_expensive").next();
    await visit.send();
    await succeeds(tell("keep"));
    const { outcome, offer } = settled(await visit.accept());
    assert.deepEqual([outcome, offer?.id], ["retained", "third"]);
    await succeeds(tell("flow_closed"));
    assert.equal((await world.ledger())[0]?.outcome, "retained", "what is decided stays");
  });

  it("nothing of a customer is in the log", async () => {
    const world = await opened();
    const token = await world.mint(john);
    const session_id = await start(world, { email: "quiet@example.com", metadata: { m: "hush" } }, token);
    await call(
      world,
      "event",
      { session_id, event_type: "survey_answered", data: { reason_text: "hush" } },
      token,
    );
    await call(world, "cancel", { session_id, reason: "hush" }, token);
    world.pass(DAY);
    const log = world.log.join("\n");
    for (const each of ["hush", "quiet@example.com", token, session_id, john])
      assert.ok(!log.includes(each), each);
  });
});

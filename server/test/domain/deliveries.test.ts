/** What arrives late: under a delivery token, from a page that is going, and counted from the customer's click. */
import assert from "node:assert/strict";
import { it } from "node:test";
import type { FlowConfig } from "../../../src/api/wire.ts";
import { demoSubscriptions as ids } from "../../src/billing/simulator-demo.ts";
import { isoOf } from "../../src/domain/dates.ts";
import { openSession, sealSession } from "../../src/domain/session-token.ts";
import { asking, half, offering } from "../flows/fixtures.ts";
import { alone, DAY, john, MINUTE, NOW, onEachStore, type World } from "../harness.ts";
import { settled, type Visit } from "../visit.ts";

const WEEK = 7 * DAY;
/** When John's subscription renews. */
const RENEWAL = NOW + 18 * DAY;

const tokenOf = (visit: Visit): string =>
  visit.config.session.deliveryToken ?? assert.fail("no delivery token");
const confirmed = (visit: Visit) => visit.leave().act({ type: "confirm" }).decision();
const decide = (world: World, token: string, json: unknown) =>
  world.request("/v1/widget/decision", { token, json });

const beacon = (world: World, visit: Visit, more: object = {}, type = "text/plain;charset=UTF-8") =>
  world.request("/v1/widget/beacon", {
    headers: { "Content-Type": type },
    body: JSON.stringify({ token: visit.token, session: visit.session, events: visit.events, ...more }),
    origin: "https://shop.example",
  });

onEachStore("A renewed session id", ({ open }) => {
  const flowOf = async (world: World, token: string, session: string, more = "") =>
    (await world.request(`/v1/widget/flow?session=${session}${more}`, { token }))
      .body as unknown as FlowConfig;

  it("goes on with the customer's own undecided session, and what it has said", async () => {
    const world = await open();
    const visit = await world.visit(john);
    await visit.act({ type: "select", reason: "other" }).send();
    world.pass(2 * DAY);
    const renewed = await world.mint(john);
    assert.equal((await flowOf(world, renewed, visit.session)).session.id, visit.session);
    // Without being asked to it is another visit, as ever.
    assert.notEqual((await world.visit(renewed)).session, visit.session);
  });

  it("shows how that session ended", async () => {
    const world = await open();
    const visit = await world.visit(john);
    settled(await decide(world, tokenOf(visit), confirmed(visit)));
    const { session } = await flowOf(world, await world.mint(john), visit.session);
    assert.deepEqual([session.id, session.settlement?.outcome], [visit.session, "cancelled"]);
  });

  it("goes on with nobody else's, nor with what there is not, nor where the customer begins again", async () => {
    const world = await open();
    const visit = await world.visit("cus_zoe");
    const own = await world.visit(john);
    for (const session of [visit.session, "ses_unknown"])
      assert.equal((await flowOf(world, own.token, session)).session.id, own.session);
    const { session } = await flowOf(world, await world.mint(john), own.session, "&restart=1");
    assert.notEqual(session.id, own.session);
    const long = await world.request(`/v1/widget/flow?session=${"s".repeat(65)}`, { token: own.token });
    assert.deepEqual([long.status, long.code], [400, "parameter_invalid"]);
    assert.equal((await flowOf(world, own.token, "s".repeat(64))).session.id, own.session);
  });
});

onEachStore("A delivery token", ({ open, home }) => {
  it("comes with every answer, and is good for a week from then, whatever becomes of the session id", async () => {
    const world = await open();
    const visit = await world.visit(john);
    const token = tokenOf(visit);
    assert.match(token, /^dlv_[A-Za-z0-9_-]{100,1024}$/);
    const { prefix, expiresAt, sessionId } = openSession(world.deps.keys.session, token, NOW);
    assert.deepEqual([prefix, expiresAt, sessionId], ["dlv_", NOW + WEEK, visit.session]);
    const stored = await world.deps.store.session(visit.session);
    assert.ok(!JSON.stringify(stored).includes("dlv_"));
    world.pass(MINUTE);
    const again = await world.visit(visit.token);
    assert.equal(openSession(world.deps.keys.session, tokenOf(again), NOW).expiresAt, NOW + MINUTE + WEEK);
    world.pass(2 * DAY);
    assert.equal((await visit.send()).code, "session_expired");
    const json = { session: visit.session, events: visit.events };
    assert.deepEqual((await world.request("/v1/widget/events", { token, json })).body, { accepted: 1 });
  });

  it("lets a cancellation through to the last millisecond of the week, and none after it", async () => {
    for (const [late, status] of [
      [WEEK - 1, 200],
      [WEEK, 401],
    ] as const) {
      const world = await open();
      const visit = await world.visit(john);
      const request = confirmed(visit);
      world.pass(late);
      const without = await decide(world, visit.token, request);
      assert.deepEqual([without.status, without.code], [401, "session_expired"]);
      const reply = await decide(world, tokenOf(visit), { ...request, age: late });
      assert.equal(reply.status, status, reply.text);
      if (status === 401) {
        assert.equal(reply.code, "session_expired");
        assert.deepEqual(await world.effects(), []);
        continue;
      }
      const { at, outcome } = settled(reply);
      assert.deepEqual([at, outcome], [NOW, "cancelled"]);
      assert.ok((await world.billed(ids.monthly)).cancelAt);
    }
  });

  it("answers what was decided with the first result, as often as it is asked", async () => {
    const world = await open();
    const visit = await world.visit(john);
    const request = confirmed(visit);
    const first = settled(await decide(world, visit.token, request));
    world.pass(3 * DAY);
    for (const age of [0, 3 * DAY])
      assert.deepEqual(settled(await decide(world, tokenOf(visit), { ...request, age })), first);
    assert.equal((await world.effects()).length, 1);
    assert.deepEqual(await world.facts(), ["cancel.started", "cancel.canceled"]);
  });

  it("lets an offer through as long as its terms hold", async () => {
    const world = await open();
    await world.publish(offering(half));
    const [early, late] = [await world.visit(john), await world.visit("cus_zoe")];
    for (const visit of [early, late]) visit.act({ type: "accept" });
    assert.equal(settled(await decide(world, tokenOf(early), early.decision())).outcome, "retained");
    world.pass(2 * DAY);
    const reply = await decide(world, tokenOf(late), late.decision());
    assert.deepEqual([reply.status, reply.code], [409, "offer_changed"]);
  });

  it("opens nothing", async () => {
    const world = await open();
    const token = tokenOf(await world.visit(john));
    const flow = await world.request("/v1/widget/flow", { token });
    assert.deepEqual([flow.status, flow.code], [401, "session_invalid"]);
    const ways: Record<string, string>[] = [{ "X-Brand-Key": token }, { Authorization: `Bearer ${token}` }];
    for (const headers of ways) {
      const json = { retention: { customer_id: john } };
      assert.equal((await world.request("/v1/retention/session", { headers, json })).code, "key_invalid");
    }
    const exchanged = await world.request("/v1/session/exchange", { json: { handshakeToken: token } });
    assert.equal(exchanged.code, "handshake_malformed");
  });

  it("is for one session: not for another of the same customer, nor for the next of the same page", async () => {
    const world = await open();
    const [one, two] = [await world.visit(john), await world.visit(john)];
    await one.keep();
    const next = await world.visit(one.token, "?restart=1");
    assert.notEqual(next.session, one.session);
    for (const other of [two, next, await world.visit("cus_zoe")]) {
      const json = { session: other.session, events: other.events };
      for (const what of ["events", "decision"]) {
        const reply = await world.request(`/v1/widget/${what}`, { token: tokenOf(one), json });
        assert.deepEqual([reply.status, reply.code], [404, "session_not_found"], what);
      }
      const sent = await beacon(world, other, { token: tokenOf(one) });
      assert.deepEqual([sent.status, sent.code], [404, "session_not_found"]);
    }
    assert.equal((await decide(world, tokenOf(two), confirmed(two))).status, 200);
  });

  it("cannot be made of a session id, nor a session id of it", async () => {
    const world = await open();
    const visit = await world.visit(john);
    const json = { session: visit.session, events: visit.events };
    for (const [from, to] of [
      [tokenOf(visit), "ret_"],
      [tokenOf(visit), "r10_"],
      [visit.token, "dlv_"],
    ] as const) {
      const token = to + from.slice(4);
      assert.equal((await world.request("/v1/widget/flow", { token })).code, "session_invalid");
      assert.equal((await world.request("/v1/widget/events", { token, json })).code, "session_invalid");
    }
    const claims = openSession(world.deps.keys.session, tokenOf(visit), NOW);
    const foreign = sealSession(new Uint8Array(32).fill(9), "dlv_", claims);
    assert.equal(
      (await world.request("/v1/widget/events", { token: foreign, json })).code,
      "session_invalid",
    );
  });

  it("is counted with its session id", async () => {
    const world = await open({ limits: { perSession: 3 } });
    const visit = await world.visit(john);
    assert.equal((await visit.send()).status, 200);
    const json = { session: visit.session, events: visit.events };
    assert.equal((await world.request("/v1/widget/events", { token: tokenOf(visit), json })).status, 200);
    assert.equal((await decide(world, tokenOf(visit), confirmed(visit))).code, "rate_limited");
  });

  it("brings an abandoned session to its end", async () => {
    await using world = await alone(home);
    const visit = await world.visit(john);
    await visit.select("other").send();
    const request = confirmed(visit);
    await world.tick();
    world.pass(2 * DAY);
    await world.tick();
    assert.equal((await world.ledger())[0]?.outcome, "abandoned");
    settled(await decide(world, tokenOf(visit), { ...request, age: 2 * DAY }));
    const [row, ...others] = await world.ledger();
    assert.deepEqual([row?.outcome, row?.occurredAt, others.length], ["cancelled", NOW, 0]);
  });
});

onEachStore("The customer's click", ({ open }) => {
  /** A visit that was opened a minute before the renewal, with the confirmation on it. */
  async function atRenewal(): Promise<{ world: World; visit: Visit; request: object }> {
    const world = await open();
    world.pass(18 * DAY - MINUTE);
    const visit = await world.visit(john);
    return { world, visit, request: confirmed(visit) };
  }

  it("is what counts at billing, in the answer, in the books and in what integrators hear", async () => {
    const { world, visit, request } = await atRenewal();
    const before = (await world.invoices(ids.monthly)).reduce((sum, { amount }) => sum + amount, 0);
    // Confirmed half a minute before the renewal, arrived three days later.
    world.pass(30_000 + 30_000 + 3 * DAY);
    const clicked = RENEWAL - 30_000;
    const arrived = RENEWAL + 3 * DAY;
    const settlement = settled(await decide(world, tokenOf(visit), { ...request, age: arrived - clicked }));
    assert.deepEqual([settlement.at, settlement.subscription.status], [clicked, "cancelled"]);
    assert.equal((await world.cancellation(ids.monthly))?.requestedAt, clicked);
    assert.equal((await world.billed(ids.monthly)).cancelAt, arrived);
    const invoices = await world.invoices(ids.monthly);
    assert.equal(
      invoices.reduce((sum, { amount }) => sum + amount, 0),
      before,
      "the renewal is given back",
    );
    assert.equal(invoices.at(-1)?.amount, -4900);
    const [row] = await world.ledger();
    assert.deepEqual([row?.occurredAt, row?.effectiveAt], [clicked, arrived]);
    const events = await world.deps.store.events(world.scope, { limit: 10 });
    const told = events.find(({ type }) => type === "cancel.canceled") ?? assert.fail();
    const { requested_at, effective_at } = told.data as Record<string, string>;
    assert.deepEqual([told.at, requested_at, effective_at], [arrived, isoOf(clicked), isoOf(arrived)]);
    const session = await world.deps.store.session(visit.session);
    assert.deepEqual([session?.completedAt, session?.openedAt], [arrived, RENEWAL - MINUTE]);
    assert.deepEqual(
      await world.flow(await world.mint(john, ids.monthly)).then(({ subscription }) => subscription.status),
      "cancelled",
    );
  });

  for (const [name, age, before] of [
    ["a millisecond before the renewal", 3 * DAY + 1, true],
    ["at the renewal", 3 * DAY, false],
    ["a millisecond after it", 3 * DAY - 1, false],
  ] as const) {
    it(`${name} ${before ? "prevents" : "does not prevent"} it`, async () => {
      const { world, visit, request } = await atRenewal();
      world.pass(MINUTE + 3 * DAY);
      const { at, subscription } = settled(await decide(world, tokenOf(visit), { ...request, age }));
      assert.equal(at, RENEWAL + 3 * DAY - age);
      assert.equal(subscription.status, before ? "cancelled" : "active");
      assert.equal(
        (await world.invoices(ids.monthly)).filter(({ refunds }) => refunds).length,
        before ? 1 : 0,
      );
    });
  }

  it("lies between the opening and now, whatever the page says", async () => {
    for (const [age, expected] of [
      [undefined, NOW + 2 * MINUTE],
      [0, NOW + 2 * MINUTE],
      [MINUTE, NOW + MINUTE],
      [2 * MINUTE, NOW],
      [2 * MINUTE + 1, NOW],
      [365 * DAY, NOW],
      [Number.MAX_SAFE_INTEGER, NOW],
    ] as const) {
      const world = await open();
      const visit = await world.visit(john);
      const request = confirmed(visit);
      world.pass(2 * MINUTE);
      const settlement = settled(
        await decide(world, visit.token, { ...request, ...(age === undefined ? {} : { age }) }),
      );
      assert.equal(settlement.at, expected, `${age}`);
    }
  });

  it("is not in the future, and no fraction", async () => {
    const world = await open();
    const visit = await world.visit(john);
    const request = confirmed(visit);
    for (const age of [-1, 0.5, "1", Number.MAX_SAFE_INTEGER + 1]) {
      const reply = await decide(world, visit.token, { ...request, age });
      assert.deepEqual([reply.status, reply.code, reply.param], [400, "parameter_invalid", "age"], `${age}`);
    }
    assert.deepEqual(await world.effects(), []);
  });

  it("is at most a week ago, by billing's clock, although the session was opened before", async () => {
    const world = await open({ limits: { sessionTtl: 30 * DAY } });
    const visit = await world.visit(john);
    const request = confirmed(visit);
    world.pass(10 * DAY);
    const settlement = settled(await decide(world, visit.token, { ...request, age: 9 * DAY }));
    assert.equal(settlement.at, NOW + 3 * DAY);
  });

  it("is not before the first opening, however often the terms were worked out anew since", async () => {
    const world = await open();
    const first = await world.visit(john);
    world.pass(20 * MINUTE);
    const visit = await world.visit(first.token);
    assert.deepEqual([visit.session, visit.config.now], [first.session, NOW + 20 * MINUTE]);
    world.pass(MINUTE);
    const settlement = settled(
      await decide(world, visit.token, { ...confirmed(visit), age: 21 * MINUTE + 1 }),
    );
    assert.equal(settlement.at, NOW);
  });

  it("is on billing's clock, wherever that is", async () => {
    const world = await open();
    await world.simulator.advance({ by: 100 * DAY });
    const visit = await world.visit(john);
    const request = confirmed(visit);
    world.pass(10 * MINUTE);
    const settlement = settled(await decide(world, visit.token, { ...request, age: MINUTE }));
    assert.equal(settlement.at, NOW + 100 * DAY + 9 * MINUTE);
  });

  it("does not date an offer back", async () => {
    const world = await open();
    await world.publish(asking({ money: [half] }));
    const visit = await world.visit(john);
    visit.select("money").next().act({ type: "accept" });
    const request = visit.decision();
    world.pass(5 * MINUTE);
    assert.equal(
      settled(await decide(world, visit.token, { ...request, age: 5 * MINUTE })).at,
      NOW + 5 * MINUTE,
    );
  });

  it("stays what it was when billing answers later, or is found out by the worker", async () => {
    const { world, visit, request } = await atRenewal();
    world.billing.plan = {
      execute: { when: "before", throws: "unknown" },
      readBack: { when: "before", throws: "unknown" },
    };
    world.pass(MINUTE + DAY);
    const asked = { ...request, age: DAY + 30_000 };
    const first = settled(await decide(world, tokenOf(visit), asked));
    const clicked = RENEWAL - 30_000;
    assert.deepEqual([first.status, first.at], ["requested", clicked]);
    assert.equal((await world.ledger())[0]?.occurredAt, clicked);
    world.pass(2 * DAY);
    world.billing.plan = {};
    const done = settled(await decide(world, tokenOf(visit), { ...asked, age: 0 }));
    const second = done.status === "done" ? done : settled(await decide(world, tokenOf(visit), asked));
    assert.deepEqual([second.status, second.at], ["done", clicked]);
    assert.equal((await world.cancellation(ids.monthly))?.requestedAt, clicked);
    assert.equal((await world.billed(ids.monthly)).status, "cancelled");
    const facts = await world.facts();
    assert.deepEqual(facts, ["cancel.started", "cancel.requested", "cancel.canceled"]);
  });
});

onEachStore("A beacon", ({ open }) => {
  it("records like the events that it stands for, with either token", async () => {
    const world = await open();
    const visit = await world.visit(john);
    visit.select("other").write("bye");
    const reply = await beacon(world, visit);
    assert.deepEqual([reply.status, reply.body], [200, { accepted: 3 }]);
    assert.equal(reply.headers.get("access-control-allow-origin"), "https://shop.example");
    visit.act({ type: "close" });
    assert.deepEqual((await beacon(world, visit, { token: tokenOf(visit) })).body, { accepted: 1 });
    assert.equal((await beacon(world, visit, {}, "application/json")).status, 401);
    const [row] = await world.ledger();
    assert.deepEqual([row?.outcome, row?.reasonText], ["abandoned", "bye"]);
    assert.deepEqual((await visit.send()).body, { accepted: 0 }, "and what was beaconed is known");
  });

  it("decides nothing", async () => {
    const world = await open();
    const visit = await world.visit(john);
    visit.leave().act({ type: "confirm" });
    assert.equal((await beacon(world, visit)).status, 200);
    assert.deepEqual(await world.effects(), []);
  });

  it("checks in the one order, as far as the credential in the body lets it", async () => {
    const world = await open({ limits: { perSession: 0 } });
    const token = await world.mint(john);
    const origin = "https://elsewhere.example";
    const ask = (body: string | undefined, type = "text/plain") =>
      world.request("/v1/widget/beacon", {
        origin,
        ...(body === undefined ? {} : { body, headers: { "Content-Type": type } }),
      });
    const wrong = await ask(undefined);
    assert.deepEqual([wrong.status, wrong.headers.get("allow")], [405, "POST"]);
    assert.equal((await ask("{".repeat(70_000))).status, 413);
    assert.equal((await ask("{")).code, "body_malformed");
    for (const body of ["null", "[]", "7", "{}", '{"token":7}', '{"token":"ret_nonsense"}']) {
      const reply = await ask(body);
      assert.deepEqual([reply.status, reply.code], [401, "session_invalid"], body);
      assert.equal(reply.headers.get("access-control-allow-origin"), origin, "its page can read why");
    }
    const bad = JSON.stringify({ token, more: 1 });
    assert.equal((await ask(bad)).status, 429);
    world.deps.limits.perSession = 100;
    assert.equal((await ask(bad)).status, 403);
    const body = JSON.stringify({ token, session: "ses_1", events: [], more: 1 });
    const headers = { "Content-Type": "text/plain" };
    assert.equal((await world.request("/v1/widget/beacon", { headers, body })).status, 400);
  });

  it("answers a preflight, which it does not need", async () => {
    const world = await open();
    const { status, headers } = await world.request("/v1/widget/beacon", {
      method: "OPTIONS",
      origin: "https://shop.example",
    });
    assert.deepEqual([status, headers.get("access-control-allow-methods")], [204, "POST"]);
    assert.equal(headers.get("access-control-allow-origin"), "https://shop.example");
  });

  it("takes 64 kB and 500 events, and no more", async () => {
    const world = await open();
    const visit = await world.visit(john);
    while (visit.events.length < 501) visit.record({ type: "back" });
    const refused = await beacon(world, visit);
    assert.deepEqual([refused.status, refused.param], [400, "events"]);
    assert.deepEqual((await beacon(world, visit, { events: visit.events.slice(0, 500) })).body, {
      accepted: 500,
    });
    const body = JSON.stringify({
      token: visit.token,
      session: visit.session,
      events: visit.events.slice(0, 1),
    });
    for (const [size, status] of [
      [65_536, 200],
      [65_537, 413],
    ] as const) {
      const headers = { "Content-Type": "text/plain" };
      const padded = body + " ".repeat(size - body.length);
      assert.equal((await world.request("/v1/widget/beacon", { headers, body: padded })).status, status);
    }
  });
});

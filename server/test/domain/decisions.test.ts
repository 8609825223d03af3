/** From the last question to the books: leaving, staying, closing, and all of that at the same time. */
import assert from "node:assert/strict";
import { it } from "node:test";
import { publicView } from "../../src/billing/provider.ts";
import { demoSubscriptions as ids } from "../../src/billing/simulator-demo.ts";
import { sweepIdle } from "../../src/domain/ledger.ts";
import { OUTCOME_WORDS } from "../../src/domain/retainly-words.ts";
import { gate } from "../billing/faulty.ts";
import { asking, confirm, half, offering, pause } from "../flows/fixtures.ts";
import { alone, DAY, john, lasting, MINUTE, NOW, onEachStore } from "../harness.ts";
import { settled, Visit } from "../visit.ts";

onEachStore("Decisions", ({ open, home }) => {
  it("cancels at the period's end, and everybody says so", async () => {
    const world = await open();
    const visit = await world.visit(john);
    const settlement = settled(
      await visit.select("switching").write(" Moving to Otherbird ").next().cancel(),
    );

    const billed = await world.billed(ids.monthly);
    assert.equal(billed.status, "active");
    assert.equal(billed.cancelAt, billed.periodEnd);
    const subscription = publicView(billed);
    assert.deepEqual(settlement, { outcome: "cancelled", status: "done", at: NOW, subscription });
    const { requestedAt, ...words } = (await world.cancellation(ids.monthly)) ?? assert.fail();
    assert.deepEqual(words, { reason: "switching", comment: "Moving to Otherbird" });
    const [row, ...others] = await world.ledger();
    assert.deepEqual(others, []);
    const told = {
      reason: "switching",
      reasonText: "Moving to Otherbird",
      outcome: "cancelled",
      confirmed: true,
      offerAccepted: false,
      effectiveAt: billed.periodEnd,
      mrr: 4900,
    };
    assert.deepEqual({ ...row, ...told }, row);
    assert.deepEqual(await world.facts(), ["cancel.started", "cancel.canceled"]);
    assert.equal((await world.effects()).length, 1);
  });

  it("cancels immediately where the flow says so, with the feedback as the comment", async () => {
    const world = await open();
    const steps = [
      { type: "feedback", id: "words" },
      { ...confirm, effective: "immediately" },
    ];
    await world.publish({ name: "Now", steps });
    const settlement = settled(await (await world.visit(john)).write("Thanks!").next().cancel());
    assert.equal(settlement.subscription.status, "cancelled");
    assert.equal((await world.billed(ids.monthly)).cancelAt, NOW);
    assert.equal((await world.cancellation(ids.monthly))?.comment, "Thanks!");
    assert.equal((await world.ledger())[0]?.feedback, "Thanks!");
  });

  it("cancels without an answer, an offer or even the events before", async () => {
    const world = await open();
    settled(await (await world.visit(john)).cancel());
    const visit = await world.visit("cus_zoe");
    visit.events.length = 0;
    visit.record({ type: "confirm" }, { seq: 7 });
    settled(await visit.decide());
    assert.ok((await world.billed(ids.markup)).cancelAt);
  });

  // By themselves: one that is noticed would have the others mended with it.
  for (const bad of ["\0", "\ud800", "\udbff", "\udc00", "\udfff"])
    it(`${JSON.stringify(bad)} in what was typed keeps nobody from leaving`, async () => {
      const world = await open();
      const visit = await world.visit(john);
      visit.select("other").write(`a${bad}c`).next();
      assert.equal((await visit.send()).status, 200);
      settled(await visit.cancel());
      const text = (await world.ledger())[0]?.reasonText ?? "";
      assert.ok(text.startsWith("a") && text.endsWith("c"), JSON.stringify(text));
    });

  it("what is ending already is done from the start, and asking again changes nothing", async () => {
    const world = await open();
    const before = await world.billed(ids.cancelling);
    const visit = await world.visit("cus_priya");
    assert.equal(visit.state.phase, "done");
    visit.record({ type: "confirm" });
    assert.equal(settled(await visit.decide()).outcome, "cancelled");
    assert.deepEqual(await world.billed(ids.cancelling), before);
    assert.equal((await world.cancellation(ids.cancelling))?.comment, "The game shipped. Thank you!");
  });

  it("what has just run out is cancelled, as the customer wanted, although billing refuses to do it", async () => {
    const world = await open();
    const before = await world.billed(ids.cancelled);
    const visit = await world.visit("cus_olivia");
    assert.equal(settled(await visit.record({ type: "confirm" }).decide()).outcome, "cancelled");
    assert.deepEqual(await world.billed(ids.cancelled), before);
  });

  it("keeps the subscription without any offer, without asking billing", async () => {
    const world = await open();
    const visit = await world.visit(john);
    visit.select("other").next();
    assert.equal((await visit.keep()).status, 200);
    assert.deepEqual(await world.effects(), []);
    const [row] = await world.ledger();
    assert.deepEqual(
      [row?.outcome, row?.confirmed, row?.offerAccepted, row?.offerId],
      ["retained", true, false, undefined],
    );
    assert.deepEqual(await world.facts(), ["cancel.started", "cancel.saved"]);
    const { settlement } = (await world.flow(visit.token)).session;
    assert.deepEqual(
      [settlement?.outcome, settlement?.status, settlement?.offer],
      ["retained", "done", undefined],
    );
    assert.equal((await visit.record({ type: "confirm" }).decide()).code, "session_completed");
  });

  it("remembers the offer on screen when it was declined", async () => {
    const world = await open();
    const visit = await world.visit(john);
    visit.select("too_expensive").next();
    const { id } = visit.shown("discount");
    settled(await visit.decline().cancel());
    const [row] = await world.ledger();
    assert.deepEqual([row?.offerId, row?.offerType, row?.offerAccepted], [id, "discount", false]);
  });

  it("closing is abandoning, once, until the customer decides after all", async () => {
    const world = await open();
    const first = await world.visit(john);
    await first.select("not_using").close();
    assert.equal((await world.ledger())[0]?.outcome, "abandoned");
    const second = await world.visit(first.token);
    await second.close();
    assert.deepEqual(await world.facts(), ["cancel.started", "cancel.abandoned"]);

    const third = await world.visit(first.token);
    assert.equal(third.session, first.session);
    settled(await third.cancel());
    const [row, ...others] = await world.ledger();
    assert.deepEqual([row?.outcome, row?.reason, others.length], ["cancelled", "not_using", 0]);
    assert.deepEqual(await world.facts(), ["cancel.started", "cancel.abandoned", "cancel.canceled"]);
    assert.equal((await world.deps.store.session(first.session))?.outcome, "cancelled");
  });

  it("silence is abandoning after exactly thirty minutes", async () => {
    await using world = await alone(home);
    const idle = await world.visit(john);
    await idle.select("other").send();
    const opened = await world.visit("cus_zoe");
    world.pass(10 * MINUTE);
    const busy = await world.visit("cus_eleanor");
    await busy.select("other").send();
    await world.tick();
    world.pass(20 * MINUTE - 1);
    await world.tick();
    assert.deepEqual(await world.facts(), ["cancel.started", "cancel.started"]);
    // The schedule runs at full minutes, the silence is measured to the millisecond.
    world.pass(1);
    await world.deps.store.finishSchedule("sweep", world.clock.now);
    await world.tick();
    assert.deepEqual(await world.facts(), ["cancel.started", "cancel.started", "cancel.abandoned"]);
    assert.equal((await world.deps.store.session(idle.session))?.outcome, "abandoned");
    assert.equal((await world.deps.store.session(busy.session))?.outcome, undefined);
    // Who only looked, without the widget saying so, is nobody's visit.
    assert.equal((await world.deps.store.session(opened.session))?.outcome, undefined);
    world.pass(60 * MINUTE);
    await world.tick();
    await world.tick();
    assert.equal((await world.facts()).filter((type) => type === "cancel.abandoned").length, 2);
    settled(await idle.cancel());
    assert.equal((await world.facts()).at(-1), "cancel.canceled");
  });

  it("a decision that comes in while the silent are being listed is no silence", async () => {
    for (const how of ["pending", "requested", "retained"] as const) {
      await using world = await alone(home);
      const visit = await world.visit(john);
      await visit.select("other").send();
      const listed = (await world.deps.store.session(visit.session)) ?? assert.fail();
      world.pass(31 * MINUTE);
      const hangs = gate();
      let answer: Promise<unknown> = Promise.resolve();
      if (how === "retained") {
        await visit.keep();
      } else if (how === "requested") {
        world.billing.plan = { execute: { when: "before", throws: "unknown" } };
        assert.equal(settled(await visit.cancel()).status, "requested");
      } else {
        world.billing.plan = { execute: { when: "before", hangs } };
        answer = visit.cancel();
        await hangs.reached;
      }
      // Whatever the decision did to the times: the list is older than it, and so is this.
      const { store } = world.deps;
      await store.updateSession(visit.session, { touchedAt: listed.touchedAt });
      const stale = { ...store, idleSessions: async () => [listed] };
      assert.equal(await sweepIdle({ ...world.deps, store: stale }), 0, how);
      assert.equal(await sweepIdle(world.deps), 0, how);
      assert.ok(!(await world.facts()).includes("cancel.abandoned"), how);
      world.billing.plan = {};
      hangs.open();
      await answer;
    }
  });

  it("after being retained the customer may begin again, without the same offer", async () => {
    const world = await open();
    await world.publish(asking({ money: [half, pause] }));
    const first = await world.visit(john);
    settled(await first.select("money").next().accept());
    assert.equal((await world.flow(first.token)).session.id, first.session, "a reload is no new beginning");
    const second = await world.visit(first.token, "?restart=1");
    assert.notEqual(second.session, first.session);
    second.select("money").next().shown("pause");
    settled(await second.cancel());
    assert.deepEqual((await world.ledger()).map(({ outcome }) => outcome).sort(), ["cancelled", "retained"]);
    const third = await world.flow(first.token, "?restart=1");
    assert.equal(third.session.id, second.session, "who has left does not begin again");
    assert.equal(third.session.settlement?.outcome, "cancelled");
  });

  it("a reload in the middle is the same session, with what was answered before", async () => {
    const world = await open();
    const before = await world.visit(john);
    await before.select("technical_issues").write("It froze").send();
    const after = await world.visit(before.token);
    assert.deepEqual(lasting(after.config), lasting(before.config));
    settled(await after.cancel());
    const [row, ...others] = await world.ledger();
    assert.deepEqual([row?.reason, row?.reasonText, others.length], ["technical_issues", "It froze", 0]);
  });

  it("terms are worked out anew after a quarter of an hour, or when billing has changed", async () => {
    const world = await open();
    await world.publish(offering({ type: "annual_switch", id: "annual" }));
    const token = await world.mint(john);
    const first = await world.flow(token);
    world.pass(15 * MINUTE - 1);
    assert.deepEqual(lasting(await world.flow(token)), lasting(first));
    world.pass(1);
    const second = await world.flow(token);
    assert.equal(second.session.id, first.session.id);
    assert.equal(second.now, first.now + 15 * MINUTE);
    const change = { type: "discount", percentOff: 10, currency: "usd", duration: "forever" } as const;
    await world.simulator.execute({ ...change, subscriptionId: ids.monthly }, "elsewhere");
    assert.deepEqual((await world.flow(token)).subscription.discount, { percentOff: 10 });
  });

  it("two tabs that open together share one session, and the second to decide sees the first's result", async () => {
    const world = await open();
    const token = await world.mint(john);
    const configs = await Promise.all(Array.from({ length: 6 }, () => world.flow(token)));
    assert.equal(new Set(configs.map(({ session }) => session.id)).size, 1);
    const [one, two] = configs.slice(0, 2).map((config) => new Visit(world, token, config)) as [Visit, Visit];
    settled(await one.select("not_using").next().accept({ months: 2 }));
    assert.deepEqual((await two.cancel()).code, "session_completed");
    assert.equal((await world.flow(token)).session.settlement?.outcome, "retained");
    assert.equal((await world.effects()).length, 1);
  });

  it("twenty identical decisions at the same time are one action with one result", async () => {
    for (const decide of [
      (visit: Visit) => visit.select("not_using").next().choose({ months: 2 }).act({ type: "accept" }),
      (visit: Visit) => visit.leave().act({ type: "confirm" }),
    ]) {
      const world = await open();
      const visit = decide(await world.visit(john));
      const request = visit.decision();
      const replies = await Promise.all(Array.from({ length: 20 }, () => visit.decide(request)));
      const [first, ...others] = replies.map(settled);
      for (const other of others) assert.deepEqual(other, first);
      assert.equal((await world.effects()).length, 1);
      assert.equal((await world.deps.store.actions(visit.session)).length, 1);
      assert.equal((await world.facts()).length, 2);
    }
  });

  it("of two different decisions at the same time one wins and the other hears of it", async () => {
    for (let round = 0; round < 5; round++) {
      const world = await open();
      const token = await world.mint(john);
      const stay = await world.visit(token);
      const leave = await world.visit(token);
      stay.select("not_using").next();
      const replies = await Promise.all([stay.accept({ months: 1 }), leave.cancel()]);
      assert.deepEqual(replies.map(({ status }) => status).sort(), [200, 409]);
      assert.equal(replies.find(({ status }) => status === 409)?.code, "session_completed");
      assert.equal((await world.effects()).length, 1);
      const outcome = replies[0]?.status === 200 ? "retained" : "cancelled";
      assert.equal((await world.ledger())[0]?.outcome, outcome);
      assert.deepEqual(await world.facts(), ["cancel.started", `cancel.${OUTCOME_WORDS[outcome]}`]);
    }
  });

  it("staying or closing in another tab during a billing call does not end the session twice", async () => {
    for (const how of ["keep", "close"] as const) {
      const world = await open();
      const token = await world.mint(john);
      const [one, two] = [await world.visit(token), await world.visit(token)];
      const hangs = gate();
      world.billing.plan = { execute: { when: "before", hangs } };
      const leaving = one.cancel();
      await hangs.reached;
      assert.equal((await two[how]()).status, 200);
      hangs.open();
      assert.equal(settled(await leaving).outcome, "cancelled");
      assert.deepEqual(await world.facts(), ["cancel.started", "cancel.canceled"], how);
    }
  });

  it("staying holds although another opening of the same batch was closed", async () => {
    const world = await open();
    const token = await world.mint(john);
    const [one, two] = [await world.visit(token), await world.visit(token)];
    one.act({ type: "keep" });
    two.act({ type: "close" });
    const events = [...one.events, ...two.events];
    const reply = await world.request("/v1/widget/events", { token, json: { session: one.session, events } });
    assert.equal(reply.status, 200);
    assert.equal((await world.ledger())[0]?.outcome, "retained");
    assert.deepEqual(await world.facts(), ["cancel.started", "cancel.saved"]);
  });

  it("a retry after a lost answer is the same decision", async () => {
    const world = await open();
    const visit = await world.visit(john);
    visit.select("not_using").next();
    const first = settled(await visit.accept({ months: 2 }));
    // As if nobody had heard the answer.
    world.pass(5 * MINUTE);
    assert.deepEqual(settled(await visit.decide({ ...visit.decision(), ...seenOf(visit) })), first);
    assert.equal((await world.effects()).length, 1);
  });

  it("an accept whose answer was lost stands, and the customer who then cancels is told so", async () => {
    const world = await open();
    const visit = await world.visit(john);
    visit.select("not_using").next();
    const hangs = gate();
    world.billing.plan = { execute: { when: "after", hangs } };
    const lost = visit.choose({ months: 2 }).act({ type: "accept" });
    const request = lost.decision();
    const answer = world.request("/v1/widget/decision", { token: visit.token, json: request });
    await hangs.reached;
    const other = await world.visit(visit.token);
    const reply = await other.record({ type: "confirm" }).decide();
    assert.equal(reply.code, "session_completed");
    hangs.open();
    assert.equal(settled(await answer).outcome, "retained");
    assert.equal((await world.effects()).length, 1);
    const again = await world.visit(visit.token, "?restart=1");
    settled(await again.cancel());
    assert.ok((await world.billed(ids.monthly)).cancelAt);
  });

  it("events are counted once, whatever is sent again", async () => {
    const world = await open();
    const visit = await world.visit(john);
    visit.select("other").write("a").write("ab");
    assert.deepEqual((await visit.send()).body, { accepted: 4 });
    const again = { session: visit.session, events: visit.events };
    const replies = await Promise.all(
      Array.from({ length: 5 }, () =>
        world.request("/v1/widget/events", { token: visit.token, json: again }),
      ),
    );
    for (const reply of replies) assert.deepEqual(reply.body, { accepted: 0 });
    visit.write("abc");
    assert.deepEqual((await visit.send()).body, { accepted: 1 });
    assert.equal((await world.deps.store.sessionEvents(visit.session, visit.run)).length, 5);
    assert.equal((await world.ledger())[0]?.reasonText, "abc");
  });

  it("events that arrive out of order count when the gap is closed", async () => {
    const world = await open();
    const visit = await world.visit(john);
    visit.write("early").select("other").write("late");
    const [start, early, ...rest] = visit.events;
    const post = (events: unknown[]) =>
      world.request("/v1/widget/events", { token: visit.token, json: { session: visit.session, events } });
    const told = async () => {
      const [row] = await world.ledger();
      return [row?.reason, row?.reasonText];
    };
    assert.equal((await post([start, ...rest])).status, 200);
    assert.deepEqual(await told(), [undefined, undefined]);
    assert.equal((await post([early])).status, 200);
    assert.deepEqual(await told(), ["other", "late"]);
  });

  it("a decision after a gap is not one", async () => {
    const world = await open();
    await world.publish(offering(half));
    const visit = await world.visit(john);
    visit.act({ type: "accept" });
    const request = visit.decision();
    visit.record({ type: "decline" }, { seq: 5 });
    assert.equal((await visit.decide({ ...request, events: visit.events })).code, "decision_not_possible");
    assert.deepEqual(await world.effects(), []);
  });

  it("a customer of two subscriptions has a session for each", async () => {
    const world = await open();
    const token = await world.mint("cus_lucia");
    const first = await world.visit(token);
    assert.equal(first.config.subscription.id, ids.first, "the oldest that runs");
    const second = await world.visit(token, `?subscription_id=${ids.second}`);
    assert.equal(second.config.subscription.id, ids.second);
    settled(await second.cancel());
    assert.equal((await world.billed(ids.first)).cancelAt, undefined);
    assert.ok((await world.billed(ids.second)).cancelAt);
    assert.equal((await world.flow(token)).session.settlement, undefined);
  });

  it("sandbox and production know nothing of each other", async () => {
    const world = await open();
    const sandbox = { ...world.scope, environment: "sandbox" } as const;
    settled(await (await world.visit(john)).cancel());
    assert.deepEqual(await world.deps.store.ledger(sandbox, { limit: 10 }), []);
    assert.deepEqual(await world.deps.store.events(sandbox, { limit: 10 }), []);
  });

  it("dates come from billing's clock, also when it is far ahead", async () => {
    const world = await open();
    await world.simulator.advance({ by: 100 * DAY });
    const visit = await world.visit(john);
    const settlement = settled(await visit.cancel());
    assert.equal(settlement.at, NOW + 100 * DAY);
    assert.equal((await world.ledger())[0]?.occurredAt, NOW + 100 * DAY);
    assert.equal((await world.deps.store.session(visit.session))?.touchedAt, NOW);
  });
});

/** What was seen, from a visit that has moved on since. */
function seenOf(visit: Visit): object {
  const settlement = "settlement" in visit.state ? visit.state.settlement : undefined;
  const step = visit.config.flow.steps.find((each) => each.type === "survey");
  const reason =
    step?.type === "survey" && step.reasons.find(({ offer }) => offer?.id === settlement?.offer?.id);
  const offer = reason ? reason.offer : assert.fail("an offer was taken");
  return { seen: { offer: offer?.id, terms: offer?.terms, choice: settlement?.choice } };
}

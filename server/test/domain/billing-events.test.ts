/** What billing tells of its own accord, and what then stands in the books: in whatever order it comes, and however often. */
import assert from "node:assert/strict";
import { it } from "node:test";
import fc from "fast-check";
import type { BillingEvent, Leaving } from "../../src/billing/billing-event.ts";
import { demoSubscriptions as ids } from "../../src/billing/simulator-demo.ts";
import type { Deps } from "../../src/deps.ts";
import { keepBillingEvent, processBillingEvent } from "../../src/domain/billing-events.ts";
import { isoOf } from "../../src/domain/dates.ts";
import { forgetCustomer } from "../../src/domain/personal-data.ts";
import type { LedgerRow, Scope } from "../../src/store/store.ts";
import { gate } from "../billing/faulty.ts";
import { alone, DAY, john, MINUTE, NOW, onEachStore, type World } from "../harness.ts";
import { call, start, succeeds } from "../http/flowing.ts";
import { settled } from "../visit.ts";
import { make, readHub } from "./changing.ts";

let made = 0;

const changed = (at: number, leaving?: Leaving): BillingEvent => ({
  id: `evt_${++made}`,
  at,
  type: "subscription_changed",
  subscriptionId: ids.monthly,
  ...(leaving ? { leaving } : {}),
});

const ended = (at: number, leaving: Leaving = {}): BillingEvent => ({
  id: `evt_${++made}`,
  at,
  type: "subscription_ended",
  subscriptionId: ids.monthly,
  leaving,
});

/** It arrives, and everything is done that is due within a minute. */
async function hear(world: World, ...events: BillingEvent[]): Promise<void> {
  for (const event of events) await keepBillingEvent(world.deps, world.scope, event);
  await work(world);
}

async function work(world: World): Promise<void> {
  for (let round = 0; round < 6; round++) {
    world.pass(10_000);
    while (await world.tick());
  }
}

/** As somebody does it at billing. */
const cancel = (world: World, effective: "period_end" | "immediately" = "period_end") =>
  world.simulator.execute(
    { type: "cancel", effective, subscriptionId: ids.monthly },
    `cancelled-${world.clock.now}`,
  );
const undo = (world: World) =>
  world.simulator.execute(
    { type: "undo_cancellation", subscriptionId: ids.monthly },
    `undone-${world.clock.now}`,
  );

const lasting = ({ id: _, updatedAt: _u, workspaceId: _w, environment: _e, ...row }: LedgerRow) => row;
const books = async (world: World) => (await world.ledger()).map(lasting);
const announced = async (world: World) =>
  (await world.facts()).filter((type) => type.startsWith("subscription.end") || type === "cancel.undone");

onEachStore("A subscription that is ended at billing", ({ open }) => {
  it("is known again under the name of somebody who was forgotten", async () => {
    const told = async (world: World) =>
      JSON.stringify([await world.ledger(), await world.deps.store.events(world.scope, { limit: 99 })]);
    for (const began of ["at billing", "in a flow", "by the business"]) {
      const world = await open({ settings: { currency: "usd" } });
      const at = world.clock.now;
      if (began === "at billing") {
        await cancel(world);
        await hear(world, changed(at, { requestedAt: at, comment: "Too much" }));
      } else if (began === "in a flow") {
        const visit = await world.visit(john);
        visit.select("too_expensive").next();
        assert.equal((await visit.cancel()).status, 200);
      } else {
        const session_id = await start(world);
        await succeeds(call(world, "cancel", { session_id, reason: "too_expensive" }));
      }
      const before = await books(world);
      await forgetCustomer(world.deps, world.scope, { customerId: john });
      if (began === "by the business") await cancel(world);
      const end = (await world.billed(ids.monthly)).cancelAt ?? assert.fail();
      await hear(world, changed(world.clock.now, { requestedAt: at, comment: "Too much" }));
      world.clock.now = end + 1_000;
      await hear(world, ended(world.clock.now, { requestedAt: at, comment: "Too much" }));
      const [row, ...more] = await world.ledger();
      assert.deepEqual(
        [row?.confirmed, row?.effectiveAt, row?.occurredAt, more],
        [true, end, before[0]?.occurredAt, []],
        began,
      );
      const all = await told(world);
      for (const trace of [john, ids.monthly, "john.doe@example.com", "Too much"])
        assert.ok(!all.includes(trace), `${began}: ${trace}`);
    }
  });

  it("stands in the books once, first as about to end, then as ended", async () => {
    const world = await open();
    const { cancelAt } = await cancel(world);
    const at = world.clock.now;
    await hear(world, changed(at, { requestedAt: at, reason: "too_expensive", comment: "Too much" }));
    const [row, ...more] = await world.ledger();
    assert.deepEqual(more, []);
    const expected = {
      source: "stripe",
      customerId: john,
      subscriptionId: ids.monthly,
      email: "john.doe@example.com",
      outcome: "cancelled",
      confirmed: false,
      reason: "too_expensive",
      feedback: "Too much",
      offerAccepted: false,
      plan: "Pro",
      mrr: 4900,
      currency: "usd",
      occurredAt: at,
      effectiveAt: cancelAt,
      createdAt: row?.createdAt,
    };
    assert.deepEqual(row && lasting(row), expected);
    const [fact] = await world.deps.store.events(world.scope, { limit: 9 });
    const { sessionId, type, data } = fact ?? assert.fail();
    assert.deepEqual([sessionId, type], [undefined, "subscription.ending"]);
    assert.deepEqual(data, {
      customer_id: john,
      subscription_id: ids.monthly,
      email: "john.doe@example.com",
      plan: "Pro",
      mrr_cents: 4900,
      currency: "usd",
      cancel_reason: "too_expensive",
      reason_text: "Too much",
      requested_at: isoOf(at),
      effective_at: isoOf(cancelAt ?? 0),
      involuntary: false,
      lost_mrr_cents: 4900,
    });

    world.pass(60 * DAY);
    await hear(
      world,
      ended(cancelAt ?? 0, { requestedAt: at, reason: "too_expensive", comment: "Too much" }),
    );
    assert.deepEqual(await books(world), [{ ...expected, confirmed: true }]);
    assert.equal((await world.ledger())[0]?.id, row?.id);
    assert.deepEqual(await announced(world), ["subscription.ending", "subscription.ended"]);
  });

  it("without anybody asking is involuntary", async () => {
    const world = await open();
    await cancel(world, "immediately");
    const at = world.clock.now;
    await hear(world, ended(at, { requestedAt: at, involuntary: true }));
    const [row] = await world.ledger();
    assert.deepEqual([row?.reason, row?.confirmed, row?.effectiveAt], ["involuntary", true, at]);
    assert.deepEqual(await announced(world), ["subscription.ended"]);
  });

  it("and goes on after all says since when, and can end again", async () => {
    const world = await open();
    const before = world.clock.now;
    await cancel(world);
    await hear(world, changed(before, { requestedAt: before }));
    await undo(world);
    await hear(world, changed(world.clock.now));
    const [row] = await world.ledger();
    assert.ok(row?.undoneAt && row.undoneAt > before);
    assert.deepEqual([row.outcome, row.confirmed], ["cancelled", false]);
    const again = world.clock.now;
    await cancel(world);
    await hear(world, changed(again, { requestedAt: again }));
    assert.deepEqual(
      (await books(world)).map(({ occurredAt, undoneAt }) => [occurredAt, undoneAt !== undefined]),
      [
        [again, false],
        [before, true],
      ],
    );
    assert.deepEqual(await announced(world), [
      "subscription.ending",
      "subscription.ending_undone",
      "subscription.ending",
    ]);
  });

  it("and goes on after all is noticed by a hub as well, before billing has told", async () => {
    const world = await open();
    await cancel(world);
    await hear(world, changed(world.clock.now, {}));
    await undo(world);
    await readHub(world, await world.mint(john));
    assert.equal((await world.ledger())[0]?.undoneAt, world.clock.now);
    await hear(world, changed(world.clock.now));
    assert.equal((await announced(world)).filter((type) => type === "subscription.ending_undone").length, 1);
  });

  it("and goes on after all while that is being written down, goes on", async () => {
    const world = await open();
    await cancel(world);
    const event = changed(world.clock.now, {});
    await keepBillingEvent(world.deps, world.scope, event);
    const hangs = gate();
    // Billing has said that it ends; meanwhile somebody takes it back.
    world.billing.plan = { subscription: { when: "after", hangs, times: 1 } };
    const processing = processBillingEvent(world.deps, world.scope, event.id);
    await hangs.reached;
    await undo(world);
    hangs.open();
    await processing;
    assert.deepEqual(
      (await world.ledger()).map(({ undoneAt }) => undoneAt),
      [world.clock.now],
    );
  });

  it("is taken back in a hub, and the event that follows changes nothing", async () => {
    const world = await open();
    await cancel(world);
    await hear(world, changed(world.clock.now, {}));
    world.pass(MINUTE);
    const token = await world.mint(john, undefined, "subscription");
    assert.equal((await make(world, token, ids.monthly, { type: "undo_cancellation" })).status, 200);
    await hear(world, changed(world.clock.now));
    const [row, ...more] = await world.ledger();
    assert.ok(row?.undoneAt);
    assert.deepEqual(
      [more, await announced(world)],
      [[], ["subscription.ending", "subscription.ending_undone"]],
    );
  });

  it("is not ours to keep if billing does not know it", async () => {
    const world = await open();
    const subscriptionId = "sub_unknown";
    await hear(world, { ...ended(world.clock.now), subscriptionId } as BillingEvent);
    await hear(world, { ...changed(world.clock.now, {}), subscriptionId } as BillingEvent);
    assert.deepEqual(await books(world), []);
    assert.equal(await world.tick(), 0, "and nothing is tried again");
  });

  it("and is gone with its customer by then, has ended", async () => {
    const world = await open();
    await cancel(world);
    await hear(world, changed(world.clock.now, { reason: "other" }));
    const { subscription } = world.billing;
    world.billing.subscription = async () => undefined;
    const at = world.clock.now;
    await hear(world, ended(at, { reason: "other" }));
    world.billing.subscription = subscription;
    const [row] = await world.ledger();
    assert.deepEqual([row?.confirmed, row?.effectiveAt, row?.reason], [true, at, "other"]);
  });

  it("is written down later if billing is silent", async () => {
    const world = await open();
    await cancel(world);
    world.billing.plan = { subscription: { when: "before", throws: "unknown" } };
    await hear(world, changed(world.clock.now, {}));
    assert.deepEqual(await books(world), []);
    world.billing.plan = {};
    world.pass(10 * MINUTE);
    await work(world);
    assert.equal((await books(world)).length, 1);
  });
});

onEachStore("A subscription that is ended by a flow", ({ open }) => {
  const outcomes = async (world: World) =>
    (await world.ledger()).map(({ source, outcome, confirmed }) => [source, outcome, confirmed]);

  for (const effective of ["period_end", "immediately"] as const)
    it(`${effective} stands in the books once, however billing tells of it`, async () => {
      const world = await open();
      await world.publish({ name: "Now", steps: [{ type: "confirm", id: "confirm", effective }] });
      settled(await (await world.visit(john)).cancel());
      const at = world.clock.now;
      const event = changed(at, { requestedAt: at });
      await hear(world, event, event, changed(at, { requestedAt: at, comment: "later" }));
      world.pass(60 * DAY);
      await hear(world, ended(world.clock.now, { requestedAt: at }));
      assert.deepEqual(await outcomes(world), [["flow", "cancelled", true]]);
      assert.deepEqual(await announced(world), []);
    });

  it("after it was cancelled at billing counts as nothing more", async () => {
    const world = await open();
    const visit = await world.visit(john);
    await cancel(world);
    await hear(world, changed(world.clock.now, { requestedAt: world.clock.now }));
    const { outcome, status } = settled(await visit.cancel());
    assert.deepEqual([outcome, status], ["cancelled", "done"], "who leaves is told so each time");
    const counted = (await outcomes(world)).filter(([, how]) => how === "cancelled");
    assert.deepEqual(counted, [["stripe", "cancelled", false]]);
  });

  it("while billing has not answered yet waits for that answer", async () => {
    const world = await open();
    world.billing.plan = {
      execute: { when: "after", throws: "unknown" },
      readBack: { when: "before", throws: "unknown" },
    };
    assert.equal(settled(await (await world.visit(john)).cancel()).status, "requested");
    await hear(world, changed(world.clock.now, { requestedAt: world.clock.now }));
    assert.deepEqual(await outcomes(world), [["flow", "cancelled", false]]);
    const asked = () => world.billing.calls.filter(({ operation }) => operation === "subscription").length;
    const before = asked();
    await assert.rejects(processBillingEvent(world.deps, world.scope, `evt_${made}`), /still pending/);
    assert.equal(asked(), before, "billing is not asked in vain");
    world.billing.plan = {};
    for (let hour = 0; hour < 3; hour++) {
      world.pass(60 * MINUTE);
      await work(world);
    }
    assert.deepEqual(await outcomes(world), [["flow", "cancelled", true]]);
    assert.equal(await world.tick(), 0);
  });

  for (const answer of ["there", "lost"] as const)
    it(`between two looks at our own books is the flow's, with billing's answer ${answer}`, async () => {
      const world = await open();
      const visit = await world.visit(john);
      const hangs = gate();
      await keepBillingEvent(world.deps, world.scope, changed(world.clock.now, {}));
      world.billing.plan = { findCustomers: { when: "after", hangs, times: 1 } };
      await cancel(world);
      const processing = processBillingEvent(world.deps, world.scope, `evt_${made}`);
      await hangs.reached;
      if (answer === "lost")
        Object.assign(world.billing.plan, { execute: { when: "after", throws: "unknown", times: 1 } });
      settled(await visit.cancel());
      hangs.open();
      if (answer === "lost") await assert.rejects(processing, /still pending/);
      else await processing;
      for (let minute = 0; minute < 5; minute++) await work(world);
      assert.deepEqual(await outcomes(world), [["flow", "cancelled", true]]);
    });

  it("and taken back at billing is undone by what billing tells", async () => {
    const world = await open();
    const visit = await world.visit(john);
    settled(await visit.cancel());
    await undo(world);
    await hear(world, changed(world.clock.now));
    const [row, ...more] = await world.ledger();
    assert.ok(row?.undoneAt);
    assert.equal((await world.deps.store.session(visit.session))?.undoneAt, row.undoneAt);
    assert.deepEqual([more, await announced(world)], [[], ["cancel.undone"]]);
  });
});

onEachStore("Events of billing", ({ home }) => {
  const head = { invoiceId: "in_1", subscriptionId: ids.monthly, customerId: john, currency: "usd" };
  const failed = (at: number, attempt: number): BillingEvent => ({
    id: `evt_${++made}`,
    at,
    type: "payment_failed",
    ...head,
    amount: 4900 + attempt,
    attempt,
  });
  const tells = (at: number, event: object) => ({ id: `evt_${++made}`, at, ...event }) as BillingEvent;

  /** What is told of one subscription in the course of its end. */
  const stories: [string, string, BillingEvent[]][] = [
    [
      "somebody leaves, stays, leaves again for another reason, and it ends",
      "too_expensive",
      [
        changed(NOW, { requestedAt: NOW, reason: "other" }),
        changed(NOW + 1_000),
        changed(NOW + 2_000, { requestedAt: NOW + 2_000, reason: "too_expensive", comment: "Bye" }),
        ended(NOW + 9_000, { requestedAt: NOW + 2_000, reason: "too_expensive", comment: "Bye" }),
      ],
    ],
    [
      "it is not paid, and ends within the same second",
      "involuntary",
      [
        failed(NOW, 1),
        failed(NOW + 5_000, 2),
        failed(NOW + 5_000, 1),
        changed(NOW + 5_000, { requestedAt: NOW + 5_000 }),
        // An id that sorts before the others.
        { ...ended(NOW + 5_000, { requestedAt: NOW + 5_000, involuntary: true }), id: "evt_" },
        tells(NOW + 6_000, { type: "payment_given_up", invoiceId: "in_1", reason: "voided" }),
      ],
    ],
    [
      "it is paid at last, though it was ended and given up",
      "involuntary",
      [
        failed(NOW, 1),
        failed(NOW + 1_000, 1),
        tells(NOW + 2_000, { type: "payment_given_up", invoiceId: "in_1", reason: "uncollectible" }),
        ended(NOW + 3_000, { involuntary: true }),
        tells(NOW + 4_000, { type: "payment_succeeded", invoiceId: "in_1", amount: 4800, attempt: 2 }),
      ],
    ],
  ];

  for (const [story, reason, events] of stories)
    it(`lead to the same rows in any order and any number: ${story}`, async () => {
      await using world = await alone(home);
      await cancel(world, "immediately");
      const { store } = world.deps;
      const billing = world.deps.billing(world.scope);
      const deps: Deps = { ...world.deps, billing: () => billing };
      const outcomeOf = async (told: readonly BillingEvent[]) => {
        const scope: Scope = { workspaceId: `ws_${++made}`, environment: "prod" };
        for (const event of told) {
          await keepBillingEvent(deps, scope, event);
          await processBillingEvent(deps, scope, event.id);
        }
        const recoveries = await store.listRecoveries(scope, { limit: 99 });
        const attempts = recoveries.map(({ id }) => store.recoveryAttempts(id));
        return {
          ledger: (await store.ledger(scope, { limit: 99 })).map(lasting),
          recoveries: recoveries.map(({ id: _, workspaceId: _w, ...row }) => row),
          attempts: (await Promise.all(attempts)).flat().map(({ id: _, recoveryId: _r, ...row }) => row),
          facts: (await store.events(scope, { limit: 99 }))
            .map(({ type }) => type)
            // Of what is paid at last it may have been said before, or not, that it was lost.
            .filter((type) => type !== "payment.lost" || recoveries.some(({ status }) => status === "failed"))
            .sort(),
        };
      };
      const expected = await outcomeOf(events);
      assert.deepEqual(
        expected.ledger.map((row) => row.reason),
        [reason],
      );
      const shuffled = fc
        .tuple(
          fc.shuffledSubarray(events, { minLength: events.length }),
          fc.array(fc.constantFrom(...events), { maxLength: 4 }),
          fc.nat(),
        )
        .map(([once, again, place]) => once.toSpliced(place % (once.length + 1), 0, ...again));
      await fc.assert(
        fc.asyncProperty(shuffled, async (told) => assert.deepEqual(await outcomeOf(told), expected)),
        { numRuns: 60 },
      );
    });

  it("are forgotten when nobody will send them again", async () => {
    await using world = await alone(home);
    await keepBillingEvent(world.deps, world.scope, changed(NOW));
    const known = async () => (await world.deps.store.billingEvents(world.scope, ids.monthly)).length;
    await world.tick();
    world.pass(44 * DAY);
    await world.tick();
    assert.equal(await known(), 1);
    world.pass(3 * DAY);
    await world.tick();
    assert.equal(await known(), 0);
  });
});

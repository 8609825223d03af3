/** Messages that several endpoints and several servers share: who waits for whom, and what a server that dies leaves. */
import assert from "node:assert/strict";
import { it } from "node:test";
import type { Deps } from "../../src/deps.ts";
import { sendMail } from "../../src/domain/mails.ts";
import { couriers } from "../../src/outbox/webhooks.ts";
import { startWorker } from "../../src/outbox/worker.ts";
import { alone, DAY, john, MINUTE, onEachStore } from "../harness.ts";
import { type Reaction, receiver, say, silence } from "./receiver.ts";
import { aBusiness, LIMIT, START, states } from "./webhook-world.ts";

/** Longer than a claim holds. */
const LEASE = LIMIT + MINUTE;

/** Answers when it is told to. */
function holding() {
  const held: ((status: number) => void)[] = [];
  const react: Reaction = (...args) => void held.push((status) => say(status)(...args));
  const release = (status = 200) => {
    for (const answer of held.splice(0)) answer(status);
  };
  return { held, react, release };
}

onEachStore("Webhooks of many", (stage) => {
  it("wait for no endpoint that hangs, nor does anything else", async () => {
    await using world = await alone(stage.home, { at: START, limits: { webhook: MINUTE } });
    await using all = await aBusiness({ ...stage, open: async () => world });
    const { deps, scope } = world;
    await using dead = await receiver(silence);
    await using healthy = await receiver();
    const hanging = await all.endpoint(dead.url);
    const well = await all.endpoint(healthy.url);
    const mailed = Promise.withResolvers<void>();
    deps.mailer = { send: async () => mailed.resolve(), close() {} };
    await all.happens(50);
    const worker = startWorker(deps, 5);
    try {
      await Promise.all([dead.arrived(1), healthy.arrived(50)]);
      const message = { to: "ann@papercrane.example", subject: "", html: "", text: "" };
      await deps.store.transaction((tx) =>
        sendMail(deps, tx, { ...scope, kind: "notice", about: "one", message }),
      );
      await mailed.promise;
      assert.equal(dead.received.length, 1, "nobody knows yet whether it answers");
    } finally {
      // What hangs ends as well.
      await dead[Symbol.asyncDispose]();
      await worker.stop();
    }
    assert.deepEqual(states(await all.deliveries(well)), { succeeded: 50 });
    assert.deepEqual(states(await all.deliveries(hanging)), { pending: 50 });
  });

  it("wait for none of forty endpoints that hang", async () => {
    await using business = await aBusiness(stage, { limits: { webhook: MINUTE } });
    await using dead = await receiver(silence);
    await using healthy = await receiver();
    for (let count = 0; count < 60; count++)
      await business.endpoint(count % 3 === 2 ? healthy.url : dead.url);
    await business.happens();
    const { dispatch, idle } = couriers(business.deps);
    await dispatch();
    await Promise.all([healthy.arrived(20), dead.arrived(40)]);
    await dead[Symbol.asyncDispose]();
    await idle();
  });

  it("go to a few endpoints at a time, and those that fail take no place of another", async () => {
    await using business = await aBusiness(stage, { limits: { webhook: MINUTE } });
    await using dead = await receiver(silence);
    const { react, release } = holding();
    await using healthy = await receiver(react);
    for (let count = 0; count < 3; count++) {
      await business.endpoint(dead.url, { failingSince: START });
      await business.endpoint(healthy.url);
    }
    await business.happens();
    const { dispatch, idle } = couriers(business.deps, { most: { well: 2, failing: 1 } });
    await dispatch();
    await Promise.all([dead.arrived(1), healthy.arrived(2)]);
    await dispatch();
    assert.deepEqual([dead.received.length, healthy.received.length], [1, 2]);
    release();
    await healthy.arrived(3);
    release();
    assert.equal(dead.received.length, 1);
    await dead[Symbol.asyncDispose]();
    await idle();
  });

  it("go out four at a time, and one at a time while their endpoint fails", async () => {
    await using business = await aBusiness(stage, { limits: { webhook: 9_000 } });
    const { react, release, held } = holding();
    await using hook = await receiver(react);
    const endpoint = await business.endpoint(hook.url);
    /** How many are in hand each time that so many have come. */
    async function inHand(counts: readonly number[], status: number): Promise<number[]> {
      const sending = business.send();
      const seen: number[] = [];
      let before = hook.received.length;
      for (const count of counts) {
        before += count;
        await hook.arrived(before);
        const rows = await business.deliveries(endpoint);
        seen.push(rows.filter(({ status, attempts }) => status === "pending" && attempts === 1).length);
        release(status);
      }
      await sending;
      assert.equal(held.length, 0);
      return seen;
    }
    await business.happens(9);
    assert.deepEqual(await inHand([1, 4, 4], 200), [1, 4, 4]);
    assert.deepEqual(states(await business.deliveries(endpoint)), { succeeded: 9 });
    await business.happens(3);
    // Those that failed before wait for their next attempt.
    assert.deepEqual(await inHand([1, 1, 1], 500), [1, 2, 3]);
  });

  it("are shared by two servers, and each goes out once", async () => {
    await using world = await alone(stage.home, { at: START });
    await using business = await aBusiness({ ...stage, open: async () => world });
    await using hook = await receiver();
    const endpoint = await business.endpoint(hook.url);
    const ids = await business.happens(200);
    const other: Deps = { ...business.deps, store: (await world.store.reopen()).store };
    const [here, there] = await Promise.all([business.send(), business.send(other)]);
    assert.equal(here + there, 200);
    assert.ok(here > 0 && there > 0);
    const got = hook.received.map(({ headers }) => headers["webhook-id"]);
    assert.deepEqual(got.sort(), ids.sort());
    assert.deepEqual(states(await business.deliveries(endpoint)), { succeeded: 200 });
  });

  it("go out in the round in which it happened", async () => {
    await using world = await alone(stage.home, { at: START });
    await using business = await aBusiness({ ...stage, open: async () => world });
    await using hook = await receiver();
    await business.endpoint(hook.url, { events: ["cancel.abandoned"] });
    const visit = await business.visit(john);
    await visit.select("other").send();
    await business.tick();
    business.pass(31 * MINUTE);
    await business.tick();
    assert.deepEqual(
      hook.received.map(({ headers }) => headers["x-retainly-event"]),
      ["cancel.abandoned"],
    );
  });

  it("that a server had in hand when it died go out once its lease is over", async () => {
    await using business = await aBusiness(stage);
    await using hook = await receiver();
    const endpoint = await business.endpoint(hook.url);
    await business.happens();
    const { store } = business.deps;
    await store.claimDeliveries(endpoint.id, { now: START, leaseMs: LIMIT + 12_000, limit: 4 });
    business.pass(LIMIT + 10_000);
    assert.equal(await business.send(), 0, "another one may still be at it");
    business.clock.now = START + LEASE;
    assert.equal(await business.send(), 1);
    const { status, attempts } = await business.delivery(endpoint);
    assert.deepEqual([status, attempts, hook.received.length], ["succeeded", 2, 1]);
  });

  it("that arrived without that being written down go out again under the same id", async () => {
    await using business = await aBusiness(stage);
    await using hook = await receiver();
    const endpoint = await business.endpoint(hook.url);
    await business.happens();
    const { store } = business.deps;
    const broken = { ...store, transaction: () => Promise.reject(new Error("the disk is full")) };
    await business.send({ ...business.deps, store: broken });
    assert.equal(hook.received.length, 1);
    assert.equal((await business.delivery(endpoint)).status, "pending");
    business.pass(LEASE);
    await business.send();
    assert.equal((await business.delivery(endpoint)).status, "succeeded");
    const [first, second, ...rest] = hook.received.map(({ headers }) => headers["webhook-id"]);
    assert.deepEqual([first, rest], [second, []]);
  });

  it("are in the hands of the last who took them, whatever a server says that was away for long", async () => {
    await using business = await aBusiness(stage, { limits: { webhook: 9_000 } });
    const { react, held } = holding();
    await using hook = await receiver(react);
    const endpoint = await business.endpoint(hook.url);
    await business.happens();
    /** Takes it, and is away for longer than its lease. */
    const take = async (count: number) => {
      const working = business.send();
      await hook.arrived(count);
      business.pass(2 * MINUTE);
      return async (status: number) => {
        held[count - 1]?.(status);
        await working;
      };
    };
    const [first, second] = [await take(1), await take(2)];
    business.pass(-2 * MINUTE);
    await first(500);
    business.pass(10_000);
    assert.equal(await business.send(), 0, "the other one is still at it");
    business.pass(2 * MINUTE);
    const third = await take(3);
    await third(200);
    const arrived = await business.delivery(endpoint);
    assert.equal(arrived.status, "succeeded");
    await second(500);
    assert.deepEqual(await business.delivery(endpoint), arrived);
    const attempts = await business.deps.store.webhookAttempts(arrived.id);
    assert.deepEqual(
      attempts.map(({ attempt, status }) => [attempt, status]),
      [
        [1, 500],
        [2, 500],
        [3, 200],
      ],
    );
  });

  it("are not held up by a clock that ran ahead once, nor is their endpoint blamed for it", async () => {
    await using business = await aBusiness(stage);
    let works = false;
    await using hook = await receiver((...args) => say(works ? 200 : 500)(...args));
    const endpoint = await business.endpoint(hook.url);
    business.clock.now = START + 400 * DAY;
    await business.happens();
    await business.send();
    business.clock.now = START;
    await business.send();
    const { status, failingSince } = await business.now(endpoint);
    assert.deepEqual([status, failingSince], ["enabled", START]);
    works = true;
    business.clock.now = (await business.delivery(endpoint)).dueAt;
    assert.ok(business.clock.now < START + DAY);
    await business.send();
    assert.equal((await business.delivery(endpoint)).status, "succeeded");
  });

  it("that are in hand when a server stops come to their end, and no more are begun", async () => {
    await using world = await alone(stage.home, { at: START, limits: { webhook: 9_000 } });
    await using business = await aBusiness({ ...stage, open: async () => world });
    const { react, release, held } = holding();
    await using hook = await receiver(react);
    const endpoint = await business.endpoint(hook.url);
    await business.happens(9);
    const worker = startWorker(business.deps, 5);
    await hook.arrived(1);
    let stopped = false;
    const stopping = worker.stop().then(() => {
      stopped = true;
    });
    // Longer than it takes to look around.
    await business.deliveries(endpoint);
    assert.equal(stopped, false);
    assert.equal(held.length, 1);
    release();
    await stopping;
    assert.equal(hook.received.length, 1);
    assert.deepEqual(states(await business.deliveries(endpoint)), { succeeded: 1, pending: 8 });
  });
});

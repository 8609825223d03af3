/** Work that several servers share, whatever their clocks do. */
import assert from "node:assert/strict";
import { it } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import type { Deps } from "../../src/deps.ts";
import { sendMail } from "../../src/domain/mails.ts";
import { tick } from "../../src/outbox/worker.ts";
import { alone, DAY, john, MINUTE, NOW, onEachStore, type World } from "../harness.ts";
import { settled } from "../visit.ts";

const write = ({ deps, scope }: World, about: string) => {
  const message = { to: "ann@papercrane.example", subject: about, html: "", text: "" };
  return deps.store.transaction((tx) => sendMail(deps, tx, { ...scope, kind: "notice", about, message }));
};

/** A worker of another process, whose clock may differ, and which says when it looks for nonces to forget. */
async function beside(world: World & { store: { reopen(): Promise<{ store: Deps["store"] }> } }, ahead = 0) {
  const { store } = await world.store.reopen();
  const runs: number[] = [];
  const clock = () => world.clock.now + ahead;
  const forgetNonces = (before: number) => {
    runs.push(world.clock.now);
    return store.forgetNonces(before);
  };
  const deps: Deps = { ...world.deps, clock, store: { ...store, forgetNonces } };
  return { runs, deps, tick: () => tick(deps) };
}

onEachStore("The worker", ({ home }) => {
  it("goes on as before once a clock that ran ahead is right again", async () => {
    const reports = {
      recipients: ["ann@papercrane.example"],
      timeZone: "UTC",
      weekly: true,
      monthly: false,
      since: NOW,
    };
    await using world = await alone(home, { settings: { reports } });
    const { clock, deps, scope } = world;
    await world.tick();
    clock.now = NOW + 400 * DAY;
    await world.tick();
    clock.now = NOW + MINUTE;
    await world.tick();
    const visit = await world.visit(john);
    await visit.select("other").send();
    world.pass(31 * MINUTE);
    await world.tick();
    assert.ok((await world.facts()).includes("cancel.abandoned"), "what recurs every minute");
    // Monday at eight.
    clock.now = Date.parse("2027-05-17T08:00:00Z");
    await world.tick();
    const mails = await deps.store.mails(scope.workspaceId, { limit: 99 });
    assert.ok(
      mails.some(({ about }) => about === "2027-W19"),
      "and what recurs every five",
    );
  });

  it("carries out what a customer decided while a mail server lets it wait", async () => {
    await using world = await alone(home);
    const { deps, billing } = world;
    const asked = Promise.withResolvers<void>();
    const answered = Promise.withResolvers<void>();
    const send = () => {
      asked.resolve();
      return answered.promise;
    };
    deps.mailer = { send, close() {} };
    billing.plan = { execute: { when: "before", throws: "unknown" } };
    const visit = await world.visit(john);
    assert.equal(settled(await visit.cancel()).status, "requested");
    billing.plan = {};
    await write(world, "waits");
    world.pass(MINUTE);
    const working = world.tick();
    await asked.promise;
    const end = performance.now() + 5_000;
    while (!(await world.facts()).includes("cancel.canceled")) {
      assert.ok(performance.now() < end, "it waits for the mail");
      await turn();
    }
    answered.resolve();
    await working;
  });

  it("does not wait for what was put off, or in hand, while a clock ran ahead", async () => {
    await using world = await alone(home);
    const { clock, deps } = world;
    let away = true;
    const sent: string[] = [];
    const send = async ({ subject }: { subject: string }) => {
      if (away) throw new Error("away");
      sent.push(subject);
    };
    deps.mailer = { send, close() {} };
    await world.tick();
    clock.now = NOW + 400 * DAY;
    await write(world, "is tried in vain");
    await world.tick();
    await write(world, "waits");
    away = false;
    // A worker that dies with both in its hands.
    await deps.store.claimSchedule("sweep", clock.now + MINUTE, MINUTE);
    await deps.store.claimJobs(clock.now, MINUTE, 1);
    clock.now = NOW + MINUTE;
    await world.tick();
    assert.deepEqual(sent.sort(), ["is tried in vain", "waits"]);
    const visit = await world.visit(john);
    await visit.select("other").send();
    world.pass(31 * MINUTE);
    await world.tick();
    assert.ok((await world.facts()).includes("cancel.abandoned"));
  });

  it("does nothing twice because another server's clock is half a minute ahead", async () => {
    await using world = await alone(home);
    const [here, there] = [await beside(world), await beside(world, MINUTE / 2)];
    const start = world.clock.now;
    for (; world.clock.now < start + 5 * MINUTE; world.pass(5_000)) {
      await here.tick();
      await there.tick();
    }
    assert.equal([...here.runs, ...there.runs].length, 5);
  });

  it("has no job in its hands that another one may take", async () => {
    await using world = await alone(home);
    const other = await beside(world);
    const started: string[] = [];
    let inHand = 0;
    /** Each takes twenty seconds, and every second the other worker looks whether there is something to do. */
    const slow = async ({ subject }: { subject: string }) => {
      started.push(subject);
      inHand += 1;
      for (let second = 0; second < 20; second++) {
        world.pass(1_000);
        if (inHand === 1) await other.tick();
      }
      inHand -= 1;
    };
    world.deps.mailer = { send: slow, close() {} };
    other.deps.mailer = { send: slow, close() {} };
    const all = ["a", "b", "c", "d", "e", "f"];
    for (const about of all) await write(world, about);
    for (let round = 0; started.length < all.length && round < 9; round++) {
      await world.tick();
      world.pass(MINUTE);
    }
    assert.deepEqual(started.sort(), all);
  });
});

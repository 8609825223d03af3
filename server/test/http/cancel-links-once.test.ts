/** What a business was told of a link holds: nothing that happens elsewhere or later contradicts it. */
import assert from "node:assert/strict";
import { it } from "node:test";
import { demoSubscriptions as ids } from "../../src/billing/simulator-demo.ts";
import type { Store } from "../../src/store/store.ts";
import {
  followed,
  goBack,
  type Link,
  makeLink,
  page,
  result,
  settings,
  tokenOf,
  verify,
} from "../domain/cancel-linking.ts";
import { DAY, john, MINUTE, onEachStore, type World } from "../harness.ts";
import { settled } from "../visit.ts";

const atBilling = { customerId: john };

const look = async (world: World, { id }: Link) =>
  (await world.request(`/api/v1/cancel-sessions/${id}`, { key: world.key })).body as {
    status: string;
    outcome: string | null;
    result_token: { issued: boolean; status: string | null };
  };

/** The same result, whenever it was given out. */
async function holds(world: World, link: Link, before: Awaited<ReturnType<typeof result>>): Promise<void> {
  const { iat, exp } = before;
  for (const believed of ["cancelled", "retained"])
    assert.deepEqual({ ...(await result(world, link, believed)), iat, exp }, before);
  assert.equal((await look(world, link)).outcome, before.outcome);
}

/** The next transaction is the one that concludes; this comes before it, and dies before it is answered. */
function inBetween(world: World, work: () => Promise<unknown>): Store {
  const { store } = world.deps;
  let count = 0;
  const transaction: Store["transaction"] = async (each) => {
    const turn = ++count;
    if (turn === 1) await work();
    if (turn === 4) throw new Error("the process died");
    return store.transaction(each);
  };
  world.deps.store = { ...store, transaction };
  return store;
}

onEachStore("A result that was given out", ({ open }) => {
  for (const [where, more] of Object.entries({ "at billing": atBilling, "by the business": {} })) {
    it(`is not undone by another tab (${where})`, async () => {
      const world = await open({ settings });
      const link = await makeLink(world, more);
      const [visit, other, third] = [
        await followed(world, link),
        await followed(world, link),
        await followed(world, link),
      ];
      await visit.close();
      const given = await result(world, link, "abandoned");
      assert.equal(given.outcome, "abandoned");
      assert.equal((await other.cancel()).code, "session_completed");
      third.select("too_expensive").next();
      assert.equal((await third.accept()).code, "session_completed");
      await holds(world, link, given);
      assert.deepEqual(await world.effects(), []);
      assert.equal((await world.request("/v1/widget/flow", { token: visit.token })).code, "session_expired");
    });

    it(`is not undone by whoever begins again (${where})`, async () => {
      const world = await open({ settings });
      const link = await makeLink(world, more);
      const visit = await followed(world, link);
      await visit.keep();
      const again = await world.visit(visit.token, "?restart=1");
      const given = await result(world, link, "retained");
      assert.equal(given.outcome, "recovered");
      assert.equal((await again.cancel()).code, "session_completed");
      const restarted = await world.request("/v1/widget/flow?restart=1", { token: visit.token });
      assert.equal(restarted.code, "session_expired");
      await holds(world, link, given);
      assert.deepEqual(await world.effects(), []);
    });

    it(`waits for what somebody who had stayed has begun (${where})`, async () => {
      const world = await open({ settings });
      const link = await makeLink(world, more);
      const visit = await followed(world, link);
      await visit.keep();
      const again = await world.visit(visit.token, "?restart=1");
      world.pass(1);
      const store = inBetween(world, () => again.cancel());
      assert.equal((await result(world, link, "retained", { final: true })).outcome, "churned");
      world.deps.store = store;
      assert.equal((await look(world, link)).outcome, "churned");
    });
  }

  it("is the one of the decision, or there is none", async () => {
    const world = await open({ settings });
    for (let times = 0; times < 5; times++) {
      const link = await makeLink(world, { userId: `user_${times}` });
      const visit = await followed(world, link);
      await visit.select("other").send();
      const [decided, given] = await Promise.all([
        visit.cancel(),
        result(world, link, "abandoned", { final: true }),
      ]);
      const expected = decided.status === 200 ? "churned" : "abandoned";
      if (decided.status !== 200) assert.equal(decided.code, "session_completed");
      assert.equal(given.outcome, expected);
      await holds(world, link, given);
    }
  });

  it("answers the same decision again as before", async () => {
    const world = await open({ settings });
    const link = await makeLink(world, atBilling);
    const visit = await followed(world, link);
    visit.leave().act({ type: "confirm" });
    const json = visit.decision();
    const first = settled(await visit.decide(json));
    await result(world, link, "cancelled");
    const again = await world.request("/v1/widget/decision", { token: visit.token, json });
    assert.deepEqual(settled(again), first);
  });

  it("says that billing has not confirmed it, and stays so when billing refuses", async () => {
    const world = await open({ settings });
    const link = await makeLink(world, atBilling);
    const visit = await followed(world, link);
    const silent = { when: "before", throws: "unknown" } as const;
    world.billing.plan = { execute: silent, readBack: silent };
    assert.equal(settled(await visit.cancel()).status, "requested");
    assert.equal((await look(world, link)).result_token.status, null);
    const { body } = await goBack(world, link, "cancelled");
    const verified = await verify(world, tokenOf(body.url));
    assert.deepEqual([verified.body.outcome, verified.body.status], ["churned", "requested"]);
    const given = await result(world, link, "cancelled");
    world.billing.plan = { execute: { when: "before", throws: "rejected" } };
    world.pass(MINUTE);
    await world.tick();
    assert.ok((await world.facts()).includes("cancel.request_failed"));
    await holds(world, link, given);
    assert.deepEqual((await look(world, link)).result_token.status, "requested");
  });

  it("says that it is done once billing has confirmed it", async () => {
    const world = await open({ settings });
    const link = await makeLink(world, atBilling);
    settled(await (await followed(world, link)).cancel());
    const given = await result(world, link, "cancelled");
    assert.deepEqual([given.outcome, given.status], ["churned", "done"]);
  });
});

onEachStore("A link to what ends already", ({ open }) => {
  const closed = (world: World, link: Link) => result(world, link, "abandoned", { final: true });
  const ended = { outcome: "churned", reason_key: null, offer: { type: "none", accepted: false } };

  it("says so when another visit has cancelled", async () => {
    const world = await open({ settings });
    const [before, after] = [await makeLink(world, atBilling), await makeLink(world, atBilling)];
    const visit = await followed(world, before);
    await visit.select("other").send();
    settled(await (await world.visit(john)).cancel());
    // Whether the flow was on screen then or is opened now, and whether billing answers.
    assert.partialDeepStrictEqual(await closed(world, before), { ...ended, status: "done" });
    await followed(world, after);
    world.billing.plan = { subscription: { when: "before", throws: "unknown" } };
    assert.partialDeepStrictEqual(await closed(world, after), { ...ended, status: "done" });
    world.billing.plan = {};
    assert.equal((await look(world, after)).outcome, "churned");
    const outcomes = (await world.ledger()).map(({ outcome }) => outcome);
    assert.deepEqual(outcomes.sort(), ["abandoned", "cancelled"]);
  });

  it("says so when another visit has asked for it and billing has not answered", async () => {
    const world = await open({ settings });
    const link = await makeLink(world, atBilling);
    const visit = await world.visit(john);
    const silent = { when: "before", throws: "unknown" } as const;
    world.billing.plan = { execute: silent, readBack: silent };
    settled(await visit.cancel());
    assert.equal((await followed(world, link)).config.session.settlement?.status, "requested");
    assert.partialDeepStrictEqual(await closed(world, link), { ...ended, status: "requested" });
  });

  it("says so when it was ended at billing", async () => {
    const world = await open({ settings });
    const link = await makeLink(world, atBilling);
    const cancel = { type: "cancel", subscriptionId: ids.monthly, effective: "period_end" } as const;
    await world.simulator.execute(cancel, "dashboard");
    assert.partialDeepStrictEqual(await closed(world, link), { ...ended, status: "done" });
  });

  it("says nothing of the kind when it was taken back", async () => {
    const world = await open({ settings });
    const [link, own] = [await makeLink(world, atBilling), await makeLink(world, atBilling)];
    settled(await (await followed(world, own)).cancel());
    await world.simulator.execute({ type: "undo_cancellation", subscriptionId: ids.monthly }, "undo");
    assert.equal((await closed(world, link)).outcome, "abandoned");
    assert.equal((await closed(world, own)).outcome, "abandoned");
  });

  it("is another one for each session: whoever has an ordinary one does not go on with that of a link", async () => {
    const world = await open({ settings });
    const visit = await followed(world, await makeLink(world, atBilling));
    const ordinary = await world.visit(john);
    const other = await world.visit(john, `?session=${visit.session}`);
    assert.notEqual(other.session, visit.session);
    const again = await world.flow(visit.token, `?session=${ordinary.session}`);
    assert.equal(again.session.id, visit.session);
  });
});

onEachStore("A decision that arrives when the link has expired", ({ open }) => {
  async function late(more: object = {}) {
    const world = await open({ settings });
    const link = await makeLink(world, more);
    const visit = await followed(world, link);
    const { deliveryToken: token = "" } = visit.config.session;
    visit.leave().act({ type: "confirm" });
    const deliver = () => world.request("/v1/widget/decision", { token, json: visit.decision() });
    return { world, link, deliver };
  }

  for (const [where, more] of Object.entries({ "by the business": {}, "at billing": atBilling })) {
    it(`still gets its customer back (${where})`, async () => {
      const { world, link, deliver } = await late(more);
      world.pass(3 * DAY);
      assert.equal((await page(world, link)).status, 410);
      assert.equal((await goBack(world, link, "cancelled")).code, "cancel_link_used");
      assert.equal(settled(await deliver()).outcome, "cancelled");
      const told = await look(world, link);
      assert.deepEqual([told.status, told.outcome], ["expired", "churned"]);
      assert.equal(told.result_token.issued, false);
      assert.equal((await page(world, link, { method: "HEAD" })).status, 200);
      assert.match((await page(world, link)).text, /data-decided/);
      assert.equal((await result(world, link, "abandoned", { final: true })).outcome, "churned");
      assert.equal((await page(world, link)).status, 410);
      world.pass(15 * MINUTE - 1);
      assert.equal((await goBack(world, link, "cancelled")).status, 200);
      world.pass(1);
      assert.equal((await goBack(world, link, "cancelled")).code, "cancel_link_used");
    });
  }

  it("gets nobody back after a week and a quarter of an hour", async () => {
    const { world, link, deliver } = await late();
    world.pass(7 * DAY - 1);
    assert.equal(settled(await deliver()).outcome, "cancelled");
    world.pass(1 + 75 * MINUTE - 1);
    assert.match((await page(world, link)).text, /data-decided/);
    world.pass(1);
    assert.equal((await page(world, link)).status, 410);
    assert.equal((await goBack(world, link, "cancelled")).code, "cancel_link_used");
    assert.equal((await look(world, link)).outcome, "churned");
  });
});

/** Billing that fails while a caller of the flow endpoints waits: what is answered, what is kept, how it ends. */
import assert from "node:assert/strict";
import { it } from "node:test";
import { demoSubscriptions as ids } from "../../src/billing/simulator-demo.ts";
import { gate, type Plan } from "../billing/faulty.ts";
import { alone, MINUTE, onEachStore, type World, type WorldOptions } from "../harness.ts";
import { call, discount, everything, refused, saved, start, succeeds } from "./flowing.ts";

const SETTLE_AFTER = 30_000;
const pending = { success: true, stripe: { success: false, pending: true }, saved_mrr_cents: 4900 };

onEachStore("When billing fails a caller of the flow endpoints", ({ home }) => {
  async function begun(world: World, plan: Plan): Promise<string> {
    await world.publish(everything);
    const session_id = await start(world);
    world.billing.plan = plan;
    return session_id;
  }

  async function settles(world: World, type: string): Promise<void> {
    world.billing.plan = {};
    world.pass(SETTLE_AFTER);
    assert.equal(await world.tick(), 1);
    assert.equal((await world.effects()).length, 1, "billing did it exactly once");
    assert.deepEqual(await world.facts(), ["cancel.started", "cancel.requested", type]);
    world.pass(MINUTE);
    assert.equal(await world.tick(), 0, "nothing is left to do");
  }

  const own: WorldOptions = { cancelAtBilling: "period_end" };

  it("a refusal is said in Retainly's words, and nothing has happened", async () => {
    await using world = await alone(home);
    const secret = { when: "before", throws: "rejected", code: "card_declined", times: 1 } as const;
    const session_id = await begun(world, { execute: secret });
    const reply = await call(world, "save", { session_id, ...discount });
    const { message } = Object(Object(reply.body.stripe).error);
    assert.equal(reply.status, 502, reply.text);
    const error = { code: "card_declined", message };
    assert.deepEqual(reply.body, { success: false, stripe: { success: false, error } });
    assert.doesNotMatch(message, /Broken on purpose/, "a provider's words stay here");
    assert.deepEqual(await world.facts(), ["cancel.started"]);
    const [row] = await world.ledger();
    assert.deepEqual([row?.outcome, row?.offerAccepted, row?.savedMrr], [undefined, false, undefined]);
    await succeeds(call(world, "save", { session_id, ...discount }), saved);
  });

  for (const when of ["before", "after"] as const) {
    it(`an answer that is lost ${when} the effect is pending, and carried out once`, async () => {
      await using world = await alone(home);
      const session_id = await begun(world, { execute: { when, throws: "unknown" } });
      await succeeds(call(world, "save", { session_id, ...discount }), pending);
      await settles(world, "cancel.saved");
      await succeeds(call(world, "save", { session_id, ...discount }), saved);
    });

    it(`so is a cancellation that the server carries out: ${when}`, async () => {
      await using world = await alone(home, own);
      const session_id = await begun(world, { execute: { when, throws: "unknown" } });
      await succeeds(call(world, "cancel", { session_id }));
      await settles(world, "cancel.canceled");
      await succeeds(call(world, "cancel", { session_id }));
      assert.notEqual((await world.billed(ids.monthly)).cancelAt, undefined);
    });
  }

  it("the same again settles what is pending", async () => {
    await using world = await alone(home);
    const session_id = await begun(world, { execute: { when: "after", throws: "unknown", times: 1 } });
    await succeeds(call(world, "save", { session_id, ...discount }), pending);
    await succeeds(call(world, "save", { session_id, ...discount }), saved);
    assert.equal((await world.effects()).length, 1);
  });

  it("while an offer is pending nothing else is begun", async () => {
    await using world = await alone(home);
    const silent = { when: "before", throws: "unknown" } as const;
    const session_id = await begun(world, { execute: silent, readBack: silent });
    await succeeds(call(world, "save", { session_id, ...discount }), pending);
    await refused(call(world, "cancel", { session_id }), 503, "billing_unavailable");
    assert.equal(await start(world), session_id, "nor is another visit");
    await settles(world, "cancel.saved");
  });

  it("a process that dies after the effect: the next one finds out", async () => {
    await using world = await alone(home);
    const hangs = gate();
    const session_id = await begun(world, { execute: { when: "after", hangs } });
    const answer = call(world, "save", { session_id, ...discount });
    await hangs.reached;
    world.billing.plan = {};
    world.pass(SETTLE_AFTER);
    assert.equal(await world.tick(), 1);
    assert.deepEqual(await world.facts(), ["cancel.started", "cancel.saved"]);
    hangs.open();
    await succeeds(answer, saved);
    assert.equal((await world.effects()).length, 1);
  });

  it("billing that cannot be read keeps nobody from leaving, but takes no offer", async () => {
    const silent = { when: "before", throws: "unknown" } as const;
    for (const options of [{}, own]) {
      await using world = await alone(home, options);
      const session_id = await begun(world, { subscription: silent });
      await refused(call(world, "save", { session_id, ...discount }), 503, "billing_unavailable");
      await succeeds(call(world, "cancel", { session_id }));
      assert.equal((await world.ledger())[0]?.outcome, "cancelled");
    }
  });

  it("a cancellation that billing refuses is said, and works when it is well again", async () => {
    await using world = await alone(home, own);
    const session_id = await begun(world, { execute: { when: "before", throws: "rejected", times: 1 } });
    await refused(call(world, "cancel", { session_id }), 409, "billing_rejected");
    assert.deepEqual(await world.facts(), ["cancel.started"]);
    await succeeds(call(world, "cancel", { session_id }));
    assert.deepEqual(await world.facts(), ["cancel.started", "cancel.canceled"]);
  });
});

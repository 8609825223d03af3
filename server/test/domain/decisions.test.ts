import assert from "node:assert/strict";
import { it } from "node:test";
import { demoSubscriptions as ids } from "../../src/billing/simulator-demo.ts";
import { DAY, john, MINUTE, NOW, onEachStore } from "../harness.ts";
import { settled } from "../visit.ts";

onEachStore("Decisions", ({ open }) => {
  it("cancels at the period's end, and says so everywhere", async () => {
    const world = await open();
    const visit = await world.visit(john);
    visit.select("switching").write("Moving to Otherbird").next();
    const settlement = settled(await visit.cancel());

    const billed = await world.billed(ids.monthly);
    assert.equal(billed.status, "active");
    assert.equal(billed.cancelAt, billed.periodEnd);
    assert.deepEqual(settlement, {
      outcome: "cancelled",
      status: "done",
      at: NOW,
      subscription: visit.config.subscription && (({ customerId, quantity, metadata, ...view }) => view)(billed),
    });
    const [row, ...others] = await world.ledger();
    assert.deepEqual(others, []);
    assert.equal(row?.reason, "switching");
    assert.equal(row?.outcome, "cancelled");
    assert.equal(row?.effectiveAt, billed.periodEnd);
    assert.deepEqual(await world.facts(), ["session.started", "session.cancelled"]);
    assert.equal((await world.effects()).length, 1);
  });
});

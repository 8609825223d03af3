/** Whichever way a cancellation comes in, it stands in one ledger, and the figures are made of all of them. */
import assert from "node:assert/strict";
import { it } from "node:test";
import { retentionHealth } from "../../src/domain/retention-health.ts";
import { john, onEachStore, type World } from "../harness.ts";
import { settled } from "../visit.ts";
import { openSandbox, report, sandboxOf, update } from "./cancelling.ts";

async function hosted(world: World, userId: string, more: object = {}): Promise<string> {
  const { settings } = (await world.deps.store.workspace(world.scope.workspaceId)) ?? assert.fail();
  await world.deps.store.updateWorkspace(world.scope.workspaceId, {
    settings: { ...settings, currency: "usd", returnHosts: ["shop.example"] },
  });
  const json = { userId, returnUrl: "https://shop.example/back", ...more };
  const { body } = await world.request("/api/v1/cancel-link", { key: world.key, json });
  const page = await world.request(new URL(body.url as string).pathname);
  return /data-session="([^"]+)"/.exec(page.text)?.[1] ?? assert.fail(page.text);
}

const health = async (world: World) => {
  const { body } = await world.request("/api/v1/retention-health", { key: world.key });
  return body;
};

onEachStore("One ledger for every way in", ({ open }) => {
  it("counts flows, links, reports and what billing tells, each once", async () => {
    const world = await open();
    const context = { plan: "Pro", mrr: 50 };
    // Links: one leaves, one stays, one closes the page.
    settled(await (await world.visit(await hosted(world, "user_1", { context }))).cancel());
    const stays = await world.visit(await hosted(world, "user_2", { context }));
    stays.act({ type: "keep" });
    await stays.send();
    const closes = await world.visit(await hosted(world, "user_3", { context }));
    closes.act({ type: "close" });
    await closes.send();
    // A flow in the business's own page, carried out at billing, and taken back there.
    settled(await (await world.visit(john)).cancel());
    const [billed] = await world.simulator.subscriptions(john);
    await world.simulator.execute({ type: "undo_cancellation", subscriptionId: billed?.id ?? "" }, "undo");
    await world.visit(john);
    // Reports: one that left and was won back, one that left, one that is not decided, one in the sandbox.
    const reported = { reasonKey: "switching", context: { mrr: 100 } };
    for (const eventId of ["evt_1", "evt_2", "evt_3"]) await report(world, { ...reported, eventId });
    for (const eventId of ["evt_1", "evt_2"]) await update(world, eventId, { outcome: "churned" });
    await update(world, "evt_1", { outcome: "recovered" });
    await openSandbox(world);
    await report(world, { ...reported, eventId: "evt_4", environment: "sandbox", outcome: "churned" });

    const rows = await world.ledger();
    const ends = rows.map(({ source, outcome = "pending", undoneAt }) =>
      undoneAt === undefined ? `${source} ${outcome}` : `${source} undone`,
    );
    assert.deepEqual(ends.sort(), [
      "api cancelled",
      "api pending",
      "api retained",
      "flow abandoned",
      "flow cancelled",
      "flow retained",
      "flow undone",
    ]);
    const told = await health(world);
    assert.deepEqual(
      [told.recovered, told.churned, told.abandoned, told.pending, told.score],
      [3, 2, 1, 1, 60],
      JSON.stringify(told),
    );
    const inside = await retentionHealth(world.deps, {
      id: world.scope.workspaceId,
      settings: { allowedOrigins: [], currency: "usd" },
    });
    assert.equal(inside.cancelledMrr, 15_000);
    const sums = (outcome: string) =>
      rows
        .filter((row) => (row.undoneAt === undefined ? row.outcome : "retained") === outcome)
        .reduce((sum, { mrr = 0 }) => sum + mrr, 0);
    assert.deepEqual([inside.retainedMrr, inside.cancelledMrr], [sums("retained"), sums("cancelled")]);
    assert.equal((await world.deps.store.ledger(sandboxOf(world), { limit: 10 })).length, 1);

    // The same as visits: john's is worth what he pays.
    const ofJohn = rows.find(({ customerId }) => customerId === john)?.mrr ?? assert.fail();
    const analytics = async (query = "") => {
      const { body } = await world.request(`/api/v1/analytics${query}`, { key: world.key });
      return [
        body.cancel_sessions,
        body.saves,
        body.save_rate_pct,
        body.mrr_saved_cents,
        body.mrr_lost_cents,
      ];
    };
    assert.deepEqual(await analytics(), [7, 3, 42.9, 10_000 + 5_000 + ofJohn, 15_000]);
    assert.deepEqual(await analytics("?environment=sandbox"), [1, 0, 0, 0, 10_000]);
    const listed = async (query: string) => {
      const { body } = await world.request(`/api/v1/sessions${query}`, { key: world.key });
      const data = body.data as Record<string, unknown>[];
      assert.equal(body.total, data.length);
      return data.map((each) => `${each.outcome} ${each.customer_id} ${each.saved_mrr_cents}`).sort();
    };
    assert.deepEqual(await listed(""), [
      "abandoned user_3 null",
      "canceled null null",
      "canceled user_1 null",
      "null null null",
      `saved ${john} ${ofJohn}`,
      "saved null 10000",
      "saved user_2 5000",
    ]);
    assert.deepEqual(await listed("?outcome=canceled"), ["canceled null null", "canceled user_1 null"]);
    assert.equal(await world.deps.store.rebuildFigures(), 0);
  });
});

/** Sums that somebody has changed by hand, put right by a command. */
import assert from "node:assert/strict";
import { it } from "node:test";
import { analyticsCommands } from "../../src/cli/analytics.ts";
import { alone, MINUTE, NOW, onEachStore } from "../harness.ts";
import { aReport } from "../store/rows.ts";
import { typed } from "./typing.ts";

onEachStore("Kept sums", ({ home }) => {
  it("are summed up every minute, and anew by a command that says how many were wrong", async () => {
    await using world = await alone(home);
    const { deps, scope, store } = world;
    await deps.store.putLedger(aReport(scope, { startedAt: NOW }));
    await world.tick();
    world.pass(MINUTE);
    await world.tick();
    assert.equal(await deps.store.foldFigures(1), 0, "nothing is left to add up");

    const run = (...args: string[]) => typed(world, analyticsCommands, "analytics", "rebuild", ...args);
    await store.db.updateTable("figures").set({ count: 7 }).where("span", "!=", "hour").execute();
    assert.equal(await run("--json"), '{"ok":true,"differences":2}\n');
    assert.equal(await run(), "summed up anew: no sums were different\n");
    await store.db.updateTable("figures").set({ count: 7 }).where("span", "=", "hour").execute();
    assert.equal(await run(), "summed up anew: 1 sum was different\n");
    const { body } = await world.request("/api/v1/analytics", { key: world.key });
    assert.equal(body.cancel_sessions, 1);
  });
});

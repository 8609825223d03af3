/** Sums that somebody has changed by hand, put right by a command. */
import assert from "node:assert/strict";
import { it } from "node:test";
import { Command } from "commander";
import { analyticsCommands } from "../../src/cli/analytics.ts";
import { alone, MINUTE, NOW, onEachStore } from "../harness.ts";
import { aReport } from "../store/rows.ts";

onEachStore("Kept sums", ({ home }) => {
  it("are summed up every minute, and anew by a command that says how many were wrong", async (t) => {
    await using world = await alone(home);
    const { deps, scope, store } = world;
    const workspace = (await deps.store.workspace(scope.workspaceId)) ?? assert.fail();
    await deps.store.putLedger(aReport(scope, { startedAt: NOW }));
    await world.tick();
    world.pass(MINUTE);
    await world.tick();
    assert.equal(await deps.store.foldFigures(1), 0, "nothing is left to add up");

    const printed: string[] = [];
    const write = process.stdout.write.bind(process.stdout);
    t.mock.method(process.stdout, "write", (text: string | Uint8Array) =>
      // The runner's own words are bytes.
      typeof text === "string" ? printed.push(text) > 0 : write(text),
    );
    const run = async (...args: string[]) => {
      const root = new Command("renumerate").exitOverride();
      analyticsCommands(root, (work) => work({ deps, workspace }));
      await root.parseAsync(["analytics", "rebuild", ...args], { from: "user" });
      return printed.at(-1);
    };
    await store.db.updateTable("figures").set({ count: 7 }).where("span", "!=", "hour").execute();
    assert.equal(await run("--json"), '{"ok":true,"differences":2}\n');
    assert.equal(await run(), "summed up anew: no sums were different\n");
    await store.db.updateTable("figures").set({ count: 7 }).where("span", "=", "hour").execute();
    assert.equal(await run(), "summed up anew: 1 sum was different\n");
    t.mock.restoreAll();
    const { body } = await world.request("/api/v1/analytics", { key: world.key });
    assert.equal(body.cancel_sessions, 1);
  });
});

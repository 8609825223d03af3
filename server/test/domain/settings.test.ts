/** Two who change a workspace at once, each with a connection of their own, as two processes have. */
import assert from "node:assert/strict";
import { it } from "node:test";
import { Problem } from "../../src/domain/problem.ts";
import { rotateResultKey } from "../../src/domain/result-token.ts";
import { changeSettings, changeWorkspace } from "../../src/domain/settings.ts";
import { alone, onEachStore } from "../harness.ts";

onEachStore("A workspace's settings", ({ home, open }) => {
  it("take what each of many processes changes", async () => {
    await using world = await alone(home);
    const { workspaceId } = world.scope;
    const handles = await Promise.all([1, 2, 3].map(() => world.store.reopen()));
    const keys = ["a", "b", "c", "d", "e", "f"];
    await Promise.all(
      keys.map((key, at) =>
        changeSettings((handles[at % 3] ?? assert.fail()).store, workspaceId, (before) => ({
          ...before,
          reasons: { ...before.reasons, [key]: true },
        })),
      ),
    );
    const { settings } = (await world.deps.store.workspace(workspaceId)) ?? assert.fail();
    assert.deepEqual(Object.keys(settings.reasons ?? {}).sort(), keys);
  });

  it("are answered as they are stored; what throws changes nothing", async () => {
    const { deps, scope } = await open();
    const { store } = deps;
    const stored = () => store.workspace(scope.workspaceId);
    const before = await stored();
    const failing = changeWorkspace(store, scope.workspaceId, () => {
      throw new Error("not so");
    });
    await assert.rejects(failing, /not so/);
    assert.deepEqual(await changeWorkspace(store, scope.workspaceId, () => ({})), before);
    const after = await changeWorkspace(store, scope.workspaceId, ({ settings }) => ({
      name: "Crane",
      settings: { ...settings, currency: "chf" },
    }));
    assert.deepEqual([after.name, after.settings.currency], ["Crane", "chf"]);
    assert.deepEqual(await stored(), after);
  });

  it("of a workspace that is not there are our mistake, not a caller's", async () => {
    const { deps } = await open();
    const isOurs = (error: unknown) => error instanceof Error && !(error instanceof Problem);
    await assert.rejects(
      changeSettings(deps.store, "ws_none", (before) => before),
      isOurs,
    );
    await assert.rejects(rotateResultKey(deps, "ws_none", "prod"), isOurs);
  });
});

import assert from "node:assert/strict";
import { it } from "node:test";
import { changeSettings } from "../src/domain/settings.ts";
import { firstWorkspace, followPort } from "../src/first-workspace.ts";
import { parseSettings } from "../src/settings.ts";
import type { Store, WorkspaceSettings } from "../src/store/store.ts";
import { onEachStore, type World } from "./harness.ts";

type Return = Pick<WorkspaceSettings, "returnHosts" | "defaultReturnUrl">;

const demoAt = (port: number): Return => ({
  returnHosts: [`localhost:${port}`],
  defaultReturnUrl: `http://localhost:${port}/returned.html`,
});

const of = (environment: Record<string, string>, isDemo: boolean): Return & { currency?: string } => {
  const { settings } = firstWorkspace(parseSettings(environment), isDemo);
  const { returnHosts, defaultReturnUrl, currency } = settings;
  return {
    ...(returnHosts ? { returnHosts } : {}),
    ...(defaultReturnUrl ? { defaultReturnUrl } : {}),
    ...(currency ? { currency } : {}),
  };
};

/** Where customers come back to once the server listens. */
async function served(world: World, environment: Record<string, string> = {}): Promise<Return> {
  const { deps, scope } = world;
  await followPort(deps, parseSettings(environment), scope.workspaceId);
  const { settings } = (await deps.store.workspace(scope.workspaceId)) ?? assert.fail();
  const { returnHosts, defaultReturnUrl } = settings;
  return { ...(returnHosts ? { returnHosts } : {}), ...(defaultReturnUrl ? { defaultReturnUrl } : {}) };
}

onEachStore("The first workspace", ({ open }) => {
  it("of a demo has its own page to come back to, and the currency of its prices", () => {
    assert.deepEqual(of({}, true), { ...demoAt(4321), currency: "usd" });
    const PUBLIC_URL = "https://demo.example/retention";
    assert.deepEqual(of({ PUBLIC_URL, DEFAULT_CURRENCY: "eur" }, true), {
      returnHosts: ["demo.example"],
      defaultReturnUrl: "https://demo.example/retention/returned.html",
      currency: "eur",
    });
  });

  it("of a business comes back to nowhere unless it is said", () => {
    assert.deepEqual(of({}, false), { currency: "eur" });
    const DEFAULT_RETURN_URL = "https://shop.example/back";
    assert.deepEqual(of({ DEFAULT_RETURN_URL, DEFAULT_CURRENCY: "GBP" }, false), {
      defaultReturnUrl: DEFAULT_RETURN_URL,
      currency: "gbp",
    });
  });

  it("of a demo takes what the environment says instead", () => {
    const { currency: _, ...back } = of({ RETURN_HOSTS: "shop.example" }, true);
    assert.deepEqual(back, { returnHosts: ["shop.example"] });
  });

  for (const [name, before, expected] of [
    ["from before there were links comes back to the demo", {}, demoAt(4321)],
    ["follows the server to another port", demoAt(5000), demoAt(4321)],
    [
      "stays where somebody has listed more",
      { ...demoAt(5000), returnHosts: ["localhost:5000", "a.example"] },
      undefined,
    ],
    [
      "stays where it comes back to another page",
      { ...demoAt(5000), defaultReturnUrl: "http://localhost:5000/x" },
      undefined,
    ],
    [
      "stays at another machine",
      { returnHosts: ["a.example"], defaultReturnUrl: "https://a.example/returned.html" },
      undefined,
    ],
    ["stays without any", { returnHosts: [] }, undefined],
  ] as [string, Return, Return | undefined][])
    it(name, async () => {
      const world = await open({ settings: before });
      assert.deepEqual(await served(world), expected ?? before);
    });

  it("stays as it is where the environment says where to", async () => {
    const world = await open({ settings: demoAt(5000) });
    assert.deepEqual(await served(world, { RETURN_HOSTS: "a.example" }), demoAt(5000));
  });

  it("keeps what somebody else sets while the server starts", async () => {
    const world = await open({ settings: demoAt(5000) });
    const { deps, scope } = world;
    const others = () =>
      changeSettings(deps.store, scope.workspaceId, (before) => ({ ...before, currency: "chf" }));
    // After all that was read before writing, and before that is written.
    const store: Pick<Store, "workspace" | "transaction"> = {
      workspace: async (id) => {
        const row = await deps.store.workspace(id);
        await others();
        return row;
      },
      transaction: async (work) => {
        await others();
        return deps.store.transaction(work);
      },
    };
    await followPort({ ...deps, store: { ...deps.store, ...store } }, parseSettings({}), scope.workspaceId);
    const { settings } = (await deps.store.workspace(scope.workspaceId)) ?? assert.fail();
    assert.deepEqual([settings.currency, settings.defaultReturnUrl], ["chf", demoAt(4321).defaultReturnUrl]);
  });
});

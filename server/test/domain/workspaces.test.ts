import assert from "node:assert/strict";
import { it } from "node:test";
import { ensureWorkspace, hashKey, randomText } from "../../src/domain/workspaces.ts";
import { NOW, onEachStore } from "../harness.ts";

const keys = { signing: new Uint8Array(32).fill(8) };
const first = { name: "First", settings: { allowedOrigins: [] } };

onEachStore("The first workspace", ({ home }) => {
  it("is made once, with keys and a flow in both environments, however many processes start", async () => {
    const store = await home.open();
    try {
      const handles = [store, await store.reopen(), await store.reopen()];
      const made = await Promise.all(
        handles.map((handle) => {
          const newId = (prefix: string) => `${prefix}_${randomText(22)}`;
          return ensureWorkspace({ store: handle.store, clock: () => NOW, newId, keys } as never, first);
        }),
      );
      const created = made.filter((each) => each.created);
      assert.equal(created.length, 1);
      assert.equal(new Set(made.map(({ workspace }) => workspace.id)).size, 1);
      const workspaceId = made[0]?.workspace.id ?? "";
      assert.equal((await store.store.workspaces()).length, 1);
      for (const environment of ["prod", "sandbox"] as const) {
        assert.equal((await store.store.activeFlow({ workspaceId, environment }))?.version, 1);
      }
      const { publicKey, privateKey } = created[0]?.created ?? assert.fail();
      const rows = await store.store.keys(workspaceId);
      assert.deepEqual(rows.map(({ hash }) => hash).sort(), [publicKey, privateKey].map(hashKey).sort());
      assert.ok(!JSON.stringify(rows).includes(privateKey));
    } finally {
      await store.drop();
    }
  });

  it("is made whole or not at all: a start that dies in the middle leaves nothing", async () => {
    const opened = await home.open();
    try {
      const { store } = opened;
      const newId = (prefix: string) => `${prefix}_${randomText(22)}`;
      const deps = { store, clock: () => NOW, newId, keys };
      for (const dies of ["insertWorkspace", "publishFlow", "insertKey"] as const) {
        const fails = () => Promise.reject(new Error(`${dies} died`));
        const dying: typeof store = {
          ...store,
          transaction: (work) => store.transaction((tx) => work({ ...tx, [dies]: fails })),
        };
        await assert.rejects(ensureWorkspace({ ...deps, store: dying } as never, first), /died/);
        assert.deepEqual(await store.workspaces(), [], dies);
        for (const table of ["flows", "api_keys"] as const) {
          assert.deepEqual(await opened.db.selectFrom(table).selectAll().execute(), [], `${dies}: ${table}`);
        }
      }
      const { workspace, created } = await ensureWorkspace(deps as never, first);
      assert.ok(created, "the next start finds nothing in its way");
      assert.equal((await store.keys(workspace.id)).length, 2);
    } finally {
      await opened.drop();
    }
  });

  it("has keys of chance: all characters, none favoured", () => {
    const text = randomText(62_000);
    const counts = Map.groupBy(text, (character) => character);
    assert.equal(counts.size, 62);
    // 1000 each expected; seven standard deviations.
    for (const [character, { length }] of counts)
      assert.ok(Math.abs(length - 1000) < 222, `${character} ${length}`);
  });
});

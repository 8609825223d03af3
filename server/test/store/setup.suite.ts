import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { StoreConflict } from "../../src/store/store.ts";
import type { TestHome, TestStore } from "../stores.ts";
import { aFlow, aKey, aWorkspace, id, NOW } from "./rows.ts";

/** What an operator sets up: workspaces, keys and flows. */
export function setupSuite(home: TestHome): void {
  describe("workspaces, keys and flows", () => {
    let opened: TestStore;
    before(async () => {
      opened = await home.open();
    });
    after(() => opened.drop());

    it("keeps workspaces, oldest first and then by code point", async () => {
      const { store } = opened;
      const settings = {
        fallbackEmail: "help@acme.example",
        allowedOrigins: ["https://acme.example"],
      };
      const rows = [
        aWorkspace({ id: "a", createdAt: NOW + 1 }),
        aWorkspace({ id: "B", createdAt: NOW + 1, status: "demo" }),
        aWorkspace({ id: "z", createdAt: NOW, settings }),
      ];
      for (const row of rows) await store.insertWorkspace(row);
      assert.deepEqual(await store.workspaces(), [rows[2], rows[1], rows[0]]);
      assert.deepEqual(await store.workspace("z"), rows[2]);
      assert.equal(await store.workspace("nobody"), undefined);
    });

    it("changes only the fields of a workspace that are given", async () => {
      const { store } = opened;
      const row = aWorkspace();
      await store.insertWorkspace(row);
      await store.updateWorkspace(row.id, { name: "Acme II", status: undefined });
      await store.updateWorkspace(row.id, {});
      assert.deepEqual(await store.workspace(row.id), { ...row, name: "Acme II" });
      const settings = { allowedOrigins: ["https://new.example"] };
      await store.updateWorkspace(row.id, { status: "read_only", settings });
      assert.deepEqual(await store.workspace(row.id), {
        ...row,
        name: "Acme II",
        status: "read_only",
        settings,
      });
    });

    it("refuses a second workspace with the same id", async () => {
      const { store } = opened;
      const row = aWorkspace();
      await store.insertWorkspace(row);
      await assert.rejects(store.insertWorkspace({ ...row, name: "Usurper" }), StoreConflict);
      assert.deepEqual(await store.workspace(row.id), row);
    });

    it("keeps keys of a workspace and finds them by hash", async () => {
      const { store } = opened;
      const { id: workspaceId } = aWorkspace();
      await store.insertWorkspace(aWorkspace({ id: workspaceId }));
      const first = aKey({ workspaceId, createdAt: NOW + 1, sealed: "sealed" });
      const second = aKey({ workspaceId, kind: "public", scopes: [], lastUsedAt: NOW, revokedAt: NOW });
      await store.insertKey(first);
      await store.insertKey(second);
      assert.deepEqual(await store.keys(workspaceId), [second, first]);
      assert.deepEqual(await store.keys("nobody"), []);
      assert.deepEqual(await store.keyByHash(first.hash), first);
      assert.deepEqual(await store.keyByHash(second.hash), second);
      assert.equal(await store.keyByHash("unknown"), undefined);
      await assert.rejects(store.insertKey(aKey({ workspaceId, hash: first.hash })), StoreConflict);
      await assert.rejects(store.insertKey(aKey({ workspaceId: "nobody" })));
    });

    it("remembers the latest use and the first revocation of a key", async () => {
      const { store } = opened;
      const { id: workspaceId } = aWorkspace();
      await store.insertWorkspace(aWorkspace({ id: workspaceId }));
      const row = aKey({ workspaceId });
      await store.insertKey(row);
      await store.touchKey(row.id, NOW + 5);
      await store.touchKey(row.id, NOW + 3);
      await store.revokeKey(row.id, NOW + 7);
      await store.revokeKey(row.id, NOW + 9);
      const kept = { ...row, lastUsedAt: NOW + 5, revokedAt: NOW + 7 };
      assert.deepEqual(await store.keyByHash(row.hash), kept);
      await store.touchKey(row.id, NOW + 8);
      assert.equal((await store.keyByHash(row.hash))?.lastUsedAt, NOW + 8);
    });

    it("takes a nonce once for each workspace and environment, until it has expired", async () => {
      const { store } = opened;
      const prod = { workspaceId: id("ws"), environment: "prod" } as const;
      const nonce = id("nonce");
      const asked = Array.from({ length: 10 }, () => store.useNonce(prod, nonce, NOW));
      assert.equal((await Promise.all(asked)).filter((first) => first).length, 1);
      for (const scope of [
        { ...prod, environment: "sandbox" },
        { ...prod, workspaceId: id("ws") },
      ] as const)
        assert.equal(await store.useNonce(scope, nonce, NOW + 1), true);
      assert.equal(await store.useNonce(prod, id("nonce"), NOW), true);
      await store.forgetNonces(NOW);
      assert.equal(await store.useNonce(prod, nonce, NOW), false);
      await store.forgetNonces(NOW + 1);
      assert.equal(await store.useNonce(prod, nonce, NOW), true);
      assert.equal(await store.useNonce({ ...prod, environment: "sandbox" }, nonce, NOW), false);
    });

    it("publishes a flow in place of the one before, per environment", async () => {
      const { store } = opened;
      const workspaceId = id("ws");
      await store.insertWorkspace(aWorkspace({ id: workspaceId }));
      const prod = { workspaceId, environment: "prod" } as const;
      const sandbox = { workspaceId, environment: "sandbox" } as const;
      assert.equal(await store.activeFlow(prod), undefined);
      assert.equal(await store.latestFlowVersion(prod), 0);
      await store.publishFlow(aFlow(prod, 1, { active: false }));
      await store.publishFlow(aFlow(sandbox, 7));
      await store.publishFlow(aFlow(prod, 2));
      assert.deepEqual(await store.activeFlow(prod), aFlow(prod, 2));
      assert.deepEqual(await store.activeFlow(sandbox), aFlow(sandbox, 7));
      assert.deepEqual(await store.flow(aFlow(prod, 1).id, 1), aFlow(prod, 1, { active: false }));
      assert.equal(await store.flow(aFlow(prod, 1).id, 3), undefined);
      assert.equal(await store.latestFlowVersion(prod), 2);
      assert.equal(await store.latestFlowVersion(sandbox), 7);
    });

    it("refuses a version that is taken and keeps the active flow", async () => {
      const { store } = opened;
      const scope = { workspaceId: id("ws"), environment: "prod" } as const;
      await store.insertWorkspace(aWorkspace({ id: scope.workspaceId }));
      await store.publishFlow(aFlow(scope, 1));
      await store.publishFlow(aFlow(scope, 2));
      await assert.rejects(store.publishFlow(aFlow(scope, 1, { id: "other" })), StoreConflict);
      assert.deepEqual(await store.activeFlow(scope), aFlow(scope, 2));
    });
  });
}

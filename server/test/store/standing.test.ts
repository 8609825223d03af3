/** How things stand with a subscription: the same as its parts say when they are asked one by one. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { Scope, Store } from "../../src/store/store.ts";
import { stores, type TestStore } from "../stores.ts";
import { aChange, aLedgerRow, anAction, aScope, aSession, id, NOW, settlement } from "./rows.ts";

for (const home of stores) {
  describe(`How things stand with a subscription on ${home.name}`, () => {
    let opened: TestStore;
    let store: Store;
    let scope: Scope;
    before(async () => {
      opened = await home.open();
      store = opened.store;
    });
    after(() => opened.drop());

    /** Of a subscription that nobody has asked about before. */
    function fresh() {
      scope = aScope();
      const of = { subscriptionId: id("sub"), tokenId: id("tok") };
      return { of, look: () => store.standing(scope, of), session: () => aSession(scope, of) };
    }

    it("nothing is the matter where nobody has been", async () => {
      assert.deepEqual(await fresh().look(), { isPending: false, isEnding: false });
    });

    it("the latest session of the token is with it, whole", async () => {
      const { of, look, session } = fresh();
      await store.insertSession(session());
      await store.insertSession({ ...session(), ordinal: 1, locale: "de" });
      await store.insertSession({ ...session(), ordinal: 7, tokenId: id("tok") });
      const latest = await store.latestSession(of.tokenId, of.subscriptionId);
      assert.equal(latest?.ordinal, 1);
      assert.deepEqual(await look(), { isPending: false, isEnding: false, latest });
    });

    it("an action that is pending, and one that is settled", async () => {
      const { look, session } = fresh();
      const { id: sessionId, ...rest } = session();
      await store.insertSession({ id: sessionId, ...rest, tokenId: id("tok") });
      const action = anAction(sessionId);
      await store.insertAction(action);
      assert.equal((await look()).isPending, true);
      await store.settleAction(action.id, { status: "succeeded", settledAt: NOW });
      assert.equal((await look()).isPending, false);
    });

    it("a change that is pending, and one that is settled", async () => {
      const { of, look } = fresh();
      const change = aChange(scope, { subscriptionId: of.subscriptionId });
      await store.insertChange(change);
      assert.equal((await look()).isPending, true);
      await store.settleChange(change.id, { status: "succeeded", settledAt: NOW });
      assert.equal((await look()).isPending, false);
    });

    it("a session that has ended it, until that is undone", async () => {
      const { look, session } = fresh();
      const ended = { ...session(), outcome: "cancelled" as const, settlement };
      await store.insertSession({ ...ended, tokenId: id("tok") });
      assert.equal((await look()).isEnding, true);
      await store.updateSession(ended.id, { undoneAt: NOW });
      assert.equal((await look()).isEnding, false);
    });

    it("an end that billing has told of, until that is undone", async () => {
      const { of, look } = fresh();
      const { sessionId: _, ...row } = aLedgerRow(scope, "none", {
        source: "stripe",
        subscriptionId: of.subscriptionId,
      });
      await store.putLedger(row);
      assert.equal((await look()).isEnding, true);
      await store.putLedger({ ...row, undoneAt: NOW });
      assert.equal((await look()).isEnding, false);
    });

    it("what is of another subscription or environment is not of this one", async () => {
      const { of, look, session } = fresh();
      const elsewhere = { ...scope, environment: "sandbox" as const };
      await store.insertChange(aChange(elsewhere, { subscriptionId: of.subscriptionId }));
      await store.insertChange(aChange(scope, { subscriptionId: id("sub") }));
      const other = { ...session(), subscriptionId: id("sub"), outcome: "cancelled" as const, settlement };
      await store.insertSession(other);
      assert.deepEqual(await look(), { isPending: false, isEnding: false });
    });
  });
}

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { type GivenResult, StoreConflict } from "../../src/store/store.ts";
import type { TestHome, TestStore } from "../stores.ts";
import { aCancelLink, anEvent, aScope, aSession, id, NOW } from "./rows.ts";

const result: GivenResult = {
  outcome: "retained",
  status: "done",
  reason: "too_expensive",
  offer: { type: "discount", accepted: true, label: "25 % – “off”", id: "off", terms: { percent_off: 25.5 } },
};

/** Links to hosted flows, and what happened behind them. */
export function cancelLinksSuite(home: TestHome): void {
  describe("cancel links", () => {
    let opened: TestStore;
    before(async () => {
      opened = await home.open();
    });
    after(() => opened.drop());

    it("keeps a link with every field, and finds it by its id and by its token", async () => {
      const { store } = opened;
      const full = aCancelLink(aScope(), {
        context: { plan: "Pro – “größer”", mrr: 4_900, tenureDays: 12, periodEnd: NOW + 5 },
        metadata: { source: "mobile", seats: 0.5, beta: false, none: null },
        openedAt: NOW + 1,
        completedAt: NOW + 2,
        result,
        resultId: "res_1",
        issuedAt: NOW + 3,
        verifiedAt: NOW + 4,
      });
      const bare = aCancelLink({ ...aScope(), environment: "sandbox" });
      for (const row of [full, bare]) {
        await store.insertCancelLink(row);
        assert.deepEqual(await store.cancelLink(row.id), row);
        assert.deepEqual(await store.cancelLinkByToken(row.tokenHash), row);
      }
      assert.equal(await store.cancelLink(full.tokenHash), undefined);
      assert.equal(await store.cancelLinkByToken(full.id), undefined);
      await assert.rejects(store.insertCancelLink({ ...full, id: id("cs") }), StoreConflict);
      await assert.rejects(store.insertCancelLink({ ...full, tokenHash: id("hash") }), StoreConflict);
    });

    it("marks each step once, whichever come together", async () => {
      const { store } = opened;
      const row = aCancelLink(aScope());
      const untouched = aCancelLink(row);
      for (const each of [row, untouched]) await store.insertCancelLink(each);
      await store.markCancelLink(row.id, {});
      assert.deepEqual(await store.cancelLink(row.id), row);
      await store.markCancelLink(row.id, { openedAt: NOW + 1, completedAt: undefined });
      await store.markCancelLink(row.id, { openedAt: NOW + 2, completedAt: NOW + 2 });
      await store.markCancelLink(row.id, { result, resultId: "res_1", issuedAt: NOW + 3 });
      await store.markCancelLink(row.id, {
        result: { ...result, outcome: "abandoned" },
        resultId: "res_2",
        issuedAt: NOW + 4,
        verifiedAt: NOW + 4,
      });
      await store.markCancelLink(row.id, { verifiedAt: NOW + 5 });
      assert.deepEqual(await store.cancelLink(row.id), {
        ...row,
        openedAt: NOW + 1,
        completedAt: NOW + 2,
        result,
        resultId: "res_1",
        issuedAt: NOW + 3,
        verifiedAt: NOW + 4,
      });
      assert.deepEqual(await store.cancelLink(untouched.id), untouched);
    });

    it("tells what happened in all sessions that it has opened, oldest first", async () => {
      const { store } = opened;
      const { id: tokenId, ...scope } = aCancelLink(aScope());
      const [first, again] = [aSession(scope, { tokenId }), aSession(scope, { tokenId, ordinal: 1 })];
      const other = aSession(scope);
      for (const row of [first, again, other]) await store.insertSession(row);
      const close = { ...anEvent("r", 1), type: "close" } as const;
      await store.insertSessionEvents(again.id, [anEvent("s", 0)], NOW + 5);
      await store.insertSessionEvents(first.id, [close, anEvent("r", 0)], NOW + 1);
      await store.insertSessionEvents(first.id, [{ ...anEvent("r", 2), type: "back" }], NOW + 5);
      await store.insertSessionEvents(first.id, [{ ...anEvent("r", 3), type: "keep" }], NOW + 6);
      await store.insertSessionEvents(other.id, [anEvent("r", 0)], NOW);
      assert.deepEqual(await store.eventsOfToken(tokenId), [
        { type: "write", receivedAt: NOW + 1 },
        { type: "close", receivedAt: NOW + 1 },
        { type: "back", receivedAt: NOW + 5 },
        { type: "write", receivedAt: NOW + 5 },
        { type: "keep", receivedAt: NOW + 6 },
      ]);
      assert.deepEqual(await store.eventsOfToken("unknown"), []);
    });
  });
}

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { StoreConflict } from "../../src/store/store.ts";
import type { TestHome, TestStore } from "../stores.ts";
import { anAction, anEvent, aScope, aSession, config, id, NOW, settlement } from "./rows.ts";

/** Sessions and what customers did in them. */
export function sessionsSuite(home: TestHome): void {
  describe("sessions", () => {
    let opened: TestStore;
    before(async () => {
      opened = await home.open();
    });
    after(() => opened.drop());

    const added = async (more: Parameters<typeof aSession>[1] = {}) => {
      const row = aSession(aScope(), more);
      assert.equal(await opened.store.insertSession(row), true);
      return row;
    };

    it("keeps every field, and absent ones absent", async () => {
      const bare = await added();
      const full = await added({
        email: "jane@example.com",
        locale: "pt-BR",
        outcome: "retained",
        settlement,
        startedAt: NOW,
        completedAt: NOW + 1,
        undoneAt: NOW + 2,
      });
      assert.deepEqual(await opened.store.session(bare.id), bare);
      assert.deepEqual(await opened.store.session(full.id), full);
      assert.equal(await opened.store.session("unknown"), undefined);
    });

    it("tells when the ordinal of a token and subscription is taken, and finds the latest", async () => {
      const { store } = opened;
      const first = await added();
      const { tokenId } = first;
      const again = { ...first, id: id("ses") };
      assert.equal(await store.insertSession(again), false);
      assert.equal(await store.session(again.id), undefined);
      const third = await added({ tokenId, ordinal: 10 });
      const second = await added({ tokenId, ordinal: 9 });
      await added({ tokenId, subscriptionId: "sub_2", ordinal: 11 });
      assert.deepEqual(await store.latestSession(tokenId, "sub_1"), third);
      assert.equal(await store.latestSession(tokenId, "sub_3"), undefined);
      await assert.rejects(store.insertSession({ ...second, tokenId: id("tok") }), StoreConflict);
    });

    it("changes only what is given", async () => {
      const { store } = opened;
      const row = await added({ touchedAt: NOW });
      await store.updateSession(row.id, { startedAt: NOW + 1, outcome: undefined });
      await store.updateSession(row.id, {});
      assert.deepEqual(await store.session(row.id), { ...row, startedAt: NOW + 1 });
      const change = { outcome: "retained", settlement, completedAt: NOW + 2, touchedAt: NOW + 2 } as const;
      await store.updateSession(row.id, change);
      await store.updateSession(row.id, { touchedAt: NOW + 3 });
      await store.updateSession(row.id, { locale: "de" });
      const kept = { ...row, startedAt: NOW + 1, ...change, touchedAt: NOW + 3, locale: "de" };
      assert.deepEqual(await store.session(row.id), kept);
    });

    it("takes a settlement away and resolves the flow anew", async () => {
      const { store } = opened;
      const row = await added({ settlement });
      const change = {
        flowId: "flow_2",
        flowVersion: 4,
        config: { ...config, fallbackEmail: "help@acme.example" },
        plan: "Team",
        mrr: 9_900,
        currency: "usd",
      };
      await store.updateSession(row.id, { ...change, settlement: null });
      const { settlement: _, ...rest } = row;
      assert.deepEqual(await store.session(row.id), { ...rest, ...change });
    });

    it("finds idle sessions: started, undecided, nothing pending, oldest first", async () => {
      const { store } = opened;
      const at = (touchedAt: number) => ({ startedAt: NOW, touchedAt });
      const late = await added(at(500));
      const later = await added(at(600));
      const early = await added(at(400));
      await added(at(601));
      await added({ touchedAt: 1 });
      await added({ ...at(1), outcome: "retained" });
      const pending = await added(at(1));
      await store.insertAction(anAction(pending.id));
      const failed = await added(at(450));
      await store.insertAction(anAction(failed.id, { status: "failed" }));
      const ids = (await store.idleSessions(600, 9)).map((row) => row.id);
      assert.deepEqual(ids, [early.id, failed.id, late.id, later.id]);
      assert.deepEqual(await store.idleSessions(600, 1), [early]);
      assert.deepEqual(await store.idleSessions(399, 9), []);
    });

    it("adds events once by id and returns a run in order", async () => {
      const { store } = opened;
      const { id: session } = await added();
      const { id: other } = await added();
      const [zero, one, two] = [anEvent("r1", 0), anEvent("r1", 1), anEvent("r1", 2)] as const;
      assert.equal(await store.insertSessionEvents(session, [one, zero, one], NOW), 2);
      assert.equal(await store.insertSessionEvents(session, [zero, one, two], NOW), 1);
      assert.equal(await store.insertSessionEvents(session, [zero, one, two], NOW), 0);
      assert.equal(await store.insertSessionEvents(session, [], NOW), 0);
      assert.equal(await store.insertSessionEvents(session, [anEvent("r2", 0)], NOW), 1);
      assert.equal(await store.insertSessionEvents(other, [zero], NOW), 1);
      assert.deepEqual(await store.sessionEvents(session, "r1"), [zero, one, two]);
      assert.deepEqual(await store.sessionEvents(session, "r3"), []);
      assert.equal(await store.countSessionEvents(session), 4);
      assert.equal(await store.countSessionEvents("unknown"), 0);
    });

    it("takes a batch of 500 events", async () => {
      const { id: session } = await added();
      const events = Array.from({ length: 500 }, (_, seq) => anEvent("r", seq));
      assert.equal(await opened.store.insertSessionEvents(session, events, NOW), 500);
      assert.deepEqual(await opened.store.sessionEvents(session, "r"), events);
    });

    it("refuses two events in one place of a run, and then keeps none of the batch", async () => {
      const { store } = opened;
      const { id: session } = await added();
      const zero = anEvent("r", 0);
      await store.insertSessionEvents(session, [zero], NOW);
      const clash = [zero, anEvent("r", 1), anEvent("r", 0)];
      await assert.rejects(store.insertSessionEvents(session, clash, NOW), StoreConflict);
      const within = [anEvent("r", 5), anEvent("r", 5)];
      await assert.rejects(store.insertSessionEvents(session, within, NOW), StoreConflict);
      assert.deepEqual(await store.sessionEvents(session, "r"), [zero]);
    });

    it("does not end the caller's transaction over events that are known already", async () => {
      const { store } = opened;
      const { id: session } = await added();
      const events = [anEvent("r", 0), anEvent("r", 1)];
      await store.insertSessionEvents(session, events, NOW);
      await store.transaction(async (tx) => {
        assert.equal(await tx.insertSessionEvents(session, events, NOW), 0);
        assert.equal(await tx.insertSessionEvents(session, [...events, anEvent("r", 2)], NOW), 1);
        await tx.updateSession(session, { touchedAt: NOW + 9 });
      });
      assert.equal(await store.countSessionEvents(session), 3);
      assert.equal((await store.session(session))?.touchedAt, NOW + 9);
    });
  });
}

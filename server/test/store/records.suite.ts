import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { Decision } from "../../../src/flow/machine.ts";
import { type Scope, StoreConflict } from "../../src/store/store.ts";
import type { TestHome, TestStore } from "../stores.ts";
import { aFact, aLedgerRow, anAction, anEnding, aScope, aSession, id, NOW } from "./rows.ts";

const accept = (offerId: string): Decision => ({
  type: "accept",
  offer: { type: "contact", id: offerId, terms: { url: "https://acme.example" } },
  choice: { months: 2 },
});

/** What came of sessions: actions, the ledger and the facts that integrators hear. */
export function recordsSuite(home: TestHome): void {
  describe("actions, ledger and events", () => {
    let opened: TestStore;
    before(async () => {
      opened = await home.open();
    });
    after(() => opened.drop());

    const session = async (scope: Scope = aScope(), customerId = "cus_1") => {
      const row = aSession(scope, { customerId });
      await opened.store.insertSession(row);
      return row.id;
    };

    it("keeps actions in order, with every field", async () => {
      const { store } = opened;
      const sessionId = await session();
      const full = anAction(sessionId, {
        decision: accept("o1"),
        action: { subscriptionId: "sub_1", type: "pause", resumesAt: NOW },
        status: "failed",
        fault: { code: "billing_rejected", retryable: false },
        createdAt: NOW + 1,
        settledAt: NOW + 2,
      });
      const bare = anAction(sessionId);
      assert.equal(await store.insertAction(full), true);
      assert.equal(await store.insertAction(bare), true);
      assert.deepEqual(await store.actions(sessionId), [bare, full]);
      assert.deepEqual(await store.action(full.id), full);
      assert.equal(await store.action("unknown"), undefined);
    });

    it("lets a session have one action that is pending or succeeded, after any that failed", async () => {
      const { store } = opened;
      const sessionId = await session();
      const first = anAction(sessionId);
      assert.equal(await store.insertAction(first), true);
      const second = anAction(sessionId);
      assert.equal(await store.insertAction(second), false);
      assert.equal(await store.action(second.id), undefined);
      const fault = { code: "card_declined", retryable: true };
      await store.settleAction(first.id, { status: "failed", fault, settledAt: NOW + 1 });
      assert.deepEqual(await store.action(first.id), {
        ...first,
        status: "failed",
        fault,
        settledAt: NOW + 1,
      });
      assert.equal(await store.insertAction(second), true);
      await store.settleAction(second.id, { status: "succeeded", settledAt: NOW + 2 });
      assert.equal(await store.insertAction(anAction(sessionId)), false);
      await assert.rejects(store.insertAction({ ...second, sessionId: await session() }), StoreConflict);
    });

    it("settles an action once", async () => {
      const { store } = opened;
      const row = anAction(await session());
      await store.insertAction(row);
      await store.settleAction(row.id, { status: "succeeded", settledAt: NOW + 1 });
      await store.settleAction(row.id, { status: "failed", settledAt: NOW + 2 });
      assert.deepEqual(await store.action(row.id), { ...row, status: "succeeded", settledAt: NOW + 1 });
    });

    it("lists the offers that a customer has accepted or is about to", async () => {
      const { store } = opened;
      const scope = aScope();
      const add = async (in_: Scope, customer: string, more: Parameters<typeof anAction>[1]) =>
        store.insertAction(anAction(await session(in_, customer), more));
      await add(scope, "cus_1", { decision: accept("late"), createdAt: NOW + 1, status: "pending" });
      await add(scope, "cus_1", { decision: accept("early"), createdAt: NOW, status: "succeeded" });
      await add(scope, "cus_1", { decision: accept("failed"), status: "failed" });
      await add(scope, "cus_1", { decision: { type: "cancel" }, status: "succeeded" });
      await add(scope, "cus_2", { decision: accept("another's"), status: "succeeded" });
      await add({ ...scope, environment: "sandbox" }, "cus_1", { decision: accept("sandbox") });
      assert.deepEqual(await store.acceptedOffers(scope, "cus_1"), [
        { offerId: "early", at: NOW },
        { offerId: "late", at: NOW + 1 },
      ]);
    });

    it("has one ledger row per session, which keeps its first id when it is replaced", async () => {
      const { store } = opened;
      const scope = aScope();
      const sessionId = await session();
      const first = aLedgerRow(scope, sessionId, {
        email: "jane@example.com",
        reason: "too_expensive",
        reasonText: "Too much",
        feedback: "“Grüße” 🦊",
        outcome: "retained",
        confirmed: true,
        offerId: "o1",
        offerType: "discount",
        offerLabel: "20 % off",
        offerAccepted: true,
        tenureDays: 12,
        metadata: { source: "mobile", größe: 1.5, beta: true, none: null },
        effectiveAt: NOW,
        undoneAt: NOW + 1,
      });
      await store.putLedger(first);
      assert.deepEqual(await store.ledgerOfSession(sessionId), first);
      const next = aLedgerRow(scope, sessionId, { outcome: "cancelled", updatedAt: NOW + 5 });
      await store.putLedger(next);
      assert.deepEqual(await store.ledgerOfSession(sessionId), { ...next, id: first.id });
      assert.equal((await store.ledger(scope, { limit: 9 })).length, 1);
      assert.equal(await store.ledgerOfSession("unknown"), undefined);
    });

    it("has at most one row without a session that says that a subscription ends, until that is undone", async () => {
      const { store } = opened;
      const scope = aScope();
      const first = anEnding(scope);
      assert.equal(await store.openEnding(scope, "sub_1"), undefined);
      await store.putLedger(aLedgerRow(scope, await session(scope), { outcome: "cancelled" }));
      assert.equal(await store.openEnding(scope, "sub_1"), undefined, "a session's is another matter");
      await store.putLedger(first);
      assert.deepEqual(await store.openEnding(scope, "sub_1"), first);
      await assert.rejects(store.putLedger(anEnding(scope)), StoreConflict);
      for (const other of [anEnding(scope, { subscriptionId: "sub_2" }), anEnding(aScope())]) {
        await store.putLedger(other);
        assert.deepEqual(await store.openEnding(other, other.subscriptionId), other);
      }
      const ended = { ...first, confirmed: true, reason: "involuntary", updatedAt: NOW + 1 };
      await store.putLedger(ended);
      assert.deepEqual(await store.openEnding(scope, "sub_1"), ended, "the same row");
      const undone = { ...first, undoneAt: NOW + 2 };
      await store.putLedger(undone);
      assert.equal(await store.openEnding(scope, "sub_1"), undefined);
      const again = anEnding(scope, { occurredAt: NOW + 3 });
      await store.putLedger(again);
      assert.deepEqual(await store.openEnding(scope, "sub_1"), again);
      const rows = await store.ledger(scope, { limit: 9 });
      assert.deepEqual(
        rows.filter((row) => row.source === "stripe" && row.subscriptionId === "sub_1"),
        [again, undone],
      );
    });

    it("lists the ledger of a scope or customer, newest first", async () => {
      const { store } = opened;
      const scope = aScope();
      const put = async (more: Parameters<typeof aLedgerRow>[2], in_ = scope) => {
        const row = aLedgerRow(in_, await session(), more);
        await store.putLedger(row);
        return row;
      };
      const old = await put({ occurredAt: NOW });
      const new_ = await put({ occurredAt: NOW + 2 });
      const others = await put({ occurredAt: NOW + 1, customerId: "cus_2" });
      await put({}, { ...scope, environment: "sandbox" });
      assert.deepEqual(await store.ledger(scope, { limit: 9 }), [new_, others, old]);
      assert.deepEqual(await store.ledger(scope, { limit: 2 }), [new_, others]);
      assert.deepEqual(await store.ledger(scope, { customerId: "cus_1", limit: 9 }), [new_, old]);
      assert.deepEqual(await store.ledger(scope, { customerId: "cus_3", limit: 9 }), []);
    });

    it("returns the latest events in the order they happened, even within one instant", async () => {
      const { store } = opened;
      const scope = aScope();
      // Ids against the order, and a clock that stepped back.
      const facts = ["c", "b", "a"].map((letter, index) =>
        aFact(scope, { id: letter + id("evt"), at: NOW - (index > 1 ? 1 : 0) }),
      );
      for (const fact of facts) await store.insertEvent(fact);
      await store.insertEvent(aFact({ ...scope, environment: "sandbox" }, { data: null }));
      assert.deepEqual(await store.events(scope, { limit: 9 }), facts);
      assert.deepEqual(await store.events(scope, { limit: 2 }), facts.slice(1));
      await assert.rejects(store.insertEvent(facts[0] as (typeof facts)[0]), StoreConflict);
    });

    it("refuses fractions where money and time are whole", async () => {
      const sessionId = await session();
      await assert.rejects(opened.store.putLedger(aLedgerRow(aScope(), sessionId, { mrr: 37.5 })));
      assert.equal(await opened.store.ledgerOfSession(sessionId), undefined);
    });

    it("takes whatever a customer types", async () => {
      const { store } = opened;
      const sessionId = await session();
      const text = "\u0000 \uD800 ' \" \\ % _ \u{1F98A}";
      await store.putLedger(aLedgerRow(aScope(), sessionId, { feedback: text }));
      assert.equal((await store.ledgerOfSession(sessionId))?.feedback, "\uFFFD \uFFFD ' \" \\ % _ \u{1F98A}");
      const fact = aFact(aScope(), { data: { text } });
      await store.insertEvent(fact);
      assert.deepEqual(await store.events(fact, { limit: 1 }), [fact]);
      assert.equal(await store.session("with\u0000nul"), undefined);
    });
  });
}

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { Scope } from "../../src/store/store.ts";
import type { TestHome, TestStore } from "../stores.ts";
import { aChange, anAction, aScope, aSession, id, NOW, settlement } from "./rows.ts";

/** What customers change in a hub, and what they do not want to be offered. */
export function changesSuite(home: TestHome): void {
  describe("changes and dismissals", () => {
    let opened: TestStore;
    before(async () => {
      opened = await home.open();
    });
    after(() => opened.drop());

    const added = async (scope: Scope, more: Parameters<typeof aChange>[1] = {}) => {
      const row = aChange(scope, more);
      assert.equal(await opened.store.insertChange(row), true);
      return row;
    };

    it("keeps every field, and absent ones absent", async () => {
      const { store } = opened;
      const bare = await added(aScope());
      const full = await added(aScope(), {
        change: { type: "offer", offer: "half" },
        action: { subscriptionId: "sub_1", type: "promo_code", code: "GRÜSSE" },
        offerId: "half",
        status: "failed",
        fault: "promo_code_expired",
        settledAt: NOW + 2,
      });
      assert.deepEqual(await store.change(bare.id), bare);
      assert.deepEqual(await store.change(full.id), full);
      assert.equal(await store.change("unknown"), undefined);
    });

    it("is found by the key that its customer's client has made", async () => {
      const { store } = opened;
      const row = await added(aScope());
      assert.deepEqual(await store.changeByKey(row, "cus_1", row.key), row);
      assert.equal(await store.changeByKey(row, "cus_2", row.key), undefined);
      assert.equal(await store.changeByKey(row, "cus_1", "unknown"), undefined);
      assert.equal(await store.changeByKey({ ...row, environment: "sandbox" }, "cus_1", row.key), undefined);
      assert.equal(await store.changeByKey(aScope(), "cus_1", row.key), undefined);
    });

    it("takes a key once for each customer, whatever became of the first", async () => {
      const { store } = opened;
      const scope = aScope();
      const { key } = await added(scope, { status: "failed" });
      const again = aChange(scope, { key, subscriptionId: "sub_2" });
      assert.equal(await store.insertChange(again), false);
      assert.equal(await store.change(again.id), undefined);
      await added(scope, { key, customerId: "cus_2", subscriptionId: "sub_2" });
      await added({ ...scope, environment: "sandbox" }, { key });
    });

    it("lets a subscription have one that is pending, after any that are settled", async () => {
      const { store } = opened;
      const scope = aScope();
      await added(scope, { status: "failed" });
      await added(scope, { status: "succeeded" });
      const first = await added(scope);
      const second = aChange(scope);
      assert.equal(await store.insertChange(second), false);
      assert.equal(await store.change(second.id), undefined);
      await added(scope, { subscriptionId: "sub_2" });
      await added({ ...scope, environment: "sandbox" });
      await store.settleChange(first.id, { status: "succeeded", settledAt: NOW + 1 });
      assert.equal(await store.insertChange(second), true);
    });

    it("knows the promo codes that a customer has used, or may have", async () => {
      const { store } = opened;
      const scope = aScope();
      const using = (code: string, more: Parameters<typeof aChange>[1] = {}) =>
        added(scope, { change: { type: "promo_code", code }, subscriptionId: id("sub"), ...more });
      await using("Done", { status: "succeeded" });
      await using("waiting");
      await using("REFUSED", { status: "failed", fault: "promo_code_expired" });
      await using("theirs", { status: "succeeded", customerId: "cus_2" });
      await added(scope, { subscriptionId: id("sub"), status: "succeeded" });
      assert.deepEqual((await store.redeemedCodes(scope, "cus_1")).toSorted(), ["Done", "waiting"]);
      assert.deepEqual(await store.redeemedCodes(scope, "cus_2"), ["theirs"]);
      for (const other of [{ ...scope, environment: "sandbox" } as const, aScope()])
        assert.deepEqual(await store.redeemedCodes(other, "cus_1"), []);
    });

    it("does not end the caller's transaction over a key that is taken", async () => {
      const { store } = opened;
      const row = await added(aScope());
      const other = aChange(aScope());
      await store.transaction(async (tx) => {
        assert.equal(await tx.insertChange({ ...row, id: id("chg") }), false);
        assert.equal(await tx.insertChange(other), true);
      });
      assert.deepEqual(await store.change(other.id), other);
    });

    it("settles a change once, with what billing said", async () => {
      const { store } = opened;
      const refused = await added(aScope());
      const end = { status: "failed", fault: "card_declined", settledAt: NOW + 1 } as const;
      await store.settleChange(refused.id, end);
      await store.settleChange(refused.id, { status: "succeeded", settledAt: NOW + 2 });
      assert.deepEqual(await store.change(refused.id), { ...refused, ...end });
      const done = await added(aScope());
      await store.settleChange(done.id, { status: "succeeded", settledAt: NOW + 1 });
      await store.settleChange(done.id, end);
      assert.deepEqual(await store.change(done.id), { ...done, status: "succeeded", settledAt: NOW + 1 });
    });

    it("lists what is pending of a subscription, and nothing else", async () => {
      const { store } = opened;
      const scope = aScope();
      await added(scope, { status: "succeeded" });
      await added(scope, { subscriptionId: "sub_2" });
      await added({ ...scope, environment: "sandbox" });
      assert.deepEqual(await store.pendingChanges(scope, "sub_1"), []);
      const row = await added(scope);
      assert.deepEqual(await store.pendingChanges(scope, "sub_1"), [row]);
    });

    it("counts as retained when it succeeded, from when the customer wanted it", async () => {
      const { store } = opened;
      const scope = aScope();
      await added(scope, { status: "failed", createdAt: NOW + 9 });
      await added(scope, { status: "pending", createdAt: NOW + 9 });
      await added(scope, { status: "succeeded", createdAt: NOW + 9, subscriptionId: "sub_2" });
      await added({ ...scope, environment: "sandbox" }, { status: "succeeded", createdAt: NOW + 9 });
      assert.equal(await store.isRetainedSince(scope, "sub_1", NOW), false);
      await added(scope, { status: "succeeded", createdAt: NOW + 5, settledAt: NOW + 90 });
      assert.equal(await store.isRetainedSince(scope, "sub_1", NOW + 4), true);
      assert.equal(await store.isRetainedSince(scope, "sub_1", NOW + 5), false);
      await store.insertSession(aSession(scope, { outcome: "retained", settlement, completedAt: NOW + 6 }));
      assert.equal(await store.isRetainedSince(scope, "sub_1", NOW + 5), true);
      assert.equal(await store.isRetainedSince(scope, "sub_1", NOW + 6), false);
    });

    it("is a change of the subscription from when it was settled, as a session's action is", async () => {
      const { store } = opened;
      const scope = aScope();
      const of = { ...scope, subscriptionId: "sub_1" };
      await added(scope, { status: "failed", settledAt: NOW + 9 });
      await added(scope, { status: "succeeded", settledAt: NOW + 9, subscriptionId: "sub_2" });
      assert.equal(await store.isChangedSince(of, NOW), false);
      await added(scope, { status: "succeeded", settledAt: NOW + 5 });
      assert.equal(await store.isChangedSince(of, NOW + 5), true);
      assert.equal(await store.isChangedSince({ ...of, id: "ses_any" }, NOW + 5), true);
      assert.equal(await store.isChangedSince(of, NOW + 6), false);
      const session = aSession(scope);
      await store.insertSession(session);
      await store.insertAction(anAction(session.id, { status: "succeeded", settledAt: NOW + 7 }));
      assert.equal(await store.isChangedSince(of, NOW + 7), true);
      assert.equal(await store.isChangedSince(of, NOW + 8), false);
      assert.equal(await store.isChangedSince(session, NOW + 7), false, "what it has done itself");
    });

    it("counts an accepted offer with those of flows, oldest first", async () => {
      const { store } = opened;
      const scope = aScope();
      const session = aSession(scope);
      await store.insertSession(session);
      const offer = { type: "contact", id: "in_flow", terms: { url: "https://acme.example" } } as const;
      const decision = { type: "accept", offer, choice: {} } as const;
      await store.insertAction(anAction(session.id, { decision, createdAt: NOW + 1 }));
      const offered = async (offerId: string, more: Parameters<typeof aChange>[1] = {}, in_ = scope) =>
        added(in_, { subscriptionId: id("sub"), offerId, status: "succeeded", ...more });
      await offered("late", { createdAt: NOW + 2, status: "pending" });
      await offered("early");
      await offered("failed", { status: "failed" });
      await offered("another's", { customerId: "cus_2" });
      await offered("sandbox", {}, { ...scope, environment: "sandbox" });
      await added(scope, { status: "succeeded" });
      assert.deepEqual(await store.acceptedOffers(scope, "cus_1"), [
        { offerId: "early", at: NOW },
        { offerId: "in_flow", at: NOW + 1 },
        { offerId: "late", at: NOW + 2 },
      ]);
    });

    it("remembers when an offer was dismissed last", async () => {
      const { store } = opened;
      const scope = aScope();
      await store.dismissOffer(scope, "cus_1", "half", NOW + 5);
      await store.dismissOffer(scope, "cus_1", "annual", NOW + 6);
      await store.dismissOffer(scope, "cus_2", "half", NOW);
      await store.dismissOffer({ ...scope, environment: "sandbox" }, "cus_1", "half", NOW);
      await store.dismissOffer(scope, "cus_1", "half", NOW + 7);
      await store.dismissOffer(scope, "cus_1", "annual", NOW + 1);
      assert.deepEqual(await store.dismissedOffers(scope, "cus_1"), [
        { offerId: "annual", at: NOW + 6 },
        { offerId: "half", at: NOW + 7 },
      ]);
      assert.deepEqual(await store.dismissedOffers(scope, "cus_3"), []);
    });

    it("leaves out of what has ended a subscription what was undone", async () => {
      const { store } = opened;
      const scope = aScope();
      const cancelled = { ...settlement, outcome: "cancelled" } as const;
      const session = async (more: Parameters<typeof aSession>[1]) => {
        const row = aSession(scope, more);
        await store.insertSession(row);
        return row.id;
      };
      const first = await session({ outcome: "cancelled", settlement: cancelled });
      const repeated = await session({ outcome: "abandoned", settlement: cancelled });
      await session({ outcome: "retained", settlement });
      await session({ outcome: "abandoned" });
      await session({ outcome: "abandoned", settlement: { ...cancelled, status: "requested" } });
      await session({ outcome: "cancelled", settlement: cancelled, subscriptionId: "sub_2" });
      const ids = async () => (await store.cancelledSessions(scope, "sub_1")).map((row) => row.id).sort();
      assert.deepEqual(await ids(), [first, repeated].sort());
      await store.updateSession(first, { undoneAt: NOW + 1 });
      assert.deepEqual(await ids(), [repeated]);
      assert.equal((await store.session(first))?.undoneAt, NOW + 1);
    });

    it("refuses fractions of time, and an id that is taken", async () => {
      const { store } = opened;
      const row = await added(aScope());
      await assert.rejects(store.settleChange(row.id, { settledAt: NOW + 0.5, status: "failed" }));
      assert.equal(await store.insertChange(aChange(aScope(), { id: row.id })), false);
      assert.deepEqual(await store.change(row.id), row);
    });
  });
}

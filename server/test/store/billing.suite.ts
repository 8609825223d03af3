import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { TestHome, TestStore } from "../stores.ts";
import { aBillingEvent, anAttempt, aRecovery, aScope, id, NOW } from "./rows.ts";

/** What billing told of its own accord, and invoices that could not be collected. */
export function billingSuite(home: TestHome): void {
  describe("events of billing and recoveries", () => {
    let opened: TestStore;
    before(async () => {
      opened = await home.open();
    });
    after(() => opened.drop());

    it("keeps an event once in each scope, and finds it by its id and by what it is about", async () => {
      const { store } = opened;
      const scope = aScope();
      const row = aBillingEvent(scope, {
        event: {
          id: "evt_1",
          at: NOW,
          type: "subscription_ended",
          subscriptionId: "sub_1",
          leaving: { requestedAt: NOW - 1, involuntary: true, comment: "“Grüße” 🦊" },
        },
      });
      assert.equal(await store.insertBillingEvent(row), true);
      assert.equal(await store.insertBillingEvent({ ...row, subject: "sub_2" }), false);
      assert.deepEqual(await store.billingEvent(scope, row.id), row);
      const sandbox = { ...scope, environment: "sandbox" } as const;
      assert.equal(await store.billingEvent(sandbox, row.id), undefined);
      assert.equal(await store.insertBillingEvent({ ...row, ...sandbox }), true);
      const other = aBillingEvent(scope, { subject: "in_1" });
      await store.insertBillingEvent(other);
      assert.deepEqual(await store.billingEvents(scope, "sub_1"), [row]);
      assert.deepEqual(await store.billingEvents(scope, "in_1"), [other]);
      assert.deepEqual(await store.billingEvents(scope, "in_2"), []);
    });

    it("inserts one of two that come at once", async () => {
      const row = aBillingEvent(aScope());
      const inserted = await Promise.all([1, 2, 3].map(() => opened.store.insertBillingEvent(row)));
      assert.deepEqual(inserted.sort(), [false, false, true]);
    });

    it("forgets what was received before, and nothing later", async () => {
      const { store } = opened;
      const scope = aScope();
      const [old, kept] = [NOW - 1, NOW].map((receivedAt) => aBillingEvent(scope, { receivedAt }));
      for (const row of [old, kept]) await store.insertBillingEvent(row ?? assert.fail());
      await store.forgetBillingEvents(NOW);
      assert.deepEqual(await store.billingEvents(scope, "sub_1"), [kept]);
    });

    it("says when a scope last heard something", async () => {
      const { store } = opened;
      const scope = aScope();
      assert.equal(await store.lastBillingEventAt(scope), undefined);
      for (const receivedAt of [NOW, NOW + 2, NOW + 1])
        await store.insertBillingEvent(aBillingEvent(scope, { receivedAt }));
      const sandbox = { ...scope, environment: "sandbox" } as const;
      await store.insertBillingEvent(aBillingEvent(sandbox, { receivedAt: NOW + 9 }));
      assert.equal(await store.lastBillingEventAt(scope), NOW + 2);
      assert.equal(await store.lastBillingEventAt(sandbox), NOW + 9);
    });

    it("has one recovery per invoice, which keeps its first id, with every field", async () => {
      const { store } = opened;
      const bare = aRecovery(aScope());
      await store.putRecovery(bare);
      assert.deepEqual(await store.recovery(bare, bare.invoiceId), bare);
      const full = {
        ...bare,
        id: id("rec"),
        subscriptionId: "sub_1",
        email: "jane@example.com",
        declineCode: "insufficient_funds",
        status: "failed",
        attemptCount: 3,
        lastAttemptAt: NOW + 3,
        nextAttemptAt: NOW + 4,
        recoveredAt: NOW + 5,
        closedReason: "voided",
      } as const;
      await store.putRecovery(full);
      assert.deepEqual(await store.recovery(bare, bare.invoiceId), { ...full, id: bare.id });
      await store.putRecovery(bare);
      assert.deepEqual(await store.recovery(bare, bare.invoiceId), bare, "absent fields are absent again");
      assert.equal(await store.recovery(aScope(), bare.invoiceId), undefined);
    });

    it("lists a subscription's recoveries, oldest first, and a scope's, newest first", async () => {
      const { store } = opened;
      const scope = aScope();
      const put = async (firstFailedAt: number, subscriptionId: string, in_ = scope) => {
        const row = aRecovery(in_, { firstFailedAt, subscriptionId });
        await store.putRecovery(row);
        return row;
      };
      const late = await put(NOW + 2, "sub_1");
      const early = await put(NOW, "sub_1");
      const other = await put(NOW + 1, "sub_2");
      await put(NOW, "sub_1", { ...scope, environment: "sandbox" });
      assert.deepEqual(await store.recoveriesOf(scope, "sub_1"), [early, late]);
      assert.deepEqual(await store.listRecoveries(scope, { limit: 9 }), [late, other, early]);
      assert.deepEqual(await store.listRecoveries(scope, { limit: 1 }), [late]);
    });

    it("lists pending recoveries about which nothing happens any more", async () => {
      const alone = await home.open();
      const { store } = alone;
      const scope = aScope();
      const put = async (more: Parameters<typeof aRecovery>[1]) => {
        const row = aRecovery(scope, more);
        await store.putRecovery(row);
        return row;
      };
      const silent = await put({ lastAttemptAt: NOW });
      const missed = await put({ lastAttemptAt: NOW - 9, nextAttemptAt: NOW });
      await put({ lastAttemptAt: NOW + 1 });
      await put({ lastAttemptAt: NOW, nextAttemptAt: NOW + 1 });
      await put({ lastAttemptAt: NOW, status: "failed" });
      assert.deepEqual(await store.silentRecoveries(NOW, 9), [missed, silent]);
      assert.deepEqual(await store.silentRecoveries(NOW, 1), [missed]);
      await alone.drop();
    });

    it("keeps each attempt once, also one by hand that has the number of the one before", async () => {
      const { store } = opened;
      const row = aRecovery(aScope());
      await store.putRecovery(row);
      const first = anAttempt(row.id, { declineCode: "expired_card" });
      const byHand = anAttempt(row.id, { attemptedAt: NOW + 1 });
      const paid = anAttempt(row.id, { attemptedAt: NOW + 1, status: "succeeded" });
      for (const each of [paid, byHand, first]) assert.equal(await store.insertRecoveryAttempt(each), true);
      assert.equal(await store.insertRecoveryAttempt({ ...first, id: id("att") }), false);
      assert.deepEqual(await store.recoveryAttempts(row.id), [first, byHand, paid]);
      assert.deepEqual(await store.recoveryAttempts("unknown"), []);
      await assert.rejects(store.insertRecoveryAttempt(anAttempt("unknown")));
    });
  });
}

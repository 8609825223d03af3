import assert from "node:assert/strict";
import { after, afterEach, before, describe, it } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import type { Scope, Store } from "../../src/store/store.ts";
import type { DeliveryRow, WebhookAttemptRow, WebhookEndpointRow } from "../../src/store/webhooks.ts";
import type { TestHome, TestStore } from "../stores.ts";
import { deferred } from "./deferred.ts";
import { aFact, aScope, id, NOW } from "./rows.ts";

const LEASE = 30_000;
const HOUR = 3_600_000;

const anEndpoint = (scope: Scope, more: Partial<WebhookEndpointRow> = {}): WebhookEndpointRow => ({
  ...scope,
  id: id("whe"),
  url: "https://acme.example/hooks",
  events: ["*"],
  status: "enabled",
  secrets: [{ id: id("whs"), sealed: "sealed", createdAt: NOW }],
  createdAt: NOW,
  updatedAt: NOW,
  ...more,
});

const aDelivery = (endpointId: string, more: Partial<DeliveryRow> = {}): DeliveryRow => ({
  id: id("whd"),
  endpointId,
  eventId: id("evt"),
  type: "cancel.saved",
  status: "pending",
  attempts: 0,
  tries: 0,
  dueAt: NOW,
  createdAt: NOW,
  ...more,
});

const anAttempt = (deliveryId: string, more: Partial<WebhookAttemptRow> = {}): WebhookAttemptRow => ({
  id: id("wha"),
  deliveryId,
  attempt: 1,
  at: NOW,
  duration: 12,
  ...more,
});

/** Endpoints, and what is on its way to them. Time is only ever passed in. */
export function webhooksSuite(home: TestHome): void {
  describe("webhooks", () => {
    let opened: TestStore;
    let store: Store;
    before(async () => {
      opened = await home.open();
      ({ store } = opened);
    });
    // Claims reach for the deliveries of all workspaces.
    afterEach(async () => {
      await opened.db.deleteFrom("webhook_endpoints").execute();
      await opened.db.deleteFrom("events").execute();
    });
    after(() => opened.drop());

    const endpoint = async (scope = aScope(), more: Partial<WebhookEndpointRow> = {}) => {
      const row = anEndpoint(scope, more);
      await store.insertWebhookEndpoint(row);
      return row;
    };
    /** One event, on its way to one endpoint. */
    const sent = async (to: WebhookEndpointRow, more: Partial<DeliveryRow> = {}) => {
      const fact = aFact(
        { workspaceId: to.workspaceId, environment: to.environment },
        { type: "webhook.test" },
      );
      await store.insertEvent(fact);
      const row = aDelivery(to.id, { eventId: fact.id, ...more });
      await store.insertDelivery(row);
      return row;
    };
    const received = async ({ id: endpointId }: WebhookEndpointRow) =>
      (await store.deliveries({ endpointId, limit: 99 })).map(({ type }) => type).sort();
    const claim = (of: WebhookEndpointRow, now = NOW, limit = 99) =>
      store.claimDeliveries(of.id, { now, leaseMs: LEASE, limit });
    const claimed = async (...args: Parameters<typeof claim>) => (await claim(...args)).map((row) => row.id);

    it("keeps endpoints and finds them in their workspace, oldest first", async () => {
      const scope = aScope();
      const full = anEndpoint(scope, {
        description: "Größe “zählt”",
        events: ["cancel.saved", "payment.lost"],
        status: "disabled",
        disabledReason: "failing",
        disabledAt: NOW + 3,
        failingSince: NOW + 2,
        createdAt: NOW + 1,
      });
      const plain = anEndpoint({ ...scope, environment: "sandbox" });
      for (const row of [full, plain, anEndpoint(aScope())]) await store.insertWebhookEndpoint(row);
      assert.deepEqual(await store.webhookEndpoint(scope, full.id), full);
      assert.deepEqual(await store.webhookEndpoint(aScope(), full.id), undefined);
      assert.deepEqual(await store.webhookEndpoints({ workspaceId: scope.workspaceId }), [plain, full]);
      assert.deepEqual(await store.webhookEndpoints(scope), [full]);
    });

    it("changes what it is told to, and takes away what is null", async () => {
      const row = await endpoint(aScope(), { description: "old" });
      const { description: _, ...rest } = row;
      const secrets = [{ id: "whs_2", sealed: "new", createdAt: NOW }, ...row.secrets];
      const change = { url: "https://b.example/", events: ["payment.lost"], secrets, updatedAt: NOW + 9 };
      await store.updateWebhookEndpoint(row.id, { ...change, description: null });
      assert.deepEqual(await store.webhookEndpoint(row, row.id), { ...rest, ...change });
      const off = { status: "disabled", disabledReason: "gone", disabledAt: NOW, failingSince: NOW } as const;
      await store.updateWebhookEndpoint(row.id, off);
      assert.deepEqual(await store.webhookEndpoint(row, row.id), { ...rest, ...change, ...off });
      await store.updateWebhookEndpoint(row.id, {});
      await store.updateWebhookEndpoint(row.id, {
        status: "enabled",
        disabledReason: null,
        disabledAt: null,
        failingSince: null,
      });
      assert.deepEqual(await store.webhookEndpoint(row, row.id), { ...rest, ...change });
    });

    it("sends an event to the endpoints of its scope that want it, and to no other", async () => {
      const scope = aScope();
      const all = await endpoint(scope);
      const some = await endpoint(scope, { events: ["cancel.saved", "subscription.ending_undone"] });
      const none = await endpoint(scope, { events: ["cancel.saved.later", "subscription.ending"] });
      const off = await endpoint(scope, { status: "disabled", disabledReason: "manual" });
      const sandbox = await endpoint({ ...scope, environment: "sandbox" });
      const stranger = await endpoint(aScope());
      const types = [
        "cancel.saved",
        "cancel.save_",
        "subscription.ending_undone",
        "CANCEL.SAVED",
        "webhook.test",
      ];
      for (const type of types) await store.insertEvent(aFact(scope, { type }));
      assert.deepEqual(await received(all), types.slice(0, 4).sort());
      assert.deepEqual(await received(some), ["cancel.saved", "subscription.ending_undone"]);
      for (const other of [none, off, sandbox, stranger]) assert.deepEqual(await received(other), []);
    });

    it("makes each delivery due at once, under an id of its own without a dot", async () => {
      const scope = aScope();
      const [a, b] = [await endpoint(scope), await endpoint(scope)];
      const facts = [aFact(scope, { at: NOW - 5 }), aFact(scope)];
      for (const fact of facts) await store.insertEvent(fact);
      const rows = await Promise.all(
        [a, b].map(({ id: endpointId }) => store.deliveries({ endpointId, limit: 9 })),
      );
      assert.equal(new Set(rows.flat().map((row) => row.id)).size, 4);
      for (const row of rows.flat()) assert.match(row.id, /^whd_\w+$/);
      const [later, first] = rows[0] ?? [];
      const { id: _, ...fields } = first ?? assert.fail();
      assert.deepEqual(fields, {
        endpointId: a.id,
        eventId: facts[0]?.id,
        type: "cancel.saved",
        status: "pending",
        attempts: 0,
        tries: 0,
        dueAt: NOW - 5,
        createdAt: NOW - 5,
      });
      assert.deepEqual([later?.dueAt, later?.createdAt], [NOW, NOW]);
      assert.deepEqual(await store.delivery(first?.id ?? ""), first);
    });

    it("sends nothing of what did not hold", async () => {
      const row = await endpoint();
      const failed = store.transaction(async (tx) => {
        await tx.insertEvent(aFact({ workspaceId: row.workspaceId, environment: row.environment }));
        throw new Error("no");
      });
      await assert.rejects(failed, /^Error: no$/);
      assert.deepEqual(await received(row), []);
    });

    it("lets an event hold whose endpoint is deleted at that moment", async () => {
      const row = await endpoint();
      const scope = { workspaceId: row.workspaceId, environment: row.environment };
      const [deleted, end] = [deferred(), deferred()];
      const deleting = store.transaction(async (tx) => {
        await tx.deleteWebhookEndpoint(row.id);
        deleted.resolve();
        await end.promise;
      });
      await deleted.promise;
      const fact = aFact(scope);
      const telling = store.insertEvent(fact);
      // Far enough for it to wait for the other.
      for (let round = 0; round < 50; round++) await turn();
      end.resolve();
      await Promise.all([deleting, telling]);
      assert.deepEqual(await store.event(fact.id), fact);
    });

    it("deletes an endpoint with all that was on its way to it", async () => {
      const row = await endpoint();
      const delivery = await sent(row);
      await store.insertWebhookAttempt(anAttempt(delivery.id));
      await store.deleteWebhookEndpoint(row.id);
      assert.equal(await store.delivery(delivery.id), undefined);
      assert.deepEqual(await store.webhookAttempts(delivery.id), []);
      assert.equal(await store.webhookEndpoint(row, row.id), undefined);
    });

    it("lists deliveries latest first, by status and in pages", async () => {
      const row = await endpoint();
      const made: DeliveryRow[] = [];
      for (const status of ["pending", "failed", "succeeded", "failed"] as const)
        made.push(await sent(row, { status, createdAt: NOW + made.length, settledAt: NOW + 9 }));
      const ids = async (by: { status?: DeliveryRow["status"]; limit: number; offset?: number }) =>
        (await store.deliveries({ endpointId: row.id, ...by })).map((each) =>
          made.findIndex(({ id: own }) => own === each.id),
        );
      assert.deepEqual(await ids({ limit: 9 }), [3, 2, 1, 0]);
      assert.deepEqual(await ids({ limit: 2, offset: 1 }), [2, 1]);
      assert.deepEqual(await ids({ status: "failed", limit: 9 }), [3, 1]);
      assert.equal(await store.deliveryCount({ endpointId: row.id }), 4);
      assert.equal(await store.deliveryCount({ endpointId: row.id, status: "failed" }), 2);
    });

    it("keeps each attempt, oldest first", async () => {
      const delivery = await sent(await endpoint());
      const full = anAttempt(delivery.id, { attempt: 2, status: 500, error: "said 500", excerpt: "Oh „no“" });
      const silent = anAttempt(delivery.id, { error: "no answer" });
      for (const row of [full, silent]) await store.insertWebhookAttempt(row);
      assert.deepEqual(await store.webhookAttempts(delivery.id), [silent, full]);
    });

    it("hands out what is due of one endpoint, with its event, the longest due first", async () => {
      const row = await endpoint();
      const second = await sent(row);
      const first = await sent(row, { dueAt: NOW - 1 });
      const future = await sent(row, { dueAt: NOW + 1 });
      await sent(row, { status: "failed" });
      await sent(await endpoint());
      const [got, ...rest] = await claim(row, NOW, 1);
      assert.deepEqual(rest, []);
      assert.deepEqual(got, {
        ...first,
        attempts: 1,
        tries: 1,
        event: await store.event(first.eventId),
      });
      assert.deepEqual(await claimed(row), [second.id]);
      assert.deepEqual(await claimed(row), []);
      assert.deepEqual(await claimed(row, NOW + 1), [future.id]);
    });

    it("names the endpoints to which something is due that nobody has in hand", async () => {
      const [a, b, c] = [await endpoint(), await endpoint(), await endpoint()];
      await sent(a);
      await sent(b, { dueAt: NOW + 1 });
      await sent(c, { status: "succeeded" });
      assert.deepEqual(await store.dueEndpoints(NOW, LEASE), [a.id]);
      assert.deepEqual(await store.dueEndpoints(NOW + 1, LEASE), [a.id, b.id].sort());
      await claim(a);
      assert.deepEqual(await store.dueEndpoints(NOW, LEASE), []);
      assert.deepEqual(await store.dueEndpoints(NOW + LEASE, LEASE), [a.id, b.id].sort());
    });

    it("gives a delivery to somebody else when the lease has run out, or once it was given back", async () => {
      const row = await endpoint();
      const delivery = await sent(row);
      await claim(row);
      assert.deepEqual(await claimed(row, NOW + LEASE - 1), []);
      const [again] = await claim(row, NOW + LEASE);
      assert.deepEqual([again?.id, again?.attempts, again?.tries], [delivery.id, 2, 2]);
      await store.updateDelivery(delivery.id, { dueAt: NOW + LEASE + 7 });
      assert.deepEqual(await claimed(row, NOW + LEASE + 6), []);
      assert.deepEqual(await claimed(row, NOW + LEASE + 7), [delivery.id]);
      await store.updateDelivery(delivery.id, { status: "succeeded", settledAt: NOW + 9 });
      assert.deepEqual(await claimed(row, NOW + 9 * LEASE), []);
      // By hand, once more.
      await store.updateDelivery(delivery.id, { status: "pending", tries: 0, dueAt: NOW, settledAt: null });
      const { attempts, tries, settledAt } = (await store.delivery(delivery.id)) ?? assert.fail();
      assert.deepEqual([attempts, tries, settledAt], [3, 0, undefined]);
      assert.deepEqual(await claimed(row), [delivery.id]);
    });

    it("hands each delivery to one of two processes that reach for all", async () => {
      const row = await endpoint();
      for (let count = 0; count < 40; count++) await sent(row);
      const there = (await opened.reopen()).store;
      const of = { now: NOW, leaseMs: LEASE, limit: 4 };
      const take = async (from: Store) => {
        const mine: string[] = [];
        for (
          let got = await from.claimDeliveries(row.id, of);
          got.length;
          got = await from.claimDeliveries(row.id, of)
        )
          mine.push(...got.map((each) => each.id));
        return mine;
      };
      // Where everything left is in another's hands for a moment, one has nothing to take.
      const all = (await Promise.all([store, there, store, there].map(take))).flat();
      all.push(...(await take(store)));
      assert.deepEqual([all.length, new Set(all).size], [40, 40]);
    });

    it("takes what a clock that ran ahead has put off, or has in hand, but nothing that is merely late", async () => {
      const row = await endpoint();
      const farthest = await sent(row, { dueAt: NOW + 27 * HOUR });
      const tooFar = await sent(row, { dueAt: NOW + 27 * HOUR + 1 });
      assert.deepEqual(await store.dueEndpoints(NOW, LEASE), [row.id]);
      const [got, ...rest] = await claim(row);
      assert.deepEqual([got?.id, got?.dueAt, rest.length], [tooFar.id, NOW, 0]);
      await claim(row, NOW + 400 * 24 * HOUR);
      // Two leases ahead at most: another server's clock may differ a little.
      assert.deepEqual(await claimed(row, NOW + 27 * HOUR), [tooFar.id, farthest.id]);
    });

    it("gives up what is on its way to an endpoint, in hand or not", async () => {
      const [row, other] = [await endpoint(), await endpoint()];
      const [inHand, waiting, done] = [
        await sent(row),
        await sent(row),
        await sent(row, { status: "failed" }),
      ];
      const kept = await sent(other);
      await claim(row, NOW, 1);
      await store.cancelDeliveries(row.id, NOW + 5);
      for (const { id: own } of [inHand, waiting]) {
        const { status, settledAt } = (await store.delivery(own)) ?? assert.fail();
        assert.deepEqual([status, settledAt], ["cancelled", NOW + 5]);
      }
      assert.deepEqual(await store.delivery(done.id), done);
      assert.deepEqual(await store.delivery(kept.id), kept);
    });

    it("forgets on its way what was forgotten with a customer", async () => {
      const row = await endpoint();
      const orphan = aDelivery(row.id);
      await store.insertDelivery(orphan);
      const kept = await sent(row);
      assert.deepEqual(await claimed(row), [kept.id]);
      assert.equal(await store.delivery(orphan.id), undefined);
    });

    it("says how much is on its way, what keeps failing, since when, and what it has switched off", async () => {
      assert.deepEqual(await store.deliveryHealth(1), { open: 0, failing: 0, disabled: 0 });
      const row = await endpoint();
      await sent(row, { dueAt: NOW + 5 });
      await sent(row, { tries: 2, attempts: 7, dueAt: NOW + 8 });
      await sent(row, { status: "failed", tries: 10, dueAt: NOW - 9 });
      for (const disabledReason of ["gone", "failing", "manual"] as const)
        await endpoint(aScope(), { status: "disabled", disabledReason });
      const health = { open: 2, failing: 1, oldestDueAt: NOW + 5, disabled: 2 };
      assert.deepEqual(await store.deliveryHealth(2), health);
      assert.deepEqual(await store.deliveryHealth(3), { ...health, failing: 0 });
      await claim(row, NOW + 8);
      assert.equal((await store.deliveryHealth(3)).failing, 0, "the third try is still running");
    });

    it("forgets events from before with their deliveries, a few at a time, and none that is still on its way", async () => {
      const row = await endpoint();
      const scope = { workspaceId: row.workspaceId, environment: row.environment };
      const told = async (at: number, status: DeliveryRow["status"]) => {
        const fact = aFact(scope, { at });
        await store.insertEvent(fact);
        const all = await store.deliveries({ endpointId: row.id, limit: 9 });
        const { id: own } = all.find(({ eventId }) => eventId === fact.id) ?? assert.fail();
        await store.updateDelivery(own, { status });
        await store.insertWebhookAttempt(anAttempt(own));
        return { event: fact.id, delivery: own };
      };
      const late = await told(NOW, "succeeded");
      const waiting = await told(NOW - 10, "pending");
      const old = [
        await told(NOW - 3, "succeeded"),
        await told(NOW - 2, "failed"),
        await told(NOW - 1, "cancelled"),
      ];
      // Nobody was told of it.
      const silent = aFact(aScope(), { at: NOW - 1 });
      await store.insertEvent(silent);
      assert.deepEqual([await store.forgetEvents(NOW, 3), await store.forgetEvents(NOW, 3)], [3, 1]);
      assert.equal(await store.event(silent.id), undefined);
      for (const { event, delivery } of old) {
        assert.equal(await store.event(event), undefined);
        assert.equal(await store.delivery(delivery), undefined);
        assert.deepEqual(await store.webhookAttempts(delivery), []);
      }
      for (const { event, delivery } of [late, waiting]) {
        assert.ok(await store.event(event));
        assert.ok(await store.delivery(delivery));
      }
    });
  });
}

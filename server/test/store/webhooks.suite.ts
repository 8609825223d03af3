import assert from "node:assert/strict";
import { after, afterEach, before, describe, it } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { type KyselyPlugin, sql } from "kysely";
import { postgres, sqlite } from "../../src/store/differences.ts";
import type { Scope, Store } from "../../src/store/store.ts";
import type { Cursor } from "../../src/store/visits.ts";
import { webhookUpkeep } from "../../src/store/webhook-upkeep.ts";
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
      await store.insertEvent(fact, { to: "nobody" });
      const row = aDelivery(to.id, { eventId: fact.id, ...more });
      await store.insertDelivery(row);
      return row;
    };
    const received = async ({ id: endpointId }: WebhookEndpointRow) =>
      (await store.deliveries({ endpointId, limit: 99 })).map(({ type }) => type).sort();
    const claim = (of: WebhookEndpointRow, now = NOW, limit = 99) =>
      store.claimDeliveries(of.id, { now, leaseMs: LEASE, limit });
    const due = (now: number, more: Partial<Parameters<Store["dueEndpoints"]>[2]> = {}) =>
      store.dueEndpoints(now, LEASE, { failing: false, limit: 99, ...more });
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
      for (const type of types)
        await store.insertEvent(aFact(scope, { type }), type === "webhook.test" ? { to: "nobody" } : {});
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
      assert.equal(await store.webhookEndpoint(row, row.id), undefined);
      await store.clearDeletedEndpoints(99);
      assert.deepEqual(await store.webhookAttempts(delivery.id), []);
    });

    it("shows nothing of a deleted endpoint to anybody, and takes away a little of it at a time", async () => {
      const scope = aScope();
      const [row, kept] = [await endpoint(scope, { failingSince: NOW }), await endpoint(scope)];
      for (let count = 0; count < 5; count++)
        await store.insertWebhookAttempt(anAttempt((await sent(row)).id));
      const theirs = await sent(kept);
      await store.deleteWebhookEndpoint(row.id);
      await store.updateWebhookEndpoint(row.id, { status: "enabled", url: "https://back.example/" });
      await store.insertEvent(aFact(scope));
      assert.deepEqual(await store.webhookEndpoints(scope), [kept]);
      assert.deepEqual([await due(NOW), await due(NOW, { failing: true })], [[kept.id], []]);
      const { rows } = await sql`select url, secrets from webhook_endpoints where id = ${row.id}`.execute(
        opened.db,
      );
      assert.deepEqual({ ...(rows[0] as object) }, { url: "", secrets: "[]" });
      const clear = () => store.clearDeletedEndpoints(2);
      assert.deepEqual([await clear(), await clear(), await clear(), await clear()], [2, 2, 2, 0]);
      const left = await sql`select 1 from webhook_attempts join webhook_deliveries on delivery_id =
        webhook_deliveries.id where endpoint_id = ${row.id}`.execute(opened.db);
      assert.deepEqual(left.rows, []);
      assert.deepEqual(await store.delivery(theirs.id), theirs);
    });

    it("lists deliveries latest first, by status and in pages", async () => {
      const row = await endpoint();
      const made: DeliveryRow[] = [];
      for (const status of ["pending", "failed", "succeeded", "failed"] as const)
        made.push(await sent(row, { status, createdAt: NOW + made.length, settledAt: NOW + 9 }));
      const ids = async (by: { status?: DeliveryRow["status"]; limit: number; after?: Cursor }) =>
        (await store.deliveries({ endpointId: row.id, ...by })).map((each) =>
          made.findIndex(({ id: own }) => own === each.id),
        );
      assert.deepEqual(await ids({ limit: 9 }), [3, 2, 1, 0]);
      const after = (index: number) => ({ at: NOW + index, id: made[index]?.id ?? assert.fail() });
      assert.deepEqual(await ids({ limit: 2, after: after(3) }), [2, 1]);
      assert.deepEqual(await ids({ limit: 2, after: after(0) }), []);
      assert.deepEqual(await ids({ status: "failed", limit: 9 }), [3, 1]);
      assert.deepEqual(await ids({ status: "failed", limit: 9, after: after(2) }), [1]);
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
      assert.deepEqual(await due(NOW), [a.id]);
      assert.deepEqual(await due(NOW + 1), [a.id, b.id].sort());
      await claim(a);
      assert.deepEqual(await due(NOW), []);
      assert.deepEqual(await due(NOW + LEASE), [a.id, b.id].sort());
    });

    it("names the longest due first, those that fail apart, and each in its turn", async () => {
      const well = [await endpoint(), await endpoint(), await endpoint()];
      for (const [index, row] of well.entries()) await sent(row, { dueAt: NOW - ([2, 3, 1][index] ?? 0) });
      const failing = [await endpoint(), await endpoint(), await endpoint()];
      for (const [index, row] of failing.entries()) {
        await store.updateWebhookEndpoint(row.id, { failingSince: NOW });
        await sent(row, { dueAt: NOW - index });
      }
      const names = (rows: readonly string[]) =>
        rows.map((one) => [...well, ...failing].findIndex((row) => row.id === one));
      assert.deepEqual(names(await due(NOW)), [1, 0, 2]);
      assert.deepEqual(names(await due(NOW, { limit: 2 })), [1, 0]);
      assert.deepEqual(names(await due(NOW, { failing: true })), [5, 4, 3]);
      const sorted = failing.map((row) => row.id).sort();
      const next = (after: string) => due(NOW, { failing: true, limit: 2, after });
      assert.deepEqual(await next(""), sorted.slice(0, 2));
      assert.deepEqual(await next(sorted[1] ?? ""), [sorted[2], sorted[0]]);
    });

    it("finds what is due in a few steps, however much there is", async () => {
      const row = await endpoint();
      const { id: model } = await sent(row, { dueAt: NOW + 1 });
      // So many that reading them all costs PostgreSQL more than an index does; half of them wait.
      await sql`insert into webhook_deliveries
        select ${model} || n, endpoint_id, event_id, type, case n % 2 when 0 then 'failed' else status end,
          attempts, tries, due_at + n, leased_until, created_at, settled_at
        from webhook_deliveries, (
          with recursive count(n) as (select 1 union all select n + 1 from count where n < 4000) select n from count
        ) as numbers where webhook_deliveries.id = ${model}`.execute(opened.db);
      const isHere = home.name === "SQLite";
      if (!isHere) await sql`analyze webhook_deliveries, webhook_endpoints`.execute(opened.db);
      const plans: string[] = [];
      const options = isHere ? { options: sql`query plan`.toOperationNode() } : {};
      const explaining: KyselyPlugin = {
        transformQuery: ({ node }) =>
          ({ ...node, explain: { kind: "ExplainNode", ...options } }) as typeof node,
        async transformResult({ result }) {
          plans.push(JSON.stringify(result.rows));
          return { ...result, rows: [] };
        },
      };
      const upkeep = webhookUpkeep(opened.db.withPlugin(explaining), isHere ? sqlite : postgres);
      for (const failing of [false, true]) await upkeep.dueEndpoints(NOW, LEASE, { failing, limit: 9 });
      assert.equal(plans.length, 2);
      for (const plan of plans) {
        assert.match(plan, /webhook_deliveries_due/);
        assert.doesNotMatch(plan, /Seq Scan on webhook_deliveries|"SCAN webhook_deliveries/);
      }
    });

    it("holds an event as it is until the transaction ends", async () => {
      const fact = aFact(aScope());
      await store.insertEvent(fact);
      const order: string[] = [];
      const [held, end] = [deferred(), deferred()];
      const holding = store.transaction(async (tx) => {
        assert.deepEqual(await tx.holdEvent(fact.id), fact);
        assert.equal(await tx.holdEvent("evt_none"), undefined);
        held.resolve();
        await end.promise;
        order.push("held");
      });
      await held.promise;
      const changing = opened.db
        .transaction()
        .execute((tx) => tx.updateTable("events").set({ data: "{}" }).where("id", "=", fact.id).execute())
        .then(() => order.push("changed"));
      // Far enough for it to wait for the other.
      for (let round = 0; round < 50; round++) await turn();
      end.resolve();
      await Promise.all([holding, changing]);
      assert.deepEqual(order, ["held", "changed"]);
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
      assert.deepEqual(await due(NOW), [row.id]);
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

    it("says how much is on its way, since when nobody has it in hand, and which endpoints take nothing", async () => {
      const nothing = { open: 0, failing: 0, disabled: 0 };
      assert.deepEqual(await store.deliveryHealth(NOW), nothing);
      const [row, failing] = [await endpoint(), await endpoint(aScope(), { failingSince: NOW })];
      for (const dueAt of [NOW + 5, NOW + 8]) await sent(row, { dueAt });
      await sent(failing, { dueAt: NOW - 9 });
      await sent(row, { status: "failed", tries: 10, dueAt: NOW - 9 });
      for (const disabledReason of ["gone", "failing", "manual"] as const)
        await endpoint(aScope(), { status: "disabled", disabledReason, failingSince: NOW });
      const health = { open: 3, failing: 1, disabled: 2 };
      assert.deepEqual(await store.deliveryHealth(NOW + 5), { ...health, oldestDueAt: NOW + 5 });
      await claim(row, NOW + 6);
      assert.deepEqual(await store.deliveryHealth(NOW + 8), health, "whoever has one gets to the next");
      assert.deepEqual(await store.deliveryHealth(NOW + HOUR), { ...health, oldestDueAt: NOW + 5 });
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

/** What simulated billing has to tell, from a card that is refused to what a business reads of it. */
import assert from "node:assert/strict";
import { it } from "node:test";
import { demoSubscriptions as ids } from "../../src/billing/simulator-demo.ts";
import { hearSimulated } from "../../src/domain/billing-news.ts";
import { alone, DAY, john, onEachStore, type World } from "../harness.ts";

const declined = { brand: "Visa", last4: "0002", declines: true } as const;
const good = { brand: "Mastercard", last4: "4444" } as const;

/** Billing's clock moves, and everything is done that follows from it. */
async function later(world: World, days: number): Promise<void> {
  await world.simulator.advance({ by: days * DAY });
  await settle(world);
}

async function settle(world: World): Promise<void> {
  await hearSimulated(world.deps);
  // An end is looked into some seconds later.
  world.pass(6_000);
  while (await world.tick());
}

/** What the worker does by itself, at its own time. */
async function laterAlone(world: World, days: number): Promise<void> {
  await world.simulator.advance({ by: days * DAY });
  for (let round = 0; round < 3; round++) {
    while (await world.tick());
    world.pass(6_000);
  }
}

const johns = async ({ deps, scope }: World) => {
  const rows = await deps.store.listRecoveries(scope, { limit: 99 });
  return rows.filter(({ customerId }) => customerId === john);
};

const told = async ({ deps, scope }: World) =>
  (await deps.store.events(scope, { limit: 999 }))
    .map(({ type, data }) => ({ type, data: Object(data) }))
    .filter(({ type, data }) => type.startsWith("payment.") && data.customer_id === john)
    .map(({ type, data }) => [type, data.attempt, data.reason ?? data.decline_code]);

const failedPayments = async (world: World) => {
  const { body } = await world.request("/api/v1/analytics", { key: world.key });
  return [body.failed_payments, body.recoveries];
};

onEachStore("A payment that fails in simulated billing", ({ home, open }) => {
  it("is recorded, tried again, and recovered once there is a good card", async () => {
    await using world = await alone(home);
    const { nextCharge } = await world.billed(ids.monthly);
    await world.simulator.setPaymentMethod(john, declined);
    await laterAlone(world, 19);
    const [row, ...others] = await johns(world);
    assert.ok(row && nextCharge && !others.length);
    assert.deepEqual(
      [row.status, row.amount, row.currency, row.email, row.subscriptionId, row.declineCode],
      ["pending", 4900, "usd", "john.doe@example.com", ids.monthly, "generic_decline"],
    );
    assert.deepEqual([row.firstFailedAt, row.nextAttemptAt], [nextCharge.at, nextCharge.at + 3 * DAY]);
    await laterAlone(world, 3);
    assert.equal((await johns(world))[0]?.attemptCount, 2);
    await world.simulator.setPaymentMethod(john, good);
    await laterAlone(world, 5);
    const [after] = await johns(world);
    assert.deepEqual([after?.status, after?.recoveredAt], ["recovered", nextCharge.at + 8 * DAY]);
    assert.deepEqual(await told(world), [
      ["payment.failed", 1, "generic_decline"],
      ["payment.failed", 2, "generic_decline"],
      ["payment.recovered", 3, "generic_decline"],
    ]);
    const all = await world.deps.store.listRecoveries(world.scope, { limit: 99 });
    assert.deepEqual(await failedPayments(world), [all.length, 1]);
    assert.equal((await world.billed(ids.monthly)).status, "active");
  });

  it("is lost when billing writes it off", async () => {
    const world = await open();
    await world.simulator.setPaymentMethod(john, declined);
    await later(world, 18 + 41);
    const [, first] = await johns(world);
    assert.deepEqual(
      [first?.status, first?.closedReason, first?.attemptCount],
      ["failed", "uncollectible", 4],
    );
    const all = await told(world);
    assert.deepEqual(
      all.filter(([, attempt]) => attempt === 4),
      [
        ["payment.failed", 4, "generic_decline"],
        ["payment.lost", 4, "uncollectible"],
      ],
    );
    assert.equal(all.filter(([type]) => type === "payment.lost").length, 1);
  });

  it("that its customer tries again by hand in vain is one attempt more, and paid when it works", async () => {
    const world = await open();
    await world.simulator.setPaymentMethod(john, declined);
    await later(world, 19);
    const pay = (key: string) =>
      world.simulator.execute({ type: "retry_payment", subscriptionId: ids.monthly }, key);
    for (const key of ["one", "one", "two"])
      await assert.rejects(pay(key), (error) => Object(error).code === "payment_declined");
    world.pass(1_000);
    await settle(world);
    const [row] = await johns(world);
    const attempts = await world.deps.store.recoveryAttempts(row?.id ?? "");
    assert.deepEqual([row?.attemptCount, row?.status], [1, "pending"]);
    assert.ok(
      attempts.length >= 2 && attempts.every(({ attempt, status }) => attempt === 1 && status === "failed"),
    );
    await world.simulator.setPaymentMethod(john, good);
    await pay("three");
    await settle(world);
    assert.equal((await johns(world))[0]?.status, "recovered");
  });

  it("has failed for good when the subscription ends before it is paid", async () => {
    const world = await open();
    await world.simulator.setPaymentMethod(john, declined);
    await later(world, 19);
    await world.simulator.execute(
      { type: "cancel", effective: "immediately", subscriptionId: ids.monthly, reason: "other" },
      "key",
    );
    await settle(world);
    const [row] = await johns(world);
    assert.deepEqual([row?.status, row?.closedReason], ["failed", "subscription_ended"]);
  });

  it("is told again where nobody has kept it, and kept once", async () => {
    const world = await open();
    await world.simulator.setPaymentMethod(john, declined);
    await world.simulator.advance({ by: 19 * DAY });
    const news = await world.simulator.news();
    assert.deepEqual(await world.simulator.news(), news);
    assert.ok(news.some((event) => event.type === "payment_failed" && event.customerId === john));
    // It dies after it has kept them, and before it has said so; and billing does not answer the time after.
    world.billing.plan = { heard: { when: "before", throws: "unknown", times: 1 } };
    await hearSimulated(world.deps);
    assert.deepEqual(await world.simulator.news(), news);
    world.billing.plan = { news: { when: "before", throws: "unknown", times: 1 } };
    await hearSimulated(world.deps);
    await hearSimulated(world.deps);
    assert.deepEqual(await world.simulator.news(), []);
    await settle(world);
    assert.deepEqual(await told(world), [["payment.failed", 1, "generic_decline"]]);
  });

  it("is heard once by two workers at once", async () => {
    const world = await open();
    await world.simulator.setPaymentMethod(john, declined);
    await world.simulator.advance({ by: 19 * DAY });
    await Promise.all([hearSimulated(world.deps), hearSimulated(world.deps)]);
    await settle(world);
    assert.deepEqual(await told(world), [["payment.failed", 1, "generic_decline"]]);
  });

  it("is told in the order of what happened, however much of it at once", async () => {
    const world = await open();
    await world.simulator.setPaymentMethod(john, declined);
    await world.simulator.advance({ by: 19 * DAY });
    await world.simulator.advance({ by: 4 * DAY });
    await world.simulator.setPaymentMethod(john, good);
    await later(world, 5);
    assert.deepEqual(await told(world), [
      ["payment.failed", 1, "generic_decline"],
      ["payment.failed", 2, "generic_decline"],
      ["payment.recovered", 3, "generic_decline"],
    ]);
  });

  it("of before there was anybody to hear it is not told", async () => {
    const world = await open();
    assert.deepEqual(await world.simulator.news(), []);
  });
});

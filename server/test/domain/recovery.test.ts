/** Invoices that could not be collected at once, and what becomes of them. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { BillingEvent } from "../../src/billing/billing-event.ts";
import { keepBillingEvent, processBillingEvent } from "../../src/domain/billing-events.ts";
import { isoOf } from "../../src/domain/dates.ts";
import { declineClass } from "../../src/domain/declines.ts";
import { alone, DAY, john, onEachStore, type World } from "../harness.ts";

let made = 0;
const invoiceId = "in_1";
const tells = (at: number, event: object) => ({ id: `evt_${++made}`, at, ...event }) as BillingEvent;

const failed = (at: number, more: object = {}) =>
  tells(at, {
    type: "payment_failed",
    invoiceId,
    subscriptionId: "sub_gone",
    customerId: john,
    email: "john.doe@example.com",
    amount: 4900,
    currency: "usd",
    attempt: 1,
    ...more,
  });
const paid = (at: number, more: object = {}) =>
  tells(at, { type: "payment_succeeded", invoiceId, amount: 4900, attempt: 1, ...more });
const givenUp = (at: number, reason: "voided" | "uncollectible") =>
  tells(at, { type: "payment_given_up", invoiceId, reason });

/** It arrives, and everything is done that is due within ten seconds. */
async function hear(world: World, ...events: BillingEvent[]): Promise<void> {
  for (const event of events) await keepBillingEvent(world.deps, world.scope, event);
  world.pass(10_000);
  while (await world.tick());
}

/** The demo business has customers of its own whose payments fail in the course of time. */
const isOurs = (each: { invoiceId: string }) => /^in_\d$/.test(each.invoiceId);

const recovery = async (world: World, id = invoiceId) =>
  (await world.deps.store.recovery(world.scope, id)) ?? assert.fail(`no recovery of ${id}`);

const attempts = async (world: World) =>
  (await world.deps.store.recoveryAttempts((await recovery(world)).id)).map(
    ({ attempt, status, attemptedAt, declineCode }) => [attempt, status, attemptedAt, declineCode],
  );

const told = async (world: World) =>
  (await world.deps.store.events(world.scope, { limit: 99 })).filter(({ type }) =>
    type.startsWith("payment."),
  );
const types = async (world: World) => (await told(world)).map(({ type }) => type);

onEachStore("An invoice that cannot be collected", ({ home, open }) => {
  it("is asked about where what was told does not say why, and recorded all the same if nobody answers", async () => {
    const world = await open();
    const [owing] = (await world.simulator.snapshot()).customers.flatMap(({ invoices }) =>
      invoices.filter(({ status }) => status === "open"),
    );
    const id = owing?.id ?? assert.fail("somebody owes something");
    world.billing.plan = { declineCode: { when: "before", throws: "unknown", times: 1 } };
    const { now } = world.clock;
    await hear(world, failed(now, { invoiceId: id }));
    assert.equal((await recovery(world, id)).declineCode, undefined);
    await hear(world, failed(now + 1, { invoiceId: id, attempt: 2 }));
    assert.equal((await recovery(world, id)).declineCode, "generic_decline");
  });

  it("has a record, which says who, how much, why and when it is tried again", async () => {
    const world = await open();
    const { now } = world.clock;
    const next = now + 3 * DAY;
    await hear(world, failed(now, { declineCode: "insufficient_funds", nextAttemptAt: next }));
    const row = await recovery(world);
    assert.match(row.id, /^rec_/);
    assert.deepEqual(row, {
      ...world.scope,
      id: row.id,
      invoiceId,
      subscriptionId: "sub_gone",
      customerId: john,
      email: "john.doe@example.com",
      amount: 4900,
      currency: "usd",
      declineCode: "insufficient_funds",
      status: "pending",
      attemptCount: 1,
      firstFailedAt: now,
      lastAttemptAt: now,
      nextAttemptAt: next,
    });
    assert.deepEqual(await attempts(world), [[1, "failed", now, "insufficient_funds"]]);
    const [fact, ...more] = await told(world);
    assert.deepEqual(more, []);
    assert.deepEqual([fact?.type, fact?.sessionId, fact?.at], ["payment.failed", undefined, now]);
    assert.deepEqual(fact?.data, {
      recovery_id: row.id,
      invoice_id: invoiceId,
      subscription_id: "sub_gone",
      customer_id: john,
      email: "john.doe@example.com",
      amount_cents: 4900,
      currency: "usd",
      decline_code: "insufficient_funds",
      decline_class: "retryable",
      attempt: 1,
      next_attempt_at: isoOf(next),
    });
  });

  it("counts the attempts of billing, and has those by hand as well", async () => {
    const world = await open();
    const { now } = world.clock;
    const second = failed(now + DAY, { attempt: 2, declineCode: "expired_card", amount: 2900 });
    const byHand = failed(now + DAY / 2, { declineCode: "do_not_honor" });
    await hear(world, failed(now, { nextAttemptAt: now + DAY }), second, byHand, byHand);
    const { id: _, ...row } = await recovery(world);
    assert.deepEqual(
      [row.attemptCount, row.firstFailedAt, row.lastAttemptAt, row.nextAttemptAt],
      [2, now, now + DAY, undefined],
    );
    assert.deepEqual([row.declineCode, row.amount], ["expired_card", 2900], "of the latest");
    assert.deepEqual(await attempts(world), [
      [1, "failed", now, undefined],
      [1, "failed", now + DAY / 2, "do_not_honor"],
      [2, "failed", now + DAY, "expired_card"],
    ]);
    assert.deepEqual(await types(world), Array(3).fill("payment.failed"));
  });

  it("is recovered when it is paid, once", async () => {
    const world = await open();
    const { now } = world.clock;
    const first = failed(now, { nextAttemptAt: now + DAY });
    await hear(world, first);
    const payment = paid(now + DAY, { attempt: 2, amount: 4800 });
    await hear(world, payment, payment);
    // A worker that died over a job leaves it to another one.
    const rows = async () => [await recovery(world), await attempts(world)];
    const before = await rows();
    for (const { id } of [first, payment]) await processBillingEvent(world.deps, world.scope, id);
    assert.deepEqual(await rows(), before);
    const row = await recovery(world);
    assert.deepEqual(
      [row.status, row.recoveredAt, row.amount, row.nextAttemptAt],
      ["recovered", now + DAY, 4800, undefined],
    );
    assert.deepEqual((await attempts(world)).at(-1), [2, "succeeded", now + DAY, undefined]);
    assert.deepEqual(await types(world), ["payment.failed", "payment.recovered"]);
    assert.deepEqual((await told(world)).at(-1)?.data, {
      recovery_id: row.id,
      invoice_id: invoiceId,
      subscription_id: "sub_gone",
      customer_id: john,
      email: "john.doe@example.com",
      amount_cents: 4800,
      currency: "usd",
      decline_code: null,
      decline_class: "retryable",
      attempt: 2,
      next_attempt_at: null,
      recovered_at: isoOf(now + DAY),
      attempts: 2,
    });
  });

  it("is recovered from the start if that was heard later than the payment", async () => {
    const world = await open();
    const { now } = world.clock;
    await hear(world, paid(now + DAY));
    await hear(world, failed(now, { nextAttemptAt: now + DAY }));
    const row = await recovery(world);
    assert.deepEqual([row.status, row.recoveredAt, row.nextAttemptAt], ["recovered", now + DAY, undefined]);
    assert.deepEqual(await types(world), ["payment.failed", "payment.recovered"]);
  });

  it("is recovered with what was due where it was paid in another way", async () => {
    const world = await open();
    await hear(world, failed(world.clock.now), paid(world.clock.now + 1, { amount: 0 }));
    assert.equal((await recovery(world)).amount, 4900);
  });

  it("is none of our business if it was paid at once", async () => {
    const world = await open();
    await hear(world, paid(world.clock.now), givenUp(world.clock.now, "voided"));
    assert.deepEqual(await world.deps.store.listRecoveries(world.scope, { limit: 9 }), []);
    assert.deepEqual(await types(world), []);
  });

  const ends: [string, (at: number) => BillingEvent, string][] = [
    ["is voided", (at) => givenUp(at, "voided"), "voided"],
    ["is written off", (at) => givenUp(at, "uncollectible"), "uncollectible"],
    [
      "loses its subscription",
      (at) => tells(at, { type: "subscription_ended", subscriptionId: "sub_gone", leaving: {} }),
      "subscription_ended",
    ],
  ];
  for (const [name, end, reason] of ends) {
    it(`has failed when it ${name}, and is recovered if it is paid all the same`, async () => {
      const world = await open();
      const { now } = world.clock;
      await hear(world, failed(now, { nextAttemptAt: now + DAY }), end(now + 1));
      const row = await recovery(world);
      assert.deepEqual([row.status, row.closedReason, row.nextAttemptAt], ["failed", reason, undefined]);
      const [, lost] = await told(world);
      const { reason: why, recovery_id, amount_cents, next_attempt_at } = Object(lost?.data);
      assert.deepEqual([why, recovery_id, amount_cents, next_attempt_at], [reason, row.id, 4900, null]);
      assert.equal(lost?.at, now + 1);
      await hear(world, givenUp(now + 2, "voided"));
      await hear(world, paid(now + 3));
      const later = await recovery(world);
      assert.deepEqual([later.status, later.closedReason], ["recovered", undefined]);
      assert.deepEqual(await types(world), ["payment.failed", "payment.lost", "payment.recovered"]);
    });

    it(`that was recovered stays so when it ${name}`, async () => {
      const world = await open();
      const { now } = world.clock;
      await hear(world, failed(now), paid(now + 1), end(now + 2));
      assert.equal((await recovery(world)).status, "recovered");
    });

    it(`that was recovered so long ago that the payment is forgotten stays so when it ${name}`, async () => {
      const world = await open();
      const { now } = world.clock;
      await hear(world, failed(now), paid(now + 1));
      await world.deps.store.forgetBillingEvents(world.clock.now + 1);
      await hear(world, failed(now + 2, { amount: 1, nextAttemptAt: now + DAY }), end(now + 3));
      const { status, amount, nextAttemptAt } = await recovery(world);
      assert.deepEqual([status, amount, nextAttemptAt], ["recovered", 4900, undefined]);
    });
  }

  it("without a subscription is one too", async () => {
    const world = await open();
    await hear(world, failed(world.clock.now, { subscriptionId: undefined, email: undefined }));
    const row = await recovery(world);
    assert.ok(!("subscriptionId" in row) && !("email" in row));
  });

  it("is another one in another environment", async () => {
    const world = await open();
    const sandbox = { ...world.scope, environment: "sandbox" } as const;
    const event = failed(world.clock.now);
    await keepBillingEvent(world.deps, sandbox, event);
    await hear(world, event);
    const other = await world.deps.store.recovery(sandbox, invoiceId);
    assert.ok(other && other.id !== (await recovery(world)).id);
  });

  it("that is another attempt than the latest says what that one did", async () => {
    const world = await open();
    const { now } = world.clock;
    await hear(world, failed(now + DAY, { attempt: 2, declineCode: "expired_card" }));
    await hear(world, failed(now, { amount: 5900, declineCode: "fraudulent", nextAttemptAt: now + DAY }));
    const said = (await told(world)).map(({ data }) => {
      const { attempt, decline_class, amount_cents, next_attempt_at } = Object(data);
      return [attempt, decline_class, amount_cents, next_attempt_at];
    });
    assert.deepEqual(said, [
      [2, "card_update", 4900, null],
      [1, "stop", 5900, isoOf(now + DAY)],
    ]);
  });

  it("is given up after 30 days without an attempt, made or planned", async () => {
    await using world = await alone(home);
    const { now } = world.clock;
    const planned = { invoiceId: "in_2", nextAttemptAt: now + 20 * DAY };
    await hear(world, failed(now), failed(now, planned), failed(now, { invoiceId: "in_3" }));
    await hear(world, paid(now, { invoiceId: "in_3" }));
    const states = async () => {
      await world.tick();
      const rows = await world.deps.store.listRecoveries(world.scope, { limit: 99 });
      return Object.fromEntries(
        rows.filter(isOurs).map(({ invoiceId, status, closedReason }) => [invoiceId, closedReason ?? status]),
      );
    };
    world.clock.now = now + 30 * DAY - 1;
    assert.deepEqual(await states(), { in_1: "pending", in_2: "pending", in_3: "recovered" });
    // The schedule comes by once an hour.
    world.clock.now = now + 30 * DAY + 3_600_000;
    assert.deepEqual(await states(), { in_1: "given_up", in_2: "pending", in_3: "recovered" });
    world.clock.now = now + 50 * DAY + 3_600_000;
    assert.deepEqual(await states(), { in_1: "given_up", in_2: "given_up", in_3: "recovered" });
    const lost = (await told(world))
      .filter(({ type }) => type === "payment.lost")
      .map(({ data }) => ({ invoiceId: Object(data).invoice_id, reason: Object(data).reason }));
    assert.deepEqual(
      lost.filter(isOurs).map((each) => [each.invoiceId, each.reason]),
      [
        ["in_1", "given_up"],
        ["in_2", "given_up"],
      ],
    );
    await hear(world, paid(world.clock.now));
    assert.equal((await recovery(world)).status, "recovered");
  });
});

describe("A declined payment", () => {
  const classes = {
    retryable: [
      "insufficient_funds",
      "processing_error",
      "try_again_later",
      "generic_decline",
      "do_not_honor",
    ],
    card_update: [
      "expired_card",
      "incorrect_number",
      "invalid_cvc",
      "lost_card",
      "stolen_card",
      "pickup_card",
    ],
    authenticate: ["authentication_required"],
    stop: ["fraudulent", "restricted_card"],
  };
  for (const [name, codes] of Object.entries(classes))
    it(`is ${name} after ${codes.join(", ")}`, () => {
      for (const code of codes) assert.equal(declineClass(code), name, code);
    });

  it("asks nothing of a customer for what is not known", () => {
    for (const code of [undefined, "", "something_new"]) assert.equal(declineClass(code), "retryable");
  });
});

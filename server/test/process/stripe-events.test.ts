/** What happens in Stripe's dashboard, or to a card, reaches the real program: signed, over HTTP, and more than once. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type Stripe from "stripe";
import type { Hub, HubSubscription } from "../../../src/api/wire.ts";
import { addMonths } from "../../../src/flow/offers.ts";
import { deliver, eventsOf } from "../stripe/events.ts";
import { moveClock, payWith } from "../stripe/fixtures.ts";
import { type Served, serve } from "./child.ts";
import {
  ask,
  type Business,
  HOOK,
  mint,
  newcomer,
  openBusiness,
  type Person,
  until,
} from "./stripe-business.ts";

const HOUR = 3_600_000;

let business: Business;
let server: Served;
let [ada, bob]: Person[] = [];
before(async () => {
  business = await openBusiness();
  ada = await newcomer(business, "Ada");
  bob = await newcomer(business, "Bob");
  server = await serve(business.env);
});
after(async () => {
  await server?.[Symbol.asyncDispose]();
  await business?.[Symbol.asyncDispose]();
});

/** @returns the status of the answer */
async function tell(event: Stripe.Event | undefined, secret = HOOK): Promise<number> {
  const url = `${server.url}/api/stripe/webhook`;
  const at = Math.floor(Date.now() / 1000);
  const reply = await deliver(business.double, event ?? assert.fail("no such event"), { url, secret, at });
  await reply.body?.cancel();
  return reply.status;
}

/** What a page that is open all the time sees when it asks again. */
async function openHub({ customer }: Person): Promise<() => Promise<HubSubscription>> {
  const token = await mint(server.url, business.key, "subscription", customer);
  return async () => {
    const reply = await ask(server.url, "/v1/widget/hub", { token });
    assert.equal(reply.status, 200, reply.text);
    const { subscriptions } = reply.body as unknown as Hub;
    return subscriptions[0] ?? assert.fail("a subscription");
  };
}

const ledgerOf = ({ customer }: Person) =>
  business.store.ledger(business.scope, { customerId: customer, limit: 9 });

/** All that this program has written down of what happened. */
async function books(): Promise<object> {
  const { store, scope } = business;
  const recoveries = await store.listRecoveries(scope, { limit: 9 });
  return {
    ledger: await store.ledger(scope, { limit: 9 }),
    recoveries,
    attempts: await Promise.all(recoveries.map(({ id }) => store.recoveryAttempts(id))),
    facts: await store.events(scope, { limit: 99 }),
  };
}

/** There is nothing to do any more. */
const quiet = () =>
  until(
    "the end of all work",
    async () => !(await business.db.selectFrom("jobs").select("id").execute()).length,
  );

async function changesNothing(event: Stripe.Event | undefined): Promise<void> {
  await quiet();
  const known = await books();
  for (let times = 0; times < 2; times++) assert.equal(await tell(event), 200);
  await quiet();
  assert.deepEqual(await books(), known);
}

describe("Stripe's events, told to the real program", () => {
  it("a cancellation in the dashboard is in the hub at once, and in the books", async () => {
    const { stripe, double, store, scope } = business;
    const { subscription: id } = ada as Person;
    const hub = await openHub(ada as Person);
    const { status, cancelAt, nextCharge } = await hub();
    assert.deepEqual([status, cancelAt, nextCharge?.amount], ["active", undefined, 4900]);
    const { items } = await stripe.subscriptions.update(id, {
      cancel_at_period_end: true,
      cancellation_details: { feedback: "too_complex", comment: "Too many buttons" },
    });
    const end = (items.data[0]?.current_period_end ?? 0) * 1000;
    const event = eventsOf(double, ["customer.subscription.updated"]).at(-1);

    assert.equal(await tell(event, "whsec_OfSomebodyElse"), 400);
    assert.equal(await store.billingEvent(scope, event?.id ?? ""), undefined);
    assert.equal(await tell(event), 200);
    const now = await hub();
    assert.deepEqual([now.cancelAt, now.nextCharge], [end, undefined]);
    const [row] = await until("a row in the ledger", async () => {
      const rows = await ledgerOf(ada as Person);
      return rows.length > 0 && rows;
    });
    assert.deepEqual(
      [row?.source, row?.outcome, row?.confirmed, row?.reason, row?.feedback, row?.effectiveAt],
      ["stripe", "cancelled", false, "too_complex", "Too many buttons", end],
    );
    await changesNothing(event);
    assert.equal((await ledgerOf(ada as Person)).length, 1);
  });

  it("a payment that fails is followed until it is paid, and an end that comes is noted", async () => {
    const { stripe, double, testClock, store, scope } = business;
    const { subscription, customer } = bob as Person;
    const hub = await openHub(bob as Person);
    assert.equal((await hub()).status, "active");
    await payWith(stripe, customer, "declined");
    const last = eventsOf(double).at(-1)?.id;
    const { frozen_time: start } = await stripe.testHelpers.testClocks.retrieve(testClock);
    await moveClock(stripe, testClock, addMonths(start * 1000, 1) + 2 * HOUR);
    // The account tells everything, in no order that could be relied on.
    for (const event of eventsOf(double, undefined, last).toReversed()) assert.equal(await tell(event), 200);

    const recovery = async () => (await store.recoveriesOf(scope, subscription))[0];
    const failed = await until("a record of what failed", recovery);
    assert.deepEqual([failed.status, failed.amount, failed.attemptCount], ["pending", 4900, 1]);
    const owing = await hub();
    assert.deepEqual([owing.status, owing.due?.amount], ["past_due", 4900]);
    const ended = await until("an end", async () =>
      (await ledgerOf(ada as Person)).find((row) => row.confirmed),
    );
    assert.deepEqual([ended.source, ended.reason], ["stripe", "too_complex"]);
    await changesNothing(eventsOf(double, ["invoice.payment_failed"]).at(-1));

    await payWith(stripe, customer, "good");
    await stripe.invoices.pay(failed.invoiceId);
    const paid = eventsOf(double, ["invoice.paid"]).at(-1);
    assert.equal(await tell(paid), 200);
    const { status, due } = await hub();
    assert.deepEqual([status, due], ["active", undefined]);
    const recovered = await until("what was recovered", async () => {
      const row = await recovery();
      return row?.status === "recovered" && row;
    });
    assert.equal(recovered.amount, 4900);
    await changesNothing(paid);
    const types = (await store.events(scope, { limit: 99 })).map(({ type }) => type);
    assert.deepEqual(types.toSorted(), [
      "payment.failed",
      "payment.recovered",
      "subscription.ended",
      "subscription.ending",
    ]);
  });

  it("another name of a product is in the hub at once, where it was remembered before", async () => {
    const { stripe, double, prices } = business;
    const hub = await openHub(bob as Person);
    assert.equal((await hub()).plan.name, "Pro");
    const { product } = await stripe.prices.retrieve(prices.monthly);
    const renamed = await stripe.products.update(product as string, { name: "Pro Max" });
    assert.equal((await hub()).plan.name, "Pro", "it is remembered");
    // The double tells of what customers have, and not of products by itself.
    double.state.emit("product.updated", renamed, double.state.data.now, { name: "Pro" });
    assert.equal(await tell(eventsOf(double, ["product.updated"]).at(-1)), 200);
    assert.equal((await hub()).plan.name, "Pro Max");
  });
});

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type Stripe from "stripe";
import { itemOf, noon, refuses, useAccount } from "./engine-account.ts";

const START = noon("2027-06-01");
const NEXT = noon("2027-07-01");

describe("The double's schedules", () => {
  const account = useAccount(START);
  const { create, update, release, retrieve } = {
    create: (id: string) => account.stripe.subscriptionSchedules.create({ from_subscription: id }),
    update: (id: string, params: Stripe.SubscriptionScheduleUpdateParams) =>
      account.stripe.subscriptionSchedules.update(id, params),
    release: (id: string) => account.stripe.subscriptionSchedules.release(id),
    retrieve: (id: string) => account.stripe.subscriptionSchedules.retrieve(id),
  };

  const current = (subscription: Stripe.Subscription) => ({
    start_date: START,
    end_date: NEXT,
    items: [{ price: itemOf(subscription).price.id, quantity: 1 }],
    discounts: subscription.discounts.map((discount) => ({ discount: discount as string })),
  });

  it("take nothing else together with a subscription", async () => {
    const { id } = await account.subscribe();
    const more = { from_subscription: id, metadata: { ours: "1" } };
    await refuses(account.stripe.subscriptionSchedules.create(more), 400);
    const made = await create(id);
    assert.deepEqual(
      [made.status, made.current_phase, made.end_behavior],
      ["active", { start_date: START, end_date: NEXT }, "release"],
    );
    assert.equal((await account.read(id)).schedule, made.id);
    await refuses(create(id), 400);
  });

  it("bring another price with the next period, without prorations", async () => {
    const made = await account.subscribe();
    const yearly = await account.price({ amount: 9000, interval: "year" });
    const schedule = await create(made.id);
    await update(schedule.id, {
      phases: [current(made), { items: [{ price: yearly }], duration: { interval: "year" } }],
    });
    assert.equal(itemOf(await account.read(made.id)).price.id, itemOf(made).price.id);
    await account.advance(NEXT + 3600);
    const now = await account.read(made.id);
    assert.deepEqual([itemOf(now).price.id, itemOf(now).id], [yearly, itemOf(made).id]);
    assert.equal(itemOf(now).current_period_end, noon("2028-07-01"));
    const { amount_paid, lines, billing_reason } = await account.newest(made.id);
    assert.deepEqual([amount_paid, lines.data.length, billing_reason], [9000, 1, "subscription_cycle"]);
  });

  it("go when their phases are over", async () => {
    const { id } = await account.subscribe();
    const schedule = await create(id);
    await account.advance(NEXT);
    const over = await retrieve(schedule.id);
    assert.deepEqual([over.status, over.released_subscription, over.subscription], ["released", id, null]);
    assert.equal((await account.read(id)).schedule, null);
    await refuses(update(schedule.id, { metadata: { a: "1" } }), 400);
    await refuses(release(schedule.id), 400);
  });

  it("keep a discount only in phases that name it", async () => {
    const coupon = await account.stripe.coupons.create({ percent_off: 10, duration: "forever" });
    const [kept, lost] = await Promise.all(
      [1, 2].map(() => account.subscribe({}, { discounts: [{ coupon: coupon.id }] })),
    );
    for (const each of [kept, lost] as Stripe.Subscription[]) {
      const { items, discounts } = current(each);
      const next = { items, ...(each === kept ? { discounts } : {}), end_date: noon("2027-08-01") };
      await update((await create(each.id)).id, { phases: [current(each), next] });
    }
    await account.advance(NEXT);
    assert.equal((await account.newest(kept?.id ?? "")).total, 900);
    assert.equal((await account.newest(lost?.id ?? "")).total, 1000);
  });

  it("alone decide about the end, as long as they run", async () => {
    const { id } = await account.subscribe();
    const schedule = await create(id);
    const { subscriptions } = account.stripe;
    await refuses(subscriptions.update(id, { cancel_at_period_end: true }), 400);
    await refuses(subscriptions.update(id, { cancel_at: NEXT }), 400);
    await update(schedule.id, { end_behavior: "cancel" });
    assert.equal((await account.read(id)).cancel_at, NEXT);
    await release(schedule.id);
    assert.equal((await account.read(id)).cancel_at, null);
    assert.equal((await subscriptions.update(id, { cancel_at_period_end: true })).cancel_at, NEXT);
  });

  it("refuse phases that leave a gap, change what has begun or sell what is not for sale", async () => {
    const made = await account.subscribe();
    const schedule = await create(made.id);
    const gone = await account.price();
    await account.stripe.prices.update(gone, { active: false });
    const phase = current(made);
    for (const phases of [
      [{ ...phase, start_date: START + 1 }],
      [{ items: phase.items, end_date: NEXT }],
      [phase, { items: phase.items, start_date: NEXT + 60, end_date: NEXT + 120 }],
      [phase, { items: [{ price: gone }], end_date: noon("2027-08-01") }],
    ])
      await refuses(update(schedule.id, { phases }), 400);
    assert.equal((await retrieve(schedule.id)).phases.length, 1);
  });

  it("end with their subscription", async () => {
    const { id } = await account.subscribe();
    const schedule = await create(id);
    await account.stripe.subscriptions.cancel(id);
    assert.equal((await retrieve(schedule.id)).status, "canceled");
  });
});

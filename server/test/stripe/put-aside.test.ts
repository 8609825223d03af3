/**
 * What a customer has planned while something else is done: it is taken off and put back, and in between a process dies
 * or Stripe is gone. What was agreed to is what the renewal takes.
 */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import Stripe from "stripe";
import type { BillingAction } from "../../src/billing/provider.ts";
import type { Terms } from "../billing/provider-harness.ts";
import { offering } from "../flows/fixtures.ts";
import { DAY, MINUTE } from "../harness.ts";
import { stores, type TestStore } from "../stores.ts";
import { changesOf } from "./comparing.ts";
import { type RequestEntry, type StripeDouble, startDouble } from "./double.ts";
import type { DoubleHarness } from "./harness.ts";
import { type Attempt, begin, type Case, prepare, type Stage, TODAY } from "./last-steps.ts";
import { createStripeWorld, type StripeWorld } from "./world.ts";

/** When the request that wrote something down is no longer expected to settle it. */
const SETTLE_AFTER = 30_000;

const [home = assert.fail()] = stores;
let store: TestStore;
let double: StripeDouble;
before(async () => {
  store = await home.open();
  double = await startDouble();
});
after(async () => {
  await double.close();
  await store.drop();
});

/** The cheaper plan from the next charge on. */
const plan = ({ provider, fixtures: { prices } }: DoubleHarness, subscriptionId: string) =>
  provider.execute(
    { type: "change_price", subscriptionId, priceId: prices.cheaper, charge: "renewal" },
    "planned",
  );

/** Of who has planned that. */
const CODE: Case = {
  of: (all) => all.monthly,
  before: plan,
  change: ({ codes }) => ({ type: "promo_code", code: codes.percent }),
};

const worldOf = (stage: Stage, { settings }: Case): Promise<StripeWorld> =>
  createStripeWorld(store, double, stage.state, {
    plans: stage.plans,
    ...(settings ? { settings } : {}),
  });

const isRelease = ({ path }: Readonly<RequestEntry>): boolean => path.endsWith("/release");

/** Stripe does it once more, and cannot be reached from then on. */
function goneAfter(isIt: (request: Readonly<RequestEntry>) => boolean): void {
  let isGone = false;
  double.fault = (request) => {
    if (isGone) return { when: "before", how: "reset" };
    isGone = isIt(request);
    return isGone ? { when: "after", how: "reset" } : undefined;
  };
}

async function statusesOf({ db, scope: { workspaceId } }: StripeWorld): Promise<string[]> {
  const changes = await db
    .selectFrom("changes")
    .select(["status", "fault"])
    .where("workspace_id", "=", workspaceId)
    .execute();
  const actions = await db
    .selectFrom("actions")
    .innerJoin("sessions", "sessions.id", "actions.session_id")
    .select("actions.status")
    .where("sessions.workspace_id", "=", workspaceId)
    .execute();
  return [...changes.map(({ status, fault }) => fault ?? status), ...actions.map(({ status }) => status)];
}

/** What Stripe takes at the next charge, an hour of which is a draft's. */
async function taken(world: StripeWorld, id: string): Promise<number> {
  const paid = () =>
    Object.values(world.double.state.data.objects.invoices)
      .filter(({ parent }) => parent?.subscription_details?.subscription === id)
      .reduce((sum, invoice) => sum + invoice.amount_paid, 0);
  const before = paid();
  const { nextCharge } = (await world.billing.subscription(id)) ?? {};
  world.pass((nextCharge?.at ?? assert.fail("a charge to come")) - world.clock.now);
  world.pass(3 * 60 * MINUTE);
  return paid() - before;
}

const noteOf = (world: StripeWorld, id: string): string | undefined =>
  world.double.state.get("subscriptions", id).metadata.renumerate_aside;

/** Done as if nothing had gone wrong, up to the money. */
async function endsAsUndisturbed(each: Case, isLast = isRelease) {
  const stage = await prepare(each);
  const run = async (interrupt: boolean) => {
    await using world = await worldOf(stage, each);
    const attempt = await begin(world, each, stage);
    if (interrupt) {
      goneAfter(isLast);
      const reply = await attempt.send();
      assert.equal(reply.body.status, "requested", reply.text);
      double.fault = undefined;
      world.restart();
      world.pass(SETTLE_AFTER);
      await world.tick();
    }
    const last = await attempt.send();
    assert.equal(last.body.status, "done", last.text);
    assert.deepEqual(await statusesOf(world), ["succeeded"]);
    assert.equal(noteOf(world, stage.id), undefined);
    const books = changesOf(world.double.state, stage.state);
    const shown = await world.billing.subscription(stage.id);
    return { books, shown, taken: await taken(world, stage.id) };
  };
  const expected = await run(false);
  assert.equal(expected.shown?.nextCharge?.amount, expected.taken, "what is said is what is taken");
  const other = await run(true);
  assert.deepEqual(
    { books: other.books, taken: other.taken },
    { books: expected.books, taken: expected.taken },
  );
  assert.equal(other.shown?.status, expected.shown?.status);
  return { taken: expected.taken, status: double.state.get("subscriptions", stage.id).status };
}

/** In Stripe's dashboard. */
async function plannedElsewhere(subscription: string, price: string) {
  const { hostname: host, port } = new URL(double.url);
  const stripe = new Stripe("sk_test_of_the_dashboard", { protocol: "http", host, port });
  const { id, phases } = await stripe.subscriptionSchedules.create({ from_subscription: subscription });
  const [now = assert.fail()] = phases;
  const items = now.items.map(({ price: of, quantity }) => ({ price: String(of), quantity: quantity ?? 1 }));
  const { start_date, end_date } = now;
  return stripe.subscriptionSchedules.update(id, {
    proration_behavior: "none",
    phases: [
      { start_date, end_date, items },
      { start_date: end_date, items: [{ price }], duration: { interval: "day", interval_count: 1 } },
    ],
  });
}

describe("a process that dies while a planned price is put aside", () => {
  it("for a code: it is redeemed, and the renewal takes the planned price less the code", async () => {
    assert.equal((await endsAsUndisturbed(CODE)).taken, 1520);
  });

  it("for a code that is over by the next charge", async () => {
    const { taken } = await endsAsUndisturbed({
      of: (all) => all.monthly,
      async before(harness, subscriptionId) {
        const { provider, stripe, fixtures } = harness;
        const priceId = fixtures.prices.annual;
        await provider.execute({ type: "change_price", subscriptionId, priceId, charge: "now" }, "annual");
        await plan(harness, subscriptionId);
        const brief = { percent_off: 50, duration: "repeating", duration_in_months: 1 } as const;
        const { id: coupon } = await stripe.coupons.create(brief);
        await stripe.promotionCodes.create({ code: "BRIEF50", promotion: { type: "coupon", coupon } });
      },
      change: () => ({ type: "promo_code", code: "BRIEF50" }),
    });
    assert.equal(taken, 1900);
  });

  it("for a longer trial", async () => {
    const { taken } = await endsAsUndisturbed({
      of: (all) => all.trialing,
      before: plan,
      flow: {
        definition: () => offering({ type: "trial_extension", id: "longer", days: 14 }),
        decide: (visit) => visit.act({ type: "accept" }),
      },
    });
    assert.equal(taken, 1900);
  });

  it("for another price at once, which makes the planned one void", async () => {
    const { taken } = await endsAsUndisturbed({
      of: (all) => all.monthly,
      before: plan,
      change: ({ prices }) => ({ type: "plan_change", priceId: prices.annual }),
    });
    assert.equal(taken, 46800);
  });
});

/** A code was asked for, and Stripe is gone with the planned price put aside. */
async function halfDone(): Promise<{ world: StripeWorld; attempt: Attempt; id: string; stage: Stage }> {
  const stage = await prepare(CODE);
  const world = await worldOf(stage, CODE);
  const attempt = await begin(world, CODE, stage);
  goneAfter(isRelease);
  const reply = await attempt.send();
  assert.equal(reply.body.status, "requested", reply.text);
  double.fault = undefined;
  assert.equal(double.state.get("subscriptions", stage.id).schedule, null, "it was in between");
  world.restart();
  return { world, attempt, id: stage.id, stage };
}

describe("what was put aside for a change of which nothing becomes", () => {
  it("is put back when the code is no longer good", async () => {
    const { world, id } = await halfDone();
    await using _ = world;
    for (const each of Object.values(double.state.data.objects.promotion_codes)) each.active = false;
    world.pass(SETTLE_AFTER);
    await world.tick();
    assert.deepEqual(await statusesOf(world), ["promo_code_invalid"]);
    assert.equal(noteOf(world, id), undefined);
    assert.equal(await taken(world, id), 1900);
  });

  it("is put back when the subscription was told to end meanwhile, once it goes on after all", async () => {
    const { world, id } = await halfDone();
    await using _ = world;
    double.state.get("subscriptions", id).cancel_at_period_end = true;
    world.pass(SETTLE_AFTER);
    await world.tick();
    assert.deepEqual(await statusesOf(world), ["subscription_cancelling"]);
    double.state.get("subscriptions", id).cancel_at_period_end = false;
    world.pass(10 * MINUTE);
    assert.equal(await taken(world, id), 1900);
  });

  it("is put back when it would cost something else by now", async () => {
    const { world, id } = await halfDone();
    await using _ = world;
    double.state.get("customers", world.customerOf(id)).balance = 300;
    world.pass(SETTLE_AFTER);
    await world.tick();
    assert.deepEqual(await statusesOf(world), ["terms_changed"]);
    const shown = await world.billing.subscription(id);
    assert.deepEqual([shown?.scheduledChange?.price.amount, shown?.nextCharge?.amount], [1900, 2200]);
    // Whoever looks later, be it for one of Stripe's events.
    world.pass(10 * MINUTE);
    assert.deepEqual(await world.billing.subscription(id), shown);
    assert.equal(noteOf(world, id), undefined);
    assert.equal(await taken(world, id), 2200);
  });

  it("is shown, and not put back by who only looks, while it may be under way", async () => {
    const stage = await prepare(CODE);
    await using whole = await worldOf(stage, CODE);
    const before = await whole.billing.subscription(stage.id);
    const { world, id } = await halfDone();
    await using _ = world;
    world.pass(MINUTE);
    assert.deepEqual(await world.billing.subscription(id), before);
    const all = await world.billing.subscriptions(world.customerOf(id));
    assert.deepEqual(
      all.find((each) => each.id === id),
      before,
    );
    assert.equal(double.state.get("subscriptions", id).schedule, null);
  });

  it("is void once somebody else has planned something", async () => {
    const { world, id, stage } = await halfDone();
    await using _ = world;
    const { team } = stage.fixtures;
    const { current_phase: period, phases } = await plannedElsewhere(id, team);
    assert.ok(period && phases.length);
    world.pass(10 * MINUTE);
    await world.billing.subscription(id);
    assert.equal(await taken(world, id), 5900);
    world.pass(2 * DAY);
    assert.equal((await world.billing.subscription(id))?.nextCharge?.amount, 5900);
  });
});

describe("what is done next by somebody else", () => {
  const next = async (terms: (stage: Stage) => readonly Terms[], expected: number) => {
    const { world, id, stage } = await halfDone();
    await using _ = world;
    for (const [index, each] of terms(stage).entries()) {
      const action = { ...each, subscriptionId: id } as BillingAction;
      const foreseen = await world.billing.preview(action);
      assert.deepEqual(await world.billing.execute(action, `next-${index}`), foreseen.subscription);
    }
    assert.equal(noteOf(world, id), undefined);
    assert.equal(await taken(world, id), expected);
  };

  it("a pause leaves it planned", () =>
    next(() => [{ type: "pause", resumesAt: TODAY.nextCharge - DAY }], 1900));

  it("a pause and its end leave it planned", () =>
    next(() => [{ type: "pause", resumesAt: TODAY.nextCharge + DAY }, { type: "resume" }], 1900));

  it("a cancellation that is taken back leaves it planned", () =>
    next(() => [{ type: "cancel", effective: "period_end" }, { type: "undo_cancellation" }], 1900));

  it("the running price in its place stays, also after another code", () =>
    next(
      ({ fixtures: { codes, present } }) => [
        { type: "change_price", priceId: present, charge: "renewal" },
        { type: "promo_code", code: codes.amount },
      ],
      4400,
    ));
});

describe("a pause that stops the service", () => {
  const settings = { pause: "subscription" } as const;

  it("is that kind of pause also if a process dies before it is in its schedule", async () => {
    const ended = await endsAsUndisturbed(
      {
        settings,
        of: (all) => all.monthly,
        flow: {
          definition: () => offering({ type: "pause", id: "pause", months: [1, 2] }),
          decide: (visit) => visit.choose({ months: 2 }).act({ type: "accept" }),
        },
      },
      ({ method, path }) => method === "POST" && path === "/v1/subscription_schedules",
    );
    assert.equal(ended.taken, 4900);
  });

  it("takes no schedule whose plan has come true", async () => {
    const each: Case = {
      settings,
      of: (all) => all.monthly,
      before: async (harness, id) => {
        await plan(harness, id);
        await harness.advance(TODAY.nextCharge + MINUTE);
      },
    };
    const stage = await prepare(each);
    await using world = await worldOf(stage, each);
    const resumesAt = TODAY.nextCharge + 75 * DAY;
    const pause = { type: "pause", subscriptionId: stage.id, resumesAt } as const;
    const foreseen = await world.billing.preview(pause);
    assert.deepEqual(await world.billing.execute(pause, "paused"), foreseen.subscription);
    // The schedule is about to go, and what it would hold with it.
    assert.ok(double.state.get("subscriptions", stage.id).pause_collection);
  });
});

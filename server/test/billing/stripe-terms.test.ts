/** Contracts with an end that lies after further charges: they run, can be left sooner, and keep their end. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { addMonths } from "../../../src/flow/offers.ts";
import { actionsOf } from "../../src/domain/availability.ts";
import { firstOffer } from "../../src/domain/offers.ts";
import { useStripe } from "./stripe-bench.ts";

const DAY = 86_400_000;
const leave = { type: "cancel", effective: "period_end" } as const;
const now = { type: "cancel", effective: "immediately" } as const;
const undo = { type: "undo_cancellation" } as const;
const discount = { type: "discount", percentOff: 50, currency: "usd", duration: "once" } as const;

function useTerms(settings?: Parameters<typeof useStripe>[0]) {
  const bench = useStripe(settings);
  const { suite } = bench;
  const found = (id: string) => bench.stripe.subscriptions.retrieve(id);
  const endsAt = async (id: string) => ((await found(id)).cancel_at ?? 0) * 1000;
  /** The `monthly` fixture with an end, ms; as a business sets it. */
  const until = async (at: number) => {
    const { monthly } = suite.fixtures;
    await bench.stripe.subscriptions.update(monthly, { cancel_at: at / 1000, proration_behavior: "none" });
    return monthly;
  };
  /** After nine further charges. */
  const contract = async () => {
    const end = addMonths((await suite.chargeOf(suite.fixtures.monthly)).at, 9);
    return { id: await until(end), end };
  };
  /** A schedule that somebody else made, and that ends with the subscription. */
  const foreign = async (end: number) => {
    const { monthly } = suite.fixtures;
    const schedules = bench.stripe.subscriptionSchedules;
    const { id, phases } = await schedules.create({ from_subscription: monthly });
    const [{ start_date, items } = assert.fail()] = phases;
    const running = items.map(({ price, quantity = 1 }) => ({ price: price as string, quantity }));
    const phase = { start_date, end_date: end / 1000, items: running };
    await schedules.update(id, { end_behavior: "cancel", phases: [phase] });
    return monthly;
  };
  const hub = async (id: string) =>
    Object.keys(
      actionsOf(await suite.read(id), {
        now: await suite.provider.now(),
        settings: undefined,
        forSale: await suite.provider.prices((await suite.read(id)).plan.id),
      }),
    ).sort();
  return { suite, bench, found, endsAt, until, contract, foreign, hub };
}

describe("A contract that ends after further charges", () => {
  const { suite, bench, found, endsAt, until, contract, foreign, hub } = useTerms();
  const { act, read, books } = suite;

  it("runs like any other", async () => {
    const before = await read(suite.fixtures.monthly);
    const shown = await hub(suite.fixtures.monthly);
    const { id, end } = await contract();
    assert.deepEqual(await read(id), before);
    assert.deepEqual(await hub(id), shown);
    assert.ok(shown.includes("cancel") && shown.includes("plan_change"));
    const offer = { id: "off", type: "discount", percentOff: 50, duration: "once" } as const;
    const customer = { subscription: before, accepted: [], now: await suite.provider.now() };
    assert.equal((await firstOffer([offer], customer, suite.provider))?.id, "off");
    await act(id, discount);
    const { paid } = await books(id);
    await suite.charge(id);
    assert.equal((await books(id)).paid, paid + before.price.amount / 2);
    assert.equal(await endsAt(id), end);
    await suite.refuses(id, undo, "not_cancelling");
  });

  it("is about to end once nothing more is charged", async () => {
    const { id, end } = await contract();
    await suite.advance(addMonths(end, -2));
    assert.deepEqual([(await read(id)).cancelAt, !(await read(id)).nextCharge], [undefined, false]);
    await suite.charge(id);
    assert.deepEqual([(await read(id)).cancelAt, (await read(id)).nextCharge], [end, undefined]);
    await suite.refuses(id, discount, "subscription_cancelling");
    await suite.advance(end);
    assert.equal((await read(id)).status, "cancelled");
  });

  it("can be left sooner, and goes on until its end if that is taken back", async () => {
    const { id, end } = await contract();
    const before = await read(id);
    for (let times = 0; times < 2; times++) {
      assert.deepEqual((await suite.preview(id, leave)).subscription.cancelAt, before.periodEnd);
      const left = await act(id, leave);
      assert.deepEqual([left.cancelAt, left.nextCharge], [before.periodEnd, undefined]);
      assert.deepEqual(await act(id, leave), left);
      assert.deepEqual(await hub(id), ["undo_cancellation"]);
      assert.deepEqual((await suite.preview(id, undo)).subscription, before);
      assert.deepEqual(await act(id, undo), before);
      assert.equal(await endsAt(id), end);
      const { cancel_at_period_end, metadata } = await found(id);
      assert.deepEqual([cancel_at_period_end, metadata.renumerate_term], [false, undefined]);
    }
    await suite.charge(id);
    await suite.advance(end);
    assert.deepEqual([(await read(id)).status, (await read(id)).cancelAt], ["cancelled", end]);
  });

  it("that was left has ended sooner", async () => {
    const { id } = await contract();
    const { periodEnd } = await read(id);
    await act(id, leave);
    await suite.advance(periodEnd);
    assert.deepEqual([(await read(id)).status, (await read(id)).cancelAt], ["cancelled", periodEnd]);
  });

  it("that is no contract any more gets no end that it had before", async () => {
    const { id } = await contract();
    await act(id, leave);
    // The business lets it run without an end.
    await bench.stripe.subscriptions.update(id, { cancel_at: "" });
    await act(id, leave);
    await act(id, undo);
    assert.equal((await found(id)).cancel_at, null);
  });

  it("whose end comes before the next charge is about to end, and can still be left at once", async () => {
    const end = (await suite.provider.now()) + 5 * DAY;
    const id = await until(end);
    const left = await read(id);
    assert.deepEqual([left.cancelAt, left.nextCharge], [end, undefined]);
    assert.equal((await act(id, leave)).cancelAt, end);
    assert.equal((await suite.preview(id, now)).subscription.status, "cancelled");
    assert.equal((await act(id, now)).status, "cancelled");
  });

  it("keeps its end through a pause, which is not longer than it", async () => {
    const { id, end } = await contract();
    const { periodEnd } = await read(id);
    const { status, cancelAt, nextCharge } = await act(id, {
      type: "pause",
      resumesAt: addMonths(periodEnd, 2),
    });
    assert.deepEqual([status, cancelAt, nextCharge?.at], ["paused", undefined, addMonths(periodEnd, 2)]);
    assert.ok((await hub(id)).includes("resume"));
    assert.equal(await endsAt(id), end);
    await suite.refuses(id, { type: "pause", resumesAt: end - DAY }, "term_too_short");
    const paused = await read(id);
    assert.equal((await act(id, leave)).cancelAt, periodEnd);
    assert.deepEqual(await act(id, undo), paused);
    assert.equal((await act(id, { type: "resume" })).status, "active");
    assert.equal(await endsAt(id), end);
  });

  it("that is paused without an end can be resumed", async () => {
    const { id } = await contract();
    await bench.stripe.subscriptions.update(id, { pause_collection: { behavior: "void" } });
    assert.equal((await read(id)).cancelAt, undefined);
    assert.ok((await hub(id)).includes("resume"));
    assert.equal((await act(id, { type: "resume" })).status, "active");
  });

  it("keeps its end through changes of price", async () => {
    const { id, end } = await contract();
    const { periodEnd, price } = await read(id);
    const { cheaper, annual } = suite.fixtures.prices;
    const later = { type: "change_price", priceId: cheaper, charge: "renewal" } as const;
    const planned = await act(id, later);
    assert.deepEqual([planned.scheduledChange?.price.id, planned.refuses], [cheaper, undefined]);
    assert.deepEqual([planned.cancelAt, await endsAt(id)], [undefined, end]);
    await act(id, { ...later, priceId: price.id });
    assert.deepEqual([(await read(id)).scheduledChange, await endsAt(id)], [undefined, end]);
    await act(id, later);
    await act(id, { ...discount, duration: "forever" });
    assert.equal(await endsAt(id), end);
    const both = await read(id);
    assert.equal((await act(id, leave)).cancelAt, periodEnd);
    assert.deepEqual(await act(id, undo), both);
    assert.equal(await endsAt(id), end);
    await suite.charge(id);
    assert.deepEqual([(await read(id)).price.id, await endsAt(id)], [cheaper, end]);
    assert.equal((await read(id)).discount?.percentOff, 50);
    await suite.refuses(id, { type: "change_price", priceId: annual, charge: "now" }, "term_too_short");
    await act(id, { type: "change_price", priceId: price.id, charge: "now" });
    assert.deepEqual([(await read(id)).price.id, await endsAt(id)], [price.id, end]);
    await suite.advance(end);
    assert.deepEqual([(await read(id)).status, (await read(id)).cancelAt], ["cancelled", end]);
  });

  it("ends by itself at another price too", async () => {
    const { id, end } = await contract();
    const { cheaper } = suite.fixtures.prices;
    await act(id, { type: "change_price", priceId: cheaper, charge: "renewal" });
    await suite.advance(end - DAY);
    assert.deepEqual([(await read(id)).status, (await read(id)).cancelAt], ["active", end]);
    const { paid } = await books(id);
    await suite.advance(end);
    assert.equal((await read(id)).status, "cancelled");
    await suite.advance(end + 40 * DAY);
    assert.equal((await books(id)).paid, paid);
  });

  it("keeps its end whichever answer about a change of price is lost", async () => {
    const { id, end } = await contract();
    const { cheaper } = suite.fixtures.prices;
    const later = { type: "change_price", priceId: cheaper, charge: "renewal" } as const;
    const { fault: none } = bench.double;
    for (let lost = 0; lost < 8; lost++) {
      let written = 0;
      // What is not answered is not asked again by this process, as if it had ended.
      bench.double.fault = ({ method, path }) =>
        method === "GET" || path.endsWith("create_preview") || written++ < lost
          ? undefined
          : { when: "after", how: "reset" };
      await act(id, later, `change ${lost}`).catch(() => undefined);
      bench.double.fault = none;
      const done = await act(id, later, `change ${lost}`);
      assert.deepEqual([done.scheduledChange?.price.id, done.cancelAt], [cheaper, undefined]);
      assert.equal(await endsAt(id), end);
      assert.equal((await found(id)).metadata.renumerate_term, undefined);
      await act(id, leave, `leave ${lost}`);
      assert.equal((await act(id, undo, `undo ${lost}`)).scheduledChange?.price.id, cheaper);
      await act(id, { ...later, priceId: (await read(id)).price.id }, `back ${lost}`);
      assert.equal(await endsAt(id), end);
    }
  });

  it("that a schedule of somebody else ends can be left, and gets its end back", async () => {
    const end = addMonths((await suite.chargeOf(suite.fixtures.monthly)).at, 9);
    const id = await foreign(end);
    const before = await read(id);
    assert.deepEqual([before.cancelAt, await endsAt(id)], [undefined, end]);
    assert.ok(before.nextCharge && before.refuses?.includes("undo_cancellation"));
    assert.ok((await hub(id)).includes("cancel"));
    assert.equal((await act(id, leave)).cancelAt, before.periodEnd);
    assert.deepEqual(await hub(id), ["undo_cancellation"]);
    assert.deepEqual((await act(id, undo)).nextCharge, before.nextCharge);
    assert.equal(await endsAt(id), end);
  });

  it("that such a schedule ends before the next charge shows nothing that would be refused", async () => {
    const { at } = await suite.chargeOf(suite.fixtures.monthly);
    const id = await foreign(at);
    assert.equal((await read(id)).cancelAt, at);
    await suite.refuses(id, undo, "managed_elsewhere");
    assert.deepEqual(await hub(id), []);
    assert.equal((await act(id, now)).status, "cancelled");
  });
});

describe("A contract in an account whose pauses stop the service", () => {
  const { suite, endsAt, contract } = useTerms({ pause: "subscription" });

  it("keeps its end through a pause", async () => {
    const { id, end } = await contract();
    const { periodEnd } = await suite.read(id);
    const paused = await suite.act(id, { type: "pause", resumesAt: addMonths(periodEnd, 2) });
    assert.deepEqual([paused.status, paused.cancelAt, await endsAt(id)], ["paused", undefined, end]);
    await suite.advance(addMonths(periodEnd, 3));
    assert.deepEqual([(await suite.read(id)).status, await endsAt(id)], ["active", end]);
  });
});

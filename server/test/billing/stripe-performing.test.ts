import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { addMonths } from "../../../src/flow/offers.ts";
import { assertAlike, type Terms } from "./provider-harness.ts";
import { pausesSuite } from "./provider-pauses.suite.ts";
import { useStripe } from "./stripe-bench.ts";

const DAY = 86_400_000;
const half = { type: "discount", percentOff: 50, currency: "usd", duration: "once" } as const;
const to = (priceId: string, charge: "now" | "renewal") =>
  ({ type: "change_price", priceId, charge }) as const;

describe("what is not done with a subscription at Stripe", () => {
  const bench = useStripe();
  const { act, read, refuses } = bench.suite;
  const all = (now: number): Terms[] => {
    const { codes, prices } = bench.suite.fixtures;
    return [
      half,
      { type: "promo_code", code: codes.percent },
      { type: "pause", resumesAt: now + 60 * DAY },
      to(prices.cheaper, "renewal"),
      to(prices.cheaper, "now"),
    ];
  };

  it("whatever changes a charge, where a schedule of somebody else's would undo it", async () => {
    const { monthly } = bench.suite.fixtures;
    const { id } = await bench.stripe.subscriptionSchedules.create({ from_subscription: monthly });
    await bench.stripe.subscriptionSchedules.update(id, { metadata: { owner: "sales" } });
    for (const terms of all(await bench.suite.provider.now())) {
      await refuses(monthly, terms, "managed_elsewhere");
      assert.ok((await read(monthly)).refuses?.includes(terms.type));
    }
    assert.equal((await act(monthly, { type: "cancel", effective: "immediately" })).status, "cancelled");
  });

  it("nothing that would fail, where a schedule plans nothing", async () => {
    const { monthly, prices } = bench.suite.fixtures;
    await bench.stripe.subscriptionSchedules.create({ from_subscription: monthly });
    assert.equal((await read(monthly)).refuses, undefined);
    const after = await act(monthly, to(prices.cheaper, "renewal"));
    assert.equal(after.scheduledChange?.price.id, prices.cheaper);
    assert.equal((await act(monthly, { ...half })).discount?.percentOff, 50);
  });

  it("another price, where there are several plans, and where an invoice is sent", async () => {
    const { monthly, several, prices } = bench.suite.fixtures;
    const { price } = await read(several);
    await bench.stripe.subscriptions.update(monthly, { items: [{ price: price.id }] });
    await refuses(monthly, to(prices.annual, "renewal"), "several_items");
    await refuses(monthly, to(prices.annual, "now"), "several_items");
    const sent = { collection_method: "send_invoice", days_until_due: 7 } as const;
    await bench.stripe.subscriptions.update(several, sent);
    await refuses(several, to(prices.cheaper, "now"), "not_charged_automatically");
  });

  it("a pause of what is paid by the year: the whole year would be void", async () => {
    const { monthly, prices } = bench.suite.fixtures;
    await act(monthly, to(prices.annual, "now"));
    const resumesAt = (await bench.suite.provider.now()) + 60 * DAY;
    await refuses(monthly, { type: "pause", resumesAt }, "period_too_long");
  });

  it("a code for new customers, for who has bought before", async () => {
    const { monthly, trialing } = bench.suite.fixtures;
    const { id: coupon } = await bench.stripe.coupons.create({ percent_off: 10, duration: "once" });
    const restrictions = { first_time_transaction: true };
    const promotion = { type: "coupon", coupon } as const;
    await bench.stripe.promotionCodes.create({ code: "NEW", promotion, restrictions });
    await refuses(monthly, { type: "promo_code", code: "new" }, "promo_code_not_applicable");
    const { discount } = await act(trialing, { type: "promo_code", code: "NEW" });
    assert.equal(discount?.percentOff, 10, "a trial is no purchase");
  });
});

describe("what is done at Stripe", () => {
  const bench = useStripe();
  const { act, preview, read, charge } = bench.suite;

  it("leaves a coupon of another's alone that has the id of ours", async () => {
    const { monthly } = bench.suite.fixtures;
    const id = "renumerate_50_once";
    await bench.stripe.coupons.create({ id, percent_off: 60, duration: "forever" });
    const { nextCharge, price } = await act(monthly, half);
    assert.equal(nextCharge?.amount, price.amount / 2);
    assert.equal((await bench.stripe.coupons.retrieve(id)).percent_off, 60);
    assert.equal((await bench.stripe.coupons.retrieve(`${id}_2`)).name, "50% off");
  });

  it("is not done by looking: a preview makes a coupon and nothing else", async () => {
    const { monthly, prices, codes } = bench.suite.fixtures;
    const before = bench.double.requests.length;
    const resumesAt = (await bench.suite.provider.now()) + 60 * DAY;
    const terms: Terms[] = [half, to(prices.annual, "now"), to(prices.annual, "renewal")];
    for (const each of [...terms, { type: "pause", resumesAt }, { type: "promo_code", code: codes.percent }])
      await preview(monthly, each as Terms);
    const asked = bench.double.requests.slice(before).filter(({ method }) => method !== "GET");
    const names = new Set(asked.map(({ name }) => name));
    assert.deepEqual(names, new Set(["POST /v1/coupons", "POST /v1/invoices/create_preview"]));
  });

  it("takes a discount away that is not for the new price", async () => {
    const { several, prices, codes } = bench.suite.fixtures;
    await act(several, { type: "promo_code", code: codes.elsewhere });
    for (const charged of ["now", "renewal"] as const) {
      const { dueNow, subscription } = await preview(several, to(prices.cheaper, charged));
      assert.equal(subscription.discount, undefined);
      const paid = await bench.suite.books(several);
      if (charged === "renewal") {
        assertAlike(await act(several, to(prices.cheaper, charged)), subscription);
        assert.equal((await bench.suite.books(several)).paid - paid.paid, dueNow);
      }
    }
    await charge(several);
    const { discounts } = await bench.stripe.subscriptions.retrieve(several);
    assert.deepEqual(discounts, []);
  });

  it("keeps what is paid by use beside the plan", async () => {
    const { monthly, prices } = bench.suite.fixtures;
    const meter = await bench.stripe.prices.create({
      currency: "usd",
      product_data: { name: "Calls" },
      unit_amount: 5,
      recurring: { interval: "month", usage_type: "metered", meter: "mtr_1" },
    });
    await bench.stripe.subscriptions.update(monthly, { items: [{ price: meter.id }] });
    await act(monthly, to(prices.cheaper, "renewal"));
    await charge(monthly);
    const { items } = await bench.stripe.subscriptions.retrieve(monthly);
    const left = items.data.map(({ price }) => price.id);
    assert.deepEqual(left.toSorted(), [prices.cheaper, meter.id].toSorted());
  });

  it("lets go of a subscription soon after its price has changed", async () => {
    const { monthly, prices } = bench.suite.fixtures;
    await act(monthly, to(prices.cheaper, "renewal"));
    const { at } = await charge(monthly);
    await bench.suite.advance(at + 2 * DAY);
    assert.equal((await bench.stripe.subscriptions.retrieve(monthly)).schedule, null);
    assert.equal((await read(monthly)).price.id, prices.cheaper);
  });

  it("charges the planned price where a pause ends after it was to begin", async () => {
    const { monthly, prices } = bench.suite.fixtures;
    const { periodEnd } = await read(monthly);
    await act(monthly, { type: "pause", resumesAt: addMonths(periodEnd, 3) });
    await bench.suite.advance(periodEnd + 3 * DAY);
    await act(monthly, to(prices.cheaper, "renewal"));
    const { dueNow, subscription } = await preview(monthly, { type: "resume" });
    const { paid } = await bench.suite.books(monthly);
    assertAlike(await act(monthly, { type: "resume" }), subscription);
    assert.equal(subscription.price.id, prices.cheaper);
    assert.equal(dueNow, subscription.price.amount);
    assert.equal((await bench.suite.books(monthly)).paid - paid, dueNow);
  });

  it("takes a plan for lost whose price is no longer sold, and undoes the cancellation", async () => {
    const { monthly, prices } = bench.suite.fixtures;
    await act(monthly, to(prices.cheaper, "renewal"));
    await act(monthly, { type: "cancel", effective: "period_end" });
    await bench.stripe.prices.update(prices.cheaper, { active: false });
    const { cancelAt, scheduledChange } = await act(monthly, { type: "undo_cancellation" });
    assert.deepEqual([cancelAt, scheduledChange], [undefined, undefined]);
    assert.equal((await bench.stripe.subscriptions.retrieve(monthly)).schedule, null);
  });
});

describe("pauses that stop the service, too", () => {
  const bench = useStripe({ pause: "subscription" });
  const { act, read } = bench.suite;
  pausesSuite(bench.suite);

  it("are the subscription's own status once what is paid for is used up", async () => {
    const { monthly } = bench.suite.fixtures;
    const { periodEnd } = await read(monthly);
    await act(monthly, { type: "pause", resumesAt: periodEnd + 40 * DAY });
    const statusAt = async (at: number) => {
      await bench.suite.advance(at);
      return (await bench.stripe.subscriptions.retrieve(monthly)).status;
    };
    assert.equal(await statusAt(periodEnd - DAY), "active");
    assert.equal(await statusAt(periodEnd + DAY), "paused");
    assert.equal(await statusAt(periodEnd + 40 * DAY), "active");
  });

  it("can be as long as one likes, even of what is paid by the year", async () => {
    const { monthly, prices } = bench.suite.fixtures;
    const { periodEnd } = await act(monthly, to(prices.annual, "now"));
    const after = await act(monthly, { type: "pause", resumesAt: addMonths(periodEnd, 2) });
    assert.deepEqual([after.status, after.nextCharge?.at], ["paused", addMonths(periodEnd, 2)]);
  });

  it("leave discounts and other ends alone", async () => {
    const { monthly } = bench.suite.fixtures;
    const { periodEnd, price } = await read(monthly);
    const resumesAt = periodEnd + 40 * DAY;
    await act(monthly, { type: "pause", resumesAt });
    const waiting = await act(monthly, half);
    assert.deepEqual([waiting.pausedUntil, waiting.nextCharge?.amount], [resumesAt, price.amount / 2]);
    await bench.suite.advance(periodEnd + DAY);
    await act(monthly, { type: "pause", resumesAt: resumesAt + DAY });
    const paid = await bench.suite.books(monthly);
    await bench.suite.advance(resumesAt + DAY);
    assert.equal((await bench.suite.books(monthly)).paid - paid.paid, price.amount / 2);
  });
});

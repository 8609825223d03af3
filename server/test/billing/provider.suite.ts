/**
 * What every billing provider must do, in terms of the interface alone. An adapter is held to it by a harness that
 * prepares the fixtures and can move the provider's clock.
 */
import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "node:test";
import { Subscription } from "../../../src/api/contract.ts";
import { addMonths, discounted } from "../../../src/flow/offers.ts";
import {
  type BilledSubscription,
  type BillingAction,
  BillingError,
  type BillingProvider,
  publicView,
} from "../../src/billing/provider.ts";

const DAY = 86_400_000;

/** Ids. Subscriptions are in the state that their name says, and in no other special one. */
export interface Fixtures {
  /** Owns `monthly`; nobody else has this e-mail. */
  customer: { id: string; email: string };
  /** Active, monthly, without a discount; the next charge is more than two days and at most a month ahead. */
  monthly: string;
  /** Monthly after a trial that ends in more than five days. */
  trialing: string;
  paused: string;
  pastDue: string;
  /** Monthly. */
  cancelling: string;
  cancelled: string;
  /** Percentage off for more than a month from now. */
  discounted: string;
  /** Active, in another currency than `monthly`. */
  otherCurrency: string;
  /** Active, for more than one unit. */
  several: string;
  /** A customer with at least two subscriptions that run. */
  customerOfTwo: string;
  /** An e-mail that at least two customers have. */
  sharedEmail: string;
  prices: {
    /** Monthly, cheaper than `monthly`'s and in its currency. */
    cheaper: string;
    /** Yearly, of `monthly`'s product and in its currency. */
    annual: string;
    /** In another currency than `monthly`'s. */
    otherCurrency: string;
    /** No longer for sale, in `monthly`'s currency. */
    inactive: string;
  };
}

export interface Harness {
  provider: BillingProvider;
  fixtures: Fixtures;
  /** Moves the provider's clock; never backwards. Resolves when everything on the way has happened. */
  advance(to: number): Promise<unknown>;
  close(): Promise<void>;
}

type Terms = BillingAction extends infer Action
  ? Action extends BillingAction
    ? Omit<Action, "subscriptionId">
    : never
  : never;

export function providerSuite(name: string, makeHarness: () => Promise<Harness>): void {
  describe(`billing provider: ${name}`, () => {
    let harness: Harness;
    let provider: BillingProvider;
    let fixtures: Fixtures;
    let keys = 0;

    beforeEach(async () => {
      harness = await makeHarness();
      ({ provider, fixtures } = harness);
    });
    afterEach(() => harness.close());

    const act = (subscriptionId: string, terms: Terms, key = `key_${++keys}`) =>
      provider.execute({ ...terms, subscriptionId }, key);

    async function read(id: string): Promise<BilledSubscription> {
      const found = await provider.subscription(id);
      assert.ok(found, `${id} exists`);
      return found;
    }

    async function chargeOf(id: string): Promise<NonNullable<BilledSubscription["nextCharge"]>> {
      const { nextCharge } = await read(id);
      assert.ok(nextCharge, `${id} will be charged`);
      return nextCharge;
    }

    /** Lets the next charge happen and returns what it was announced as. */
    async function charge(id: string) {
      const announced = await chargeOf(id);
      await harness.advance(announced.at);
      return announced;
    }

    async function refuses(id: string, terms: Terms): Promise<void> {
      const before = await provider.subscription(id);
      await assert.rejects(
        act(id, terms),
        (error) => error instanceof BillingError && error.kind === "rejected",
      );
      assert.deepEqual(await provider.subscription(id), before, "a refusal changes nothing");
    }

    const half = { type: "discount", percentOff: 50, currency: "usd" } as const;

    describe("customers", () => {
      it("are found by exact id", async () => {
        const { id, email } = fixtures.customer;
        const [found, ...others] = await provider.findCustomers({ id });
        assert.deepEqual([found?.id, found?.email, others], [id, email, []]);
        assert.deepEqual(await provider.findCustomers({ id: id.toLowerCase() }), []);
        assert.deepEqual(await provider.findCustomers({ id: id.slice(0, -1) }), []);
      });

      it("are found by e-mail whatever its case, but never by a part of it", async () => {
        const { id, email } = fixtures.customer;
        assert.deepEqual(
          (await provider.findCustomers({ email: email.toUpperCase() })).map((each) => each.id),
          [id],
        );
        assert.deepEqual(await provider.findCustomers({ email: email.slice(1) }), []);
        assert.deepEqual(await provider.findCustomers({ email: "nobody@example.com" }), []);
      });

      it("can share an e-mail", async () => {
        assert.ok((await provider.findCustomers({ email: fixtures.sharedEmail })).length > 1);
      });

      it("are not found by nothing", async () => {
        assert.deepEqual(await provider.findCustomers({}), []);
      });
    });

    describe("subscriptions", () => {
      it("are listed running ones first, oldest first within each", async () => {
        const two = await provider.subscriptions(fixtures.customerOfTwo);
        assert.ok(two.length > 1);
        assert.deepEqual(
          two,
          two.toSorted((a, b) => a.startedAt - b.startedAt),
        );
        await act(two[0]?.id ?? "", { type: "cancel", effective: "immediately" });
        const after = await provider.subscriptions(fixtures.customerOfTwo);
        assert.equal(after.at(-1)?.id, two[0]?.id);
        assert.deepEqual(await provider.subscriptions("cus_nobody"), []);
      });

      it("keep the contract in every state", async () => {
        const { monthly, trialing, paused, pastDue, cancelling, cancelled, discounted, otherCurrency } =
          fixtures;
        for (const id of [
          monthly,
          trialing,
          paused,
          pastDue,
          cancelling,
          cancelled,
          discounted,
          otherCurrency,
        ]) {
          const subscription = await read(id);
          assert.equal(subscription.id, id);
          const view = publicView(subscription);
          assert.deepEqual(Subscription.parse(view), view);
          assert.deepEqual(
            JSON.parse(JSON.stringify(subscription)),
            subscription,
            "nothing is null or undefined",
          );
          assert.ok((await provider.subscriptions(subscription.customerId)).some((each) => each.id === id));
        }
        assert.equal(await provider.subscription("sub_nobody"), undefined);
      });

      it("show the dates of their state and no others", async () => {
        const now = await provider.now();
        const dates = async (id: string) => {
          const { status, trialEnd, pausedUntil, cancelAt, discount, nextCharge } = await read(id);
          return {
            status,
            trial: trialEnd !== undefined && trialEnd > now,
            pause: pausedUntil !== undefined && pausedUntil > now,
            ends: cancelAt !== undefined && (cancelAt > now ? "ahead" : "past"),
            discount: discount !== undefined,
            charge: nextCharge !== undefined && nextCharge.at > now,
          };
        };
        const plain = {
          status: "active",
          trial: false,
          pause: false,
          ends: false,
          discount: false,
          charge: true,
        };
        assert.deepEqual(await dates(fixtures.monthly), plain);
        assert.deepEqual(await dates(fixtures.trialing), { ...plain, status: "trialing", trial: true });
        assert.deepEqual(await dates(fixtures.paused), { ...plain, status: "paused", pause: true });
        assert.deepEqual(await dates(fixtures.pastDue), { ...plain, status: "past_due" });
        assert.deepEqual(await dates(fixtures.cancelling), { ...plain, ends: "ahead", charge: false });
        assert.deepEqual(await dates(fixtures.cancelled), {
          ...plain,
          status: "cancelled",
          ends: "past",
          charge: false,
        });
        assert.deepEqual(await dates(fixtures.discounted), { ...plain, discount: true });
      });

      it("cost the unit price times the quantity", async () => {
        const { price, quantity } = await read(fixtures.several);
        assert.ok(quantity > 1);
        assert.equal(price.amount, ((await provider.price(price.id))?.price.amount ?? 0) * quantity);
      });

      it("announce the next charge: discounted, after the trial, after the pause", async () => {
        const monthly = await read(fixtures.monthly);
        const { amount, currency } = monthly.price;
        assert.deepEqual(monthly.nextCharge, { amount, currency, at: monthly.periodEnd });
        const passed = Array.from({ length: 300 }, (_, months) => addMonths(monthly.anchor, months));
        assert.ok(passed.includes(monthly.periodEnd), "charges follow the anchor");
        const trialing = await read(fixtures.trialing);
        assert.deepEqual([trialing.nextCharge?.at, trialing.anchor], [trialing.trialEnd, trialing.trialEnd]);
        const paused = await read(fixtures.paused);
        assert.ok((paused.nextCharge?.at ?? 0) >= (paused.pausedUntil ?? Number.POSITIVE_INFINITY));
        const cheap = await read(fixtures.discounted);
        assert.equal(cheap.nextCharge?.amount, discounted(cheap.price.amount, cheap.discount ?? {}));
        assert.ok(cheap.nextCharge.amount < cheap.price.amount);
      });
    });

    describe("prices", () => {
      it("are found by id, with their plan", async () => {
        const { plan, price } = await read(fixtures.several);
        const found = await provider.price(price.id);
        assert.deepEqual(
          [found?.productId, found?.name, found?.features],
          [plan.id, plan.name, plan.features],
        );
        assert.equal(await provider.price("price_nobody"), undefined);
      });

      it("of a product are those that are for sale", async () => {
        const { plan, price } = await read(fixtures.monthly);
        const found = await provider.prices(plan.id);
        const ids = found.map((each) => each.price.id);
        assert.ok(ids.includes(price.id) && ids.includes(fixtures.prices.annual));
        assert.ok(found.every((each) => each.productId === plan.id));
        const inactive = await provider.price(fixtures.prices.inactive);
        const siblings = await provider.prices(inactive?.productId ?? "");
        assert.ok(siblings.every((each) => each.price.id !== fixtures.prices.inactive));
        assert.deepEqual(await provider.prices("prod_nobody"), []);
      });
    });

    describe("time", () => {
      it("only moves forward, and charges on the announced day", async () => {
        const before = await read(fixtures.monthly);
        const at = before.nextCharge?.at ?? 0;
        await harness.advance(at - DAY);
        assert.ok((await provider.now()) >= at - DAY);
        assert.deepEqual((await read(fixtures.monthly)).nextCharge, before.nextCharge);
        await harness.advance(at);
        const after = await read(fixtures.monthly);
        assert.equal(after.status, "active");
        assert.ok(after.periodEnd > at);
        assert.deepEqual(after.nextCharge, { ...before.nextCharge, at: after.periodEnd });
      });

      it("ends a trial with the first charge", async () => {
        const { at } = await charge(fixtures.trialing);
        const { status, trialEnd, periodEnd, nextCharge } = await read(fixtures.trialing);
        assert.deepEqual(
          { status, trialEnd, at: nextCharge?.at },
          { status: "active", trialEnd: undefined, at: periodEnd },
        );
        assert.equal(periodEnd, addMonths(at, 1));
      });

      it("ends a pause", async () => {
        const { pausedUntil = 0, price } = await read(fixtures.paused);
        await harness.advance(pausedUntil);
        const after = await read(fixtures.paused);
        assert.equal(after.status, "active");
        assert.equal(after.pausedUntil, undefined);
        assert.deepEqual(after.price, price);
        await charge(fixtures.paused);
        assert.equal((await read(fixtures.paused)).nextCharge?.amount, price.amount);
      });

      it("ends a subscription that is cancelled, once and for all", async () => {
        const { cancelAt = 0 } = await read(fixtures.cancelling);
        await harness.advance(cancelAt - 60_000);
        assert.equal((await read(fixtures.cancelling)).status, "active");
        await harness.advance(cancelAt);
        const ended = await read(fixtures.cancelling);
        assert.deepEqual(
          [ended.status, ended.cancelAt, ended.nextCharge],
          ["cancelled", cancelAt, undefined],
        );
        await harness.advance(cancelAt + 60 * DAY);
        assert.deepEqual(await read(fixtures.cancelling), ended);
      });

      it("ends a discount", async () => {
        const { discount, price } = await read(fixtures.discounted);
        await harness.advance(discount?.endsAt ?? 0);
        const after = await read(fixtures.discounted);
        assert.equal(after.discount, undefined);
        assert.equal(after.nextCharge?.amount, price.amount);
      });

      it("never pays a customer's debt by itself", async () => {
        await charge(fixtures.pastDue);
        assert.equal((await read(fixtures.pastDue)).status, "past_due");
      });
    });

    describe("discount", () => {
      it("once: the next charge and no other", async () => {
        const { price } = await read(fixtures.monthly);
        const after = await act(fixtures.monthly, { ...half, duration: "once" });
        assert.equal(after.nextCharge?.amount, discounted(price.amount, half));
        assert.equal(after.discount?.percentOff, 50);
        assert.ok((after.discount?.endsAt ?? 0) > after.nextCharge.at, "shown until the first full charge");
        await charge(fixtures.monthly);
        const later = await read(fixtures.monthly);
        assert.deepEqual([later.discount, later.nextCharge?.amount], [undefined, price.amount]);
      });

      it("repeating: every charge within its months, counted from now", async () => {
        const now = await provider.now();
        const { price } = await read(fixtures.monthly);
        const { discount } = await act(fixtures.monthly, { ...half, duration: "repeating", months: 3 });
        const endsAt = discount?.endsAt ?? 0;
        // The provider's clock may have ticked since.
        assert.ok(Math.abs(endsAt - addMonths(now, 3)) < 60_000);
        const amounts = [];
        for (let charges = 0; charges < 4; charges++) amounts.push((await charge(fixtures.monthly)).amount);
        const cheap = discounted(price.amount, half);
        assert.deepEqual(amounts, [cheap, cheap, cheap, price.amount]);
        assert.equal((await read(fixtures.monthly)).discount, undefined);
      });

      it("forever: without an end", async () => {
        const { price } = await read(fixtures.monthly);
        const { discount } = await act(fixtures.monthly, { ...half, duration: "forever" });
        assert.deepEqual(discount, { percentOff: 50 });
        await harness.advance(addMonths(await provider.now(), 14));
        assert.equal((await chargeOf(fixtures.monthly)).amount, discounted(price.amount, half));
      });

      it("of an amount never goes below zero", async () => {
        const { price } = await read(fixtures.monthly);
        const terms = { type: "discount", currency: price.currency, duration: "once" } as const;
        const after = await act(fixtures.monthly, { ...terms, amountOff: price.amount + 1 });
        assert.equal(after.nextCharge?.amount, 0);
        const other = await read(fixtures.trialing);
        const less = await act(other.id, { ...terms, amountOff: 1 });
        assert.equal(less.nextCharge?.amount, other.price.amount - 1);
      });

      it("works in a currency without decimals", async () => {
        const { price } = await read(fixtures.otherCurrency);
        const { currency } = price;
        const terms = { type: "discount", percentOff: 33, currency, duration: "once" } as const;
        const after = await act(fixtures.otherCurrency, terms);
        assert.deepEqual(after.nextCharge?.amount, discounted(price.amount, { percentOff: 33 }));
      });

      it("is refused while one runs, in another currency, and without a size", async () => {
        await refuses(fixtures.discounted, { ...half, duration: "once" });
        const { currency } = (await read(fixtures.otherCurrency)).price;
        await refuses(fixtures.monthly, { type: "discount", amountOff: 500, currency, duration: "once" });
        await refuses(fixtures.monthly, { type: "discount", currency: "usd", duration: "once" });
        await refuses(fixtures.monthly, { ...half, percentOff: 101, duration: "once" });
        await refuses(fixtures.monthly, { ...half, percentOff: 0, duration: "once" });
        await refuses(fixtures.monthly, { ...half, duration: "repeating" });
      });

      it("can be given again when the first is over", async () => {
        await act(fixtures.monthly, { ...half, duration: "once" });
        await charge(fixtures.monthly);
        await act(fixtures.monthly, { ...half, duration: "once" });
      });
    });

    describe("pause", () => {
      it("charges nothing until it ends, and keeps the price", async () => {
        const before = await read(fixtures.monthly);
        const resumesAt = addMonths(before.periodEnd, 2);
        const after = await act(fixtures.monthly, { type: "pause", resumesAt });
        assert.deepEqual(
          [after.status, after.pausedUntil, after.nextCharge?.at],
          ["paused", resumesAt, resumesAt],
        );
        assert.equal(after.nextCharge?.amount, before.price.amount);
        assert.equal(after.periodEnd, before.periodEnd, "what is paid for stays paid for");
        await harness.advance(resumesAt - 60_000);
        assert.deepEqual(await read(fixtures.monthly), after);
        await harness.advance(resumesAt);
        const resumed = await read(fixtures.monthly);
        assert.deepEqual([resumed.status, resumed.price], ["active", before.price]);
        assert.ok(resumed.periodEnd > resumesAt);
      });

      it("inside the paid period costs nothing and moves nothing", async () => {
        const before = await read(fixtures.monthly);
        const resumesAt = before.periodEnd - DAY;
        const after = await act(fixtures.monthly, { type: "pause", resumesAt });
        assert.deepEqual(after.nextCharge, before.nextCharge);
        await harness.advance(resumesAt);
        assert.deepEqual(await read(fixtures.monthly), before);
      });

      it("is refused unless the subscription is active, and into the past", async () => {
        const now = await provider.now();
        const { trialing, paused, pastDue, cancelling, cancelled, monthly } = fixtures;
        for (const id of [trialing, paused, pastDue, cancelling, cancelled])
          await refuses(id, { type: "pause", resumesAt: now + 90 * DAY });
        await refuses(monthly, { type: "pause", resumesAt: now - 1 });
        await refuses(monthly, { type: "pause", resumesAt: Number.NaN });
      });
    });

    describe("change of price", () => {
      it("at renewal: the next charge has the new price, on the day of the old", async () => {
        const before = await read(fixtures.monthly);
        const cheaper = await provider.price(fixtures.prices.cheaper);
        const terms = { type: "change_price", priceId: fixtures.prices.cheaper, charge: "renewal" } as const;
        const after = await act(fixtures.monthly, terms);
        assert.deepEqual(after.nextCharge, { ...before.nextCharge, amount: cheaper?.price.amount });
        await charge(fixtures.monthly);
        const renewed = await read(fixtures.monthly);
        assert.deepEqual(renewed.price, cheaper?.price);
        assert.equal(renewed.plan.id, cheaper?.productId);
        assert.equal(renewed.nextCharge?.amount, cheaper?.price.amount);
      });

      it("at renewal to another interval: the new rhythm begins there", async () => {
        const { annual } = fixtures.prices;
        const { periodEnd } = await read(fixtures.monthly);
        await act(fixtures.monthly, { type: "change_price", priceId: annual, charge: "renewal" });
        await charge(fixtures.monthly);
        const renewed = await read(fixtures.monthly);
        assert.deepEqual([renewed.price.id, renewed.periodEnd], [annual, addMonths(periodEnd, 12)]);
      });

      it("now: charges what the preview said and starts a new period", async () => {
        const before = await read(fixtures.monthly);
        const annual = await provider.price(fixtures.prices.annual);
        const full = annual?.price.amount ?? 0;
        const { dueNow, currency } = await provider.previewChange(fixtures.monthly, fixtures.prices.annual);
        assert.equal(currency, before.price.currency);
        assert.ok(dueNow < full, "the unused time is credited");
        assert.ok(dueNow >= full - before.price.amount, "and no more than that");
        assert.deepEqual(await read(fixtures.monthly), before, "a preview changes nothing");
        const now = await provider.now();
        const terms = { type: "change_price", priceId: fixtures.prices.annual, charge: "now" } as const;
        const after = await act(fixtures.monthly, terms);
        assert.deepEqual(after.price, annual?.price);
        assert.ok(Math.abs(after.periodEnd - addMonths(now, 12)) < 60_000);
        assert.deepEqual(after.nextCharge, { amount: full, currency, at: after.periodEnd });
      });

      it("now, to less than the credit: the rest pays the next charges", async () => {
        await act(fixtures.monthly, { type: "change_price", priceId: fixtures.prices.annual, charge: "now" });
        const cheaper = (await provider.price(fixtures.prices.cheaper))?.price.amount ?? 0;
        assert.equal((await provider.previewChange(fixtures.monthly, fixtures.prices.cheaper)).dueNow, 0);
        const terms = { type: "change_price", priceId: fixtures.prices.cheaper, charge: "now" } as const;
        const after = await act(fixtures.monthly, terms);
        assert.ok((after.nextCharge?.amount ?? cheaper) < cheaper);
      });

      it("now, with a discount: the discounted price is due", async () => {
        const full = (await provider.price(fixtures.prices.annual))?.price.amount ?? 0;
        const { price } = await read(fixtures.monthly);
        await act(fixtures.monthly, { ...half, duration: "forever" });
        const { dueNow } = await provider.previewChange(fixtures.monthly, fixtures.prices.annual);
        assert.ok(dueNow <= full / 2 && dueNow >= full / 2 - price.amount);
      });

      it("in a trial keeps the trial, and nothing is due", async () => {
        const { trialEnd } = await read(fixtures.trialing);
        assert.equal((await provider.previewChange(fixtures.trialing, fixtures.prices.annual)).dueNow, 0);
        const terms = { type: "change_price", priceId: fixtures.prices.annual, charge: "now" } as const;
        const after = await act(fixtures.trialing, terms);
        const full = (await provider.price(fixtures.prices.annual))?.price.amount;
        assert.deepEqual([after.status, after.trialEnd], ["trialing", trialEnd]);
        assert.deepEqual([after.nextCharge?.at, after.nextCharge?.amount], [trialEnd, full]);
      });

      it("keeps the quantity", async () => {
        const { quantity } = await read(fixtures.several);
        const cheaper = (await provider.price(fixtures.prices.cheaper))?.price.amount ?? 0;
        const terms = { type: "change_price", priceId: fixtures.prices.cheaper, charge: "renewal" } as const;
        const after = await act(fixtures.several, terms);
        assert.equal(after.nextCharge?.amount, cheaper * quantity);
      });

      it("is refused to the same, an unknown, a withdrawn or another currency's price", async () => {
        const { monthly, prices } = fixtures;
        const same = (await read(monthly)).price.id;
        for (const priceId of [same, "price_nobody", prices.inactive, prices.otherCurrency]) {
          await refuses(monthly, { type: "change_price", priceId, charge: "renewal" });
          await refuses(monthly, { type: "change_price", priceId, charge: "now" });
          await assert.rejects(provider.previewChange(monthly, priceId), BillingError);
        }
      });

      it("now is refused while paused or with an unpaid invoice", async () => {
        for (const id of [fixtures.paused, fixtures.pastDue])
          await refuses(id, { type: "change_price", priceId: fixtures.prices.annual, charge: "now" });
      });
    });

    describe("trial extension", () => {
      it("moves the end of the trial and the first charge", async () => {
        const before = await read(fixtures.trialing);
        const trialEnd = (before.trialEnd ?? 0) + 14 * DAY;
        const after = await act(fixtures.trialing, { type: "extend_trial", trialEnd });
        assert.deepEqual([after.status, after.trialEnd, after.periodEnd], ["trialing", trialEnd, trialEnd]);
        assert.deepEqual(after.nextCharge, { ...before.nextCharge, at: trialEnd });
        await harness.advance(trialEnd - 60_000);
        assert.equal((await read(fixtures.trialing)).status, "trialing");
        await harness.advance(trialEnd);
        assert.equal((await read(fixtures.trialing)).status, "active");
      });

      it("is refused without a trial and backwards", async () => {
        const { trialEnd = 0 } = await read(fixtures.trialing);
        const { monthly, paused, pastDue, cancelling, cancelled } = fixtures;
        for (const id of [monthly, paused, pastDue, cancelling, cancelled])
          await refuses(id, { type: "extend_trial", trialEnd: trialEnd + DAY });
        await refuses(fixtures.trialing, { type: "extend_trial", trialEnd });
        await refuses(fixtures.trialing, { type: "extend_trial", trialEnd: trialEnd - DAY });
      });
    });

    describe("cancellation", () => {
      it("at the period's end keeps access until then and charges nothing more", async () => {
        const { periodEnd } = await read(fixtures.monthly);
        const terms = {
          type: "cancel",
          effective: "period_end",
          reason: "too_expensive",
          comment: "Bye",
        } as const;
        const after = await act(fixtures.monthly, terms);
        assert.deepEqual([after.status, after.cancelAt, after.nextCharge], ["active", periodEnd, undefined]);
        await harness.advance(periodEnd);
        assert.equal((await read(fixtures.monthly)).status, "cancelled");
      });

      it("immediately ends it now", async () => {
        const now = await provider.now();
        const after = await act(fixtures.monthly, { type: "cancel", effective: "immediately" });
        assert.deepEqual([after.status, after.nextCharge], ["cancelled", undefined]);
        assert.ok(Math.abs((after.cancelAt ?? 0) - now) < 60_000);
      });

      it("of a trial ends with the trial, without a charge", async () => {
        const { trialEnd = 0 } = await read(fixtures.trialing);
        const after = await act(fixtures.trialing, { type: "cancel", effective: "period_end" });
        assert.deepEqual([after.status, after.cancelAt, after.nextCharge], ["trialing", trialEnd, undefined]);
        await harness.advance(trialEnd);
        assert.equal((await read(fixtures.trialing)).status, "cancelled");
      });

      it("of a pause ends with the paid period, or at once when that is over", async () => {
        const { periodEnd } = await read(fixtures.paused);
        const now = await provider.now();
        const after = await act(fixtures.paused, { type: "cancel", effective: "period_end" });
        assert.equal(after.nextCharge, undefined);
        if (periodEnd > now) assert.equal(after.cancelAt, periodEnd);
        else assert.equal(after.status, "cancelled");
        const resumesAt = addMonths((await read(fixtures.monthly)).periodEnd, 3);
        await act(fixtures.monthly, { type: "pause", resumesAt });
        await harness.advance(resumesAt - DAY);
        assert.equal(
          (await act(fixtures.monthly, { type: "cancel", effective: "period_end" })).status,
          "cancelled",
        );
      });

      it("is possible in every state but the last", async () => {
        const { trialing, paused, pastDue, discounted, several, otherCurrency } = fixtures;
        for (const id of [trialing, paused, pastDue, discounted, several, otherCurrency]) {
          const { status, nextCharge } = await act(id, { type: "cancel", effective: "period_end" });
          assert.equal(nextCharge, undefined);
          if (status === "cancelled") continue;
          assert.equal((await act(id, { type: "cancel", effective: "immediately" })).status, "cancelled");
        }
      });

      it("again is answered with what is", async () => {
        const before = await read(fixtures.cancelling);
        assert.deepEqual(await act(before.id, { type: "cancel", effective: "period_end" }), before);
        assert.equal(
          (await act(before.id, { type: "cancel", effective: "immediately" })).status,
          "cancelled",
        );
      });

      it("leaves nothing that could be changed", async () => {
        const now = await provider.now();
        const { cheaper } = fixtures.prices;
        for (const id of [fixtures.cancelled, fixtures.cancelling]) {
          await refuses(id, { ...half, duration: "once" });
          await refuses(id, { type: "pause", resumesAt: now + 90 * DAY });
          await refuses(id, { type: "change_price", priceId: cheaper, charge: "renewal" });
          await refuses(id, { type: "change_price", priceId: cheaper, charge: "now" });
          await refuses(id, { type: "extend_trial", trialEnd: now + 90 * DAY });
        }
        await refuses(fixtures.cancelled, { type: "cancel", effective: "period_end" });
        await refuses(fixtures.cancelled, { type: "cancel", effective: "immediately" });
        await refuses("sub_nobody", { type: "cancel", effective: "immediately" });
      });
    });

    describe("one key", () => {
      const once = { ...half, duration: "once" } as const;

      it("is one effect, and later gives the state as it is", async () => {
        const first = await act(fixtures.monthly, once, "key");
        assert.deepEqual(await act(fixtures.monthly, once, "key"), first);
        await charge(fixtures.monthly);
        const later = await act(fixtures.monthly, once, "key");
        assert.equal(later.discount, undefined, "the discount is used up and not given again");
        assert.deepEqual(later, await read(fixtures.monthly));
      });

      it("is one effect when twenty ask at once", async () => {
        const { annual } = fixtures.prices;
        const terms = { type: "change_price", priceId: annual, charge: "now" } as const;
        const answers = await Promise.all(
          Array.from({ length: 20 }, () => act(fixtures.monthly, terms, "key")),
        );
        for (const answer of answers) assert.deepEqual(answer, answers[0]);
        assert.deepEqual(await read(fixtures.monthly), answers[0]);
      });

      it("of twenty gets the discount", async () => {
        const answers = await Promise.allSettled(
          Array.from({ length: 20 }, () => act(fixtures.monthly, once)),
        );
        assert.equal(answers.filter((each) => each.status === "fulfilled").length, 1);
      });

      it("does not stand for two actions", async () => {
        const first = await act(fixtures.monthly, once, "key");
        for (const other of [
          { ...once, percentOff: 40 },
          { type: "cancel", effective: "immediately" } as const,
        ])
          await assert.rejects(
            act(fixtures.monthly, other, "key"),
            (error) => error instanceof BillingError && error.code === "idempotency_mismatch",
          );
        await assert.rejects(act(fixtures.trialing, once, "key"), BillingError);
        assert.deepEqual(await read(fixtures.monthly), first);
      });

      it("does not care for the order of an action's fields", async () => {
        const subscriptionId = fixtures.monthly;
        const there = { type: "cancel", effective: "period_end", reason: "other", subscriptionId } as const;
        const back = {
          subscriptionId,
          comment: undefined,
          reason: "other",
          effective: "period_end",
          type: "cancel",
        } as const;
        assert.deepEqual(await provider.execute(there, "key"), await provider.execute(back, "key"));
        assert.ok(await provider.readBack(back, "key"));
      });

      it("that was refused can succeed later", async () => {
        const { discount } = await read(fixtures.discounted);
        await assert.rejects(act(fixtures.discounted, once, "key"), BillingError);
        await harness.advance(discount?.endsAt ?? 0);
        assert.equal((await act(fixtures.discounted, once, "key")).discount?.percentOff, 50);
      });

      it("is read back only after its action took effect", async () => {
        const action = { ...once, subscriptionId: fixtures.monthly };
        assert.equal(await provider.readBack(action, "key"), undefined);
        await assert.rejects(provider.execute({ ...action, percentOff: 500 }, "key"), BillingError);
        assert.equal(await provider.readBack({ ...action, percentOff: 500 }, "key"), undefined);
        const done = await provider.execute(action, "key");
        assert.deepEqual(await provider.readBack(action, "key"), done);
        assert.equal(await provider.readBack(action, "another"), undefined);
        assert.equal(await provider.readBack({ ...action, percentOff: 10 }, "key"), undefined);
      });
    });
  });
}

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Subscription } from "../../../src/api/contract.ts";
import { addMonths, discounted } from "../../../src/flow/offers.ts";
import { publicView } from "../../src/billing/provider.ts";
import type { Suite } from "./provider-harness.ts";

const DAY = 86_400_000;

/** What can be asked of billing, and what time changes by itself. */
export function readsSuite(suite: Suite): void {
  const { act, read, charge } = suite;

  describe("customers", () => {
    it("are found by exact id", async () => {
      const { id, email } = suite.fixtures.customer;
      const [found, ...others] = await suite.provider.findCustomers({ id });
      assert.deepEqual([found?.id, found?.email, others], [id, email, []]);
      assert.deepEqual(await suite.provider.findCustomers({ id: id.toLowerCase() }), []);
      assert.deepEqual(await suite.provider.findCustomers({ id: id.slice(0, -1) }), []);
    });

    it("are found by e-mail whatever its case, but never by a part of it", async () => {
      const { id, email } = suite.fixtures.customer;
      assert.deepEqual(
        (await suite.provider.findCustomers({ email: email.toUpperCase() })).map((each) => each.id),
        [id],
      );
      assert.deepEqual(await suite.provider.findCustomers({ email: email.slice(1) }), []);
      assert.deepEqual(await suite.provider.findCustomers({ email: "nobody@example.com" }), []);
    });

    it("can share an e-mail", async () => {
      assert.ok((await suite.provider.findCustomers({ email: suite.fixtures.sharedEmail })).length > 1);
    });

    it("are not found by nothing", async () => {
      assert.deepEqual(await suite.provider.findCustomers({}), []);
    });
  });

  describe("subscriptions", () => {
    it("are listed running ones first, oldest first within each", async () => {
      const two = await suite.provider.subscriptions(suite.fixtures.customerOfTwo);
      assert.ok(two.length > 1);
      assert.deepEqual(
        two,
        two.toSorted((a, b) => a.startedAt - b.startedAt),
      );
      await act(two[0]?.id ?? "", { type: "cancel", effective: "immediately" });
      const after = await suite.provider.subscriptions(suite.fixtures.customerOfTwo);
      assert.equal(after.at(-1)?.id, two[0]?.id);
      assert.deepEqual(await suite.provider.subscriptions("cus_nobody"), []);
    });

    it("keep the contract in every state", async () => {
      const { monthly, trialing, paused, pastDue, cancelling, cancelled, discounted, otherCurrency } =
        suite.fixtures;
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
        assert.ok(
          (await suite.provider.subscriptions(subscription.customerId)).some((each) => each.id === id),
        );
      }
      assert.equal(await suite.provider.subscription("sub_nobody"), undefined);
    });

    it("show the dates of their state and no others", async () => {
      const now = await suite.provider.now();
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
      assert.deepEqual(await dates(suite.fixtures.monthly), plain);
      assert.deepEqual(await dates(suite.fixtures.trialing), { ...plain, status: "trialing", trial: true });
      assert.deepEqual(await dates(suite.fixtures.paused), { ...plain, status: "paused", pause: true });
      assert.deepEqual(await dates(suite.fixtures.pastDue), { ...plain, status: "past_due" });
      assert.deepEqual(await dates(suite.fixtures.cancelling), { ...plain, ends: "ahead", charge: false });
      assert.deepEqual(await dates(suite.fixtures.cancelled), {
        ...plain,
        status: "cancelled",
        ends: "past",
        charge: false,
      });
      assert.deepEqual(await dates(suite.fixtures.discounted), { ...plain, discount: true });
    });

    it("cost the unit price times the quantity", async () => {
      const { price, quantity } = await read(suite.fixtures.several);
      assert.ok(quantity > 1);
      assert.equal(price.amount, ((await suite.provider.price(price.id))?.price.amount ?? 0) * quantity);
    });

    it("announce the next charge: discounted, after the trial, after the pause", async () => {
      const monthly = await read(suite.fixtures.monthly);
      const { amount, currency } = monthly.price;
      assert.deepEqual(monthly.nextCharge, { amount, currency, at: monthly.periodEnd });
      const passed = Array.from({ length: 300 }, (_, months) => addMonths(monthly.anchor, months));
      assert.ok(passed.includes(monthly.periodEnd), "charges follow the anchor");
      const trialing = await read(suite.fixtures.trialing);
      assert.deepEqual([trialing.nextCharge?.at, trialing.anchor], [trialing.trialEnd, trialing.trialEnd]);
      const paused = await read(suite.fixtures.paused);
      assert.ok((paused.nextCharge?.at ?? 0) >= (paused.pausedUntil ?? Number.POSITIVE_INFINITY));
      const cheap = await read(suite.fixtures.discounted);
      assert.equal(cheap.nextCharge?.amount, discounted(cheap.price.amount, cheap.discount ?? {}));
      assert.ok(cheap.nextCharge.amount < cheap.price.amount);
    });
  });

  describe("prices", () => {
    it("are found by id, with their plan", async () => {
      const { plan, price } = await read(suite.fixtures.several);
      const found = await suite.provider.price(price.id);
      assert.deepEqual([found?.productId, found?.name, found?.features], [plan.id, plan.name, plan.features]);
      assert.equal(await suite.provider.price("price_nobody"), undefined);
    });

    it("of a product are those that are for sale", async () => {
      const { plan, price } = await read(suite.fixtures.monthly);
      const found = await suite.provider.prices(plan.id);
      const ids = found.map((each) => each.price.id);
      assert.ok(ids.includes(price.id) && ids.includes(suite.fixtures.prices.annual));
      assert.ok(found.every((each) => each.productId === plan.id));
      const inactive = await suite.provider.price(suite.fixtures.prices.inactive);
      const siblings = await suite.provider.prices(inactive?.productId ?? "");
      assert.ok(siblings.every((each) => each.price.id !== suite.fixtures.prices.inactive));
      assert.deepEqual(await suite.provider.prices("prod_nobody"), []);
    });
  });

  describe("time", () => {
    it("only moves forward, and charges on the announced day", async () => {
      const before = await read(suite.fixtures.monthly);
      const at = before.nextCharge?.at ?? 0;
      await suite.advance(at - DAY);
      assert.ok((await suite.provider.now()) >= at - DAY);
      assert.deepEqual((await read(suite.fixtures.monthly)).nextCharge, before.nextCharge);
      await suite.advance(at);
      const after = await read(suite.fixtures.monthly);
      assert.equal(after.status, "active");
      assert.ok(after.periodEnd > at);
      assert.deepEqual(after.nextCharge, { ...before.nextCharge, at: after.periodEnd });
    });

    it("ends a trial with the first charge", async () => {
      const { at } = await charge(suite.fixtures.trialing);
      const { status, trialEnd, periodEnd, nextCharge } = await read(suite.fixtures.trialing);
      assert.deepEqual(
        { status, trialEnd, at: nextCharge?.at },
        { status: "active", trialEnd: undefined, at: periodEnd },
      );
      assert.equal(periodEnd, addMonths(at, 1));
    });

    it("ends a pause", async () => {
      const { pausedUntil = 0, price } = await read(suite.fixtures.paused);
      await suite.advance(pausedUntil);
      const after = await read(suite.fixtures.paused);
      assert.equal(after.status, "active");
      assert.equal(after.pausedUntil, undefined);
      assert.deepEqual(after.price, price);
      await charge(suite.fixtures.paused);
      assert.equal((await read(suite.fixtures.paused)).nextCharge?.amount, price.amount);
    });

    it("ends a subscription that is cancelled, once and for all", async () => {
      const { cancelAt = 0 } = await read(suite.fixtures.cancelling);
      await suite.advance(cancelAt - 60_000);
      assert.equal((await read(suite.fixtures.cancelling)).status, "active");
      await suite.advance(cancelAt);
      const ended = await read(suite.fixtures.cancelling);
      assert.deepEqual([ended.status, ended.cancelAt, ended.nextCharge], ["cancelled", cancelAt, undefined]);
      await suite.advance(cancelAt + 60 * DAY);
      assert.deepEqual(await read(suite.fixtures.cancelling), ended);
    });

    it("ends a discount", async () => {
      const { discount, price } = await read(suite.fixtures.discounted);
      await suite.advance(discount?.endsAt ?? 0);
      const after = await read(suite.fixtures.discounted);
      assert.equal(after.discount, undefined);
      assert.equal(after.nextCharge?.amount, price.amount);
    });

    it("never pays a customer's debt by itself", async () => {
      await charge(suite.fixtures.pastDue);
      assert.equal((await read(suite.fixtures.pastDue)).status, "past_due");
    });
  });
}

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { PaymentMethod } from "../../../src/api/contract.ts";
import type { Suite } from "./provider-harness.ts";

const retry = { type: "retry_payment" } as const;

/** What charges are taken from, and what could not be collected. */
export function paymentsSuite(suite: Suite): void {
  const { act, read, books, charge, refuses } = suite;

  describe("payment method", () => {
    it("is shown with what the customer knows it by, and nothing else", async () => {
      const { paymentMethod } = await read(suite.fixtures.monthly);
      assert.deepEqual(PaymentMethod.strict().parse(paymentMethod), paymentMethod);
      assert.ok(paymentMethod?.brand);
    });

    it("that is declined leaves the next invoice open", async () => {
      const { monthly, customer } = suite.fixtures;
      const before = await books(monthly);
      await suite.payWith(customer.id, "declined");
      assert.equal((await read(monthly)).due, undefined, "nothing was to be paid yet");
      const { amount, currency, at } = await charge(monthly);
      const { status, due, nextCharge } = await read(monthly);
      assert.deepEqual([status, due], ["past_due", { amount, currency, at }]);
      assert.ok((nextCharge?.at ?? 0) > at);
      assert.deepEqual(await books(monthly), { paid: before.paid, open: amount });
    });

    it("that is declined stops what would be charged at once, without a debt", async () => {
      const { monthly, customer, prices } = suite.fixtures;
      const before = await books(monthly);
      await suite.payWith(customer.id, "declined");
      const change = { type: "change_price", priceId: prices.annual, charge: "now" } as const;
      await refuses(monthly, change, "payment_declined");
      assert.deepEqual(await books(monthly), before);
      assert.ok((await suite.preview(monthly, change)).dueNow > 0, "what it would cost is told all the same");
    });

    it("that is new pays nothing by itself", async () => {
      const { customerId, ...before } = await read(suite.fixtures.pastDue);
      const owed = await books(suite.fixtures.pastDue);
      await suite.payWith(customerId, "good");
      const { status, due, nextCharge } = await read(suite.fixtures.pastDue);
      assert.deepEqual([status, due, nextCharge], ["past_due", before.due, before.nextCharge]);
      assert.deepEqual(await books(suite.fixtures.pastDue), owed);
    });
  });

  describe("a charge that failed", () => {
    it("says why, until it is paid", async () => {
      const { pastDue } = suite.fixtures;
      const { customerId } = await read(pastDue);
      const page = await suite.provider.invoices({ customerId, subscriptionId: pastDue, limit: 20 });
      const open = page.invoices.find(({ status }) => status === "open")?.id ?? "";
      const paid = page.invoices.find(({ status }) => status === "paid")?.id ?? "";
      assert.match((await suite.provider.declineCode(open)) ?? "", /^[a-z_]+$/);
      for (const id of [paid, "in_nobody"]) assert.equal(await suite.provider.declineCode(id), undefined);
      await suite.payWith(customerId, "good");
      await act(pastDue, retry);
      assert.equal(await suite.provider.declineCode(open), undefined);
    });
  });

  describe("what is due", () => {
    it("is the sum of the open invoices, since the oldest", async () => {
      const { pastDue } = suite.fixtures;
      const first = await read(pastDue);
      const now = await suite.provider.now();
      assert.deepEqual(
        [first.due?.amount, first.due?.currency],
        [(await books(pastDue)).open, first.price.currency],
      );
      assert.ok((first.due?.at ?? now) < now);
      const { amount } = await charge(pastDue);
      const second = await read(pastDue);
      assert.deepEqual(second.due, { ...first.due, amount: (first.due?.amount ?? 0) + amount });
      assert.equal(second.due?.amount, (await books(pastDue)).open);
    });

    it("is nothing in every other state", async () => {
      const { monthly, trialing, paused, cancelling, cancelled, discounted } = suite.fixtures;
      for (const id of [monthly, trialing, paused, cancelling, cancelled, discounted])
        assert.equal((await read(id)).due, undefined);
    });

    it("stays due after the end", async () => {
      const { pastDue } = suite.fixtures;
      const { due } = await read(pastDue);
      assert.deepEqual((await act(pastDue, { type: "cancel", effective: "immediately" })).due, due);
    });

    it("is no more where it was for what is taken back", async () => {
      const { monthly, customer } = suite.fixtures;
      await suite.payWith(customer.id, "declined");
      const { at } = await charge(monthly);
      const cancel = { type: "cancel", effective: "period_end", requestedAt: at - 1 } as const;
      assert.equal((await act(monthly, cancel)).due, undefined);
    });
  });

  describe("another attempt to collect", () => {
    it("takes all that is open at once, and everything is as if it had been paid", async () => {
      const { pastDue } = suite.fixtures;
      await charge(pastDue);
      const { customerId, nextCharge, periodEnd } = await read(pastDue);
      const { paid, open } = await books(pastDue);
      await suite.payWith(customerId, "good");
      const { dueNow } = await suite.preview(pastDue, retry);
      assert.equal(dueNow, open);
      const after = await act(pastDue, retry, "key");
      assert.deepEqual([after.status, after.due], ["active", undefined]);
      assert.deepEqual([after.nextCharge, after.periodEnd], [nextCharge, periodEnd], "no day is moved");
      assert.deepEqual(await books(pastDue), { paid: paid + open, open: 0 });
      assert.deepEqual(await act(pastDue, retry, "key"), after);
      assert.deepEqual(await books(pastDue), { paid: paid + open, open: 0 });
      await charge(pastDue);
      assert.equal((await read(pastDue)).status, "active");
    });

    it("is one when twenty ask at once", async () => {
      const { pastDue } = suite.fixtures;
      const { customerId } = await read(pastDue);
      const { paid, open } = await books(pastDue);
      await suite.payWith(customerId, "good");
      const answers = await Promise.allSettled(Array.from({ length: 20 }, () => act(pastDue, retry)));
      assert.equal(answers.filter(({ status }) => status === "fulfilled").length, 1);
      assert.deepEqual(await books(pastDue), { paid: paid + open, open: 0 });
    });

    it("is for one subscription: another of the same customer stays as it is", async () => {
      const customerId = suite.fixtures.customerOfTwo;
      const [one, other] = await suite.provider.subscriptions(customerId);
      assert.ok(one?.nextCharge && other?.nextCharge);
      await suite.payWith(customerId, "declined");
      await suite.advance(Math.max(one.nextCharge.at, other.nextCharge.at));
      const owed = await read(other.id);
      for (const id of [one.id, other.id]) assert.equal((await read(id)).due?.amount, (await books(id)).open);
      await suite.payWith(customerId, "good");
      const { open } = await books(one.id);
      assert.equal((await suite.preview(one.id, retry)).dueNow, open);
      assert.equal((await act(one.id, retry)).due, undefined);
      const { paymentMethod: _, ...left } = await read(other.id);
      const { paymentMethod: __, ...was } = owed;
      assert.deepEqual(left, was);
    });

    it("is refused as often as the bank refuses, and changes nothing", async () => {
      const { pastDue } = suite.fixtures;
      const before = await books(pastDue);
      for (let times = 0; times < 2; times++) await refuses(pastDue, retry, "payment_declined");
      assert.deepEqual(await books(pastDue), before);
    });

    it("is refused where nothing is due, and for what has ended", async () => {
      const { monthly, trialing, paused, cancelling, cancelled } = suite.fixtures;
      for (const id of [monthly, trialing, paused, cancelling]) await refuses(id, retry, "nothing_due");
      for (const id of [cancelled, "sub_nobody"]) await refuses(id, retry);
    });

    it("is possible for who leaves, and who leaves still leaves", async () => {
      const { pastDue } = suite.fixtures;
      const { customerId } = await read(pastDue);
      await suite.payWith(customerId, "good");
      const { cancelAt } = await act(pastDue, { type: "cancel", effective: "period_end" });
      const after = await act(pastDue, retry);
      assert.deepEqual([after.status, after.due, after.cancelAt], ["active", undefined, cancelAt]);
    });
  });
}

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Invoice as InvoiceSchema } from "../../../src/api/contract.ts";
import type { Invoice } from "../../../src/api/wire.ts";
import { BillingError } from "../../src/billing/provider.ts";
import type { Suite } from "./provider-harness.ts";

const isRejection = (error: unknown) => error instanceof BillingError && error.kind === "rejected";

/** What belongs to the customer and not to one subscription: invoices, details, the page for another payment method. */
export function customersSuite(suite: Suite): void {
  const { act, read, books, charge } = suite;

  /** Page by page, until there is no more. */
  async function all(of: { customerId: string; subscriptionId?: string }, limit = 100): Promise<Invoice[]> {
    const found: Invoice[] = [];
    for (;;) {
      const last = found.at(-1);
      const page = await suite.provider.invoices({ ...of, limit, ...(last ? { after: last.id } : {}) });
      found.push(...page.invoices);
      if (!page.more) return found;
      assert.equal(page.invoices.length, limit, "only the last page is shorter");
    }
  }

  describe("invoices", () => {
    it("come newest first, keep the contract, and are what was paid", async () => {
      const { monthly, pastDue, cancelled } = suite.fixtures;
      for (const subscriptionId of [monthly, pastDue, cancelled]) {
        const { customerId, price } = await read(subscriptionId);
        const now = await suite.provider.now();
        const found = await all({ customerId, subscriptionId });
        assert.ok(found.length > 0);
        assert.deepEqual(
          found,
          found.toSorted((one, other) => other.at - one.at),
        );
        const sum = (status: Invoice["status"]) =>
          found.filter((each) => each.status === status).reduce((total, { amount }) => total + amount, 0);
        assert.deepEqual({ paid: sum("paid"), open: sum("open") }, await books(subscriptionId));
        for (const invoice of found) {
          assert.deepEqual(InvoiceSchema.parse(invoice), invoice);
          assert.ok(invoice.at <= now && invoice.currency === price.currency);
          for (const url of [invoice.invoiceUrl, invoice.receiptUrl])
            if (url !== undefined) assert.match(new URL(url).protocol, /^https?:$/);
          if (invoice.receiptUrl !== undefined) assert.ok(invoice.status === "paid" && invoice.amount > 0);
        }
        assert.equal(new Set(found.map(({ id }) => id)).size, found.length);
      }
    });

    it("come in pages, none twice and none left out, whatever is on them", async () => {
      const { id: customerId } = suite.fixtures.customer;
      const whole = await all({ customerId });
      assert.ok(whole.length > 4);
      for (const limit of [1, 4, whole.length - 1, whole.length, whole.length + 1])
        assert.deepEqual(await all({ customerId }, limit), whole);
      const last = { customerId, limit: whole.length - 4, after: whole[3]?.id ?? "" };
      assert.deepEqual(await suite.provider.invoices(last), { invoices: whole.slice(4), more: false });
      const beyond = { customerId, limit: 4, after: whole.at(-1)?.id ?? "" };
      assert.deepEqual(await suite.provider.invoices(beyond), { invoices: [], more: false });
    });

    it("go on where they were although new ones are written meanwhile", async () => {
      const { customer, monthly } = suite.fixtures;
      const before = await all({ customerId: customer.id });
      const renewal = await charge(monthly);
      const after = await all({ customerId: customer.id });
      assert.deepEqual(after.slice(1), before);
      assert.deepEqual([after[0]?.at, after[0]?.amount], [renewal.at, renewal.amount]);
      const next = { customerId: customer.id, limit: 3, after: before[2]?.id ?? "" };
      assert.deepEqual((await suite.provider.invoices(next)).invoices, before.slice(3, 6));
    });

    it("begin anew after one that is nobody's, or somebody else's", async () => {
      const { customer, pastDue } = suite.fixtures;
      const theirs = await all({ customerId: (await read(pastDue)).customerId });
      const first = await suite.provider.invoices({ customerId: customer.id, limit: 2 });
      for (const after of ["in_nobody", theirs[0]?.id ?? ""])
        assert.deepEqual(await suite.provider.invoices({ customerId: customer.id, limit: 2, after }), first);
    });

    it("are those of the customer, or of the one subscription", async () => {
      const customerId = suite.fixtures.customerOfTwo;
      const subscriptions = await suite.provider.subscriptions(customerId);
      const each = await Promise.all(
        subscriptions.map(({ id }) => all({ customerId, subscriptionId: id }, 3)),
      );
      const ids = (found: readonly Invoice[]) => found.map(({ id }) => id).toSorted();
      assert.ok(each.filter((found) => found.length).length > 1);
      assert.deepEqual(ids(each.flat()), ids(await all({ customerId })));
      const nothing = { invoices: [], more: false };
      const { monthly } = suite.fixtures;
      const wrong = { customerId, subscriptionId: monthly, limit: 9 };
      assert.deepEqual(await suite.provider.invoices(wrong), nothing, "not of a subscription of another's");
      assert.deepEqual(await suite.provider.invoices({ customerId: "cus_nobody", limit: 9 }), nothing);
    });

    it("say what became of them: paid later, void, given back", async () => {
      const { pastDue, monthly, customer } = suite.fixtures;
      const { customerId } = await read(pastDue);
      const [open] = await all({ customerId, subscriptionId: pastDue });
      assert.deepEqual([open?.status, open?.receiptUrl], ["open", undefined]);
      await suite.payWith(customerId, "good");
      await act(pastDue, { type: "retry_payment" });
      const [paid] = await all({ customerId, subscriptionId: pastDue });
      assert.deepEqual([paid?.id, paid?.amount, paid?.status], [open?.id, open?.amount, "paid"]);

      const renewal = await charge(monthly);
      const late = { type: "cancel", effective: "immediately", requestedAt: renewal.at - 1 } as const;
      await act(monthly, late);
      const [given, taken] = await all({ customerId: customer.id, subscriptionId: monthly });
      assert.deepEqual([taken?.amount, taken?.at], [renewal.amount, renewal.at]);
      assert.equal(given?.amount, -renewal.amount);
      assert.equal(given?.receiptUrl, undefined);

      const several = await read(suite.fixtures.several);
      await suite.payWith(several.customerId, "declined");
      const { at } = await charge(several.id);
      await act(several.id, { type: "cancel", effective: "immediately", requestedAt: at - 1 });
      const [gone] = await all({ customerId: several.customerId, subscriptionId: several.id });
      assert.deepEqual([gone?.at, gone?.status], [at, "void"]);
    });
  });

  describe("a customer's details", () => {
    const ada = {
      name: "Ada <Lovelace>",
      email: "ada@example.com",
      address: { line1: "12 St James's Sq", city: "London", postalCode: "SW1Y 4JH", country: "GB" },
    };

    it("are replaced as a whole, and found again", async () => {
      const { id } = suite.fixtures.customer;
      assert.deepEqual(await suite.provider.updateCustomer({ id, ...ada }), { id, ...ada });
      assert.deepEqual(await suite.provider.findCustomers({ id }), [{ id, ...ada }]);
      assert.deepEqual(await suite.provider.findCustomers({ email: ada.email }), [{ id, ...ada }]);
      assert.deepEqual(await suite.provider.findCustomers({ email: suite.fixtures.customer.email }), []);
      await suite.provider.updateCustomer({ id, ...ada });
      assert.deepEqual(await suite.provider.findCustomers({ id }), [{ id, ...ada }]);
      const less = { id, email: ada.email, address: { country: "FR" } };
      assert.deepEqual(await suite.provider.updateCustomer(less), less);
      assert.deepEqual(await suite.provider.findCustomers({ id }), [less], "what is absent is gone");
    });

    it("are nobody else's, and change nothing about subscriptions", async () => {
      const { customer, monthly, pastDue } = suite.fixtures;
      const { customerId } = await read(pastDue);
      const [other] = await suite.provider.findCustomers({ id: customerId });
      const before = await read(monthly);
      await suite.provider.updateCustomer({ id: customer.id, ...ada });
      assert.deepEqual(await suite.provider.findCustomers({ id: customerId }), [other]);
      assert.deepEqual(await read(monthly), before);
    });

    it("are refused for nobody", async () => {
      await assert.rejects(suite.provider.updateCustomer({ id: "cus_nobody", ...ada }), isRejection);
      assert.deepEqual(await suite.provider.findCustomers({ email: ada.email }), []);
    });
  });

  describe("the page for another payment method", () => {
    const returnUrl = "https://shop.example/billing?tab=plan#top";

    it("is an address, for the customer and one of their subscriptions", async () => {
      const { customer, monthly } = suite.fixtures;
      const url = await suite.provider.paymentPage({
        customerId: customer.id,
        subscriptionId: monthly,
        returnUrl,
      });
      assert.match(new URL(url).protocol, /^https?:$/);
    });

    it("is refused for somebody else's subscription", async () => {
      const { customer, pastDue } = suite.fixtures;
      for (const subscriptionId of [pastDue, "sub_nobody"]) {
        const asked = suite.provider.paymentPage({ customerId: customer.id, subscriptionId, returnUrl });
        await assert.rejects(asked, isRejection);
      }
    });
  });
}

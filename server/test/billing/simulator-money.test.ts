/** What the simulator has beside the interface: cards that can be replaced, codes that are counted, pages, older databases. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { BillingError } from "../../src/billing/provider.ts";
import { createSimulator, type SimulatorPages } from "../../src/billing/simulator.ts";
import { demoSubscriptions as ids } from "../../src/billing/simulator-demo.ts";
import type { SimulatedPromoCode, StoredSubscription } from "../../src/billing/simulator-model.ts";
import { begin, seedDemo } from "../../src/billing/simulator-seed.ts";
import { simulatorStorage } from "../../src/billing/simulator-storage.ts";
import { stores } from "../stores.ts";

const DAY = 86_400_000;
const SCOPE = "ws_demo/sandbox";
const NOW = Date.parse("2027-05-14T09:41:00Z");
const john = "cus_NffrFeUfNV2Hib";
const good = { brand: "Mastercard", last4: "4444", expMonth: 12, expYear: 2099 };
const declined = { ...good, last4: "0002", declines: true as const };

const pages: SimulatorPages = {
  invoice: (id, kind) => `https://billing.example/${kind}/${id}`,
  payment: ({ customerId, subscriptionId, returnUrl }) =>
    `https://billing.example/pay/${customerId}/${subscriptionId}?back=${encodeURIComponent(returnUrl)}`,
};

for (const home of stores) {
  describe(`the simulator's money on ${home.name}`, () => {
    async function make(more: { pages?: SimulatorPages } = {}) {
      const { db, drop } = await home.open();
      const storage = simulatorStorage(db);
      await seedDemo(storage, SCOPE, NOW);
      const real = { now: NOW };
      const simulator = createSimulator({ storage, scope: SCOPE, clock: () => real.now, ...more });
      return { simulator, storage, real, [Symbol.asyncDispose]: drop };
    }

    it("everybody of the demo has a card, and some of them a problem with it", async () => {
      await using made = await make();
      const { customers } = await made.simulator.snapshot();
      const all = customers.flatMap((each) => each.subscriptions);
      assert.ok(new Set(all.map(({ paymentMethod }) => paymentMethod?.brand)).size >= 4);
      assert.ok(all.every((each) => !("declines" in (each.paymentMethod ?? {}))));
      const validity = (id: string) => {
        const { paymentMethod, nextCharge } = all.find((each) => each.id === id) ?? assert.fail();
        const { expYear = 9999, expMonth = 12 } = paymentMethod ?? {};
        const until = Date.UTC(expYear, expMonth, 1);
        return { now: until > NOW, next: until > (nextCharge?.at ?? NOW), soon: until < NOW + 62 * DAY };
      };
      assert.deepEqual(validity(ids.annual), { now: true, next: false, soon: true });
      assert.deepEqual(validity(ids.rightToLeft), { now: false, next: false, soon: true });
      for (const { id } of all)
        if (id !== ids.annual && id !== ids.rightToLeft)
          assert.deepEqual(validity(id), { now: true, next: true, soon: false });
      const sam = { type: "retry_payment", subscriptionId: ids.pastDue } as const;
      await assert.rejects(
        made.simulator.execute(sam, "key"),
        (error) => error instanceof BillingError && error.code === "payment_declined",
      );
      assert.ok(customers.some(({ subscriptions }) => subscriptions.length === 0));
      assert.ok(customers.some(({ invoices }) => invoices.length >= 300));
      const addresses = customers.filter(({ address }) => address).length;
      assert.ok(addresses > 4 && addresses < customers.length);
    });

    it("a card that has expired pays no renewal, and what runs out on the way is tried when it is due", async () => {
      await using made = await make();
      const { nextCharge } = (await made.simulator.subscription(ids.annual)) ?? {};
      await made.simulator.advance({ to: nextCharge?.at ?? 0 });
      const { status, due } = (await made.simulator.subscription(ids.annual)) ?? {};
      assert.deepEqual([status, due?.amount], ["past_due", nextCharge?.amount]);
    });

    it("another card is for all that runs, from now on", async () => {
      await using made = await make();
      const { simulator, real } = made;
      await simulator.execute({ type: "cancel", effective: "immediately", subscriptionId: ids.first }, "key");
      const [, ended] = await simulator.subscriptions("cus_lucia");
      // Past the renewal of what runs: that one was still paid with the old card.
      real.now += 22 * DAY;
      await simulator.setPaymentMethod("cus_lucia", declined);
      const [runs, same] = await simulator.subscriptions("cus_lucia");
      const { declines: _, ...shown } = declined;
      assert.deepEqual([runs?.paymentMethod, runs?.status], [shown, "active"]);
      assert.deepEqual(same, ended);
      const [paid] = (await simulator.invoices({ customerId: "cus_lucia", limit: 1 })).invoices;
      assert.deepEqual([paid?.at, paid?.status], [NOW + 21 * DAY, "paid"]);
      const { payment } = (await simulator.invoice(paid?.id ?? "")) ?? {};
      assert.deepEqual(payment, { at: NOW + 21 * DAY, brand: "Visa", last4: "0341" });
      assert.equal((await simulator.subscription(ids.monthly))?.paymentMethod?.last4, "4242");
      await assert.rejects(simulator.setPaymentMethod("cus_nobody", good), BillingError);
    });

    it("what was collected since it was stored is read as paid, and told once somebody asks", async () => {
      await using made = await make();
      const { simulator, real } = made;
      const owed = async () => (await simulator.invoices({ customerId: "cus_sam", limit: 1 })).invoices[0];
      const id = (await owed())?.id ?? "";
      await simulator.setPaymentMethod("cus_sam", good);
      assert.equal((await owed())?.status, "open");
      // Eight days after it failed it is tried for the third time.
      real.now += 3 * DAY;
      assert.deepEqual([(await owed())?.status, (await owed())?.id], ["paid", id]);
      assert.deepEqual((await simulator.invoice(id))?.payment?.at, NOW + 3 * DAY);
      const { status, due } = (await simulator.subscription(ids.pastDue)) ?? {};
      assert.deepEqual([status, due], ["active", undefined]);
      const paid = { type: "payment_succeeded", invoiceId: id, amount: 1900, attempt: 3, at: NOW + 3 * DAY };
      const news = await simulator.news();
      assert.deepEqual(
        news.map(({ id: _, ...event }) => event),
        [paid],
      );
      await simulator.heard(news.map((event) => event.id));
      await simulator.heard(["evt_nothing"]);
      assert.deepEqual(await simulator.news(), []);
    });

    it("an invoice has its lines and its customer, stored or not", async () => {
      await using made = await make();
      const { simulator, real } = made;
      const newest = async () =>
        (await simulator.invoices({ customerId: john, limit: 1 })).invoices[0]?.id ?? "";
      const stored = await newest();
      real.now += 20 * DAY;
      const fresh = await newest();
      assert.notEqual(fresh, stored);
      for (const id of [stored, fresh]) {
        const invoice = await simulator.invoice(id);
        assert.deepEqual(
          [invoice?.id, invoice?.lines, invoice?.status],
          [id, [{ description: "1 × Pro", amount: 4900 }], "paid"],
        );
        assert.deepEqual(invoice?.customer, await simulator.customer(john));
      }
      assert.equal((await simulator.customer(john))?.address?.city, "San Francisco");
      assert.equal(await simulator.invoice("in_nobody"), undefined);
      assert.equal(await simulator.customer("cus_nobody"), undefined);
    });

    it("invoices lead to their documents, and only what was paid to a receipt", async () => {
      await using made = await make({ pages });
      const [open, paid] = (await made.simulator.invoices({ customerId: "cus_sam", limit: 2 })).invoices;
      assert.deepEqual(
        [open?.status, open?.invoiceUrl, open?.receiptUrl],
        ["open", pages.invoice(open?.id ?? "", "invoice"), undefined],
      );
      assert.deepEqual(
        [paid?.status, paid?.invoiceUrl, paid?.receiptUrl],
        ["paid", pages.invoice(paid?.id ?? "", "invoice"), pages.invoice(paid?.id ?? "", "receipt")],
      );
      const free = { type: "discount", percentOff: 100, currency: "usd", duration: "once" } as const;
      await made.simulator.execute({ ...free, subscriptionId: ids.monthly }, "key");
      made.real.now += 20 * DAY;
      const [nothing] = (await made.simulator.invoices({ customerId: john, limit: 1 })).invoices;
      assert.deepEqual([nothing?.amount, nothing?.status, nothing?.receiptUrl], [0, "paid", undefined]);
      const asked = { customerId: john, subscriptionId: ids.monthly, returnUrl: "https://shop.example/?a=1" };
      assert.equal(await made.simulator.paymentPage(asked), pages.payment(asked));
    });

    it("without pages there are no addresses", async () => {
      await using made = await make();
      const { invoices } = await made.simulator.invoices({ customerId: john, limit: 99 });
      assert.ok(invoices.length && invoices.every((each) => !each.invoiceUrl && !each.receiptUrl));
      const asked = { customerId: john, subscriptionId: ids.monthly, returnUrl: "https://shop.example/" };
      await assert.rejects(
        made.simulator.paymentPage(asked),
        (error) =>
          error instanceof BillingError &&
          error.kind === "rejected" &&
          error.code === "payment_page_unavailable",
      );
    });

    it("invoices of one instant have an order, and pages of them none twice", async () => {
      await using made = await make();
      const { simulator, storage } = made;
      // Ten subscriptions of one customer, all charged every day at the same time.
      const daily = { id: "price_daily", productId: "prod_pro", name: "Pro", currency: "usd", active: true };
      const price = { ...daily, amount: 100, interval: "day", intervalCount: 1 } as const;
      await storage.transaction(SCOPE, async (rows) => {
        const lives = Array.from({ length: 10 }, (_, index) =>
          begin({ id: `sub_${9 - index}`, priceId: price.id, startedAt: NOW - 12 * DAY }, "cus_many", [
            price,
          ]),
        );
        await rows.put(
          "subscription",
          lives.map(({ subscription }) => subscription),
        );
      });
      const whole = (await simulator.invoices({ customerId: "cus_many", limit: 500 })).invoices;
      assert.equal(whole.length, 120);
      await simulator.advance({ by: 0 });
      const found: typeof whole = [];
      for (let more = true; more; ) {
        const after = found.at(-1)?.id;
        const page = await simulator.invoices({
          customerId: "cus_many",
          limit: 7,
          ...(after === undefined ? {} : { after }),
        });
        found.push(...page.invoices);
        more = page.more;
      }
      assert.deepEqual(found, whole, "and the same whether they are stored or not");
    });

    it("a promo code is counted once for each action that it was redeemed with", async () => {
      await using made = await make();
      const { simulator, storage } = made;
      const last: SimulatedPromoCode = {
        id: "promo_last",
        code: "LastTwo",
        percentOff: 10,
        duration: "once",
        maxRedemptions: 2,
        redeemed: 0,
        active: true,
      };
      const withdrawn = { ...last, id: "promo_withdrawn", code: "WITHDRAWN", active: false };
      const soon = { ...last, id: "promo_soon", code: "SOON", expiresAt: NOW + DAY };
      await storage.transaction(SCOPE, (rows) => rows.put("promo_code", [last, withdrawn, soon]));
      const redeemed = async () => (await storage.rows(SCOPE).get("promo_code", last.id))?.redeemed;
      const use = (subscriptionId: string, code = "lasttwo", key = `${subscriptionId} ${code}`) =>
        simulator.execute({ type: "promo_code", subscriptionId, code }, key);
      const says = (code: string) => (error: unknown) => error instanceof BillingError && error.code === code;

      await assert.rejects(use(ids.discounted), says("promo_code_not_applicable"));
      await simulator.preview({ type: "promo_code", subscriptionId: ids.monthly, code: "LASTTWO" });
      assert.equal(await redeemed(), 0);
      await Promise.all([1, 2, 3].map(() => use(ids.monthly)));
      assert.equal(await redeemed(), 1);
      const asked = [ids.markup, ids.monthEnd, ids.trialing].map((id) => use(id));
      const answers = await Promise.allSettled(asked);
      assert.deepEqual(answers.map(({ status }) => status).toSorted(), ["fulfilled", "rejected", "rejected"]);
      assert.equal(await redeemed(), 2);
      await assert.rejects(use(ids.first), says("promo_code_used_up"));
      await assert.rejects(use(ids.first, "WITHDRAWN"), says("promo_code_invalid"));
      assert.equal((await use(ids.first, "soon")).discount?.percentOff, 10);
      made.real.now += DAY;
      await assert.rejects(use(ids.second, "soon"), says("promo_code_expired"));
    });

    it("a code goes by the plan that will be charged", async () => {
      await using made = await make();
      const change = { type: "change_price", priceId: "price_team_monthly", charge: "renewal" } as const;
      const code = { type: "promo_code", code: "TEAMONLY", subscriptionId: ids.monthly } as const;
      await assert.rejects(made.simulator.preview(code), BillingError);
      await made.simulator.execute({ ...change, subscriptionId: ids.monthly }, "change");
      const { nextCharge } = await made.simulator.execute(code, "code");
      assert.equal(nextCharge?.amount, 3315);
    });

    it("a database of before there were cards can be read, paid and changed", async () => {
      await using made = await make();
      const { simulator, storage } = made;
      await storage.transaction("ws_old/prod", async (rows) => {
        const life = (id: string, customerId: string) => {
          const startedAt = NOW - 40 * DAY;
          const { subscription } = begin({ id, priceId: "price_pro_monthly", startedAt }, customerId);
          const { paymentMethod: _, ...old } = subscription;
          return old;
        };
        const old: StoredSubscription[] = [
          life("sub_pays", "cus_pays"),
          { ...life("sub_owes", "cus_owes"), paymentFails: true },
        ];
        await rows.put("subscription", old);
        const customer = { metadata: {}, createdAt: NOW };
        await rows.put("customer", [
          { id: "cus_pays", ...customer },
          { id: "cus_owes", ...customer },
        ]);
      });
      const old = createSimulator({ storage, scope: "ws_old/prod", clock: () => NOW });
      const [pays, owes] = [await old.subscription("sub_pays"), await old.subscription("sub_owes")];
      assert.deepEqual(
        [pays?.status, pays?.paymentMethod, pays?.due],
        ["active", { brand: "Visa", last4: "4242" }, undefined],
      );
      assert.deepEqual([owes?.status, owes?.due?.amount], ["past_due", 4900]);
      const code = { type: "promo_code", subscriptionId: "sub_pays", code: "WELCOME20" } as const;
      await assert.rejects(
        old.preview(code),
        (error) => (error as BillingError).code === "promo_code_invalid",
      );
      await old.setPaymentMethod("cus_owes", good);
      const retry = { type: "retry_payment", subscriptionId: "sub_owes" } as const;
      const paid = await old.execute(retry, "key");
      assert.deepEqual([paid.status, paid.due, paid.paymentMethod], ["active", undefined, good]);
      await old.advance({ by: 400 * DAY });
      assert.equal((await old.subscription("sub_owes"))?.status, "active");
      assert.equal((await simulator.snapshot()).now, NOW, "and nobody else's");
    });
  });
}

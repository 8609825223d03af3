import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { BillingError } from "../../src/billing/provider.ts";
import { createSimulator, type SimulatorPages } from "../../src/billing/simulator.ts";
import { demoSubscriptions as ids } from "../../src/billing/simulator-demo.ts";
import { seedDemo } from "../../src/billing/simulator-seed.ts";
import { type SimulatorStorage, simulatorStorage } from "../../src/billing/simulator-storage.ts";
import { stores, type TestStore } from "../stores.ts";
import { type Fixtures, providerSuite } from "./provider.suite.ts";

const DAY = 86_400_000;
const SCOPE = "ws_demo/sandbox";
/** A day of the month that every month has, and one that most have not. */
const TODAYS = ["2027-05-14T09:41:00Z", "2027-12-31T23:59:59.999Z"].map((text) => Date.parse(text));
const NOW = TODAYS[0] as number;

const fixtures: Fixtures = {
  customer: { id: "cus_NffrFeUfNV2Hib", email: "john.doe@example.com" },
  monthly: ids.monthly,
  trialing: ids.trialing,
  paused: ids.paused,
  pastDue: ids.pastDue,
  cancelling: ids.cancelling,
  cancelled: ids.cancelled,
  discounted: ids.discounted,
  otherCurrency: ids.yen,
  several: ids.markup,
  customerOfTwo: "cus_lucia",
  sharedEmail: "studio@example.org",
  codes: {
    percent: "WELCOME20",
    amount: "FIVEOFF",
    expired: "SUMMER24",
    usedUp: "FIRST100",
    elsewhere: "TEAMONLY",
  },
  prices: {
    cheaper: "price_basic_monthly",
    annual: "price_pro_annual",
    otherCurrency: "price_basic_monthly_jpy",
    inactive: "price_basic_monthly_2019",
  },
};

const pages: SimulatorPages = {
  invoice: (id, kind) => `https://billing.example/${kind}/${id}`,
  payment: ({ customerId, subscriptionId, returnUrl }) =>
    `https://billing.example/pay?${new URLSearchParams({ customerId, subscriptionId, returnUrl })}`,
};

const mastercard = { brand: "Mastercard", last4: "4444", expMonth: 12, expYear: 2099 };

for (const home of stores) {
  const open = async (at: number) => {
    const opened = await home.open();
    const storage = simulatorStorage(opened.db);
    await seedDemo(storage, SCOPE, at);
    return { ...opened, storage };
  };

  // What day it is has nothing to do with the database.
  for (const at of home === stores[0] ? TODAYS : [NOW]) {
    // A business of its own for each test, in one database: making one takes longer than most of the tests.
    let shared: Promise<TestStore> | undefined;
    let businesses = 0;
    after(async () => (await shared)?.drop());
    providerSuite(`simulator on ${home.name}, ${new Date(at).toISOString().slice(0, 10)}`, async () => {
      shared ??= home.open();
      const storage = simulatorStorage((await shared).db);
      const scope = `ws_${++businesses}/sandbox`;
      await seedDemo(storage, scope, at);
      const simulator = createSimulator({ storage, scope, clock: () => at, pages });
      const books = async (id: string) => {
        const { customers } = await simulator.snapshot();
        const own = customers
          .flatMap(({ invoices }) => invoices)
          .filter((each) => each.subscriptionId === id);
        const sum = (status: "paid" | "open") =>
          own.filter((each) => each.status === status).reduce((total, { amount }) => total + amount, 0);
        return { paid: sum("paid"), open: sum("open") };
      };
      const advance = (to: number) => simulator.advance({ to });
      const payWith = (customerId: string, method: "good" | "declined") =>
        simulator.setPaymentMethod(
          customerId,
          method === "good" ? mastercard : { ...mastercard, declines: true },
        );
      return { provider: simulator, fixtures, books, advance, payWith, close: async () => {} };
    });
  }

  describe(`simulator on ${home.name}`, () => {
    /** A simulator whose real clock the test moves. */
    async function make() {
      const { storage, drop, db } = await open(NOW);
      const real = { now: NOW };
      const simulator = createSimulator({ storage, scope: SCOPE, clock: () => real.now });
      return { simulator, storage, real, db, [Symbol.asyncDispose]: drop };
    }

    it("a planned change can be taken back although nobody can buy the present price any more", async () => {
      await using made = await make();
      const { prices } = fixtures;
      const id = "sub_harbour_basic";
      const before = await made.simulator.subscription(id);
      const { price } = (await made.simulator.price(before?.price.id ?? "")) ?? {};
      assert.deepEqual(
        (await made.simulator.prices(before?.plan.id ?? ""))
          .map((each) => each.price.id)
          .includes(price?.id ?? ""),
        false,
      );
      const change = (priceId: string, key: string) =>
        made.simulator.execute({ type: "change_price", subscriptionId: id, priceId, charge: "renewal" }, key);
      assert.ok((await change(prices.annual, "plan")).scheduledChange);
      assert.deepEqual(await change(price?.id ?? "", "back"), before);
    });

    it("shows the demo business: everybody, with books that agree", async () => {
      await using made = await make();
      const { now, customers } = await made.simulator.snapshot();
      assert.equal(now, NOW);
      assert.ok(customers.length >= 10);
      const subscriptions = customers.flatMap((each) => each.subscriptions);
      assert.deepEqual(new Set(subscriptions.map(({ id }) => id)), new Set(Object.values(ids)));
      for (const { id, subscriptions, invoices } of customers) {
        assert.deepEqual(await made.simulator.subscriptions(id), subscriptions);
        for (const { status, startedAt, nextCharge, paymentMethod, due } of subscriptions) {
          assert.ok(paymentMethod?.last4);
          assert.equal(due !== undefined, status === "past_due");
          assert.ok(startedAt < NOW);
          // Far enough that a demo or a browser test does not run into it.
          if (status !== "cancelled" && nextCharge) assert.ok(nextCharge.at > NOW + 2 * DAY);
        }
        assert.ok(invoices.every((each) => each.at <= NOW && each.customerId === id));
        assert.deepEqual(
          invoices,
          invoices.toSorted((a, b) => b.at - a.at),
        );
      }
      const numbers = customers.flatMap((each) => each.invoices.map(({ number }) => number));
      assert.equal(new Set(numbers).size, numbers.length);
      const of = (id: string) => customers.find((each) => each.id === id);
      assert.equal(of("cus_NffrFeUfNV2Hib")?.invoices.length, 15);
      assert.deepEqual(
        of("cus_sam")
          ?.invoices.map(({ status }) => status)
          .slice(0, 2),
        ["open", "paid"],
      );
      assert.equal(of("cus_eleanor")?.invoices[0]?.amount, 12 * 3900);
      assert.deepEqual(
        of("cus_tom")
          ?.invoices.map(({ amount }) => amount)
          .slice(0, 5),
        [3430, 3430, 3430, 3430, 4900],
      );
    });

    it("knows John Doe", async () => {
      await using made = await make();
      const john = await made.simulator.subscription(ids.monthly);
      assert.deepEqual(john, {
        id: "sub_1MowQVLkdIwHu7ixeRlqHVzs",
        customerId: "cus_NffrFeUfNV2Hib",
        quantity: 1,
        anchor: Date.parse("2026-03-01T09:41:00Z"),
        status: "active",
        plan: {
          id: "prod_pro",
          name: "Pro",
          features: [
            "Unlimited projects",
            "4K export",
            "Brand fonts and palettes",
            "Version history",
            "250 GB of storage",
          ],
        },
        price: {
          id: "price_pro_monthly",
          amount: 4900,
          currency: "usd",
          interval: "month",
          intervalCount: 1,
        },
        startedAt: Date.parse("2026-03-01T09:41:00Z"),
        periodEnd: NOW + 18 * DAY,
        nextCharge: { amount: 4900, currency: "usd", at: NOW + 18 * DAY },
        paymentMethod: { brand: "Visa", last4: "4242", expMonth: 9, expYear: 2034 },
        metadata: { company: "Doe Motion", team: "Storyboards", seats: "1", projects: "14" },
      });
      assert.equal((await made.simulator.subscription(ids.trialing))?.trialEnd, NOW + 12 * DAY);
    });

    it("is seeded once, even by two at a time", async () => {
      await using made = await make();
      await made.simulator.execute(
        { type: "cancel", subscriptionId: ids.monthly, effective: "immediately" },
        "key",
      );
      assert.equal(await seedDemo(made.storage, SCOPE, NOW), false);
      assert.equal((await made.simulator.subscription(ids.monthly))?.status, "cancelled");
      const another = await Promise.all([1, 2, 3].map(() => seedDemo(made.storage, "ws_other/prod", NOW)));
      assert.deepEqual(another.toSorted(), [false, false, true]);
    });

    it("keeps scopes apart: things, keys and clocks", async () => {
      await using made = await make();
      const scope = "ws_demo/prod";
      const other = createSimulator({ storage: made.storage, scope, clock: () => made.real.now });
      assert.equal(await other.subscription(ids.monthly), undefined);
      assert.deepEqual((await other.snapshot()).customers, []);
      await seedDemo(made.storage, scope, NOW);
      const cancel = { type: "cancel", subscriptionId: ids.monthly, effective: "period_end" } as const;
      await made.simulator.execute(cancel, "key");
      await made.simulator.advance({ by: 40 * DAY });
      assert.equal(await other.now(), NOW);
      assert.equal(await other.readBack(cancel, "key"), undefined);
      assert.equal((await other.subscription(ids.monthly))?.cancelAt, undefined);
      await other.execute({ ...cancel, effective: "immediately" }, "key");
    });

    it("goes with real time, and on from where it was moved to", async () => {
      await using made = await make();
      const { simulator, real } = made;
      real.now += 5000;
      assert.equal(await simulator.now(), NOW + 5000);
      assert.equal(await simulator.advance({ by: 30 * DAY }), NOW + 5000 + 30 * DAY);
      real.now += 2 * DAY;
      assert.equal(await simulator.now(), NOW + 5000 + 32 * DAY);
      const to = NOW + 50 * DAY;
      assert.equal(await simulator.advance({ to }), to);
      assert.equal(await simulator.now(), to);
    });

    it("lets real time renew, without anybody moving the clock", async () => {
      await using made = await make();
      const { simulator, real } = made;
      real.now = NOW + 18 * DAY;
      const charged = { amount: 4900, currency: "usd", at: NOW + 48 * DAY };
      // 1 June, 09:41, and the month after it.
      assert.deepEqual((await simulator.subscription(ids.monthly))?.nextCharge, {
        ...charged,
        at: Date.parse("2027-07-01T09:41:00Z"),
      });
      const before = await simulator.snapshot();
      await simulator.advance({ by: 0 });
      assert.deepEqual(await simulator.snapshot(), before, "what was read is what is then stored");
    });

    it("refuses to go back, or too far", async () => {
      await using made = await make();
      await made.simulator.advance({ by: DAY });
      for (const move of [{ by: -1 }, { to: NOW }, { by: 20 * 365 * DAY }, { by: Number.NaN }])
        await assert.rejects(made.simulator.advance(move), RangeError);
      assert.equal(await made.simulator.now(), NOW + DAY);
    });

    it("passes three years at once as it does month by month", async () => {
      await using one = await make();
      await using many = await make();
      for (let month = 0; month < 36; month++) await many.simulator.advance({ by: 30 * DAY });
      await one.simulator.advance({ by: 36 * 30 * DAY });
      assert.deepEqual(await one.simulator.snapshot(), await many.simulator.snapshot());
    });

    it("keeps the invoice of what a change charged", async () => {
      await using made = await make();
      const change = {
        type: "change_price",
        subscriptionId: ids.monthly,
        priceId: "price_pro_annual",
        charge: "now",
      } as const;
      const { dueNow } = await made.simulator.preview(change);
      const asked = Array.from({ length: 20 }, () => made.simulator.execute(change, "key"));
      await Promise.all(asked);
      const { customers } = await made.simulator.snapshot();
      const invoices = customers.find((each) => each.id === "cus_NffrFeUfNV2Hib")?.invoices ?? [];
      assert.deepEqual([invoices.length, invoices[0]?.amount, invoices[0]?.at], [16, dueNow, NOW]);
    });

    it("does it once although two processes are asked at the same time", async () => {
      const opened = await open(NOW);
      const { db } = await opened.reopen();
      const both = [opened.storage, simulatorStorage(db)].map((storage) =>
        createSimulator({ storage, scope: SCOPE, clock: () => NOW }),
      );
      const change = {
        type: "change_price",
        subscriptionId: ids.monthly,
        priceId: "price_pro_annual",
      } as const;
      const asked = Array.from({ length: 10 }, () =>
        both.map((each) => each.execute({ ...change, charge: "now" }, "key")),
      );
      const answers = await Promise.all([...asked.flat(), ...both.map((each) => each.advance({ by: 0 }))]);
      assert.equal(new Set(answers.slice(0, 20).map((each) => JSON.stringify(each))).size, 1);
      const snapshots = await Promise.all(both.map((each) => each.snapshot()));
      assert.deepEqual(snapshots[0], snapshots[1]);
      const john = snapshots[0]?.customers.find((each) => each.id === "cus_NffrFeUfNV2Hib");
      assert.equal(john?.invoices.length, 16);
      await opened.drop();
    });

    it("finds its things again after a restart", async () => {
      const opened = await open(NOW);
      const simulatorOf = (storage: SimulatorStorage) =>
        createSimulator({ storage, scope: SCOPE, clock: () => NOW });
      const before = simulatorOf(opened.storage);
      const cancel = { type: "cancel", subscriptionId: ids.monthly, effective: "period_end" } as const;
      await before.execute(cancel, "key");
      await before.advance({ by: DAY });
      const snapshot = await before.snapshot();
      const again = await opened.reopen();
      const after = simulatorOf(simulatorStorage(again.db));
      assert.deepEqual(await after.snapshot(), snapshot);
      assert.ok(await after.readBack(cancel, "key"));
      await opened.drop();
    });

    it("calls a database that does not answer unknown, and does nothing by halves", async () => {
      await using made = await make();
      const { simulator, storage, real } = made;
      const broken: SimulatorStorage = {
        ...storage,
        transaction: (scope, work) =>
          storage.transaction(scope, (rows) =>
            work({ ...rows, insertRequest: () => Promise.reject(new Error("disk full")) }),
          ),
      };
      const failing = createSimulator({ storage: broken, scope: SCOPE, clock: () => real.now });
      const before = await simulator.snapshot();
      const cancel = { type: "cancel", subscriptionId: ids.monthly, effective: "immediately" } as const;
      await assert.rejects(
        failing.execute(cancel, "key"),
        (error) => error instanceof BillingError && error.kind === "unknown" && error.cause instanceof Error,
      );
      assert.deepEqual(await simulator.snapshot(), before);
      assert.equal(await simulator.readBack(cancel, "key"), undefined);
    });
  });
}

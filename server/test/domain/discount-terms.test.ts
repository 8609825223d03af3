/** What a discount promises against the invoices that billing really writes. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import fc from "fast-check";
import type { DiscountTerms } from "../../../src/api/wire.ts";
import { createSimulator } from "../../src/billing/simulator.ts";
import type { SimulatedPrice } from "../../src/billing/simulator-model.ts";
import { begin } from "../../src/billing/simulator-seed.ts";
import { simulatorStorage } from "../../src/billing/simulator-storage.ts";
import { OfferDefinition } from "../../src/contract/flow-definition.ts";
import { actionFor, firstOffer } from "../../src/domain/offers.ts";
import { DAY } from "../harness.ts";
import { stores, type TestStore } from "../stores.ts";

const START = Date.parse("2027-01-01T00:00:00Z");

/** A month end, a leap day or any other instant: the days on which calendars disagree come up often. */
const startedAt = fc.oneof(
  fc.integer({ min: 0, max: 500 * 24 }).map((hours) => START + hours * 3_600_000),
  fc
    .constantFrom("2027-01-29", "2027-01-30", "2027-01-31", "2027-03-31", "2028-02-29", "2027-12-31")
    .map((day) => Date.parse(`${day}T09:00:00Z`)),
);

const rhythm = fc.oneof(
  fc.record({
    interval: fc.constantFrom("day", "week", "month"),
    intervalCount: fc.integer({ min: 1, max: 6 }),
  }),
  fc.record({ interval: fc.constant("year"), intervalCount: fc.integer({ min: 1, max: 2 }) }),
);

const plan = fc
  .tuple(fc.integer({ min: 1, max: 250_000 }), rhythm)
  .map(([amount, how]) => ({ amount, ...how }));

const size = fc.oneof(
  fc.record({ percentOff: fc.constantFrom(1, 12.5, 25, 33.3, 50, 99, 100) }),
  fc.record({ amountOff: fc.integer({ min: 1, max: 300_000 }), currency: fc.constant("usd") }),
);

const duration = fc.oneof(
  fc.constant({ duration: "once" }),
  fc.constant({ duration: "forever" }),
  fc.integer({ min: 1, max: 14 }).map((months) => ({ duration: "repeating", months })),
);

const story = fc.record({
  plan,
  startedAt,
  /** How far into its life the customer meets the offer. */
  after: fc.integer({ min: 0, max: 900 * 24 }).map((hours) => hours * 3_600_000),
  trial: fc.option(fc.integer({ min: 1, max: 45 })),
  pausedFor: fc.option(fc.integer({ min: 1, max: 200 })),
  quantity: fc.integer({ min: 1, max: 3 }),
  discount: fc.tuple(size, duration).map(([how, long]) => ({ type: "discount", id: "off", ...how, ...long })),
});

for (const home of stores) {
  describe(`Discount terms on ${home.name}`, () => {
    let store: TestStore;
    before(async () => {
      store = await home.open();
    });
    after(() => store.drop());
    let worlds = 0;

    it("are what the invoices say, whatever the plan, the day and the length", async () => {
      let offered = 0;
      await fc.assert(
        fc.asyncProperty(story, async ({ plan, startedAt, after, trial, pausedFor, quantity, discount }) => {
          const scope = `terms_${++worlds}/prod`;
          const storage = simulatorStorage(store.db);
          const clock = { now: startedAt };
          const simulator = createSimulator({ storage, scope, clock: () => clock.now });
          const price = {
            ...plan,
            id: "price",
            productId: "prod",
            name: "Plan",
            currency: "usd",
            active: true,
          };
          const life = { id: "sub", priceId: "price", startedAt, quantity };
          const { subscription } = begin(
            trial === null ? life : { ...life, trialEnd: startedAt + trial * DAY },
            "cus",
            [price as SimulatedPrice],
          );
          await storage.transaction(scope, (rows) => rows.put("subscription", [subscription]));
          clock.now = startedAt + after;
          if (pausedFor !== null && (await simulator.subscription("sub"))?.status === "active") {
            const resumesAt = clock.now + pausedFor * DAY;
            await simulator.execute({ type: "pause", subscriptionId: "sub", resumesAt }, "pause");
          }

          const definition = OfferDefinition.parse(discount);
          const met = await simulator.subscription("sub");
          const customer = { subscription: met ?? assert.fail(), accepted: [], now: clock.now };
          const offer = await firstOffer([definition], customer, simulator);
          if (!offer) return;
          offered++;
          const terms = offer.terms as DiscountTerms;
          await simulator.execute(actionFor(offer, {}, "sub", customer.now) ?? assert.fail(), "discount");
          const horizon = (terms.fullPriceAt ?? met?.nextCharge?.at ?? 0) + 3 * 366 * DAY;
          await simulator.advance({ to: horizon });

          const invoices = (await storage.rows(scope).list("invoice")).filter(({ at }) => at > customer.now);
          assert.ok(invoices.length);
          for (const { at, amount } of invoices) {
            const full = terms.fullPriceAt !== undefined && at >= terms.fullPriceAt;
            assert.equal(amount, full ? terms.amount : terms.discounted, new Date(at).toISOString());
          }
          if (terms.fullPriceAt === undefined) return;
          assert.ok(
            invoices.some(({ at }) => at === terms.fullPriceAt),
            `${new Date(terms.fullPriceAt).toISOString()} is a day on which billing charges`,
          );
          assert.ok(
            invoices.some(({ at }) => at < (terms.fullPriceAt as number)),
            "something is discounted",
          );
        }),
        { numRuns: home.name === "SQLite" ? 150 : 25 },
      );
      assert.ok(offered > 0);
    });
  });
}

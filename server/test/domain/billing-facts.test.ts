/** What a provider says of a subscription beside its state: refusals, tax, usage, revenue. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { FlowConfig, HubActions } from "../../../src/api/wire.ts";
import { type BilledSubscription, type BillingProvider, publicView } from "../../src/billing/provider.ts";
import { OfferDefinition } from "../../src/contract/flow-definition.ts";
import { actionsOf } from "../../src/domain/availability.ts";
import { holds } from "../../src/domain/conditions.ts";
import { firstOffer, termsHold } from "../../src/domain/offers.ts";

const DAY = 86_400_000;
const NOW = Date.parse("2027-05-14T09:41:00Z");
const price = {
  id: "price_pro",
  amount: 4900,
  currency: "usd",
  interval: "month",
  intervalCount: 1,
} as const;
const yearly = { ...price, id: "price_pro_annual", amount: 40_000, interval: "year" } as const;
const catalogue = [price, yearly].map((each) => ({
  price: each,
  productId: "prod_pro",
  name: "Pro",
  features: [],
}));

const plain: BilledSubscription = {
  id: "sub_1",
  customerId: "cus_1",
  quantity: 1,
  anchor: NOW - 100 * DAY,
  metadata: {},
  status: "active",
  plan: { id: "prod_pro", name: "Pro", features: [] },
  price,
  startedAt: NOW - 100 * DAY,
  periodEnd: NOW + 18 * DAY,
  nextCharge: { amount: 4900, currency: "usd", at: NOW + 18 * DAY },
};
const trialing: BilledSubscription = { ...plain, status: "trialing", trialEnd: NOW + 18 * DAY };
const charging = (amount: number, more: Partial<BilledSubscription> = {}): BilledSubscription => ({
  ...plain,
  nextCharge: { amount, currency: "usd", at: plain.periodEnd },
  ...more,
});

const offers = {
  discount: { id: "off", type: "discount", percentOff: 50, duration: "once" },
  pause: { id: "rest", type: "pause", months: [1, 2] },
  plan_change: { id: "less", type: "plan_change", plans: [{ priceId: "price_pro_annual" }] },
  annual_switch: { id: "year", type: "annual_switch" },
  trial_extension: { id: "more", type: "trial_extension", days: 7 },
  contact: { id: "talk", type: "contact", url: "https://shop.example/talk" },
};

const billing = {
  price: async (id: string) => catalogue.find((each) => each.price.id === id),
  prices: async () => catalogue,
  preview: async () => ({ dueNow: 40_000, subscription: plain }),
} as unknown as BillingProvider;

const offered = async (offer: keyof typeof offers, subscription: BilledSubscription) =>
  firstOffer([OfferDefinition.parse(offers[offer])], { subscription, accepted: [], now: NOW }, billing);

describe("What billing does not do with a subscription", () => {
  const refused = {
    discount: "discount",
    pause: "pause",
    plan_change: "change_price",
    annual_switch: "change_price",
    trial_extension: "extend_trial",
  } as const;

  for (const [offer, action] of Object.entries(refused) as [keyof typeof refused, "pause"][]) {
    it(`is not offered: ${offer}`, async () => {
      const subscription = offer === "trial_extension" ? trialing : plain;
      assert.equal((await offered(offer, subscription))?.type, offer);
      assert.equal(await offered(offer, { ...subscription, refuses: [action] }), undefined);
      const others = Object.values(refused).filter((each) => each !== action);
      assert.equal((await offered(offer, { ...subscription, refuses: others }))?.type, offer);
    });
  }

  it("leaves what billing has no part in", async () => {
    const all = [...Object.values(refused), "cancel", "promo_code"] as const;
    assert.equal((await offered("contact", { ...plain, refuses: all }))?.type, "contact");
  });

  it("is not in the hub, where cancelling always is", () => {
    const names = (refuses: BilledSubscription["refuses"]) => {
      const subscription = { ...plain, ...(refuses ? { refuses } : {}) };
      return Object.keys(actionsOf(subscription, { now: NOW, settings: undefined, forSale: catalogue }));
    };
    const before = names(undefined);
    const gone = (refuses: NonNullable<BilledSubscription["refuses"]>) =>
      before.filter((name) => !names(refuses).includes(name)).sort() as (keyof HubActions)[];
    assert.deepEqual(gone(["change_price"]), ["annual_switch", "plan_change"]);
    assert.deepEqual(gone(["pause"]), ["pause"]);
    assert.deepEqual(gone(["promo_code"]), ["promo_code"]);
    assert.deepEqual(gone(["cancel", "resume", "undo_cancellation"]), []);
    const leaving = { ...plain, cancelAt: plain.periodEnd };
    const facts = { now: NOW, settings: undefined, forSale: catalogue };
    assert.deepEqual(actionsOf(leaving, facts), { undo_cancellation: {} });
    assert.deepEqual(actionsOf({ ...leaving, refuses: ["undo_cancellation"] }, facts), {});
  });
});

describe("The next charge", () => {
  it("may hold tax and usage: a discount is of the price, and still offered", async () => {
    for (const subscription of [
      charging(5831, { tax: 931 }),
      charging(6100, { usage: 1200 }),
      charging(7259, { tax: 1159, usage: 1200 }),
    ]) {
      const offer = await offered("discount", subscription);
      assert.ok(offer?.type === "discount");
      assert.deepEqual([offer.terms.amount, offer.terms.discounted], [4900, 2450]);
    }
  });

  it("that is different for another reason makes a promise impossible", async () => {
    for (const subscription of [
      charging(3000),
      charging(4901, { tax: 2 }),
      charging(4899, { usage: 0 }),
      charging(5831),
    ])
      assert.equal(await offered("discount", subscription), undefined);
  });

  it("that grows by use changes no terms, and one that grows otherwise does", () => {
    const config = { now: NOW, subscription: publicView(charging(5000, { usage: 100 })) } as FlowConfig;
    assert.ok(termsHold(config, charging(5400, { usage: 500 }), NOW));
    assert.ok(!termsHold(config, charging(5400), NOW));
    assert.ok(!termsHold(config, charging(5400, { usage: 500, price: yearly }), NOW));
  });
});

describe("Revenue", () => {
  it("is what billing says it is, or that of the price", () => {
    const atLeast = (amount: number, subscription: BilledSubscription) =>
      holds({ field: "mrr", atLeast: amount }, subscription, NOW);
    assert.deepEqual([atLeast(4900, plain), atLeast(4901, plain)], [true, false]);
    const more = { ...plain, mrr: 9900 };
    assert.deepEqual([atLeast(9900, more), atLeast(9901, more)], [true, false]);
    assert.ok(!atLeast(1, { ...plain, mrr: 0 }), "nothing recurring is nothing");
  });

  it("and its neighbours stay on the server", () => {
    const all = { ...plain, mrr: 1, tax: 2, usage: 3, refuses: ["pause"] as const };
    assert.deepEqual(publicView(all), publicView(plain));
  });
});

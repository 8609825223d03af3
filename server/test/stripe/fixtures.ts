/**
 * The customers of the provider's suite, made with the official library alone and nothing that the adapter writes. At
 * Stripe itself they would need several clocks, since there are at most three customers on each.
 */
import type Stripe from "stripe";
import { addMonths } from "../../../src/flow/offers.ts";
import type { Fixtures } from "../billing/provider.suite.ts";

const DAY = 86_400_000;

/** What day it is, and the day on which most of the subscriptions are charged next. ms, in whole seconds. */
export interface Today {
  now: number;
  nextCharge: number;
}

const today = (now: string, nextCharge: string): Today => ({
  now: Date.parse(now),
  nextCharge: Date.parse(nextCharge),
});

export const DAYS = {
  /** Charges on a day that every month has. */
  everyMonth: today("2027-05-14T09:41:00Z", "2027-06-01T09:41:00Z"),
  on31sts: today("2027-01-10T06:00:00Z", "2027-01-31T06:00:00Z"),
};

export interface Prepared {
  fixtures: Fixtures;
  testClock: string;
}

const sec = (ms: number): number => Math.round(ms / 1000);

/** Long enough that everybody has a history, and from a 31st back to a 31st. */
const MONTHS = 8;

/** When the clock begins. */
export const beginOf = ({ nextCharge }: Today): number => addMonths(nextCharge, -MONTHS);

/**
 * Moves the clock. Stripe moves it by two intervals at most, and the shortest here is a month. The double is there at
 * once, where Stripe would say that it is advancing.
 */
export async function moveClock(stripe: Stripe, testClock: string, to: number): Promise<void> {
  for (;;) {
    const { frozen_time: now } = await stripe.testHelpers.testClocks.retrieve(testClock);
    if (now >= Math.ceil(to / 1000)) return;
    const step = Math.min(Math.ceil(to / 1000), sec(addMonths(now * 1000, 1)));
    await stripe.testHelpers.testClocks.advance(testClock, { frozen_time: step });
  }
}

interface Catalogue {
  pro: string;
  annual: string;
  basic: string;
  yen: string;
  old: string;
  team: string;
  teamProduct: string;
}

const monthly = { interval: "month" } as const;

async function makeCatalogue(stripe: Stripe): Promise<Catalogue> {
  const features = (...names: string[]) => names.map((name) => ({ name }));
  const product = async (name: string, ...names: string[]) =>
    (await stripe.products.create({ name, marketing_features: features(...names) })).id;
  const price = async (of: string, amount: number, more: Partial<Stripe.PriceCreateParams> = {}) =>
    (
      await stripe.prices.create({
        currency: "usd",
        product: of,
        recurring: monthly,
        unit_amount: amount,
        ...more,
      })
    ).id;
  const pro = await product("Pro", "Unlimited projects", "4K export");
  const basic = await product("Basic", "Three projects");
  const team = await product("Team", "Everything in Pro", "Shared libraries");
  return {
    pro: await price(pro, 4900),
    annual: await price(pro, 46800, { recurring: { interval: "year" } }),
    basic: await price(basic, 1900),
    yen: await price(basic, 2500, { currency: "jpy" }),
    old: await price(basic, 1500, { active: false }),
    team: await price(team, 5900),
    teamProduct: team,
  };
}

async function makeCodes(stripe: Stripe, { teamProduct }: Catalogue, begin: number) {
  const code = async (
    text: string,
    coupon: Stripe.CouponCreateParams,
    more: Partial<Stripe.PromotionCodeCreateParams> = {},
  ) => {
    const { id } = await stripe.coupons.create(coupon);
    const promotion = { type: "coupon" as const, coupon: id };
    return stripe.promotionCodes.create({ code: text, promotion, ...more });
  };
  const some = { percent_off: 20, duration: "repeating", duration_in_months: 3 } as const;
  const usedUp = await code("FIRST100", { percent_off: 10, duration: "once" }, { max_redemptions: 1 });
  const codes = {
    percent: (await code("WELCOME20", some)).code,
    amount: (await code("FIVEOFF", { amount_off: 500, currency: "usd", duration: "once" })).code,
    expired: (await code("SUMMER24", some, { expires_at: sec(begin + DAY) })).code,
    usedUp: usedUp.code,
    elsewhere: (await code("TEAMONLY", { ...some, applies_to: { products: [teamProduct] } })).code,
  };
  return { codes, usedUp: usedUp.id };
}

/** Somebody with a good card. */
async function makeCustomer(stripe: Stripe, testClock: string, name: string, email: string): Promise<string> {
  const card = "pm_card_visa";
  const { id } = await stripe.customers.create({
    name,
    email,
    payment_method: card,
    invoice_settings: { default_payment_method: card },
    test_clock: testClock,
  });
  return id;
}

/**
 * Makes it the customer's default, which is all that Stripe's page does.
 * @param openPage by which the customer gets there for a subscription that is charged to something of its own
 */
export async function payWith(
  stripe: Stripe,
  customerId: string,
  method: "good" | "declined",
  openPage: (subscriptionId: string) => Promise<unknown> = async () => undefined,
): Promise<void> {
  for await (const own of stripe.subscriptions.list({ customer: customerId }))
    if (own.default_payment_method !== null) await openPage(own.id);
  const card = method === "good" ? "pm_card_visa" : "pm_card_chargeCustomerFail";
  const { id } = await stripe.paymentMethods.attach(card, { customer: customerId });
  await stripe.customers.update(customerId, { invoice_settings: { default_payment_method: id } });
}

/** The clock stands at `now` afterwards, and every fixture is in the state that its name says. */
export async function makeFixtures(stripe: Stripe, { now, nextCharge }: Today): Promise<Prepared> {
  const begin = beginOf({ now, nextCharge });
  const { id: testClock } = await stripe.testHelpers.testClocks.create({ frozen_time: sec(begin) });
  const until = (ms: number) => moveClock(stripe, testClock, ms);
  const person = (name: string, email = `${name.toLowerCase()}@example.com`) =>
    makeCustomer(stripe, testClock, name, email);
  const subscribe = async (
    customer: string,
    price: string,
    more: Omit<Stripe.SubscriptionCreateParams, "customer"> & { quantity?: number } = {},
  ) => {
    const { quantity = 1, ...rest } = more;
    return (await stripe.subscriptions.create({ customer, items: [{ price, quantity }], ...rest })).id;
  };

  const all = await makeCatalogue(stripe);
  const { codes, usedUp } = await makeCodes(stripe, all, begin);
  const customer = { id: await person("John", "john.doe@example.com"), email: "john.doe@example.com" };
  const [lucia, sam] = [await person("Lucia"), await person("Sam")];
  // Stripe's own filter tells them apart.
  await person("Otto", "studio@example.org");
  await person("Ida", "Studio@Example.org");

  const paused = await subscribe(await person("Priya"), all.pro);
  const fixtures = {
    customer,
    monthly: await subscribe(customer.id, all.pro, { metadata: { projects: "14" } }),
    paused,
    pastDue: await subscribe(sam, all.pro),
    cancelling: await subscribe(await person("Carla"), all.basic),
    cancelled: await subscribe(await person("Tom"), all.pro, { discounts: [{ promotion_code: usedUp }] }),
    discounted: await subscribe(await person("Dina"), all.pro),
    customerOfTwo: lucia,
    sharedEmail: "studio@example.org",
    codes,
    prices: { cheaper: all.basic, annual: all.annual, otherCurrency: all.yen, inactive: all.old },
  };
  await subscribe(lucia, all.pro);
  await until(begin + 2 * DAY);
  const others = {
    otherCurrency: await subscribe(await person("Yuki"), all.yen),
    several: await subscribe(await person("Mark"), all.team, { quantity: 3 }),
  };
  await subscribe(lucia, all.basic);

  await until(now - 60 * DAY);
  await stripe.subscriptions.cancel(fixtures.cancelled);
  await until(now - 45 * DAY);
  const { id: coupon } = await stripe.coupons.create({
    percent_off: 30,
    duration: "repeating",
    duration_in_months: 6,
  });
  await stripe.subscriptions.update(fixtures.discounted, { discounts: [{ coupon }] });
  await until(now - 20 * DAY);
  await payWith(stripe, sam, "declined");
  await until(now - DAY);
  const trialing = await subscribe(await person("Tess"), all.pro, { trial_end: sec(now + 12 * DAY) });
  await stripe.subscriptions.update(fixtures.cancelling, { cancel_at_period_end: true });
  await stripe.subscriptions.update(paused, {
    pause_collection: { behavior: "void", resumes_at: sec(addMonths(nextCharge, 2)) },
  });
  await until(now);
  return { fixtures: { ...fixtures, ...others, trialing }, testClock };
}

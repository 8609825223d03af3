/** What `renumerate stripe check` finds, against the double of Stripe. */
import assert from "node:assert/strict";
import { after, before, beforeEach, describe, it } from "node:test";
import type Stripe from "stripe";
import { createCache } from "../../src/billing/stripe/cache.ts";
import { checkAccount } from "../../src/billing/stripe/check.ts";
import { openStripe } from "../../src/billing/stripe/client.ts";
import { EVENT_TYPES, REFRESHING_TYPES } from "../../src/billing/stripe/events.ts";
import type { Finding } from "../../src/billing/stripe/finding.ts";
import type { StripeAccount, StripeSettings } from "../../src/billing/stripe/model.ts";
import { PERMISSIONS, type Permission } from "../../src/billing/stripe/permissions.ts";
import { createStripeBilling } from "../../src/billing/stripe/provider.ts";
import { type StripeDouble, startDouble } from "../stripe/double.ts";
import { operations } from "../stripe/operations.ts";
import { type Operations, Refusal, State } from "../stripe/state.ts";

const NOW = Date.UTC(2026, 10, 1) / 1000;
const SECRET = "sk_test_51EverythingIsAllowed";
const RESTRICTED = "rk_test_51OnlyWhatIsNeeded";
const WEBHOOK = "https://retain.acme.example/api/stripe/webhook";

const granted = ({ id, level }: Permission): string[] => [`${id}_${level.toLowerCase()}`];

let double: StripeDouble;
before(async () => {
  double = await startDouble();
});
after(() => double.close());

/** An account where nothing is missing. */
async function prepare(): Promise<Stripe> {
  double.state = State.empty(NOW);
  double.restricted = {
    [RESTRICTED]: [...PERMISSIONS.flatMap(granted), "account_read", "accounts_kyc_basic_read"],
  };
  const stripe = openStripe({ secretKey: SECRET, apiBase: double.url });
  const { id: product } = await stripe.products.create({ name: "Pro" });
  const monthly = { product, currency: "usd", recurring: { interval: "month" } } as const;
  await stripe.prices.create({ ...monthly, unit_amount: 1900 });
  const { id: customer } = await stripe.customers.create({});
  // The settings of the portal are saved by the first session, which stands for the dashboard.
  await stripe.billingPortal.sessions.create({ customer });
  await stripe.webhookEndpoints.create({
    url: WEBHOOK,
    enabled_events: [...EVENT_TYPES, ...REFRESHING_TYPES],
  });
  return stripe;
}

interface Given {
  secretKey?: string;
  settings?: StripeSettings;
  webhookSecrets?: number;
  webhookUrl?: string;
  apiBase?: string;
}

async function check({
  secretKey = RESTRICTED,
  settings = {},
  webhookSecrets = 1,
  webhookUrl = WEBHOOK,
  apiBase = double.url,
}: Given = {}): Promise<Finding[]> {
  const account = accountOf(openStripe({ secretKey, apiBase }), settings);
  const restricted = secretKey.startsWith("rk_");
  return checkAccount({ account, environment: "sandbox", restricted, webhookSecrets, webhookUrl });
}

function accountOf(stripe: Stripe, settings: StripeSettings = {}): StripeAccount {
  const clock = () => NOW * 1000;
  return { stripe, clock, cache: createCache(clock), settings: () => Promise.resolve(settings) };
}

/** As Stripe refuses where a permission is missing, in its own words. */
const denying = (words: string) => () => {
  throw new Refusal(403, words, { code: "more_permissions_required" });
};

/** Another account, which answers some requests otherwise. Until the end of the block. */
async function opened(instead: Operations): Promise<{ url: string } & AsyncDisposable> {
  const other = await startDouble({ operations: { ...operations, ...instead } });
  return { url: other.url, [Symbol.asyncDispose]: () => other.close() };
}

/** Somebody who has paid by card. */
async function subscribed(
  stripe: Stripe,
): Promise<{ id: string; customer: string; price: string; invoice: string }> {
  const card = "pm_card_visa";
  const { id: customer } = await stripe.customers.create({
    email: "ada@example.com",
    payment_method: card,
    invoice_settings: { default_payment_method: card },
  });
  const [price = ""] = (await stripe.prices.list({ limit: 1 })).data.map((each) => each.id);
  await stripe.coupons.create({ id: "half", percent_off: 50, duration: "forever" });
  const { id, latest_invoice: invoice } = await stripe.subscriptions.create({
    customer,
    items: [{ price }],
    discounts: [{ coupon: "half" }],
  });
  return { id, customer, price, invoice: invoice as string };
}

const DENIED =
  "The provided key 'rk_test_***eded' does not have the required permissions for this endpoint on account 'acct_1'.";

/** What was expanded, as `customer.default_source`, whether one was asked for, a list, or what it belongs to. */
const expansions = (): Set<string> =>
  new Set(
    double.requests.flatMap(({ path, params }) => {
      const [, , resource = ""] = path.split("/");
      return ((params.expand ?? []) as string[]).map((each) => {
        const whole = `${resource}.${each.replace(/^data\./, "")}`;
        return whole.replace(/^subscriptions\.customer\./, "customers.");
      });
    }),
  );

const missing = (findings: readonly Finding[]): string[] =>
  findings.flatMap(({ state, about }) => (state === "missing" ? [about] : []));

function finding(findings: readonly Finding[], about: string): Finding {
  return findings.find((each) => each.about === about) ?? assert.fail(`nothing about ${about}`);
}

describe("The check of a Stripe account", () => {
  let stripe: Stripe;
  beforeEach(async () => {
    stripe = await prepare();
  });

  it("finds nothing missing where nothing is, and says what there is", async () => {
    const findings = await check();
    assert.deepEqual(missing(findings), []);
    assert.match(finding(findings, "key").says, /restricted key of test mode/);
    assert.match(finding(findings, "account").says, /^\S.* \([A-Z]{2}\)$/);
    assert.match(finding(findings, "webhook endpoint").says, /^we_\w+ sends all that is needed/);
    assert.match(finding(findings, "customer portal").says, /^bpc_\w+ lets customers/);
    assert.match(finding(findings, "prices").says, /^1 can be plans$/);
  });

  it("changes nothing: whatever would write is refused", async () => {
    const { data } = double.state.copy();
    double.requests.length = 0;
    await check();
    await check({ secretKey: SECRET });
    assert.deepEqual(double.state.data, data);
    const writing = double.requests.filter(({ method }) => method !== "GET");
    assert.ok(writing.length >= 2 * PERMISSIONS.filter(({ level }) => level === "Write").length);
    for (const { method, path, status } of writing) assert.ok((status ?? 0) >= 400, `${method} ${path}`);
    assert.deepEqual(double.defects, []);
  });

  for (const permission of PERMISSIONS) {
    const { resource, level, optional } = permission;
    const about = `permission ${resource}: ${level}`;
    it(`sees that a key may not ${level.toLowerCase()} ${resource}`, async () => {
      const all = double.restricted[RESTRICTED] ?? [];
      const taken = granted(permission);
      double.restricted = { [RESTRICTED]: all.filter((each) => !taken.includes(each)) };
      const findings = await check();
      const { state, todo } = finding(findings, about);
      assert.equal(state, optional ? "note" : "missing");
      assert.match(todo ?? "", new RegExp(`dashboard\\.stripe\\.com/apikeys.* ${resource}: ${level}$`));
      const others = findings.filter((each) => each.about.startsWith("permission ") && each.about !== about);
      assert.deepEqual(missing(others), []);
    });
  }

  it("passes on how Stripe calls a permission, if it calls it otherwise", async () => {
    const words = `${DENIED} Enabling "Vouchers Write" ('coupon_write') permissions on this key would allow this request to continue.`;
    await using other = await opened({ "POST /v1/coupons/:id": denying(words) });
    const found = finding(
      await check({ secretKey: SECRET, apiBase: other.url }),
      "permission Coupons: Write",
    );
    assert.equal(found.state, "missing");
    assert.match(found.todo ?? "", /allow Vouchers Write; Coupons: Write$/);
  });

  it("reads as the server does, with all that is shown of it", async () => {
    const billing = createStripeBilling(accountOf(openStripe({ secretKey: SECRET, apiBase: double.url })));
    const { id, customer, price, invoice } = await subscribed(stripe);
    double.requests.length = 0;
    await billing.findCustomers({ email: "ada@example.com" });
    await billing.subscriptions(customer);
    await billing.subscription(id);
    await billing.price(price);
    await billing.invoices({ customerId: customer, limit: 5 });
    await billing.declineCode(invoice);
    await assert.rejects(billing.preview({ type: "promo_code", subscriptionId: id, code: "NOTHING" }));
    await billing.execute({ type: "cancel", subscriptionId: id, effective: "immediately" }, "act_1");
    const read = expansions();
    assert.ok(read.has("subscriptions.default_source") && read.has("customers.default_source"));
    double.requests.length = 0;
    await check();
    const probed = expansions();
    assert.deepEqual(
      [...read].filter((each) => !probed.has(each)),
      [],
    );
  });

  it("passes on what Stripe wants for something that is shown with a subscription", async () => {
    const words = `${DENIED} Having the 'rak_source_read' permission would allow this request to continue.`;
    await using other = await opened({ "GET /v1/subscriptions": denying(words) });
    const found = finding(await check({ secretKey: SECRET, apiBase: other.url }), "reading subscriptions");
    assert.equal(found.state, "missing");
    assert.match(found.says, /^Stripe refuses: .*'rak_source_read'/);
    assert.match(found.todo ?? "", /dashboard\.stripe\.com\/apikeys.* rak_source_read$/);
  });

  it("names what is missing once, where the same stands in the way of reading", async () => {
    const words = `${DENIED} Having the 'rak_coupon_read' permission would allow this request to continue.`;
    await using other = await opened({
      "GET /v1/subscriptions": denying(words),
      "POST /v1/coupons/:id": denying(words),
    });
    const findings = await check({ secretKey: SECRET, apiBase: other.url });
    assert.deepEqual(
      missing(findings).filter((about) => /coupon|reading/i.test(about)),
      ["permission Coupons: Write"],
    );
  });

  it("sees where Stripe does not answer in the way that is asked for", async () => {
    const refuse = () => {
      throw new Refusal(400, "This property cannot be expanded (data.default_source).", { param: "expand" });
    };
    await using other = await opened({
      "GET /v1/subscriptions": refuse,
      "GET /v1/customers/search": refuse,
    });
    const findings = await check({ secretKey: SECRET, apiBase: other.url });
    const { says } = finding(findings, "reading subscriptions");
    assert.match(says, /^Stripe refuses: This property cannot be expanded/);
    // There are accounts without a search, and nothing depends on it.
    assert.equal(finding(findings, "searching customers").state, "note");
  });

  it("advises against a key that can do everything, and takes it", async () => {
    const findings = await check({ secretKey: SECRET });
    assert.deepEqual(missing(findings), []);
    assert.equal(finding(findings, "key").state, "note");
  });

  it("goes no further with a key that Stripe does not know", async () => {
    const findings = await check({ secretKey: "rk_test_51OfAnotherAccount" });
    assert.deepEqual(findings, [
      {
        state: "missing",
        about: "key",
        says: "Stripe does not know it",
        todo: "copy the key again, or make a new one",
      },
    ]);
  });

  it("says so where Stripe does not answer, and never blames the account", async () => {
    double.fault = () => ({ when: "before", how: 503 });
    const findings = await check();
    assert.equal(findings.length, 1);
    assert.match(findings[0]?.says ?? "", /^Stripe did not answer/);
    double.fault = ({ path }) =>
      path.startsWith("/v1/coupons") ? { when: "before", how: "reset" } : undefined;
    const { says } = finding(await check(), "permission Coupons: Write");
    assert.match(says, /^Stripe did not answer/);
  });

  it("sees an account whose name the key may not read as good", async () => {
    const all = double.restricted[RESTRICTED] ?? [];
    double.restricted = { [RESTRICTED]: all.filter((each) => !each.startsWith("account")) };
    const findings = await check();
    assert.equal(finding(findings, "account").state, "note");
    assert.deepEqual(missing(findings), []);
  });

  describe("looks at webhooks", () => {
    const about = "webhook endpoint";

    it("and wants one for this server", async () => {
      const { state, says, todo } = finding(
        await check({ webhookUrl: "https://other.example/api/stripe/webhook" }),
        about,
      );
      assert.equal(state, "missing");
      assert.equal(says, "none sends to https://other.example/api/stripe/webhook");
      for (const event of EVENT_TYPES) assert.ok(todo?.includes(event), event);
      assert.match(todo ?? "", /snapshot/);
    });

    it("and does with the events that are needed, and names the others", async () => {
      const [endpoint] = (await stripe.webhookEndpoints.list()).data;
      await stripe.webhookEndpoints.update(endpoint?.id ?? "", { enabled_events: [...EVENT_TYPES] });
      const findings = await check();
      assert.deepEqual(missing(findings), []);
      const { state, says, todo } = finding(findings, about);
      assert.equal(state, "note");
      assert.match(says, /^we_\w+ sends all that is needed/);
      for (const event of REFRESHING_TYPES) assert.ok(todo?.includes(event), event);
      for (const event of EVENT_TYPES) assert.ok(!todo?.includes(event), event);
    });

    it("that is switched on, and gets every event", async () => {
      const [endpoint] = (await stripe.webhookEndpoints.list()).data;
      const id = endpoint?.id ?? assert.fail();
      await stripe.webhookEndpoints.update(id, { enabled_events: ["invoice.paid"] });
      const few = finding(await check(), about);
      assert.equal(few.state, "missing");
      assert.match(few.says, /is not sent .*customer\.subscription\.deleted/);
      assert.ok(!few.says.includes("invoice.paid"));
      await stripe.webhookEndpoints.update(id, { enabled_events: ["*"] });
      assert.equal(finding(await check(), about).state, "ok");
      await stripe.webhookEndpoints.update(id, { disabled: true });
      assert.match(finding(await check(), about).says, /switched off/);
    });

    it("and does without one where Stripe cannot reach it anyway", async () => {
      const findings = await check({ webhookUrl: "http://localhost:4321/api/stripe/webhook" });
      const { state, todo } = finding(findings, about);
      assert.equal(state, "note");
      assert.match(todo ?? "", /^stripe listen --forward-to http:\/\/localhost:4321\/api\/stripe\/webhook /);
      assert.deepEqual(missing(findings), []);
    });

    it("and wants a secret", async () => {
      const without = finding(await check({ webhookSecrets: 0 }), "webhook secret");
      assert.equal(without.state, "missing");
      assert.match(without.todo ?? "", /STRIPE_WEBHOOK_SECRET/);
      assert.match(finding(await check({ webhookSecrets: 2 }), "webhook secret").says, /^2 are set/);
    });
  });

  describe("looks at the customer portal", () => {
    const about = "customer portal";

    it("that was never set up", async () => {
      double.state = State.empty(NOW);
      assert.match(finding(await check(), about).says, /never set up/);
    });

    it("where customers may not change their payment method", async () => {
      const { id } = await stripe.billingPortal.configurations.create({
        features: { payment_method_update: { enabled: false } },
      });
      const { state, says } = finding(await check({ settings: { portalConfiguration: id } }), about);
      assert.equal(state, "missing");
      assert.match(says, new RegExp(`^${id} does not let`));
    });

    it("whose configuration the settings name wrongly", async () => {
      const { state, says } = finding(
        await check({ settings: { portalConfiguration: "bpc_nowhere" } }),
        about,
      );
      assert.deepEqual([state, says], ["missing", "there is no configuration bpc_nowhere"]);
    });
  });

  it("counts prices that can be plans, and those that cannot", async () => {
    const { id: product } = await stripe.products.create({ name: "Usage" });
    const tiered: Stripe.PriceCreateParams = {
      product,
      currency: "usd",
      recurring: { interval: "month" },
      billing_scheme: "tiered",
      tiers_mode: "volume",
      tiers: [{ up_to: "inf", unit_amount: 5 }],
    };
    await stripe.prices.create(tiered);
    await stripe.prices.create({ product, currency: "usd", unit_amount: 100 });
    const { says } = finding(await check(), "prices");
    assert.match(says, /^1 can be plans; 1 are metered or tiered/);
    double.state = State.empty(NOW);
    assert.equal(finding(await check(), "prices").state, "note");
  });

  it("counts customers that a test clock hides, and names the clock that is ours", async () => {
    const clock = await stripe.testHelpers.testClocks.create({ frozen_time: NOW });
    await stripe.customers.create({ test_clock: clock.id });
    await stripe.customers.create({ test_clock: clock.id });
    assert.match(finding(await check(), "test clocks").says, /^2 customers/);
    const own = await check({ settings: { testClock: clock.id } });
    assert.match(finding(own, "test clock").says, /stands at 2026-11-01T00:00:00\.000Z/);
    assert.ok(!own.some(({ about }) => about === "test clocks"));
    const gone = finding(await check({ settings: { testClock: "clock_gone" } }), "test clock");
    assert.deepEqual([gone.state, gone.says.startsWith("there is no clock_gone")], ["missing", true]);
  });

  it("says nothing of the key", async () => {
    const all: Finding[] = [...(await check()), ...(await check({ secretKey: SECRET }))];
    double.restricted = { [RESTRICTED]: [] };
    all.push(...(await check()), ...(await check({ secretKey: "rk_test_51OfAnotherAccount" })));
    double.fault = () => ({ when: "before", how: "reset" });
    all.push(...(await check()));
    assert.doesNotMatch(JSON.stringify(all), /51|[rs]k_test_\w/);
  });
});

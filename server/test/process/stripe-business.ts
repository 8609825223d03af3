/** A business whose billing is Stripe: an account at the double, and the real program in front of it. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import type Stripe from "stripe";
import type { FlowConfig } from "../../../src/api/wire.ts";
import { openStripe } from "../../src/billing/stripe/client.ts";
import { type OpenedStore, openStore } from "../../src/store/database.ts";
import type { Scope } from "../../src/store/store.ts";
import { type Reply, replyOf } from "../harness.ts";
import { type StripeDouble, startDouble } from "../stripe/double.ts";
import { Visit } from "../visit.ts";
import { type Environment, folder, renumerate } from "./child.ts";

const KEY = "sk_test_OfTheBusiness";
export const HOOK = "whsec_OfTheBusiness";

/** How long what happens by itself may take, ms. */
const PATIENCE = 30_000;

export interface Person {
  customer: string;
  subscription: string;
}

export interface Business extends AsyncDisposable, OpenedStore {
  double: StripeDouble;
  /** The official library: the account's dashboard. */
  stripe: Stripe;
  /** Of the program. */
  env: Environment;
  scope: Scope;
  /** A private key of the sandbox. */
  key: string;
  /** Where all of the customers live. */
  testClock: string;
  prices: { monthly: string; basic: string; annual: string };
}

/** An account with three prices and a test clock, and an installation that has been told of it. */
export async function openBusiness(): Promise<Business> {
  const double = await startDouble();
  const stripe = openStripe({ secretKey: KEY, apiBase: double.url });
  const { id: testClock } = await stripe.testHelpers.testClocks.create({
    frozen_time: Math.floor(Date.now() / 1000),
  });
  const prices = await makePrices(stripe);
  const place = await folder();
  const env: Environment = {
    ...place.env,
    BILLING: "stripe",
    STRIPE_API_BASE: double.url,
    STRIPE_SECRET_KEY: KEY,
    STRIPE_WEBHOOK_SECRET: HOOK,
    RATE_LIMIT_PER_MINUTE: "10000",
    LOG_LEVEL: "error",
  };
  const { key } = await told(["keys", "create", "--environment", "sandbox", "--json"], env);
  await told(["stripe", "set", "-", "--json"], env, { sandbox: { testClock } });
  const opened = await openStore({ file: join(env.DATA_DIR as string, "renumerate.db") });
  const [workspace] = await opened.store.workspaces();
  const scope = { workspaceId: workspace?.id ?? assert.fail(), environment: "sandbox" as const };
  const close = async () => {
    await opened.store.close();
    await place[Symbol.asyncDispose]();
    await double.close();
    assert.deepEqual(double.defects, [], "the double answers as Stripe would");
  };
  return {
    ...opened,
    double,
    stripe,
    env,
    scope,
    key: key as string,
    testClock,
    prices,
    [Symbol.asyncDispose]: close,
  };
}

/** A command that succeeds, and what it prints. */
export async function told(
  args: readonly string[],
  env: Environment,
  input?: object,
): Promise<Record<string, unknown>> {
  const { code, out, err } = await renumerate(args, env, input === undefined ? "" : JSON.stringify(input));
  assert.equal(code, 0, `${args.join(" ")}\n${out}\n${err}`);
  return JSON.parse(out);
}

async function makePrices(stripe: Stripe): Promise<Business["prices"]> {
  const priced = async (product: string, amount: number, interval: "month" | "year") => {
    const recurring = { interval } as const;
    return (await stripe.prices.create({ product, currency: "usd", unit_amount: amount, recurring })).id;
  };
  const pro = await stripe.products.create({ name: "Pro" });
  const basic = await stripe.products.create({ name: "Basic" });
  return {
    monthly: await priced(pro.id, 4900, "month"),
    annual: await priced(pro.id, 46_800, "year"),
    basic: await priced(basic.id, 1900, "month"),
  };
}

interface Account {
  stripe: Stripe;
  prices: { monthly: string };
  testClock?: string;
}

/** Somebody with a good card who pays by the month from now on. */
export async function newcomer({ stripe, prices, testClock }: Account, name: string): Promise<Person> {
  const card = "pm_card_visa";
  const { id: customer } = await stripe.customers.create({
    name,
    email: `${name.toLowerCase()}@example.com`,
    payment_method: card,
    invoice_settings: { default_payment_method: card },
    ...(testClock === undefined ? {} : { test_clock: testClock }),
  });
  const { id } = await stripe.subscriptions.create({ customer, items: [{ price: prices.monthly }] });
  return { customer, subscription: id };
}

/** Rejects if the server dies meanwhile. */
export async function ask(
  url: string,
  path: string,
  { token, key, json }: { token?: string; key?: string; json?: unknown },
): Promise<Reply> {
  const headers: Record<string, string> = { "Content-Type": "application/json" };
  if (key) headers["X-Brand-Key"] = key;
  if (token) headers.Authorization = `Bearer ${token}`;
  const sent = json === undefined ? {} : { method: "POST", body: JSON.stringify(json) };
  return replyOf(await fetch(url + path, { headers, ...sent }));
}

export async function mint(
  url: string,
  key: string,
  kind: "retention" | "subscription",
  customer: string,
): Promise<string> {
  const reply = await ask(url, `/v1/${kind}/session`, { key, json: { [kind]: { customer_id: customer } } });
  assert.equal(reply.status, 200, reply.text);
  return reply.body.id as string;
}

/** The customer opens the flow; `at()` is where the server is then, for it may move. */
export async function visitOf(at: () => string, key: string, customer: string): Promise<Visit> {
  const token = await mint(at(), key, "retention", customer);
  const request = (path: string, asked: { token: string; json?: unknown }) => ask(at(), path, asked);
  const opened = await request("/v1/widget/flow", { token });
  assert.equal(opened.status, 200, opened.text);
  const config = opened.body as unknown as FlowConfig;
  return new Visit({ clock: { now: config.now }, request }, token, config);
}

/** Waits for what happens by itself. */
export async function until<Found>(
  what: string,
  look: () => Promise<Found | undefined | false>,
): Promise<Found> {
  const end = Date.now() + PATIENCE;
  for (;;) {
    const found = await look();
    if (found) return found;
    assert.ok(Date.now() < end, `in vain: ${what}`);
    await setTimeout(50);
  }
}

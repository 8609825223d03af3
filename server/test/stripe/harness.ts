/** What the provider's suite needs of Stripe, on the double. */
import assert from "node:assert/strict";
import Stripe from "stripe";
import { createCache } from "../../src/billing/stripe/cache.ts";
import { openStripe } from "../../src/billing/stripe/client.ts";
import type { StripeAccount, StripeSettings } from "../../src/billing/stripe/model.ts";
import { PERMISSIONS } from "../../src/billing/stripe/permissions.ts";
import { createStripeBilling } from "../../src/billing/stripe/provider.ts";
import type { Harness } from "../billing/provider.suite.ts";
import { type StripeDouble, startDouble } from "./double.ts";
import { beginOf, makeFixtures, moveClock, type Prepared, payWith, type Today } from "./fixtures.ts";
import { State } from "./state.ts";

const KEY = "sk_test_of_the_double";
/** With what docs/stripe.md asks for, and nothing else: that has to be enough. */
const RESTRICTED = "rk_test_with_the_minimum";
const MINIMUM = PERMISSIONS.filter(({ id, optional }) => !optional || id === "billing_clock").map(
  ({ id, level }) => `${id}_${level.toLowerCase()}`,
);

/** A machine that stands still: nothing may depend on how long a test takes. */
export function accountOf(stripe: Stripe, clock: () => number, settings: StripeSettings): StripeAccount {
  return { stripe, clock, settings: async () => settings, cache: createCache(clock) };
}

async function tryToPay(stripe: Stripe, id: string): Promise<void> {
  try {
    await stripe.invoices.pay(id);
  } catch (error) {
    if (!(error instanceof Stripe.errors.StripeCardError)) throw error;
  }
}

/**
 * An invoice is a draft for an hour and is then charged by itself. The suite asks on the second of the renewal, so that
 * this hour is brought about at once.
 */
async function passTheHour(stripe: Stripe, testClock: string): Promise<void> {
  for await (const customer of stripe.customers.list({ test_clock: testClock, limit: 100 })) {
    const drafts = { customer: customer.id, status: "draft", limit: 100 } as const;
    for await (const draft of stripe.invoices.list(drafts)) {
      if (!draft.auto_advance || !draft.id) continue;
      const { status } = await stripe.invoices.finalizeInvoice(draft.id);
      if (status === "open") await tryToPay(stripe, draft.id);
    }
  }
}

/** Money that went to the business and did not come back, and what is asked for. */
async function books(stripe: Stripe, subscription: string): Promise<{ paid: number; open: number }> {
  const { customer } = await stripe.subscriptions.retrieve(subscription);
  const ids = new Set<string>();
  let [paid, open] = [0, 0];
  for await (const invoice of stripe.invoices.list({ subscription, limit: 100 })) {
    ids.add(invoice.id ?? "");
    paid += invoice.amount_paid;
    if (invoice.status === "open") open += invoice.amount_remaining;
  }
  for await (const note of stripe.creditNotes.list({ customer: customer as string, limit: 100 })) {
    if (!ids.has(note.invoice as string) || note.status === "void") continue;
    paid -= note.refunds.reduce((sum, each) => sum + each.amount_refunded, 0);
  }
  return { paid, open };
}

/**
 * @param clock the machine's, ms
 * @param own the library as the provider has it
 */
export function harnessOf(
  stripe: Stripe,
  { fixtures, testClock }: Prepared,
  clock: () => number,
  settings: StripeSettings = {},
  own = stripe,
): Omit<Harness, "close"> {
  const account = accountOf(own, clock, { ...settings, testClock });
  const provider = createStripeBilling(account);
  const returnUrl = "https://shop.example/account";
  return {
    provider,
    fixtures,
    books: (id) => books(stripe, id),
    advance: async (to) => {
      await moveClock(stripe, testClock, to);
      await passTheHour(stripe, testClock);
    },
    payWith: (customerId, method) =>
      payWith(stripe, customerId, method, (subscriptionId) =>
        provider.paymentPage({ customerId, subscriptionId, returnUrl }),
      ),
  };
}

interface Made {
  prepared: Prepared;
  state: State;
}

async function make(today: Today): Promise<Made> {
  await using double = await opened(State.empty(beginOf(today) / 1000));
  const prepared = await makeFixtures(double.stripe, today);
  const { state } = double.double;
  // Of what is on no test clock, codes above all, time has passed as well.
  state.data.now = today.now / 1000;
  return { prepared, state };
}

/** A double with this state and the library in front of it, until the end of the block. */
export async function opened(
  state: State,
): Promise<{ double: StripeDouble; stripe: Stripe } & AsyncDisposable> {
  const double = await startDouble();
  double.state = state;
  const stripe = openStripe({ secretKey: KEY, apiBase: double.url });
  return { double, stripe, [Symbol.asyncDispose]: () => double.close() };
}

/** What a test has that looks behind the provider as well. */
export interface DoubleHarness extends Harness {
  double: StripeDouble;
  stripe: Stripe;
}

/** Prepares once in this process; each test has a double of its own with a copy. */
export function onDouble(today: Today, settings: StripeSettings = {}): () => Promise<DoubleHarness> {
  let made: Promise<Made> | undefined;
  return async () => {
    made ??= make(today);
    const { prepared, state } = await made;
    const { double, stripe } = await opened(state.copy());
    double.restricted = { [RESTRICTED]: MINIMUM };
    const own = openStripe({ secretKey: RESTRICTED, apiBase: double.url });
    const harness = harnessOf(stripe, prepared, () => today.now, settings, own);
    const close = async () => {
      await double.close();
      assert.deepEqual(double.defects, [], "the double answers as Stripe would");
    };
    return { ...harness, double, stripe, close };
  };
}

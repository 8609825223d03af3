/** What every part of the provider's behaviour suite works with. */
import assert from "node:assert/strict";
import { afterEach, beforeEach } from "node:test";
import {
  type BilledSubscription,
  type BillingAction,
  BillingError,
  type BillingProvider,
} from "../../src/billing/provider.ts";

/** Ids. Subscriptions are in the state that their name says, and in no other special one. */
export interface Fixtures {
  /** Owns `monthly`; nobody else has this e-mail. */
  customer: { id: string; email: string };
  /** Active, monthly, without a discount; the next charge is more than two days and at most a month ahead. */
  monthly: string;
  /** Monthly after a trial that ends in more than five days. */
  trialing: string;
  paused: string;
  pastDue: string;
  /** Monthly. */
  cancelling: string;
  cancelled: string;
  /** Percentage off for more than a month from now. */
  discounted: string;
  /** Active, in another currency than `monthly`. */
  otherCurrency: string;
  /** Active, for more than one unit. */
  several: string;
  /** A customer with at least two subscriptions that run. */
  customerOfTwo: string;
  /** An e-mail that at least two customers have. */
  sharedEmail: string;
  /** Promo codes, by what they do. All but `amount` are good for any currency. */
  codes: {
    /** A percentage off for several months, of whatever is bought. */
    percent: string;
    /** An amount off the next charge, in `monthly`'s currency and less than its price. */
    amount: string;
    expired: string;
    usedUp: string;
    /** For what `several` has and `monthly` has not. */
    elsewhere: string;
  };
  prices: {
    /** Monthly, cheaper than `monthly`'s and in its currency. */
    cheaper: string;
    /** Yearly, of `monthly`'s product and in its currency. */
    annual: string;
    /** In another currency than `monthly`'s. */
    otherCurrency: string;
    /** No longer for sale, in `monthly`'s currency. */
    inactive: string;
  };
}

export interface Harness {
  provider: BillingProvider;
  fixtures: Fixtures;
  /** What a customer has paid for a subscription and not got back, and what is still to be paid. Minor units. */
  books(subscriptionId: string): Promise<{ paid: number; open: number }>;
  /** Moves the provider's clock; never backwards. Resolves when everything on the way has happened. */
  advance(to: number): Promise<unknown>;
  /** Gives the customer another payment method for everything that runs; it is taken, or each charge is declined. */
  payWith(customerId: string, method: "good" | "declined"): Promise<unknown>;
  close(): Promise<void>;
}

/** An action without the subscription that it is for. */
export type Terms = BillingAction extends infer Action
  ? Action extends BillingAction
    ? Omit<Action, "subscriptionId">
    : never
  : never;

type Charge = NonNullable<BilledSubscription["nextCharge"]>;

/** A fresh harness for each test, and what tests do with it all the time. */
export interface Suite extends Pick<Harness, "provider" | "fixtures" | "advance" | "books" | "payWith"> {
  /** @param key a new one if none is given */
  act(subscriptionId: string, terms: Terms, key?: string): Promise<BilledSubscription>;
  preview(subscriptionId: string, terms: Terms): ReturnType<BillingProvider["preview"]>;
  /** Fails if there is no such subscription. */
  read(id: string): Promise<BilledSubscription>;
  /** Fails if nothing will be charged. */
  chargeOf(id: string): Promise<Charge>;
  /** Lets the next charge happen and returns what it was announced as. */
  charge(id: string): Promise<Charge>;
  /**
   * Asserts that billing says no, to the preview as well, and that nothing changes.
   * @param code what it must say; a preview does not ask the bank
   */
  refuses(id: string, terms: Terms, code?: string): Promise<void>;
}

const INSTANT = /^(at|anchor)$|(At|End|Until)$/;

/** Equal, where instants that the provider's running clock has made may lie a minute apart. */
export function assertAlike(actual: unknown, expected: unknown): void {
  const whole = (value: unknown, other: unknown): unknown => {
    if (typeof value !== "object" || value === null || typeof other !== "object" || other === null)
      return value;
    return Object.fromEntries(
      Object.entries(value).map(([key, each]) => {
        const there = (other as Record<string, unknown>)[key];
        const near = INSTANT.test(key) && Math.abs(Number(each) - Number(there)) < 60_000;
        return [key, near ? there : whole(each, there)];
      }),
    );
  };
  assert.deepEqual(whole(actual, expected), whole(expected, expected));
}

/** Within a `describe`: opens a harness before each of its tests and closes it afterwards. */
export function useHarness(makeHarness: () => Promise<Harness>): Suite {
  let harness: Harness;
  let keys = 0;
  beforeEach(async () => {
    harness = await makeHarness();
  });
  afterEach(() => harness.close());

  const suite: Suite = {
    get provider() {
      return harness.provider;
    },
    get fixtures() {
      return harness.fixtures;
    },
    advance: (to) => harness.advance(to),
    books: (id) => harness.books(id),
    payWith: (customerId, method) => harness.payWith(customerId, method),
    preview: (subscriptionId, terms) => harness.provider.preview({ ...terms, subscriptionId }),
    act: (subscriptionId, terms, key = `key_${++keys}`) =>
      harness.provider.execute({ ...terms, subscriptionId }, key),
    async read(id) {
      const found = await harness.provider.subscription(id);
      assert.ok(found, `${id} exists`);
      return found;
    },
    async chargeOf(id) {
      const { nextCharge } = await suite.read(id);
      assert.ok(nextCharge, `${id} will be charged`);
      return nextCharge;
    },
    async charge(id) {
      const announced = await suite.chargeOf(id);
      await harness.advance(announced.at);
      return announced;
    },
    async refuses(id, terms, code) {
      const before = await harness.provider.subscription(id);
      const says = (error: unknown) =>
        error instanceof BillingError &&
        error.kind === "rejected" &&
        (code === undefined || error.code === code);
      await assert.rejects(suite.act(id, terms), says);
      if (code !== "payment_declined") await assert.rejects(suite.preview(id, terms), says);
      assert.deepEqual(await harness.provider.subscription(id), before, "a refusal changes nothing");
    },
  };
  return suite;
}

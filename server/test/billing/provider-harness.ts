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
export interface Suite extends Pick<Harness, "provider" | "fixtures" | "advance" | "books"> {
  /** @param key a new one if none is given */
  act(subscriptionId: string, terms: Terms, key?: string): Promise<BilledSubscription>;
  /** Fails if there is no such subscription. */
  read(id: string): Promise<BilledSubscription>;
  /** Fails if nothing will be charged. */
  chargeOf(id: string): Promise<Charge>;
  /** Lets the next charge happen and returns what it was announced as. */
  charge(id: string): Promise<Charge>;
  /** Asserts that billing says no, and that nothing changes. */
  refuses(id: string, terms: Terms): Promise<void>;
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
    async refuses(id, terms) {
      const before = await harness.provider.subscription(id);
      await assert.rejects(
        suite.act(id, terms),
        (error) => error instanceof BillingError && error.kind === "rejected",
      );
      assert.deepEqual(await harness.provider.subscription(id), before, "a refusal changes nothing");
    },
  };
  return suite;
}

/** What the parts of Stripe's adapter pass to each other. */
import type Stripe from "stripe";
import type { BilledSubscription, BillingAction } from "../provider.ts";
import type { Cache } from "./cache.ts";

/** Stripe's words for why somebody leaves: `cancellation_details.feedback`. */
export const FEEDBACK = [
  "customer_service",
  "low_quality",
  "missing_features",
  "other",
  "switched_service",
  "too_complex",
  "too_expensive",
  "unused",
] as const;
export type Feedback = (typeof FEEDBACK)[number];

/** What a business decides about its account; every field has a default. */
export interface StripeSettings {
  /**
   * `collection`: a pause stops charging and leaves the access as it is (`pause_collection`). `subscription`: it stops
   * the service too, with the status `paused`; where Stripe cannot do that (classic billing mode, invoices that are
   * sent) the first is taken. By default `collection`.
   */
  pause?: "collection" | "subscription";
  /** By reason id; what is not named goes by its name, and what has none of Stripe's names is `other`. */
  feedback?: Readonly<Record<string, Feedback>>;
  /** Id of a configuration of the customer portal; by default the account's own. */
  portalConfiguration?: string;
  /** Test mode only: the test clock that all customers are on. Then billing's time is its time. */
  testClock?: string;
}

/** One Stripe account in one mode. */
export interface StripeAccount {
  stripe: Stripe;
  /** The machine's clock, ms. */
  clock: () => number;
  settings(): Promise<StripeSettings>;
  cache: Cache;
  /** Into the log: what stands in the way of nobody, but should be seen to. */
  warn?: (fields: object, message: string) => void;
}

/** With `discounts.source.coupon`, `schedule`, and the payment methods expanded. */
export interface Snapshot {
  subscription: Stripe.Subscription;
  customer: Stripe.Customer;
  /** Of the item that stands for the plan. */
  product: Stripe.Product;
  /** Only one that is not over: `not_started` or `active`. */
  schedule?: Stripe.SubscriptionSchedule;
  /** Unpaid invoices, the oldest first; drafts are not among them. */
  open: readonly Stripe.Invoice[];
  /**
   * The end of the last period that was paid for or is asked for, ms, where charges are stopped and later ones were put
   * aside: Stripe's periods go on then.
   */
  paidUntil?: number;
}

/** What will be charged next, in our minor units. */
export interface Charge {
  amount: number;
  currency: string;
  at: number;
  /** Of the amount, what is tax on top of prices. */
  tax: number;
  /** Of the amount, what metered items have come to so far, before tax. */
  usage: number;
}

/** How a next charge would be asked for if something were different. */
export interface Variation {
  items?: Stripe.InvoiceCreatePreviewParams.SubscriptionDetails.Item[];
  /** "" takes all discounts away. */
  discounts?: Stripe.Emptyable<Stripe.InvoiceCreatePreviewParams.Discount[]>;
}

export type Action<Type extends BillingAction["type"]> = Extract<BillingAction, { type: Type }>;

/** What every action can use. */
export interface Tools {
  account: StripeAccount;
  settings: StripeSettings;
  /** Billing's clock, ms. */
  now: number;
}

export interface Outlook {
  /** Charged at once, in our minor units. */
  dueNow: number;
  /** As it would be afterwards. */
  subscription: BilledSubscription;
}

/** One kind of action. */
export interface Performer<Type extends BillingAction["type"]> {
  /**
   * What would come of it. Changes no subscription.
   * @throws BillingError rejected, as billing would, but never payment_declined
   */
  foresee(before: Snapshot, action: Action<Type>, tools: Tools): Promise<Outlook>;
  /**
   * Does it. Each step may have been done already by an attempt under the same key that did not live to see its end.
   * @throws BillingError
   */
  perform(before: Snapshot, action: Action<Type>, step: Step, tools: Tools): Promise<void>;
  /**
   * Whether the effect of an action that was begun is there. Absent: the effect and its mark are one request, so that
   * what has only begun has no effect.
   */
  holds?(current: Snapshot, action: Action<Type>): boolean;
}

/** How the steps of one action are made to happen once. */
export interface Step {
  /** Of the action, as it may stand in metadata. */
  readonly key: string;
  /** An attempt under this key has begun before, and may have done some of it. */
  readonly begun: boolean;
  /** Options for the request with this name within the action: its own idempotency key. */
  once(name: string): Stripe.RequestOptions;
  /** Of what two actions may both be about to do: who comes second gets the first one's answer. */
  shared(name: string): Stripe.RequestOptions;
  /** Metadata that says that the action has taken effect; for the request that is the effect. */
  done: Record<string, string>;
  /**
   * Writes down that the action has begun, before the first of several requests. Once is enough.
   * @param more metadata that is written down with it
   */
  begin(more?: Record<string, string>): Promise<void>;
}

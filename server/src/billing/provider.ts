/** What the domain needs from a billing system. One behaviour suite holds every implementation to these words. */
import type {
  Address,
  FlowSubscription,
  Invoice,
  PaymentMethod,
  Price,
  Subscription,
} from "../../../src/api/wire.ts";
import type { BillingEvent } from "./billing-event.ts";

export type Environment = "prod" | "sandbox";

export interface Customer {
  id: string;
  name?: string;
  email?: string;
  address?: Address;
}

/** A subscription as billing knows it: what the customer may see, and what only the server may. */
export interface BilledSubscription extends Subscription {
  customerId: string;
  /** `price.amount` is for all of them; a CatalogPrice is for one. */
  quantity: number;
  /** Whose day of the month and time of day every charge follows: the 31st stays a 31st after February. */
  anchor: number;
  /** Flat facts kept at the provider, usable in conditions and merge fields as `attributes.<key>`. */
  metadata: Readonly<Record<string, string>>;
  /** Of a pause that runs. */
  pausedSince?: number;
  /** What the next charge is taken from; absent if there is nothing. */
  paymentMethod?: PaymentMethod;
  /** The sum of its open invoices, and when the oldest of them was written. */
  due?: { amount: number; currency: string; at: number };
  /** Of the next charge what is tax on top of the price; absent where prices contain it or there is none. */
  tax?: number;
  /** Of the next charge what has been used so far at metered prices, before tax. It grows by itself. */
  usage?: number;
  /** Monthly recurring revenue before discounts, where the price alone does not say it. */
  mrr?: number;
  /** What billing does not do with this one, whatever its state: it would have to guess what the customer then pays. */
  refuses?: readonly BillingAction["type"][];
  /** What nobody has said of one that the business bills by itself; what stands in the field then means nothing. */
  unknown?: readonly ("price" | "periodEnd" | "tenure")[];
}

/** What the customer may see of a subscription. */
export function publicView(subscription: Subscription & Partial<BilledSubscription>): Subscription {
  const {
    customerId: _c,
    quantity: _q,
    anchor: _a,
    metadata: _m,
    pausedSince: _s,
    paymentMethod: _p,
    due: _d,
    tax: _t,
    usage: _u,
    mrr: _r,
    refuses: _n,
    unknown: _k,
    ...view
  } = subscription;
  return view;
}

/** The same without what is not known of it. */
export function flowView(subscription: Subscription & Partial<BilledSubscription>): FlowSubscription {
  const { price, periodEnd, ...view } = publicView(subscription);
  const { unknown = [] } = subscription;
  return {
    ...view,
    ...(unknown.includes("price") ? {} : { price }),
    ...(unknown.includes("periodEnd") ? {} : { periodEnd }),
  };
}

export interface CatalogPrice {
  price: Price;
  productId: string;
  name: string;
  features: readonly string[];
}

/** A page of a customer's invoices. */
export interface InvoicePage {
  /** The newest first. `amount` is what it was written for, whether paid or not. */
  invoices: Invoice[];
  more: boolean;
}

/**
 * What billing is asked to do. Instants are milliseconds, money is minor units.
 * - `discount` replaces no running discount: it is refused while one runs.
 * - `pause` stops charging until `resumesAt`; the price stays. Of a subscription that is paused already it moves the end.
 *   The first charge after it is `nextCharge`: at `resumesAt` or, where billing keeps its rhythm, not long after it.
 * - `resume` ends a pause. What is paid for goes on; if nothing is, a new period begins and is charged.
 * - What is charged at once by `resume`, `change_price` or `retry_payment` and declined by the bank is refused with
 *   `payment_declined`: no debt is made.
 * - `undo_cancellation` takes a scheduled cancellation back: everything is as if it had never been asked for. Refused
 *   once the subscription has ended, with `not_cancelling` if it is not about to, and if money was given back for it.
 * - `promo_code` puts the discount of a code on the subscription, with the rules of `discount`. Refused with
 *   `promo_code_invalid`, `promo_code_expired`, `promo_code_used_up` or `promo_code_not_applicable` (the code is good, but
 *   not here: other plans, another currency, a discount that runs already). Codes are compared without case.
 * - `retry_payment` tries to collect all open invoices; refused with `nothing_due` if there are none. Who is about to
 *   leave can pay too.
 * - `change_price` with `charge: "renewal"` takes the new price from the next charge on, with `"now"` it credits the
 *   unused time, charges the rest and starts a new period.
 * - `cancel` counts from `requestedAt` (now by default): a cancellation can be given on a phone without a connection and
 *   arrive after the renewal that it was to prevent. What was charged for periods that began later than that is taken
 *   back: paid invoices are refunded, unpaid ones voided, nothing twice. At `period_end` the subscription then ends with
 *   the period that ran at `requestedAt`, which after a renewal means at once. Who asks with the instant must have made
 *   sure of it; here it is believed, and one that lies ahead counts as now.
 */
export type BillingAction = { subscriptionId: string } & (
  | {
      type: "discount";
      percentOff?: number;
      amountOff?: number;
      currency: string;
      duration: "once" | "repeating" | "forever";
      months?: number;
    }
  | { type: "pause"; resumesAt: number }
  | { type: "change_price"; priceId: string; charge: "renewal" }
  /** The unused time is counted from `asOf` (now by default), so that a preview made then is what is charged. */
  | { type: "change_price"; priceId: string; charge: "now"; asOf?: number }
  | { type: "extend_trial"; trialEnd: number }
  | { type: "resume" }
  | { type: "undo_cancellation" }
  | { type: "promo_code"; code: string }
  | { type: "retry_payment" }
  | {
      type: "cancel";
      effective: "period_end" | "immediately";
      requestedAt?: number;
      reason?: string;
      comment?: string;
    }
);

/** Thrown by `execute`. `rejected`: billing said no, nothing changed. `unknown`: it may or may not have happened. */
export class BillingError extends Error {
  readonly kind: "rejected" | "unknown";
  /** The provider's own code, for logs and diagnostics. */
  readonly code: string;
  constructor(kind: "rejected" | "unknown", code: string, message: string) {
    super(message);
    this.name = "BillingError";
    this.kind = kind;
    this.code = code;
  }
}

/** Billing of one workspace in one environment. Reads throw BillingError("unknown") when the provider cannot answer. */
export interface BillingProvider {
  /** Billing's clock: business dates are computed from it, never from the machine's. */
  now(): Promise<number>;
  /** Exact id, or e-mail compared without case. An e-mail can belong to none, one or several. */
  findCustomers(by: { id?: string; email?: string }): Promise<Customer[]>;
  /** All of a customer's, running ones first, oldest first within each. */
  subscriptions(customerId: string): Promise<BilledSubscription[]>;
  subscription(id: string): Promise<BilledSubscription | undefined>;
  price(id: string): Promise<CatalogPrice | undefined>;
  /** The active prices of a product. */
  prices(productId: string): Promise<CatalogPrice[]>;
  /**
   * What the action would lead to if it were executed now: what it would charge at once, and the subscription afterwards.
   * No bank is asked: a payment method that will be declined is taken for a good one.
   * @throws BillingError rejected, as `execute` would, but never with `payment_declined`
   */
  preview(action: BillingAction): Promise<{ dueNow: number; subscription: BilledSubscription }>;
  /**
   * Does it once per key: the same key again returns the state after the first time and changes nothing.
   * @throws BillingError
   */
  execute(action: BillingAction, key: string): Promise<BilledSubscription>;
  /** Reads back whether the action under this key has taken effect; undefined if not. */
  readBack(action: BillingAction, key: string): Promise<BilledSubscription | undefined>;
  /** @param of.after id of the last invoice of the page before; one that is unknown counts as none */
  invoices(of: {
    customerId: string;
    subscriptionId?: string;
    limit: number;
    after?: string;
  }): Promise<InvoicePage>;
  /**
   * Why the last attempt to collect an unpaid invoice failed, in the words of the card networks (`insufficient_funds`,
   * `expired_card`, …); undefined if nobody knows, or nothing is unpaid.
   */
  declineCode(invoiceId: string): Promise<string | undefined>;
  /**
   * Takes the place of what billing has, absent fields included; the same again changes nothing.
   * @throws BillingError rejected if there is no such customer
   */
  updateCustomer(customer: Customer): Promise<Customer>;
  /**
   * A page of the provider's own where the customer gives another payment method and then goes back to `returnUrl`.
   * @throws BillingError rejected, with `payment_page_unavailable` if the provider has none, and for a subscription that
   * is not this customer's
   */
  paymentPage(of: { customerId: string; subscriptionId: string; returnUrl: string }): Promise<string>;
  /**
   * What it has to tell of its own accord and nobody has heard yet, oldest first: the same again until it was heard. Only of a
   * provider that sends nothing: the others tell by their webhooks.
   */
  news?(): Promise<BillingEvent[]>;
  /** It need not be told again. @param ids of news; those that are known no more count for nothing */
  heard?(ids: readonly string[]): Promise<void>;
}

/** What the domain needs from a billing system. One behaviour suite holds every implementation to these words. */
import type { Price, Subscription } from "../../../src/api/wire.ts";

export type Environment = "prod" | "sandbox";

export interface Customer {
  id: string;
  name?: string;
  email?: string;
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
}

/** What the customer may see of a subscription. */
export function publicView(subscription: Subscription & Partial<BilledSubscription>): Subscription {
  const { customerId: _c, quantity: _q, anchor: _a, metadata: _m, ...view } = subscription;
  return view;
}

export interface CatalogPrice {
  price: Price;
  productId: string;
  name: string;
  features: readonly string[];
}

/**
 * What the offer engine asks billing to do. Instants are milliseconds, money is minor units.
 * - `discount` replaces no running discount: it is refused while one runs.
 * - `pause` stops charging until `resumesAt`; the price stays.
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
  /** What `change_price` with `charge: "now"` would charge at once, as of an instant in the running period. */
  previewChange(
    subscriptionId: string,
    priceId: string,
    asOf?: number,
  ): Promise<{ dueNow: number; currency: string }>;
  /**
   * Does it once per key: the same key again returns the state after the first time and changes nothing.
   * @throws BillingError
   */
  execute(action: BillingAction, key: string): Promise<BilledSubscription>;
  /** Reads back whether the action under this key has taken effect; undefined if not. */
  readBack(action: BillingAction, key: string): Promise<BilledSubscription | undefined>;
}

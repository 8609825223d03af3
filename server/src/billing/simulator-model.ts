/** What the simulator remembers. Instants are milliseconds since 1970, money is minor units. */
import type { PaymentMethod, Price, SubscriptionStatus } from "../../../src/api/wire.ts";
import type { BillingEvent } from "./billing-event.ts";
import type { Customer } from "./provider.ts";

export interface SimulatedProduct {
  id: string;
  name: string;
  features: readonly string[];
}

/** A price for one unit. It never changes: a subscription keeps its own copy, as an invoice line does. */
export interface SimulatedPrice extends Price {
  productId: string;
  /** The product's name. */
  name: string;
  /** False: existing subscriptions keep it, nobody can change to it. */
  active: boolean;
}

/** A card. Without a month it never expires. */
export interface SimulatedPaymentMethod extends PaymentMethod {
  /** The bank refuses it, whenever it is asked. */
  declines?: true;
}

/** What a code gives to whom. Exactly one of percentOff and amountOff. */
export interface SimulatedPromoCode {
  id: string;
  /** Compared without case. */
  code: string;
  percentOff?: number;
  amountOff?: number;
  /** Of `amountOff`. */
  currency?: string;
  duration: "once" | "repeating" | "forever";
  /** Of a repeating one. */
  months?: number;
  /** It can be redeemed before this instant. */
  expiresAt?: number;
  maxRedemptions?: number;
  redeemed: number;
  /** Where it applies when it is redeemed; everywhere if absent. */
  priceIds?: readonly string[];
  productIds?: readonly string[];
  /** False: withdrawn. */
  active: boolean;
}

export interface SimulatedCustomer extends Customer {
  metadata: Readonly<Record<string, string>>;
  createdAt: number;
}

/** Exactly one of percentOff and amountOff. A charge is discounted if it happens before `endsAt`. */
export interface SimulatedDiscount {
  percentOff?: number;
  amountOff?: number;
  /** Of a code that is for some plans alone: it makes nothing else cheaper, and goes with a change to something else. */
  priceIds?: readonly string[];
  productIds?: readonly string[];
  /** Gone after the next invoice, whenever that is. */
  once?: true;
  endsAt?: number;
}

export interface SimulatedSubscription {
  id: string;
  customerId: string;
  status: SubscriptionStatus;
  price: SimulatedPrice;
  /** Takes the place of `price` at the next charge. */
  nextPrice?: SimulatedPrice;
  quantity: number;
  metadata: Readonly<Record<string, string>>;
  startedAt: number;
  /** Whose day of the month and time of day every period boundary follows: the 31st stays a 31st after February. */
  anchor: number;
  periodStart: number;
  periodEnd: number;
  /** What the running period costs after its discount: the basis of the credit for unused time. */
  periodValue: number;
  /** Only while trialing. */
  trialEnd?: number;
  pause?: { since: number; resumesAt: number };
  discount?: SimulatedDiscount;
  /** What the customer is owed; the next invoices are reduced by it. */
  credit: number;
  cancelAt?: number;
  cancellation?: { requestedAt: number; reason?: string; comment?: string };
  endedAt?: number;
  /** If it is refused, the next invoice stays open and the subscription becomes past_due. */
  paymentMethod: SimulatedPaymentMethod;
  /** What is still to be collected, oldest first; absent if nothing is. Those of older databases are not tried again. */
  unpaid?: readonly UnpaidInvoice[];
  /** Invoices so far; numbers and ids of invoices come from it, so that replaying time gives the same ones. */
  invoices: number;
}

/** As it may have been written down before there were cards. */
export type StoredSubscription = Omit<SimulatedSubscription, "paymentMethod"> & {
  paymentMethod?: SimulatedPaymentMethod;
  paymentFails?: true;
};

export interface SimulatedInvoice {
  id: string;
  /** For people: a prefix of the subscription's own and a running number, `8F3A21BC-0007`. */
  number: string;
  customerId: string;
  subscriptionId: string;
  at: number;
  /** Negative for a refund. */
  amount: number;
  currency: string;
  /** `uncollectible`: written off after the last attempt. */
  status: "paid" | "open" | "void" | "uncollectible";
  /** When and with what it was paid, or given back; absent where no money moved, and on invoices of before there were cards. */
  payment?: { at: number; brand: string; last4?: string };
  /** The invoice that this one gives back. */
  refunds?: string;
  /** They sum up to `amount`; discounts and credits are negative. */
  lines: readonly { description: string; amount: number }[];
  periodStart: number;
  periodEnd: number;
}

/** An open invoice, how often billing has tried to collect it, and when something happens to it next. */
export interface UnpaidInvoice {
  invoice: SimulatedInvoice;
  attempts: number;
  nextAt: number;
}

/**
 * A subscription at a later instant, with the invoices written or changed on the way there, oldest first, and with what
 * billing has to tell of that.
 */
export interface Advanced {
  subscription: SimulatedSubscription;
  invoices: readonly SimulatedInvoice[];
  news?: readonly BillingEvent[];
}

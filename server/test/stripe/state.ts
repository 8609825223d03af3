/** What the double of Stripe remembers, and what its operations are given. Times are seconds, as at Stripe. */
import type Stripe from "stripe";

/** Stripe's objects as it stores them: nothing is expanded. By collection, then by id. */
export interface Objects {
  customers: Stripe.Customer;
  payment_methods: Stripe.PaymentMethod;
  products: Stripe.Product;
  prices: Stripe.Price;
  coupons: Stripe.Coupon;
  promotion_codes: Stripe.PromotionCode;
  discounts: Stripe.Discount;
  subscriptions: Stripe.Subscription;
  subscription_items: Stripe.SubscriptionItem;
  subscription_schedules: Stripe.SubscriptionSchedule;
  invoices: Stripe.Invoice;
  invoiceitems: Stripe.InvoiceItem;
  invoice_payments: Stripe.InvoicePayment;
  payment_intents: Stripe.PaymentIntent;
  charges: Stripe.Charge;
  refunds: Stripe.Refund;
  credit_notes: Stripe.CreditNote;
  customer_balance_transactions: Stripe.CustomerBalanceTransaction;
  tax_rates: Stripe.TaxRate;
  test_clocks: Stripe.TestHelpers.TestClock;
  events: Stripe.Event;
  webhook_endpoints: Stripe.WebhookEndpoint;
}

export type Collection = keyof Objects;

/** Plain data, so that it can be copied: a test begins with a copy of what another has prepared. */
export interface Data {
  objects: { [Name in Collection]: Record<string, Objects[Name]> };
  /** What Stripe knows and does not show, by id of the object: why a card fails, what a period has cost, … */
  hidden: Record<string, Record<string, unknown>>;
  /** Counts ids. */
  ids: number;
  /** Of everything that is on no test clock, s. */
  now: number;
}

/** Thrown by an operation: Stripe answers with this, and nothing has changed. */
export class Refusal extends Error {
  readonly status: number;
  readonly type:
    | "invalid_request_error"
    | "card_error"
    | "api_error"
    | "idempotency_error"
    | "rate_limit_error";
  readonly code: string | undefined;
  readonly param: string | undefined;
  readonly declineCode: string | undefined;
  constructor(
    status: number,
    message: string,
    more: { type?: Refusal["type"]; code?: string; param?: string; declineCode?: string } = {},
  ) {
    super(message);
    this.status = status;
    this.type = more.type ?? "invalid_request_error";
    this.code = more.code;
    this.param = more.param;
    this.declineCode = more.declineCode;
  }
}

export const missing = (kind: string, id: string): Refusal =>
  new Refusal(404, `No such ${kind}: '${id}'`, { code: "resource_missing", param: "id" });

const PREFIXES: Partial<Record<Collection, string>> = {
  customers: "cus",
  payment_methods: "pm",
  products: "prod",
  prices: "price",
  promotion_codes: "promo",
  discounts: "di",
  subscriptions: "sub",
  subscription_items: "si",
  subscription_schedules: "sub_sched",
  invoices: "in",
  invoiceitems: "ii",
  invoice_payments: "inpay",
  payment_intents: "pi",
  charges: "ch",
  refunds: "re",
  credit_notes: "cn",
  customer_balance_transactions: "cbtxn",
  tax_rates: "txr",
  test_clocks: "clock",
  events: "evt",
  webhook_endpoints: "we",
};

export class State {
  readonly data: Data;

  constructor(data: Data) {
    this.data = data;
  }

  static empty(now: number): State {
    const names = [...Object.keys(PREFIXES), "coupons"] as Collection[];
    const objects = Object.fromEntries(names.map((name) => [name, {}])) as unknown as Data["objects"];
    return new State({ objects, hidden: {}, ids: 0, now });
  }

  copy(): State {
    // Events never change, and there are more of them than of anything else: copies share them.
    const { events, ...objects } = this.data.objects;
    const copy = structuredClone({ ...this.data, objects });
    return new State({ ...copy, objects: { ...copy.objects, events: { ...events } } });
  }

  /** `cus_…`: the collection's prefix and fourteen characters, other ones each time and the same ones in each run. */
  newId(collection: Collection): string {
    const text = (++this.data.ids * 2654435761).toString(36).padStart(14, "0").slice(-14);
    return `${PREFIXES[collection] ?? collection}_${text}`;
  }

  find<Name extends Collection>(collection: Name, id: string): Objects[Name] | undefined {
    return this.data.objects[collection][id] as Objects[Name] | undefined;
  }

  /** @throws Refusal 404 */
  get<Name extends Collection>(collection: Name, id: string): Objects[Name] {
    const found = this.find(collection, id);
    if (!found) throw missing(collection.replace(/s$/, ""), id);
    return found;
  }

  put<Name extends Collection>(collection: Name, object: Objects[Name]): Objects[Name] {
    (this.data.objects[collection] as Record<string, unknown>)[(object as { id: string }).id] = object;
    return object;
  }

  /** In the order in which they came to be. */
  all<Name extends Collection>(collection: Name): Objects[Name][] {
    return Object.values(this.data.objects[collection]) as Objects[Name][];
  }

  /** The time that a customer lives in, s. */
  timeOf(customerId: string): number {
    const clock = this.find("customers", customerId)?.test_clock;
    return clock ? this.get("test_clocks", clock as string).frozen_time : this.data.now;
  }

  /** What `event` tells about is given as it is now. @param previous what was different before, for `*.updated` */
  emit(type: Stripe.Event.Type, object: { id: string }, at: number, previous?: object): void {
    const id = this.newId("events");
    const event = {
      id,
      object: "event",
      account: undefined,
      api_version: "2026-10-28.endive",
      created: at,
      data: { object: structuredClone(object), ...(previous ? { previous_attributes: previous } : {}) },
      livemode: false,
      pending_webhooks: 0,
      request: { id: null, idempotency_key: null },
      type,
    };
    this.put("events", event as unknown as Stripe.Event);
  }
}

/** One request, with everything checked: parameters have the types that the description says. */
export interface Call<Params = Record<string, unknown>> {
  state: State;
  params: Params;
  /** The ids in its address, in order. */
  ids: readonly string[];
}

/** What Stripe does for one method and address. Answers the object without anything expanded, or a list. */
export type Operation = (call: Call<never>) => object;

/** By method and address as the library writes them: `POST /v1/subscriptions/:id`. */
export type Operations = Readonly<Record<string, Operation>>;

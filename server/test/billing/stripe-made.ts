/** Stripe's objects made by hand, as the library gives them; only what matters is said, the rest is usual. */
import type Stripe from "stripe";
import type { Snapshot } from "../../src/billing/stripe/model.ts";

/** Seconds since 1970. */
export const seconds = (date: string): number => Date.parse(`${date}T10:00:00Z`) / 1000;

type Some<T> = { [Key in keyof T]?: unknown };

export const priced = (fields: Some<Stripe.Price> = {}): Stripe.Price =>
  ({
    id: "price_pro",
    object: "price",
    active: true,
    billing_scheme: "per_unit",
    currency: "usd",
    custom_unit_amount: null,
    product: "prod_pro",
    recurring: every("month"),
    tiers_mode: null,
    transform_quantity: null,
    unit_amount: 4900,
    unit_amount_decimal: null,
    ...fields,
  }) as unknown as Stripe.Price;

export const every = (interval: string, interval_count = 1, usage_type = "licensed") => ({
  interval,
  interval_count,
  meter: null,
  trial_period_days: null,
  usage_type,
});

export const item = (fields: Some<Stripe.SubscriptionItem> = {}): Stripe.SubscriptionItem =>
  ({
    id: "si_1",
    object: "subscription_item",
    created: seconds("2025-01-31"),
    current_period_start: seconds("2026-02-28"),
    current_period_end: seconds("2026-03-31"),
    discounts: [],
    price: priced(),
    quantity: 1,
    ...fields,
  }) as unknown as Stripe.SubscriptionItem;

export const subscribed = (fields: Some<Stripe.Subscription> = {}): Stripe.Subscription =>
  ({
    id: "sub_1",
    object: "subscription",
    billing_cycle_anchor: seconds("2025-01-31"),
    billing_mode: { type: "flexible", flexible: null },
    cancel_at: null,
    cancel_at_period_end: false,
    canceled_at: null,
    collection_method: "charge_automatically",
    currency: "usd",
    default_payment_method: null,
    default_source: null,
    discounts: [],
    ended_at: null,
    items: { object: "list", data: [item()], has_more: false, url: "" },
    latest_invoice: null,
    metadata: {},
    pause_collection: null,
    schedule: null,
    start_date: seconds("2025-01-31"),
    status: "active",
    test_clock: null,
    trial_end: null,
    ...fields,
  }) as unknown as Stripe.Subscription;

export const withItems = (...data: Stripe.SubscriptionItem[]) => ({
  items: { object: "list", data, has_more: false, url: "" },
});

export const customer = (fields: Some<Stripe.Customer> = {}): Stripe.Customer =>
  ({
    id: "cus_1",
    object: "customer",
    balance: 0,
    default_source: null,
    discount: null,
    email: null,
    invoice_settings: { default_payment_method: null },
    metadata: {},
    ...fields,
  }) as unknown as Stripe.Customer;

export const product = (fields: Some<Stripe.Product> = {}): Stripe.Product =>
  ({
    id: "prod_pro",
    object: "product",
    active: true,
    marketing_features: [{ name: "4K export" }, {}],
    name: "Pro",
    ...fields,
  }) as unknown as Stripe.Product;

export const discount = (coupon: Some<Stripe.Coupon>, fields: Some<Stripe.Discount> = {}): Stripe.Discount =>
  ({
    id: `di_${JSON.stringify(coupon)}`,
    object: "discount",
    end: null,
    source: {
      type: "coupon",
      coupon: { amount_off: null, currency: null, duration: "forever", percent_off: null, ...coupon },
    },
    start: seconds("2026-03-01"),
    ...fields,
  }) as unknown as Stripe.Discount;

export const invoice = (fields: Some<Stripe.Invoice> = {}): Stripe.Invoice =>
  ({
    id: "in_1",
    object: "invoice",
    amount_remaining: 4900,
    billing_reason: "subscription_cycle",
    created: seconds("2026-02-28"),
    currency: "usd",
    period_end: seconds("2026-02-28"),
    status: "open",
    ...fields,
  }) as unknown as Stripe.Invoice;

export const phase = (
  from: string,
  to: string,
  price: Stripe.Price,
  quantity = 1,
): Stripe.SubscriptionSchedule.Phase =>
  ({
    start_date: seconds(from),
    end_date: seconds(to),
    items: [{ price, quantity }],
  }) as unknown as Stripe.SubscriptionSchedule.Phase;

export const scheduled = (fields: Some<Stripe.SubscriptionSchedule> = {}): Stripe.SubscriptionSchedule =>
  ({
    id: "sub_sched_1",
    object: "subscription_schedule",
    end_behavior: "release",
    metadata: { renumerate: "1" },
    pause_schedules: [],
    phases: [],
    status: "active",
    ...fields,
  }) as unknown as Stripe.SubscriptionSchedule;

/** A pause from the end of the paid period on. */
export const pauseEntry = (resumesOn: string | undefined, pause = "scheduled", resume = "scheduled") => ({
  key: "pause_1",
  pause: { pause_at: seconds("2026-03-31"), settings: null, status: { type: pause } },
  resume: resumesOn ? { resume_at: seconds(resumesOn), settings: {}, status: { type: resume } } : null,
});

/** Monthly since 31 January 2025 for 49 dollars, paid until 31 March 2026. */
export const snapshot = (
  subscription: Some<Stripe.Subscription> = {},
  rest: Partial<Omit<Snapshot, "subscription">> = {},
): Snapshot => ({
  subscription: subscribed(subscription),
  customer: customer(),
  product: product(),
  open: [],
  ...rest,
});

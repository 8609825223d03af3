/** New subscriptions: https://docs.stripe.com/api/subscriptions/create */
import type Stripe from "stripe";
import { mergeMetadata, named, textOf } from "../operations/parts.ts";
import { Refusal, type State } from "../state.ts";
import { rounded } from "./amounts.ts";
import { DAY, plus } from "./calendar.ts";
import { scheduleCancellation } from "./cancellations.ts";
import { redeemAll } from "./discounts.ts";
import { itemCost, itemEntry, periodOf, trialEntry } from "./entries.ts";
import { beginPeriod, makeItem, priceFor, recurringOf, taxRates } from "./items.ts";
import type { Entry } from "./lines.ts";
import { idOf } from "./memory.ts";
import { invoiceNow } from "./renewals.ts";
import { untold } from "./standing.ts";

type Subscription = Stripe.Subscription;
type Params = Stripe.SubscriptionCreateParams;

function billingMode(params: Params["billing_mode"], at: number): Subscription["billing_mode"] {
  if (params?.type === "classic") return { type: "classic", flexible: null };
  const discounts = params?.flexible?.proration_discounts ?? "included";
  return { type: "flexible", flexible: { proration_discounts: discounts }, updated_at: at };
}

function blank(state: State, customer: Stripe.Customer, params: Params, at: number): Subscription {
  const id = state.newId("subscriptions");
  const first = priceFor(state, params.items?.[0]?.price, params.currency);
  const method = params.default_payment_method;
  if (method) named(state, "payment_methods", method, "default_payment_method");
  return {
    id,
    object: "subscription",
    application: null,
    application_fee_percent: null,
    automatic_tax: { disabled_reason: null, enabled: false, liability: null },
    billing_cycle_anchor: at,
    billing_cycle_anchor_config: null,
    billing_mode: billingMode(params.billing_mode, at),
    billing_schedules: [],
    billing_thresholds: null,
    cancel_at: null,
    cancel_at_period_end: false,
    canceled_at: null,
    cancellation_details: { comment: null, feedback: null, feedback_option: null, reason: null },
    collection_method: params.collection_method ?? "charge_automatically",
    created: at,
    currency: params.currency ?? customer.currency ?? first.currency,
    customer: customer.id,
    customer_account: null,
    days_until_due: params.days_until_due ?? null,
    default_payment_method: method ?? null,
    default_source: null,
    default_tax_rates: taxRates(state, params.default_tax_rates),
    description: textOf(params.description),
    discounts: [],
    ended_at: null,
    invoice_settings: {
      account_tax_ids: null,
      custom_fields: null,
      description: null,
      footer: null,
      issuer: { type: "self" },
    },
    items: { object: "list", data: [], has_more: false, url: `/v1/subscription_items?subscription=${id}` },
    latest_invoice: null,
    livemode: false,
    managed_payments: null,
    metadata: mergeMetadata({}, params.metadata),
    next_pending_invoice_item_invoice: null,
    on_behalf_of: null,
    pause_collection: null,
    payment_settings: {
      payment_method_options: null,
      payment_method_types: null,
      save_default_payment_method: params.payment_settings?.save_default_payment_method ?? "off",
    },
    pending_invoice_item_interval: null,
    pending_setup_intent: null,
    pending_update: null,
    schedule: null,
    start_date: at,
    status: "active",
    test_clock: idOf(customer.test_clock) || null,
    transfer_data: null,
    trial_end: null,
    trial_settings: {
      end_behavior: {
        billing_cycle_anchor: null,
        missing_payment_method:
          params.trial_settings?.end_behavior.missing_payment_method ?? "create_invoice",
      },
    },
    trial_start: null,
  };
}

function trialEndOf(params: Params, at: number): number | undefined {
  if (params.trial_period_days) return at + params.trial_period_days * DAY;
  if (params.trial_end === undefined || params.trial_end === "now") return undefined;
  if (params.trial_end > at) return params.trial_end;
  throw new Refusal(400, "Invalid timestamp: must be an integer Unix timestamp in the future.", {
    param: "trial_end",
  });
}

/** Until an anchor that lies ahead, only that part is paid for. */
function partOf(state: State, subscription: Subscription, item: Stripe.SubscriptionItem): Entry {
  const { start, end } = periodOf(item);
  const full = end - plus(end, recurringOf(item), -1);
  const cost = itemCost(state, subscription, item);
  const part = end - start < full ? rounded((cost * (end - start)) / full) : cost;
  return itemEntry(state, subscription, item, { start, end }, part);
}

function firstEntries(state: State, subscription: Subscription, params: Params, at: number): Entry[] {
  const licensed = subscription.items.data.filter((item) => recurringOf(item).usage_type === "licensed");
  if (subscription.status === "trialing")
    return licensed.map((item) => trialEntry(state, subscription, item, periodOf(item)));
  const isAhead = subscription.billing_cycle_anchor > at;
  if (isAhead && params.proration_behavior === "none") return [];
  if (isAhead) return licensed.map((item) => partOf(state, subscription, item));
  return licensed.map((item) => itemEntry(state, subscription, item, periodOf(item)));
}

function checkItems(params: Params): void {
  const ids = (params.items ?? []).map(({ price }) => price);
  if (ids.length === 0)
    throw new Refusal(400, "Missing required param: items.", { code: "parameter_missing", param: "items" });
  if (new Set(ids).size < ids.length)
    throw new Refusal(400, "Cannot add multiple subscription items with the same price.", { param: "items" });
}

/** @throws Refusal 400, 402; whoever calls takes back what has happened until then */
export function createSubscription(state: State, params: Params): Subscription {
  const customer = named(state, "customers", params.customer ?? "", "customer");
  const at = state.timeOf(customer.id);
  checkItems(params);
  const subscription = state.put("subscriptions", blank(state, customer, params, at));
  customer.currency ??= subscription.currency;
  const { id, currency } = subscription;
  subscription.items.data = (params.items ?? []).map((each) => makeItem(state, subscription, each, at));
  const place = { customer: customer.id, currency, subscription: id, at };
  subscription.discounts = redeemAll(state, params.discounts || [], place);
  const trialEnd = trialEndOf(params, at);
  if (trialEnd) Object.assign(subscription, { status: "trialing", trial_start: at, trial_end: trialEnd });
  subscription.billing_cycle_anchor = trialEnd ?? params.billing_cycle_anchor ?? at;
  for (const item of subscription.items.data) {
    beginPeriod(subscription, item, at);
    if (trialEnd) item.current_period_end = trialEnd;
  }
  scheduleCancellation(state, subscription, params, at);
  const entries = firstEntries(state, subscription, params, at);
  const needsMoney = subscription.status !== "trialing" && entries.length > 0;
  if (needsMoney) subscription.status = "incomplete";
  if (entries.length > 0) {
    const occasion = { reason: "subscription_create" as const, at };
    untold(subscription, () => invoiceNow(state, subscription, entries, occasion, params.payment_behavior));
  }
  state.emit("customer.subscription.created", subscription, at);
  return subscription;
}

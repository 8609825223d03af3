/** Changes of subscriptions: https://docs.stripe.com/api/subscriptions/update */
import type Stripe from "stripe";
import { mergeMetadata, named, textOf } from "../operations/parts.ts";
import { Refusal, type State } from "../state.ts";
import { explain, type Feedback, scheduleCancellation } from "./cancellations.ts";
import { type DiscountParam, redeemAll } from "./discounts.ts";
import { taxRates } from "./items.ts";
import { idOf, nowOf } from "./memory.ts";
import { type BillingParams, changeBilling } from "./rebilling.ts";
import { isOver, tracked } from "./standing.ts";

type Subscription = Stripe.Subscription;
export type UpdateParams = Stripe.SubscriptionUpdateParams;

const FINAL = ["metadata", "cancellation_details", "expand"];

function checkStatus(subscription: Subscription, params: object): void {
  if (isOver(subscription) && Object.keys(params).some((key) => !FINAL.includes(key)))
    throw new Refusal(400, "A canceled subscription can only update its cancellation_details and metadata.", {
      code: "invalid_canceled_subscription_fields",
    });
}

function checkSchedule(state: State, subscription: Subscription, params: UpdateParams): void {
  const id = idOf(subscription.schedule as string | null);
  const isManaged = id !== "" && state.find("subscription_schedules", id)?.status === "active";
  const ends = params.cancel_at !== undefined || params.cancel_at_period_end !== undefined;
  if (isManaged && ends) {
    const says = `The subscription is managed by the subscription schedule \`${id}\`, and updating any cancelation behavior directly is not allowed. Please update the schedule instead.`;
    throw new Refusal(400, says);
  }
}

function describe(state: State, subscription: Subscription, params: UpdateParams): void {
  subscription.metadata = mergeMetadata(subscription.metadata, params.metadata);
  subscription.description = textOf(params.description, subscription.description);
  explain(subscription, params.cancellation_details as Feedback | undefined);
  if (params.default_payment_method) {
    named(state, "payment_methods", params.default_payment_method, "default_payment_method");
    subscription.default_payment_method = params.default_payment_method;
  }
  if (params.default_payment_method === "") subscription.default_payment_method = null;
  if (params.default_source === "") subscription.default_source = null;
  if (params.default_tax_rates !== undefined)
    subscription.default_tax_rates = taxRates(state, params.default_tax_rates);
  subscription.collection_method = params.collection_method ?? subscription.collection_method;
  subscription.days_until_due = params.days_until_due ?? subscription.days_until_due;
  const behavior = params.trial_settings?.end_behavior.missing_payment_method;
  if (behavior && subscription.trial_settings)
    subscription.trial_settings.end_behavior.missing_payment_method = behavior;
}

function pauseCollection(subscription: Subscription, params: UpdateParams, at: number): void {
  const given = params.pause_collection;
  if (given === "") subscription.pause_collection = null;
  if (!given) return;
  if (given.resumes_at !== undefined && given.resumes_at <= at)
    throw new Refusal(400, "`resumes_at` must be in the future.", { param: "pause_collection[resumes_at]" });
  subscription.pause_collection = { behavior: given.behavior, resumes_at: given.resumes_at ?? null };
}

/** An array replaces what is there, an empty one leaves it, "" clears it. */
export function setDiscounts(
  state: State,
  subscription: Subscription,
  given: Stripe.Emptyable<DiscountParam[]> | undefined,
  at: number,
): void {
  if (given === "") subscription.discounts = [];
  if (!given || given.length === 0) return;
  const place = {
    customer: idOf(subscription.customer as string),
    currency: subscription.currency,
    subscription: subscription.id,
    at,
  };
  subscription.discounts = redeemAll(state, given, place);
}

/** @throws Refusal 400, 402; whoever calls takes back what has happened until then */
export function updateSubscription(state: State, subscription: Subscription, params: UpdateParams): void {
  const at = nowOf(state, subscription);
  checkStatus(subscription, params);
  checkSchedule(state, subscription, params);
  tracked(state, subscription, at, () => {
    describe(state, subscription, params);
    pauseCollection(subscription, params, at);
    setDiscounts(state, subscription, params.discounts, at);
    changeBilling(state, subscription, params as BillingParams, at);
    scheduleCancellation(state, subscription, params, at);
  });
}

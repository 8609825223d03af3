/** Invoices that come by themselves at the end of a period, and those that a request makes. */
import type Stripe from "stripe";
import { Refusal, type State } from "../state.ts";
import { cycleEntries, periodOf } from "./entries.ts";
import { draft, type Occasion, putAside } from "./invoices.ts";
import { beginPeriod } from "./items.ts";
import type { Entry } from "./lines.ts";
import { BANK, memory } from "./memory.ts";
import { advance, declined, methodOf } from "./payments.ts";
import { tracked } from "./standing.ts";

type Subscription = Stripe.Subscription;

/** Nobody could be charged: Stripe refuses to write the first invoice. */
function needMethod(state: State, subscription: Subscription, invoice: Stripe.Invoice): void {
  const charges = invoice.amount_due > 0 && subscription.collection_method === "charge_automatically";
  if (!charges || memory(state, BANK).trusts || methodOf(state, subscription)) return;
  const says =
    "This customer has no attached payment source or default payment method. Please consider adding a default payment method.";
  throw new Refusal(400, says, { code: "resource_missing" });
}

/**
 * Written, finalised and collected within the request.
 * @throws Refusal 402 with `error_if_incomplete`, 400 where nobody can be charged
 */
export function invoiceNow(
  state: State,
  subscription: Subscription,
  entries: readonly Entry[],
  occasion: Occasion,
  behavior: string = "allow_incomplete",
): Stripe.Invoice {
  if (behavior === "pending_if_incomplete")
    throw new Refusal(400, "The double does not know `pending_if_incomplete`.", {
      param: "payment_behavior",
    });
  const pause = subscription.pause_collection;
  const invoice = draft(state, subscription, entries, { ...occasion, isVoid: pause?.behavior === "void" });
  if (pause) {
    putAside(state, invoice, pause.behavior, occasion.at);
    return invoice;
  }
  needMethod(state, subscription, invoice);
  if (behavior === "default_incomplete") invoice.auto_advance = false;
  const decline = advance(state, invoice, occasion.at);
  if (decline && behavior === "error_if_incomplete") throw declined(decline);
  return invoice;
}

/** A trial that ends without anything to charge can end the subscription, or stop it. */
function endsWithTrial(state: State, subscription: Subscription, at: number): boolean {
  const behavior = subscription.trial_settings?.end_behavior.missing_payment_method ?? "create_invoice";
  if (behavior === "create_invoice" || methodOf(state, subscription)) return false;
  if (behavior === "cancel") {
    Object.assign(subscription, { status: "canceled", canceled_at: at, ended_at: at });
  } else {
    const type = "trial_end_without_payment_method";
    subscription.status = "paused";
    subscription.status_details = {
      paused: { subscription: { type }, transitioned_at: at, type: "subscription" },
    };
  }
  return true;
}

/** The period of one or all items is over: the next begins, and its invoice is a draft for an hour. */
export function renew(state: State, subscription: Subscription, at: number): void {
  tracked(state, subscription, at, () => {
    const wasTrial = subscription.status === "trialing";
    if (wasTrial && endsWithTrial(state, subscription, at)) return;
    if (wasTrial) subscription.status = "active";
    const renewed = subscription.items.data
      .filter((item) => item.current_period_end <= at)
      .map((item) => ({ item, before: periodOf(item) }));
    for (const { item } of renewed) beginPeriod(subscription, item, at);
    const pause = subscription.pause_collection;
    const entries = cycleEntries(state, subscription, wasTrial ? renewed.filter(isLicensed) : renewed);
    const usage = renewed[0]?.before ?? { start: at, end: at };
    const invoice = draft(state, subscription, entries, {
      reason: "subscription_cycle",
      at,
      usage,
      isVoid: pause?.behavior === "void",
    });
    if (pause) putAside(state, invoice, pause.behavior, at);
  });
}

const isLicensed = ({ item }: { item: Stripe.SubscriptionItem }): boolean =>
  item.price.recurring?.usage_type === "licensed";

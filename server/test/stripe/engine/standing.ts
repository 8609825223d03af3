/** What becomes of a subscription: https://docs.stripe.com/billing/subscriptions/overview#subscription-statuses */
import type Stripe from "stripe";
import { changesOf } from "../operations/parts.ts";
import type { State } from "../state.ts";
import { subscriptionOf } from "./invoice-objects.ts";
import { memory } from "./memory.ts";

type Subscription = Stripe.Subscription;

/** Subscriptions whose changes will be told about anyway. */
const told = new WeakSet<object>();

function tell(state: State, before: Subscription, now: Subscription, at: number): void {
  const changes = changesOf(before, now);
  if (Object.keys(changes).length === 0) return;
  if (now.status === "canceled" && before.status !== "canceled") {
    state.emit("customer.subscription.deleted", now, at);
    return;
  }
  state.emit("customer.subscription.updated", now, at, changes);
  if (now.status === "paused" && before.status !== "paused")
    state.emit("customer.subscription.paused", now, at);
  if (now.status !== "paused" && before.status === "paused")
    state.emit("customer.subscription.resumed", now, at);
}

/** Of what nobody has heard of yet, changes are not told either. */
export function untold<Result>(subscription: Subscription, work: () => Result): Result {
  told.add(subscription);
  try {
    return work();
  } finally {
    told.delete(subscription);
  }
}

/** Does it and tells what has changed, once. */
export function tracked<Result>(
  state: State,
  subscription: Subscription,
  at: number,
  work: () => Result,
): Result {
  if (told.has(subscription)) return work();
  const before = structuredClone(subscription);
  const result = untold(subscription, work);
  tell(state, before, subscription, at);
  return result;
}

export const isOver = ({ status }: Subscription): boolean =>
  status === "canceled" || status === "incomplete_expired";

export const invoicesOf = (state: State, subscription: Subscription): Stripe.Invoice[] =>
  state.all("invoices").filter((invoice) => subscriptionOf(invoice) === subscription.id);

/** Only the newest invoice counts, and drafts do not. */
const owes = (state: State, subscription: Subscription): boolean =>
  invoicesOf(state, subscription).findLast(({ status }) => status !== "draft")?.status === "open";

/** The periods that a resumption was billed for begin to count when it is paid. */
export function goOn(state: State, subscription: Subscription): void {
  const { resumption } = memory(state, subscription.id);
  if (!resumption) return;
  subscription.status = "active";
  subscription.billing_cycle_anchor = resumption.anchor;
  delete subscription.status_details;
  for (const item of subscription.items.data) {
    const period = resumption.periods[item.id];
    item.current_period_start = period?.start ?? item.current_period_start;
    item.current_period_end = period?.end ?? item.current_period_end;
  }
  delete memory(state, subscription.id).resumption;
}

/** An invoice is paid, or nobody asks for it any more. */
export function onSettled(state: State, invoice: Stripe.Invoice, at: number): void {
  const subscription = state.find("subscriptions", subscriptionOf(invoice));
  if (!subscription || isOver(subscription)) return;
  tracked(state, subscription, at, () => {
    const { resumption } = memory(state, subscription.id);
    if (resumption?.invoice === invoice.id) {
      if (invoice.status === "void") delete memory(state, subscription.id).resumption;
      else goOn(state, subscription);
    } else if (subscription.status === "incomplete" && invoice.status === "paid") {
      subscription.status = "active";
    } else if (/past_due|unpaid/.test(subscription.status) && !owes(state, subscription)) {
      subscription.status = (subscription.trial_end ?? 0) > at ? "trialing" : "active";
    }
  });
}

/** @param resumes whether a resumption that was not paid goes on nevertheless */
export function onFailed(state: State, invoice: Stripe.Invoice, at: number, resumes = false): void {
  const subscription = state.find("subscriptions", subscriptionOf(invoice));
  if (!subscription) return;
  tracked(state, subscription, at, () => {
    const isResumption = memory(state, subscription.id).resumption?.invoice === invoice.id;
    if (isResumption && resumes) goOn(state, subscription);
    if (/^(active|trialing)$/.test(subscription.status)) subscription.status = "past_due";
  });
}

/** What an action does to a subscription, and when billing says no. Pure; the subscription is settled to `now`. */
import type { BillingAction } from "./provider.ts";
import { isRefused, paymentWith } from "./simulator-cards.ts";
import { attemptsAt, settled, succeeded } from "./simulator-collection.ts";
import { discountFor, redeem } from "./simulator-discounts.ts";
import { endPause } from "./simulator-engine.ts";
import { cancel, undoCancellation } from "./simulator-leaving.ts";
import type { Advanced, SimulatedInvoice, SimulatedSubscription } from "./simulator-model.ts";
import { changeLater, changeNow } from "./simulator-prices.ts";
import { type Action, collected, type Known, refuse, unbilled } from "./simulator-rules.ts";

const DAY = 86_400_000;
const LONGEST_TRIAL = 730 * DAY;

/** @throws BillingError rejected */
export function perform(
  subscription: SimulatedSubscription,
  action: BillingAction,
  now: number,
  { price, promoCode, invoices = [] }: Known = {},
): Advanced {
  const { id, status, cancelAt } = subscription;
  if (status === "cancelled") return refuse("subscription_cancelled", `${id} has ended`);
  switch (action.type) {
    case "cancel":
      return cancel(subscription, action, now, invoices);
    case "undo_cancellation":
      return undoCancellation(subscription);
    // What is owed stays owed by who leaves.
    case "retry_payment":
      return payDue(subscription, invoices, now);
  }
  // Better terms for something that ends anyway would be an empty promise.
  if (cancelAt !== undefined) return refuse("subscription_cancelling", `${id} is about to end`);
  switch (action.type) {
    case "discount":
      return unbilled({ ...subscription, discount: discountFor(subscription, action, now) });
    case "promo_code":
      return unbilled({ ...subscription, discount: redeem(subscription, promoCode, now) });
    case "pause":
      return pause(subscription, action, now);
    case "resume":
      if (status !== "paused") return refuse("subscription_not_paused", `${id} is ${status}`);
      return collected(endPause(subscription, now));
    case "extend_trial":
      return extendTrial(subscription, action, now);
    case "change_price":
      return action.charge === "now"
        ? changeNow(subscription, price, action.asOf ?? now, now)
        : changeLater(subscription, price);
  }
}

/** Of what is paused already only the end moves. */
function pause(subscription: SimulatedSubscription, { resumesAt }: Action<"pause">, now: number): Advanced {
  const { id, status, pause: running } = subscription;
  if (status !== "active" && !running) refuse("subscription_not_active", `${id} is ${status}`);
  if (!Number.isSafeInteger(resumesAt) || resumesAt <= now)
    refuse("resume_in_past", "resumesAt must lie ahead");
  return unbilled({ ...subscription, status: "paused", pause: { since: running?.since ?? now, resumesAt } });
}

function extendTrial(
  subscription: SimulatedSubscription,
  { trialEnd }: Action<"extend_trial">,
  now: number,
): Advanced {
  const { id, status } = subscription;
  const current = subscription.trialEnd ?? refuse("subscription_not_trialing", `${id} is ${status}`);
  if (!Number.isSafeInteger(trialEnd) || trialEnd <= current)
    refuse("trial_not_extended", "trialEnd must be later");
  if (trialEnd > now + LONGEST_TRIAL) refuse("trial_too_long", "A trial ends within two years");
  return unbilled({ ...subscription, trialEnd, periodEnd: trialEnd, anchor: trialEnd });
}

/** All open invoices, the oldest first, or none. */
function payDue(
  subscription: SimulatedSubscription,
  invoices: readonly SimulatedInvoice[],
  now: number,
): Advanced {
  const { id, paymentMethod } = subscription;
  const open = invoices.filter((each) => each.status === "open").toSorted((one, other) => one.at - other.at);
  if (!open.length) return refuse("nothing_due", `${id} owes nothing`);
  if (isRefused(paymentMethod, now))
    return refuse("payment_declined", `The bank refuses the ${paymentMethod.brand} of ${id}`);
  const payment = paymentWith(paymentMethod, now);
  const paid = open.map((each) => ({ ...each, status: "paid" as const, payment }));
  return settled(
    subscription,
    paid,
    paid.map((each) => succeeded(each, now, attemptsAt(subscription, each))),
  );
}

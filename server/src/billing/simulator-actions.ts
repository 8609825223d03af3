/** What an action does to a subscription, and when billing says no. Pure; the subscription is settled to `now`. */
import { addMonths } from "../../../src/flow/offers.ts";
import { type BillingAction, BillingError } from "./provider.ts";
import { takeBack } from "./simulator-books.ts";
import { end, startPeriod, unusedValue, without } from "./simulator-engine.ts";
import type {
  Advanced,
  SimulatedDiscount,
  SimulatedInvoice,
  SimulatedPrice,
  SimulatedSubscription,
} from "./simulator-model.ts";

const DAY = 86_400_000;
const LONGEST_TRIAL = 730 * DAY;

type Action<Type extends BillingAction["type"]> = Extract<BillingAction, { type: Type }>;

const refuse = (code: string, message: string): never => {
  throw new BillingError("rejected", code, message);
};

/**
 * @param price what `change_price` names, if the catalogue has it
 * @param invoices the subscription's, for a cancellation that counts from an earlier instant
 * @throws BillingError rejected
 */
export function perform(
  subscription: SimulatedSubscription,
  action: BillingAction,
  now: number,
  price: SimulatedPrice | undefined,
  invoices: readonly SimulatedInvoice[] = [],
): Advanced {
  const { id, status, cancelAt } = subscription;
  if (status === "cancelled") return refuse("subscription_cancelled", `${id} has ended`);
  if (action.type === "cancel") return cancel(subscription, action, now, invoices);
  // Better terms for something that ends anyway would be an empty promise.
  if (cancelAt !== undefined) return refuse("subscription_cancelling", `${id} is about to end`);
  const unbilled = (change: Partial<SimulatedSubscription>) => ({
    subscription: { ...subscription, ...change },
    invoices: [],
  });
  switch (action.type) {
    case "discount":
      return unbilled({ discount: discountFor(subscription, action, now) });
    case "pause": {
      const { resumesAt } = action;
      if (status !== "active") refuse("subscription_not_active", `${id} is ${status}`);
      if (!Number.isSafeInteger(resumesAt) || resumesAt <= now)
        refuse("resume_in_past", "resumesAt must lie ahead");
      return unbilled({ status: "paused", pause: { since: now, resumesAt } });
    }
    case "extend_trial": {
      const { trialEnd } = action;
      const current = subscription.trialEnd ?? refuse("subscription_not_trialing", `${id} is ${status}`);
      if (!Number.isSafeInteger(trialEnd) || trialEnd <= current)
        refuse("trial_not_extended", "trialEnd must be later");
      if (trialEnd > now + LONGEST_TRIAL) refuse("trial_too_long", "A trial ends within two years");
      return unbilled({ trialEnd, periodEnd: trialEnd, anchor: trialEnd });
    }
    case "change_price":
      return action.charge === "now"
        ? changeNow(subscription, price, action.asOf ?? now, now)
        : changeLater(subscription, price);
  }
}

/** At the period's end the customer gets what is paid for; a pause beyond it has nothing left to give and ends at once. */
function cancel(
  subscription: SimulatedSubscription,
  action: Action<"cancel">,
  now: number,
  invoices: readonly SimulatedInvoice[],
): Advanced {
  const { effective, reason, comment } = action;
  const requestedAt = Math.min(now, action.requestedAt ?? now);
  const { changed, counted, paidUntil } = takeBack(subscription, invoices, requestedAt, now);
  const renewed = subscription.periodStart > requestedAt;
  // Leaving sooner than scheduled is a new wish; asking for the same again is not.
  if (subscription.cancelAt !== undefined && effective === "period_end" && !renewed)
    return { subscription, invoices: [] };
  const cancellation = {
    requestedAt,
    ...(reason === undefined ? {} : { reason }),
    ...(comment === undefined ? {} : { comment }),
  };
  const leaving = { ...subscription, cancellation, invoices: counted };
  const until = effective === "immediately" ? now : renewed ? paidUntil : subscription.periodEnd;
  if (until <= now) return { ...end(leaving, now), invoices: changed };
  // With the period, so that a shorter one that began since is not renewed on the way.
  return { subscription: { ...leaving, periodEnd: until, cancelAt: until }, invoices: changed };
}

function discountFor(
  subscription: SimulatedSubscription,
  action: Action<"discount">,
  now: number,
): SimulatedDiscount {
  const { percentOff, amountOff, currency, duration, months } = action;
  if (subscription.discount) refuse("discount_running", `${subscription.id} has a discount already`);
  if ((percentOff === undefined) === (amountOff === undefined))
    refuse("parameter_invalid", "One of percentOff, amountOff");
  if (percentOff !== undefined && !(percentOff > 0 && percentOff <= 100))
    refuse("parameter_invalid", "percentOff");
  if (amountOff !== undefined) {
    if (!Number.isSafeInteger(amountOff) || amountOff <= 0) refuse("parameter_invalid", "amountOff");
    if (currency !== subscription.price.currency)
      refuse("currency_mismatch", `It is billed in ${subscription.price.currency}`);
  }
  const size = percentOff === undefined ? { amountOff: amountOff as number } : { percentOff };
  if (duration === "forever") return size;
  if (duration === "once") return { ...size, once: true };
  if (months === undefined || !Number.isSafeInteger(months) || months < 1)
    return refuse("parameter_invalid", "months");
  return { ...size, endsAt: addMonths(now, months) };
}

function changeLater(subscription: SimulatedSubscription, price: SimulatedPrice | undefined): Advanced {
  const target = checkedPrice(subscription, price);
  const { nextPrice } = subscription;
  if (target.id === (nextPrice ?? subscription.price).id)
    refuse("price_unchanged", `It is ${target.id} already`);
  const rest = without(subscription, "nextPrice");
  // Back to the running price: the scheduled change is taken off.
  return { subscription: target.id === rest.price.id ? rest : { ...rest, nextPrice: target }, invoices: [] };
}

/** A trial is not cut short by it: nothing is due now, the new price is charged at the trial's end. */
function changeNow(
  subscription: SimulatedSubscription,
  price: SimulatedPrice | undefined,
  asOf: number,
  now: number,
): Advanced {
  const { id, status, credit, periodStart } = subscription;
  if (!(asOf >= periodStart && asOf <= now)) refuse("parameter_invalid", "asOf lies in the running period");
  const target = checkedPrice(subscription, price);
  if (target.id === subscription.price.id) refuse("price_unchanged", `It is ${target.id} already`);
  const changed = { ...without(subscription, "nextPrice"), price: target };
  if (status === "trialing") return { subscription: changed, invoices: [] };
  if (status !== "active") return refuse("subscription_not_active", `${id} is ${status}`);
  return startPeriod({ ...changed, credit: credit + unusedValue(subscription, asOf) }, now);
}

function checkedPrice(
  subscription: SimulatedSubscription,
  price: SimulatedPrice | undefined,
): SimulatedPrice {
  const { currency } = subscription.price;
  if (!price?.active) return refuse("resource_missing", "No such price");
  if (price.currency !== currency) refuse("currency_mismatch", `It is billed in ${currency}`);
  return price;
}

/** Another price: from the next charge on, or at once. */

import { withFittingDiscount } from "./simulator-discounts.ts";
import { startPeriod, unusedValue, without } from "./simulator-engine.ts";
import type { Advanced, SimulatedPrice, SimulatedSubscription } from "./simulator-model.ts";
import { collected, refuse, unbilled } from "./simulator-rules.ts";

export function changeLater(
  subscription: SimulatedSubscription,
  price: SimulatedPrice | undefined,
): Advanced {
  const { nextPrice } = subscription;
  // Back to the running price: the scheduled change is taken off, whether others could still buy that price or not.
  if (nextPrice && price?.id === subscription.price.id)
    return unbilled(withFittingDiscount(without(subscription, "nextPrice")));
  const target = checkedPrice(subscription, price);
  if (target.id === (nextPrice ?? subscription.price).id)
    refuse("price_unchanged", `It is ${target.id} already`);
  return unbilled(withFittingDiscount({ ...subscription, nextPrice: target }));
}

/** A trial is not cut short by it: nothing is due now, the new price is charged at the trial's end. */
export function changeNow(
  subscription: SimulatedSubscription,
  price: SimulatedPrice | undefined,
  asOf: number,
  now: number,
): Advanced {
  const { id, status, credit, periodStart } = subscription;
  if (!(asOf >= periodStart && asOf <= now)) refuse("parameter_invalid", "asOf lies in the running period");
  const target = checkedPrice(subscription, price);
  if (target.id === subscription.price.id) refuse("price_unchanged", `It is ${target.id} already`);
  const changed = withFittingDiscount({ ...without(subscription, "nextPrice"), price: target });
  if (status === "trialing") return unbilled(changed);
  if (status !== "active") return refuse("subscription_not_active", `${id} is ${status}`);
  return collected(startPeriod({ ...changed, credit: credit + unusedValue(subscription, asOf) }, now));
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

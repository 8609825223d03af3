/** Contracts that end by themselves, after further charges. */
import type Stripe from "stripe";
import type { Snapshot } from "../model.ts";
import { isCancelling, refuse } from "../rules.ts";
import { mainItem } from "../view.ts";
import { periodAfter } from "./foreseen.ts";

/**
 * @param from when the price is first charged, ms
 * @throws BillingError rejected where more would be paid for than the contract lasts, unless it is so already
 */
export function checkPeriod({ subscription }: Snapshot, price: Stripe.Price, from: number): void {
  const { id, cancel_at: end } = subscription;
  if (end === null) return;
  const running = periodAfter(mainItem(subscription).price, from);
  if (periodAfter(price, from) > Math.max(end * 1000, running))
    refuse("term_too_short", `${id} ends before a period of ${price.id} does`);
}

/** @throws BillingError rejected where it would end before it is charged again */
export function checkCharges(after: Snapshot): void {
  if (isCancelling(after)) refuse("term_too_short", `${after.subscription.id} ends before the pause does`);
}

/** What the actions have in common: how billing says no. */
import type Stripe from "stripe";
import { type BillingAction, BillingError } from "../provider.ts";
import type { Snapshot } from "./model.ts";

/** Nothing has changed. */
export function refuse(code: string, message: string): never {
  throw new BillingError("rejected", code, message);
}

/** Whether an end is scheduled, by whomever. */
export const isCancelling = ({ cancel_at, cancel_at_period_end }: Stripe.Subscription): boolean =>
  cancel_at !== null || cancel_at_period_end;

/**
 * What holds for every action of a kind, before its own rules.
 * @throws BillingError rejected
 */
export function checkState({ subscription }: Snapshot, { type }: Pick<BillingAction, "type">): void {
  const { id, status } = subscription;
  if (status === "canceled") refuse("subscription_cancelled", `${id} has ended`);
  // What is owed stays owed by who leaves.
  if (type === "cancel" || type === "undo_cancellation" || type === "retry_payment") return;
  // Better terms for something that ends anyway would be an empty promise.
  if (isCancelling(subscription)) refuse("subscription_cancelling", `${id} is about to end`);
}

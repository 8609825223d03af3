/** What the actions have in common: how billing says no. */
import { type BillingAction, BillingError } from "../provider.ts";
import { leavesAt } from "./facts.ts";
import type { Snapshot } from "./model.ts";
import { isFull } from "./room.ts";

/** Nothing has changed. */
export function refuse(code: string, message: string): never {
  throw new BillingError("rejected", code, message);
}

/** Whether an end is scheduled, by whomever, before which nothing more is charged. */
export const isCancelling = (snapshot: Snapshot): boolean => leavesAt(snapshot) !== undefined;

/**
 * What holds for every action of a kind, before its own rules.
 * @throws BillingError rejected
 */
export function checkState(snapshot: Snapshot, { type }: Pick<BillingAction, "type">): void {
  const { id, status } = snapshot.subscription;
  if (status === "canceled") refuse("subscription_cancelled", `${id} has ended`);
  if (isFull(snapshot, type)) refuse("metadata_full", `${id} has no room for what has to be noted of it`);
  // What is owed stays owed by who leaves.
  if (type === "cancel" || type === "undo_cancellation" || type === "retry_payment") return;
  // Better terms for something that ends anyway would be an empty promise.
  if (isCancelling(snapshot)) refuse("subscription_cancelling", `${id} is about to end`);
}

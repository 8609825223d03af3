/** What is stored, as time has changed it since. Stores nothing. */
import type { BilledSubscription, BillingAction } from "./provider.ts";
import { perform } from "./simulator-actions.ts";
import { known, latest } from "./simulator-books.ts";
import { upgraded } from "./simulator-cards.ts";
import { findCode } from "./simulator-discounts.ts";
import { settle } from "./simulator-engine.ts";
import type { Advanced, SimulatedInvoice, SimulatedSubscription } from "./simulator-model.ts";
import { type Known, refuse } from "./simulator-rules.ts";
import type { SimulatorRows } from "./simulator-storage.ts";
import { present } from "./simulator-view.ts";

export async function readSettled(from: SimulatorRows, at: number, customerId?: string): Promise<Advanced[]> {
  const stored = await from.list("subscription", customerId);
  return stored.map((each) => settle(upgraded(each), at));
}

export async function readSubscription(
  from: SimulatorRows,
  id: string,
  at: number,
): Promise<BilledSubscription | undefined> {
  const found = await from.get("subscription", id);
  return found && present(from, settle(upgraded(found), at));
}

/** The subscriptions first: a writer may store meanwhile what is computed here, and then it is there twice, not never. */
export async function readInvoices(
  from: SimulatorRows,
  at: number,
  customerId?: string,
): Promise<SimulatedInvoice[]> {
  const settled = await readSettled(from, at, customerId);
  const computed = settled.flatMap((each) => each.invoices);
  return known(await from.list("invoice", customerId), computed);
}

export interface Outcome extends Advanced {
  before: Advanced;
  /** Of them those that the action itself has written or changed. */
  written: readonly SimulatedInvoice[];
  promoCode: Known["promoCode"];
}

/**
 * What the action would lead to at `at`.
 * @param assumed of the subscription when the action is asked for
 * @throws BillingError rejected
 */
export async function outcomeOf(
  from: SimulatorRows,
  action: BillingAction,
  at: number,
  assumed: Partial<SimulatedSubscription> = {},
): Promise<Outcome> {
  const found = await from.get("subscription", action.subscriptionId);
  if (!found) return refuse("resource_missing", `No subscription ${action.subscriptionId}`);
  const before = settle(upgraded(found), at);
  const price = action.type === "change_price" ? await from.get("price", action.priceId) : undefined;
  const promoCode =
    action.type === "promo_code" ? findCode(await from.list("promo_code"), action.code) : undefined;
  const looksBack =
    action.type === "retry_payment" || (action.type === "cancel" && (action.requestedAt ?? at) < at);
  const stored = looksBack ? await from.list("invoice", found.customerId) : [];
  const own = stored.filter((each) => each.subscriptionId === found.id);
  const invoices = latest([...own, ...before.invoices]);
  const after = perform({ ...before.subscription, ...assumed }, action, at, { price, promoCode, invoices });
  return {
    before,
    written: after.invoices,
    subscription: after.subscription,
    // What is changed now comes after what it was, and takes its place.
    invoices: latest([...before.invoices, ...after.invoices]),
    news: [...(before.news ?? []), ...(after.news ?? [])],
    promoCode,
  };
}

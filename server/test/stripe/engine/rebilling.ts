/** Changes that touch what is billed and when: items, the anchor, the trial. */
import type Stripe from "stripe";
import { Refusal, type State } from "../state.ts";
import { isMetered } from "./amounts.ts";
import { itemCost, itemEntry, pendingOf, periodOf } from "./entries.ts";
import { beginPeriod, changeItem, type ItemParam, makeItem, rhythmOf } from "./items.ts";
import { type Before, credit, debit } from "./prorations.ts";
import { invoiceNow } from "./renewals.ts";

type Subscription = Stripe.Subscription;
type Item = Stripe.SubscriptionItem;

export interface BillingParams {
  items?: ItemParam[];
  billing_cycle_anchor?: { type: string };
  trial_end?: number | "now";
  proration_behavior?: string;
  proration_date?: number;
  payment_behavior?: string;
}

interface Change {
  before: Map<string, Before>;
  /** Items whose price or quantity is another one now, and new ones. */
  changed: Item[];
  removed: Before[];
  /** The rhythm or the money is a new one, so that a new period begins. */
  restarts: boolean;
}

const signature = (item: Item): string => `${item.price.id} ${item.quantity ?? ""}`;

function itemOf(subscription: Subscription, given: ItemParam): Item | undefined {
  if (!given.id) return undefined;
  const found = subscription.items.data.find(({ id }) => id === given.id);
  if (found) return found;
  throw new Refusal(400, `No such subscription item: '${given.id}'`, {
    code: "resource_missing",
    param: "items[0][id]",
  });
}

/** Without an id it is one more item, and a price that is there already is refused. */
function addItem(state: State, subscription: Subscription, given: ItemParam, at: number): Item {
  if (subscription.items.data.some(({ price }) => price.id === given.price)) {
    const says = `Cannot add multiple subscription items with the same plan: ${given.price}`;
    throw new Refusal(400, says, { param: "items[0][price]" });
  }
  const item = makeItem(state, subscription, given, at);
  beginPeriod(subscription, item, at);
  subscription.items.data.push(item);
  return item;
}

function changeItems(
  state: State,
  subscription: Subscription,
  items: readonly ItemParam[],
  at: number,
): Change {
  const all = subscription.items.data.map((item) => ({
    item: structuredClone(item),
    cost: itemCost(state, subscription, item),
  }));
  const before = new Map(all.map((each) => [each.item.id, each]));
  for (const given of items) {
    const item = itemOf(subscription, given);
    if (!item) addItem(state, subscription, given, at);
    else if (!given.deleted) changeItem(state, subscription, item, given, at);
  }
  const gone = new Set(items.filter(({ deleted }) => deleted).map(({ id }) => id));
  subscription.items.data = subscription.items.data.filter(({ id }) => !gone.has(id));
  if (subscription.items.data.length === 0)
    throw new Refusal(400, "A subscription must have at least one active plan.", { param: "items" });
  const changed = subscription.items.data.filter((item) => {
    const old = before.get(item.id);
    return !old || signature(old.item) !== signature(item);
  });
  return {
    before,
    changed,
    removed: all.filter(({ item }) => gone.has(item.id)),
    restarts: changed.some((item) => restarts(state, subscription, item, before.get(item.id))),
  };
}

/** Another interval begins a new period now, and so does what was free and is no longer. */
function restarts(state: State, subscription: Subscription, item: Item, before: Before | undefined): boolean {
  if (!before) return false;
  if (rhythmOf(before.item) !== rhythmOf(item)) return true;
  const wasFree = before.cost === 0 && !isMetered(before.item.price);
  return wasFree && itemCost(state, subscription, item) > 0 && !isMetered(item.price);
}

function checkDate(subscription: Subscription, { proration_date: date }: BillingParams, at: number): void {
  if (date === undefined) return;
  const start = Math.min(...subscription.items.data.map((item) => item.current_period_start));
  const end = Math.max(...subscription.items.data.map((item) => item.current_period_end));
  if (date < start || date > Math.max(end, at))
    throw new Refusal(400, "Invalid `proration_date`: it must be within the current subscription period.", {
      param: "proration_date",
    });
}

/** A new period for everything, paid at once. */
function restart(
  state: State,
  subscription: Subscription,
  change: Change,
  params: BillingParams,
  at: number,
): void {
  const from = params.proration_date ?? at;
  if (params.proration_behavior !== "none" && subscription.status !== "trialing")
    for (const old of change.before.values()) credit(state, subscription, old, from, at);
  subscription.billing_cycle_anchor = at;
  for (const item of subscription.items.data) beginPeriod(subscription, item, at);
  const entries = subscription.items.data
    .filter((item) => !isMetered(item.price))
    .map((item) => itemEntry(state, subscription, item, periodOf(item)));
  invoiceNow(state, subscription, entries, { reason: "subscription_update", at }, params.payment_behavior);
}

/** The period goes on: what is left of it is credited at the old price and charged at the new one. */
function prorate(
  state: State,
  subscription: Subscription,
  change: Change,
  params: BillingParams,
  at: number,
): void {
  const from = params.proration_date ?? at;
  for (const old of change.removed) credit(state, subscription, old, from, at);
  for (const item of change.changed) {
    const old = change.before.get(item.id);
    if (old) credit(state, subscription, old, from, at);
    debit(state, subscription, item, from, at);
  }
  const isInvoiced =
    params.proration_behavior === "always_invoice" && pendingOf(state, subscription).length > 0;
  if (isInvoiced)
    invoiceNow(state, subscription, [], { reason: "subscription_update", at }, params.payment_behavior);
}

/** Nothing is charged until the trial ends, which is then also the anchor. No invoice is written for a longer trial. */
function setTrial(
  state: State,
  subscription: Subscription,
  change: Change,
  params: BillingParams,
  end: number,
  at: number,
): void {
  if (end <= at)
    throw new Refusal(400, "Invalid timestamp: trial_end must be in the future.", { param: "trial_end" });
  if (subscription.status !== "trialing") {
    if (params.proration_behavior !== "none")
      for (const old of change.before.values())
        credit(state, subscription, old, params.proration_date ?? at, at);
    for (const item of subscription.items.data) item.current_period_start = at;
    Object.assign(subscription, { status: "trialing", trial_start: at });
  }
  subscription.trial_end = end;
  subscription.billing_cycle_anchor = end;
  for (const item of subscription.items.data) item.current_period_end = end;
}

function endTrial(
  state: State,
  subscription: Subscription,
  change: Change,
  params: BillingParams,
  at: number,
) {
  if (subscription.status !== "trialing") return;
  subscription.trial_end = at;
  subscription.status = "active";
  restart(state, subscription, change, { ...params, proration_behavior: "none" }, at);
}

function checkAnchor(subscription: Subscription, params: BillingParams): boolean {
  if (params.billing_cycle_anchor?.type !== "now") return false;
  if (subscription.status === "trialing" && params.trial_end !== "now")
    throw new Refusal(400, "The billing cycle anchor of a trialing subscription is the end of its trial.", {
      param: "billing_cycle_anchor",
    });
  if (subscription.status === "paused")
    throw new Refusal(400, "A paused subscription has no billing cycle. Resume it first.", {
      param: "billing_cycle_anchor",
    });
  return true;
}

/**
 * Of a trialing or paused subscription, other items wait for the next period without prorations. That is documented for
 * trials, and for pauses nothing is.
 */
export function changeBilling(
  state: State,
  subscription: Subscription,
  params: BillingParams,
  at: number,
): void {
  checkDate(subscription, params, at);
  const isReset = checkAnchor(subscription, params);
  const change = changeItems(state, subscription, params.items ?? [], at);
  if (params.trial_end === "now") endTrial(state, subscription, change, params, at);
  else if (params.trial_end !== undefined)
    setTrial(state, subscription, change, params, params.trial_end, at);
  else if (subscription.status === "trialing") {
    for (const item of change.changed) item.current_period_end = subscription.trial_end ?? at;
  } else if (subscription.status === "paused") {
    return;
  } else if (isReset || change.restarts) {
    restart(state, subscription, change, params, at);
  } else if (params.proration_behavior !== "none") {
    prorate(state, subscription, change, params, at);
  }
}

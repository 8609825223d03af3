/** What follows from a snapshot. Pure, and in milliseconds where nothing else is said. */
import type Stripe from "stripe";
import type { Interval } from "../../../../src/api/wire.ts";
import { addIntervals, monthlyAmount } from "../../../../src/flow/offers.ts";
import { fromStripe } from "./amounts.ts";
import { intervalOf } from "./catalogue.ts";
import { amountOf, isLicensed } from "./item-amounts.ts";
import { isUnderWay, markOf } from "./marks.ts";
import type { Snapshot } from "./model.ts";
import { expanded, milliseconds } from "./parts.ts";
import { PLANNED, parsed } from "./plans.ts";

/** More periods than a pause can skip. */
const MOST_PERIODS = 10_000;

/** The one that stands for the plan: the oldest that is paid for by number and not by use. */
export function mainItem({ items }: Stripe.Subscription): Stripe.SubscriptionItem {
  const oldest = items.data.toSorted((one, other) => one.created - other.created);
  const found = oldest.find(isLicensed) ?? oldest[0];
  if (!found) throw new Error("A subscription without items");
  return found;
}

export const licensedItems = ({ items }: Stripe.Subscription): Stripe.SubscriptionItem[] =>
  items.data.filter(isLicensed);

/** Undefined where the coupon was not expanded. */
export const couponOf = ({ source }: Stripe.Discount): Stripe.Coupon | undefined => expanded(source.coupon);

/** What takes something off the next charge: the subscription's own, else its customer's; and those of its items. */
export function runningDiscounts(
  { subscription, customer }: Snapshot,
  nowSeconds: number,
): Stripe.Discount[] {
  const runs = ({ end }: Stripe.Discount) => end === null || end > nowSeconds;
  const some = (discounts: readonly (string | Stripe.Discount)[] | undefined) =>
    (discounts ?? []).map((each) => expanded(each)).filter((each) => each !== undefined);
  const own = some(subscription.discounts).filter(runs);
  const customers = some(customer.discount ? [customer.discount] : []).filter(runs);
  const items = subscription.items.data.flatMap((item) => some(item.discounts)).filter(runs);
  return [...(own.length ? own : customers), ...items];
}

/** Monthly recurring revenue before discounts in our minor units; what is paid by use counts nothing. */
export function mrrOf(subscription: Stripe.Subscription): number {
  const { currency } = subscription;
  const sums = new Map<string, { amount: number; interval: Interval; intervalCount: number }>();
  for (const { price, quantity } of licensedItems(subscription)) {
    if (!price.recurring) continue;
    const { interval, intervalCount } = intervalOf(price.recurring);
    const key = `${intervalCount} ${interval}`;
    const amount = (sums.get(key)?.amount ?? 0) + amountOf(price, quantity ?? 1, currency);
    sums.set(key, { amount, interval, intervalCount });
  }
  return [...sums.values()]
    .map((each) => monthlyAmount({ ...each, amount: fromStripe(each.amount, currency) }))
    .reduce((sum, amount) => sum + amount, 0);
}

/** A time without charges; without an end if nobody has set one. */
export interface Stop {
  until?: number;
  /** Then a new rhythm begins at the end; otherwise the old one has gone on. */
  restarts: boolean;
}

/** Of a subscription that has not ended. One that is over at `now` is none, though Stripe may tidy up later. */
export function stopOf({ subscription, schedule }: Snapshot, now: number): Stop | undefined {
  const { status, pause_collection } = subscription;
  if (status === "canceled") return undefined;
  if (pause_collection) {
    const { resumes_at } = pause_collection;
    if (resumes_at === null) return { restarts: false };
    const until = milliseconds(resumes_at);
    if (until > now) return { until, restarts: false };
  }
  const entry = pauseEntryOf(schedule);
  const waiting = waitingPause(subscription);
  const resumesAt = entry?.resume?.resume_at ?? waiting;
  if (status === "paused")
    return { restarts: true, ...(resumesAt === undefined ? {} : { until: milliseconds(resumesAt) }) };
  if (!entry && waiting === undefined) return undefined;
  if (resumesAt === undefined) return { restarts: true };
  return milliseconds(resumesAt) > now ? { restarts: true, until: milliseconds(resumesAt) } : undefined;
}

/** A cancellation takes a planned pause off its schedule and notes it: for who stays after all it goes on. s */
function waitingPause({
  metadata,
  cancel_at,
  cancel_at_period_end,
}: Stripe.Subscription): number | undefined {
  if (cancel_at === null && !cancel_at_period_end) return undefined;
  const plan = parsed(metadata[PLANNED]);
  return plan && "resumesAt" in plan ? plan.resumesAt : undefined;
}

/** Whether nothing is collected for the time being, or not beyond what is paid for, though it has not ended. */
export const isChargeStopped = (snapshot: Snapshot, now = 0): boolean => stopOf(snapshot, now) !== undefined;

/** Until when it is paid for (or the trial lasts). */
export function periodEndOf(snapshot: Snapshot, now = 0): number {
  const { paidUntil, subscription } = snapshot;
  if (paidUntil !== undefined && isChargeStopped(snapshot, now)) return paidUntil;
  return milliseconds(mainItem(subscription).current_period_end);
}

/** When Stripe writes the next invoice: items of several intervals have several ends. */
const invoicedAt = ({ items }: Stripe.Subscription): number =>
  milliseconds(Math.min(...items.data.map((item) => item.current_period_end)));

/** When the next charge is due, were it not for a cancellation; undefined if nobody knows. */
export function chargeAt(snapshot: Snapshot, now: number): number | undefined {
  const { subscription } = snapshot;
  const next = invoicedAt(subscription);
  const stop = stopOf(snapshot, now);
  if (!stop) return next;
  const { until, restarts } = stop;
  if (until === undefined) return undefined;
  return restarts ? Math.max(until, next) : inRhythm(subscription, next, until);
}

/** The first renewal at or after the end of a pause during which periods have gone on. */
function inRhythm(subscription: Stripe.Subscription, next: number, until: number): number | undefined {
  const { recurring } = mainItem(subscription).price;
  let at = next;
  for (let periods = 0; at < until; periods++) {
    if (!recurring || periods === MOST_PERIODS) return undefined;
    at = after(at, recurring, subscription);
  }
  return at;
}

/** One period later. */
export function after(
  at: number,
  recurring: Stripe.Price.Recurring,
  { billing_cycle_anchor }: Stripe.Subscription,
): number {
  const { interval, intervalCount } = intervalOf(recurring);
  return addIntervals(at, interval, intervalCount, milliseconds(billing_cycle_anchor));
}

/** When it ends or has ended; undefined if it goes on. */
export function endOf({
  status,
  ended_at,
  canceled_at,
  cancel_at,
  cancel_at_period_end,
  items,
}: Stripe.Subscription): number | undefined {
  if (status === "canceled") {
    const at = ended_at ?? canceled_at;
    return at === null ? undefined : milliseconds(at);
  }
  if (cancel_at !== null) return milliseconds(cancel_at);
  if (!cancel_at_period_end) return undefined;
  return milliseconds(Math.min(...items.data.map((item) => item.current_period_end)));
}

/**
 * The same, of what has ended or is charged nothing more. A contract whose end lies after further charges runs until it
 * comes to its last period.
 */
export function leavesAt(snapshot: Snapshot): number | undefined {
  const { subscription } = snapshot;
  const end = endOf(subscription);
  if (end === undefined || subscription.status === "canceled" || subscription.cancel_at_period_end)
    return end;
  // A pause without an end can be ended, and then it is charged again.
  const next = chargeAt(snapshot, 0) ?? invoicedAt(subscription);
  return end <= next ? end : undefined;
}

/** A price and for how many. */
export interface Part {
  price: Stripe.Price;
  quantity: number;
}

/** Of the phase that begins when the period ends, if it differs. The price has its product expanded. */
export function scheduledPriceOf(snapshot: Snapshot): (Part & { at: number }) | undefined {
  const main = mainItem(snapshot.subscription);
  const next = snapshot.schedule?.phases.find((phase) => phase.start_date === main.current_period_end);
  const [found] = next ? partsOf(next) : [];
  if (!next || !found) return undefined;
  if (found.price.id === main.price.id && found.quantity === (main.quantity ?? 1)) return undefined;
  return { ...found, at: milliseconds(next.start_date) };
}

/** What a phase sells by number. */
function partsOf({ items }: Stripe.SubscriptionSchedule.Phase): Part[] {
  return items.flatMap(({ price, quantity }) => {
    const found = expanded(price);
    if (!found || found.deleted || !isLicensed({ price: found })) return [];
    return [{ price: found, quantity: quantity ?? 1 }];
  });
}

/** The pause that a schedule holds, whether it waits or runs; undefined once it has ended. */
export function pauseEntryOf(
  schedule: Stripe.SubscriptionSchedule | undefined,
): Stripe.SubscriptionSchedule.PauseSchedule | undefined {
  return schedule?.pause_schedules?.find(
    ({ pause, resume }) => pause.status.type !== "error" && resume?.status.type !== "succeeded",
  );
}

/** Whether a schedule was made here: `metadata.renumerate` is "1". */
export const isOurs = ({ metadata }: Stripe.SubscriptionSchedule): boolean => metadata?.renumerate === "1";

/** Not one that was made here. One that plans nothing was made here, too, by an attempt that did not get further. */
export function isForeign({ schedule, subscription }: Snapshot): boolean {
  if (!schedule || isOurs(schedule)) return false;
  const { end_behavior, phases, metadata } = schedule;
  const isBare =
    (end_behavior === "release" || isUnderWay(markOf(subscription))) &&
    !Object.keys(metadata ?? {}).length &&
    phases.length === 1 &&
    !pauseEntryOf(schedule);
  return !isBare;
}

/** Phases of schedules. */
import type Stripe from "stripe";
import { mergeMetadata } from "../operations/parts.ts";
import { Refusal, type State } from "../state.ts";
import { plus } from "./calendar.ts";
import { type DiscountParam, redeemAll } from "./discounts.ts";
import { changeItem, type ItemParam, nextPeriodEnd, priceFor, recurringOf, taxRates } from "./items.ts";
import { idOf } from "./memory.ts";
import { changeBilling } from "./rebilling.ts";
import { tracked } from "./standing.ts";

type Schedule = Stripe.SubscriptionSchedule;
type Phase = Schedule["phases"][number];
type Params = NonNullable<Stripe.SubscriptionScheduleUpdateParams["phases"]>;
type Param = Params[number];

const keep = (id: string | { id: string }): Phase["discounts"][number] => ({
  coupon: null,
  discount: idOf(id),
  promotion_code: null,
});

/** The running period of a subscription as a phase. */
export function phaseOf(subscription: Stripe.Subscription): Phase {
  const items = subscription.items.data;
  return {
    add_invoice_items: [],
    application_fee_percent: null,
    billing_cycle_anchor: null,
    billing_thresholds: null,
    collection_method: null,
    currency: subscription.currency,
    default_payment_method: null,
    default_tax_rates: structuredClone(subscription.default_tax_rates ?? []),
    description: null,
    discounts: subscription.discounts.map(keep),
    end_date: nextPeriodEnd(subscription),
    invoice_settings: null,
    items: items.map((item) => ({
      billing_thresholds: null,
      discounts: item.discounts.map(keep),
      metadata: {},
      plan: item.price.id,
      price: item.price.id,
      ...(item.quantity === undefined ? {} : { quantity: item.quantity }),
      tax_rates: structuredClone(item.tax_rates ?? []),
    })),
    metadata: {},
    on_behalf_of: null,
    proration_behavior: "create_prorations",
    start_date: Math.min(...items.map((item) => item.current_period_start)),
    transfer_data: null,
    trial_end: subscription.status === "trialing" ? subscription.trial_end : null,
  };
}

const discountsOf = (given: Stripe.Emptyable<DiscountParam[]> | undefined): Phase["discounts"] =>
  (given || []).map((each) => ({
    coupon: each.coupon ?? null,
    discount: each.discount ?? null,
    promotion_code: each.promotion_code ?? null,
  }));

function itemOf(state: State, given: Param["items"][number], currency: string, isNew: boolean) {
  // A price that is no longer sold stays where it is, and cannot be put anywhere else.
  const price = isNew ? priceFor(state, given.price, currency) : state.get("prices", given.price ?? "");
  const isMetered = price.recurring?.usage_type === "metered";
  return {
    billing_thresholds: null,
    discounts: discountsOf(given.discounts),
    metadata: mergeMetadata({}, given.metadata),
    plan: price.id,
    price: price.id,
    ...(isMetered ? {} : { quantity: given.quantity ?? 1 }),
    tax_rates: taxRates(state, given.tax_rates),
  };
}

const refuse = (says: string, index: number, name: string): Refusal =>
  new Refusal(400, says, { param: `phases[${index}][${name}]` });

/** Without an end it lasts for one period of its first price. */
function endOf(state: State, given: Param, start: number, index: number, at: number): number {
  if (given.end_date !== undefined && given.duration)
    throw refuse("You may only specify one of these parameters: end_date, duration.", index, "duration");
  if (given.end_date !== undefined) return given.end_date === "now" ? at : given.end_date;
  const price = state.find("prices", given.items[0]?.price ?? "");
  const { interval, interval_count = 1 } = given.duration ?? recurringOf({ price: price as Stripe.Price });
  return plus(start, { interval, interval_count });
}

/** @throws Refusal 400 for phases that do not follow each other or change what has begun */
export function phasesOf(state: State, schedule: Schedule, given: Params, at: number): Phase[] {
  const current = schedule.phases.find((phase) => phase.start_date === schedule.current_phase?.start_date);
  const past = schedule.phases.filter((phase) => current && phase.end_date <= current.start_date);
  const [first] = given;
  if (!first)
    throw new Refusal(400, "A subscription schedule needs at least one phase.", { param: "phases" });
  if (first.start_date === undefined)
    throw refuse("The first phase must have a `start_date`.", 0, "start_date");
  if (current && first.start_date !== current.start_date)
    throw refuse("You can not modify the start date of the current phase.", 0, "start_date");
  const known = new Set(current?.items.map(({ price }) => idOf(price as string)));
  const currency = current?.currency ?? "usd";
  const phases: Phase[] = [];
  given.forEach((each, index) => {
    const start = phases.at(-1)?.end_date ?? (first.start_date === "now" ? at : (first.start_date as number));
    if (index > 0 && each.start_date !== undefined && each.start_date !== start)
      throw refuse("A phase must begin when the one before it ends.", index, "start_date");
    const end = endOf(state, each, start, index, at);
    if (end <= start || end < at) throw refuse("A phase must end after it begins.", index, "end_date");
    const template = current ?? (schedule.phases[0] as Phase);
    phases.push({
      ...structuredClone(template),
      billing_cycle_anchor: each.billing_cycle_anchor ?? null,
      default_payment_method: each.default_payment_method ?? null,
      default_tax_rates: taxRates(state, each.default_tax_rates),
      discounts: discountsOf(each.discounts),
      start_date: start,
      end_date: end,
      items: each.items.map((item) => itemOf(state, item, currency, !known.has(item.price ?? ""))),
      metadata: mergeMetadata({}, each.metadata),
      proration_behavior: each.proration_behavior ?? "create_prorations",
      trial_end: typeof each.trial_end === "number" ? each.trial_end : null,
    });
  });
  return [...past, ...phases];
}

/** Items keep their ids where the price stays, or where there is one for one. */
function itemChanges(subscription: Stripe.Subscription, phase: Phase): ItemParam[] {
  const items = subscription.items.data;
  const used = new Set<string>();
  const wanted: ItemParam[] = phase.items.map((each, index) => {
    const price = idOf(each.price as string);
    const same =
      items.find((item) => item.price.id === price) ?? (items.length === 1 ? items[index] : undefined);
    if (same) used.add(same.id);
    return {
      ...(same ? { id: same.id } : {}),
      price,
      ...(each.quantity === undefined ? {} : { quantity: each.quantity }),
    };
  });
  const gone = items.filter(({ id }) => !used.has(id)).map(({ id }) => ({ id, deleted: true }));
  return [...wanted, ...gone];
}

const paramOf = ({ coupon, discount, promotion_code }: Phase["discounts"][number]): DiscountParam => ({
  ...(coupon ? { coupon: idOf(coupon) } : {}),
  ...(discount ? { discount: idOf(discount) } : {}),
  ...(promotion_code ? { promotion_code: idOf(promotion_code) } : {}),
});

/** Discounts that the phase names, and no others; one that has ended in the meantime does not come back. */
function enterDiscounts(state: State, subscription: Stripe.Subscription, phase: Phase, at: number): void {
  const place = {
    customer: idOf(subscription.customer as string),
    currency: subscription.currency,
    subscription: subscription.id,
    at,
  };
  const running = new Set(subscription.discounts.map(idOf));
  const wanted = phase.discounts.filter(({ discount }) => !discount || running.has(idOf(discount)));
  const coupons = subscription.discounts.map((id) => state.find("discounts", idOf(id)));
  subscription.discounts = wanted.flatMap((each) => {
    const same = coupons.find((old) => each.coupon && old && idOf(old.source.coupon) === idOf(each.coupon));
    return same ? [same.id] : redeemAll(state, [paramOf(each)], place);
  });
}

/** Makes the subscription what the phase says. At the end of a period nothing is prorated: the next one is billed anew. */
export function enterPhase(
  state: State,
  schedule: Schedule,
  phase: Phase,
  at: number,
  proration: string,
): void {
  const subscription = state.get("subscriptions", idOf(schedule.subscription as string));
  tracked(state, subscription, at, () => {
    subscription.metadata = mergeMetadata(subscription.metadata, phase.metadata ?? {});
    subscription.default_tax_rates = structuredClone(phase.default_tax_rates ?? []);
    // The documentation does not say that entering a phase brings the schedule's own back: here it does.
    const method = phase.default_payment_method ?? schedule.default_settings.default_payment_method;
    if (method) subscription.default_payment_method = idOf(method);
    enterDiscounts(state, subscription, phase, at);
    const items = itemChanges(subscription, phase);
    const isBoundary = subscription.items.data.every((item) => item.current_period_end <= at);
    if (isBoundary && subscription.items.data.length === items.length)
      replace(state, subscription, items, at);
    else changeBilling(state, subscription, { items, proration_behavior: proration }, at);
    if (phase.billing_cycle_anchor === "phase_start") subscription.billing_cycle_anchor = at;
  });
}

/** A period has just ended: the new items are billed with the next one, in their own rhythm. */
function replace(
  state: State,
  subscription: Stripe.Subscription,
  items: readonly ItemParam[],
  at: number,
): void {
  for (const given of items) {
    const item = subscription.items.data.find(({ id }) => id === given.id);
    if (!item) continue;
    const before = recurringOf(item);
    changeItem(state, subscription, item, given, at);
    const after = recurringOf(item);
    if (before.interval !== after.interval || before.interval_count !== after.interval_count)
      subscription.billing_cycle_anchor = at;
  }
}

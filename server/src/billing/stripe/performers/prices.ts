/** Another price: from the next charge on, or at once. */
import type Stripe from "stripe";
import { findPrice, isPerUnit } from "../catalogue.ts";
import { asking } from "../errors.ts";
import type { Action, Outlook, Performer, Snapshot, Step, Tools, Variation } from "../model.ts";
import { expanded, idOf } from "../parts.ts";
import { refuse } from "../rules.ts";
import { couponOf, mainItem, pauseEntryOf, present, scheduledPriceOf } from "../view.ts";
import { chargedOutlook, plannedOutlook } from "./charging.ts";
import { isFor } from "./coupons.ts";
import { began, changed, discountsOf, renewed, withoutSchedule, withPrice } from "./foreseen.ts";
import { withPlannedPrice } from "./foreseen-schedules.ts";
import { checkCharged, checkPossible } from "./limits.ts";
import { insteadOfPlan, release, write } from "./pause-schedules.ts";
import { planPrice } from "./scheduling.ts";
import { checkPeriod } from "./terms.ts";

type Change = Action<"change_price">;
type Target = Stripe.Price & { product: Stripe.Product };

/** What is to be done; `undefined`: what was planned is taken off, and the running price stays. */
interface Intent {
  target: Target | undefined;
  quantity: number;
  /** The item that stands for the plan, with the price that it is to have. */
  items: { id: string; price: string; quantity: number }[];
  /** Without the discounts that are not for the price. */
  fitting: Snapshot;
  /** How Stripe is told, if there are such. */
  discounts?: "" | { discount: string }[];
}

async function intentOf(before: Snapshot, action: Change, tools: Tools): Promise<Intent> {
  checkPossible(before, action.type, tools);
  const main = mainItem(before.subscription);
  const quantity = main.quantity ?? 1;
  const planned = scheduledPriceOf(before);
  const itemsWith = (price: string) => [{ id: main.id, price, quantity }];
  // Back to the running price, whether others could still buy that one or not.
  if (action.charge === "renewal" && planned && action.priceId === main.price.id)
    return { target: undefined, quantity, items: itemsWith(main.price.id), fitting: before };
  const target = await sellable(before, action.priceId, tools);
  const isAtOnce = action.charge === "now" && !isTrial(before);
  checkPeriod(before, target, isAtOnce ? tools.now : main.current_period_end * 1000);
  const next = action.charge === "renewal" ? (planned?.price.id ?? main.price.id) : main.price.id;
  if (target.id === next) refuse("price_unchanged", `It is ${target.id} already`);
  return { target, quantity, items: itemsWith(target.id), ...(await fittingOf(before, target, tools)) };
}

async function sellable(
  { subscription: { currency } }: Snapshot,
  priceId: string,
  { account }: Tools,
): Promise<Target> {
  const price = await findPrice(account, priceId);
  const isPlan = price?.recurring?.usage_type === "licensed" && isPerUnit(price);
  if (!price?.active || !price.product.active || !isPlan) return refuse("resource_missing", "No such price");
  const amount = price.currency === currency ? price : price.currency_options?.[currency];
  if (typeof amount?.unit_amount !== "number") refuse("currency_mismatch", `It is billed in ${currency}`);
  return price;
}

async function fittingOf(
  before: Snapshot,
  target: Target,
  { account }: Tools,
): Promise<Pick<Intent, "fitting" | "discounts">> {
  const all = before.subscription.discounts;
  const left: typeof all = [];
  for (const discount of all) {
    const coupon = couponIdOf(discount);
    if (!coupon || (await isFor(account, coupon, target.product.id))) left.push(discount);
  }
  if (left.length === all.length) return { fitting: before };
  const kept = left.map((discount) => ({ discount: idOf(discount) }));
  return { fitting: changed(before, { discounts: left }), discounts: kept.length ? kept : "" };
}

function couponIdOf(discount: string | Stripe.Discount): string | undefined {
  const found = expanded(discount);
  const coupon = found && (couponOf(found) ?? found.source.coupon);
  return coupon ? idOf(coupon) : undefined;
}

/** What Stripe has to be told to see the next charge (s) as it would be. */
const variationOf = ({ items, fitting, discounts }: Intent, at: number): Variation => ({
  items,
  ...(discounts === undefined ? {} : { discounts: discountsOf(fitting, at) }),
});

/** A trial is not cut short by it: nothing is due now, the new price is charged at the trial's end. */
function checkNow(before: Snapshot, { asOf }: Change & { charge: "now" }, { now }: Tools): void {
  const { subscription } = before;
  const { current_period_start: start } = mainItem(subscription);
  if (asOf !== undefined && !(asOf >= start * 1000 && asOf <= now))
    refuse("parameter_invalid", "asOf lies in the running period");
}

function checkRunning(before: Snapshot, { now }: Tools): void {
  const { id } = before.subscription;
  const { status } = present(before, undefined, now);
  if (status !== "active") refuse("subscription_not_active", `${id} is ${status}`);
  checkCharged(before);
}

/** Stripe's periods stand still in such a pause, so that nothing can be planned for the end of one. */
function checkNotStopping({ subscription: { id, status }, schedule }: Snapshot): void {
  if (status === "paused" || pauseEntryOf(schedule))
    refuse("subscription_not_active", `${id} is paused or about to be`);
}

const isTrial = ({ subscription }: Snapshot): boolean => subscription.status === "trialing";

/** How it is charged at once. The credit is for what was left at `asOf`, s. */
const chargedAt = (asOf: number) =>
  ({
    proration_behavior: "always_invoice",
    proration_date: asOf,
    billing_cycle_anchor: { type: "now" },
  }) as const;

export const changePrice: Performer<"change_price"> = {
  async foresee(before, action, tools) {
    if (action.charge === "renewal") return foreseeLater(before, action, tools);
    checkNow(before, action, tools);
    const intent = await intentOf(before, action, tools);
    const { target, items, fitting, discounts } = intent;
    const with_ = target ? withPrice(withoutSchedule(fitting), target) : fitting;
    const end = mainItem(before.subscription).current_period_end;
    if (isTrial(before)) return plannedOutlook(before, with_, tools, variationOf(intent, end));
    checkRunning(before, tools);
    const details = { items, ...chargedAt(began(action.asOf ?? tools.now)) };
    return chargedOutlook(before, renewed(with_, tools.now), details, tools, discounts);
  },

  async perform(before, action, step, tools) {
    if (action.charge === "renewal") return changeLater(before, action, step, tools);
    checkNow(before, action, tools);
    const { items, discounts } = await intentOf(before, action, tools);
    if (!isTrial(before)) checkRunning(before, tools);
    const { stripe } = tools.account;
    const { id, trial_end: trialEnd } = before.subscription;
    const how = isTrial(before)
      ? ({ proration_behavior: "none", ...(trialEnd === null ? {} : { trial_end: trialEnd }) } as const)
      : ({
          ...chargedAt(began(action.asOf ?? tools.now)),
          payment_behavior: "error_if_incomplete",
        } as const);
    const change = { items, ...how, ...(discounts === undefined ? {} : { discounts }) };
    await insteadOfPlan(before, step, tools, (metadata) =>
      asking(() => stripe.subscriptions.update(id, { ...change, metadata }, step.once(action.type))),
    );
  },

  holds(current, action) {
    const planned = scheduledPriceOf(current)?.price.id;
    const running = mainItem(current.subscription).price.id;
    return action.charge === "renewal" && (planned ?? running) === action.priceId;
  },
};

async function foreseeLater(before: Snapshot, action: Change, tools: Tools): Promise<Outlook> {
  checkNotStopping(before);
  const intent = await intentOf(before, action, tools);
  const { target, quantity, fitting } = intent;
  const after = target ? withPlannedPrice(fitting, target, quantity) : withoutSchedule(fitting);
  const end = mainItem(before.subscription).current_period_end;
  return plannedOutlook(before, after, tools, variationOf(intent, end));
}

async function changeLater(before: Snapshot, action: Change, step: Step, tools: Tools): Promise<void> {
  checkNotStopping(before);
  const { target, quantity, fitting } = await intentOf(before, action, tools);
  await step.begin();
  if (target) await planPrice(fitting, { price: target.id, quantity }, step, tools);
  else await release(before, step, tools);
  await write(before.subscription.id, step.done, step.once("done"), tools);
}

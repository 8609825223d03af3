/** What makes the next charges smaller: a discount as such, or one that a promo code stands for. */
import type Stripe from "stripe";
import { BillingError } from "../../provider.ts";
import { nextCharge } from "../charges.ts";
import { asking } from "../errors.ts";
import type { Action, Charge, Outlook, Performer, Snapshot, Step, Tools } from "../model.ts";
import { refuse } from "../rules.ts";
import { runningDiscounts } from "../view.ts";
import { chargeOf } from "./charging.ts";
import { readyCoupon } from "./coupons.ts";
import { began, changed, redeemed, shown } from "./foreseen.ts";
import { checkPossible } from "./limits.ts";
import { besidePlan } from "./pause-schedules.ts";
import { couponIn, findCode, hasBought, obstacleTo, purchaseOf } from "./promo-codes.ts";

const isDiscounted = (before: Snapshot, now: number): boolean =>
  runningDiscounts(before, began(now)).length > 0;

function readyFor(before: Snapshot, action: Action<"discount">, tools: Tools): Promise<Stripe.Coupon> {
  checkPossible(before, action.type, tools);
  const { account, now } = tools;
  const { id, currency } = before.subscription;
  // Giving Stripe a discount takes the others away.
  if (isDiscounted(before, now)) refuse("discount_running", `${id} has a discount already`);
  // Nobody knows what is left of it after an invoice that the pause makes void: see `hasOnceLeft`.
  if (action.duration === "once" && before.subscription.pause_collection)
    refuse("charges_stopped", `${id} is paused`);
  return readyCoupon(account, action, currency);
}

export const discount: Performer<"discount"> = {
  async foresee(before, action, tools) {
    return withDiscount(before, redeemed(before, await readyFor(before, action, tools), tools.now), tools);
  },

  async perform(before, action, step, tools) {
    const coupon = await readyFor(before, action, tools);
    await give(before, action.type, { coupon: coupon.id }, step, tools);
  },
};

/** @throws BillingError rejected, with the code that says why it does not work */
async function goodCode(
  before: Snapshot,
  { type, code: typed }: Action<"promo_code">,
  tools: Tools,
): Promise<{ id: string; coupon: Stripe.Coupon }> {
  checkPossible(before, type, tools);
  const { account, now } = tools;
  const { id, customer } = { id: before.subscription.id, customer: before.customer.id };
  const code = await findCode(account, typed, customer);
  const purchase = purchaseOf(before, isDiscounted(before, now));
  const obstacle = obstacleTo(code, purchase, began(now), began(account.clock()));
  if (obstacle) refuse(obstacle, `The code does not work for ${id}`);
  const coupon = code && couponIn(code);
  if (!coupon) return refuse("promo_code_invalid", "There is no such code");
  if (code.restrictions.first_time_transaction && (await hasBought(account, customer)))
    refuse("promo_code_not_applicable", `The code is for first purchases, not for ${id}`);
  return { id: code.id, coupon };
}

export const promoCode: Performer<"promo_code"> = {
  async foresee(before, action, tools) {
    const { id, coupon } = await goodCode(before, action, tools);
    return withDiscount(before, redeemed(before, coupon, tools.now, id), tools);
  },

  async perform(before, action, step, tools) {
    const { id } = await goodCode(before, action, tools);
    try {
      await give(before, action.type, { promotion_code: id }, step, tools);
    } catch (error) {
      if (!isAboutCode(error)) throw error;
      // Stripe knows more about its customers than can be asked.
      refuse("promo_code_not_applicable", `Stripe does not take the code: ${error.code}`);
    }
  },
};

function isAboutCode(error: unknown): error is BillingError {
  return error instanceof BillingError && error.kind === "rejected" && error.code !== "idempotency_mismatch";
}

async function give(
  before: Snapshot,
  name: string,
  what: { coupon: string } | { promotion_code: string },
  step: Step,
  tools: Tools,
): Promise<void> {
  const { stripe } = tools.account;
  const { id } = before.subscription;
  await besidePlan(before, step, tools, (metadata) =>
    asking(() =>
      stripe.subscriptions.update(
        id,
        { discounts: [what], proration_behavior: "none", metadata },
        step.once(name),
      ),
    ),
  );
}

async function withDiscount(before: Snapshot, discount: Stripe.Discount, tools: Tools): Promise<Outlook> {
  const after = changed(before, { discounts: [discount] });
  return shown(after, await chargeWith(before, after, discount, tools), tools);
}

/** A preview takes any coupon off the next charge, even one that will be over by then. */
async function chargeWith(
  before: Snapshot,
  after: Snapshot,
  { source, end }: Stripe.Discount,
  tools: Tools,
): Promise<Charge | undefined> {
  if (end !== null) {
    const full = await nextCharge(tools.account, before, tools.now);
    if (!full || end * 1000 <= full.at) return full;
  }
  const coupon = (source.coupon as Stripe.Coupon).id;
  return chargeOf(before, after, tools, { discounts: [{ coupon }] });
}

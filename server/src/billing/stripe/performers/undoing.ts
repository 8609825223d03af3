/** What takes a cancellation back. */
import type Stripe from "stripe";
import { findPrice } from "../catalogue.ts";
import { asking } from "../errors.ts";
import type { Outlook, Performer, Snapshot, Tools } from "../model.ts";
import { PLANNED, parsed } from "../plans.ts";
import { isCancelling, refuse } from "../rules.ts";
import { EFFECT } from "../steps.ts";
import { isForeign, mainItem } from "../view.ts";
import { changed, outlookOf } from "./foreseen.ts";
import { withPlannedPause, withPlannedPrice } from "./foreseen-schedules.ts";
import { RETURNED } from "./leaving.ts";
import { restore } from "./pause-schedules.ts";

export const undoCancellation: Performer<"undo_cancellation"> = {
  async foresee(before, _action, tools) {
    checkUndo(before);
    return withPlan(staying(before), before.subscription.metadata[PLANNED], tools);
  },

  async perform(before, _action, step, tools) {
    const { stripe } = tools.account;
    const { id, metadata } = before.subscription;
    const planned = metadata[PLANNED];
    // Begun is only what has something to put back afterwards.
    if (!step.begun || !planned) checkUndo(before);
    if (planned) await step.begin();
    if (isCancelling(before.subscription)) {
      const params = { ...stayParams(before.subscription), ...(planned ? {} : { metadata: step.done }) };
      await asking(() => stripe.subscriptions.update(id, params, step.once(EFFECT)));
    }
    if (!planned) return;
    await restore(staying(before), planned, step, tools);
    const restored = { metadata: { ...step.done, [PLANNED]: "" } };
    await asking(() => stripe.subscriptions.update(id, restored, step.once("restored")));
  },

  holds: ({ subscription }) =>
    subscription.status !== "canceled" && !isCancelling(subscription) && !subscription.metadata[PLANNED],
};

function checkUndo(before: Snapshot): void {
  const { subscription } = before;
  const { id, metadata } = subscription;
  if (!isCancelling(subscription)) refuse("not_cancelling", `${id} is not about to end`);
  if (metadata[RETURNED]) refuse("payment_returned", `What ${id} had paid for was given back`);
  if (isForeign(before)) refuse("managed_elsewhere", `${id} ends by a schedule that was not made here`);
}

const staying = (before: Snapshot): Snapshot =>
  changed(before, { cancel_at: null, cancel_at_period_end: false, canceled_at: null });

const stayParams = (subscription: Stripe.Subscription): Stripe.SubscriptionUpdateParams => ({
  ...(subscription.cancel_at_period_end ? { cancel_at_period_end: false } : { cancel_at: "" }),
  proration_behavior: "none",
  cancellation_details: { comment: "", feedback: "" },
});

/** What was planned is planned again. */
async function withPlan(after: Snapshot, planned: string | undefined, tools: Tools): Promise<Outlook> {
  const plan = parsed(planned);
  const { id, current_period_end: end } = mainItem(after.subscription);
  if (plan && "resumesAt" in plan)
    return outlookOf(withPlannedPause(after, end, plan.resumesAt, tools.now), tools);
  const price = plan && (await findPrice(tools.account, plan.price));
  if (!price) return outlookOf(after, tools);
  const { quantity } = plan;
  const items = [{ id, price: price.id, quantity }];
  return outlookOf(withPlannedPrice(after, price, quantity, tools.now), tools, { items });
}

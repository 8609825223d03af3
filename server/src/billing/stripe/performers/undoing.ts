/** What takes a cancellation back. */
import type Stripe from "stripe";
import { findPrice } from "../catalogue.ts";
import { asking } from "../errors.ts";
import type { Outlook, Performer, Snapshot, Tools } from "../model.ts";
import { notedTerm, PLANNED, parsed, RETURNED, withoutTerm } from "../plans.ts";
import { isCancelling, refuse } from "../rules.ts";
import { EFFECT } from "../steps.ts";
import { isForeign, mainItem } from "../view.ts";
import { changed, outlookOf } from "./foreseen.ts";
import { withPlannedPause, withPlannedPrice } from "./foreseen-schedules.ts";
import { restore } from "./pause-schedules.ts";

export const undoCancellation: Performer<"undo_cancellation"> = {
  async foresee(before, _action, tools) {
    checkUndo(before);
    return withPlan(staying(before, tools), before.subscription.metadata[PLANNED], tools);
  },

  async perform(before, _action, step, tools) {
    const { stripe } = tools.account;
    const { id, metadata } = before.subscription;
    const planned = metadata[PLANNED];
    // Begun is only what has something to put back afterwards.
    if (!step.begun || !planned) checkUndo(before);
    if (planned) await step.begin();
    const forgotten = withoutTerm(before.subscription);
    if (isCancelling(before)) {
      const metadata = { ...step.done, ...forgotten };
      const params = { ...stayParams(before, tools), ...(planned ? {} : { metadata }) };
      await asking(() => stripe.subscriptions.update(id, params, step.once(EFFECT)));
    }
    if (!planned) return;
    await restore(staying(before, tools), planned, step, tools);
    const restored = { metadata: { ...step.done, ...forgotten, [PLANNED]: "" } };
    await asking(() => stripe.subscriptions.update(id, restored, step.once("restored")));
  },

  holds: (current) =>
    current.subscription.status !== "canceled" &&
    !isCancelling(current) &&
    !current.subscription.metadata[PLANNED],
};

function checkUndo(before: Snapshot): void {
  const { id, metadata } = before.subscription;
  if (!isCancelling(before)) refuse("not_cancelling", `${id} is not about to end`);
  if (metadata[RETURNED]) refuse("payment_returned", `What ${id} had paid for was given back`);
  if (isForeign(before)) refuse("managed_elsewhere", `${id} ends by a schedule that was not made here`);
}

/** The end by contract, s, which is there again. */
function termOf({ subscription }: Snapshot, { now }: Tools): number | undefined {
  const term = notedTerm(subscription);
  return term !== undefined && term * 1000 > now ? term : undefined;
}

const staying = (before: Snapshot, tools: Tools): Snapshot =>
  changed(before, {
    cancel_at: termOf(before, tools) ?? null,
    cancel_at_period_end: false,
    canceled_at: null,
  });

function stayParams(before: Snapshot, tools: Tools): Stripe.SubscriptionUpdateParams {
  const term = termOf(before, tools);
  const none = before.subscription.cancel_at_period_end
    ? { cancel_at_period_end: false }
    : ({ cancel_at: "" } as const);
  return {
    // Stripe takes one of the two alone.
    ...(term === undefined ? none : { cancel_at: term }),
    proration_behavior: "none",
    cancellation_details: { comment: "", feedback: "" },
  };
}

/** What was planned is planned again. */
async function withPlan(after: Snapshot, planned: string | undefined, tools: Tools): Promise<Outlook> {
  const plan = parsed(planned);
  const { id, current_period_end: end } = mainItem(after.subscription);
  if (plan && "resumesAt" in plan) return outlookOf(withPlannedPause(after, end, plan.resumesAt), tools);
  const price = plan && (await findPrice(tools.account, plan.price));
  if (!price) return outlookOf(after, tools);
  const { quantity } = plan;
  const items = [{ id, price: price.id, quantity }];
  return outlookOf(withPlannedPrice(after, price, quantity), tools, { items });
}

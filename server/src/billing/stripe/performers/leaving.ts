/** A cancellation. */
import { BillingError } from "../../provider.ts";
import { asking } from "../errors.ts";
import type { Performer, Snapshot, Step, Tools } from "../model.ts";
import { notedTerm, PLANNED, RETURNED, withoutTerm, withTerm } from "../plans.ts";
import { isUnmarked } from "../room.ts";
import { isCancelling } from "../rules.ts";
import { EFFECT } from "../steps.ts";
import { isForeign } from "../view.ts";
import { type Ending, endingOf, endParams, foreseenEnding } from "./endings.ts";
import { shown } from "./foreseen.ts";
import { isLeftAside, plannedOf, release, restore } from "./pause-schedules.ts";
import { detailsOf } from "./reasons.ts";
import { giveBack } from "./returns.ts";

export const cancel: Performer<"cancel"> = {
  async foresee(before, action, tools) {
    const after = foreseenEnding(before, await endingOf(before, action, tools), tools);
    // Nothing is charged any more, so that Stripe need not be asked what.
    return shown(after, undefined, tools);
  },

  async perform(before, action, step, tools) {
    const { stripe } = tools.account;
    const { id } = before.subscription;
    const ending = await endingOf(before, action, tools);
    const details = detailsOf(action, tools.settings);
    const mark = isUnmarked(before, action.type)
      ? {}
      : {
          metadata: {
            ...step.done,
            ...returned(before, ending),
            ...replaced(before, ending),
            ...stale(before, step),
          },
        };
    if (ending.when === "asked") {
      if (mark.metadata) await asking(() => stripe.subscriptions.update(id, mark, step.once(EFFECT)));
      return;
    }
    const isLong = ending.when === "now" || before.schedule || isLeftAside(before) || ending.late.length;
    if (isLong && mark.metadata) await step.begin(plannedOf(before));
    await afterReturns(ending, async () => {
      for (const each of ending.late) await giveBack(each, step, tools);
      await letGo(before, step, tools);
      await orPutBack(before, step, tools, async () => {
        if (ending.when === "now")
          await asking(() =>
            stripe.subscriptions.cancel(id, { invoice_now: false, prorate: false, ...details }),
          );
        else {
          const end = { ...endParams(before, ending.at), proration_behavior: "none", ...details } as const;
          await asking(() => stripe.subscriptions.update(id, { ...end, ...mark }, step.once(EFFECT)));
        }
      });
    });
  },

  // What ends later, or was asked for before, is marked with its effect.
  holds: ({ subscription }) => subscription.status === "canceled",
};

/** What an earlier cancellation has left behind would be taken for this one's. */
function returned(before: Snapshot, { isRenewed }: Ending): Record<string, string> {
  if (isRenewed) return { [RETURNED]: "1" };
  return isCancelling(before) || !before.subscription.metadata[RETURNED] ? {} : { [RETURNED]: "" };
}

/** Nor is what one has put aside that was then taken back at Stripe itself. */
function stale(before: Snapshot, { begun }: Step): Record<string, string> {
  const isOld = !begun && !isCancelling(before) && !plannedOf(before)[PLANNED];
  return isOld && before.subscription.metadata[PLANNED] ? { [PLANNED]: "" } : {};
}

/** The end in whose place the new one comes, for who stays after all. That of an earlier cancellation is none. */
function replaced(before: Snapshot, { when }: Ending): Record<string, string> {
  const { subscription } = before;
  const { cancel_at: end, cancel_at_period_end: isOurs } = subscription;
  if (when === "asked" || (isCancelling(before) && notedTerm(subscription) !== undefined)) return {};
  return end === null || isOurs ? withoutTerm(subscription) : withTerm(end);
}

/** Where something was given back, "nothing has changed" is not true any more. */
async function afterReturns({ late }: Pick<Ending, "late">, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!late.length || !(error instanceof BillingError) || error.kind !== "rejected") throw error;
    throw Object.assign(new BillingError("unknown", error.code, error.message), { cause: error });
  }
}

/** Where Stripe refuses the end itself, what was let go for it comes back. What somebody else has made cannot. */
async function orPutBack(
  before: Snapshot,
  step: Step,
  tools: Tools,
  end: () => Promise<void>,
): Promise<void> {
  try {
    await end();
  } catch (error) {
    const { schedule, ...free } = before;
    if (!schedule || !(error instanceof BillingError) || error.kind !== "rejected") throw error;
    if (isForeign(before))
      throw Object.assign(new BillingError("unknown", error.code, error.message), { cause: error });
    await restore(free, plannedOf(before)[PLANNED], step, tools);
    throw error;
  }
}

/**
 * Stripe lets nobody cancel what a schedule holds. One that somebody else has made goes too: the right to leave comes
 * before what was planned.
 */
async function letGo(before: Snapshot, step: Step, tools: Tools): Promise<void> {
  try {
    await release(before, step, tools);
  } catch (error) {
    // It has come to its end by itself; if not, Stripe says no to the cancellation.
    if (!(error instanceof BillingError) || error.kind !== "rejected") throw error;
  }
}

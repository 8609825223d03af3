/** A cancellation. */
import { BillingError } from "../../provider.ts";
import { asking } from "../errors.ts";
import { MARK } from "../marks.ts";
import type { Performer, Snapshot, Step, Tools } from "../model.ts";
import { PLANNED } from "../plans.ts";
import { isCancelling } from "../rules.ts";
import { EFFECT } from "../steps.ts";
import { type Ending, endingOf, endParams, foreseenEnding } from "./endings.ts";
import { shown } from "./foreseen.ts";
import { plannedOf, release } from "./pause-schedules.ts";
import { detailsOf } from "./reasons.ts";
import { giveBack } from "./returns.ts";

/** Metadata: something was given back for the cancellation. */
export const RETURNED = "renumerate_returned";
/** Keys of one object. */
const MOST_METADATA = 50;

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
    const mark = hasRoom(before) ? { metadata: { ...step.done, ...returned(before, ending) } } : {};
    if (ending.when === "asked") {
      if (mark.metadata) await asking(() => stripe.subscriptions.update(id, mark, step.once(EFFECT)));
      return;
    }
    const isLong = ending.when === "now" || before.schedule || ending.late.length;
    if (isLong && mark.metadata) await step.begin(plannedOf(before));
    await returnAll(ending, step, tools);
    await afterReturns(ending, async () => {
      await letGo(before, step, tools);
      if (ending.when === "now")
        await asking(() =>
          stripe.subscriptions.cancel(id, { invoice_now: false, prorate: false, ...details }),
        );
      else {
        const end = { ...endParams(before, ending.at), proration_behavior: "none", ...details } as const;
        await asking(() => stripe.subscriptions.update(id, { ...end, ...mark }, step.once(EFFECT)));
      }
    });
  },

  // What ends later, or was asked for before, is marked with its effect.
  holds: ({ subscription }) => subscription.status === "canceled",
};

/** Where the business has used up what Stripe gives, nobody is kept for want of a note: the end is to be seen as well. */
function hasRoom({ subscription: { metadata } }: Snapshot): boolean {
  const ours = [MARK, PLANNED, RETURNED].filter((name) => !(name in metadata));
  return Object.keys(metadata).length + ours.length <= MOST_METADATA;
}

/** What an earlier cancellation has left behind would be taken for this one's. */
function returned({ subscription }: Snapshot, { isRenewed }: Ending): Record<string, string> {
  if (isRenewed) return { [RETURNED]: "1" };
  return isCancelling(subscription) || !subscription.metadata[RETURNED] ? {} : { [RETURNED]: "" };
}

async function returnAll({ late }: Ending, step: Step, tools: Tools): Promise<void> {
  const [first, ...others] = late;
  if (!first) return;
  await giveBack(first, step, tools);
  await afterReturns({ late }, async () => {
    for (const each of others) await giveBack(each, step, tools);
  });
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

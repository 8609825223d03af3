/** A trial that lasts longer. */

import { asking } from "../errors.ts";
import type { Action, Performer, Snapshot, Tools } from "../model.ts";
import { refuse } from "../rules.ts";
import { changed, ends, outlookOf, withItems } from "./foreseen.ts";
import { checkPossible } from "./limits.ts";
import { besidePlan } from "./pause-schedules.ts";

const LONGEST = 730 * 86_400_000;

function check(before: Snapshot, { type, trialEnd }: Action<"extend_trial">, tools: Tools): void {
  const { id, status, trial_end: current } = before.subscription;
  if (status !== "trialing" || current === null) refuse("subscription_not_trialing", `${id} is ${status}`);
  if (!Number.isSafeInteger(trialEnd) || trialEnd <= (current ?? 0) * 1000)
    refuse("trial_not_extended", "trialEnd must be later");
  if (trialEnd > tools.now + LONGEST) refuse("trial_too_long", "A trial ends within two years");
  checkPossible(before, type, tools);
}

/** What is planned for the end of the trial moves with it. */
function extended(before: Snapshot, end: number): Snapshot {
  const { trial_end: old } = before.subscription;
  const moved = (at: number) => (at === old ? end : at);
  const after = withItems(changed(before, { trial_end: end, billing_cycle_anchor: end }), (item) => ({
    ...item,
    current_period_end: moved(item.current_period_end),
  }));
  const { schedule } = before;
  if (!schedule) return after;
  const phases = schedule.phases.map((phase) => ({
    ...phase,
    start_date: moved(phase.start_date),
    end_date: moved(phase.end_date),
  }));
  return { ...after, schedule: { ...schedule, phases } };
}

export const extendTrial: Performer<"extend_trial"> = {
  async foresee(before, action, tools) {
    check(before, action, tools);
    return outlookOf(extended(before, ends(action.trialEnd)), tools);
  },

  async perform(before, action, step, tools) {
    check(before, action, tools);
    const { stripe } = tools.account;
    const change = { trial_end: ends(action.trialEnd), proration_behavior: "none" } as const;
    await besidePlan(before, step, tools, (metadata) =>
      asking(() =>
        stripe.subscriptions.update(before.subscription.id, { ...change, metadata }, step.once(action.type)),
      ),
    );
  },
};

/** Subscription schedules: https://docs.stripe.com/billing/subscriptions/subscription-schedules */
import type Stripe from "stripe";
import { mergeMetadata } from "../operations/parts.ts";
import { Refusal, type State } from "../state.ts";
import { end } from "./cancellations.ts";
import { idOf, memory, nowOf } from "./memory.ts";
import { isDone, noteResumed, type PauseScheduleParam, setPauseSchedules } from "./pause-schedules.ts";
import { enterPhase, phaseOf, phasesOf } from "./phases.ts";
import { isOver, tracked } from "./standing.ts";

type Schedule = Stripe.SubscriptionSchedule;
type Subscription = Stripe.Subscription;

export const isRunning = ({ status }: Schedule): boolean => status === "active" || status === "not_started";

function blank(state: State, subscription: Subscription, at: number): Schedule {
  const phase = phaseOf(subscription);
  return {
    id: state.newId("subscription_schedules"),
    object: "subscription_schedule",
    application: null,
    billing_mode: structuredClone(subscription.billing_mode),
    canceled_at: null,
    completed_at: null,
    created: at,
    current_phase: { start_date: phase.start_date, end_date: phase.end_date },
    customer: idOf(subscription.customer as string),
    customer_account: null,
    default_settings: {
      application_fee_percent: null,
      automatic_tax: { disabled_reason: null, enabled: false, liability: null },
      billing_cycle_anchor: "automatic",
      billing_thresholds: null,
      collection_method: subscription.collection_method,
      default_payment_method: idOf(subscription.default_payment_method) || null,
      description: null,
      invoice_settings: {
        account_tax_ids: null,
        custom_fields: null,
        days_until_due: null,
        description: null,
        footer: null,
        issuer: { type: "self" },
      },
      on_behalf_of: null,
      transfer_data: null,
    },
    end_behavior: subscription.cancel_at === null ? "release" : "cancel",
    livemode: false,
    metadata: {},
    pause_schedules: [],
    phases: [phase],
    released_at: null,
    released_subscription: null,
    status: "active",
    subscription: subscription.id,
    test_clock: idOf(subscription.test_clock) || null,
  };
}

/** Besides the subscription only these can be given: what else there is has to be set afterwards. */
const WITH_SUBSCRIPTION = ["from_subscription", "pause_schedules", "billing_mode", "expand"];

/** @throws Refusal 400; whoever calls takes back what has happened until then */
export function createSchedule(state: State, params: Stripe.SubscriptionScheduleCreateParams): Schedule {
  const id = params.from_subscription;
  if (!id) throw new Refusal(400, "The double makes schedules from subscriptions only.");
  const extra = Object.keys(params).find((key) => !WITH_SUBSCRIPTION.includes(key));
  if (extra) {
    const says = `You cannot set \`${extra}\` if \`from_subscription\` is set.`;
    throw new Refusal(400, says, { param: extra });
  }
  const subscription = state.find("subscriptions", id);
  if (!subscription)
    throw new Refusal(400, `No such subscription: '${id}'`, {
      code: "resource_missing",
      param: "from_subscription",
    });
  const attached = idOf(subscription.schedule as string | null);
  if (attached) {
    const says = `You cannot migrate a subscription that is already attached to a schedule: \`${attached}\`.`;
    throw new Refusal(400, says);
  }
  if (isOver(subscription) || subscription.status === "incomplete")
    throw new Refusal(400, `You cannot migrate a subscription that is in status \`${subscription.status}\`.`);
  const at = nowOf(state, subscription);
  const schedule = state.put("subscription_schedules", blank(state, subscription, at));
  tracked(state, subscription, at, () => {
    subscription.schedule = schedule.id;
  });
  if (params.pause_schedules)
    setPauseSchedules(state, schedule, params.pause_schedules as PauseScheduleParam[], at);
  state.emit("subscription_schedule.created", schedule, at);
  return schedule;
}

/** @throws Refusal 400 unless it still runs */
export function need(schedule: Schedule, word: string): void {
  if (isRunning(schedule)) return;
  const says = `You cannot ${word} a subscription schedule that is currently in the \`${schedule.status}\` status. It can only be done if the subscription schedule is in \`not_started\` or \`active\` status.`;
  throw new Refusal(400, says);
}

/** @throws Refusal 400, 402; whoever calls takes back what has happened until then */
export function updateSchedule(
  state: State,
  schedule: Schedule,
  params: Stripe.SubscriptionScheduleUpdateParams,
): void {
  need(schedule, "update");
  const at = nowOf(state, schedule);
  schedule.metadata = mergeMetadata(schedule.metadata, params.metadata);
  if (params.end_behavior) schedule.end_behavior = params.end_behavior;
  const method = params.default_settings?.default_payment_method;
  if (method) schedule.default_settings.default_payment_method = method;
  if (params.phases) {
    schedule.phases = phasesOf(state, schedule, params.phases, at);
    const now = currentPhase(schedule, at);
    if (now) {
      schedule.current_phase = { start_date: now.start_date, end_date: now.end_date };
      enterPhase(state, schedule, now, at, params.proration_behavior ?? "create_prorations");
    }
  }
  if (params.pause_schedules !== undefined)
    setPauseSchedules(state, schedule, params.pause_schedules || "", at);
  planEnd(state, schedule, at);
  state.emit("subscription_schedule.updated", schedule, at);
}

const currentPhase = (schedule: Schedule, at: number): Schedule["phases"][number] | undefined =>
  schedule.phases.find((phase) => phase.start_date <= at && at < phase.end_date);

/** A schedule that cancels shows on its subscription when that will be. */
function planEnd(state: State, schedule: Schedule, at: number): void {
  const subscription = state.get("subscriptions", idOf(schedule.subscription as string));
  const last = schedule.phases.at(-1);
  tracked(state, subscription, at, () => {
    const { status } = subscription;
    if (schedule.end_behavior === "cancel") subscription.cancel_at = last?.end_date ?? null;
    else if (status !== "canceled" && subscription.cancel_at !== null) {
      Object.assign(subscription, { cancel_at: null, cancel_at_period_end: false, canceled_at: null });
    }
  });
}

/** The subscription goes on by itself. An end that the schedule had set goes, unless it is to be kept. */
export function release(state: State, schedule: Schedule, at: number, keepsEnd = false): void {
  const subscription = state.find("subscriptions", idOf(schedule.subscription as string | null));
  Object.assign(schedule, {
    status: "released",
    released_at: at,
    released_subscription: subscription?.id ?? null,
    subscription: null,
    current_phase: null,
  });
  if (subscription) {
    tracked(state, subscription, at, () => {
      subscription.schedule = null;
      if (!keepsEnd && schedule.end_behavior === "cancel") subscription.cancel_at = null;
    });
  }
  state.emit("subscription_schedule.released", schedule, at);
}

/** @throws Refusal 400 unless it still runs */
export function cancelSchedule(
  state: State,
  schedule: Schedule,
  params: Stripe.SubscriptionScheduleCancelParams,
): void {
  need(schedule, "cancel");
  const at = nowOf(state, schedule);
  const subscription = state.find("subscriptions", idOf(schedule.subscription as string | null));
  const how = { invoiceNow: params.invoice_now ?? true, prorate: params.prorate ?? true };
  if (subscription) end(state, subscription, at, how);
  Object.assign(schedule, { status: "canceled", canceled_at: at, current_phase: null });
}

/** When it next does something by itself. */
export function phaseInstant(schedule: Schedule): number | undefined {
  const last = schedule.phases.at(-1);
  if (!isRunning(schedule) || !last) return undefined;
  if (schedule.current_phase && schedule.current_phase.end_date < last.end_date)
    return schedule.current_phase.end_date;
  return schedule.pause_schedules.every(isDone) ? last.end_date : undefined;
}

/**
 * The next phase, or after the last one the end. A schedule with a pause that is not over stays until it is, phases or
 * not; the documentation says nothing about it.
 */
export function nextPhase(state: State, schedule: Schedule, at: number): void {
  const next = schedule.phases.find((phase) => phase.start_date === schedule.current_phase?.end_date);
  if (next) {
    schedule.current_phase = { start_date: next.start_date, end_date: next.end_date };
    enterPhase(state, schedule, next, at, next.proration_behavior);
    return;
  }
  if (schedule.end_behavior !== "cancel") {
    release(state, schedule, at);
    return;
  }
  const subscription = state.get("subscriptions", idOf(schedule.subscription as string));
  Object.assign(schedule, { status: "completed", completed_at: at, current_phase: null });
  subscription.schedule = null;
  end(state, subscription, at, { planned: true });
  state.emit("subscription_schedule.completed", schedule, at);
}

/** What the schedule has to learn from what has happened to its subscription. */
export function noticeSubscription(state: State, subscription: Subscription): void {
  const schedule = state.find("subscription_schedules", idOf(subscription.schedule as string | null));
  if (!schedule) return;
  const isPaused = subscription.status === "paused";
  if (!isPaused && !memory(state, subscription.id).resumption) noteResumed(schedule);
  const current = schedule.phases.find((phase) => phase.start_date === schedule.current_phase?.start_date);
  if (current)
    Object.assign(current, {
      items: phaseOf(subscription).items,
      discounts: phaseOf(subscription).discounts,
    });
}

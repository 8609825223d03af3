/** Pauses that a schedule makes: https://docs.stripe.com/billing/subscriptions/pause/schedules */
import type Stripe from "stripe";
import { Refusal, type State } from "../state.ts";
import { plus } from "./calendar.ts";
import { checkPausable, pause, resume } from "./pauses.ts";

type Schedule = Stripe.SubscriptionSchedule;
type Entry = Stripe.SubscriptionSchedule.PauseSchedule;
export type PauseScheduleParam = NonNullable<
  Exclude<Stripe.SubscriptionScheduleUpdateParams["pause_schedules"], "">
>[number];
type Param = PauseScheduleParam;

const PARAM = "pause_schedules[0]";

const refuse = (says: string): Refusal => new Refusal(400, says, { param: PARAM });

interface Moment {
  type: string;
  timestamp?: number;
  duration?: { interval: string; interval_count?: number };
}

function instantOf(given: Moment, from: number, at: number): number {
  if (given.type === "now") return at;
  if (given.type === "duration" && given.duration)
    return plus(from, {
      interval: given.duration.interval,
      interval_count: given.duration.interval_count ?? 1,
    });
  if (given.timestamp === undefined) throw refuse("`timestamp` is required when `type` is `timestamp`.");
  if (given.timestamp < at) throw refuse("A pause schedule cannot lie in the past.");
  return given.timestamp;
}

type PauseParam = NonNullable<Param["pause"]>;
type PauseSettings = NonNullable<Entry["pause"]["settings"]>;

function pauseSettings(
  given: PauseParam["settings"],
  before: PauseSettings | null | undefined,
): PauseSettings {
  const billed = before?.bill_for;
  return {
    bill_for: {
      outstanding_usage_through: {
        type:
          given?.bill_for?.outstanding_usage_through?.type ??
          billed?.outstanding_usage_through.type ??
          "pause_at",
      },
      unused_time_from: {
        type: given?.bill_for?.unused_time_from?.type ?? billed?.unused_time_from.type ?? "pause_at",
      },
    },
    invoicing_behavior: given?.invoicing_behavior ?? before?.invoicing_behavior ?? "pending_invoice_item",
    type: "subscription",
  };
}

function pauseOf(
  subscription: Stripe.Subscription,
  given: PauseParam | undefined,
  before: Entry["pause"] | undefined,
  at: number,
): Entry["pause"] {
  if (before?.status.type === "succeeded") {
    if (given) throw refuse("The pause has already happened and cannot be changed.");
    return before;
  }
  if (given) {
    const moment = given.pause_at;
    if (!moment && !before) throw refuse("Missing required param: pause_at.");
    return {
      pause_at: moment ? instantOf(moment, at, at) : (before?.pause_at ?? at),
      settings: pauseSettings(given.settings, before?.settings),
      status: { type: "scheduled" },
    };
  }
  if (before) return before;
  // Something that is paused already can be given an end.
  const since = subscription.status_details?.paused.transitioned_at;
  if (since === undefined) throw refuse("Missing required param: pause.");
  return { pause_at: since, settings: null, status: { type: "succeeded" } };
}

function resumeOf(given: Param["resume"], before: Entry["resume"] | undefined, from: number, at: number) {
  if (given === "") return null;
  if (!given) return before ?? null;
  if (before?.status.type === "succeeded") throw refuse("The resumption has already happened.");
  if (!given.resume_at && !before) throw refuse("Missing required param: resume_at.");
  const settings = before?.settings;
  return {
    resume_at: given.resume_at ? instantOf(given.resume_at, from, at) : (before?.resume_at ?? at),
    settings: {
      billing_cycle_anchor:
        given.settings?.billing_cycle_anchor ?? settings?.billing_cycle_anchor ?? "resume_at",
      payment_behavior:
        given.settings?.payment_behavior ?? settings?.payment_behavior ?? "resume_on_payment_success",
      proration_behavior:
        given.settings?.proration_behavior ?? settings?.proration_behavior ?? "create_prorations",
    },
    status: { type: "scheduled" as const },
  };
}

/** Sets the one entry that a schedule can have; "" takes it away. What is due at once happens. @throws Refusal 400 */
export function setPauseSchedules(
  state: State,
  schedule: Schedule,
  given: Stripe.Emptyable<readonly Param[]>,
  at: number,
): void {
  const subscription = state.get("subscriptions", String(schedule.subscription));
  if (!given) {
    schedule.pause_schedules = [];
    return;
  }
  const [param, ...more] = given;
  if (!param) return;
  if (more.length > 0) throw refuse("Only one pause schedule is supported.");
  checkPausable(subscription);
  const [before] = schedule.pause_schedules;
  const isSame = before !== undefined && before.key === param.key;
  if (before && !isSame && !isDone(before))
    throw refuse("Only one pause schedule is supported. Pass its `key`.");
  const paused = pauseOf(subscription, param.pause, isSame ? before?.pause : undefined, at);
  const from = paused.status.type === "succeeded" ? at : paused.pause_at;
  const resumed = resumeOf(param.resume, isSame ? before?.resume : undefined, from, at);
  if (resumed && resumed.resume_at <= paused.pause_at && paused.status.type === "scheduled")
    throw refuse("`resume_at` must be after `pause_at`.");
  const key = param.key ?? `pause_${schedule.id.slice(-8)}_${schedule.pause_schedules.length}`;
  schedule.pause_schedules = [{ key, pause: paused, resume: resumed }];
  runPauses(state, schedule, at);
}

/** Nothing will come of it any more. A pause without an end is over with its beginning. */
export const isDone = ({ pause: paused, resume: resumed }: Entry): boolean =>
  paused.status.type === "error" ||
  (paused.status.type === "succeeded" && (!resumed || /succeeded|error/.test(resumed.status.type)));

/** When it next does something. */
export function pauseInstant({ pause: paused, resume: resumed }: Entry): number | undefined {
  if (paused.status.type === "scheduled") return paused.pause_at;
  return paused.status.type === "succeeded" && resumed?.status.type === "scheduled"
    ? resumed.resume_at
    : undefined;
}

function attempted<Status extends Stripe.SubscriptionSchedule.PauseSchedule.Pause.Status>(
  work: () => Status["type"],
): Status {
  try {
    return { type: work() } as Status;
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return { type: "error", error: { message: error.message } } as Status;
  }
}

function runPause(state: State, subscription: Stripe.Subscription, entry: Entry, at: number): void {
  const { settings } = entry.pause;
  const terms = {
    unusedFrom: settings?.bill_for.unused_time_from.type ?? "none",
    invoicing: settings?.invoicing_behavior ?? "pending_invoice_item",
  };
  entry.pause.status = attempted(() => {
    pause(state, subscription, terms, at);
    return "succeeded";
  });
}

function runResume(state: State, subscription: Stripe.Subscription, entry: Entry, at: number): void {
  const { resume: resumed } = entry;
  if (!resumed) return;
  const {
    billing_cycle_anchor: anchor,
    payment_behavior: payment,
    proration_behavior: proration,
  } = resumed.settings;
  resumed.status = attempted(() => {
    resume(state, subscription, { anchor, payment, proration }, at);
    return subscription.status === "paused" ? "pending" : "succeeded";
  });
}

/** What is due by now. */
export function runPauses(state: State, schedule: Schedule, at: number): void {
  const subscription = state.get("subscriptions", String(schedule.subscription));
  for (const entry of schedule.pause_schedules) {
    if (entry.pause.status.type === "scheduled" && entry.pause.pause_at <= at)
      runPause(state, subscription, entry, at);
    const { resume: resumed } = entry;
    const isDue = resumed?.status.type === "scheduled" && resumed.resume_at <= at;
    if (isDue && entry.pause.status.type === "succeeded") runResume(state, subscription, entry, at);
    if (resumed && subscription.status !== "paused" && resumed.status.type === "pending")
      resumed.status = { type: "succeeded" };
  }
}

/** Somebody has resumed it before its time, or its invoice has been paid. */
export function noteResumed(schedule: Schedule): void {
  for (const { pause: paused, resume: resumed } of schedule.pause_schedules)
    if (resumed && paused.status.type === "succeeded" && resumed.status.type !== "error")
      resumed.status = { type: "succeeded" };
}

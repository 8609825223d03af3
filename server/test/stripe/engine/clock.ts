/** Everything that happens by itself: https://docs.stripe.com/billing/testing/test-clocks */
import type Stripe from "stripe";
import type { State } from "../state.ts";
import { DAY, HOUR } from "./calendar.ts";
import { end } from "./cancellations.ts";
import { allDiscountsOf, removeDiscounts } from "./discounts.ts";
import { voidInvoice } from "./invoices.ts";
import { nextPeriodEnd } from "./items.ts";
import { idOf, memory } from "./memory.ts";
import { pauseInstant, runPauses } from "./pause-schedules.ts";
import { advance, attempt } from "./payments.ts";
import { renew } from "./renewals.ts";
import { isRunning, nextPhase, noticeSubscription, phaseInstant } from "./schedules.ts";
import { invoicesOf, isOver, onFailed, tracked } from "./standing.ts";

type Subscription = Stripe.Subscription;

/** Something that is due, and what comes first where several are due at once. */
interface Due {
  at: number;
  order: number;
  run(at: number): void;
}

const ORDER = { discounts: 0, collection: 1, end: 2, phase: 3, pause: 4, renewal: 5, invoice: 6 };

const due = (at: number | null | undefined, order: number, run: (at: number) => void): Due[] =>
  at === null || at === undefined ? [] : [{ at, order, run }];

function ofDiscounts(state: State, subscription: Subscription): Due[] {
  return allDiscountsOf(state, subscription).flatMap((discount) =>
    due(discount.end, ORDER.discounts, (at) =>
      tracked(state, subscription, at, () => removeDiscounts(state, subscription, [discount.id])),
    ),
  );
}

/** Three days before it is over, or at once if it is shorter. */
function ofTrial(state: State, subscription: Subscription): Due[] {
  const { trial_end: ends, status } = subscription;
  const known = memory(state, subscription.id);
  if (status !== "trialing" || ends === null || known.toldOfTrialEnd === ends) return [];
  const at = Math.max(ends - 3 * DAY, subscription.trial_start ?? 0);
  return due(at, ORDER.collection, () => {
    known.toldOfTrialEnd = ends;
    state.emit("customer.subscription.trial_will_end", subscription, at);
  });
}

/** The first invoice has to be paid within 23 hours. */
function ofIncomplete(state: State, subscription: Subscription): Due[] {
  return due(subscription.created + 23 * HOUR, ORDER.end, (at) =>
    tracked(state, subscription, at, () => {
      subscription.status = "incomplete_expired";
      subscription.ended_at = at;
      for (const invoice of invoicesOf(state, subscription))
        if (invoice.status === "open") voidInvoice(state, invoice, at);
    }),
  );
}

function ofSchedule(state: State, subscription: Subscription): Due[] {
  const schedule = state.find("subscription_schedules", idOf(subscription.schedule as string | null));
  if (!schedule || !isRunning(schedule)) return [];
  const pauses = schedule.pause_schedules.flatMap((entry) =>
    due(pauseInstant(entry), ORDER.pause, (at) => runPauses(state, schedule, at)),
  );
  return [...due(phaseInstant(schedule), ORDER.phase, (at) => nextPhase(state, schedule, at)), ...pauses];
}

const RENEWS = new Set<string>(["active", "past_due", "trialing", "unpaid"]);

function ofSubscription(state: State, subscription: Subscription): Due[] {
  if (isOver(subscription)) return [];
  if (subscription.status === "incomplete") return ofIncomplete(state, subscription);
  const resumes = subscription.pause_collection?.resumes_at;
  return [
    ...ofDiscounts(state, subscription),
    ...ofTrial(state, subscription),
    ...due(resumes, ORDER.collection, (at) =>
      tracked(state, subscription, at, () => {
        subscription.pause_collection = null;
      }),
    ),
    ...due(subscription.cancel_at, ORDER.end, (at) => end(state, subscription, at, { planned: true })),
    ...ofSchedule(state, subscription),
    ...(RENEWS.has(subscription.status)
      ? due(nextPeriodEnd(subscription), ORDER.renewal, (at) => renew(state, subscription, at))
      : []),
  ];
}

/** An invoice that was sent is overdue: the subscription is past due, and nothing else happens. */
function ofDueDate(state: State, invoice: Stripe.Invoice): Due[] {
  const known = memory(state, invoice.id);
  if (known.overdue) return [];
  return due(invoice.due_date, ORDER.invoice, (at) => {
    known.overdue = true;
    onFailed(state, invoice, at);
  });
}

function ofInvoice(state: State, invoice: Stripe.Invoice): Due[] {
  if (invoice.status === "draft" && invoice.auto_advance)
    return due(invoice.automatically_finalizes_at, ORDER.invoice, (at) => void advance(state, invoice, at));
  if (invoice.status !== "open") return [];
  const { expires } = memory(state, invoice.id);
  return [
    ...due(invoice.next_payment_attempt, ORDER.invoice, (at) => void attempt(state, invoice, at)),
    ...ofDueDate(state, invoice),
    ...(invoice.attempted ? [] : due(expires, ORDER.invoice, (at) => voidInvoice(state, invoice, at))),
  ];
}

/** The first thing that is due for these customers, if there is anything. */
export function nextDue(state: State, isTheirs: (customer: string) => boolean): Due | undefined {
  const theirs = ({ customer }: { customer: unknown }) => isTheirs(idOf(customer as string));
  const all = [
    ...state
      .all("subscriptions")
      .filter(theirs)
      .flatMap((each) => ofSubscription(state, each)),
    ...state
      .all("invoices")
      .filter(theirs)
      .flatMap((each) => ofInvoice(state, each)),
  ];
  return all.reduce<Due | undefined>(
    (first, each) =>
      !first || each.at < first.at || (each.at === first.at && each.order < first.order) ? each : first,
    undefined,
  );
}

/** What a schedule learns only from its subscription: that a resumption was paid. */
export function notice(state: State): void {
  for (const schedule of state.all("subscription_schedules")) {
    const subscription = state.find("subscriptions", idOf(schedule.subscription as string | null));
    if (subscription && isRunning(schedule) && schedule.pause_schedules.length > 0)
      noticeSubscription(state, subscription);
  }
}

function setTime(state: State, clockId: string | undefined, at: number): void {
  if (clockId === undefined) state.data.now = at;
  else state.get("test_clocks", clockId).frozen_time = at;
}

/**
 * Lets everything happen in its order. Something that was overdue happens at the moment that it is.
 * @param clockId without one it is the time of everybody who is on no test clock
 * @param seconds since 1970
 */
export function advanceTo(state: State, clockId: string | undefined, seconds: number): void {
  const isTheirs = (customer: string) =>
    (idOf(state.find("customers", customer)?.test_clock) || undefined) === clockId;
  let now = clockId === undefined ? state.data.now : state.get("test_clocks", clockId).frozen_time;
  for (let next = nextDue(state, isTheirs); next && next.at <= seconds; next = nextDue(state, isTheirs)) {
    now = Math.max(now, next.at);
    setTime(state, clockId, now);
    next.run(now);
    notice(state);
  }
  setTime(state, clockId, seconds);
}

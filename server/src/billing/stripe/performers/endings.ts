/** When a subscription that is cancelled ends, and what it looks like then. */
import type Stripe from "stripe";
import type { Action, Snapshot, Tools } from "../model.ts";
import { isCancelling } from "../rules.ts";
import { isChargeStopped, periodEndOf } from "../view.ts";
import { began, changed, ends, withoutSchedule } from "./foreseen.ts";
import { isRenewedSince, type Late, lookBack } from "./returns.ts";

export interface Ending {
  /** `asked`: it has been asked for already and stays as it is. */
  when: "asked" | "now" | "later";
  /** Of a later one, ms. */
  at: number;
  /** A period has begun since it was asked for. */
  isRenewed: boolean;
  late: readonly Late[];
}

/** At the period's end the customer gets what is paid for; a pause beyond it has nothing left to give and ends at once. */
export async function endingOf(before: Snapshot, action: Action<"cancel">, tools: Tools): Promise<Ending> {
  const { now } = tools;
  const since = Math.min(now, action.requestedAt ?? now);
  const isRenewed = isRenewedSince(before, since);
  const { late, paidUntil } = isRenewed
    ? await lookBack(before, since, tools)
    : { late: [], paidUntil: periodEndOf(before, now) };
  const ending = { at: paidUntil, isRenewed, late };
  if (action.effective === "immediately") return { ...ending, when: "now" };
  const scheduled = scheduledEnd(before, now);
  // Leaving sooner than scheduled is a new wish; asking for the same again is not.
  if (!isRenewed && scheduled !== undefined && scheduled <= paidUntil) return { ...ending, when: "asked" };
  return { ...ending, when: paidUntil <= now ? "now" : "later" };
}

function scheduledEnd(snapshot: Snapshot, now: number): number | undefined {
  const { subscription } = snapshot;
  if (!isCancelling(snapshot)) return undefined;
  return subscription.cancel_at === null ? periodEndOf(snapshot, now) : subscription.cancel_at * 1000;
}

/** How Stripe is asked for an end that lies ahead. */
export function endParams(
  { subscription }: Snapshot,
  at: number,
): Pick<Stripe.SubscriptionUpdateParams, "cancel_at" | "cancel_at_period_end"> {
  const isPeriodEnd = subscription.items.data.every((item) => item.current_period_end * 1000 === at);
  return isPeriodEnd ? { cancel_at_period_end: true } : { cancel_at: ends(at) };
}

export function foreseenEnding(before: Snapshot, ending: Ending, { now }: Tools): Snapshot {
  if (ending.when === "asked") return before;
  const isVoid = (id: string) =>
    ending.late.some(({ invoice, share }) => invoice.id === id && share === invoice.total);
  const open = before.open.filter(({ id }) => !isVoid(id));
  const { status } = before.subscription;
  const isSettled = status === "past_due" && before.open.length > 0 && !open.length;
  const after = { ...withoutSchedule(before), open };
  if (ending.when === "later")
    return changed(after, {
      cancel_at: ends(ending.at),
      cancel_at_period_end: !("cancel_at" in endParams(before, ending.at)),
      canceled_at: began(now),
      ...(isSettled ? { status: "active" } : {}),
    });
  return unlessStopped(
    changed(after, {
      status: "canceled",
      cancel_at: null,
      cancel_at_period_end: false,
      canceled_at: began(now),
      ended_at: began(now),
    }),
    now,
  );
}

/** What was paid for is only read while charges are stopped. */
function unlessStopped(snapshot: Snapshot, now: number): Snapshot {
  if (isChargeStopped(snapshot, now)) return snapshot;
  const { paidUntil: _, ...rest } = snapshot;
  return rest;
}

/** A cancellation, and what takes it back. */
import { latest, takeBack } from "./simulator-books.ts";
import { givenUp, withoutUnpaid } from "./simulator-collection.ts";
import { end, without } from "./simulator-engine.ts";
import type { Advanced, SimulatedInvoice, SimulatedSubscription } from "./simulator-model.ts";
import { type Action, refuse, unbilled } from "./simulator-rules.ts";

/** At the period's end the customer gets what is paid for; a pause beyond it has nothing left to give and ends at once. */
export function cancel(
  subscription: SimulatedSubscription,
  action: Action<"cancel">,
  now: number,
  invoices: readonly SimulatedInvoice[],
): Advanced {
  const { effective, reason, comment } = action;
  const requestedAt = Math.min(now, action.requestedAt ?? now);
  const { changed, counted, paidUntil } = takeBack(subscription, invoices, requestedAt, now);
  const renewed = subscription.periodStart > requestedAt;
  // Leaving sooner than scheduled is a new wish; asking for the same again is not.
  if (subscription.cancelAt !== undefined && effective === "period_end" && !renewed)
    return unbilled(subscription);
  const cancellation = {
    requestedAt,
    ...(reason === undefined ? {} : { reason }),
    ...(comment === undefined ? {} : { comment }),
  };
  const news = changed.filter(({ status }) => status === "void").map((each) => givenUp(each, now, "voided"));
  const leaving = {
    ...withoutUnpaid(subscription, changed),
    cancellation,
    invoices: counted,
    status: statusAfter(subscription, invoices, changed),
  };
  const until = effective === "immediately" ? now : renewed ? paidUntil : subscription.periodEnd;
  if (until <= now) {
    const ended = end(leaving, now);
    return { ...ended, invoices: changed, news: [...news, ...(ended.news ?? [])] };
  }
  // With the period, so that a shorter one that began since is not renewed on the way.
  return { subscription: { ...leaving, periodEnd: until, cancelAt: until }, invoices: changed, news };
}

/** Who owed only what is void now owes nothing any more. */
function statusAfter(
  { status }: SimulatedSubscription,
  invoices: readonly SimulatedInvoice[],
  changed: readonly SimulatedInvoice[],
): SimulatedSubscription["status"] {
  if (status !== "past_due" || !changed.length) return status;
  return latest([...invoices, ...changed]).some((each) => each.status === "open") ? status : "active";
}

/** Until it ends, a scheduled cancellation has changed nothing else: neither what is planned, nor a pause or a discount. */
export function undoCancellation(subscription: SimulatedSubscription): Advanced {
  const { id, cancelAt, cancellation, periodStart } = subscription;
  if (cancelAt === undefined) return refuse("not_cancelling", `${id} is not about to end`);
  // It counted from before the running period, whose payment went back: that cannot be as if it had never been.
  if (cancellation && cancellation.requestedAt < periodStart)
    return refuse("payment_returned", `What ${id} had paid for was given back`);
  return unbilled(without(subscription, "cancelAt", "cancellation"));
}

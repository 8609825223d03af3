/** What an offer means: pure arithmetic and rules that the widget and the server share. */
import type { Choice, Interval, Offer, Price, Subscription } from "../api/wire.ts";

const DAY = 86_400_000;

/**
 * Adds calendar months in UTC and clamps to the last day of the month: 31 January + 1 month is the end of February.
 * @param at milliseconds since 1970
 */
export function addMonths(at: number, months: number): number {
  const from = new Date(at);
  const to = new Date(at);
  to.setUTCDate(1);
  to.setUTCMonth(to.getUTCMonth() + months);
  const lastDay = new Date(Date.UTC(to.getUTCFullYear(), to.getUTCMonth() + 1, 0)).getUTCDate();
  return to.setUTCDate(Math.min(from.getUTCDate(), lastDay));
}

const monthsBetween = (from: number, to: number): number => {
  const [one, other] = [new Date(from), new Date(to)];
  return (other.getUTCFullYear() - one.getUTCFullYear()) * 12 + other.getUTCMonth() - one.getUTCMonth();
};

/** Whether whole months after the anchor lead to this instant. */
export const isAnchored = (anchor: number, at: number): boolean =>
  addMonths(anchor, monthsBetween(anchor, at)) === at;

/**
 * Adds billing intervals: days and weeks are exact, months and years clamp.
 * @param anchor the date that months are counted from where `at` lies whole months after it, so that the 31st comes back
 * after a February; a pause can move `at` off it
 */
export function addIntervals(at: number, interval: Interval, count: number, anchor = at): number {
  if (interval === "day") return at + count * DAY;
  if (interval === "week") return at + count * 7 * DAY;
  const months = interval === "year" ? count * 12 : count;
  return isAnchored(anchor, at)
    ? addMonths(anchor, monthsBetween(anchor, at) + months)
    : addMonths(at, months);
}

/** The amount after a discount, in minor units, rounded to the nearest unit and never below zero. */
export function discounted(amount: number, discount: { percentOff?: number; amountOff?: number }): number {
  const off = discount.amountOff ?? Math.round((amount * (discount.percentOff ?? 0)) / 100);
  return Math.max(0, amount - off);
}

/**
 * How many decimals a currency's minor unit has, by ISO 4217. What `Intl` says is another thing in each engine: it is how
 * prices are usually written, and for a forint some say 0 and some 2.
 */
export const minorDigits = (currency: string): number =>
  /^(bif|clp|djf|gnf|isk|jpy|kmf|krw|pyg|rwf|ugx|uyi|vnd|vuv|xaf|xof|xpf)$/i.test(currency)
    ? 0
    : /^(bhd|iqd|jod|kwd|lyd|omr|tnd)$/i.test(currency)
      ? 3
      : 2;

/** Monthly recurring revenue of a price in minor units, before discounts: year / 12, week × 52 / 12, day × 365 / 12. */
export function monthlyAmount(price: Pick<Price, "amount" | "interval" | "intervalCount">): number {
  const perYear = { day: 365, week: 52, month: 12, year: 1 }[price.interval] / price.intervalCount;
  return Math.round((price.amount * perYear) / 12);
}

/**
 * Last instant of access of a subscription that is cancelled now: what is paid for, or the trial, runs out first; a
 * pause beyond it has nothing left to give. Undefined where nobody has said until when it is paid for.
 */
export function accessUntil<End extends number | undefined>(
  { status, trialEnd, periodEnd }: Pick<Subscription, "status" | "trialEnd"> & { periodEnd?: End },
  effective: "period_end" | "immediately",
  now: number,
): number | End {
  const end = status === "trialing" ? (trialEnd ?? periodEnd) : periodEnd;
  return effective === "immediately" ? now : end === undefined ? (end as End) : Math.max(now, end);
}

/** When a pause that the customer picked ends, or undefined while nothing valid is picked. */
export function pauseEnd(terms: { startsAt: number }, choice: Choice): number | undefined {
  return choice.until ?? (choice.months ? addMonths(terms.startsAt, choice.months) : undefined);
}

/** Whether the customer's choice is one that the offer allows. Nothing is preselected, so most offers need none. */
export function allows(offer: Offer, choice: Choice = {}): boolean {
  const { months, until, priceId } = choice;
  switch (offer.type) {
    case "pause": {
      const { dates } = offer.terms;
      if (priceId !== undefined || (months === undefined) === (until === undefined)) return false;
      if (months !== undefined) return offer.terms.months.includes(months);
      return !!dates && until !== undefined && until >= dates.min && until <= dates.max;
    }
    case "plan_change":
      return (
        months === undefined &&
        until === undefined &&
        offer.terms.plans.some((plan) => plan.price.id === priceId)
      );
    default:
      return months === undefined && until === undefined && priceId === undefined;
  }
}

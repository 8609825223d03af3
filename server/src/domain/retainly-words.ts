/**
 * Retainly's words for what is called otherwise in here: how a visit ended, what was offered, and what an offer is worth.
 * Its API documents `saved`, `canceled` and `abandoned`, and four kinds of offers; what it has no word for keeps ours.
 */
import type { Choice, Offer } from "../../../src/api/wire.ts";
import type { Outcome } from "../store/store.ts";
import { isoOf } from "./dates.ts";

/** Every outcome as Retainly calls it. Of a visit that is still open it says null. */
export const OUTCOME_WORDS = {
  retained: "saved",
  cancelled: "canceled",
  abandoned: "abandoned",
} as const satisfies Record<Outcome, string>;

export type OutcomeWord = (typeof OUTCOME_WORDS)[Outcome];

/** The other way round: what a caller asks for. */
export const OUTCOMES_BY_WORD = {
  saved: "retained",
  canceled: "cancelled",
  abandoned: "abandoned",
} as const satisfies Record<OutcomeWord, Outcome>;

/** @param outcome as `endOf` has it: a cancellation that was undone is saved */
export const outcomeWord = (outcome: Outcome | undefined): OutcomeWord | null =>
  outcome === undefined ? null : OUTCOME_WORDS[outcome];

/** What an offer is called: `discount`, `pause`, `downgrade`, `annual_switch`, or our own word. @param type our own */
export const offerWord = (type: string): string => (type === "plan_change" ? "downgrade" : type);

/** The other way round. @param word as a caller has it */
export const offerTypeOf = (word: string): string => (word === "downgrade" ? "plan_change" : word);

/** For how long a discount holds. Retainly has a number of months; ours may end with one charge, or never. */
type Duration = { duration_months: number } | { duration_months: null; duration: "once" | "forever" };

export type OfferValue =
  | ({ percent: number } & Duration)
  | ({ amount_cents: number; currency: string } & Duration)
  | { months: number }
  /** ISO 8601, UTC. */
  | { until: string }
  | { price_id: string }
  | { days: number }
  | { url: string }
  | { name: string };

type Discount = Extract<Offer, { type: "discount" }>["terms"];

/** Both where a discount says both: the amount is what counts. */
const discountValue = ({ percentOff, amountOff, currency, duration, months }: Discount): OfferValue => {
  const size = amountOff === undefined ? { percent: percentOff ?? 0 } : { amount_cents: amountOff, currency };
  return duration === "repeating"
    ? { ...size, duration_months: months ?? 1 }
    : { ...size, duration_months: null, duration };
};

/**
 * What an offer comes to, as `offer_value` says it.
 * @param choice what the customer picked within it; of what leaves only one thing to pick it may be left out
 * @returns null where a choice is needed and there is none
 */
export function offerValue(offer: Offer, choice?: Choice): OfferValue | null {
  switch (offer.type) {
    case "discount":
      return discountValue(offer.terms);
    case "pause": {
      if (choice?.until !== undefined) return { until: isoOf(choice.until) };
      const { months, dates } = offer.terms;
      const picked = choice?.months ?? (dates ? undefined : onlyOf(months));
      return picked === undefined ? null : { months: picked };
    }
    case "plan_change": {
      const picked = choice?.priceId ?? onlyOf(offer.terms.plans)?.price.id;
      return picked === undefined ? null : { price_id: picked };
    }
    case "annual_switch":
      return { price_id: offer.terms.plan.price.id };
    case "trial_extension":
      return { days: offer.terms.days };
    case "contact":
    case "redirect":
      return { url: offer.terms.url };
    case "custom":
      return { name: offer.terms.name };
  }
}

const onlyOf = <T>(list: readonly T[]): T | undefined => (list.length === 1 ? list[0] : undefined);

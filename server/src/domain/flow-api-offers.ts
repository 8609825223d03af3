/** Offers that a caller names instead of having come to them: only what the session's own flow has, on its terms. */
import { isDeepStrictEqual } from "node:util";
import type { Choice, FlowConfig, Offer } from "../../../src/api/wire.ts";
import { allows } from "../../../src/flow/offers.ts";
import type { Acceptance } from "./deciding.ts";
import { choicesOf } from "./flow-api-steps.ts";
import { offersIn } from "./outcomes.ts";
import { offerTypeOf, offerValue } from "./retainly-words.ts";

/** Our own type of what a caller calls so. */
const typeOf = (word: string): string => (word === "annual" ? "annual_switch" : offerTypeOf(word));

/**
 * @param value of a caller: any object
 * @returns undefined where the flow has no such offer, or not with this value
 */
export function namedOffer(
  { flow }: Pick<FlowConfig, "flow">,
  word: string,
  value: object,
): Acceptance | undefined {
  for (const offer of offersIn(flow).filter(({ type }) => type === typeOf(word))) {
    const choice = choiceFor(offer, value);
    if (choice) return { type: "accept", offer, choice };
  }
  return undefined;
}

/** What has to be picked for the offer to come to this value. */
function choiceFor(offer: Offer, value: object): Choice | undefined {
  const until = endIn(value);
  const choices = choicesOf(offer).map(({ choice }) => choice);
  return [...choices, ...(until === undefined ? [] : [{ until }])].find(
    (choice) => allows(offer, choice) && isDeepStrictEqual(offerValue(offer, choice), value),
  );
}

/** `{until}`; that it is written as instants are written here, the comparison sees. */
function endIn(value: object): number | undefined {
  const { until } = value as { until?: unknown };
  const at = typeof until === "string" ? Date.parse(until) : Number.NaN;
  return Number.isNaN(at) ? undefined : at;
}

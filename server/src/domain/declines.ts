/** What to tell a customer whose payment was declined. */

/** `retryable`: may work later. `card_update`: needs another card. `authenticate`: the customer has to confirm. */
export type DeclineClass = "retryable" | "card_update" | "authenticate" | "stop";

const CARD_UPDATE: readonly string[] = [
  "expired_card",
  "incorrect_cvc",
  "incorrect_number",
  "invalid_cvc",
  "invalid_expiry_month",
  "invalid_expiry_year",
  "invalid_number",
  "lost_card",
  "pickup_card",
  "stolen_card",
];
const STOP: readonly string[] = ["fraudulent", "restricted_card"];

/** @param code the bank's; one that is not known may mean anything, so nothing is asked of the customer */
export function declineClass(code: string | undefined): DeclineClass {
  if (code === undefined) return "retryable";
  if (code === "authentication_required") return "authenticate";
  if (CARD_UPDATE.includes(code)) return "card_update";
  return STOP.includes(code) ? "stop" : "retryable";
}

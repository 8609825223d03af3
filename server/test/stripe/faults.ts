/** What goes wrong between us and Stripe. */
import { Refusal } from "./state.ts";

/**
 * `before`: nothing has happened at Stripe. `after`: it has, and the answer does not say so. Who is turned away (429,
 * 409, lock_timeout) was so before. `hang` ends when the caller hangs up.
 */
export interface Fault {
  when: "before" | "after";
  how: 429 | 409 | "lock_timeout" | 500 | 503 | "reset" | "hang";
}

/** @throws Refusal for a fault that turns the request away: its idempotency key stays unused. */
export function turnAway({ how }: Fault): void {
  if (how === 429) {
    throw new Refusal(
      429,
      "Request rate limit exceeded. You can learn more about rate limits here https://stripe.com/docs/rate-limits.",
      { code: "rate_limit" },
    );
  }
  const message =
    "This object cannot be accessed right now because another API request or Stripe process is currently accessing it.";
  if (how === "lock_timeout") throw new Refusal(429, message, { code: "lock_timeout" });
  if (how === 409) throw new Refusal(409, message);
}

type Failure = Fault & { how: 500 | 503 };
type Silence = Fault & { how: "reset" | "hang" };

export const isFailure = (fault: Fault | undefined): fault is Failure =>
  fault?.how === 500 || fault?.how === 503;

export const isSilence = (fault: Fault | undefined): fault is Silence =>
  fault?.how === "reset" || fault?.how === "hang";

export const failure = (status: 500 | 503): Refusal =>
  new Refusal(status, "An unknown error occurred.", { type: "api_error" });

/** https://docs.stripe.com/api/errors */
export function errorBody({ type, message, code, param, declineCode }: Refusal, requestId: string): object {
  return {
    error: {
      ...(code ? { code, doc_url: `https://stripe.com/docs/error-codes/${code.replaceAll("_", "-")}` } : {}),
      ...(declineCode ? { decline_code: declineCode } : {}),
      message,
      ...(param ? { param } : {}),
      request_log_url: `https://dashboard.stripe.com/test/logs/${requestId}`,
      type,
    },
  };
}

/**
 * What Stripe's library throws, in the words of the interface.
 * `rejected` is said only where Stripe has answered that it will not: whatever may have happened is `unknown`.
 */
import { setTimeout as wait } from "node:timers/promises";
import Stripe from "stripe";
import { BillingError } from "../provider.ts";

const {
  StripeError,
  StripeAuthenticationError,
  StripeCardError,
  StripeConnectionError,
  StripeIdempotencyError,
  StripeInvalidRequestError,
  StripePermissionError,
  StripeRateLimitError,
} = Stripe.errors;

type Thrown = InstanceType<typeof StripeError>;

/** Milliseconds. Somebody waits for what is read; more is not asked of them. */
const PATIENCE = 1000;
const PAUSE = 250;

/**
 * For whatever changes something. What is not the library's own error passes as it is.
 * @throws BillingError
 */
export async function asking<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw error instanceof StripeError ? billingError(error) : error;
  }
}

/**
 * For reads: one that is refused is as little an answer as one that does not come.
 * @throws BillingError always `unknown`, with Stripe's code
 */
export async function reading<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work().catch(async (error) => {
      const delay = delayOf(error);
      if (delay === undefined) throw error;
      await wait(delay);
      return work();
    });
  } catch (error) {
    if (!(error instanceof StripeError)) throw error;
    const { kind, code, message } = billingError(error);
    const failure = new BillingError("unknown", code, message);
    if (kind === "rejected" || code === "permission_missing") refused.add(failure);
    throw failure;
  }
}

const refused = new WeakSet<BillingError>();

/** Whether Stripe has refused a read for what was asked: it would do so again. */
export const isRefused = (error: unknown): boolean => error instanceof BillingError && refused.has(error);

/** Before a read is tried once more; undefined if that would not help or take too long. The rest retries by itself. */
function delayOf(error: unknown): number | undefined {
  if (!(error instanceof StripeRateLimitError)) return undefined;
  const asked = Number(error.headers?.["retry-after"] ?? 0) * 1000;
  return asked <= PATIENCE ? Math.max(asked, PAUSE) : undefined;
}

/** Undefined where Stripe has nothing under this id. Around the library's promise or around what `reading` gives. */
export async function orMissing<T>(found: Promise<T>): Promise<T | undefined> {
  try {
    return await found;
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

function isMissing(error: unknown): boolean {
  if (error instanceof StripeInvalidRequestError)
    return error.statusCode === 404 || error.code === "resource_missing";
  return error instanceof BillingError && error.code === "resource_missing";
}

/** As `asking` throws it. */
export function billingError(thrown: unknown): BillingError {
  if (thrown instanceof BillingError) return thrown;
  if (!(thrown instanceof StripeError)) return new BillingError("unknown", "api_error", wordsOf(thrown));
  const [kind, code] = verdict(thrown);
  const error = new BillingError(kind, code, wordsOf(thrown));
  if (thrown.headers?.["idempotent-replayed"] === "true") replayed.add(error);
  return error;
}

const replayed = new WeakSet<BillingError>();

/** Whether Stripe has only said again what it said before under the same idempotency key. */
export const isReplay = (error: unknown): boolean => replayed.has(billingError(error));

function verdict(thrown: Thrown): [kind: BillingError["kind"], code: string] {
  // Stripe says so with 429, though nobody has asked too often.
  if (thrown.code === "lock_timeout" || thrown.statusCode === 409) return ["unknown", "lock_timeout"];
  if (thrown instanceof StripeRateLimitError) return ["unknown", "rate_limited"];
  // The operator's to mend: for a customer nothing has been said about what they asked for.
  if (thrown instanceof StripeAuthenticationError) return ["unknown", "authentication_failed"];
  if (thrown instanceof StripePermissionError) return ["unknown", "permission_missing"];
  if (thrown instanceof StripeConnectionError) return ["unknown", "connection_failed"];
  if (thrown instanceof StripeIdempotencyError) return ["rejected", "idempotency_mismatch"];
  if (thrown instanceof StripeCardError || hasNothingToChargeTo(thrown) || asksCustomer(thrown))
    return ["rejected", "payment_declined"];
  if (thrown instanceof StripeInvalidRequestError) return ["rejected", thrown.code ?? "invalid_request"];
  return ["unknown", "api_error"];
}

/** Stripe has no code of its own for it; to the customer it is the same as a card that is refused. */
const hasNothingToChargeTo = (thrown: Thrown) =>
  thrown instanceof StripeInvalidRequestError &&
  /no attached payment source|no `?default_payment_method`? set/i.test(thrown.message);

/** Stripe has no one type for it; with nobody there to confirm the payment it has failed. What failed at Stripe is open. */
const asksCustomer = ({ code = "", statusCode = 500 }: Thrown) => statusCode < 500 && CONFIRMATION.test(code);

const CONFIRMATION =
  /^(authentication_required|(\w+_)?payment_intent_(requires_action|action_required|authentication_failure))$/;

/** Stripe's words without keys and addresses, and the request's id, which Stripe's support asks for. */
function wordsOf(thrown: unknown): string {
  const { message, requestId } = thrown as Partial<Thrown>;
  const plain = (message ?? "no message")
    .replaceAll(/\b(?:sk|rk|pk|whsec)_[\w*]+/g, "[key]")
    .replaceAll(/[^\s"'<>()]+@[^\s"'<>()]+/g, "[e-mail]");
  return requestId ? `${plain} (${requestId})` : plain;
}

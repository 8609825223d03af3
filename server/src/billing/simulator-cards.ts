/** What the simulated bank says, and what is known of cards. */
import type { PaymentMethod } from "../../../src/api/wire.ts";
import type {
  SimulatedInvoice,
  SimulatedPaymentMethod,
  SimulatedSubscription,
  StoredSubscription,
} from "./simulator-model.ts";

/** Of everybody who was given no other: never refused, and good for ever. */
export const VISA: SimulatedPaymentMethod = { brand: "Visa", last4: "4242" };

/** Whether a charge at `at` fails: the bank says no, or the last month of the card is over. */
export function isRefused({ declines, expMonth, expYear }: SimulatedPaymentMethod, at: number): boolean {
  if (declines) return true;
  return expMonth !== undefined && expYear !== undefined && at >= Date.UTC(expYear, expMonth, 1);
}

/** What the bank says of a charge at `at`; undefined where it says yes. */
export function declineCodeOf(method: SimulatedPaymentMethod, at: number): string | undefined {
  if (!isRefused(method, at)) return undefined;
  return method.declines ? "generic_decline" : "expired_card";
}

/** What an invoice remembers of its payment. */
export function paymentWith(
  { brand, last4 }: SimulatedPaymentMethod,
  at: number,
): NonNullable<SimulatedInvoice["payment"]> {
  return { at, brand, ...(last4 === undefined ? {} : { last4 }) };
}

export function shownMethod({ declines: _, ...method }: SimulatedPaymentMethod): PaymentMethod {
  return method;
}

/** Older databases know only whether payments fail. */
export function upgraded({ paymentFails, ...stored }: StoredSubscription): SimulatedSubscription {
  return {
    ...stored,
    paymentMethod: stored.paymentMethod ?? (paymentFails ? { ...VISA, declines: true } : VISA),
  };
}

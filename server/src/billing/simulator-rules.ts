/** What the actions have in common: how billing says no. */
import { type BillingAction, BillingError } from "./provider.ts";
import type {
  Advanced,
  SimulatedInvoice,
  SimulatedPrice,
  SimulatedPromoCode,
  SimulatedSubscription,
} from "./simulator-model.ts";

export type Action<Type extends BillingAction["type"]> = Extract<BillingAction, { type: Type }>;

/** What an action may have to know besides its subscription. */
export interface Known {
  /** What `change_price` names, if the catalogue has it. */
  price?: SimulatedPrice | undefined;
  /** What `promo_code` names, if there is one. */
  promoCode?: SimulatedPromoCode | undefined;
  /** The subscription's, for `retry_payment` and for a cancellation that counts from an earlier instant. */
  invoices?: readonly SimulatedInvoice[];
}

/** Nothing has changed. */
export function refuse(code: string, message: string): never {
  throw new BillingError("rejected", code, message);
}

/** Only the change that was asked for, without an invoice. */
export const unbilled = (subscription: SimulatedSubscription): Advanced => ({ subscription, invoices: [] });

/** What is charged at once must be paid at once: a debt is not what the customer has asked for. */
export function collected(after: Advanced): Advanced {
  const { id, paymentMethod } = after.subscription;
  if (after.invoices.some(({ status }) => status === "open"))
    refuse("payment_declined", `The bank refuses the ${paymentMethod.brand} of ${id}`);
  return after;
}

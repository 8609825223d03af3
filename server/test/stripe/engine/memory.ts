/** What the engine remembers of an object and Stripe does not show. */
import type Stripe from "stripe";
import type { State } from "../state.ts";

/** What the running period of a subscription item has cost. */
export interface Billed {
  start: number;
  end: number;
  /** Before discounts. */
  gross: number;
  /** After them; nothing where the invoice was void. */
  net: number;
  invoice: string;
}

interface Memory {
  /** Of a subscription item. */
  billed?: Billed;
  /** Of a subscription: the invoice that has to be paid before it goes on, and how it then goes on. */
  resumption?: { invoice: string; anchor: number; periods: Record<string, { start: number; end: number }> };
  /** Of a subscription: `trial_will_end` has been told about this end. */
  toldOfTrialEnd?: number;
  /** Of an invoice: it is void if nobody tries to pay it until then. */
  expires?: number;
  /** Of an invoice: its payment is under way at a bank, which takes days to answer. Of a payment method: each is. */
  processing?: boolean;
  /** Of a draft: where its customer lives is not known well enough for its taxes. */
  untaxable?: boolean;
  /** Of an invoice that was sent: its due date has passed. */
  overdue?: boolean;
  /** Of a payment method: why each charge is declined. */
  decline?: string;
  /** Of the whole account, while it looks ahead: no bank is asked. */
  trusts?: boolean;
}

export const memory = (state: State, id: string): Memory => {
  state.data.hidden[id] ??= {};
  return state.data.hidden[id] as Memory;
};

/** Where it says that payments succeed without a bank. */
export const BANK = "bank";

/** The id of what can be expanded. */
export const idOf = (thing: string | { id: string } | null | undefined): string =>
  typeof thing === "string" ? thing : (thing?.id ?? "");

export const customerOf = (state: State, object: { customer: unknown }): Stripe.Customer =>
  state.get("customers", idOf(object.customer as string));

/** The moment that it is for whoever the object belongs to. */
export const nowOf = (state: State, object: { customer: unknown }): number =>
  state.timeOf(idOf(object.customer as string));

/** All or nothing: what fails leaves everything as it was. */
export function whole<Result>(state: State, work: () => Result): Result {
  const before = state.copy().data;
  try {
    return work();
  } catch (error) {
    Object.assign(state.data, before);
    throw error;
  }
}

/** What was planned for a subscription and had to be taken off its schedule, as its metadata remembers it. */
import type Stripe from "stripe";

/** Metadata of a subscription: what a cancellation has put aside, until it is undone. */
export const PLANNED = "renumerate_planned";
/** Metadata of a subscription: something was given back for the cancellation. */
export const RETURNED = "renumerate_returned";
/** What an action has put aside until it is through: what is found later was left by one that did not live to see it. */
export const ASIDE = "renumerate_aside";

/** Metadata of a subscription: the end that it has by contract, s, while another one stands in its place. */
export const TERM = "renumerate_term";

export const withTerm = (at: number): Record<string, string> => ({ [TERM]: String(at) });

export const withoutTerm = ({ metadata }: Pick<Stripe.Subscription, "metadata">): Record<string, string> =>
  metadata[TERM] === undefined ? {} : { [TERM]: "" };

export function notedTerm({ metadata }: Pick<Stripe.Subscription, "metadata">): number | undefined {
  const at = Number(metadata[TERM]);
  return Number.isSafeInteger(at) && at > 0 ? at : undefined;
}

/** `resumesAt`: the end of a pause that stops the service, s. */
export type Plan = { price: string; quantity: number } | { resumesAt: number };

/** Of a schedule that Stripe does not have: one that is only foreseen. */
export const FORESEEN = "sub_sched_foreseen";

/** @param of the schedule that it was taken off */
export const written = (plan: Plan, of?: string): string => JSON.stringify({ ...plan, of });

/** The schedule that something was taken off, if that is known. */
export function takenOff(text: string | undefined): string | undefined {
  const of = parsed(text) && (JSON.parse(text ?? "") as { of?: unknown }).of;
  return typeof of === "string" ? of : undefined;
}

/** Anybody with access to the account can write there. */
export function parsed(text: string | undefined): Plan | undefined {
  if (!text) return undefined;
  try {
    const { price, quantity, resumesAt } = JSON.parse(text) as Record<string, unknown>;
    if (typeof resumesAt === "number") return { resumesAt };
    if (typeof price === "string" && typeof quantity === "number") return { price, quantity };
  } catch {
    // As if nothing were noted.
  }
  return undefined;
}

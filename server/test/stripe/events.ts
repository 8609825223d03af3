/** Brings the double's events to whoever listens, signed as Stripe signs them: https://docs.stripe.com/webhooks */
import Stripe from "stripe";
import type { State } from "./state.ts";

export interface Delivery {
  url: string;
  /** The endpoint's own, `whsec_…`. */
  secret: string;
  /** When it was signed, s: the double's own time unless a test says otherwise. */
  at?: number;
  /** For a listener without a port of its own. */
  fetch?: (request: Request) => Response | Promise<Response>;
}

const library = new Stripe("sk_test_signs_only");

/** What Stripe would send: the body as it stands, and the header over it. */
export function signed(event: object, secret: string, at: number): { body: string; signature: string } {
  const body = JSON.stringify(event, null, 2);
  const signature = library.webhooks.generateTestHeaderString({ payload: body, secret, timestamp: at });
  return { body, signature };
}

/** One attempt. Stripe tries again for days where the answer is not 2xx; here that is the test's affair. */
export async function deliver(double: { state: State }, event: object, to: Delivery): Promise<Response> {
  const { body, signature } = signed(event, to.secret, to.at ?? double.state.data.now);
  const request = new Request(to.url, {
    method: "POST",
    headers: {
      "content-type": "application/json; charset=utf-8",
      "stripe-signature": signature,
      "user-agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
    },
    body,
  });
  return to.fetch ? to.fetch(request) : fetch(request);
}

/** In the order in which they happened. @param after id of an event that is known already */
export function eventsOf(
  double: { state: State },
  types?: readonly Stripe.Event.Type[],
  after?: string,
): Stripe.Event[] {
  const all = double.state.all("events");
  const from = after === undefined ? 0 : all.findIndex(({ id }) => id === after) + 1;
  return all.slice(from).filter(({ type }) => types === undefined || types.includes(type));
}

type Plain = Record<string, unknown>;

/** Before 2025-03-31.basil: the subscription, the payment and the tax at the top of an invoice. */
function olderInvoice({ parent, payments, total_taxes, ...rest }: Plain): Plain {
  const details = (parent as Stripe.Invoice.Parent | null)?.subscription_details;
  const paid = (payments as Stripe.ApiList<Stripe.InvoicePayment> | undefined)?.data[0]?.payment;
  const taxes = (total_taxes ?? []) as Stripe.Invoice.TotalTax[];
  return {
    ...rest,
    subscription: details?.subscription ?? null,
    subscription_details: details ? { metadata: details.metadata } : null,
    payment_intent: paid?.payment_intent ?? null,
    charge: paid?.charge ?? null,
    paid: rest.status === "paid",
    tax: taxes.reduce((sum, { amount }) => sum + amount, 0) || null,
  };
}

/** Before 2025-03-31.basil: one period for the whole subscription, and at most one discount. */
function olderSubscription({ items, discounts, billing_mode: _mode, ...rest }: Plain): Plain {
  const { data, ...list } = items as Stripe.ApiList<Stripe.SubscriptionItem>;
  const older = data.map(({ current_period_start: _start, current_period_end: _end, ...item }) => item);
  return {
    ...rest,
    current_period_start: Math.min(...data.map((each) => each.current_period_start)),
    current_period_end: Math.min(...data.map((each) => each.current_period_end)),
    discount: null,
    discounts,
    items: { ...list, data: older },
  };
}

/** The same as an endpoint gets it whose version is from 2024. */
export function older(event: Stripe.Event): Plain {
  const object = event.data.object as unknown as Plain;
  const shape = { invoice: olderInvoice, subscription: olderSubscription }[object.object as "invoice"];
  return {
    ...event,
    api_version: "2024-06-20",
    data: { ...event.data, object: shape ? shape(object) : object },
  };
}

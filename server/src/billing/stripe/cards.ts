/**
 * Another payment method for a subscription that has one of its own, as Checkout gives to each. Stripe's page makes what
 * is given there the customer's default and nothing else, and the subscription's own goes on being charged. So what the
 * default was before is noted at the subscription for which the page is opened, and what it is afterwards is taken over.
 */
import type Stripe from "stripe";
import { BillingError } from "../provider.ts";
import { asking, reading } from "./errors.ts";
import type { StripeAccount } from "./model.ts";
import { expanded, idOf } from "./parts.ts";

/** Metadata of a subscription: the id of what was its customer's default, or `none`. */
const NOTE = "renumerate_card";

const noteOf = (customer: Stripe.Customer): string => {
  const method = customer.invoice_settings.default_payment_method;
  return method ? idOf(method) : "none";
};

const hasOwn = ({ status, default_payment_method: method, default_source: source }: Stripe.Subscription) =>
  status !== "canceled" && (method !== null || source !== null);

/**
 * Before the customer gets to Stripe's page.
 * @param opened with its customer
 * @throws BillingError
 */
export async function expectCard({ stripe }: StripeAccount, opened: Stripe.Subscription): Promise<void> {
  const customer = expanded<Stripe.Customer | Stripe.DeletedCustomer>(opened.customer);
  if (!customer || customer.deleted) return;
  const before = noteOf(customer);
  const all = await reading(() =>
    stripe.subscriptions.list({ customer: customer.id, limit: 100 }).autoPagingToArray({ limit: 1000 }),
  );
  const note = (id: string, value: string) =>
    asking(() => stripe.subscriptions.update(id, { metadata: { [NOTE]: value } }));
  // What is given now is for this one: another one's page was left without a choice.
  for (const { id, metadata } of all) if (id !== opened.id && metadata[NOTE] === before) await note(id, "");
  // One that is noted has not been taken over yet.
  if (hasOwn(opened) && !opened.metadata[NOTE]) await note(opened.id, before);
}

/**
 * The subscription with what was given on Stripe's page. If Stripe does not take it, everything is as it was, and the
 * next who reads it tries again.
 * @param customer with the payment method expanded
 */
export async function withNewCard(
  { stripe }: StripeAccount,
  read: Stripe.Subscription,
  customer: Stripe.Customer,
): Promise<Stripe.Subscription> {
  const { [NOTE]: before, ...metadata } = read.metadata;
  const chosen = customer.invoice_settings.default_payment_method;
  if (!before || !chosen || !hasOwn(read) || idOf(chosen) === before) return read;
  const method = { default_payment_method: idOf(chosen) };
  const source = read.default_source === null ? {} : { default_source: "" as const };
  const schedule = expanded(read.schedule);
  try {
    // Its next phase would bring the old one back.
    if (schedule && isRunning(schedule) && schedule.default_settings.default_payment_method)
      await asking(() => stripe.subscriptionSchedules.update(schedule.id, { default_settings: method }));
    await asking(() =>
      stripe.subscriptions.update(read.id, { ...method, ...source, metadata: { [NOTE]: "" } }),
    );
  } catch (error) {
    if (error instanceof BillingError) return read;
    throw error;
  }
  return { ...read, default_payment_method: chosen, default_source: null, metadata };
}

const isRunning = ({ status }: Stripe.SubscriptionSchedule): boolean =>
  status === "active" || status === "not_started";

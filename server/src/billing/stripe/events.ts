/**
 * What Stripe tells, in our words. An endpoint has the API version that it was made with, so an event may have the shape
 * of any year: an invoice named its subscription itself before `parent` did, and what is expanded today was inline once.
 */
import type { BillingEvent, Leaving } from "../billing-event.ts";
import { fromStripe } from "./amounts.ts";
import type { Feedback } from "./model.ts";

/** Events that an endpoint has to be registered for: something is taken from each. */
export const EVENT_TYPES = [
  "customer.subscription.updated",
  "customer.subscription.deleted",
  "invoice.paid",
  "invoice.payment_failed",
  "invoice.voided",
  "invoice.marked_uncollectible",
] as const;

/** Of these nothing is taken: what is remembered is forgotten, which happens within minutes without them. */
export const REFRESHING_TYPES = [
  "checkout.session.completed",
  "customer.subscription.created",
  "customer.subscription.paused",
  "customer.subscription.resumed",
  "customer.subscription.trial_will_end",
  "customer.subscription.pending_update_applied",
  "customer.subscription.pending_update_expired",
  "product.updated",
  "product.deleted",
  "price.created",
  "price.updated",
  "price.deleted",
  "coupon.updated",
  "coupon.deleted",
] as const;

type Fields = Readonly<Record<string, unknown>>;

const fields = (value: unknown): Fields =>
  typeof value === "object" && value !== null ? (value as Fields) : {};
const text = (value: unknown): string | undefined => (typeof value === "string" && value ? value : undefined);
const whole = (value: unknown): number | undefined =>
  Number.isSafeInteger(value) ? Number(value) : undefined;
const instant = (seconds: unknown): number | undefined => {
  const given = whole(seconds);
  return given ? given * 1000 : undefined;
};
/** Of an object that is given by its id or as a whole. */
const idOf = (value: unknown): string | undefined => text(value) ?? text(fields(value).id);
/** Without the fields that are undefined. */
const present = <T extends object>(value: { [K in keyof T]: T[K] | undefined }): T =>
  Object.fromEntries(Object.entries(value).filter(([, each]) => each !== undefined)) as T;

/**
 * @returns undefined for what does not have to be kept: types that are not known, and changes that say nothing of an end
 * or a payment
 */
export function toBillingEvent(given: unknown): BillingEvent | undefined {
  const event = fields(given);
  const { object, previous_attributes: previous } = fields(event.data) as {
    object?: unknown;
    previous_attributes?: unknown;
  };
  const [id, at] = [text(event.id), instant(event.created)];
  // Of another account that is connected to this one: its customers are none of ours.
  if (id === undefined || at === undefined || event.account) return undefined;
  const told = translate(event.type, fields(object), previous === undefined ? undefined : fields(previous));
  return told && ({ id, at, ...told } as BillingEvent);
}

type WithoutHead<Event> = Event extends BillingEvent ? Omit<Event, "id" | "at"> : never;

function translate(
  type: unknown,
  object: Fields,
  previous: Fields | undefined,
): WithoutHead<BillingEvent> | undefined {
  switch (type) {
    case "customer.subscription.updated":
      return changed(object, previous);
    case "customer.subscription.deleted": {
      const subscriptionId = text(object.id);
      return subscriptionId
        ? { type: "subscription_ended", subscriptionId, leaving: leavingOf(object) }
        : undefined;
    }
    case "invoice.payment_failed":
      return failed(object);
    case "invoice.paid":
      return paid(object);
    case "invoice.voided":
      return givenUp(object, "voided");
    case "invoice.marked_uncollectible":
      return givenUp(object, "uncollectible");
    default:
      return undefined;
  }
}

const ABOUT_THE_END = ["cancel_at", "cancel_at_period_end", "canceled_at", "cancellation_details"];

function changed(object: Fields, previous: Fields | undefined): WithoutHead<BillingEvent> | undefined {
  const subscriptionId = text(object.id);
  if (!subscriptionId) return undefined;
  if (previous && !ABOUT_THE_END.some((each) => each in previous)) return undefined;
  const isLeaving = object.cancel_at_period_end === true || whole(object.cancel_at) !== undefined;
  // Without what was before, one that goes on says nothing.
  if (!isLeaving && !previous) return undefined;
  return present({
    type: "subscription_changed" as const,
    subscriptionId,
    leaving: isLeaving ? leavingOf(object) : undefined,
  });
}

/** Where the adapter, on the way there, had to take Stripe's word for one of ours. */
const REASONS: Partial<Record<Feedback, string>> = {
  unused: "not_using",
  switched_service: "switching",
  low_quality: "technical_issues",
};

function leavingOf(object: Fields): Leaving {
  const { reason, feedback, comment } = fields(object.cancellation_details);
  const word = text(feedback);
  return present<Leaving>({
    requestedAt: instant(object.canceled_at),
    involuntary: reason === "payment_failed" || reason === "payment_disputed" ? true : undefined,
    reason: word && (REASONS[word as Feedback] ?? word),
    comment: text(comment),
  });
}

function failed(invoice: Fields): WithoutHead<BillingEvent> | undefined {
  const [invoiceId, customerId, currency] = [
    text(invoice.id),
    idOf(invoice.customer),
    text(invoice.currency),
  ];
  if (!invoiceId || !customerId || !currency) return undefined;
  // Nobody was a customer yet: there is nothing to win back.
  if (invoice.billing_reason === "subscription_create") return undefined;
  return present({
    type: "payment_failed" as const,
    invoiceId,
    subscriptionId: subscriptionOf(invoice),
    customerId,
    email: text(invoice.customer_email),
    amount: fromStripe(whole(invoice.amount_remaining) ?? whole(invoice.amount_due) ?? 0, currency),
    currency,
    attempt: whole(invoice.attempt_count) ?? 1,
    declineCode: declineOf(invoice),
    nextAttemptAt: instant(invoice.next_payment_attempt),
  });
}

function paid(invoice: Fields): WithoutHead<BillingEvent> | undefined {
  const [invoiceId, currency] = [text(invoice.id), text(invoice.currency)];
  // What costs nothing has never been asked for.
  if (!invoiceId || !currency || invoice.amount_due === 0) return undefined;
  if (invoice.billing_reason === "subscription_create") return undefined;
  return {
    type: "payment_succeeded",
    invoiceId,
    amount: fromStripe(whole(invoice.amount_paid) ?? whole(invoice.amount_due) ?? 0, currency),
    attempt: whole(invoice.attempt_count) ?? 1,
  };
}

function givenUp(invoice: Fields, reason: "voided" | "uncollectible"): WithoutHead<BillingEvent> | undefined {
  const invoiceId = text(invoice.id);
  return invoiceId ? { type: "payment_given_up", invoiceId, reason } : undefined;
}

function subscriptionOf(invoice: Fields): string | undefined {
  const { subscription } = fields(fields(invoice.parent).subscription_details);
  return idOf(subscription) ?? idOf(invoice.subscription);
}

/** Only where it is inline: Stripe's events hold ids of payments unless an older version expanded them. */
function declineOf(invoice: Fields): string | undefined {
  const { data } = fields(invoice.payments);
  const intents = (Array.isArray(data) ? data : []).map(
    (each) => fields(fields(each).payment).payment_intent,
  );
  for (const intent of [...intents.reverse(), invoice.payment_intent]) {
    const { decline_code: decline, code } = fields(fields(intent).last_payment_error);
    const found = text(decline) ?? text(code);
    if (found) return found;
  }
  const { failure_code: code, outcome } = fields(invoice.charge);
  return text(fields(outcome).reason) ?? text(code);
}

/** Beginnings of the keys under which the adapter remembers what this event may have changed. */
export function staleAfter(given: unknown): string[] {
  const event = fields(given);
  const object = fields(fields(event.data).object);
  const id = text(object.id) ?? "";
  switch (object.object) {
    case "subscription":
      return [`charge:${id}`];
    case "invoice":
    case "checkout.session": {
      const subscription = subscriptionOf(object);
      return subscription ? [`charge:${subscription}`] : [];
    }
    case "product":
      return [`product:${id}`, `prices:${id}`];
    case "price":
      return [`price:${id}`, `prices:${idOf(object.product)}`];
    case "coupon":
      return [`coupon:${id}`, `terms:${id}`];
    default:
      return [];
  }
}

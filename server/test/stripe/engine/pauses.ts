/** Pauses that stop the service too: https://docs.stripe.com/billing/subscriptions/pause */
import type Stripe from "stripe";
import { Refusal, type State } from "../state.ts";
import { isMetered } from "./amounts.ts";
import { HOUR, periodAt } from "./calendar.ts";
import { creditUnused } from "./cancellations.ts";
import { itemEntry, pendingOf } from "./entries.ts";
import { draft, finalize, voidInvoice } from "./invoices.ts";
import { nextPeriodEnd, recurringOf } from "./items.ts";
import { memory } from "./memory.ts";
import { attempt } from "./payments.ts";
import { debit } from "./prorations.ts";
import { invoiceNow } from "./renewals.ts";
import { goOn, tracked } from "./standing.ts";

type Subscription = Stripe.Subscription;

/** A resumption that nobody tries to pay is off after this long. */
const EXPIRES = 23 * HOUR;

/** @throws Refusal 400 */
export function checkPausable(subscription: Subscription): void {
  const refuse = (says: string) => new Refusal(400, says);
  if (subscription.billing_mode.type !== "flexible")
    throw refuse("Only subscriptions with `billing_mode[type]=flexible` can be paused.");
  if (subscription.collection_method !== "charge_automatically")
    throw refuse("Only subscriptions with `collection_method=charge_automatically` can be paused.");
}

export interface PauseTerms {
  /** `none`, or the moment from which unused time is credited. */
  unusedFrom: "none" | "now" | "pause_at" | "item_current_period_start" | (string & {});
  invoicing: "invoice" | "pending_invoice_item" | (string & {});
}

/** No invoices and no new periods from now on. @throws Refusal 400 unless it runs */
export function pause(state: State, subscription: Subscription, terms: PauseTerms, at: number): void {
  checkPausable(subscription);
  if (subscription.status !== "active")
    throw new Refusal(
      400,
      `Only active subscriptions can be paused; this one's status is \`${subscription.status}\`.`,
    );
  tracked(state, subscription, at, () => {
    const start = Math.min(...subscription.items.data.map((item) => item.current_period_start));
    const from = terms.unusedFrom === "item_current_period_start" ? start : at;
    if (terms.unusedFrom !== "none") creditUnused(state, subscription, from, at);
    if (terms.invoicing === "invoice" && pendingOf(state, subscription).length > 0)
      invoiceNow(state, subscription, [], { reason: "subscription_update", at });
    subscription.status = "paused";
    subscription.status_details = {
      paused: { subscription: { type: "pause_requested" }, transitioned_at: at, type: "subscription" },
    };
  });
}

export interface ResumeTerms {
  anchor: "now" | "resume_at" | "unchanged" | (string & {});
  payment: "resume_on_payment_attempt" | "resume_on_payment_success" | (string & {});
  proration: "always_invoice" | "create_prorations" | "none" | (string & {});
}

type Periods = Record<string, { start: number; end: number }>;

function periodsFrom(subscription: Subscription, anchor: number, at: number): Periods {
  const periods = subscription.items.data.map((item) => {
    const period = periodAt(anchor, recurringOf(item), at);
    return [item.id, anchor === at ? { ...period, start: at } : period] as const;
  });
  return Object.fromEntries(periods);
}

/** The old rhythm goes on. The rest of a period that was not paid for is charged, unless there are no prorations. */
function resumeUnchanged(state: State, subscription: Subscription, terms: ResumeTerms, at: number): void {
  const { billing_cycle_anchor: anchor } = subscription;
  const isWithin = nextPeriodEnd(subscription) > at;
  const periods = periodsFrom(subscription, anchor, at);
  memory(state, subscription.id).resumption = { invoice: "", anchor, periods };
  goOn(state, subscription);
  if (isWithin || terms.proration === "none") return;
  for (const item of subscription.items.data) debit(state, subscription, item, at, at);
  if (terms.proration === "always_invoice")
    invoiceNow(state, subscription, [], { reason: "subscription_update", at });
}

/**
 * A new period begins now, and its invoice has to be paid first. With `resume_on_payment_attempt` nobody tries within the
 * request, and if nobody has within 23 hours the invoice is void; with `resume_on_payment_success` it is tried at once
 * and again later. A payment that comes later does not move the period: about that the documentation says nothing.
 */
function resumeAnew(state: State, subscription: Subscription, terms: ResumeTerms, at: number): void {
  const periods = periodsFrom(subscription, at, at);
  const entries = subscription.items.data
    .filter((item) => !isMetered(item.price))
    .map((item) => itemEntry(state, subscription, item, periods[item.id] ?? { start: at, end: at }));
  const invoice = draft(state, subscription, entries, { reason: "subscription_update", at });
  memory(state, subscription.id).resumption = { invoice: invoice.id, anchor: at, periods };
  const waits = terms.payment === "resume_on_payment_attempt";
  if (waits) invoice.auto_advance = false;
  finalize(state, invoice, at);
  if (invoice.status !== "open") return;
  if (waits) memory(state, invoice.id).expires = at + EXPIRES;
  else attempt(state, invoice, at);
}

/** @throws Refusal 400 unless it is paused */
export function resume(state: State, subscription: Subscription, terms: ResumeTerms, at: number): void {
  if (subscription.status !== "paused")
    throw new Refusal(400, "This subscription cannot be resumed because it is not paused.");
  if (subscription.collection_method !== "charge_automatically")
    throw new Refusal(
      400,
      "Only subscriptions with `collection_method=charge_automatically` can be resumed.",
    );
  const { resumption } = memory(state, subscription.id);
  const waiting = resumption && state.find("invoices", resumption.invoice);
  tracked(state, subscription, at, () => {
    // A second attempt takes the place of the first; the documentation says nothing about it.
    if (waiting?.status === "open") voidInvoice(state, waiting, at);
    if (terms.anchor === "unchanged") resumeUnchanged(state, subscription, terms, at);
    else resumeAnew(state, subscription, terms, at);
  });
}

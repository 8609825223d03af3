/** Invoices that are not written: https://docs.stripe.com/api/invoices/create_preview */
import type Stripe from "stripe";
import { named } from "../operations/parts.ts";
import { Refusal, type State } from "../state.ts";
import { scheduleCancellation } from "./cancellations.ts";
import { nextDue } from "./clock.ts";
import { createSubscription } from "./creation.ts";
import { type DiscountParam, redeemAll } from "./discounts.ts";
import { taxRates } from "./items.ts";
import { BANK, customerOf, idOf, memory, nowOf } from "./memory.ts";
import { resume } from "./pauses.ts";
import { type BillingParams, changeBilling } from "./rebilling.ts";
import { invoicesOf, isOver } from "./standing.ts";

type Params = Stripe.InvoiceCreatePreviewParams;
type Details = NonNullable<Params["subscription_details"]>;
type Subscription = Stripe.Subscription;

const none = (): Refusal =>
  new Refusal(404, "No upcoming invoices for customer", { code: "invoice_upcoming_none" });

/** Enough for several discounts and retries on the way to the next invoice. */
const MOST_STEPS = 200;

/** "" leaves out the customer's discount too. */
function setDiscounts(
  state: State,
  subscription: Subscription,
  given: Params["discounts"],
  at: number,
): void {
  if (given === undefined) return;
  const customer = customerOf(state, subscription);
  const place = { customer: customer.id, currency: subscription.currency, subscription: subscription.id, at };
  subscription.discounts = redeemAll(state, (given || []) as DiscountParam[], place);
  if (!given) customer.discount = null;
}

/** Without what comes only once: prorations, and what else waits for the next invoice. */
function keepRecurring(state: State, subscription: Subscription): void {
  for (const item of state.all("invoiceitems"))
    if (item.invoice === null && idOf(item.customer as string) === idOf(subscription.customer as string))
      delete state.data.objects.invoiceitems[item.id];
}

/** Does to the copy what is asked about. What has to be paid at once is an invoice then. */
function change(
  state: State,
  subscription: Subscription,
  details: Details,
  isRecurring: boolean,
  at: number,
): void {
  if (details.default_tax_rates !== undefined)
    subscription.default_tax_rates = taxRates(state, details.default_tax_rates);
  if (details.cancel_now) throw none();
  const resumes = details.resume_at === "now" || (isRecurring && subscription.status === "paused");
  if (resumes) {
    const terms = { anchor: "now", payment: "resume_on_payment_success", proration: "none" };
    resume(state, subscription, terms, at);
  }
  const { items, billing_cycle_anchor, trial_end, proration_behavior, proration_date } = details;
  const given = { items, billing_cycle_anchor, trial_end, proration_behavior, proration_date };
  const asked = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  changeBilling(
    state,
    subscription,
    {
      ...asked,
      ...(isRecurring ? { proration_behavior: "none", billing_cycle_anchor: { type: "unchanged" } } : {}),
    } as BillingParams,
    at,
  );
  scheduleCancellation(state, subscription, details, at);
}

/** Lets the copy's time pass until there is an invoice that was not there before. */
function waitFor(state: State, subscription: Subscription, known: ReadonlySet<string>): Stripe.Invoice {
  const customer = idOf(subscription.customer as string);
  const clock = idOf(subscription.test_clock) || undefined;
  for (let steps = 0; steps < MOST_STEPS; steps += 1) {
    const found = invoicesOf(state, subscription).find(({ id }) => !known.has(id));
    if (found) return found;
    const next = isOver(subscription) ? undefined : nextDue(state, (id) => id === customer);
    if (!next) break;
    const now = Math.max(next.at, nowOf(state, subscription));
    if (clock) state.get("test_clocks", clock).frozen_time = now;
    else state.data.now = now;
    next.run(now);
  }
  throw none();
}

/** As it would be before anybody pays. */
function upcoming(invoice: Stripe.Invoice): Stripe.Invoice {
  const id = invoice.id.replace("in_", "upcoming_in_");
  const isSent = invoice.collection_method === "send_invoice";
  return {
    ...structuredClone(invoice),
    id,
    status: "draft",
    billing_reason: invoice.billing_reason === "subscription_cycle" ? "upcoming" : invoice.billing_reason,
    amount_paid: 0,
    amount_remaining: invoice.amount_due,
    attempt_count: 0,
    attempted: false,
    automatically_finalizes_at: null,
    effective_at: null,
    ending_balance: invoice.ending_balance ?? endingBalance(invoice),
    hosted_invoice_url: null,
    invoice_pdf: null,
    lines: {
      ...invoice.lines,
      url: `/v1/invoices/upcoming/lines`,
      data: invoice.lines.data.map((line) => ({
        ...line,
        id: line.id.replace("il_", "il_tmp_"),
        invoice: id,
      })),
    },
    next_payment_attempt: isSent ? null : invoice.created + 3600,
    number: null,
    status_transitions: { finalized_at: null, marked_uncollectible_at: null, paid_at: null, voided_at: null },
    webhooks_delivered_at: null,
  };
}

const endingBalance = ({ total, starting_balance: balance, amount_due: due }: Stripe.Invoice): number =>
  total + balance - due;

function previewNew(state: State, params: Params): Stripe.Invoice {
  const { items, trial_end, proration_behavior, billing_mode, default_tax_rates } =
    params.subscription_details ?? {};
  if (!params.customer || !items?.length) throw none();
  const given = { items, trial_end, proration_behavior, billing_mode, default_tax_rates };
  const asked = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  const made = createSubscription(state, {
    ...(asked as Stripe.SubscriptionCreateParams),
    ...(params.discounts ? { discounts: params.discounts } : {}),
    customer: params.customer,
  });
  const [first] = invoicesOf(state, made);
  if (!first) throw none();
  return first;
}

function subscriptionFor(state: State, params: Params): Subscription | undefined {
  if (params.schedule) {
    const schedule = named(state, "subscription_schedules", params.schedule, "schedule");
    return state.find("subscriptions", idOf(schedule.subscription as string | null));
  }
  return params.subscription ? named(state, "subscriptions", params.subscription, "subscription") : undefined;
}

/**
 * Computed with what also does it, on a copy where every payment method is good.
 * - While charges are stopped it is the next invoice as it would be if they were not: nothing is documented.
 * - `recurring` leaves out prorations and what waits to be invoiced, and changes of items come without a new period.
 * @throws Refusal 404 where nothing will be charged, 400
 */
export function preview(real: State, params: Params): Stripe.Invoice {
  const state = real.copy();
  memory(state, BANK).trusts = true;
  const subscription = subscriptionFor(state, params);
  if (!subscription) {
    if (params.subscription || params.schedule) throw none();
    return upcoming(previewNew(state, params));
  }
  if (params.customer && params.customer !== idOf(subscription.customer as string))
    throw new Refusal(400, `No such subscription: '${subscription.id}'`, {
      code: "resource_missing",
      param: "subscription",
    });
  if (isOver(subscription)) throw none();
  const at = nowOf(state, subscription);
  const isRecurring = params.preview_mode === "recurring";
  const known = new Set(state.all("invoices").map(({ id }) => id));
  subscription.pause_collection = null;
  setDiscounts(state, subscription, params.discounts, at);
  if (isRecurring) keepRecurring(state, subscription);
  change(state, subscription, params.subscription_details ?? {}, isRecurring, at);
  return upcoming(waitFor(state, subscription, known));
}

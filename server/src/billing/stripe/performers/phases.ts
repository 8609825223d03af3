/** The phases of a subscription schedule: what runs stays as it is until its period ends, and then the price is another. */
import type Stripe from "stripe";
import { idOf } from "../parts.ts";

type Phase = Stripe.SubscriptionSchedule.Phase;
type Params = Stripe.SubscriptionScheduleUpdateParams.Phase;
type Discounts = NonNullable<Params["discounts"]>;

export interface Change {
  /** Of the item whose price changes. */
  from: string;
  to: string;
  quantity: number;
  /** When, s. */
  at: number;
  /** When the subscription ends by contract, s. */
  end?: number;
  /** What is redeemed already is kept, not redeemed again. Absent: its customer's, if there is one. */
  discounts?: { now: Discounts; next: Discounts };
}

/**
 * The second phase is short: once the price has changed there is nothing left to schedule, and Stripe lets go of the
 * subscription. Only what ends by contract stays with it until then. Metadata is left out of both: entering a phase would
 * write old values over newer ones.
 */
export function phasesFor(schedule: Stripe.SubscriptionSchedule, change: Change): [Params, Params] {
  const { current_phase: current, phases } = schedule;
  const phase = phases.find(({ start_date: start }) => start === current?.start_date) ?? phases.at(-1);
  if (!phase) throw new Error(`${schedule.id} has no phases`);
  const settings = settingsOf(phase, schedule.default_settings);
  const { discounts, at, end } = change;
  const trial = (phase.trial_end ?? 0) >= at ? { trial_end: at } : {};
  return [
    {
      ...settings,
      ...present("discounts", discounts?.now),
      ...trial,
      start_date: phase.start_date,
      end_date: at,
      items: phase.items.map(asParams),
    },
    {
      ...settings,
      ...present("discounts", discounts?.next),
      items: phase.items.map((item) => next(item, change)),
      ...(end === undefined ? { duration: { interval: "day", interval_count: 1 } } : { end_date: end }),
      proration_behavior: "none",
    },
  ];
}

function next(item: Phase["items"][number], { from, to, quantity }: Change): Params["items"][number] {
  const params = asParams(item);
  return params.price === from ? { ...params, price: to, quantity } : params;
}

function asParams(item: Phase["items"][number]): Params["items"][number] {
  const { price, quantity, discounts, tax_rates: rates, billing_thresholds: thresholds, metadata } = item;
  return {
    price: idOf(price),
    ...(quantity === undefined ? {} : { quantity }),
    ...(discounts.length ? { discounts: discounts.map(kept) } : {}),
    ...(rates?.length ? { tax_rates: rates.map(idOf) } : {}),
    ...(thresholds?.usage_gte ? { billing_thresholds: { usage_gte: thresholds.usage_gte } } : {}),
    ...(metadata && Object.keys(metadata).length ? { metadata } : {}),
  };
}

/** By the discount where there is one: its end and its redemption stay what they are. */
function kept({ discount, coupon, promotion_code: code }: Phase["discounts"][number]) {
  if (discount) return { discount: idOf(discount) };
  return code ? { promotion_code: idOf(code) } : { coupon: idOf(coupon as string | Stripe.Coupon) };
}

/** What a phase leaves out falls back to the schedule's defaults, which stay. */
function settingsOf(
  phase: Phase,
  defaults: Stripe.SubscriptionSchedule.DefaultSettings,
): Omit<Params, "items"> {
  const { collection_method: collected, default_payment_method: method, default_tax_rates: rates } = phase;
  const { transfer_data: transfer, on_behalf_of: behalf, billing_thresholds: thresholds } = phase;
  return {
    ...present("application_fee_percent", phase.application_fee_percent),
    ...present("automatic_tax", taxOf(phase.automatic_tax ?? defaults.automatic_tax)),
    ...present("billing_thresholds", thresholdsOf(thresholds)),
    ...present("collection_method", collected),
    ...present("default_payment_method", method && idOf(method)),
    ...(rates?.length ? { default_tax_rates: rates.map(idOf) } : {}),
    ...present("description", phase.description),
    ...present("invoice_settings", invoicesOf(phase.invoice_settings)),
    ...present("on_behalf_of", behalf && idOf(behalf)),
    ...present(
      "transfer_data",
      transfer && {
        destination: idOf(transfer.destination),
        ...present("amount_percent", transfer.amount_percent),
      },
    ),
  };
}

function taxOf(tax: Phase["automatic_tax"]) {
  if (!tax) return undefined;
  return { enabled: tax.enabled, ...present("liability", tax.liability && partyOf(tax.liability)) };
}

function thresholdsOf(thresholds: Phase["billing_thresholds"]) {
  if (!thresholds) return undefined;
  const { amount_gte: amount, reset_billing_cycle_anchor: reset } = thresholds;
  return { ...present("amount_gte", amount), ...present("reset_billing_cycle_anchor", reset) };
}

function invoicesOf(settings: Phase["invoice_settings"]) {
  if (!settings) return undefined;
  const { account_tax_ids: ids, days_until_due: days, issuer, custom_fields: fields } = settings;
  return {
    ...(ids?.length ? { account_tax_ids: ids.map(idOf) } : {}),
    ...(fields?.length ? { custom_fields: fields } : {}),
    ...present("days_until_due", days),
    ...present("description", settings.description),
    ...present("footer", settings.footer),
    ...present("issuer", issuer && partyOf(issuer)),
  };
}

const partyOf = ({ type, account }: { type: string; account?: string | { id: string } }) => ({
  type: type as "account" | "self",
  ...(account ? { account: idOf(account) } : {}),
});

/** Only if there is one: Stripe has null for what is not set and takes none. */
function present<Key extends string, Value>(
  key: Key,
  value: Value | null | undefined,
): Record<Key, Value> | Record<never, never> {
  return value === null || value === undefined ? {} : ({ [key]: value } as Record<Key, Value>);
}

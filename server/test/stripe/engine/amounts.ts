/** What prices cost. Amounts are in Stripe's minor units of the currency, whatever their number of decimals. */
import type Stripe from "stripe";
import { Refusal, type State } from "../state.ts";

/** Halves go up, and of a credit as far down. */
export const rounded = (value: number): number =>
  value < 0 ? -Math.floor(0.5 - value) : Math.floor(value + 0.5);

export function planOf(price: Stripe.Price): Stripe.Plan {
  return {
    id: price.id,
    object: "plan",
    active: price.active,
    amount: price.unit_amount,
    amount_decimal: price.unit_amount_decimal,
    billing_scheme: price.billing_scheme,
    created: price.created,
    currency: price.currency,
    interval: price.recurring?.interval ?? "month",
    interval_count: price.recurring?.interval_count ?? 1,
    livemode: false,
    metadata: price.metadata,
    meter: price.recurring?.meter ?? null,
    nickname: price.nickname,
    product: price.product,
    tiers_mode: price.tiers_mode,
    transform_usage: price.transform_quantity,
    trial_period_days: price.recurring?.trial_period_days ?? null,
    usage_type: price.recurring?.usage_type ?? "licensed",
  };
}

export const isMetered = (price: Stripe.Price): boolean => price.recurring?.usage_type === "metered";

function tiered(price: Stripe.Price, quantity: number): number {
  let [total, from] = [0, 0];
  for (const tier of price.tiers ?? []) {
    const to = tier.up_to ?? Infinity;
    const within = Math.min(quantity, to) - from;
    if (price.tiers_mode === "volume") {
      if (quantity <= to) return (tier.flat_amount ?? 0) + (tier.unit_amount ?? 0) * quantity;
    } else if (within > 0) total += (tier.flat_amount ?? 0) + (tier.unit_amount ?? 0) * within;
    from = to;
  }
  return total;
}

/** What one period of so many costs, before discounts. @throws Refusal 400 where the price has no such currency */
export function costOf(state: State, priceId: string, quantity: number, currency: string): number {
  const price = state.get("prices", priceId);
  const option =
    price.currency === currency ? price : (price.currency_options?.[currency] as Stripe.Price | undefined);
  if (!option) {
    const says = `The price specified only supports \`${price.currency}\`. This doesn't match the expected currency: \`${currency}\`.`;
    throw new Refusal(400, says);
  }
  if (isMetered(price)) return 0;
  if (price.billing_scheme === "tiered") return tiered({ ...price, ...option }, quantity);
  const { divide_by: by = 1, round = "up" } = price.transform_quantity ?? {};
  const units = round === "up" ? Math.ceil(quantity / by) : Math.floor(quantity / by);
  return rounded(Number(option.unit_amount_decimal ?? option.unit_amount ?? 0) * units);
}

/** Stripe takes nothing smaller from a card: https://docs.stripe.com/currencies#minimum-and-maximum-charge-amounts */
const SMALLEST: Readonly<Record<string, number>> = { usd: 50, eur: 50, chf: 50, gbp: 30, jpy: 50 };

export const isTooSmall = (amount: number, currency: string): boolean =>
  amount > 0 && amount < (SMALLEST[currency] ?? 0);

/** What an item of a subscription costs for one interval, before discounts and taxes, in Stripe's units. */
import type Stripe from "stripe";

type Option = Pick<Stripe.Price, "unit_amount" | "unit_amount_decimal"> & { tiers?: Stripe.Price.Tier[] };

/** What is paid by use costs nothing until it is used. */
export const isLicensed = (item: Pick<Stripe.SubscriptionItem, "price">): boolean =>
  item.price.recurring?.usage_type === "licensed";

/** Rounded as Stripe rounds a line of an invoice. @param currency of the subscription; a price can have several */
export function amountOf(price: Stripe.Price, quantity: number, currency: string): number {
  const option = optionFor(price, currency);
  if (!option) return 0;
  const units = packagesOf(price, quantity);
  const amount =
    price.billing_scheme === "tiered"
      ? tiered(option.tiers ?? [], units, price.tiers_mode)
      : decimal(option.unit_amount, option.unit_amount_decimal) * units;
  return Math.round(amount);
}

function optionFor(price: Stripe.Price, currency: string): Option | undefined {
  return price.currency === currency ? price : price.currency_options?.[currency];
}

function packagesOf({ transform_quantity }: Stripe.Price, quantity: number): number {
  if (!transform_quantity) return quantity;
  const packages = quantity / transform_quantity.divide_by;
  return transform_quantity.round === "up" ? Math.ceil(packages) : Math.floor(packages);
}

const decimal = (amount: number | null, exact: { toString(): string } | null): number =>
  amount ?? Number(exact?.toString() ?? 0);

/** Volume: all units at the price of the tier that the quantity is in. Graduated: each unit at its own tier's. */
function tiered(
  tiers: readonly Stripe.Price.Tier[],
  quantity: number,
  mode: Stripe.Price["tiers_mode"],
): number {
  let total = 0;
  let below = 0;
  for (const { up_to, unit_amount, unit_amount_decimal, flat_amount, flat_amount_decimal } of tiers) {
    const last = up_to === null || quantity <= up_to;
    const unit = decimal(unit_amount, unit_amount_decimal);
    const flat = decimal(flat_amount, flat_amount_decimal);
    if (mode === "volume") {
      if (last) return unit * quantity + flat;
    } else {
      total += unit * ((last ? quantity : (up_to ?? quantity)) - below) + flat;
      if (last) return total;
      below = up_to ?? quantity;
    }
  }
  return total;
}

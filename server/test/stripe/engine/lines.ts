/** Lines of invoices with their discounts and taxes. */
import type Stripe from "stripe";
import type { State } from "../state.ts";
import { rounded } from "./amounts.ts";
import { amountOff, couponOf } from "./discounts.ts";
import { idOf } from "./memory.ts";

type Line = Stripe.InvoiceLineItem;

/** What becomes a line. */
export interface Entry {
  /** Before discounts; of a proration what is left of them. */
  amount: number;
  description: string;
  period: { start: number; end: number };
  price: Stripe.Price;
  quantity: number;
  parent: NonNullable<Line["parent"]>;
  subscription: string | null;
  /** Whether discounts make it cheaper. Those of prorations are in their amounts already. */
  discountable: boolean;
  /** The item's own, which come before the invoice's. */
  itemDiscounts: readonly Stripe.Discount[];
  taxRates: readonly Stripe.TaxRate[];
}

function lineOf(state: State, entry: Entry, currency: string): Line {
  const { price } = entry;
  return {
    id: state.newId("invoices").replace("in_", "il_"),
    object: "line_item",
    amount: entry.amount,
    currency,
    description: entry.description,
    discount_amounts: [],
    discountable: entry.discountable,
    discounts: entry.itemDiscounts.map(({ id }) => id),
    invoice: null,
    livemode: false,
    metadata: {},
    parent: entry.parent,
    period: entry.period,
    pretax_credit_amounts: [],
    pricing: {
      type: "price_details",
      price_details: { price: price.id, product: idOf(price.product) },
      unit_amount_decimal: price.unit_amount_decimal,
    },
    quantity: entry.quantity,
    quantity_decimal: String(entry.quantity) as never,
    subscription: entry.subscription,
    subtotal: entry.amount,
    taxes: [],
  };
}

/** What a line still costs after the discounts that it has so far. */
export const netOf = (line: Line): number =>
  line.amount - (line.discount_amounts ?? []).reduce((sum, { amount }) => sum + amount, 0);

function takeOff(line: Line, discount: Stripe.Discount, amount: number): void {
  line.discount_amounts?.push({ amount, discount: discount.id });
  if (amount) line.pretax_credit_amounts?.push({ amount, discount: discount.id, type: "discount" });
}

/** By their share, and what rounding leaves from the last. */
function spread(lines: readonly Line[], discount: Stripe.Discount, off: number): void {
  const all = lines.reduce((sum, line) => sum + netOf(line), 0);
  let left = Math.min(off, all);
  lines.forEach((line, index) => {
    const share =
      index === lines.length - 1 ? left : Math.min(left, rounded((Math.min(off, all) * netOf(line)) / all));
    left -= share;
    takeOff(line, discount, share);
  });
}

/** One discount after the other, each on what the ones before it have left. Rounded per line. */
function discount(state: State, lines: readonly Line[], discount: Stripe.Discount, currency: string): void {
  const coupon = couponOf(state, discount);
  const products = coupon.applies_to?.products;
  const fitting = lines.filter(
    (line) =>
      line.discountable &&
      netOf(line) > 0 &&
      (!products || products.includes(line.pricing?.price_details?.product ?? "")),
  );
  const off = amountOff(coupon, currency);
  if (off !== undefined) spread(fitting, discount, off);
  else
    for (const line of fitting)
      takeOff(line, discount, rounded((netOf(line) * (coupon.percent_off ?? 0)) / 100));
}

/** Per line; an account can also choose to round taxes once per invoice. */
function tax(line: Line, rates: readonly Stripe.TaxRate[]): void {
  const taxable = netOf(line);
  const inclusive = rates.filter((rate) => rate.inclusive).reduce((sum, rate) => sum + rate.percentage, 0);
  const bare = (taxable * 100) / (100 + inclusive);
  line.taxes = rates.map((rate) => ({
    amount: rounded(((rate.inclusive ? bare : taxable) * rate.percentage) / 100),
    tax_behavior: rate.inclusive ? "inclusive" : "exclusive",
    tax_rate_details: { tax_rate: rate.id },
    taxability_reason: "not_available",
    taxable_amount: rounded(rate.inclusive ? bare : taxable),
    type: "tax_rate_details",
  }));
}

/** @param discounts of the whole invoice */
export function linesOf(
  state: State,
  entries: readonly Entry[],
  discounts: readonly Stripe.Discount[],
  customer: Stripe.Customer,
  currency: string,
): Line[] {
  const made = entries.map((entry) => ({ entry, line: lineOf(state, entry, currency) }));
  for (const { entry, line } of made)
    for (const own of entry.itemDiscounts) discount(state, [line], own, currency);
  for (const each of discounts)
    discount(
      state,
      made.map(({ line }) => line),
      each,
      currency,
    );
  const exempt = customer.tax_exempt === "exempt" || customer.tax_exempt === "reverse";
  if (!exempt) for (const { entry, line } of made) tax(line, entry.taxRates);
  return made.map(({ line }) => line);
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

function grouped<Part extends { amount: number }>(
  parts: readonly Part[],
  keyOf: (part: Part) => string,
): Part[] {
  const groups = new Map<string, Part>();
  for (const part of parts) {
    const key = keyOf(part);
    const before = groups.get(key);
    groups.set(key, { ...part, amount: part.amount + (before?.amount ?? 0) });
  }
  return [...groups.values()];
}

/** An invoice's sums, without the customer's balance. */
export function totalsOf(lines: readonly Line[], entries: readonly Entry[]) {
  const own = new Set(entries.flatMap((entry) => entry.itemDiscounts.map(({ id }) => id)));
  const discounts = lines.flatMap((line) => line.discount_amounts ?? []);
  const taxes = lines.flatMap((line) => line.taxes ?? []);
  const taxOf = (behavior: string) =>
    sum(taxes.filter((each) => each.tax_behavior === behavior).map(({ amount }) => amount));
  const ofItems = sum(
    discounts.filter((each) => own.has(idOf(each.discount as string))).map((d) => d.amount),
  );
  const subtotal = sum(lines.map(({ amount }) => amount)) - ofItems;
  const total = sum(lines.map(netOf)) + taxOf("exclusive");
  return {
    subtotal,
    subtotal_excluding_tax: subtotal - taxOf("inclusive"),
    total,
    total_excluding_tax: total - taxOf("exclusive") - taxOf("inclusive"),
    total_discount_amounts: grouped(discounts, (each) => idOf(each.discount as string)),
    total_pretax_credit_amounts: grouped(
      lines.flatMap((line) => line.pretax_credit_amounts ?? []),
      (each) => idOf(each.discount as string),
    ),
    total_taxes: grouped(taxes, (each) => each.tax_rate_details?.tax_rate ?? "").map((each) => ({
      ...each,
      taxable_amount: sum(
        taxes
          .filter((one) => one.tax_rate_details?.tax_rate === each.tax_rate_details?.tax_rate)
          .map((one) => one.taxable_amount ?? 0),
      ),
    })),
  };
}

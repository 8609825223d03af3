/** Stripe's products and prices as a catalogue of plans. What is sold changes rarely, so it is remembered for minutes. */
import type Stripe from "stripe";
import type { Price } from "../../../../src/api/wire.ts";
import type { CatalogPrice } from "../provider.ts";
import { fromStripe } from "./amounts.ts";
import { orMissing, reading } from "./errors.ts";
import type { StripeAccount } from "./model.ts";
import { expanded, isId } from "./parts.ts";

const MINUTES = 300_000;

/** Undefined for what there is not and for what cannot be sold as a plan: metered, tiered, one-time, below a unit. */
export async function readPrice(account: StripeAccount, id: string): Promise<CatalogPrice | undefined> {
  const price = await findPrice(account, id);
  return price && catalogPrice(price, price.product);
}

/** The active ones that can be sold as a plan, the cheapest first. */
export async function readPrices(account: StripeAccount, productId: string): Promise<CatalogPrice[]> {
  const product = await findProduct(account, productId);
  if (!product?.active) return [];
  const { stripe, cache } = account;
  const prices = await cache.get(`prices:${productId}`, MINUTES, () =>
    reading(() =>
      stripe.prices
        .list({ product: productId, active: true, type: "recurring", limit: 100 })
        .autoPagingToArray({ limit: 1000 }),
    ),
  );
  return prices
    .map((price) => catalogPrice(price, product))
    .filter((found) => found !== undefined)
    .sort((one, other) => one.price.amount - other.price.amount);
}

/** In its own currency; undefined for what cannot be sold as a plan. */
export function catalogPrice(price: Stripe.Price, product: Stripe.Product): CatalogPrice | undefined {
  const { id, currency, recurring, unit_amount } = price;
  if (recurring?.usage_type !== "licensed" || !isPerUnit(price) || unit_amount === null) return undefined;
  return {
    price: { id, amount: fromStripe(unit_amount, currency), currency, ...intervalOf(recurring) },
    productId: product.id,
    name: product.name,
    features: featuresOf(product),
  };
}

/** Whether every unit costs the same, in whole units of the currency. */
export const isPerUnit = (price: Stripe.Price): boolean =>
  price.billing_scheme === "per_unit" &&
  price.unit_amount !== null &&
  !price.transform_quantity &&
  !price.custom_unit_amount;

export const intervalOf = ({
  interval,
  interval_count,
}: Stripe.Price.Recurring): Pick<Price, "interval" | "intervalCount"> => ({
  interval: interval as Price["interval"],
  intervalCount: interval_count,
});

export const featuresOf = (product: Stripe.Product): string[] =>
  (product.marketing_features ?? []).flatMap(({ name }) => (name ? [name] : []));

/** Any price as Stripe has it, with `currency_options`, `tiers` and its product expanded. */
export async function findPrice(
  { stripe, cache }: StripeAccount,
  id: string,
): Promise<(Stripe.Price & { product: Stripe.Product }) | undefined> {
  if (!isId(id)) return undefined;
  const expand = ["product", "currency_options", "tiers"];
  const price = await cache.get(`price:${id}`, MINUTES, () =>
    orMissing(reading(() => stripe.prices.retrieve(id, { expand }))),
  );
  const product = expanded<Stripe.Product | Stripe.DeletedProduct>(price?.product);
  return price && product && !product.deleted ? { ...price, product } : undefined;
}

export async function findProduct(
  { stripe, cache }: StripeAccount,
  id: string,
): Promise<Stripe.Product | undefined> {
  if (!isId(id)) return undefined;
  return cache.get(`product:${id}`, MINUTES, () => orMissing(reading(() => stripe.products.retrieve(id))));
}

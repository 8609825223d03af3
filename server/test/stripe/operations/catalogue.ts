/** https://docs.stripe.com/api/products, /prices and /tax_rates */
import type Stripe from "stripe";
import { page } from "../lists.ts";
import { type Call, type Operations, Refusal, type State } from "../state.ts";
import { idOf, isCreated, isDeleted, mergeMetadata, named, textOf } from "./parts.ts";

type ProductParams = Stripe.ProductCreateParams;

function putProduct(state: State, params: ProductParams): Stripe.Product {
  const id = params.id ?? state.newId("products");
  const there = state.find("products", id);
  if (there && !isDeleted(there)) {
    throw new Refusal(400, `Product already exists. (${id})`, { code: "resource_already_exists" });
  }
  const { now } = state.data;
  return state.put("products", {
    id,
    object: "product",
    active: params.active ?? true,
    created: now,
    default_price: null,
    description: params.description ?? null,
    images: params.images ?? [],
    livemode: false,
    marketing_features: params.marketing_features ?? [],
    metadata: mergeMetadata(null, params.metadata),
    name: params.name,
    package_dimensions: null,
    shippable: params.shippable ?? null,
    statement_descriptor: params.statement_descriptor ?? null,
    tax_code: params.tax_code ?? null,
    tax_details: null,
    type: "service",
    unit_label: params.unit_label ?? null,
    updated: now,
    url: params.url ?? null,
  });
}

function createProduct({ state, params }: Call<ProductParams>): object {
  const made = putProduct(state, params);
  if (!params.default_price_data) return made;
  const price = putPrice(state, { ...params.default_price_data, product: made.id });
  return state.put("products", { ...made, default_price: price.id });
}

function product(state: State, id: string): Stripe.Product {
  const found = state.get("products", id);
  if (isDeleted(found)) throw new Refusal(404, `No such product: '${id}'`, { code: "resource_missing" });
  return found;
}

function updateProduct({ state, params, ids }: Call<Stripe.ProductUpdateParams>): object {
  const before = product(state, idOf({ ids }));
  if (params.default_price) named(state, "prices", params.default_price, "default_price");
  return state.put("products", {
    ...before,
    active: params.active ?? before.active,
    default_price: textOf(params.default_price, before.default_price as string | null),
    description: textOf(params.description, before.description),
    images: params.images === undefined ? before.images : params.images || [],
    marketing_features:
      params.marketing_features === undefined ? before.marketing_features : params.marketing_features || [],
    metadata: mergeMetadata(before.metadata, params.metadata),
    name: params.name ?? before.name,
    unit_label: textOf(params.unit_label, before.unit_label),
    updated: state.data.now,
  });
}

/** "Deleting a product is only possible if it has no prices associated with it." */
function deleteProduct({ state, ids }: Call): object {
  const { id } = product(state, idOf({ ids }));
  if (state.all("prices").some((each) => each.product === id)) {
    throw new Refusal(400, "This product cannot be deleted because it has one or more user-created prices.");
  }
  const gone = { id, object: "product", deleted: true };
  state.put("products", gone as unknown as Stripe.Product);
  return gone;
}

function listProducts({ state, params }: Call<Stripe.ProductListParams>): object {
  const all = state
    .all("products")
    .filter((each) => !isDeleted(each))
    .filter((each) => params.active === undefined || each.active === params.active)
    .filter((each) => params.ids === undefined || params.ids.includes(each.id))
    .filter(isCreated(params.created));
  return page(all, params, "/v1/products");
}

type PriceParams = Stripe.PriceCreateParams;
interface Amounts {
  unit_amount: number | null;
  unit_amount_decimal: Stripe.Decimal | null;
}

/** A fraction of a minor unit has no `unit_amount`. */
function amountsOf(given: { unit_amount?: number; unit_amount_decimal?: Stripe.Decimal }): Amounts {
  const decimal = given.unit_amount_decimal ?? given.unit_amount;
  if (decimal === undefined) return { unit_amount: null, unit_amount_decimal: null };
  const whole = Number.isInteger(Number(decimal)) ? Number(decimal) : null;
  return { unit_amount: whole, unit_amount_decimal: String(decimal) as unknown as Stripe.Decimal };
}

function recurringOf(given: NonNullable<PriceParams["recurring"]>): Stripe.Price.Recurring {
  const usage = given.usage_type ?? "licensed";
  // https://docs.stripe.com/changelog/basil/2025-03-31/deprecate-legacy-usage-based-billing
  if (usage === "metered" && !given.meter) {
    throw new Refusal(400, "Metered prices must be backed by a meter.", { param: "recurring[meter]" });
  }
  return {
    interval: given.interval,
    interval_count: given.interval_count ?? 1,
    meter: given.meter ?? null,
    trial_period_days: null,
    usage_type: usage,
  };
}

function tiersOf(tiers: NonNullable<PriceParams["tiers"]>): Stripe.Price.Tier[] {
  return tiers.map((tier) => {
    const flat = amountsOf({
      ...(tier.flat_amount === undefined ? {} : { unit_amount: tier.flat_amount }),
    });
    return {
      flat_amount: flat.unit_amount,
      flat_amount_decimal: flat.unit_amount_decimal,
      ...amountsOf(tier),
      up_to: tier.up_to === "inf" ? null : tier.up_to,
    };
  });
}

type Currencies = NonNullable<Stripe.Price["currency_options"]>;

/** The price's own currency is one of them. */
function currenciesOf(currency: string, amounts: Amounts, params: PriceParams): Currencies {
  const own = { custom_unit_amount: null, tax_behavior: params.tax_behavior ?? "unspecified" };
  const others = Object.entries(params.currency_options ?? {}).map(([key, option]) => [
    key.toLowerCase(),
    { ...own, ...amountsOf(option) },
  ]);
  return { [currency]: { ...own, ...amounts }, ...Object.fromEntries(others) };
}

function putPrice(state: State, params: PriceParams): Stripe.Price {
  const { product_data: data, billing_scheme: scheme = "per_unit" } = params;
  const productId = data ? putProduct(state, data as ProductParams).id : params.product;
  if (!productId) throw new Refusal(400, "Must provide product or product_data.", { param: "product" });
  named(state, "products", productId, "product");
  const amounts = amountsOf(params);
  if (scheme === "per_unit" && amounts.unit_amount_decimal === null) {
    throw new Refusal(400, "Must provide unit_amount or unit_amount_decimal.", { param: "unit_amount" });
  }
  if (scheme === "tiered" && !params.tiers) {
    throw new Refusal(400, "Must provide tiers with billing_scheme=tiered.", { param: "tiers" });
  }
  const currency = params.currency.toLowerCase();
  const made: Stripe.Price = {
    id: state.newId("prices"),
    object: "price",
    active: params.active ?? true,
    billing_scheme: scheme,
    created: state.data.now,
    currency,
    currency_options: currenciesOf(currency, amounts, params),
    custom_unit_amount: null,
    livemode: false,
    lookup_key: params.lookup_key ?? null,
    metadata: mergeMetadata(null, params.metadata),
    nickname: params.nickname ?? null,
    product: productId,
    recurring: params.recurring ? recurringOf(params.recurring) : null,
    tax_behavior: params.tax_behavior ?? "unspecified",
    ...(params.tiers ? { tiers: tiersOf(params.tiers) } : {}),
    tiers_mode: params.tiers_mode ?? null,
    transform_quantity: params.transform_quantity ?? null,
    type: params.recurring ? "recurring" : "one_time",
    ...amounts,
  };
  return state.put("prices", made);
}

function updatePrice({ state, params, ids }: Call<Stripe.PriceUpdateParams>): object {
  const before = state.get("prices", idOf({ ids }));
  return state.put("prices", {
    ...before,
    active: params.active ?? before.active,
    lookup_key: textOf(params.lookup_key, before.lookup_key),
    metadata: mergeMetadata(before.metadata, params.metadata),
    nickname: textOf(params.nickname, before.nickname),
  });
}

function listPrices({ state, params }: Call<Stripe.PriceListParams>): object {
  const { recurring = {}, lookup_keys: keys } = params;
  const all = state
    .all("prices")
    .filter((each) => params.active === undefined || each.active === params.active)
    .filter((each) => params.product === undefined || each.product === params.product)
    .filter((each) => params.currency === undefined || each.currency === params.currency)
    .filter((each) => params.type === undefined || each.type === params.type)
    .filter((each) => keys === undefined || keys.includes(each.lookup_key ?? ""))
    .filter(
      ({ recurring: own }) =>
        (recurring.interval ?? own?.interval) === own?.interval &&
        (recurring.usage_type ?? own?.usage_type) === own?.usage_type,
    )
    .filter(isCreated(params.created));
  return page(all, params, "/v1/prices");
}

function createTaxRate({ state, params }: Call<Stripe.TaxRateCreateParams>): object {
  return state.put("tax_rates", {
    id: state.newId("tax_rates"),
    object: "tax_rate",
    active: params.active ?? true,
    country: params.country ?? null,
    created: state.data.now,
    description: params.description ?? null,
    display_name: params.display_name,
    effective_percentage: null,
    flat_amount: null,
    inclusive: params.inclusive,
    jurisdiction: params.jurisdiction ?? null,
    jurisdiction_level: null,
    livemode: false,
    metadata: mergeMetadata(null, params.metadata),
    percentage: params.percentage,
    rate_type: "percentage",
    state: params.state ?? null,
    tax_type: params.tax_type ?? null,
  });
}

function updateTaxRate({ state, params, ids }: Call<Stripe.TaxRateUpdateParams>): object {
  const before = state.get("tax_rates", idOf({ ids }));
  return state.put("tax_rates", {
    ...before,
    active: params.active ?? before.active,
    display_name: params.display_name ?? before.display_name,
    metadata: mergeMetadata(before.metadata, params.metadata),
  });
}

function listTaxRates({ state, params }: Call<Stripe.TaxRateListParams>): object {
  const all = state
    .all("tax_rates")
    .filter((each) => params.active === undefined || each.active === params.active)
    .filter((each) => params.inclusive === undefined || each.inclusive === params.inclusive)
    .filter(isCreated(params.created));
  return page(all, params, "/v1/tax_rates");
}

export const catalogueOperations: Operations = {
  "POST /v1/products": createProduct,
  "GET /v1/products": listProducts,
  "GET /v1/products/:id": ({ state, ids }: Call) => product(state, idOf({ ids })),
  "POST /v1/products/:id": updateProduct,
  "DELETE /v1/products/:id": deleteProduct,
  "POST /v1/prices": ({ state, params }: Call<PriceParams>) => putPrice(state, params),
  "GET /v1/prices": listPrices,
  "GET /v1/prices/:id": ({ state, ids }: Call) => state.get("prices", idOf({ ids })),
  "POST /v1/prices/:id": updatePrice,
  "POST /v1/tax_rates": createTaxRate,
  "GET /v1/tax_rates": listTaxRates,
  "GET /v1/tax_rates/:id": ({ state, ids }: Call) => state.get("tax_rates", idOf({ ids })),
  "POST /v1/tax_rates/:id": updateTaxRate,
};

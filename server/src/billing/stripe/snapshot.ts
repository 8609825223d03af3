/**
 * Everything that is known of a subscription, read at one time. What hardly changes (prices, products, coupons) comes
 * from the cache, the rest in as few requests as Stripe's four levels of expansion allow.
 */
import type Stripe from "stripe";
import { withNewCard } from "./cards.ts";
import { findPrice, findProduct } from "./catalogue.ts";
import { readCustomer } from "./customers.ts";
import { orMissing, reading } from "./errors.ts";
import { isChargeStopped, mainItem } from "./facts.ts";
import type { Snapshot, StripeAccount } from "./model.ts";
import { expanded, idOf, isElsewhere, isId } from "./parts.ts";
import { RETURN, readPaidUntil } from "./periods.ts";

const MINUTES = 300_000;

export const OF_SUBSCRIPTION = [
  "default_payment_method",
  "default_source",
  "discounts.source.coupon",
  "items.data.discounts",
  "latest_invoice",
  "schedule",
];
const OF_CUSTOMER = [
  "customer.invoice_settings.default_payment_method",
  "customer.default_source",
  "customer.discount.source.coupon",
];

/**
 * Undefined for what there is not, was never paid for (`incomplete`), or is on another test clock than ours. The prices
 * of the phases of its schedule are expanded, with their products.
 */
export async function readSnapshot(account: StripeAccount, id: string): Promise<Snapshot | undefined> {
  if (!isId(id)) return undefined;
  const { stripe } = account;
  const expand = [...OF_SUBSCRIPTION, ...OF_CUSTOMER];
  const found = await orMissing(reading(() => stripe.subscriptions.retrieve(id, { expand })));
  const customer = expanded<Stripe.Customer | Stripe.DeletedCustomer>(found?.customer);
  if (!found || !customer || customer.deleted || !isShown(found)) return undefined;
  if (isElsewhere(found, await account.settings())) return undefined;
  const open = canOwe(found) ? await readOpen(account, { subscription: id }) : [];
  return snapshotOf(account, found, await withCoupons(account, customer), open);
}

/** All of a customer's, in no particular order. Empty for a customer that there is not. */
export async function readSnapshots(account: StripeAccount, customerId: string): Promise<Snapshot[]> {
  const found = await readCustomer(account, customerId);
  if (!found) return [];
  const expand = OF_SUBSCRIPTION.map((path) => `data.${path}`);
  const all = await reading(() =>
    account.stripe.subscriptions
      .list({ customer: customerId, status: "all", limit: 100, expand })
      .autoPagingToArray({ limit: 1000 }),
  );
  const subscriptions = all.filter(isShown);
  const open = subscriptions.some(canOwe) ? await readOpen(account, { customer: customerId }) : [];
  const customer = await withCoupons(account, found);
  return Promise.all(
    subscriptions.map((each) => {
      const own = canOwe(each) ? open.filter((invoice) => subscriptionOf(invoice) === each.id) : [];
      return snapshotOf(account, each, customer, own);
    }),
  );
}

/** What began with a payment that never came has never been bought. */
const isShown = ({ status }: Stripe.Subscription): boolean =>
  status !== "incomplete" && status !== "incomplete_expired";

const OWING = ["past_due", "unpaid", "canceled", "paused"];

function canOwe({ status, latest_invoice }: Stripe.Subscription): boolean {
  return OWING.includes(status) || expanded(latest_invoice)?.status === "open";
}

/** The oldest first. */
async function readOpen(
  { stripe }: StripeAccount,
  of: { subscription: string } | { customer: string },
): Promise<Stripe.Invoice[]> {
  const found = await reading(() =>
    stripe.invoices.list({ ...of, status: "open", limit: 100 }).autoPagingToArray({ limit: 1000 }),
  );
  const owed = found.filter(({ metadata }) => !metadata?.[RETURN]);
  return owed.toSorted((one, other) => one.created - other.created);
}

/** Of which subscription an invoice is, if of one. */
export function subscriptionOf({ parent }: Pick<Stripe.Invoice, "parent">): string | undefined {
  const found = parent?.subscription_details?.subscription;
  return found && idOf(found);
}

async function snapshotOf(
  account: StripeAccount,
  read: Stripe.Subscription,
  customer: Stripe.Customer,
  open: readonly Stripe.Invoice[],
): Promise<Snapshot> {
  const found = await withNewCard(account, read, customer);
  const [subscription, schedule] = await Promise.all([
    completed(account, found, customer),
    scheduleOf(account, found),
  ]);
  const product = await productOf(account, mainItem(subscription));
  const snapshot = { subscription, customer, product, open, ...(schedule ? { schedule } : {}) };
  if (!isChargeStopped(snapshot)) return snapshot;
  const paidUntil = await readPaidUntil(account, found);
  return { ...snapshot, ...(paidUntil === undefined ? {} : { paidUntil }) };
}

/** With what could not be expanded: coupons, and prices that say less than is needed. */
async function completed(
  account: StripeAccount,
  found: Stripe.Subscription,
  customer: Stripe.Customer,
): Promise<Stripe.Subscription> {
  const { items, currency } = found;
  const [discounts, data] = await Promise.all([
    couponsIn(account, found.discounts),
    Promise.all(
      items.data.map(async (item) => ({
        ...item,
        price: await fullPrice(account, item.price, currency),
        discounts: await couponsIn(account, item.discounts ?? []),
      })),
    ),
  ]);
  return { ...found, customer, discounts, items: { ...items, data } };
}

async function fullPrice(
  account: StripeAccount,
  price: Stripe.Price,
  currency: string,
): Promise<Stripe.Price> {
  if (price.currency === currency && price.billing_scheme === "per_unit") return price;
  return (await findPrice(account, price.id)) ?? price;
}

async function withCoupons(account: StripeAccount, customer: Stripe.Customer): Promise<Stripe.Customer> {
  const { discount } = customer;
  return discount ? { ...customer, discount: await withCoupon(account, discount) } : customer;
}

const couponsIn = (
  account: StripeAccount,
  discounts: readonly (string | Stripe.Discount)[],
): Promise<(string | Stripe.Discount)[]> =>
  Promise.all(discounts.map((each) => (typeof each === "string" ? each : withCoupon(account, each))));

/** Terms never change, so that they may be remembered. One that was deleted is what Stripe still tells of it. */
async function withCoupon(account: StripeAccount, discount: Stripe.Discount): Promise<Stripe.Discount> {
  const { source } = discount;
  if (!source.coupon) return discount;
  const id = idOf(source.coupon);
  const { stripe, cache } = account;
  const full = await cache.get(`terms:${id}`, MINUTES, () =>
    orMissing(reading(() => stripe.coupons.retrieve(id, { expand: ["applies_to", "currency_options"] }))),
  );
  return full ? { ...discount, source: { ...source, coupon: full } } : discount;
}

/** Prices stay with their products for as long as there are subscriptions, but nobody must be locked in by a gap. */
async function productOf(
  account: StripeAccount,
  { price }: Stripe.SubscriptionItem,
): Promise<Stripe.Product> {
  const id = idOf(price.product);
  const found = await findProduct(account, id);
  return found ?? ({ id, object: "product", name: id, marketing_features: [] } as unknown as Stripe.Product);
}

async function scheduleOf(
  account: StripeAccount,
  { schedule }: Stripe.Subscription,
): Promise<Stripe.SubscriptionSchedule | undefined> {
  const found = expanded(schedule);
  if (!found || (found.status !== "not_started" && found.status !== "active")) return undefined;
  const phases = await Promise.all(
    found.phases.map(async (phase) => ({
      ...phase,
      items: await Promise.all(
        phase.items.map(async (item) => ({
          ...item,
          price: (await findPrice(account, idOf(item.price))) ?? item.price,
        })),
      ),
    })),
  );
  return { ...found, phases };
}

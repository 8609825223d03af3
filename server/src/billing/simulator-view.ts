/** How what the simulator remembers looks from outside. */
import type { Invoice } from "../../../src/api/wire.ts";
import type { BilledSubscription, CatalogPrice, Customer } from "./provider.ts";
import { latest } from "./simulator-books.ts";
import { shownMethod } from "./simulator-cards.ts";
import { nextCharge, onceEndsAt, without } from "./simulator-engine.ts";
import type {
  Advanced,
  SimulatedCustomer,
  SimulatedInvoice,
  SimulatedPrice,
  SimulatedSubscription,
} from "./simulator-model.ts";
import type { SimulatorRows } from "./simulator-storage.ts";

/** Addresses of the documents that a customer can open. */
export interface InvoicePages {
  invoice(invoiceId: string, kind: "invoice" | "receipt"): string;
}

/**
 * As the outside sees it. What has ended or has not begun is left out.
 * @param settled with the invoices that are not stored yet
 */
export async function present(from: SimulatorRows, settled: Advanced): Promise<BilledSubscription> {
  const { subscription } = settled;
  const {
    id,
    customerId,
    status,
    price,
    quantity,
    startedAt,
    periodEnd,
    trialEnd,
    pause,
    cancelAt,
    nextPrice,
  } = subscription;
  const product = await from.get("product", price.productId);
  const customer = await from.get("customer", customerId);
  const discount = shownDiscount(subscription);
  const charge = nextCharge(subscription);
  const due = await dueOf(from, settled);
  return {
    id,
    customerId,
    quantity,
    anchor: subscription.anchor,
    status,
    plan: { id: price.productId, name: price.name, features: [...(product?.features ?? [])] },
    price: priceFor(price, quantity),
    startedAt,
    periodEnd,
    ...(trialEnd === undefined ? {} : { trialEnd }),
    ...(pause ? { pausedUntil: pause.resumesAt, pausedSince: pause.since } : {}),
    ...(cancelAt === undefined ? {} : { cancelAt }),
    ...(discount ? { discount } : {}),
    ...(nextPrice && charge
      ? { scheduledChange: { name: nextPrice.name, price: priceFor(nextPrice, quantity), at: charge.at } }
      : {}),
    ...(charge ? { nextCharge: charge } : {}),
    paymentMethod: shownMethod(subscription.paymentMethod),
    ...(due ? { due } : {}),
    metadata: { ...customer?.metadata, ...subscription.metadata },
  };
}

async function dueOf(
  from: SimulatorRows,
  { subscription, invoices }: Advanced,
): Promise<BilledSubscription["due"]> {
  const { id, customerId, status, price } = subscription;
  // Nobody else owes anything, and a customer can have hundreds of invoices.
  if (status !== "past_due" && status !== "cancelled") return undefined;
  const open = latest([...(await from.list("invoice", customerId)), ...invoices]).filter(
    (each) => each.subscriptionId === id && each.status === "open",
  );
  if (!open.length) return undefined;
  return {
    amount: open.reduce((sum, { amount }) => sum + amount, 0),
    currency: price.currency,
    at: Math.min(...open.map(({ at }) => at)),
  };
}

export function shownInvoice(
  { id, number, at, amount, currency, status }: SimulatedInvoice,
  pages?: InvoicePages,
): Invoice {
  return {
    id,
    number,
    at,
    amount,
    currency,
    status,
    ...(pages ? { invoiceUrl: pages.invoice(id, "invoice") } : {}),
    // Where no money came in there is nothing to confirm.
    ...(pages && status === "paid" && amount > 0 ? { receiptUrl: pages.invoice(id, "receipt") } : {}),
  };
}

export const shownCustomer = ({ metadata: _, createdAt: __, ...customer }: SimulatedCustomer): Customer =>
  customer;

function shownDiscount(subscription: SimulatedSubscription): BilledSubscription["discount"] {
  const { discount } = subscription;
  if (!discount) return undefined;
  const terms = without(discount, "once", "priceIds", "productIds");
  if (!discount.once) return terms;
  return { ...terms, endsAt: onceEndsAt(subscription) };
}

export async function catalogPrice(from: SimulatorRows, price: SimulatedPrice): Promise<CatalogPrice> {
  const product = await from.get("product", price.productId);
  return {
    price: plainPrice(price),
    productId: price.productId,
    name: price.name,
    features: product?.features ?? [],
  };
}

/** Of a subscription: for its whole quantity. */
const priceFor = (price: SimulatedPrice, quantity: number) => ({
  ...plainPrice(price),
  amount: price.amount * quantity,
});

function plainPrice({
  id,
  amount,
  currency,
  interval,
  intervalCount,
}: SimulatedPrice): CatalogPrice["price"] {
  return { id, amount, currency, interval, intervalCount };
}

export const oldestFirst =
  <Key extends string>(key: Key) =>
  (a: Record<Key, number>, b: Record<Key, number>) =>
    a[key] - b[key];

/** Running ones first, oldest first within each. */
export const inOrder = (subscriptions: BilledSubscription[]) =>
  subscriptions
    .sort(oldestFirst("startedAt"))
    .sort((a, b) => Number(a.status === "cancelled") - Number(b.status === "cancelled"));

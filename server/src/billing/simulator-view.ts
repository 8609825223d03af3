/** How what the simulator remembers looks from outside. */
import type { BilledSubscription, CatalogPrice } from "./provider.ts";
import { nextCharge, onceEndsAt, without } from "./simulator-engine.ts";
import type { SimulatedPrice, SimulatedSubscription } from "./simulator-model.ts";
import type { SimulatorRows } from "./simulator-storage.ts";

/** As the outside sees it. What has ended or has not begun is left out. */
export async function present(
  from: SimulatorRows,
  subscription: SimulatedSubscription,
): Promise<BilledSubscription> {
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
    ...(pause ? { pausedUntil: pause.resumesAt } : {}),
    ...(cancelAt === undefined ? {} : { cancelAt }),
    ...(discount ? { discount } : {}),
    ...(nextPrice && charge
      ? { scheduledChange: { name: nextPrice.name, price: priceFor(nextPrice, quantity), at: charge.at } }
      : {}),
    ...(charge ? { nextCharge: charge } : {}),
    metadata: { ...customer?.metadata, ...subscription.metadata },
  };
}

function shownDiscount(subscription: SimulatedSubscription): BilledSubscription["discount"] {
  const { discount } = subscription;
  if (!discount?.once) return discount;
  return { ...without(discount, "once"), endsAt: onceEndsAt(subscription) };
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

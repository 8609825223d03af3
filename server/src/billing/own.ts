/**
 * Billing that the business does by itself, of one subscription: the link to its hosted flow says all that is known of it.
 * Nothing is changed anywhere. What the customer decides is kept by the session; the business verifies the result and
 * carries it out.
 */
import type { Discount, FlowSubscription } from "../../../src/api/wire.ts";
import { accessUntil, addMonths } from "../../../src/flow/offers.ts";
import type { CancelLinkRow, FlatObject, Store } from "../store/store.ts";
import {
  type BilledSubscription,
  type BillingAction,
  BillingError,
  type BillingProvider,
} from "./provider.ts";

const DAY = 86_400_000;

/** What a link has nothing to say about: other prices, trials, debts, codes. */
const NEVER = [
  "change_price",
  "extend_trial",
  "promo_code",
  "retry_payment",
  "resume",
  "undo_cancellation",
] as const satisfies readonly BillingAction["type"][];

const refuse = (code: string, message: string): never => {
  throw new BillingError("rejected", code, message);
};

const asText = (metadata: FlatObject): Record<string, string> =>
  Object.fromEntries(
    Object.entries(metadata).flatMap(([key, value]) => (value === null ? [] : [[key, String(value)]])),
  );

/** As the business has described it. The same at any time: nothing in it comes from the clock. */
function described(link: CancelLinkRow): BilledSubscription {
  const { id, userId, context, currency, createdAt, metadata } = link;
  const { plan = "", mrr, tenureDays, periodEnd } = context;
  const unknown = [
    mrr === undefined ? ("price" as const) : [],
    periodEnd === undefined ? ("periodEnd" as const) : [],
    tenureDays === undefined ? ("tenure" as const) : [],
  ].flat();
  const startedAt = createdAt - (tenureDays ?? 0) * DAY;
  const isKnown = mrr !== undefined && periodEnd !== undefined;
  return {
    id,
    customerId: userId,
    status: "active",
    plan: { id: plan, name: plan, features: [] },
    price: { id, amount: mrr ?? 0, currency, interval: "month", intervalCount: 1 },
    quantity: 1,
    startedAt,
    periodEnd: periodEnd ?? createdAt,
    anchor: periodEnd ?? startedAt,
    metadata: asText(metadata),
    ...(isKnown ? { nextCharge: { amount: mrr, currency, at: periodEnd } } : {}),
    refuses: [...NEVER, ...(mrr === undefined ? (["discount"] as const) : [])],
    ...(unknown.length ? { unknown } : {}),
  };
}

type Action<Type extends BillingAction["type"]> = Extract<BillingAction, { type: Type }>;

function discountOf({ percentOff, amountOff, duration, months }: Action<"discount">, now: number): Discount {
  const size = percentOff === undefined ? { amountOff: amountOff as number } : { percentOff };
  // A price for a month: what is for one charge has run out a month later.
  return duration === "forever" ? size : { ...size, endsAt: addMonths(now, months ?? 1) };
}

/** As it will be once the business has done it. @throws BillingError for what it would not be asked to do */
function decided(subscription: BilledSubscription, action: BillingAction, now: number): BilledSubscription {
  if (subscription.refuses?.includes(action.type)) {
    return refuse("not_possible", `${action.type} is not possible with what is known of ${subscription.id}`);
  }
  const { nextCharge, ...rest } = subscription;
  switch (action.type) {
    case "discount":
      return { ...subscription, discount: discountOf(action, now) };
    case "pause": {
      const { resumesAt } = action;
      const later = nextCharge && { nextCharge: { ...nextCharge, at: resumesAt } };
      return { ...rest, status: "paused", pausedUntil: resumesAt, ...later };
    }
    case "cancel":
      return { ...rest, ...ended(subscription, action, now) };
    default:
      return refuse("not_possible", `${action.type} is not possible here`);
  }
}

/** Until when there is access, nobody here can say of a period whose end is not known. */
function ended(
  subscription: BilledSubscription,
  { effective, requestedAt }: Action<"cancel">,
  now: number,
): Pick<BilledSubscription, "status" | "cancelAt"> {
  const { status, periodEnd, unknown } = subscription;
  const known = unknown?.includes("periodEnd") ? { status } : { status, periodEnd };
  const cancelAt = accessUntil(known, effective, Math.min(requestedAt ?? now, now));
  if (cancelAt === undefined) return { status: "cancelled" };
  return { status: cancelAt > now ? status : "cancelled", cancelAt };
}

const DECIDED = ["status", "cancelAt", "discount", "pausedUntil", "nextCharge"] as const;

/** With what a flow has led to. */
function after(
  { nextCharge: _, ...before }: BilledSubscription,
  settled: FlowSubscription,
): BilledSubscription {
  const known = DECIDED.filter((field) => settled[field] !== undefined);
  return { ...before, ...Object.fromEntries(known.map((field) => [field, settled[field]])) };
}

/**
 * @param of.store where the link is, and the session that it has led to
 * @param subscriptionId the link's id
 */
export function ownBilling(
  { store, clock }: { store: Pick<Store, "cancelLink" | "latestSession">; clock: () => number },
  subscriptionId: string,
): BillingProvider {
  /** After the result was given out there is nothing to decide any more. */
  const open = async (): Promise<CancelLinkRow | undefined> => {
    const link = await store.cancelLink(subscriptionId);
    return link?.subscriptionId === subscriptionId && link.completedAt === undefined ? link : undefined;
  };

  const present = async (): Promise<BilledSubscription | undefined> => {
    const link = await open();
    if (!link) return undefined;
    const session = await store.latestSession(link.id, subscriptionId);
    const subscription = described(link);
    if (!session?.settlement) return subscription;
    return after(subscription, session.settlement.subscription);
  };

  return {
    now: async () => clock(),
    findCustomers: async () => [],
    subscriptions: async (customerId) => {
      const subscription = await present();
      return subscription?.customerId === customerId ? [subscription] : [];
    },
    subscription: async (id) => (id === subscriptionId ? present() : undefined),
    price: async () => undefined,
    prices: async () => [],
    preview: async () => refuse("not_possible", "Only a flow is carried out by the business"),
    async execute(action) {
      const subscription = action.subscriptionId === subscriptionId ? await present() : undefined;
      if (!subscription)
        return refuse("subscription_not_found", `${action.subscriptionId} has nothing to decide`);
      return decided(subscription, action, clock());
    },
    // To have been decided is all that happens to it: there is nothing that could be halfway.
    async readBack(action) {
      const link = action.subscriptionId === subscriptionId ? await open() : undefined;
      return link && decided(described(link), action, clock());
    },
    invoices: async () => ({ invoices: [], more: false }),
    declineCode: async () => undefined,
    updateCustomer: async () => refuse("not_possible", "The business has the customer's details"),
    paymentPage: async () => refuse("payment_page_unavailable", "The business has a page of its own"),
  };
}

/**
 * A complete billing provider with a clock that can be moved: for the demo, the sandbox and the tests.
 *
 * Reading changes nothing: a subscription is stored as it was after the last action and shown as time has changed it
 * since. Because the engine is pure, every reader computes the same invoices that the next writer will store.
 */

import type { BilledSubscription, BillingAction, BillingProvider, Customer } from "./provider.ts";
import { BillingError } from "./provider.ts";
import { newestFirst } from "./simulator-books.ts";
import { declineCodeOf, upgraded, VISA } from "./simulator-cards.ts";
import type { SimulatedCustomer, SimulatedInvoice, SimulatedPaymentMethod } from "./simulator-model.ts";
import { keep, readNews, tellRefusal } from "./simulator-news.ts";
import { outcomeOf, readInvoices, readSettled, readSubscription } from "./simulator-reads.ts";
import { refuse } from "./simulator-rules.ts";
import type { SimulatorRows, SimulatorStorage } from "./simulator-storage.ts";
import {
  catalogPrice,
  type InvoicePages,
  inOrder,
  oldestFirst,
  present,
  shownCustomer,
  shownInvoice,
} from "./simulator-view.ts";

/** Addresses of the pages that a provider would have. */
export interface SimulatorPages extends InvoicePages {
  payment(of: { customerId: string; subscriptionId: string; returnUrl: string }): string;
}

export interface SimulatorDeps {
  storage: SimulatorStorage;
  /** `workspaceId/environment` */
  scope: string;
  /** The real time, ms. */
  clock: () => number;
  /** Without them invoices have no addresses, and there is no page for another payment method. */
  pages?: SimulatorPages;
}

/** Everything there is, for a panel: customers oldest first, invoices newest first. */
export interface SimulatorSnapshot {
  now: number;
  customers: (SimulatedCustomer & { subscriptions: BilledSubscription[]; invoices: SimulatedInvoice[] })[];
}

export interface Simulator extends BillingProvider {
  news: NonNullable<BillingProvider["news"]>;
  heard: NonNullable<BillingProvider["heard"]>;
  /**
   * Moves the clock forward and lets everything happen on the way; afterwards it runs on at the real pace.
   * @returns the new time
   * @throws RangeError backwards, or more than ten years at once
   */
  advance(move: { by: number } | { to: number }): Promise<number>;
  snapshot(): Promise<SimulatorSnapshot>;
  customer(id: string): Promise<SimulatedCustomer | undefined>;
  /** As it is now, with its lines and whose it is. */
  invoice(id: string): Promise<(SimulatedInvoice & { customer?: SimulatedCustomer }) | undefined>;
  /**
   * For all running subscriptions of the customer. Pays nothing by itself.
   * @throws BillingError rejected if there is no such customer
   */
  setPaymentMethod(customerId: string, method: SimulatedPaymentMethod): Promise<void>;
}

const LONGEST_JUMP = 10 * 366 * 86_400_000;

export function createSimulator({ storage, scope, clock, pages }: SimulatorDeps): Simulator {
  const rows = storage.rows(scope);
  const now = async (from: SimulatorRows = rows) => clock() + (await from.ahead());

  return {
    now: () => answering(() => now()),

    findCustomers: ({ id, email }) =>
      answering(async () => {
        const wanted = email?.toLowerCase();
        const named = id === undefined ? undefined : await rows.get("customer", id);
        const found = (
          named ? [named] : id === undefined && wanted ? await rows.list("customer") : []
        ).filter((each) => wanted === undefined || each.email?.toLowerCase() === wanted);
        return found.sort(oldestFirst("createdAt")).map(shownCustomer);
      }),

    subscriptions: (customerId) =>
      answering(async () => {
        const owned = await readSettled(rows, await now(), customerId);
        return inOrder(await Promise.all(owned.map((each) => present(rows, each))));
      }),

    subscription: (id) => answering(async () => readSubscription(rows, id, await now())),

    price: (id) =>
      answering(async () => {
        const found = await rows.get("price", id);
        return found && catalogPrice(rows, found);
      }),

    prices: (productId) =>
      answering(async () => {
        const active = (await rows.list("price")).filter(
          (each) => each.productId === productId && each.active,
        );
        return Promise.all(
          active.sort((a, b) => a.amount - b.amount).map((each) => catalogPrice(rows, each)),
        );
      }),

    preview: (action) =>
      answering(async () => {
        const trusted = { paymentMethod: VISA };
        const { before, written, ...after } = await outcomeOf(rows, action, await now(), trusted);
        const { paymentMethod } = before.subscription;
        const shown = { ...after, subscription: { ...after.subscription, paymentMethod } };
        const charged = written.filter(({ status, amount }) => status === "paid" && amount > 0);
        return {
          dueNow: charged.reduce((sum, { amount }) => sum + amount, 0),
          subscription: await present(rows, shown),
        };
      }),

    execute: (action, key) =>
      answering(() =>
        storage
          .transaction(scope, async (tx) => {
            const earlier = await tx.request(key);
            if (earlier && earlier.action !== canonical(action))
              throw new BillingError(
                "rejected",
                "idempotency_mismatch",
                "This key belongs to another action",
              );
            const at = await now(tx);
            if (!earlier) {
              const { promoCode, ...after } = await outcomeOf(tx, action, at);
              await keep(tx, [after]);
              if (promoCode) await tx.put("promo_code", [{ ...promoCode, redeemed: promoCode.redeemed + 1 }]);
              await tx.insertRequest(key, { action: canonical(action), at });
            }
            return (await readSubscription(tx, action.subscriptionId, at)) as BilledSubscription;
          })
          .catch(async (error) => {
            // A charge that was refused is an attempt all the same, though nothing else of it holds.
            if (action.type === "retry_payment" && declined(error))
              await storage.transaction(scope, async (tx) => tellRefusal(tx, action, key, await now(tx)));
            throw error;
          }),
      ),

    readBack: (action, key) =>
      answering(async () => {
        const earlier = await rows.request(key);
        if (earlier?.action !== canonical(action)) return undefined;
        return readSubscription(rows, action.subscriptionId, await now());
      }),

    invoices: ({ customerId, subscriptionId, limit, after }) =>
      answering(async () => {
        const all = (await readInvoices(rows, await now(), customerId))
          .filter((each) => subscriptionId === undefined || each.subscriptionId === subscriptionId)
          .sort(newestFirst);
        // -1 for what is unknown: the first page.
        const from = after === undefined ? 0 : all.findIndex(({ id }) => id === after) + 1;
        return {
          invoices: all.slice(from, from + limit).map((each) => shownInvoice(each, pages)),
          more: from + limit < all.length,
        };
      }),

    declineCode: (invoiceId) =>
      answering(async () => {
        const at = await now();
        const found = (await readInvoices(rows, at)).find(({ id }) => id === invoiceId);
        const owner = found?.status === "open" && (await rows.get("subscription", found.subscriptionId));
        return owner ? declineCodeOf(upgraded(owner).paymentMethod, at) : undefined;
      }),

    updateCustomer: ({ id, name, email, address }) =>
      answering(() =>
        storage.transaction(scope, async (tx) => {
          const found = await tx.get("customer", id);
          if (!found) return refuse("resource_missing", `No customer ${id}`);
          const { metadata, createdAt } = found;
          const given = Object.entries({ name, email, address }).filter(([, value]) => value !== undefined);
          const customer: Customer = { id, ...Object.fromEntries(given) };
          await tx.put("customer", [{ ...customer, metadata, createdAt }]);
          return customer;
        }),
      ),

    paymentPage: (of) =>
      answering(async () => {
        const subscription = await rows.get("subscription", of.subscriptionId);
        if (subscription?.customerId !== of.customerId)
          return refuse("resource_missing", `${of.customerId} has no subscription ${of.subscriptionId}`);
        return pages?.payment(of) ?? refuse("payment_page_unavailable", "There are no pages");
      }),

    news: () => answering(async () => readNews(storage, scope, await now())),

    heard: (ids) => answering(() => rows.remove("news", ids)),

    advance: (move) =>
      storage.transaction(scope, async (tx) => {
        const real = clock();
        const from = real + (await tx.ahead());
        const to = "to" in move ? move.to : from + move.by;
        if (!(to >= from && to <= from + LONGEST_JUMP))
          throw new RangeError(`From ${from} the clock cannot go to ${to}`);
        await keep(tx, await readSettled(tx, to));
        await tx.setAhead(to - real);
        return to;
      }),

    async snapshot() {
      const at = await now();
      const settled = await readSettled(rows, at);
      const [customers, invoices] = await Promise.all([rows.list("customer"), readInvoices(rows, at)]);
      const shown = await Promise.all(settled.map((each) => present(rows, each)));
      const newest = invoices.toSorted(newestFirst);
      return {
        now: at,
        customers: customers.toSorted(oldestFirst("createdAt")).map((customer) => ({
          ...customer,
          subscriptions: inOrder(shown.filter((each) => each.customerId === customer.id)),
          invoices: newest.filter((each) => each.customerId === customer.id),
        })),
      };
    },

    customer: (id) => rows.get("customer", id),

    async invoice(id) {
      const stored = await rows.get("invoice", id);
      // What is open may have been collected since it was stored.
      const found =
        stored && stored.status !== "open"
          ? stored
          : (await readInvoices(rows, await now(), stored?.customerId)).find((each) => each.id === id);
      const customer = found && (await rows.get("customer", found.customerId));
      return found && { ...found, ...(customer ? { customer } : {}) };
    },

    setPaymentMethod: (customerId, paymentMethod) =>
      storage.transaction(scope, async (tx) => {
        if (!(await tx.get("customer", customerId))) refuse("resource_missing", `No customer ${customerId}`);
        // Everything until now was tried with the old one.
        const settled = await readSettled(tx, await now(tx), customerId);
        await keep(
          tx,
          settled.map(({ subscription, ...rest }) => ({
            ...rest,
            subscription:
              subscription.status === "cancelled" ? subscription : { ...subscription, paymentMethod },
          })),
        );
      }),
  };
}

const declined = (error: unknown): boolean =>
  error instanceof BillingError && error.code === "payment_declined";

/** The same action gives the same text, whatever the order of its fields. */
const canonical = (action: BillingAction) =>
  JSON.stringify(
    Object.entries(action)
      .filter(([, value]) => value !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );

/** What the database throws is, to the domain, a provider that did not answer. */
async function answering<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof BillingError) throw error;
    throw Object.assign(new BillingError("unknown", "storage_failed", String(error)), { cause: error });
  }
}

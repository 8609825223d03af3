/**
 * A complete billing provider with a clock that can be moved: for the demo, the sandbox and the tests.
 *
 * Reading changes nothing: a subscription is stored as it was after the last action and shown as time has changed it
 * since. Because the engine is pure, every reader computes the same invoices that the next writer will store.
 */

import type { BilledSubscription, BillingAction, BillingProvider } from "./provider.ts";
import { BillingError } from "./provider.ts";
import { perform } from "./simulator-actions.ts";
import { settle, without } from "./simulator-engine.ts";
import type { Advanced, SimulatedCustomer, SimulatedInvoice } from "./simulator-model.ts";
import type { SimulatorRows, SimulatorStorage } from "./simulator-storage.ts";
import { catalogPrice, inOrder, oldestFirst, present } from "./simulator-view.ts";

export interface SimulatorDeps {
  storage: SimulatorStorage;
  /** `workspaceId/environment` */
  scope: string;
  /** The real time, ms. */
  clock: () => number;
}

/** Everything there is, for a panel: customers oldest first, invoices newest first. */
export interface SimulatorSnapshot {
  now: number;
  customers: (SimulatedCustomer & { subscriptions: BilledSubscription[]; invoices: SimulatedInvoice[] })[];
}

export interface Simulator extends BillingProvider {
  /**
   * Moves the clock forward and lets everything happen on the way; afterwards it runs on at the real pace.
   * @returns the new time
   * @throws RangeError backwards, or more than ten years at once
   */
  advance(move: { by: number } | { to: number }): Promise<number>;
  snapshot(): Promise<SimulatorSnapshot>;
}

const LONGEST_JUMP = 10 * 366 * 86_400_000;

export function createSimulator({ storage, scope, clock }: SimulatorDeps): Simulator {
  const rows = storage.rows(scope);
  const now = async (from: SimulatorRows = rows) => clock() + (await from.ahead());

  return {
    now: () => answering(() => now()),

    findCustomers: ({ id, email }) =>
      answering(async () => {
        const wanted = email?.toLowerCase();
        const found = (await rows.list("customer")).filter(
          (each) =>
            (id !== undefined || wanted !== undefined) &&
            (id === undefined || each.id === id) &&
            (wanted === undefined || each.email?.toLowerCase() === wanted),
        );
        return found.sort(oldestFirst("createdAt")).map((each) => without(each, "metadata", "createdAt"));
      }),

    subscriptions: (customerId) =>
      answering(async () => {
        const at = await now();
        const owned = await rows.list("subscription", customerId);
        return inOrder(await Promise.all(owned.map((each) => present(rows, settle(each, at).subscription))));
      }),

    subscription: (id) => answering(() => read(rows, id)),

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

    previewChange: (subscriptionId, priceId, asOf) =>
      answering(async () => {
        const change = {
          type: "change_price",
          subscriptionId,
          priceId,
          charge: "now",
          ...(asOf === undefined ? {} : { asOf }),
        } as const;
        const { subscription, invoices } = await outcomeOf(rows, change);
        return { dueNow: invoices.at(-1)?.amount ?? 0, currency: subscription.price.currency };
      }),

    execute: (action, key) =>
      answering(() =>
        storage.transaction(scope, async (tx) => {
          const earlier = await tx.request(key);
          if (earlier && earlier.action !== canonical(action))
            throw new BillingError("rejected", "idempotency_mismatch", "This key belongs to another action");
          if (!earlier) {
            const { at, ...after } = await outcomeOf(tx, action);
            await keep(tx, [after]);
            await tx.insertRequest(key, { action: canonical(action), at });
          }
          return (await read(tx, action.subscriptionId)) as BilledSubscription;
        }),
      ),

    readBack: (action, key) =>
      answering(async () => {
        const earlier = await rows.request(key);
        return earlier?.action === canonical(action) ? read(rows, action.subscriptionId) : undefined;
      }),

    advance: (move) =>
      storage.transaction(scope, async (tx) => {
        const real = clock();
        const from = real + (await tx.ahead());
        const to = "to" in move ? move.to : from + move.by;
        if (!(to >= from && to <= from + LONGEST_JUMP))
          throw new RangeError(`From ${from} the clock cannot go to ${to}`);
        await keep(
          tx,
          (await tx.list("subscription")).map((each) => settle(each, to)),
        );
        await tx.setAhead(to - real);
        return to;
      }),

    async snapshot() {
      const at = await now();
      const [customers, subscriptions, invoices] = await Promise.all([
        rows.list("customer"),
        rows.list("subscription"),
        rows.list("invoice"),
      ]);
      const settled = subscriptions.map((each) => settle(each, at));
      const shown = await Promise.all(settled.map(({ subscription }) => present(rows, subscription)));
      // By id: a writer may have stored meanwhile what was computed here.
      const written = new Map(
        [...invoices, ...settled.flatMap((each) => each.invoices)].map((each) => [each.id, each]),
      );
      return {
        now: at,
        customers: customers.sort(oldestFirst("createdAt")).map((customer) => ({
          ...customer,
          subscriptions: inOrder(shown.filter((each) => each.customerId === customer.id)),
          invoices: [...written.values()]
            .filter((each) => each.customerId === customer.id)
            .sort((a, b) => b.at - a.at),
        })),
      };
    },
  };

  async function read(from: SimulatorRows, id: string): Promise<BilledSubscription | undefined> {
    const at = await now(from);
    const found = await from.get("subscription", id);
    return found && present(from, settle(found, at).subscription);
  }

  /** What the action would lead to now. Stores nothing. */
  async function outcomeOf(from: SimulatorRows, action: BillingAction): Promise<Advanced & { at: number }> {
    const at = await now(from);
    const found = await from.get("subscription", action.subscriptionId);
    if (!found)
      throw new BillingError("rejected", "resource_missing", `No subscription ${action.subscriptionId}`);
    const price = action.type === "change_price" ? await from.get("price", action.priceId) : undefined;
    const before = settle(found, at);
    const isLate = action.type === "cancel" && (action.requestedAt ?? at) < at;
    const stored = isLate ? await from.list("invoice", found.customerId) : [];
    const own = stored.filter((each) => each.subscriptionId === found.id);
    const after = perform(before.subscription, action, at, price, [...own, ...before.invoices]);
    // What is void now comes after what it was, and takes its place.
    return { at, subscription: after.subscription, invoices: [...before.invoices, ...after.invoices] };
  }
}

async function keep(tx: SimulatorRows, advanced: readonly Advanced[]): Promise<void> {
  await tx.put(
    "subscription",
    advanced.map(({ subscription }) => subscription),
  );
  // One statement takes each id once; of an invoice that was changed on the way the last form counts.
  const invoices = new Map(advanced.flatMap((each) => each.invoices).map((each) => [each.id, each]));
  await tx.put("invoice", [...invoices.values()]);
}

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

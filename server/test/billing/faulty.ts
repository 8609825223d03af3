/** A billing provider that goes wrong on purpose: refuses, loses its answer, or hangs until it is let go. */
import { BillingError, type BillingProvider } from "../../src/billing/provider.ts";

export type Operation = keyof BillingProvider;

/** Where two sides of a test meet: the code under test hangs in it until the test opens it. */
export interface Gate {
  /** Resolves when somebody hangs in it. */
  readonly reached: Promise<void>;
  open(): void;
  pass(): Promise<void>;
}

export function gate(): Gate {
  const reached = Promise.withResolvers<void>();
  const opened = Promise.withResolvers<void>();
  return {
    reached: reached.promise,
    open: () => opened.resolve(),
    pass() {
      reached.resolve();
      return opened.promise;
    },
  };
}

/**
 * `before`: the provider never hears of it. `after`: it has done its work and only the answer is spoilt, which for
 * `execute` with `throws: "unknown"` is a lost answer.
 */
export type Fault = {
  when: "before" | "after";
  /** Absent: every time. */
  times?: number;
} & ({ throws: "rejected" | "unknown"; code?: string } | { hangs: Gate });

export type Plan = { [Name in Operation]?: Fault };

export interface FaultyProvider extends BillingProvider {
  /** May be changed at any time. */
  plan: Plan;
  /** Every call, in order, with what it was called with. */
  readonly calls: { operation: Operation; args: readonly unknown[] }[];
}

/** Asked by the worker whenever time goes by, whatever the test is about. */
const UNCOUNTED = { counted: false };

export function faulty(provider: BillingProvider, plan: Plan = {}): FaultyProvider {
  const { news, heard } = provider;
  const calls: FaultyProvider["calls"] = [];

  async function strike(operation: Operation, when: Fault["when"]): Promise<void> {
    const fault = wrapped.plan[operation];
    if (fault?.when !== when || fault.times === 0) return;
    if (fault.times !== undefined) fault.times--;
    if ("hangs" in fault) return fault.hangs.pass();
    throw new BillingError(
      fault.throws,
      fault.code ?? `${operation}_${when}`,
      `Broken on purpose ${when} ${operation}`,
    );
  }

  const spoil =
    <Args extends unknown[], Result>(
      operation: Operation,
      work: (...args: Args) => Promise<Result>,
      { counted }: { counted: boolean } = { counted: true },
    ) =>
    async (...args: Args): Promise<Result> => {
      if (counted) calls.push({ operation, args });
      await strike(operation, "before");
      const result = await work(...args);
      await strike(operation, "after");
      return result;
    };

  const wrapped: FaultyProvider = {
    // A copy, so that counting down does not change what the test wrote.
    plan: copied(plan),
    calls,
    now: spoil("now", () => provider.now()),
    findCustomers: spoil("findCustomers", (by) => provider.findCustomers(by)),
    subscriptions: spoil("subscriptions", (id) => provider.subscriptions(id)),
    subscription: spoil("subscription", (id) => provider.subscription(id)),
    price: spoil("price", (id) => provider.price(id)),
    prices: spoil("prices", (id) => provider.prices(id)),
    preview: spoil("preview", (action) => provider.preview(action)),
    execute: spoil("execute", (...args) => provider.execute(...args)),
    readBack: spoil("readBack", (...args) => provider.readBack(...args)),
    invoices: spoil("invoices", (of) => provider.invoices(of)),
    declineCode: spoil("declineCode", (invoiceId) => provider.declineCode(invoiceId)),
    updateCustomer: spoil("updateCustomer", (customer) => provider.updateCustomer(customer)),
    paymentPage: spoil("paymentPage", (of) => provider.paymentPage(of)),
    ...(news ? { news: spoil("news", () => news(), UNCOUNTED) } : {}),
    ...(heard ? { heard: spoil("heard", (ids) => heard(ids), UNCOUNTED) } : {}),
  };
  return wrapped;
}

function copied(plan: Plan): Plan {
  return Object.fromEntries(Object.entries(plan).map(([name, fault]) => [name, { ...fault }]));
}

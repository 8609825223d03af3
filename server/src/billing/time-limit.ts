import { BillingError, type BillingProvider } from "./provider.ts";

/** The same provider, but whoever waits for it hears "unknown" after `ms`: no customer waits for a hanging system. */
export function withTimeLimit(provider: BillingProvider, ms: number): BillingProvider {
  const { news, heard } = provider;
  const limited =
    <Args extends unknown[], Result>(work: (...args: Args) => Promise<Result>) =>
    (...args: Args): Promise<Result> =>
      new Promise((resolve, reject) => {
        const working = work(...args);
        const silence = () => reject(new BillingError("unknown", "timeout", `no answer within ${ms} ms`));
        const timer = setTimeout(silence, ms);
        void working.then(resolve, reject).then(() => clearTimeout(timer));
      });
  return {
    now: limited(() => provider.now()),
    findCustomers: limited((by) => provider.findCustomers(by)),
    subscriptions: limited((customerId) => provider.subscriptions(customerId)),
    subscription: limited((id) => provider.subscription(id)),
    price: limited((id) => provider.price(id)),
    prices: limited((productId) => provider.prices(productId)),
    preview: limited((action) => provider.preview(action)),
    execute: limited((action, key) => provider.execute(action, key)),
    readBack: limited((action, key) => provider.readBack(action, key)),
    invoices: limited((of) => provider.invoices(of)),
    declineCode: limited((invoiceId) => provider.declineCode(invoiceId)),
    updateCustomer: limited((customer) => provider.updateCustomer(customer)),
    paymentPage: limited((of) => provider.paymentPage(of)),
    ...(news ? { news: limited(() => news()) } : {}),
    ...(heard ? { heard: limited((ids) => heard(ids)) } : {}),
  };
}

/** What the simulator has to tell: written down with what it is about, and kept until somebody has heard it. */
import type { BillingEvent } from "./billing-event.ts";
import type { BillingAction } from "./provider.ts";
import { failed } from "./simulator-collection.ts";
import type { Advanced } from "./simulator-model.ts";
import { readSettled } from "./simulator-reads.ts";
import type { SimulatorRows, SimulatorStorage } from "./simulator-storage.ts";

export async function keep(tx: SimulatorRows, advanced: readonly Advanced[]): Promise<void> {
  await tx.put(
    "subscription",
    advanced.map(({ subscription }) => subscription),
  );
  // One statement takes each id once; of an invoice that was changed on the way the last form counts.
  const invoices = new Map(advanced.flatMap((each) => each.invoices).map((each) => [each.id, each]));
  await tx.put("invoice", [...invoices.values()]);
  await tx.put(
    "news",
    advanced.flatMap(({ news = [] }) => news),
  );
}

/** Of a customer's own wish to pay, which the bank has refused: one attempt at each invoice that is open. */
export async function tellRefusal(
  tx: SimulatorRows,
  { subscriptionId }: Pick<BillingAction, "subscriptionId">,
  key: string,
  now: number,
): Promise<void> {
  const owner = await tx.get("subscription", subscriptionId);
  const settled = owner && (await readSettled(tx, now, owner.customerId));
  const of = settled?.find(({ subscription }) => subscription.id === subscriptionId);
  if (!of) return;
  const { subscription } = of;
  const attempts = (subscription.unpaid ?? []).map((each) => failed(subscription, each, now, key));
  await keep(tx, [{ ...of, news: [...(of.news ?? []), ...attempts] }]);
}

/** Time that has gone by is written down first: what has happened in it is told from then on, whoever reads or writes. */
export async function readNews(
  storage: SimulatorStorage,
  scope: string,
  now: number,
): Promise<BillingEvent[]> {
  const rows = storage.rows(scope);
  const isNew = ({ news }: Advanced) => !!news?.length;
  // Nearly always nothing has happened, and a reader need not wait for writers.
  if ((await readSettled(rows, now)).some(isNew))
    await storage.transaction(scope, async (tx) => keep(tx, (await readSettled(tx, now)).filter(isNew)));
  const news = await rows.list("news");
  const people = news.length ? await rows.list("customer") : [];
  const emails = new Map(people.map(({ id, email }) => [id, email]));
  return news
    .toSorted((one, other) => one.at - other.at || (one.id < other.id ? -1 : 1))
    .map((event) => {
      const email = event.type === "payment_failed" ? emails.get(event.customerId) : undefined;
      return email === undefined ? event : { ...event, email };
    });
}

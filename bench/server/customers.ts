/** Customers with nothing in their past: who has accepted an offer once may not be offered it again. */
import { begin, putLives } from "../../server/src/billing/simulator-seed.ts";
import { type SimulatorRows, simulatorStorage } from "../../server/src/billing/simulator-storage.ts";
import { openStore, type StoreLocation } from "../../server/src/store/database.ts";

const DAY = 86_400_000;

export interface Customer {
  id: string;
  subscription: string;
}

let made = 0;

async function change(location: StoreLocation, work: (rows: SimulatorRows) => Promise<void>): Promise<void> {
  const { store, db } = await openStore(location);
  try {
    const { id } = await db.selectFrom("workspaces").select("id").executeTakeFirstOrThrow();
    await simulatorStorage(db).transaction(`${id}/prod`, work);
  } finally {
    await store.close();
  }
}

/** Puts them into the simulator that a server bills with. */
export async function settle(location: StoreLocation, count: number): Promise<Customer[]> {
  const now = Date.now();
  const customers = Array.from({ length: count }, (): Customer => {
    const number = ++made;
    return { id: `cus_bench_${number}`, subscription: `sub_bench_${number}` };
  });
  const lives = customers.map(({ id, subscription }) =>
    begin({ id: subscription, priceId: "price_pro_monthly", startedAt: now - 10 * DAY }, id),
  );
  const people = customers.map(({ id }) => {
    return { id, name: "John Doe", email: `${id}@mail.example`, metadata: {}, createdAt: now };
  });
  await change(location, async (rows) => {
    await rows.put("customer", people);
    await putLives(rows, lives);
  });
  return customers;
}

/** Their subscriptions go on. Whoever is looked for is looked for among all customers, which should stay few. */
export const forget = (location: StoreLocation, customers: readonly Customer[]): Promise<void> =>
  change(location, (rows) =>
    rows.remove(
      "customer",
      customers.map(({ id }) => id),
    ),
  );

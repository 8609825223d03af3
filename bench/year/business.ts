/** A business with as many customers as there are visits to come, each with a running subscription, and an endpoint. */
import { randomBytes } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { createSimulator } from "../../server/src/billing/simulator.ts";
import { begin, putLives } from "../../server/src/billing/simulator-seed.ts";
import { simulatorStorage } from "../../server/src/billing/simulator-storage.ts";
import type { OpenedStore } from "../../server/src/store/database.ts";
import { addMonths } from "../../src/flow/offers.ts";

const DAY = 86_400_000;
/** Of one transaction. */
const CHUNK = 1_000;

export interface Customer {
  id: string;
  subscription: string;
}

const text = (length: number) => randomBytes(length).toString("base64url").slice(0, length);

/** With ids as long as Stripe's. */
export async function addCustomers({ db }: OpenedStore, count: number): Promise<Customer[]> {
  const { id: workspace } = await db.selectFrom("workspaces").select("id").executeTakeFirstOrThrow();
  const storage = simulatorStorage(db);
  const scope = `${workspace}/prod`;
  const now = await createSimulator({ storage, scope, clock: Date.now }).now();
  const startedAt = addMonths(now + 18 * DAY, -1);
  const people = Array.from({ length: count }, () => ({
    id: `cus_${text(14)}`,
    subscription: `sub_${text(24)}`,
  }));
  for (let from = 0; from < count; from += CHUNK) {
    const some = people.slice(from, from + CHUNK);
    const lives = some.map(({ id, subscription }) =>
      begin({ id: subscription, priceId: "price_pro_monthly", startedAt }, id),
    );
    await storage.transaction(scope, async (rows) => {
      const named = some.map(({ id }) => ({ id, name: "Ada Moreau", email: `${id}@mail.example` }));
      await rows.put(
        "customer",
        named.map((each) => ({ ...each, metadata: {}, createdAt: startedAt })),
      );
      await putLives(rows, lives);
    });
  }
  return people;
}

export interface Receiver {
  /** How many messages have come so far. */
  readonly heard: number;
  close(): void;
}

/** The business's own program: it takes every message at once. */
export async function listenFor(server: string, key: string): Promise<Receiver> {
  let heard = 0;
  const own = createServer((request, response) => {
    heard += 1;
    request.resume();
    response.writeHead(204).end();
  });
  await new Promise<void>((resolve) => own.listen(0, "127.0.0.1", resolve));
  const response = await fetch(`${server}/api/v1/webhook-endpoints`, {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-API-Key": key },
    body: JSON.stringify({ url: `http://127.0.0.1:${(own.address() as AddressInfo).port}/`, events: ["*"] }),
  });
  if (response.status !== 201) throw new Error(`no endpoint: ${response.status} ${await response.text()}`);
  return {
    get heard() {
      return heard;
    },
    close() {
      own.close();
      own.closeAllConnections();
    },
  };
}

/** A real server with as many customers as there are stories, and its books. */
import { execFile } from "node:child_process";
import { createHmac, randomUUID } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import type { BilledSubscription } from "../../../server/src/billing/provider.ts";
import { createSimulator } from "../../../server/src/billing/simulator.ts";
import { begin, putLives } from "../../../server/src/billing/simulator-seed.ts";
import { simulatorStorage } from "../../../server/src/billing/simulator-storage.ts";
import { openStore } from "../../../server/src/store/database.ts";
import type { LedgerRow } from "../../../server/src/store/store.ts";
import type { FlowEvent } from "../../../src/api/wire.ts";
import { addMonths } from "../../../src/flow/offers.ts";
import { cli, install } from "../installation.ts";

const keys = { public: "rk_pk_fault_table_0123456789", secret: "rk_sk_fault_table_0123456789" };
const DAY = 86_400_000;

export interface Customer {
  id: string;
  subscription: string;
}

/** What the books say about one customer. */
export interface Books {
  subscription: BilledSubscription;
  /** Kinds of what billing has carried out, each request once. */
  billed: string[];
  ledger: LedgerRow[];
  /** Amounts in minor units, oldest first; what was given back is negative. */
  charges: { amount: number; at: number }[];
  /** What was recorded, run by run and in order. */
  runs: FlowEvent[][];
}

export interface Shop {
  url: string;
  /** Somebody new, with a running subscription. */
  customer(): Customer;
  mint(customer: Customer): Promise<string>;
  /** What the business's own backend signs for the customer who is signed in. */
  handshake(customer: Customer): string;
  books(customer: Customer): Promise<Books>;
  /** Moves billing's clock. */
  pass(days: number): Promise<void>;
  close(): Promise<void>;
}

/** @param periodEnds days from now, for every customer */
export async function openShop(flow: object, { customers = 500, periodEnds = 18 } = {}): Promise<Shop> {
  const installation = await install({
    RENUMERATE_PUBLIC_KEY: keys.public,
    RENUMERATE_PRIVATE_KEY: keys.secret,
    RATE_LIMIT_PER_MINUTE: "100000",
    LOG_LEVEL: "fatal",
  });
  const { url, folder, env } = installation;
  const file = join(folder, "flow.json");
  writeFileSync(file, JSON.stringify(flow));
  await promisify(execFile)(process.execPath, [cli, "flow", "publish", file, "--json"], { env });

  const { store, db } = await openStore(
    env.DATABASE_URL ? { url: env.DATABASE_URL } : { file: join(env.DATA_DIR ?? folder, "renumerate.db") },
  );
  const storage = simulatorStorage(db);
  const { id: workspace } = await db.selectFrom("workspaces").select("id").executeTakeFirstOrThrow();
  const scope = `${workspace}/prod`;
  const billing = createSimulator({ storage, scope, clock: Date.now });
  const people = Array.from({ length: customers }, (_, index) => ({
    id: `cus_fault_${index}`,
    subscription: `sub_fault_${index}`,
  }));
  const startedAt = addMonths(Date.now() + periodEnds * DAY, -1);
  const lives = people.map(({ id, subscription }) =>
    begin({ id: subscription, priceId: "price_pro_monthly", startedAt }, id),
  );
  await storage.transaction(scope, async (rows) => {
    await rows.put(
      "customer",
      people.map(({ id }) => ({
        id,
        name: "Ada Moreau",
        email: `${id}@example.com`,
        metadata: {},
        createdAt: startedAt,
      })),
    );
    await putLives(rows, lives);
  });

  return {
    url,
    customer() {
      const next = people.pop();
      if (!next) throw new Error("more stories than customers");
      return next;
    },
    async mint({ id }) {
      const response = await fetch(`${url}/v1/retention/session`, {
        method: "POST",
        headers: { "Content-Type": "application/json", "X-Brand-Key": keys.secret },
        body: JSON.stringify({ retention: { customer_id: id } }),
      });
      return ((await response.json()) as { id: string }).id;
    },
    handshake({ id }) {
      const payload = JSON.stringify({
        brandPub: keys.public,
        subscriberId: id,
        timestamp: Date.now(),
        nonce: randomUUID(),
      });
      const signature = createHmac("sha256", keys.secret).update(payload).digest("base64url");
      return `${Buffer.from(payload).toString("base64url")}.${signature}`;
    },
    async books({ id, subscription }) {
      const requests = await db
        .selectFrom("simulator_requests")
        .select("data")
        .where("scope", "=", scope)
        .where("data", "like", `%${subscription}%`)
        .execute();
      const actions = requests.map(({ data }) => Object.fromEntries(JSON.parse(JSON.parse(data).action)));
      const sessions = await db
        .selectFrom("sessions")
        .select("id")
        .where("subscription_id", "=", subscription)
        .execute();
      const events = await db
        .selectFrom("session_events")
        .select(["run", "data"])
        .where(
          "session_id",
          "in",
          sessions.map((each) => each.id),
        )
        .orderBy("received_at")
        .orderBy("seq")
        .execute();
      const runs = Map.groupBy(events, ({ run }) => run);
      return {
        subscription: (await billing.subscription(subscription)) as BilledSubscription,
        billed: actions
          .filter(({ subscriptionId }) => subscriptionId === subscription)
          .map(({ type }) => type as string),
        charges: (await storage.rows(scope).list("invoice", id))
          .filter(({ status }) => status !== "void")
          .sort((one, other) => one.at - other.at),
        ledger: await store.ledger(
          { workspaceId: workspace, environment: "prod" },
          { customerId: id, limit: 9 },
        ),
        runs: [...runs.values()].map((rows) =>
          rows.map(({ data }) => JSON.parse(data) as FlowEvent).sort((one, other) => one.seq - other.seq),
        ),
      };
    },
    async pass(days) {
      await billing.advance({ by: days * DAY });
    },
    async close() {
      await store.close();
      await installation.close();
    },
  };
}

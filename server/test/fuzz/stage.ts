/** A workspace where things have happened, and what somebody knows who has to do with it. */
import assert from "node:assert/strict";
import { begin } from "../../src/billing/simulator-seed.ts";
import type { simulatorStorage } from "../../src/billing/simulator-storage.ts";
import { keepBillingEvent } from "../../src/domain/billing-events.ts";
import { createKey, randomText } from "../../src/domain/workspaces.ts";
import { type Asked, createWorld, DAY, john, type Reply, type World } from "../harness.ts";
import { handshake } from "../http/handshake.ts";
import type { TestStore } from "../stores.ts";
import { Knowledge } from "./known.ts";
import { type Credentials, type Draft, sendable } from "./requests.ts";

const ENOUGH = 10_000_000;
const limits = { perKey: ENOUGH, perSession: ENOUGH, perAddress: ENOUGH };
const RETURN_HOST = "shop.example";

/** Of whom nothing is known yet: whatever was asked before, all is open for them. */
export interface Newcomer {
  customerId: string;
  subscriptionId: string;
}

export interface Stage {
  clock: { now: number };
  publicUrl: string;
  /** Whether it is asked over connections. */
  connected?: boolean;
  /** A good secret key that may do everything. */
  key: string;
  knowledge: Knowledge;
  credentials: Credentials;
  /** As whoever goes by the documentation asks. */
  request(path: string, asked?: Asked): Promise<Reply>;
  /** As it is, whatever is wrong with it. */
  send(draft: Draft): Promise<Response>;
  /** A token that is good once. */
  handshake(): string;
  newcomer(): Promise<Newcomer>;
  /** Whether billing answers nobody from now on. Absent where that cannot be brought about. */
  outage?(isOut: boolean): void;
  /** All that was logged. */
  log(): string;
}

/** What is known from the beginning, whichever server is asked. */
export function firstKnowledge(): Knowledge {
  const knowledge = new Knowledge();
  // One customer, so that what is sent together often belongs together.
  knowledge.add("customer_id", john);
  knowledge.add("offer_accepted", "discount");
  knowledge.add("offer_value", { percent: 25, duration_months: 3 });
  knowledge.add("reasonKey", "too_expensive", "missing_features");
  knowledge.add("returnUrl", `https://${RETURN_HOST}/back?from=here`, "http://localhost:4321/subs");
  return knowledge;
}

/** @param scope the simulator's box of one workspace and environment */
export async function welcome(
  storage: ReturnType<typeof simulatorStorage>,
  scope: string,
  now: number,
): Promise<Newcomer> {
  const customerId = `cus_${randomText(14)}`;
  const subscriptionId = `sub_${randomText(14)}`;
  const { subscription } = begin(
    { id: subscriptionId, priceId: "price_pro_monthly", startedAt: now - DAY },
    customerId,
  );
  await storage.transaction(scope, async (rows) => {
    await rows.put("customer", [{ id: customerId, metadata: {}, createdAt: now - DAY }]);
    await rows.put("subscription", [subscription]);
  });
  return { customerId, subscriptionId };
}

export async function createStage(store: TestStore): Promise<Stage & { world: World }> {
  const settings = { returnHosts: [RETURN_HOST], defaultReturnUrl: `https://${RETURN_HOST}/back` };
  const world = await createWorld(store, { limits, settings });
  const { customers } = await world.simulator.snapshot();
  const { email = "", subscriptions } = customers.find(({ id }) => id === john) ?? assert.fail();
  const knowledge = firstKnowledge();
  knowledge.add("workspace_id", world.scope.workspaceId);
  knowledge.add("customer_email", email);
  knowledge.add("subscription_id", ...subscriptions.map(({ id }) => id));
  await live(world, knowledge);
  const { credentials, sessions } = await credentialsOf(
    world,
    await createWorld(store, { limits }),
    customers.find(({ id }) => id !== john)?.id ?? assert.fail(),
  );
  const { session } = await world.flow(sessions[0] as string);
  knowledge.add("token", sessions[0] as string);
  knowledge.add("session", session.id);
  // The keys that there are stay good: with the last one nothing could be asked any more.
  const keys = await world.deps.store.keys(world.scope.workspaceId);
  knowledge.never(...keys.map(({ id }) => id));
  const box = `${world.scope.workspaceId}/${world.scope.environment}`;
  return {
    world,
    clock: world.clock,
    publicUrl: world.deps.publicUrl,
    key: world.key,
    knowledge,
    credentials,
    request: world.request,
    send(draft) {
      // No window of the rate limits may grow without end.
      world.pass(40);
      return Promise.resolve(world.app.fetch(sendable(draft)));
    },
    handshake: () => handshake(world),
    newcomer: () => welcome(world.storage, box, world.clock.now),
    outage(isOut) {
      const fault = { when: "before", throws: "unknown" } as const;
      const names = isOut ? Object.keys(world.simulator) : [];
      world.billing.plan = Object.fromEntries(names.map((name) => [name, fault]));
    },
    log: () => world.log.join(""),
  };
}

async function credentialsOf(world: World, stranger: World, other: string) {
  const keyOf = async (
    environment: "prod" | "sandbox",
    ...scopes: Parameters<typeof createKey>[1]["scopes"] & {}
  ) =>
    (await createKey(world.deps, { ...world.scope, environment, kind: "secret", name: "fuzz", scopes })).key;
  const kinds = ["retention", "retention", "subscription"];
  const sessions = await Promise.all(kinds.map((kind) => world.mint(john, undefined, kind)));
  sessions.push(await world.mint(other));
  const { key } = world;
  const keys = [key, key, key, await keyOf("sandbox", "*"), await keyOf("prod", "analytics:read")];
  const others = [
    world.publicKey,
    `${key.slice(0, -1)}x`,
    `${sessions[0]}x`,
    await stranger.mint(john),
    stranger.key,
    ...NO_CREDENTIALS,
  ];
  return { credentials: { keys, sessions, others } satisfies Credentials, sessions };
}

export const NO_CREDENTIALS = ["rk_sk_", "é", "x".repeat(9_000)];

/** Billing tells of one. */
async function failPayment({ deps, scope, clock }: World): Promise<void> {
  const failure = { type: "payment_failed", invoiceId: "in_1", customerId: john } as const;
  const facts = { amount: 4_900, currency: "usd", attempt: 1, declineCode: "expired_card" };
  await keepBillingEvent(deps, scope, { id: "evt_failed", at: clock.now, ...failure, ...facts });
}

/** What no single request leads to: a reason that many have named in a week that is over, and a failed payment. */
async function live(world: World, knowledge: Knowledge): Promise<void> {
  const { key, request } = world;
  for (const at of [1, 2, 3, 4, 5]) {
    const json = { eventId: `evt_${at}`, reasonKey: "too_expensive", outcome: "churned" };
    const reply = await request("/api/v1/cancellations", { key, json });
    assert.equal(reply.status, 201, reply.text);
    knowledge.learn(reply.body);
  }
  await failPayment(world);
  await world.tick();
  world.pass(7 * DAY);
  await world.tick();
  const { id } = (await world.deps.store.recovery(world.scope, "in_1")) ?? assert.fail();
  knowledge.add("recovery_id", id);
  knowledge.add("after", id);
}

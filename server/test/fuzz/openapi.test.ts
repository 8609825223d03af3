/**
 * Every operation of the document that the server itself serves, asked for in thousands of ways: as it is described, and
 * with something wrong in body, address, headers or credential. No answer may be a failure of ours or one that the
 * document does not list; and the same while billing answers nobody.
 */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import fc from "fast-check";
import { routes } from "../../src/app.ts";
import { openApiDocument } from "../../src/contract/openapi.ts";
import { keepBillingEvent } from "../../src/domain/billing-events.ts";
import { createKey } from "../../src/domain/workspaces.ts";
import { createWorld, DAY, john, type World } from "../harness.ts";
import { handshake } from "../http/handshake.ts";
import { stores, type TestStore } from "../stores.ts";
import { type ApiDocument, type Operation, operationsOf } from "./document.ts";
import { judge } from "./judge.ts";
import { Knowledge } from "./known.ts";
import { type Credentials, plans, requestOf } from "./requests.ts";

const ENOUGH = 10_000_000;
/** How many requests there are at least. On SQLite they are enough for nearly every operation to be carried out. */
const REQUESTS = { SQLite: 20_000, PostgreSQL: 2_000 };
/** Decisions and changes of a hub: what they need to say makes sense only after what was asked before. */
const SELDOM = 3;
/** How many requests there are of each operation while billing answers nobody. */
const IN_OUTAGE = 40;
/** What asks billing whatever it is asked itself, and so says that it does not answer. */
const DEPENDENT = [
  "create_retention_session",
  "create_subscription_session",
  "exchange_session",
  "get_flow",
  "get_hub",
];
const RETURN_HOST = "shop.example";

const document = JSON.parse(
  JSON.stringify(openApiDocument(routes, { version: "0.0.0", publicUrl: "http://localhost:4321" })),
) as ApiDocument;
const isDeletion = ({ method }: Operation): number => (method === "DELETE" ? 1 : 0);
/** What takes away comes last: what it takes is needed before. */
const operations = operationsOf(document).sort((a, b) => isDeletion(a) - isDeletion(b));

const limits = { perKey: ENOUGH, perSession: ENOUGH, perAddress: ENOUGH };

/** A workspace where things have happened, and what somebody knows who has to do with it. */
async function setUp(store: TestStore) {
  const settings = { returnHosts: [RETURN_HOST], defaultReturnUrl: `https://${RETURN_HOST}/back` };
  const world = await createWorld(store, { limits, settings });
  const stranger = await createWorld(store, { limits });
  const knowledge = new Knowledge();
  const { customers } = await world.simulator.snapshot();
  // One, so that what is sent together often belongs together.
  const { email = "", subscriptions } = customers.find(({ id }) => id === john) ?? assert.fail();
  knowledge.add("workspace_id", world.scope.workspaceId);
  knowledge.add("customer_id", john);
  knowledge.add("customer_email", email);
  knowledge.add("subscription_id", ...subscriptions.map(({ id }) => id));
  knowledge.add("offer_accepted", "discount");
  knowledge.add("offer_value", { percent: 25, duration_months: 3 });
  knowledge.add("reasonKey", "too_expensive", "missing_features");
  knowledge.add("returnUrl", `https://${RETURN_HOST}/back?from=here`, "http://localhost:4321/subs");
  await live(world, knowledge);
  const keyOf = async (
    environment: "prod" | "sandbox",
    ...scopes: Parameters<typeof createKey>[1]["scopes"] & {}
  ) =>
    (await createKey(world.deps, { ...world.scope, environment, kind: "secret", name: "fuzz", scopes })).key;
  const kinds = ["retention", "retention", "subscription"];
  const sessions = await Promise.all(kinds.map((kind) => world.mint(john, undefined, kind)));
  sessions.push(await world.mint(customers.find(({ id }) => id !== john)?.id ?? assert.fail()));
  const { session } = await world.flow(sessions[0] as string);
  knowledge.add("token", sessions[0] as string);
  knowledge.add("session", session.id);
  const credentials: Credentials = {
    keys: [
      world.key,
      world.key,
      world.key,
      await keyOf("sandbox", "*"),
      await keyOf("prod", "analytics:read"),
    ],
    sessions,
    others: [
      world.publicKey,
      `${world.key.slice(0, -1)}x`,
      `${sessions[0]}x`,
      await stranger.mint(john),
      stranger.key,
      "rk_sk_",
      "é",
      "x".repeat(9_000),
    ],
  };
  await keepKeys(world);
  return { world, knowledge, credentials };
}

/** The keys that there are stay good, whoever revokes them: with the last one nothing could be asked any more. */
async function keepKeys({ deps, scope }: World): Promise<void> {
  const { store } = deps;
  const own = new Set((await store.keys(scope.workspaceId)).map(({ id }) => id));
  deps.store = {
    ...store,
    revokeKey: async (id, at) => (own.has(id) ? undefined : store.revokeKey(id, at)),
  };
}

/** Billing tells of one. */
async function failPayment({ deps, scope, clock }: World): Promise<void> {
  const failure = { type: "payment_failed", invoiceId: "in_1", customerId: john } as const;
  const facts = { amount: 4_900, currency: "usd", attempt: 1, declineCode: "expired_card" };
  await keepBillingEvent(deps, scope, { id: "evt_failed", at: clock.now, ...failure, ...facts });
}

type Stage = Awaited<ReturnType<typeof setUp>>;

/** What no single request leads to: a reason that many have named in a week that is over, and a result brought back. */
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
  for (const userId of ["user_1", "user_2", "user_3"]) {
    const link = await request("/api/v1/cancel-link", { key, json: { userId } });
    knowledge.learn(link.body);
    const address = new URL(link.body.url as string).pathname;
    const session = / data-session="([^"]+)"/.exec((await request(address)).text)?.[1] ?? assert.fail();
    await world.flow(session);
    const back = await request(`${address}/return`, { json: { outcome: "abandoned", final: true } });
    knowledge.add("token", (back.body.url as string).split("#ci_result_token=")[1] ?? assert.fail());
  }
}

for (const home of stores) {
  describe(`Whatever is asked, on ${home.name}`, () => {
    const each = Math.ceil(REQUESTS[home.name] / operations.length);
    /** `operationId status` of all that was answered. */
    const answers = new Set<string>();
    let stage: Stage;
    let store: TestStore;
    let asked = 0;

    async function ask(world: World, request: Request): Promise<Response> {
      asked++;
      // No window of the rate limits may grow without end.
      world.pass(40);
      return await world.app.fetch(request);
    }

    before(async () => {
      store = await home.open();
      stage = await setUp(store);
    });
    after(() => store.drop());

    it("the document is the one that is served", async () => {
      const { body } = await stage.world.request("/openapi.json");
      assert.deepEqual(Object.keys(body.paths as object), Object.keys(document.paths));
    });

    /** @param heard takes `operationId status` of all that is answered */
    async function askFor(
      operation: Operation,
      { numRuns, heard, outage }: { numRuns: number; heard: Set<string>; outage?: boolean },
    ): Promise<void> {
      const { world, knowledge, credentials } = stage;
      const property = fc.asyncProperty(plans(operation), async (plan) => {
        // A token is good once, and sessions end.
        knowledge.add("handshakeToken", handshake(world));
        const request = requestOf(operation, plan, knowledge, credentials);
        const response = await ask(world, request);
        heard.add(`${operation.operationId} ${response.status}`);
        knowledge.learn(await judge(operation, request, response, outage));
      });
      await fc.assert(property, { numRuns, endOnFailure: true });
    }

    for (const operation of operations) {
      it(`${operation.method} ${operation.path} answers as it is described`, async () => {
        await askFor(operation, { numRuns: each, heard: answers });
      });
    }

    it("says what is documented while billing answers nobody", async () => {
      const { billing } = stage.world;
      const fault = { when: "before", throws: "unknown" } as const;
      const operationsOfBilling = Object.keys(stage.world.simulator);
      billing.plan = Object.fromEntries(operationsOfBilling.map((name) => [name, fault]));
      const heard = new Set<string>();
      for (const operation of operations)
        await askFor(operation, { numRuns: IN_OUTAGE, heard, outage: true });
      billing.plan = {};
      const untold = DEPENDENT.filter((id) => !heard.has(`${id} 503`));
      assert.deepEqual(untold, [], "they were told that billing does not answer");
    });

    it("so many requests were made, they came through to each operation, and no secret into the log", async () => {
      const { world, knowledge, credentials } = stage;
      assert.ok(asked >= REQUESTS[home.name], `${asked} requests`);
      const unheard = () =>
        operations.filter(
          ({ operationId }) => !answers.has(`${operationId} 200`) && !answers.has(`${operationId} 201`),
        );
      if (home.name === "SQLite") {
        // What takes several ids that belong together may want another chance.
        for (const round of [1, 2])
          if (unheard().length > SELDOM)
            for (const operation of unheard())
              await askFor(operation, { numRuns: round * each, heard: answers });
        const names = unheard().map(({ operationId }) => operationId);
        assert.ok(names.length <= SELDOM, `never carried out: ${names}`);
      }
      const log = world.log.join("");
      for (const secret of [...credentials.keys, ...credentials.sessions, ...knowledge.secrets()])
        assert.ok(!log.includes(secret), `the log holds ${secret}`);
    });
  });
}

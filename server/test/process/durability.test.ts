/**
 * `kill -9` in the middle of everything: what was acknowledged is there afterwards, once; what was not acknowledged has
 * either not happened or ends properly; and no subscription is changed twice.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import type { FlowConfig, Settlement } from "../../../src/api/wire.ts";
import { createSimulator } from "../../src/billing/simulator.ts";
import { prices } from "../../src/billing/simulator-demo.ts";
import { begin } from "../../src/billing/simulator-seed.ts";
import { simulatorStorage } from "../../src/billing/simulator-storage.ts";
import type { Deps } from "../../src/deps.ts";
import { lintFlow, publishFlow } from "../../src/domain/flows.ts";
import { OUTCOME_WORDS } from "../../src/domain/retainly-words.ts";
import { randomText } from "../../src/domain/workspaces.ts";
import { tick } from "../../src/outbox/worker.ts";
import { openStore } from "../../src/store/database.ts";
import { asking, half } from "../flows/fixtures.ts";
import { DAY, type Reply, replyOf } from "../harness.ts";
import { stores } from "../stores.ts";
import { settled, Visit } from "../visit.ts";
import { type Environment, folder, renumerate, serve } from "./child.ts";

const KILLS = 8;
const STREAMS = 4;
/** Requests that are begun before each kill, at least and at most. */
const [LEAST, MOST] = [15, 60];
const KEY = "sk_live_durability_0123456789";

/** Small and seeded, so that a failure can be had again. */
function chance(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

interface Story {
  visit: Visit;
  acknowledged: Set<string>;
  /** Sent; whether it arrived is another question. */
  wanted?: { outcome: "retained" | "cancelled"; request: object };
  answer?: Settlement;
}

for (const home of stores) {
  describe(`Killed in the middle, on ${home.name}`, () => {
    let place: Awaited<ReturnType<typeof folder>>;
    let env: Environment;
    let opened: Awaited<ReturnType<typeof openStore>>;
    let remove = async () => {};
    const stories: Story[] = [];
    let customers = 0;

    before(async () => {
      place = await folder();
      const outside = await home.place();
      remove = outside.remove;
      env = {
        ...place.env,
        RENUMERATE_PRIVATE_KEY: KEY,
        RATE_LIMIT_PER_MINUTE: "1000000",
        LOG_LEVEL: "silent",
      };
      if (outside.location.url !== undefined) env.DATABASE_URL = outside.location.url;
      assert.equal((await renumerate(["keys", "list"], env)).code, 0);
      opened = await openStore(
        outside.location.url === undefined
          ? { file: join(env.DATA_DIR as string, "renumerate.db") }
          : { url: outside.location.url },
      );
    });
    after(async () => {
      await opened.store.close();
      await remove();
      await place[Symbol.asyncDispose]();
    });

    async function scopeOf() {
      const [workspace] = await opened.store.workspaces();
      return { workspaceId: workspace?.id ?? assert.fail(), environment: "prod" as const };
    }

    /** A new customer each time, so that one action on each subscription is all there may be. */
    async function newcomers(count: number): Promise<string[]> {
      const { workspaceId } = await scopeOf();
      const ids = Array.from({ length: count }, () => `cus_${++customers}`);
      const createdAt = Date.now() - 10 * DAY;
      await simulatorStorage(opened.db).transaction(`${workspaceId}/prod`, async (rows) => {
        await rows.put(
          "customer",
          ids.map((id) => ({ id, email: `${id}@example.com`, metadata: {}, createdAt })),
        );
        const life = (id: string) =>
          begin({ id: `sub_${id}`, priceId: "price_pro_monthly", startedAt: createdAt }, id, prices);
        await rows.put(
          "subscription",
          ids.map((id) => life(id).subscription),
        );
      });
      return ids;
    }

    async function post(
      url: string,
      path: string,
      asked: { token?: string; json?: unknown; key?: string },
    ): Promise<Reply> {
      const headers: Record<string, string> = { "Content-Type": "application/json" };
      if (asked.key) headers["X-Brand-Key"] = asked.key;
      if (asked.token) headers.Authorization = `Bearer ${asked.token}`;
      const body = asked.json === undefined ? {} : { method: "POST", body: JSON.stringify(asked.json) };
      return replyOf(await fetch(url + path, { headers, ...body }));
    }

    /** One customer's visit. Rejects when the server dies meanwhile; what is known until then is in `stories`. */
    async function live(
      url: string,
      customer: string,
      random: (below: number) => number,
      begun: (path: string, reply: Promise<Reply>) => void,
    ): Promise<void> {
      const request = (path: string, asked: { token?: string; json?: unknown; key?: string }) => {
        const reply = post(url, path, asked);
        begun(path, reply);
        return reply;
      };
      const minted = await request("/v1/retention/session", {
        key: KEY,
        json: { retention: { customer_id: customer } },
      });
      const token = minted.body.id as string;
      const config = (await request("/v1/widget/flow", { token })).body as unknown as FlowConfig;
      const visit = new Visit({ clock: { now: Date.now() }, request }, token, config);
      const story: Story = { visit, acknowledged: new Set() };
      stories.push(story);
      const send = async () => {
        const sent = visit.events.map(({ id }) => id);
        assert.equal((await visit.send()).status, 200);
        for (const id of sent) story.acknowledged.add(id);
      };
      await send();
      visit.select("money");
      for (let words = random(4); words > 0; words--) {
        visit.write(`word ${words}`);
        await send();
      }
      if (random(5) === 0) return void (await visit.close());
      const outcome = random(2) ? "retained" : "cancelled";
      if (outcome === "retained") visit.next().act({ type: "accept" });
      else visit.leave().act({ type: "confirm" });
      story.wanted = { outcome, request: visit.decision() };
      story.answer = settled(await visit.decide(story.wanted.request));
      for (const { id } of visit.events) story.acknowledged.add(id);
    }

    /** Resolves as soon as another process sees that billing was changed, or at the latest when the reply is there. */
    async function billingChanges(reply: Promise<Reply>): Promise<void> {
      let over = false;
      const end = () => {
        over = true;
      };
      void reply.then(end, end);
      const changes = async () =>
        (await opened.db.selectFrom("simulator_requests").select("key").execute()).length;
      const before = await changes();
      // SQLite answers without ever letting the event loop turn, which the reply needs.
      while (!over && (await changes()) === before) await turn();
    }

    it("keeps every promise", async (context) => {
      const scope = await scopeOf();
      const seed = Number(process.env.TEST_SEED ?? Date.now() % 100_000);
      context.diagnostic(`TEST_SEED=${seed}`);
      const random = chance(seed);
      const definition = lintFlow(asking({ money: [half] }));
      assert.ok(definition.ok);
      const ids = { newId: (prefix: string) => `${prefix}_${randomText(22)}`, clock: Date.now };
      await publishFlow({ ...ids, store: opened.store } as Deps, scope, definition.definition);

      for (let kill = 0; kill < KILLS; kill++) {
        await using server = await serve(env);
        let left = LEAST + random(MOST - LEAST);
        let dead: Promise<unknown> | undefined;
        // Every other time between billing's change and our own note of it, where a second change would come from.
        const aimed = kill % 2 === 1;
        const begun = (path: string, reply: Promise<Reply>) => {
          if (--left > 0 || dead || (aimed && path !== "/v1/widget/decision")) return;
          dead = (aimed ? billingChanges(reply) : Promise.resolve()).then(() => server.end("SIGKILL"));
        };
        const waiting = await newcomers(MOST);
        const stream = async () => {
          for (let next = waiting.pop(); next && !dead; next = waiting.pop())
            await live(server.url, next, random, begun);
        };
        const ended = await Promise.allSettled(Array.from({ length: STREAMS }, stream));
        assert.ok(dead, "the server was killed in the middle");
        await dead;
        for (const each of ended) {
          if (each.status === "rejected")
            assert.ok(!(each.reason instanceof assert.AssertionError), each.reason);
        }
      }

      // Some customers come back and try the same again, for the others the worker looks.
      const unanswered = stories.filter(({ wanted, answer }) => wanted && !answer);
      await using server = await serve(env);
      for (const [index, story] of unanswered.entries()) {
        if (index % 2) continue;
        const { token } = story.visit;
        story.answer = settled(
          await post(server.url, "/v1/widget/decision", { token, json: story.wanted?.request }),
        );
      }
      assert.equal(await server.end("SIGTERM"), 0);
      const simulator = createSimulator({
        storage: simulatorStorage(opened.db),
        scope: `${scope.workspaceId}/prod`,
        clock: Date.now,
      });
      const silent = { info: () => {}, warn: () => {}, error: () => {} };
      const limits = { idle: 1000 * DAY, webhook: 1_000 };
      const later = {
        ...ids,
        store: opened.store,
        billing: () => simulator,
        clock: () => Date.now() + DAY,
        log: silent,
        limits,
      };
      while (await tick(later as unknown as Deps));

      await holds(simulator);
      const decided = stories.filter(({ answer }) => answer).length;
      context.diagnostic(
        `${stories.length} visits, ${decided} decided, ${unanswered.length} cut off while deciding`,
      );
      assert.ok(stories.length > KILLS * STREAMS && decided > 0);
    });

    async function holds(simulator: ReturnType<typeof createSimulator>): Promise<void> {
      const scope = await scopeOf();
      const { store, db } = opened;
      const facts = await store.events(scope, { limit: 100_000 });
      const requests = await db.selectFrom("simulator_requests").select("data").execute();
      const effects = Map.groupBy(
        requests.map(
          ({ data }) => Object.fromEntries(JSON.parse(JSON.parse(data).action)) as { subscriptionId: string },
        ),
        ({ subscriptionId }) => subscriptionId,
      );
      for (const { visit, acknowledged, wanted, answer } of stories) {
        const { session, run, config } = visit;
        const stored = (await store.sessionEvents(session, run)).map(({ id }) => id);
        assert.equal(new Set(stored).size, stored.length);
        for (const id of acknowledged) assert.ok(stored.includes(id), `${id} was acknowledged`);

        const actions = await store.actions(session);
        const [action, ...others] = actions;
        assert.deepEqual(others, []);
        if (answer) assert.equal(action?.status, "succeeded");
        if (!action) continue;
        assert.equal(action.status, "succeeded", "nothing is pending");
        const outcome = wanted?.outcome as "retained" | "cancelled";
        const row = await store.session(session);
        assert.deepEqual([row?.outcome, row?.settlement?.status], [outcome, "done"]);
        if (answer) assert.deepEqual(row?.settlement, answer);
        const ledger = await store.ledgerOfSession(session);
        assert.deepEqual([ledger?.outcome, ledger?.confirmed, ledger?.reason], [outcome, true, "money"]);
        const told = facts.filter(
          (fact) => fact.sessionId === session && fact.type === `cancel.${OUTCOME_WORDS[outcome]}`,
        );
        assert.equal(told.length, 1);
        assert.equal(effects.get(config.subscription.id)?.length, 1, "billing was changed once");
        const billed = await simulator.subscription(config.subscription.id);
        assert.equal(billed?.cancelAt !== undefined, outcome === "cancelled");
        assert.equal(billed?.discount !== undefined, outcome === "retained");
      }
      const touched = new Set(stories.map(({ visit }) => visit.config.subscription.id));
      for (const id of effects.keys()) assert.ok(touched.has(id));
      const { count } = await db
        .selectFrom("jobs")
        .select(({ fn }) => fn.countAll<number>().as("count"))
        .executeTakeFirstOrThrow();
      assert.equal(Number(count), 0);
    }
  });
}

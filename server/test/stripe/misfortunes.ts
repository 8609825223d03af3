/**
 * A customer's decision or change, while something goes wrong at one of the requests that it takes: what they are told,
 * and that in the end everything is as if nothing had gone wrong.
 */
import assert from "node:assert/strict";
import { after, before, describe, it, mock } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import type { HubChange } from "../../../src/api/wire.ts";
import type { StripeSettings } from "../../src/billing/stripe/model.ts";
import { type Gate, gate } from "../billing/faulty.ts";
import type { Fixtures } from "../billing/provider-harness.ts";
import { agree } from "../domain/changing.ts";
import { BILLING_TIMEOUT, type Reply, type World } from "../harness.ts";
import { stores, type TestStore } from "../stores.ts";
import type { Visit } from "../visit.ts";
import { type Fault, type FaultPlan, type RequestEntry, type StripeDouble, startDouble } from "./double.ts";
import { DAYS } from "./fixtures.ts";
import { type DoubleHarness, onDouble } from "./harness.ts";
import type { State } from "./state.ts";
import { type Beginning, changesOf, comparable, createStripeWorld, type StripeWorld } from "./world.ts";

export const TODAY = DAYS.everyMonth;

/** When the request that wrote something down is no longer expected to settle it. */
const SETTLE_AFTER = 30_000;

/** What a customer does. */
export interface Case {
  settings?: StripeSettings;
  of: (fixtures: Fixtures) => string;
  /** What was before. */
  before?: (harness: DoubleHarness, id: string) => Promise<unknown>;
  /** What happens while they make up their mind. */
  meanwhile?: (harness: DoubleHarness, id: string) => Promise<unknown>;
  /** In a flow: the offers or the end that it has, and the way to the decision. */
  flow?: { definition: (fixtures: Fixtures) => object; decide: (visit: Visit, fixtures: Fixtures) => Visit };
  /** In a hub. */
  change?: (fixtures: Fixtures & { team: string; present: string }) => HubChange;
}

interface Stage extends Beginning {
  /** Once they have made up their mind. */
  later: State | undefined;
  fixtures: Fixtures;
  id: string;
  plans: string[];
}

/** The customer's last step, with everything before it done. */
interface Attempt {
  send(): Promise<Reply>;
  /** A page that the customer opens anew. */
  look(): Promise<unknown>;
}

export const isWrite = ({ method, name }: Readonly<RequestEntry>): boolean =>
  method !== "GET" && name !== "POST /v1/invoices/create_preview";

/** Without the events of its history, which nobody asks for: that makes the many copies cheaper. */
function quiet(state: State): State {
  const copy = state.copy();
  copy.data.objects.events = {};
  return copy;
}

async function prepare({ settings, of, before: earlier, meanwhile }: Case): Promise<Stage> {
  const harness = await onDouble(TODAY, settings)();
  const { double, fixtures, stripe } = harness;
  try {
    const id = of(fixtures);
    await earlier?.(harness, id);
    const state = quiet(double.state);
    await meanwhile?.(harness, id);
    const several = await stripe.subscriptions.retrieve(fixtures.several);
    const { basic, annual, team, pro } = {
      basic: fixtures.prices.cheaper,
      annual: fixtures.prices.annual,
      team: several.items.data[0]?.price.id ?? assert.fail(),
      pro: (await harness.provider.subscription(fixtures.trialing))?.price.id ?? assert.fail(),
    };
    return {
      state,
      later: meanwhile && quiet(double.state),
      testClock: (await stripe.subscriptions.retrieve(id)).test_clock as string,
      fixtures,
      id,
      plans: [basic, pro, annual, team],
    };
  } finally {
    await harness.close();
  }
}

async function begin(world: StripeWorld, { flow, change }: Case, stage: Stage): Promise<Attempt> {
  const { id, fixtures, plans } = stage;
  if (flow) {
    await world.publish(flow.definition(fixtures));
    const visit = flow.decide(await world.visit(id), fixtures);
    const opened = world.clock.now;
    if (stage.later) world.becomes(stage.later);
    const age = world.clock.now - opened;
    const json = { ...visit.decision(), ...(age ? { age } : {}) };
    const { token } = visit;
    return {
      send: () => world.request("/v1/widget/decision", { token, json }),
      look: () => world.request("/v1/widget/flow", { token }),
    };
  }
  const token = await world.mint(id, "subscription");
  const [, present = "", , team = ""] = plans;
  const wanted = change?.({ ...fixtures, team, present }) ?? assert.fail("a flow or a change");
  const json = await agree(world as unknown as World, token, id, wanted);
  return {
    send: () => world.request("/v1/widget/hub/change", { token, json }),
    look: () => world.request("/v1/widget/hub", { token }),
  };
}

/** What was written down of it here. */
async function rowsOf({ db, scope }: StripeWorld): Promise<{ id: string; status: string; job: string }[]> {
  const { workspaceId } = scope;
  const changes = await db
    .selectFrom("changes")
    .select(["id", "status"])
    .where("workspace_id", "=", workspaceId)
    .execute();
  const actions = await db
    .selectFrom("actions")
    .innerJoin("sessions", "sessions.id", "actions.session_id")
    .select(["actions.id", "actions.status", "sessions.id as job"])
    .where("sessions.workspace_id", "=", workspaceId)
    .execute();
  return [...changes.map((row) => ({ ...row, job: row.id })), ...actions];
}

/** How it all ends. */
async function ending(world: StripeWorld, stage: Stage, reply: Reply): Promise<object> {
  const ledger = await world.ledger();
  const facts = await world.facts();
  assert.equal(new Set(facts).size, facts.length, `each fact once: ${facts}`);
  return {
    reply: comparable({ ...reply.body, at: undefined }),
    books: changesOf(world.double.state, stage.later ?? stage.state),
    rows: (await rowsOf(world)).map(({ status }) => status),
    ledger: ledger.map(({ outcome, confirmed, offerAccepted }) => ({ outcome, confirmed, offerAccepted })),
    facts: facts.filter((type) => type !== "session.requested"),
  };
}

async function isSettled(world: StripeWorld): Promise<void> {
  const rows = await rowsOf(world);
  for (const { job } of rows) {
    const jobs = await world.db.selectFrom("jobs").select("id").where("key", "=", job).execute();
    assert.deepEqual(jobs, [], "nothing is left to do");
  }
  assert.deepEqual(world.double.defects, [], "the double answers as Stripe would");
}

type Ways = "worker" | "retry" | "look";
const WAYS: readonly Ways[] = ["worker", "retry", "look"];

/** What goes wrong at a request. */
interface Misfortune {
  name: string;
  /** At those that change something; by default at all. */
  writes?: true;
  how: Fault | "killed before" | "killed after" | "slow" | "slow and taken over" | "gone from here";
  /** The library tries again by itself, as it does in a server; it is done then. */
  retries?: number;
}

/** Where one request is, and what comes of it. */
interface Strike {
  /** The request has come. */
  reached: Promise<void>;
  gate: Gate;
  plan: FaultPlan;
}

/** @param at counts those that `counts` says yes to, from 1 */
function strikeAt(
  world: StripeWorld,
  { how, retries = 0 }: Misfortune,
  counts: (request: Readonly<RequestEntry>) => boolean,
  at: number,
): Strike {
  const reached = Promise.withResolvers<void>();
  const held = gate();
  let seen = 0;
  const plan: FaultPlan = async (request) => {
    const isIt = counts(request) && ++seen === at;
    if (seen < at) return undefined;
    if (how === "gone from here") {
      reached.resolve();
      return { when: "before", how: "reset" };
    }
    if (!isIt) return undefined;
    reached.resolve();
    if (how === "killed before" || how === "killed after") {
      world.die();
      return { when: how === "killed before" ? "before" : "after", how: "reset" };
    }
    if (how === "slow" || how === "slow and taken over") {
      await held.pass();
      return undefined;
    }
    return how;
  };
  void retries;
  return { reached: reached.promise, gate: held, plan };
}

/** @returns undefined if there is nobody left to answer */
async function answerOf(
  world: StripeWorld,
  attempt: Attempt,
  { how }: Misfortune,
  strike: Strike,
): Promise<Reply | undefined> {
  world.double.fault = strike.plan;
  const isKilled = how === "killed before" || how === "killed after";
  const isSlow = how === "slow" || how === "slow and taken over";
  if (!isKilled && !isSlow) return attempt.send();
  // Only this timer: the store and the connections keep theirs.
  mock.timers.enable({ apis: ["setTimeout"] });
  try {
    const answer = attempt.send();
    await Promise.race([strike.reached, answer]);
    if (isKilled) {
      for (let turns = 0; turns < 20; turns++) await turn();
      return undefined;
    }
    await turn();
    mock.timers.tick(BILLING_TIMEOUT);
    return await answer;
  } finally {
    mock.timers.reset();
  }
}

/** What may be said before it is known: never that it was refused, and never that it is done before it is. */
async function checkAnswer(
  world: StripeWorld,
  stage: Stage,
  reply: Reply,
  expected: { books: unknown },
): Promise<void> {
  const rows = await rowsOf(world);
  if (reply.status === 503) {
    assert.equal(reply.code, "billing_unavailable");
    assert.deepEqual(rows, [], "nothing was begun");
    return;
  }
  assert.equal(reply.status, 200, reply.text);
  const { status } = reply.body;
  assert.deepEqual(
    rows.map((row) => row.status),
    [status === "done" ? "succeeded" : "pending"],
  );
  if (status === "done")
    assert.deepEqual(changesOf(world.double.state, stage.later ?? stage.state), expected.books);
  else assert.equal(status, "requested", reply.text);
}

async function settle(
  world: StripeWorld,
  attempt: Attempt,
  { how }: Misfortune,
  way: Ways,
  strike: Strike,
): Promise<void> {
  if (how === "slow and taken over") {
    world.pass(SETTLE_AFTER);
    world.another();
    await world.tick();
    strike.gate.open();
    for (let patience = 0; patience < 10 && (await isPending(world)); patience++) {
      world.pass(10_000 * 2 ** patience);
      await world.tick();
    }
    return;
  }
  if (way === "worker" || how === "slow") {
    world.pass(SETTLE_AFTER);
    const worked = world.tick();
    strike.gate.open();
    await worked;
  } else if (way === "look") await attempt.look();
  else await attempt.send();
}

const isPending = async (world: StripeWorld): Promise<boolean> =>
  (await rowsOf(world)).some(({ status }) => status === "pending");

/** With something wrong at one request. */
async function disturbed(
  { store, double }: { store: TestStore; double: StripeDouble },
  each: Case,
  stage: Stage,
  expected: { books: unknown },
  misfortune: Misfortune,
  target: { counts: (request: Readonly<RequestEntry>) => boolean; at: number; way: Ways },
): Promise<void> {
  const options = { plans: stage.plans, ...(each.settings ? { settings: each.settings } : {}) };
  await using world = await createStripeWorld(store, double, stage, options);
  const attempt = await begin(world, each, stage);
  if (misfortune.retries) world.restart(misfortune.retries);
  const strike = strikeAt(world, misfortune, target.counts, target.at);
  const answer = await answerOf(world, attempt, misfortune, strike);
  await Promise.race([
    strike.reached,
    turn().then(() => Promise.reject(new Error("it did not come to this request"))),
  ]);
  if (answer) await checkAnswer(world, stage, answer, expected);
  if (answer && misfortune.retries) assert.equal(answer.body.status, "done", answer.text);
  double.fault = undefined;
  if (!answer) world.restart();
  if (await isPending(world)) {
    await settle(world, attempt, misfortune, target.way, strike);
    assert.equal(await isPending(world), false, "settled as soon as billing was well again");
  } else strike.gate.open();
  // Whoever asks again is told how it has ended, or it happens only now.
  const last = await attempt.send();
  assert.equal(last.status, 200, last.text);
  assert.deepEqual(await ending(world, stage, last), expected);
  await isSettled(world);
}

async function undisturbed(
  { store, double }: { store: TestStore; double: StripeDouble },
  each: Case,
  stage: Stage,
) {
  const options = { plans: stage.plans, ...(each.settings ? { settings: each.settings } : {}) };
  await using world = await createStripeWorld(store, double, stage, options);
  const attempt = await begin(world, each, stage);
  double.requests.length = 0;
  const reply = await attempt.send();
  assert.equal(reply.status, 200, reply.text);
  assert.equal(reply.body.status, "done", reply.text);
  const requests = [...double.requests];
  const expected = await ending(world, stage, reply);
  await isSettled(world);
  return { requests, expected: expected as { books: unknown } };
}

const silent = { when: "before", how: "reset" } as const;
const lost = { when: "after", how: "reset" } as const;

/** At each request that changes something. */
const AT_WRITES: readonly Misfortune[] = [
  { name: "the connection breaks before it", how: silent },
  { name: "the connection breaks after it", how: lost },
  { name: "500 before it", how: { when: "before", how: 500 } },
  { name: "500 after it", how: { when: "after", how: 500 } },
  { name: "too many requests", how: { when: "before", how: 429 } },
  { name: "something else is under way", how: { when: "before", how: "lock_timeout" } },
  { name: "it takes longer than anybody waits", how: "slow" },
  { name: "it takes longer, and another process takes over", how: "slow and taken over" },
  { name: "the process dies before it", how: "killed before" },
  { name: "the process dies after it", how: "killed after" },
  { name: "Stripe is gone from here on", how: "gone from here" },
  { name: "the connection breaks after it, and the library asks again", how: lost, retries: 2 },
  { name: "500 before it, and the library asks again", how: { when: "before", how: 500 }, retries: 2 },
];

/** At the others, one after the other. */
const AT_READS: readonly Misfortune[] = [
  { name: "the connection breaks", how: silent },
  { name: "the process dies", how: "killed before" },
  { name: "500", how: { when: "before", how: 500 } },
  { name: "it takes longer than anybody waits", how: "slow" },
  { name: "Stripe is gone from here on", how: "gone from here" },
  { name: "too many requests", how: { when: "before", how: 429 } },
];

const isRead = (request: Readonly<RequestEntry>): boolean => !isWrite(request);

async function labelled(label: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    throw new Error(`${label}: ${error instanceof Error ? error.message : error}`, { cause: error });
  }
}

/** Each case with each misfortune. */
export function survives(cases: Record<string, Case>): void {
  const [home = assert.fail()] = stores;
  let store: TestStore;
  let double: StripeDouble;
  before(async () => {
    store = await home.open();
    double = await startDouble();
  });
  after(async () => {
    await double.close();
    await store.drop();
  });
  for (const [name, each] of Object.entries(cases)) {
    describe(name, () => {
      let stage: Stage;
      let run: Awaited<ReturnType<typeof undisturbed>>;
      before(async () => {
        stage = await prepare(each);
        run = await undisturbed({ store, double }, each, stage);
      });
      for (const [turnOf, misfortune] of AT_WRITES.entries())
        it(`${misfortune.name}: at each request that changes something`, async () => {
          const writes = run.requests.filter(isWrite);
          assert.ok(writes.length > 0);
          for (const [index, request] of writes.entries()) {
            const way = WAYS[(turnOf + index) % WAYS.length] ?? "worker";
            const target = { counts: isWrite, at: index + 1, way };
            await labelled(`${index + 1}. ${request.name}, ${way}`, () =>
              disturbed({ store, double }, each, stage, run.expected, misfortune, target),
            );
          }
        });

      it("at each request that only reads", async () => {
        const reads = run.requests.filter(isRead);
        for (const [index, request] of reads.entries()) {
          const misfortune = AT_READS[index % AT_READS.length] as Misfortune;
          const way = WAYS[index % WAYS.length] ?? "worker";
          const target = { counts: isRead, at: index + 1, way };
          await labelled(`${misfortune.name}, ${index + 1}. ${request.name}, ${way}`, () =>
            disturbed({ store, double }, each, stage, run.expected, misfortune, target),
          );
        }
      });
    });
  }
}

/**
 * A customer's decision or change, while something goes wrong at one of the requests that it takes: what they are told,
 * and that in the end everything is as if nothing had gone wrong.
 */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import type { Reply } from "../harness.ts";
import { stores, type TestStore } from "../stores.ts";
import { changesOf } from "./comparing.ts";
import { type RequestEntry, type StripeDouble, startDouble } from "./double.ts";
import {
  type Attempt,
  begin,
  type Case,
  checkSettled,
  type Ending,
  ending,
  isPending,
  prepare,
  rowsOf,
  type Stage,
} from "./last-steps.ts";
import {
  AT_READS,
  AT_WRITES,
  answerOf,
  IN_TURN,
  type Misfortune,
  type Strike,
  strikeAt,
} from "./misfortunes.ts";
import { createStripeWorld, type StripeWorld } from "./world.ts";

/** When the request that wrote something down is no longer expected to settle it. */
const SETTLE_AFTER = 30_000;

const isWrite = ({ method, name }: Readonly<RequestEntry>): boolean =>
  method !== "GET" && name !== "POST /v1/invoices/create_preview";

const isRead = (request: Readonly<RequestEntry>): boolean => !isWrite(request);

/** Who comes back to it: the worker, or the customer with the same again, or with a page that is opened anew. */
type Way = "worker" | "retry" | "look";
const WAYS: readonly Way[] = ["worker", "retry", "look"];

/** One request of those that an undisturbed run makes. */
interface Target {
  counts: (request: Readonly<RequestEntry>) => boolean;
  at: number;
  way: Way;
}

interface Bench {
  store: TestStore;
  double: StripeDouble;
}

const worldFor = ({ store, double }: Bench, { settings }: Case, { state, plans }: Stage) =>
  createStripeWorld(store, double, state, { plans, ...(settings ? { settings } : {}) });

/** What may be said before it is known: never that it was refused, and never that it is done before it is. */
async function checkAnswer(world: StripeWorld, stage: Stage, reply: Reply, expected: Ending): Promise<void> {
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
  way: Way,
  strike: Strike,
): Promise<void> {
  if (how === "slow and taken over") {
    world.pass(SETTLE_AFTER);
    world.another();
    await world.tick();
    strike.gate.open();
    await world.quiet();
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

/** What is done is told as done, also where Stripe could not be asked what it will charge next. */
function withoutCharge({ reply, ...rest }: Ending): Ending {
  const { nextCharge: _, ...subscription } = reply.subscription;
  return { ...rest, reply: { ...reply, subscription } };
}

/** With something wrong at one request. */
async function disturbed(
  bench: Bench,
  each: Case,
  stage: Stage,
  expected: Ending,
  misfortune: Misfortune,
  target: Target,
): Promise<void> {
  await using world = await worldFor(bench, each, stage);
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
  bench.double.fault = undefined;
  if (!answer) world.restart();
  if (await isPending(world)) {
    await settle(world, attempt, misfortune, target.way, strike);
    assert.equal(await isPending(world), false, "settled as soon as billing was well again");
  } else strike.gate.open();
  // Whoever asks again is told how it has ended, or it happens only now.
  const last = await attempt.send();
  assert.equal(last.status, 200, last.text);
  const ended = await ending(world, stage, last);
  assert.deepEqual(
    ended,
    target.counts === isRead && !ended.reply.subscription.nextCharge ? withoutCharge(expected) : expected,
  );
  await checkSettled(world);
}

async function undisturbed(bench: Bench, each: Case, stage: Stage) {
  await using world = await worldFor(bench, each, stage);
  const attempt = await begin(world, each, stage);
  bench.double.requests.length = 0;
  const reply = await attempt.send();
  assert.equal(reply.status, 200, reply.text);
  assert.equal(reply.body.status, "done", reply.text);
  const requests = [...bench.double.requests];
  const expected = await ending(world, stage, reply);
  await checkSettled(world);
  return { requests, expected };
}

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
  let bench: Bench;
  let turns = 0;
  before(async () => {
    bench = { store: await home.open(), double: await startDouble() };
  });
  after(async () => {
    await bench.double.close();
    await bench.store.drop();
  });
  for (const [name, each] of Object.entries(cases)) {
    describe(name, () => {
      let stage: Stage;
      let run: Awaited<ReturnType<typeof undisturbed>>;
      before(async () => {
        stage = await prepare(each);
        run = await undisturbed(bench, each, stage);
      });
      for (const [turnOf, misfortune] of AT_WRITES.entries())
        it(`${misfortune.name}: at each request that changes something`, async () => {
          const writes = run.requests.filter(isWrite);
          assert.ok(writes.length > 0);
          for (const [index, request] of writes.entries()) {
            const way = WAYS[(turnOf + index) % WAYS.length] ?? "worker";
            const target = { counts: isWrite, at: index + 1, way };
            await labelled(`${index + 1}. ${request.name}, ${way}`, () =>
              disturbed(bench, each, stage, run.expected, misfortune, target),
            );
          }
        });

      it("something else, at each request that changes something", async () => {
        for (const [index, request] of run.requests.filter(isWrite).entries()) {
          const misfortune = IN_TURN[turns++ % IN_TURN.length] as Misfortune;
          const way = WAYS[turns % WAYS.length] ?? "worker";
          const target = { counts: isWrite, at: index + 1, way };
          await labelled(`${misfortune.name}, ${index + 1}. ${request.name}, ${way}`, () =>
            disturbed(bench, each, stage, run.expected, misfortune, target),
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
            disturbed(bench, each, stage, run.expected, misfortune, target),
          );
        }
      });
    });
  }
}

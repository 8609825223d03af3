/** What goes wrong between a server and Stripe, and what the customer is told meanwhile. */
import assert from "node:assert/strict";
import { mock } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { type Gate, gate } from "../billing/faulty.ts";
import { BILLING_TIMEOUT, type Reply } from "../harness.ts";
import type { Fault, FaultPlan, RequestEntry } from "./double.ts";
import type { Attempt } from "./last-steps.ts";
import type { StripeWorld } from "./world.ts";

/** Nothing but what hangs is under way for so long: whoever still waits, waits for that. */
const CALM = { turns: 300, ms: 200 };

/** What goes wrong at a request. */
export interface Misfortune {
  name: string;
  how: Fault | "killed before" | "killed after" | "slow" | "slow and taken over" | "gone from here";
  /** The library tries again by itself, as it does in a server; it is done then. */
  retries?: number;
}

/** Where one request is, and what comes of it. */
export interface Strike {
  /** The request has come. */
  reached: Promise<void>;
  gate: Gate;
  plan: FaultPlan;
}

/** @param at counts those that `counts` says yes to, from 1 */
export function strikeAt(
  world: StripeWorld,
  { how }: Misfortune,
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
  return { reached: reached.promise, gate: held, plan };
}

/** @returns undefined if there is nobody left to answer */
export async function answerOf(
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
    let isOver = false;
    const ends = () => {
      isOver = true;
    };
    answer.then(ends, ends);
    // What is read hangs for everybody who needs it: to read is given up, and then what was to be done.
    for (let waits = 1; !isOver; waits++) {
      assert.ok(waits <= 2, "two limits at most");
      mock.timers.tick(BILLING_TIMEOUT);
      await calm(world, () => isOver);
    }
    return await answer;
  } finally {
    mock.timers.reset();
  }
}

async function calm({ double }: StripeWorld, isOver: () => boolean): Promise<void> {
  let [turns, since] = [0, performance.now()];
  while (!isOver() && (turns < CALM.turns || performance.now() - since < CALM.ms)) {
    await turn();
    turns++;
    if (double.requests.filter(({ status }) => status === undefined).length > 1)
      [turns, since] = [0, performance.now()];
  }
}

const silent = { when: "before", how: "reset" } as const;
const lost = { when: "after", how: "reset" } as const;

/** Each of them at each request that changes something. */
export const AT_WRITES: readonly Misfortune[] = [
  { name: "the connection breaks before it", how: silent },
  { name: "the connection breaks after it", how: lost },
  { name: "500 after it", how: { when: "after", how: 500 } },
  { name: "the process dies before it", how: "killed before" },
  { name: "the process dies after it", how: "killed after" },
];

/** One of them at each, one after the other over all cases: what they do is the same whatever the request. */
export const IN_TURN: readonly Misfortune[] = [
  { name: "500 before it", how: { when: "before", how: 500 } },
  { name: "too many requests", how: { when: "before", how: 429 } },
  { name: "it takes longer, and another process takes over", how: "slow and taken over" },
  { name: "something else is under way", how: { when: "before", how: "lock_timeout" } },
  { name: "it takes longer than anybody waits", how: "slow" },
  { name: "Stripe is gone from here on", how: "gone from here" },
  { name: "the connection breaks after it, and the library asks again", how: lost, retries: 2 },
  { name: "500 before it, and the library asks again", how: { when: "before", how: 500 }, retries: 2 },
];

/** At the others, one after the other. */
export const AT_READS: readonly Misfortune[] = [
  { name: "the connection breaks", how: silent },
  { name: "the process dies", how: "killed before" },
  { name: "500", how: { when: "before", how: 500 } },
  { name: "it takes longer than anybody waits", how: "slow" },
  { name: "Stripe is gone from here on", how: "gone from here" },
  { name: "too many requests", how: { when: "before", how: 429 } },
];

import assert from "node:assert/strict";
import { it } from "node:test";
import { createCounter } from "../../src/http/counter.ts";

const WINDOW = 1000;

/** What it shall do, in the plainest words: a list of times. */
function plainCounter() {
  let times: number[] = [];
  return (now: number, most: number) => {
    const recent = times.filter((at) => Math.abs(now - at) < WINDOW).sort((a, b) => a - b);
    const allowed = recent.length < most;
    times = allowed ? [...recent, now] : recent;
    return { allowed, taken: recent.length, ...(recent.length ? { oldest: recent[0] } : {}) };
  };
}

it("the counter says what a list of all times says, also when the clock is set", () => {
  // Chance that is the same each time.
  let seed = 4711;
  const chance = (below: number) => {
    seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
    return seed % below;
  };
  for (const most of [1, 3, 50, 5000]) {
    const count = createCounter();
    const plain = plainCounter();
    let now = 1_000_000;
    for (let asked = 0; asked < 6000; asked++) {
      now += chance(100) ? chance(4) : chance(3 * WINDOW) - WINDOW;
      assert.deepEqual(
        count("somebody", { now, window: WINDOW, most }),
        plain(now, most),
        `${most} at ${now}`,
      );
    }
  }
});

it("the counter keeps callers apart", () => {
  const count = createCounter();
  const of = { now: 5, window: WINDOW, most: 1 };
  assert.deepEqual(
    [count("one", of), count("other", of), count("one", of)].map(({ allowed }) => allowed),
    [true, true, false],
  );
});

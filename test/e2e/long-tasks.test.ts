/**
 * Nothing that a customer does keeps the page busy for longer than 50 ms on a processor four times slower than a server's.
 *
 * Measured is what the processor spends on each task, not what the clock says, so that what else this machine does is not
 * in it; and it is compared with a fixed piece of work in the same page, so that the limit is the same on a faster machine
 * and on a slower one. A task that is too long is so on every visit: the best of three counts.
 */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { cancelling, type Journey, leastOf, managing, travel } from "../../bench/browser/journeys.ts";
import { openStage, type Stage } from "../../bench/browser/stage.ts";
import { LONG_IN_YARDSTICKS } from "../../bench/browser/yardstick.ts";

const VISITS = 3;

describe("no long task, in Chromium", () => {
  let stage: Stage;
  before(async () => {
    stage = await openStage(0);
  });
  after(() => stage.close());

  async function visit(journey: Journey): Promise<Map<string, number>> {
    const visits = [];
    for (const customer of journey.customers.slice(0, VISITS))
      visits.push(await travel(stage, journey, customer));
    return leastOf(visits);
  }

  for (const journey of [cancelling, managing])
    it(`in ${journey.name}`, async () => {
      const phases = await visit(journey);
      for (const [name, longest] of phases)
        assert.ok(
          longest < LONG_IN_YARDSTICKS,
          `${name}: a task of ${longest.toFixed(1)} yardsticks, of at most ${LONG_IN_YARDSTICKS.toFixed(1)}`,
        );
    });
});

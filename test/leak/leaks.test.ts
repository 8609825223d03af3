import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { type Counts, type Laboratory, openLaboratory, ROOM } from "./laboratory.ts";
import type { DoingName } from "./page.ts";

const TIMES = 200;

/** By name, so that a report says which; the page has no others. */
const doings: readonly DoingName[] = [
  "opening and closing by the button",
  "a button that comes and goes",
  "a button that goes while its flow is open",
  "a closed dialog that comes and goes",
  "an open dialog that comes and goes",
  "an inline flow that comes and goes",
  "a flow that ends in a cancellation",
  "a cancellation that has to wait for the server",
  "a waiting cancellation that is taken back",
  "a flow that cannot be fetched",
  "a dialog that cannot be fetched",
  "a hub that comes and goes",
  "a hub whose history is opened",
];

/** What there is more of than before. */
const more = (counts: Counts): string[] =>
  Object.entries(counts)
    .filter(([, count]) => count > 0)
    .map(([name, count]) => `${count} ${name}`);

/** Each page has a process of its own. */
describe(`after ${TIMES} times nothing is left`, { concurrency: 2 }, () => {
  let laboratory: Laboratory;
  before(async () => {
    laboratory = await openLaboratory();
  });
  after(() => laboratory.close());

  it("of everything that the page can do", () => {
    assert.deepEqual(laboratory.names, doings);
  });

  for (const name of doings) {
    it(`of ${name}`, async () => {
      const { grow, close } = await laboratory.subject(name);
      const { counts, last, heap } = await grow(name, TIMES);
      assert.deepEqual(more(counts), []);
      // What is limited stops growing before it is looked at: of these there is none at all.
      const { sheets, stored, locks } = last;
      assert.deepEqual({ sheets, stored, locks }, { sheets: 0, stored: 0, locks: 0 });
      assert.ok(heap < ROOM, `${Math.round(heap)} bytes remain each time`);
      await close();
    });
  }
});

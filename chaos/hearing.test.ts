/** Each message that the business's endpoint did not hear, or heard otherwise, is seen: made-up ones, with one thing wrong. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Home } from "./home.ts";
import { hearingViolations, type Records } from "./invariants.ts";

const records: Records = {
  sessions: [],
  events: [],
  actions: [],
  ledger: [],
  facts: [{ id: "evt_1", type: "cancel.canceled", session_id: "ses_1" }],
  undelivered: 0,
  jobs: 0,
};

describe("What the business's endpoint must have heard", () => {
  const told = (id: string, type = "cancel.canceled", under = id) => ({
    id: under,
    body: { id, type, data: { customer_id: "cus_1" } },
  });
  const heardBy = (heard: readonly object[], taken = ["evt_1"]) =>
    hearingViolations({ receiver: { heard }, taken: new Set(taken) } as unknown as Home, "cus_1", records);

  it("is each fact, as often as it takes", () => {
    assert.deepEqual(heardBy([told("evt_1"), told("evt_1")]), []);
  });

  for (const [name, found, words] of [
    ["a fact does not arrive", heardBy([], []), /nobody has heard of cancel.canceled evt_1/],
    [
      "what is in no book arrives",
      heardBy([told("evt_1"), told("evt_2")]),
      /evt_2 was told, and is not there/,
    ],
    [
      "a fact arrives in two ways",
      heardBy([told("evt_1"), told("evt_1", "cancel.saved")]),
      /told in two ways/,
    ],
    ["a fact comes under another id", heardBy([told("evt_1", undefined, "evt_3")]), /under another id/],
  ] as const)
    it(`sees that ${name}`, () => {
      assert.equal(found.length, 1, found.join("\n"));
      assert.match(found[0] ?? "", words);
    });
});

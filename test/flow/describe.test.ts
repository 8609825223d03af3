import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Step } from "../../src/api/wire.ts";
import { activationsToCancel } from "../../src/flow/describe.ts";
import { configOf, confirm, offers, settlementOf, survey } from "./fixtures.ts";

describe("activationsToCancel", () => {
  const offer: Step = { type: "offer", id: "stay", offer: offers.discount };

  for (const [title, steps, count] of [
    ["no step at all", [], 1],
    ["only a confirm step", [confirm], 1],
    ["a survey", [survey], 1],
    ["a survey and a confirm step", [survey, confirm], 2],
    ["a long way", [survey, offer, { type: "losses", id: "gone", items: [] }, confirm], 2],
    ["an offer that can only be declined", [offer, confirm], 2],
  ] as [string, Step[], number][]) {
    it(`${title}: ${count}`, () => assert.equal(activationsToCancel(configOf(steps)), count));
  }

  it("is infinite where there is nothing left to cancel", () => {
    const settled = { id: "s", environment: "prod", settlement: settlementOf("cancelled") } as const;
    assert.equal(
      activationsToCancel(configOf([survey, confirm], { session: settled })),
      Number.POSITIVE_INFINITY,
    );
  });
});

/** What a business may decide about its Stripe account. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { FEEDBACK } from "../../src/billing/stripe/model.ts";
import { StripeDefinition } from "../../src/contract/stripe-settings.ts";
import { issuesOf } from "../../src/domain/flows.ts";

const feedback = (count: number) =>
  Object.fromEntries(Array.from({ length: count }, (_, at) => [`reason_${at}`, "other"]));

const faults: [string, unknown, string][] = [
  ["no object", [], ""],
  ["an unknown field", { secretKey: "sk_live_1" }, ""],
  ["another kind of pause", { pause: "void" }, "pause"],
  ["a word that Stripe does not have", { feedback: { bugs: "buggy" } }, "feedback/bugs"],
  ["a reason with a space", { feedback: { "too dear": "other" } }, "feedback/too dear"],
  ["101 reasons", { feedback: feedback(101) }, "feedback"],
  ["a configuration of something else", { portalConfiguration: "pmc_1" }, "portalConfiguration"],
  ["a test clock in prod", { testClock: "clock_1" }, ""],
  ["something that is no test clock", { sandbox: { testClock: "cus_1" } }, "sandbox/testClock"],
  ["an unknown field of the sandbox", { sandbox: { sandbox: {} } }, "sandbox"],
];

describe("Stripe's settings", () => {
  it("may be none, or all there are, with every word of Stripe's", () => {
    const words = Object.fromEntries(FEEDBACK.map((word) => [`our_${word}`, word]));
    const all = {
      pause: "collection",
      feedback: words,
      portalConfiguration: "bpc_1",
      sandbox: { pause: "subscription", feedback: {}, portalConfiguration: "bpc_2", testClock: "clock_1" },
    };
    for (const good of [{}, all, { sandbox: {} }, { feedback: feedback(100) }])
      assert.deepEqual(StripeDefinition.parse(good), good);
  });

  for (const [name, settings, path] of faults) {
    it(`are refused with ${name}`, () => {
      const { error } = StripeDefinition.safeParse(settings);
      assert.deepEqual(
        issuesOf(error ?? assert.fail("taken")).map((issue) => issue.path),
        [path],
      );
    });
  }

  it("say where a test clock belongs", () => {
    const { error } = StripeDefinition.safeParse({ testClock: "clock_1" });
    assert.match(error?.issues[0]?.message ?? "", /within sandbox/);
  });
});

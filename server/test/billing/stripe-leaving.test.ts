import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { FEEDBACK } from "../../src/billing/stripe/model.ts";
import { detailsOf, feedbackOf } from "../../src/billing/stripe/performers/reasons.ts";

describe("why somebody leaves, in Stripe's words", () => {
  it("is what the business has said, then Stripe's own word, then the nearest, then something else", () => {
    for (const word of FEEDBACK) assert.equal(feedbackOf(word, {}), word);
    assert.equal(feedbackOf("not_using", {}), "unused");
    assert.equal(feedbackOf("switching", {}), "switched_service");
    assert.equal(feedbackOf("technical_issues", {}), "low_quality");
    assert.equal(feedbackOf("moving_abroad", {}), "other");
    const feedback = { too_expensive: "other", not_using: "too_complex", moving_abroad: "unused" } as const;
    assert.equal(feedbackOf("too_expensive", { feedback }), "other");
    assert.equal(feedbackOf("not_using", { feedback }), "too_complex");
    assert.equal(feedbackOf("moving_abroad", { feedback }), "unused");
  });

  it("takes no reason for a field that every object has", () => {
    for (const reason of ["constructor", "toString", "__proto__"])
      assert.equal(feedbackOf(reason, { feedback: {} }), "other");
  });

  it("comes with what was written, as much as Stripe takes, and is nothing where nothing was said", () => {
    assert.deepEqual(detailsOf({}, {}), {});
    assert.deepEqual(detailsOf({ comment: "" }, {}), {});
    assert.deepEqual(detailsOf({ comment: "Bye" }, {}), { cancellation_details: { comment: "Bye" } });
    assert.deepEqual(detailsOf({ reason: "unused" }, {}), { cancellation_details: { feedback: "unused" } });
    const [fits, long] = ["a".repeat(5000), "🙂".repeat(5001)];
    assert.equal(detailsOf({ comment: fits }, {}).cancellation_details?.comment, fits);
    assert.equal(detailsOf({ comment: long }, {}).cancellation_details?.comment, "🙂".repeat(5000));
  });
});

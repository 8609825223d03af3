import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import type { BillingAction } from "../../src/billing/provider.ts";
import { find, hashOf, MARK, markOf, withBegun, withDone } from "../../src/billing/stripe/marks.ts";

const LIMIT = 500;

const action: fc.Arbitrary<BillingAction> = fc.oneof(
  fc.record({
    subscriptionId: fc.stringMatching(/^sub_\w{1,10}$/),
    type: fc.constant("pause" as const),
    resumesAt: fc.nat(),
  }),
  fc.record(
    {
      subscriptionId: fc.stringMatching(/^sub_\w{1,10}$/),
      type: fc.constant("cancel" as const),
      effective: fc.constantFrom("period_end" as const, "immediately" as const),
      requestedAt: fc.nat(),
      reason: fc.string(),
      comment: fc.string({ unit: "binary" }),
    },
    { requiredKeys: ["subscriptionId", "type", "effective"] },
  ),
);

/** Ids as they are made here, and whatever else a caller may think of. */
const key = fc.oneof(fc.stringMatching(/^(chg|act)_\w{8,24}$/), fc.string({ maxLength: 300 }));

const entry = fc.record({ key, action, isDone: fc.boolean() });
const keep = (
  mark: string,
  { key, action, isDone }: { key: string; action: BillingAction; isDone: boolean },
) => (isDone ? withDone(mark, key, action) : withBegun(mark, key, action));

const cancel: BillingAction = { type: "cancel", effective: "period_end", subscriptionId: "sub_1" };
const pause: BillingAction = { type: "pause", resumesAt: 1, subscriptionId: "sub_1" };

describe("the mark of a subscription", () => {
  it("knows the newest action, never gets longer than Stripe takes, and stays one line of plain text", () => {
    fc.assert(
      fc.property(fc.array(entry, { minLength: 1, maxLength: 60 }), (entries) => {
        let mark = "";
        for (const each of entries) {
          mark = keep(mark, each);
          assert.equal(find(mark, each.key, each.action), each.isDone ? "done" : "begun");
          assert.ok(mark.length <= LIMIT, `${mark.length} characters`);
          assert.match(mark, /^[\x21-\x7e]+( [\x21-\x7e]+)*$/);
        }
      }),
    );
  });

  it("remembers at least the last six, whatever their keys look like", () => {
    fc.assert(
      fc.property(fc.uniqueArray(entry, { selector: (each) => each.key, maxLength: 30 }), (entries) => {
        const mark = entries.reduce(keep, "");
        for (const each of entries.slice(-6))
          assert.equal(find(mark, each.key, each.action), each.isDone ? "done" : "begun");
      }),
    );
  });

  it("holds as many as fit, to the last character", () => {
    const keys = (longer: number) =>
      Array.from({ length: 10 }, (_, index) => `${index}`.padEnd(index < longer ? 41 : 40, "k"));
    const full = keys(1).reduce((mark, each) => withDone(mark, each, pause), "");
    assert.equal(full.length, LIMIT);
    assert.equal(find(full, keys(1)[0] ?? "", pause), "done");
    const fuller = keys(2).reduce((mark, each) => withDone(mark, each, pause), "");
    assert.equal(find(fuller, keys(2)[0] ?? "", pause), undefined, "the oldest makes room");
    for (const each of keys(2).slice(1)) assert.equal(find(fuller, each, pause), "done");
  });

  it("says of a key that it belongs to another action", () => {
    fc.assert(
      fc.property(fc.array(entry), key, action, action, (others, ours, one, other) => {
        fc.pre(hashOf(one) !== hashOf(other));
        const mark = others.reduce(keep, "");
        assert.equal(find(withDone(mark, ours, one), ours, other), "mismatch");
        assert.equal(find(withBegun(mark, ours, one), ours, other), "mismatch");
      }),
    );
  });

  it("has one entry for a key: what had begun is done", () => {
    const begun = withBegun(withDone("", "chg_a", pause), "chg_b", cancel);
    assert.equal(find(begun, "chg_b", cancel), "begun");
    const done = withDone(begun, "chg_b", cancel);
    assert.equal(find(done, "chg_b", cancel), "done");
    assert.equal(find(done, "chg_a", pause), "done");
    assert.equal(done.split(" ").length, 2);
  });

  it("takes no key for another that begins or ends like it", () => {
    const mark = withDone("", "chg_12", pause);
    for (const other of ["chg_1", "chg_123", "hg_12", "", "chg_12.", "chg_12 "])
      assert.equal(find(mark, other, pause), undefined, other);
  });

  it("is nothing where there is none, and what somebody else wrote there does no harm", () => {
    assert.equal(markOf({ metadata: {} }), "");
    assert.equal(markOf({ metadata: { [MARK]: "chg_1.00000000" } }), "chg_1.00000000");
    for (const mark of ["", "  ", "hello world", ".~", "chg_1", "chg_1."]) {
      assert.notEqual(find(mark, "chg_1", cancel), "done", mark);
      assert.equal(find(withDone(mark, "chg_1", cancel), "chg_1", cancel), "done");
    }
  });
});

describe("the hash of an action", () => {
  it("does not care for the order of its fields, nor for those that are left undefined", () => {
    fc.assert(
      fc.property(action, fc.array(fc.nat()), (given, order) => {
        const shuffled = Object.entries({ ...given, more: undefined })
          .map((field, index) => ({ field, at: order[index] ?? index }))
          .toSorted((one, other) => one.at - other.at)
          .map(({ field }) => field);
        assert.equal(hashOf(Object.fromEntries(shuffled) as BillingAction), hashOf(given));
      }),
    );
  });

  it("is another for another subscription, kind or value, and has eight digits", () => {
    const all: BillingAction[] = [
      cancel,
      pause,
      { ...cancel, subscriptionId: "sub_2" },
      { ...cancel, effective: "immediately" },
      { ...cancel, reason: "other" },
      { ...cancel, comment: "other" },
      { ...pause, resumesAt: 2 },
    ];
    assert.equal(new Set(all.map(hashOf)).size, all.length);
    for (const each of all) assert.match(hashOf(each), /^[\da-f]{8}$/);
  });
});

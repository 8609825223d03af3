/** When a week is unusual, on both sides of each edge. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isOver, isWorse, rulesMet, statusWhenFound } from "../../src/domain/issue-rules.ts";

/** `of`: all cancellations of the week; so many that the share never matters, unless it is said. */
const met = (count: number, before: number, of = 1_000) =>
  rulesMet({ count, before, total: of }).join(" ") || "none";

describe("A reason in a week", () => {
  it("must be named three times", () => {
    assert.equal(met(2, 0, 2), "none");
    assert.equal(met(3, 0, 3), "doubled large_share");
    assert.equal(met(0, 0, 0), "none");
  });

  it("is doubled from exactly twice the mean of the four weeks before", () => {
    assert.equal(met(3, 6), "doubled", "the mean is 1.5");
    assert.equal(met(3, 7), "none", "the mean is 1.75, the double 3.5");
    assert.equal(met(4, 7), "doubled");
    assert.equal(met(10, 20), "doubled");
    assert.equal(met(10, 21), "none");
  });

  it("is doubled where nobody has named it before", () => {
    assert.equal(met(3, 0), "doubled");
    assert.equal(met(2, 0), "none");
  });

  it("is a large share from exactly a quarter of the week", () => {
    assert.equal(met(3, 100, 12), "large_share");
    assert.equal(met(3, 100, 13), "none", "23 %");
    assert.equal(met(249, 9_999, 1_000), "none", "24.9 %");
    assert.equal(met(250, 9_999, 1_000), "large_share", "25 %");
  });
});

describe("An issue that is found", () => {
  it("opens if it is new or was resolved, and is left as it is while it is open or acted on", () => {
    assert.equal(statusWhenFound(undefined, 3), "open");
    assert.equal(statusWhenFound({ status: "resolved" }, 3), "open");
    assert.equal(statusWhenFound({ status: "open" }, 3), "open");
    assert.equal(statusWhenFound({ status: "acting" }, 300), "acting");
  });

  it("that was dismissed opens again from half as much again on", () => {
    const found = (count: number, dismissedCount: number) =>
      statusWhenFound({ status: "dismissed", dismissedCount }, count);
    assert.equal(found(5, 4), "dismissed");
    assert.equal(found(6, 4), "open");
    assert.equal(found(7, 5), "dismissed", "7.5 would be half as much again");
    assert.equal(found(8, 5), "open");
    assert.equal(isWorse(3, 2), true);
    assert.equal(isWorse(4, 3), false);
  });
});

describe("An issue that is not found any more", () => {
  const week = (rule?: "doubled", at = 10) => ({ rules: rule ? [rule] : [], at });
  const quiet = [week(), week(), week(), week()];

  it("is over after four weeks below the threshold", () => {
    for (const status of ["open", "acting"] as const) {
      assert.equal(isOver({ status, openedAt: 10 }, quiet), true, status);
      assert.equal(isOver({ status, openedAt: 10 }, quiet.slice(1)), false, "three weeks");
      assert.equal(isOver({ status, openedAt: 10 }, [week(), week(), week(), week("doubled")]), false);
      assert.equal(isOver({ status, openedAt: 10 }, [...quiet, week("doubled")]), true, "the fifth week");
    }
  });

  it("counts only weeks that were looked at since it was opened", () => {
    assert.equal(isOver({ status: "open", openedAt: 11 }, quiet), false);
    assert.equal(isOver({ status: "open", openedAt: 11 }, [week(undefined, 11), ...quiet.slice(1)]), false);
  });

  it("stays dismissed, and stays resolved", () => {
    assert.equal(isOver({ status: "dismissed", openedAt: 10 }, quiet), false);
    assert.equal(isOver({ status: "resolved", openedAt: 10 }, quiet), false);
  });
});

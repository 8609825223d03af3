import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { differenceOf, pointsOfRecovery, pointsOfVisit } from "../../src/store/points.ts";
import { anEnding, aRecovery, aReport, aScope, NOW } from "./rows.ts";

const scope = aScope();
const of = { ...scope, currency: "eur", at: NOW, count: 1 };

describe("Points of a row", () => {
  it("are one for each visit, and another where a cheaper plan took something off", () => {
    const visit = aReport(scope, { startedAt: NOW });
    assert.deepEqual(pointsOfVisit(visit), [{ ...of, measure: "visits.open", amount: 0 }]);
    assert.deepEqual(pointsOfVisit({ ...visit, outcome: "retained", savedMrr: 7, lostMrr: 3 }), [
      { ...of, measure: "visits.retained", amount: 7 },
      { ...of, measure: "lowered", amount: 3 },
    ]);
    assert.deepEqual(pointsOfVisit({ ...visit, outcome: "cancelled", undoneAt: NOW, savedMrr: 7 }), [
      { ...of, measure: "visits.retained", amount: 7 },
    ]);
    assert.deepEqual(pointsOfVisit(anEnding(scope)), []);
  });

  it("are of a recovery by its failure, and by its payment", () => {
    const failed = aRecovery(scope, { status: "failed" });
    assert.deepEqual(pointsOfRecovery(failed), [{ ...of, measure: "failures", amount: 0 }]);
    assert.deepEqual(pointsOfRecovery({ ...failed, status: "recovered", recoveredAt: NOW + 1, amount: 5 }), [
      { ...of, measure: "failures", amount: 0 },
      { ...of, measure: "failures.recovered", amount: 0 },
      { ...of, measure: "recoveries", amount: 5, at: NOW + 1 },
    ]);
  });

  it("differ by what is taken back and what is added, and not at all where they are the same", () => {
    const before = { ...of, measure: "visits.cancelled", amount: 7 } as const;
    assert.deepEqual(differenceOf([before], [{ ...before, amount: 9 }]), [
      { ...before, count: 0, amount: 2 },
    ]);
    const moved = { ...before, at: NOW + 1 };
    assert.deepEqual(differenceOf([before], [moved]), [{ ...before, count: -1, amount: -7 }, moved]);
    assert.deepEqual(differenceOf([before], [before]), []);
    assert.deepEqual(differenceOf([], [before]), [before]);
  });
});

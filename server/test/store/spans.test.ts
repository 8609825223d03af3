import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { addMonths, cut, DAY, HOUR, startOf } from "../../src/store/spans.ts";

const at = (text: string) => Date.parse(text);

describe("Spans of time", () => {
  it("begin where UTC says, in any year", () => {
    const instant = at("2027-05-14T09:41:00.001Z");
    assert.equal(startOf("hour", instant), at("2027-05-14T09:00:00Z"));
    assert.equal(startOf("day", instant), at("2027-05-14T00:00:00Z"));
    assert.equal(startOf("month", instant), at("2027-05-01T00:00:00Z"));
    for (const year of ["0000", "0069", "1969", "9999"])
      for (const span of ["hour", "day", "month"] as const)
        assert.equal(
          startOf(span, at(`${year}-12-31T23:59:59.999Z`)),
          {
            hour: at(`${year}-12-31T23:00:00Z`),
            day: at(`${year}-12-31T00:00:00Z`),
            month: at(`${year}-12-01T00:00:00Z`),
          }[span],
        );
    assert.equal(addMonths(at("2027-12-01T00:00:00Z"), 2), at("2028-02-01T00:00:00Z"));
  });

  it("fill a length of time without a gap, the coarsest where they fit, with the rest at the ends", () => {
    const range = { from: at("2027-01-30T22:30:00Z"), to: at("2027-04-02T01:00:00.001Z") };
    const { spans, whole, edges } = cut(range);
    assert.deepEqual(
      spans.map(({ span, from, to }) => [span, new Date(from).toISOString(), new Date(to).toISOString()]),
      [
        ["hour", "2027-01-30T23:00:00.000Z", "2027-01-31T00:00:00.000Z"],
        ["day", "2027-01-31T00:00:00.000Z", "2027-02-01T00:00:00.000Z"],
        ["month", "2027-02-01T00:00:00.000Z", "2027-04-01T00:00:00.000Z"],
        ["day", "2027-04-01T00:00:00.000Z", "2027-04-02T00:00:00.000Z"],
        ["hour", "2027-04-02T00:00:00.000Z", "2027-04-02T01:00:00.000Z"],
      ],
    );
    assert.deepEqual(whole, { from: spans[0]?.from, to: spans.at(-1)?.to });
    assert.deepEqual(edges, [
      { from: range.from, to: whole?.from },
      { from: whole?.to, to: range.to },
    ]);
  });

  it("are none in less than an hour, and never end where time does not", () => {
    const from = at("2027-05-14T09:00:00.001Z");
    const short = { from, to: from + HOUR };
    assert.deepEqual(cut(short), { spans: [], edges: [short] });
    assert.deepEqual(cut({ from, to: from }), { spans: [], edges: [] });
    const all = { from: Number.NEGATIVE_INFINITY, to: Number.POSITIVE_INFINITY };
    assert.deepEqual(cut(all), { spans: [{ span: "month", ...all }], whole: all, edges: [] });
    const day = startOf("day", from);
    assert.deepEqual(cut({ from: day, to: day + DAY }).spans, [{ span: "day", from: day, to: day + DAY }]);
  });
});

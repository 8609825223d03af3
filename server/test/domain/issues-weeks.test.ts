/** Weeks by ISO 8601, and which of them are looked at. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { weeksAfter } from "../../src/domain/issues.ts";
import { isoWeek, WEEK, weekOf } from "../../src/domain/weeks.ts";

const at = (date: string) => Date.parse(date.includes("T") ? date : `${date}T00:00:00Z`);
const instant = fc.date({ min: new Date("1900-01-01"), max: new Date("2200-01-01"), noInvalidDate: true });

describe("A week", () => {
  it("has its name by the year that its Thursday is in", () => {
    const known: [string, string][] = [
      ["2027-05-14T09:41:00Z", "2027-W19"],
      ["1969-12-31", "1970-W01"],
      ["1970-01-01", "1970-W01"],
      ["2004-12-31", "2004-W53"],
      ["2005-01-01", "2004-W53"],
      ["2005-01-02", "2004-W53"],
      ["2005-01-03", "2005-W01"],
      ["2007-12-31", "2008-W01"],
      ["2008-12-28", "2008-W52"],
      ["2008-12-29", "2009-W01"],
      ["2010-01-03", "2009-W53"],
      ["2016-02-29", "2016-W09"],
      ["2020-12-31", "2020-W53"],
      ["2024-12-29", "2024-W52"],
      ["2024-12-30", "2025-W01"],
      ["2027-01-03T23:59:59.999Z", "2026-W53"],
      ["2027-01-04", "2027-W01"],
    ];
    assert.deepEqual(
      known.map(([date]) => [date, isoWeek(at(date))]),
      known,
    );
  });

  it("begins on Monday at midnight UTC and lasts seven days", () => {
    const inUtc = new Intl.DateTimeFormat("en-GB", { timeZone: "UTC", weekday: "long" });
    fc.assert(
      fc.property(instant, (date) => {
        const now = date.getTime();
        const start = weekOf(now);
        assert.equal(inUtc.format(start), "Monday");
        assert.equal(new Date(start).toISOString().slice(10), "T00:00:00.000Z");
        assert.ok(start <= now && now < start + WEEK);
        assert.equal(weekOf(start), start);
        assert.equal(weekOf(start - 1), start - WEEK);
      }),
    );
  });

  it("is counted from the one with 4 January on", () => {
    fc.assert(
      fc.property(instant, (date) => {
        const now = date.getTime();
        const [year = 0, week = 0] = isoWeek(now).split("-W").map(Number);
        assert.equal(weekOf(Date.UTC(year, 0, 4)) + (week - 1) * WEEK, weekOf(now));
        assert.ok(week >= 1 && week <= 53);
        assert.ok(weekOf(Date.UTC(year + 1, 0, 4)) > weekOf(now), "belongs to the year after");
      }),
    );
  });
});

describe("Weeks to look at", () => {
  const names = (last: string | undefined, now: string) =>
    weeksAfter(last === undefined ? undefined : at(last), at(now)).map(isoWeek);

  it("the first time it is the one that has ended last", () => {
    assert.deepEqual(names(undefined, "2027-05-14T09:41:00Z"), ["2027-W18"]);
    assert.deepEqual(names(undefined, "2027-05-09T23:59:59.999Z"), ["2027-W17"]);
    assert.deepEqual(names(undefined, "2027-05-10"), ["2027-W18"]);
  });

  it("none twice", () => {
    assert.deepEqual(names("2027-05-03", "2027-05-16T23:59:59.999Z"), []);
    assert.deepEqual(names("2027-05-03", "2027-05-17"), ["2027-W19"]);
    assert.deepEqual(names("2027-05-10", "2027-05-10"), [], "a clock that was set back");
  });

  it("after an outage all that were missed, at most eight", () => {
    assert.deepEqual(names("2027-04-12", "2027-05-10"), ["2027-W16", "2027-W17", "2027-W18"]);
    assert.deepEqual(names("2027-03-08", "2027-05-10").length, 8);
    const [first, ...rest] = names("2027-03-01", "2027-05-10");
    assert.deepEqual([first, rest.length], ["2027-W11", 7]);
  });
});

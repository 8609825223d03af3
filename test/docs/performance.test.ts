/** Figures in the guides are those that were measured: nobody has typed them, and none was left behind by a later run. */
import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, it } from "node:test";
import { sectionIn, sectionOf, withSection } from "../../bench/markdown.ts";
import type { Measured } from "../../bench/part.ts";
import type { Minute, Year } from "../../bench/parts/year.ts";
import { aimsOf, tablesOf } from "../../bench/year/tables.ts";

const root = path.join(import.meta.dirname, "../..");
const guides = globSync("docs/*.md", { cwd: root }).map((file) =>
  readFileSync(path.join(root, file), "utf8"),
);
const nameOf = (file: string) => path.basename(file, path.extname(file));
const parts = globSync("bench/parts/*.ts", { cwd: root }).map(nameOf);

describe("aims of a year", () => {
  const file = path.join(root, "bench/results/year.json");
  const { figures } = JSON.parse(readFileSync(file, "utf8")) as { figures: Year };
  const { empty, full } = figures;

  it("are missed where visits that are there make others dearer", () => {
    const dearer = { ...full.consumed, servers: (1.6 * empty.consumed.servers * full.visits) / empty.visits };
    const aims = aimsOf({ ...figures, full: { ...full, consumed: dearer } });
    assert.deepEqual(
      aims.map(({ is, met }) => (met ? "met" : is)),
      ["1.60", "met", "met"],
    );
  });

  it("compare no times of requests that stood in a queue", () => {
    const withRoom = (minute: Minute): Minute => ({ ...minute, connections: { most: 30, active: 12 } });
    const columns = (year: Year) => tablesOf(year)[1]?.columns.length;
    assert.equal(columns({ ...figures, empty: withRoom(empty), full: withRoom(full) }), 4);
    assert.equal(columns({ ...figures, empty: withRoom(empty) }), 3);
    assert.match(JSON.stringify(tablesOf(figures)[1]), /nothing to compare.*, queued/);
  });
});

describe("figures in the guides", () => {
  for (const part of parts)
    it(`are what was measured last: ${part}`, () => {
      const file = path.join(root, `bench/results/${part}.json`);
      const measured = JSON.parse(readFileSync(file, "utf8")) as Measured;
      const sections = guides.flatMap((guide) => sectionIn(guide, part) ?? []);
      assert.deepEqual(sections, [sectionOf(measured)]);
    });

  it("are of parts that there are", () => {
    const named = guides.flatMap((guide) =>
      [...guide.matchAll(/<!-- bench (\w+) -->/g)].map(([, part]) => part),
    );
    assert.deepEqual(named.sort(), parts.sort());
  });

  it("take the place of older ones, whatever they contain", () => {
    const guide = withSection("a\n<!-- bench one -->\n\n<!-- /bench one -->\nb", "one", "$& costs $1");
    assert.equal(guide, "a\n<!-- bench one -->\n$& costs $1\n<!-- /bench one -->\nb");
    assert.equal(withSection(guide, "one", "| 2 |"), "a\n<!-- bench one -->\n| 2 |\n<!-- /bench one -->\nb");
    assert.equal(withSection(guide, "two", "| 2 |"), guide);
  });
});

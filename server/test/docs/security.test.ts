/** docs/security.md names what stops each threat and what shows it: all of that is there. */
import assert from "node:assert/strict";
import { existsSync, globSync, readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { connectionLimits, LONGEST_SILENCE, MOST_HEADERS } from "../../src/http/limits.ts";

const root = new URL("../../../", import.meta.url);
const page = readFileSync(new URL("docs/security.md", root), "utf8");

/** Paths of this repository in code marks, with a `*` where several are meant. */
const named = Array.from(
  page.matchAll(/`((?:src|server|test|docs|scripts|\.github)\/[\w./*{},-]+)`/g),
  ([, path = ""]) => path,
);

/** Rows of the tables of threats: what, what stops it, where, and what shows it. */
const threats = page
  .split("\n")
  .filter((line) => /^\| [A-Z]\d+ /.test(line))
  .map((line) =>
    line
      .slice(1, -1)
      .split(" | ")
      .map((cell) => cell.trim()),
  );

describe("docs/security.md", () => {
  it("names files that there are", () => {
    assert.ok(named.length > 60, `${named.length}`);
    const missing = [...new Set(named)].filter((path) =>
      path.includes("*") ? !globSync(path, { cwd: root.pathname }).length : !existsSync(new URL(path, root)),
    );
    assert.deepEqual(missing, []);
  });

  it("says of each threat what stops it and which test shows it", () => {
    assert.ok(threats.length > 30, `${threats.length}`);
    for (const [name = "", threat = "", stops = "", where = "", shown = "", ...more] of threats) {
      assert.deepEqual(more, [], name);
      for (const cell of [threat, stops]) assert.ok(cell.length > 10, `${name}: ${cell}`);
      assert.match(where, /`(src|server)\//, name);
      assert.match(shown, /`(server\/)?test\/[\w/*-]+\.(test|suite)\.ts`/, name);
    }
    const names = threats.map(([name]) => name);
    assert.equal(new Set(names).size, names.length, "each has a number of its own");
  });

  it("has the limits that are set", () => {
    const seconds = (ms: number) => `${ms / 1000} s`;
    for (const [what, limit] of [
      ["Request line and headers", `${connectionLimits.maxHeaderSize / 1024} kB`],
      ["Headers", String(MOST_HEADERS)],
      ["Until the headers are complete", seconds(connectionLimits.headersTimeout)],
      ["Until the body is complete", seconds(connectionLimits.requestTimeout)],
      ["Between two requests", seconds(connectionLimits.keepAliveTimeout)],
      ["Without a byte", seconds(LONGEST_SILENCE)],
    ] as const)
      assert.match(page, new RegExp(`^\\| ${what}[^|]*\\| ${limit} \\|`, "m"), what);
  });
});

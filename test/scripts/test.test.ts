import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { verdict } from "../../scripts/test.ts";
import { count } from "../../scripts/wtr-counts.ts";

test("a suite is as good as its tests", () => {
  assert.deepEqual(verdict({ status: 0, counts: { passed: 3, failed: 0 } }), { passed: 3, failed: 0 });
  assert.deepEqual(verdict({ status: 1, counts: { passed: 3, failed: 2 } }), { passed: 3, failed: 2 });
});

test("a suite that crashed, missed a threshold or ran nothing is one failure, and says so", () => {
  assert.equal(verdict({ status: 1, counts: { passed: 3, failed: 0 } }).failed, 1);
  assert.deepEqual(verdict({ status: null }), {
    passed: 0,
    failed: 1,
    fault: "did not finish (status null)",
  });
  assert.match(verdict({ status: 0, counts: { passed: 0, failed: 0 } }).fault ?? "", /ran no test/);
});

test("node:test: passed, failed and unloadable are counted; skipped and empty files are not", (t) => {
  const folder = mkdtempSync(path.join(tmpdir(), "renumerate-counts-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const file = (name: string, code: string) => {
    writeFileSync(path.join(folder, name), code);
    return path.join(folder, name);
  };
  const files = [
    file(
      "mixed.mjs",
      `import { describe, test } from "node:test";
      describe("group", () => { test("a", () => {}); test("b", () => {}); });
      test("c", () => { throw new Error("c"); });
      test("late", { timeout: 10 }, () => new Promise((resolve) => setTimeout(resolve, 1000)));
      test("skipped", { skip: true }, () => {}); test.todo("later");`,
    ),
    file("unloadable.mjs", 'import "./nowhere.mjs";'),
    file("empty.mjs", ""),
  ];
  const report = path.join(folder, "counts.json");
  const reporter = path.join(import.meta.dirname, "../../scripts/node-counts.ts");
  spawnSync(
    process.execPath,
    ["--test", `--test-reporter=${reporter}`, `--test-reporter-destination=${report}`, ...files],
    // Without this, the inner run would report to the outer one.
    { env: { ...process.env, NODE_TEST_CONTEXT: undefined } },
  );
  const { failures, ...rest } = JSON.parse(readFileSync(report, "utf8"));
  assert.deepEqual(rest, { passed: 2, failed: 3 });
  assert.match(failures[0], /mixed\.mjs: c: c$/, "named, with its reason");
  assert.equal(failures.length, 3);
});

test("web-test-runner: nested suites are counted, and a file that did not load is one failure", () => {
  const result = (name: string, passed: boolean, skipped = false) => ({ name, passed, skipped });
  const inner = { name: "inner", tests: [result("b", false), result("c", false, true)], suites: [] };
  const sessions = [
    { passed: false, testResults: { name: "", tests: [result("a", true)], suites: [inner] } },
    { passed: false },
    { passed: true, testResults: { name: "", tests: [result("d", true)], suites: [] } },
  ];
  const { failures, ...rest } = count(sessions);
  assert.deepEqual(rest, { passed: 2, failed: 2 });
  assert.match(failures[0] ?? "", /inner › b/, "named with what is around it");
});

import { writeFileSync } from "node:fs";
import path from "node:path";
import type { Reporter, TestSession, TestSuiteResult } from "@web/test-runner";
import type { Counts } from "./test.ts";

type Result = TestSuiteResult["tests"][number];
type Ended = Pick<TestSession, "passed" | "testResults"> &
  Partial<Pick<TestSession, "testFile" | "browser" | "errors">>;

/** Each with the names of the suites around it. */
function testsOf(suite: TestSuiteResult | undefined, around: readonly string[] = []): [string, Result][] {
  return suite
    ? [
        ...suite.tests.map((test): [string, Result] => [[...around, test.name].join(" › "), test]),
        ...suite.suites.flatMap((inner) => testsOf(inner, [...around, inner.name])),
      ]
    : [];
}

/** A file that did not load, or failed outside of its tests, is one failure. */
export function count(sessions: readonly Ended[]): Required<Counts> {
  let passed = 0;
  let failed = 0;
  const failures: string[] = [];
  for (const { passed: isGood, testResults, testFile = "", browser, errors = [] } of sessions) {
    const tests = testsOf(testResults).filter(([, test]) => !test.skipped);
    const bad = tests.filter(([, test]) => !test.passed);
    passed += tests.length - bad.length;
    if (isGood) continue;
    failed += Math.max(1, bad.length);
    const where = `${browser?.name ?? ""} ${path.relative(process.cwd(), testFile)}`.trim();
    failures.push(
      ...bad.map(([name, { error }]) => `${where}: ${name}: ${error?.message}`),
      ...errors.map(({ message }) => `${where}: ${message}`),
    );
  }
  return { passed, failed, failures };
}

/** Reporter of @web/test-runner: writes what `count` makes of a run at its end, for scripts/test.ts. */
export function counts(): Reporter {
  return {
    onTestRunFinished({ sessions }) {
      const file = process.env.TEST_COUNTS;
      if (file) writeFileSync(file, JSON.stringify(count(sessions)));
    },
  };
}

import { writeFileSync } from "node:fs";
import type { Reporter, TestSession, TestSuiteResult } from "@web/test-runner";
import type { Counts } from "./test.ts";

function testsOf(suite: TestSuiteResult | undefined): TestSuiteResult["tests"] {
  return suite ? [...suite.tests, ...suite.suites.flatMap(testsOf)] : [];
}

/** A file that did not load, or failed outside of its tests, is one failure. */
export function count(sessions: readonly Pick<TestSession, "passed" | "testResults">[]): Counts {
  let passed = 0;
  let failed = 0;
  for (const session of sessions) {
    const tests = testsOf(session.testResults).filter((test) => !test.skipped);
    const good = tests.filter((test) => test.passed).length;
    passed += good;
    failed += session.passed ? 0 : Math.max(1, tests.length - good);
  }
  return { passed, failed };
}

/** Reporter of @web/test-runner: writes `{passed, failed}` at the end of a run, for scripts/test.ts. */
export function counts(): Reporter {
  return {
    onTestRunFinished({ sessions }) {
      const file = process.env.TEST_COUNTS;
      if (file) writeFileSync(file, JSON.stringify(count(sessions)));
    },
  };
}

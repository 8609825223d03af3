/** Reporter of @web/test-runner: writes `{passed, failed}` to the file named by TEST_COUNTS, for scripts/test.ts. */
import { writeFileSync } from "node:fs";

/** @param {import("@web/test-runner").TestSuiteResult | undefined} suite */
function* testsOf(suite) {
  yield* suite?.tests ?? [];
  for (const inner of suite?.suites ?? []) yield* testsOf(inner);
}

/** A file that did not load or did not finish has errors of its own: they count as one failure of that file. */
export function count(sessions) {
  const tests = sessions
    .flatMap((session) => [...testsOf(session.testResults)])
    .filter((test) => !test.skipped);
  const passed = tests.filter((test) => test.passed).length;
  const broken = sessions.filter(
    (session) =>
      !session.passed && [...testsOf(session.testResults)].every((test) => test.passed || test.skipped),
  ).length;
  return { passed, failed: tests.length - passed + broken };
}

/** @returns {import("@web/test-runner").Reporter} */
export function counts() {
  return {
    onTestRunFinished({ sessions }) {
      const file = process.env.TEST_COUNTS;
      if (file) writeFileSync(file, JSON.stringify(count(sessions)));
    },
  };
}

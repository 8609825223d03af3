/** Reporter of node:test: writes how a run ended, for scripts/test.ts. */
import path from "node:path";
import type { TestEvent } from "node:test/reporters";
import type { Counts } from "./test.ts";

/**
 * Passed tests are taken from the summary of each file, because Node counts a file without any test as a passed one.
 * Failed ones are taken from the summary of the run, which also knows the files that did not load.
 */
export default async function* counts(events: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  let passed = 0;
  let failed = 0;
  const failures: string[] = [];
  for await (const event of events) {
    if (event.type === "test:fail") {
      const { name, file = "", details } = event.data;
      const error: Error & { failureType?: string } = details.error;
      // What is around a failed test fails with it.
      if (error.failureType === "subtestsFailed") continue;
      const why = error.cause instanceof Error ? error.cause : error;
      failures.push(`${path.relative(process.cwd(), file)}: ${name}: ${why.message}`);
    }
    if (event.type !== "test:summary") continue;
    const { file, counts } = event.data;
    if (file) passed += counts.passed;
    else failed = counts.tests - counts.passed - counts.skipped - counts.todo;
  }
  yield JSON.stringify({ passed, failed, failures } satisfies Counts);
}

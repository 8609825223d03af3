/**
 * What users of the Renumerate client rely on is numbered; docs/decisions/0016 says where the list comes from. Each number
 * is at the head of a test's name, so that nothing of it can get lost.
 */
import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { test } from "node:test";

const LAST = 70;

test(`behaviours 1 to ${LAST} of the Renumerate client have tests that carry their numbers`, () => {
  const files = globSync(["test/{sdk,e2e,package,scripts}/**/*.test.ts", "server/test/http/*.test.ts"]);
  const found = new Set<number>();
  for (const file of files) {
    const names = readFileSync(file, "utf8").matchAll(/\b(?:it|test)\(\s*["'`]([\d, ]+):/g);
    for (const [, numbers = ""] of names) for (const each of numbers.split(",")) found.add(Number(each));
  }
  const missing = Array.from({ length: LAST }, (_, index) => index + 1).filter((each) => !found.has(each));
  assert.deepEqual(missing, []);
});

import { globSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";

const root = path.join(import.meta.dirname, "../..");

// Coverage knows only files that were loaded: without this, one that no test imports would not lower it.
for (const file of globSync("{src/api,src/flow,server/src/domain}/**/*.ts", { cwd: root })) {
  test(`${file} can be imported in Node without set-up`, () => import(path.join(root, file)));
}

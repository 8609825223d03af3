import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { describe, it } from "node:test";

const src = new URL("../../src/", import.meta.url).pathname;
const read = (pattern: string) =>
  globSync(pattern, { cwd: src }).map((file) => ({ file, text: readFileSync(src + file, "utf8") }));

describe("The domain", () => {
  const files = read("domain/**/*.ts");

  it("asks nobody for the time, for chance or for the environment: they are given to it", () => {
    assert.ok(files.length > 8);
    for (const { file, text } of files) {
      assert.doesNotMatch(
        text,
        /process\.|Date\.now|Math\.random|new Date\(\)|performance\.now|randomUUID/,
        file,
      );
    }
  });

  it("knows no request, no framework and no SQL", () => {
    for (const { file, text } of files) {
      assert.doesNotMatch(
        text,
        /from "(hono|kysely|pg|pino|node:http|node:sqlite)|Request\b.*Response\b|\bfetch\(/,
        file,
      );
      assert.doesNotMatch(text, /from "\.\.\/(http|routes|outbox|app|main|cli|settings)/, file);
      assert.doesNotMatch(text, /\b(select|insert|update|delete) .+ (from|into|set) /, file);
    }
  });

  it("main alone reads the environment", () => {
    for (const { file, text } of read("**/*.ts")) {
      if (file !== "main.ts") assert.doesNotMatch(text, /process\.env/, file);
    }
  });
});

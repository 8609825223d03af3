import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { errors } from "../../src/http/errors.ts";

const page = readFileSync(new URL("../../../docs/errors.md", import.meta.url), "utf8");

const rows = page
  .split("\n")
  .filter((line) => line.startsWith("| `"))
  .map((line) =>
    line
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );

describe("docs/errors.md", () => {
  it("has every code of the table once, in its order, and no other", () => {
    assert.deepEqual(
      rows.map(([code]) => code),
      Object.keys(errors).map((code) => `\`${code}\``),
    );
  });

  for (const [code, { status, type, message }] of Object.entries(errors)) {
    it(`says of ${code} what the server says, and what to do`, () => {
      const row = rows.find(([each]) => each === `\`${code}\``) ?? assert.fail();
      assert.deepEqual(row.slice(1, 4), [String(status), type, message]);
      assert.equal(row.length, 5);
      assert.ok((row[4]?.length ?? 0) > 10);
    });
  }
});

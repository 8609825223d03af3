import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { it } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { createLog } from "../src/log.ts";

const words = (pieces: readonly string[]): string[][] =>
  pieces.map((piece) =>
    piece
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line).msg as string),
  );

it("the log writes what was said in one turn in one piece, and an error at once with all before it", async () => {
  const pieces: string[] = [];
  const log = createLog("info", (text) => pieces.push(text));
  log.info({}, "one");
  log.info({ a: 1 }, "two");
  assert.deepEqual(pieces, []);
  await turn();
  assert.deepEqual(words(pieces), [["one", "two"]]);
  log.info({}, "three");
  log.error({ err: "bad" }, "four");
  assert.deepEqual(words(pieces), [
    ["one", "two"],
    ["three", "four"],
  ]);
  log.info({}, "five");
  log.warn({}, "six");
  assert.deepEqual(words(pieces).at(-1), ["five", "six"]);
  await turn();
  assert.equal(pieces.length, 3);
});

it("the log says nothing below its level", () => {
  const pieces: string[] = [];
  const log = createLog("error", (text) => pieces.push(text));
  log.info({}, "one");
  log.warn({}, "two");
  log.flush();
  assert.deepEqual(pieces, []);
});

for (const [how, end] of [
  ["exits", "process.exit(3)"],
  ["fails", "throw new Error('broken')"],
] as const) {
  it(`the log loses nothing when the process ${how}`, () => {
    const module = new URL("../src/log.ts", import.meta.url);
    const program = `import { createLog } from ${JSON.stringify(module.href)};
      const log = createLog("info");
      for (let line = 0; line < 2000; line++) log.info({ line, filler: "x".repeat(100) }, "said");
      ${end};`;
    const { stderr } = spawnSync(process.execPath, ["--input-type=module", "--eval", program], {
      encoding: "utf8",
      maxBuffer: 10_000_000,
    });
    const said = stderr.split("\n").filter((line) => line.startsWith("{"));
    assert.equal(said.length, 2000);
    assert.equal(JSON.parse(said.at(-1) ?? "").line, 1999);
  });
}

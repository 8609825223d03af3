/** Runs a command for each line of standard input, `{args, env}`. After each, a NUL on both outputs, with the exit code. */
import { writeSync } from "node:fs";
import { createInterface } from "node:readline";
import { setImmediate } from "node:timers/promises";
import { run } from "../../src/cli.ts";

const own = { ...process.env };

for await (const line of createInterface({ input: process.stdin })) {
  const { args, env } = JSON.parse(line) as { args: string[]; env: Record<string, string> };
  process.env = { ...own, ...env };
  const code = await run(args);
  // What is logged in a turn is written at its end, past the streams, so that comes behind both.
  await setImmediate();
  writeSync(1, `\0${code}\0`);
  writeSync(2, "\0");
}

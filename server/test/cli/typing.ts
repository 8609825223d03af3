/** A group of commands, typed by an operator of the world's installation. */
import assert from "node:assert/strict";
import { mock } from "node:test";
import { Command } from "commander";
import type { Using } from "../../src/cli/tools.ts";
import type { World } from "../harness.ts";

type Installed = Pick<World, "deps" | "scope">;

/** @returns what it has printed */
export async function typed(
  { deps, scope }: Installed,
  add: (root: Command, using: Using) => void,
  ...args: string[]
): Promise<string> {
  const workspace = (await deps.store.workspace(scope.workspaceId)) ?? assert.fail();
  const root = new Command("renumerate").exitOverride();
  add(root, (work) => work({ deps, workspace }));
  // What is wrong would be printed beside the results of the tests.
  for (const each of root.commands.flatMap(({ commands }) => commands))
    each.exitOverride().configureOutput({ writeErr: () => {} });
  const printed: string[] = [];
  const write = process.stdout.write.bind(process.stdout);
  const mocked = mock.method(process.stdout, "write", (text: string | Uint8Array) =>
    // The runner's own words are bytes.
    typeof text === "string" ? printed.push(text) > 0 : write(text),
  );
  try {
    await root.parseAsync(args, { from: "user" });
    return printed.join("");
  } finally {
    mocked.mock.restore();
  }
}

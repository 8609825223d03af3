/** The examples of the Renumerate client's documentation agree with our types. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, it } from "node:test";
import { promisify } from "node:util";
import { blocksOf } from "./blocks.ts";
import { example, examples } from "./examples.ts";

const root = new URL("../../", import.meta.url).pathname;
const folder = mkdtempSync(join(tmpdir(), "renumerate-types-"));
after(() => rmSync(folder, { recursive: true }));

/** @returns what the compiler says of modules in a project of their own */
async function complaints(modules: Record<string, string>): Promise<string[]> {
  for (const [name, code] of Object.entries(modules)) writeFileSync(join(folder, name), code);
  const config = {
    extends: join(root, "src/tsconfig.json"),
    compilerOptions: {
      noEmit: true,
      declaration: false,
      emitDeclarationOnly: false,
      rootDir: "/",
      module: "preserve",
      jsx: "react-jsx",
      paths: {
        "@renumerate/js": [join(root, "src/index.ts")],
        "@renumerate/js/react": [join(root, "src/react/index.ts")],
        react: [join(root, "node_modules/@types/react")],
        "react/*": [join(root, "node_modules/@types/react/*")],
        "react-dom/*": [join(root, "node_modules/@types/react-dom/*")],
      },
    },
    include: [],
    files: Object.keys(modules),
  };
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(config));
  const run = promisify(execFile)(process.execPath, [
    join(root, "node_modules/typescript/bin/tsc"),
    ...["-p", folder, "--pretty", "false"],
  ]);
  const { stdout } = await run.catch((error: { stdout: string }) => error);
  return stdout.split("\n").filter((line) => line.includes("error"));
}

it("the browser examples of the Renumerate client's documentation are typed", async () => {
  const placed = { apiUrl: "https://renumerate.example.com", sessionId: "ret_example123" };
  const modules = Object.fromEntries(examples.map((name) => [name, example(name, placed)]));
  assert.deepEqual(await complaints(modules), []);
  const wrong = { "wrong.ts": String(modules["mount.ts"]).replace('"classes"', "5") };
  assert.match(String(await complaints(wrong)), /wrong\.ts\(.*error TS/, "it is noticed when they do not");
});

it("the examples of docs/migrating-from-renumerate.md are typed", async () => {
  const blocks = blocksOf("docs/migrating-from-renumerate.md").filter(({ language }) =>
    /^tsx?$/.test(language),
  );
  assert.equal(blocks.length, 3);
  const named = blocks.map(({ language, code }, at) => [`moving-${at}.${language}`, code]);
  assert.deepEqual(await complaints(Object.fromEntries(named)), []);
});

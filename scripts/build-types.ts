/** Writes the published declarations, and checks that whoever reads them needs nothing but Lit. */
import { spawnSync } from "node:child_process";
import { globSync, readFileSync, rmSync } from "node:fs";
import path from "node:path";
import { importsOf } from "./check-imports.ts";

const root = path.join(import.meta.dirname, "..");
process.chdir(root);
rmSync("dist/types", { recursive: true, force: true });
const { status } = spawnSync(process.execPath, ["node_modules/typescript/bin/tsc", "-p", "src"], {
  stdio: "inherit",
});
if (status !== 0) process.exit(1);

for (const file of globSync("dist/types/**/*.d.ts")) {
  for (const { specifier } of importsOf(file, readFileSync(file, "utf8"))) {
    // The compiler names the inferred type of a template by lit-html, which lit brings along.
    if (/^(\.|lit($|[/-])|@lit\/)/.test(specifier)) continue;
    console.error(`${file} mentions ${specifier}: published types may need nothing but Lit`);
    process.exitCode = 1;
  }
}

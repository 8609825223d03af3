/**
 * Writes the published declarations, and checks that whoever reads them needs nothing but Lit, and React for the React
 * components. Wants the built package: what `require()` returns is named after what is in it.
 */
import { spawnSync } from "node:child_process";
import { globSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { importsOf } from "./check-imports.ts";

const root = path.join(import.meta.dirname, "..");
const out = "dist/types";

/** Where reading starts: what package.json names. */
const entries = [
  "index",
  "embed",
  "react/index",
  "components/{cancel-button,retention-modal,subscription-hub}",
];

/** With their file of `dist/cjs`. */
const required = { index: "index", "react/index": "react" };

/** Declarations say where the built files are, so that every compiler since `exports` finds them. */
function nameBuiltFiles(file: string): void {
  const code = readFileSync(file, "utf8");
  writeFileSync(file, code.replace(/(\bfrom |\bimport\(|\bimport )"(\.[^"]+)\.tsx?"/g, '$1"$2.js"'));
}

/** The entries and what they mention; one line for each package that a reader would have to have. */
function read(): { files: Set<string>; foreign: string[] } {
  const files = new Set(entries.flatMap((entry) => globSync(`${out}/${entry}.d.ts`)));
  const foreign: string[] = [];
  for (const file of files) {
    for (const { specifier } of importsOf(file, readFileSync(file, "utf8"))) {
      if (specifier.startsWith("."))
        files.add(path.join(path.dirname(file), specifier.replace(/\.js$/, ".d.ts")));
      // The compiler names the inferred type of a template by lit-html, which lit brings along.
      else if (!/^(lit($|[/-])|@lit\/)/.test(specifier) && !(specifier === "react" && /\/react\//.test(file)))
        foreign.push(`${file} mentions ${specifier}: published types may need nothing but Lit`);
    }
  }
  return { files, foreign };
}

/** Type parameters of a class as it declares them, and their names. */
function parametersOf(className: string, files: Iterable<string>): { declared: string; given: string } {
  const declaration = new RegExp(`\\bdeclare class ${className}<([^>{]+)>`);
  for (const file of files) {
    const declared = declaration.exec(readFileSync(file, "utf8"))?.[1];
    if (!declared) continue;
    const given = declared.split(",").map((each) => each.trim().split(" ")[0] as string);
    // What they are bound by is exported beside the class.
    const bound = declared.replace(/\b[A-Z]\w*/g, (name) => (given.includes(name) ? name : `module.${name}`));
    return { declared: `<${bound}>`, given: `<${given.join(", ")}>` };
  }
  return { declared: "", given: "" };
}

/**
 * What `require()` returns has the types of what `import` returns, so that a page may use both.
 *
 * @param exports as `require()` returns them
 */
function forRequire(name: string, exports: object, files: Iterable<string>): string {
  const attributes = 'with { "resolution-mode": "import" }';
  const address = `"./${path.basename(name)}.js"`;
  const isClass = (value: unknown) => typeof value === "function" && /^class\b/.test(String(value));
  const lines = Object.entries(exports).map(([key, value]) => {
    const { declared, given } = parametersOf(key, files);
    return [
      `export declare const ${key}: typeof module.${key};`,
      ...(isClass(value) ? [`export type ${key}${declared} = module.${key}${given};`] : []),
    ];
  });
  return [
    `import type * as module from ${address} ${attributes};`,
    `export type * from ${address} ${attributes};`,
    ...lines.flat(),
    "",
  ].join("\n");
}

process.chdir(root);
rmSync(out, { recursive: true, force: true });
const { status } = spawnSync(process.execPath, ["node_modules/typescript/bin/tsc", "-p", "src"], {
  stdio: "inherit",
});
if (status !== 0) process.exit(1);

for (const file of globSync(`${out}/**/*.d.ts`)) nameBuiltFiles(file);
const { files, foreign } = read();
for (const file of globSync(`${out}/**/*.d.ts`)) if (!files.has(file)) rmSync(file);
for (const line of foreign) {
  console.error(line);
  process.exitCode = 1;
}
const require = createRequire(path.join(root, "package.json"));
for (const [name, built] of Object.entries(required))
  writeFileSync(`${out}/${name}.d.cts`, forRequire(name, require(`./dist/cjs/${built}.cjs`), files));

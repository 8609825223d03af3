/**
 * Describes the elements to editors and to other tools, from the comments and types of their classes: the custom elements
 * manifest, and custom data for Visual Studio Code and for JetBrains' editors.
 *
 *     node scripts/manifest.ts    writes dist/custom-elements.json, dist/vscode.*.json and dist/web-types.json
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { getWebTypesData } from "custom-element-jet-brains-integration";
import { getVsCodeCssCustomData, getVsCodeHtmlCustomData } from "custom-element-vs-code-integration";
import { elementsPlugin } from "./manifest-plugin.ts";

const root = path.join(import.meta.dirname, "..");

interface Type {
  readonly text: string;
}

/** The parts of the manifest's schema 1.0.0 that are used here. */
export interface Attribute {
  readonly name: string;
  readonly type?: Type;
  readonly description?: string;
  /** The property that reflects it. */
  readonly fieldName?: string;
}

export interface Member {
  readonly kind: "field" | "method";
  readonly name: string;
  readonly type?: Type;
  readonly description?: string;
  /** The attribute that sets it. */
  readonly attribute?: string;
}

export interface ElementEvent {
  readonly name: string;
  readonly type?: Type;
  readonly description?: string;
}

export interface ElementDeclaration {
  readonly kind: "class";
  readonly name: string;
  readonly tagName: string;
  readonly customElement: true;
  readonly description?: string;
  readonly attributes: readonly Attribute[];
  readonly members: readonly Member[];
  readonly events: readonly ElementEvent[];
}

export interface Manifest {
  readonly schemaVersion: string;
  readonly modules: readonly {
    readonly path: string;
    readonly declarations: readonly ElementDeclaration[];
  }[];
}

/** Named like the files of `src/components` and the subpaths of the package. */
export const ELEMENTS = ["cancel-button", "retention-modal", "subscription-hub"] as const;

/** The analyzer brings a compiler of its own: the one that this project is checked with has no interface for programs. */
const analyzer = createRequire(import.meta.url).resolve("@custom-elements-manifest/analyzer/package.json");
const ts = createRequire(analyzer)("typescript");

const parse = (file: string) =>
  ts.createSourceFile(file, readFileSync(path.join(root, file), "utf8"), ts.ScriptTarget.ES2022, true);

export async function createManifest(): Promise<Manifest> {
  const load = (file: string) => import(path.join(path.dirname(analyzer), file));
  const [{ create }, { litPlugin }] = await Promise.all([
    load("src/create.js"),
    load("src/features/framework-plugins/lit/lit.js"),
  ]);
  return create({
    modules: ELEMENTS.map((name) => parse(`src/components/${name}.ts`)),
    plugins: [...litPlugin(), elementsPlugin(ts, parse("src/events.ts"))],
  });
}

/** Every file by its name in `dist`. */
export async function describe(): Promise<Record<string, string>> {
  const manifest = await createManifest();
  // The generators change what they are given.
  const copy = () => structuredClone(manifest) as never;
  const options = { hideLogs: true, outdir: "dist" };
  return {
    "custom-elements.json": `${JSON.stringify(manifest, null, 2)}\n`,
    "vscode.html-custom-data.json": getVsCodeHtmlCustomData(copy(), options),
    "vscode.css-custom-data.json": getVsCodeCssCustomData(copy(), options),
    "web-types.json": getWebTypesData(copy(), options),
  };
}

if (import.meta.main) {
  mkdirSync(path.join(root, "dist"), { recursive: true });
  for (const [name, text] of Object.entries(await describe())) {
    writeFileSync(path.join(root, "dist", name), text);
    console.log(`dist/${name}: ${text.length} characters`);
  }
}

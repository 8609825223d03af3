/**
 * Types of the tags for React, Vue and Svelte, and directives for Angular, from the manifest.
 *
 *     node scripts/framework-types.ts    writes dist/frameworks
 */
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { angularCode, angularTypes } from "./framework-angular.ts";
import { type Attribute, createManifest, type ElementDeclaration, type Manifest } from "./manifest.ts";
import { camel } from "./manifest-plugin.ts";

const root = path.join(import.meta.dirname, "..");

type Elements = readonly ElementDeclaration[];

export const elementsOf = ({ modules }: Manifest): Elements => modules.flatMap((each) => each.declarations);

const capital = (name: string) => name.replace(/^./, (letter) => letter.toUpperCase());

/** One documented, optional property of an interface. */
function entry(name: string, type: string, description?: string): string {
  const comment = description ? `  /** ${capital(description).replace(/\.$/, "")}. */\n` : "";
  return `${comment}  "${name}"?: ${type} | undefined;\n`;
}

/** What may be written into an attribute; a number stands there as text. */
const written = ({ type }: Attribute) =>
  type?.text === "number" ? "number | string" : (type?.text ?? "string");

const attributes = ({ attributes }: ElementDeclaration) =>
  attributes.map((each) => entry(each.name, written(each), each.description)).join("");

/** Those that are spelt like their attribute are among the attributes. */
const properties = ({ attributes, members }: ElementDeclaration) =>
  members
    .filter(({ kind, name }) => kind === "field" && !attributes.some((each) => each.name === name))
    .map(({ name, type, description }) =>
      entry(name, (type?.text ?? "unknown").replace(" | undefined", ""), description),
    )
    .join("");

const listeners = ({ events }: ElementDeclaration, spell: (event: string) => string) =>
  events
    .map(({ name, description }) =>
      entry(spell(name), `((event: RenumerateEventMap["${name}"]) => void)`, description),
    )
    .join("");

const own = (elements: Elements) =>
  [
    ...elements.map(
      ({ name }, at) => `import type { ${name} } from "../types/components/${files(elements)[at]}.js";`,
    ),
    `import type { RenumerateEventMap } from "../types/events.js";`,
  ].join("\n");

const files = (elements: Elements) => elements.map(({ tagName }) => tagName.replace("renumerate-", ""));

/** @param spell how the framework writes a listener of the event */
const interfaces = (elements: Elements, spell: (event: string) => string) =>
  elements
    .map(
      (element) =>
        `export interface ${element.name}Props {\n${attributes(element)}${properties(element)}${listeners(element, spell)}}\n`,
    )
    .join("\n");

const map = (elements: Elements, type: (name: string) => string) =>
  elements.map(({ tagName, name }) => `    "${tagName}": ${type(name)};\n`).join("");

/**
 * TypeScript lets every name with a hyphen pass in JSX, as it must for `data-…`. It does check them in an object that is
 * spread into the tag, if that `satisfies` the interface.
 */
const react = (elements: Elements) => `import type { DetailedHTMLProps, HTMLAttributes } from "react";
${own(elements)}

${interfaces(elements, (event) => `on${event}`)}
type Tag<Element, Props> = DetailedHTMLProps<HTMLAttributes<Element>, Element> & Props;

declare module "react" {
  namespace JSX {
    interface IntrinsicElements {
${map(elements, (name) => `Tag<${name}, ${name}Props>`)
  .replace(/^/gm, "  ")
  .trimEnd()}
    }
  }
}
`;

/** Vue's checker reads `@renumerate-error` as the property `onRenumerateError`, and so does Vue itself. */
const vue = (elements: Elements) => `import type { HTMLAttributes, ReservedProps } from "vue";
${own(elements)}

${interfaces(elements, (event) => camel(`on-${event}`))}
type Tag<Element, Props> = new () => Element & { $props: HTMLAttributes & ReservedProps & Props };

declare module "vue" {
  interface GlobalComponents {
${map(elements, (name) => `Tag<${name}, ${name}Props>`).trimEnd()}
  }
}
`;

const svelte = (elements: Elements) => `import type { HTMLAttributes } from "svelte/elements";
${own(elements)}

${interfaces(elements, (event) => `on${event}`)}
declare module "svelte/elements" {
  interface SvelteHTMLElements {
${map(elements, (name) => `HTMLAttributes<${name}> & ${name}Props`).trimEnd()}
  }
}
`;

const head = "// Generated from the elements' own comments and types.\n";

/** Every file by its name in `dist/frameworks`. Types alone have an empty module beside them, so that it can be imported. */
export async function describeFrameworks(): Promise<Record<string, string>> {
  const elements = elementsOf(await createManifest());
  const types = { react: react(elements), vue: vue(elements), svelte: svelte(elements) };
  const out: Record<string, string> = {
    "angular.d.ts": head + angularTypes(elements),
    "angular.js": head + angularCode(elements),
  };
  for (const [framework, text] of Object.entries(types)) {
    out[`${framework}.d.ts`] = head + text;
    out[`${framework}.js`] = "export {};\n";
  }
  return out;
}

if (import.meta.main) {
  const folder = path.join(root, "dist/frameworks");
  mkdirSync(folder, { recursive: true });
  for (const [name, text] of Object.entries(await describeFrameworks())) {
    writeFileSync(path.join(folder, name), text);
    console.log(`dist/frameworks/${name}: ${text.length} characters`);
  }
}

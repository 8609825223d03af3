/**
 * Writes `src/api/wire.ts` and `hub-wire.ts` from `src/api/contract.ts`: plain types, so that published declarations never mention zod,
 * and the shapes that the compact checker reads, so that no browser carries zod. `--check` fails when one is stale.
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { z } from "zod";
import type { Fields, Shape } from "../src/api/check.ts";
import * as contract from "../src/api/contract.ts";

interface Schema {
  $ref?: string;
  type?: string | string[];
  const?: unknown;
  enum?: unknown[];
  anyOf?: Schema[];
  oneOf?: Schema[];
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
  additionalProperties?: boolean | Schema;
  description?: string;
  [keyword: string]: unknown;
}

/**
 * Schemas that a browser receives: the checker has shapes of these and of what they refer to. Those of a hub are in a
 * file of their own, so that a flow does not load them.
 */
const RECEIVED = ["FlowConfig", "Settlement", "EventsAck", "ErrorBody"];
const RECEIVED_BY_HUBS = [
  ...["Hub", "HubPreview", "HubResult", "HubInvoices", "HubCustomer", "PaymentPage", "DismissAck"],
];

const folder = new URL("../src/api/", import.meta.url);

const registry = z.registry<{ id: string }>();
for (const value of Object.values(contract)) {
  const id = value instanceof z.ZodType ? value.meta()?.id : undefined;
  if (id) registry.add(value as z.ZodType, { id });
}
const schemas = z.toJSONSchema(registry, { uri: (id) => id }).schemas as Record<string, Schema>;

const nameOf = (ref: string) => ref.replace(/^.*\//, "");
/** A union of plain types comes as a list of their names. */
const union = (schema: Schema): Schema[] | undefined =>
  schema.oneOf ??
  schema.anyOf ??
  (Array.isArray(schema.type) ? schema.type.map((type) => ({ type })) : undefined);

function typeOf(schema: Schema): string {
  if (schema.$ref) return nameOf(schema.$ref);
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(" | ");
  const options = union(schema);
  if (options) return options.map(typeOf).join(" | ");
  switch (schema.type) {
    case "string":
    case "boolean":
      return schema.type;
    case "integer":
    case "number":
      return "number";
    case "array": {
      const item = typeOf(schema.items ?? {});
      return /[ |{]/.test(item) ? `(${item})[]` : `${item}[]`;
    }
    case "object":
      if (schema.properties) return `{ ${fieldsOf(schema).join(" ")} }`;
      return `Record<string, ${typeOf((schema.additionalProperties as Schema) ?? {})}>`;
    default:
      return "unknown";
  }
}

function fieldsOf(schema: Schema): string[] {
  return Object.entries(schema.properties ?? {}).map(([key, field]) => {
    const doc = field.description ? `/** ${field.description} */ ` : "";
    return `${doc}${key}${schema.required?.includes(key) ? "" : "?"}: ${typeOf(field)};`;
  });
}

function declarationOf(name: string, schema: Schema): string {
  const doc = schema.description ? `/** ${schema.description} */\n` : "";
  if (!schema.properties) return `${doc}export type ${name} = ${typeOf(schema)};`;
  return `${doc}export interface ${name} {\n${fieldsOf(schema)
    .map((field) => `  ${field.replace("*/ ", "*/\n  ")}`)
    .join("\n")}\n}`;
}

/** Keywords that say nothing about validity, and those that a shape can express. */
const KNOWN = new Set(
  "$schema $id id $ref type const enum anyOf oneOf properties required items additionalProperties description propertyNames minimum maximum".split(
    " ",
  ),
);

const LETTERS: Record<string, string> = { string: "s", boolean: "b", number: "n", integer: "i" };

/** In the notation of `check.ts`; `#Name` stands for another shape. */
function shapeOf(schema: Schema, path: string): Shape {
  const cannot = (what: string): never => {
    throw new Error(`${path}: the checker cannot express ${what}`);
  };
  for (const keyword of Object.keys(schema)) if (!KNOWN.has(keyword)) cannot(keyword);
  if (schema.$ref) return `#${nameOf(schema.$ref)}`;
  const texts = schema.const === undefined ? schema.enum : [schema.const];
  if (texts) {
    if (!texts.every((text) => typeof text === "string" && !text.includes("|"))) cannot("these values");
    return `=${texts.join("|")}`;
  }
  const options = union(schema);
  if (options) {
    if (options.every(({ properties }) => typeof properties?.type?.const === "string"))
      return kindsOf(options, path);
    const letters = options.map(({ type, ...rest }) =>
      Object.keys(rest).length ? "" : LETTERS[type as string],
    );
    return letters.every(Boolean) ? letters.join("") : cannot("this union");
  }
  if (schema.type === "array") return [shapeOf(schema.items ?? {}, `${path}[]`)];
  if (schema.type !== "object") return LETTERS[schema.type as string] ?? "u";
  if (schema.properties) return fieldShapes(schema, path);
  return { "*": shapeOf(schema.additionalProperties as Schema, `${path}{}`) };
}

const fieldShapes = (schema: Schema, path: string): Fields =>
  Object.fromEntries(
    Object.entries(schema.properties ?? {}).map(([key, field]) => [
      schema.required?.includes(key) ? key : `${key}?`,
      shapeOf(field, `${path}/${key}`),
    ]),
  );

/** What all kinds have in common is written once. */
function kindsOf(options: Schema[], path: string): Fields {
  const kinds = options.map((option) => ({
    kind: option.properties?.type?.const as string,
    fields: Object.entries(fieldShapes(option, path)).filter(([key]) => key !== "type"),
  }));
  const isCommon = ([key, shape]: [string, Shape]) =>
    kinds.every(({ fields }) => fields.some((each) => JSON.stringify(each) === JSON.stringify([key, shape])));
  const common = kinds[0]?.fields.filter(isCommon) ?? [];
  const types = kinds.map(({ kind, fields }) => [
    kind,
    Object.fromEntries(fields.filter((field) => !isCommon(field))),
  ]);
  return { ...Object.fromEntries(common), type: Object.fromEntries(types) };
}

const constantOf = (name: string) => name.replace(/^./, (letter) => letter.toLowerCase());

/** One constant for each schema, after those that it refers to. @param lines those that are written already */
function shapesOf(roots: readonly string[], lines = new Map<string, string>()): Map<string, string> {
  const visit = (name: string) => {
    if (lines.has(name)) return;
    const shape = JSON.stringify(shapeOf(schemas[name] as Schema, name));
    for (const [, ref] of shape.matchAll(/"#(\w+)"/g)) visit(ref as string);
    const code = shape.replace(/"#(\w+)"/g, (_, ref: string) => constantOf(ref)).replace(/"(\w+)":/g, "$1: ");
    lines.set(name, `export const ${constantOf(name)}: Shape = ${code};`);
  };
  roots.forEach(visit);
  return lines;
}

/** Names of constants, in alphabetical order, that some of these lines use. */
const usedBy = (lines: readonly string[], names: Iterable<string>): string[] =>
  Array.from(names, constantOf)
    .filter((name) => lines.some((line) => new RegExp(`[:[{,] ?${name}\\b(?!:)`).test(line)))
    .sort();

const WRITTEN = "// Written by `npm run generate` from contract.ts. Do not edit.";

const shapes = shapesOf(RECEIVED);
const shared = new Set(shapes.keys());
const ofHubs = [...shapesOf(RECEIVED_BY_HUBS, new Map(shapes))]
  .filter(([name]) => !shared.has(name))
  .map(([, line]) => line);

const files: Readonly<Record<string, readonly string[]>> = {
  "wire.ts": [
    WRITTEN,
    'import type { Shape } from "./check.ts";',
    "",
    ...Object.entries(schemas).map(([name, schema]) => `${declarationOf(name, schema)}\n`),
    "// What `check()` reads, for everything that a browser receives; hub-wire.ts has what only hubs do.",
    ...shapes.values(),
    "",
  ],
  "hub-wire.ts": [
    WRITTEN,
    'import type { Shape } from "./check.ts";',
    `import { ${usedBy(ofHubs, shared).join(", ")} } from "./wire.ts";`,
    "",
    ...ofHubs,
    "",
  ],
};

for (const [name, lines] of Object.entries(files)) {
  const file = new URL(name, folder);
  if (!process.argv.includes("--check")) writeFileSync(file, lines.join("\n"));
  else if (!existsSync(file) || readFileSync(file, "utf8") !== lines.join("\n")) {
    console.error(`src/api/${name} is stale: run npm run generate`);
    process.exitCode = 1;
  }
}

/**
 * Writes `src/api/wire.ts` from `src/api/contract.ts`: plain types, so that published declarations never mention zod,
 * and the table of the compact checker, so that no browser carries zod. `--check` fails when the file is stale.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { z } from "zod";
import type { Shape } from "../src/api/check.ts";
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

/** Schemas that a browser receives: the checker's table holds these and what they refer to. */
const RECEIVED = ["FlowConfig", "Settlement", "EventsAck", "ErrorBody"];

const target = new URL("../src/api/wire.ts", import.meta.url);

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

/** Keywords that say nothing about validity, and those that the checker's table can express. */
const KNOWN = new Set(
  "$schema $id id $ref type const enum anyOf oneOf properties required items additionalProperties description propertyNames minimum maximum".split(
    " ",
  ),
);

function shapeOf(schema: Schema, path: string): Shape {
  for (const keyword of Object.keys(schema)) {
    if (!KNOWN.has(keyword)) throw new Error(`${path}: the checker cannot express "${keyword}"`);
  }
  if (schema.$ref) return `#${nameOf(schema.$ref)}`;
  if (schema.const !== undefined) return { e: [schema.const] };
  if (schema.enum) return { e: schema.enum };
  const options = union(schema);
  if (options) {
    const kinds = options.map((option) => option.properties?.type?.const);
    if (kinds.some((kind) => typeof kind !== "string")) {
      return { a: options.map((option, index) => shapeOf(option, `${path}/${index}`)) };
    }
    return {
      t: Object.fromEntries(
        options.map((option, index) => [kinds[index], shapeOf(option, `${path}/${kinds[index]}`)]),
      ),
    };
  }
  switch (schema.type) {
    case "string":
      return "s";
    case "boolean":
      return "b";
    case "number":
      return "n";
    case "integer":
      return "i";
    case "array":
      return [shapeOf(schema.items ?? {}, `${path}[]`)];
    case "object":
      if (!schema.properties) return { r: shapeOf(schema.additionalProperties as Schema, `${path}{}`) };
      return {
        o: Object.fromEntries(
          Object.entries(schema.properties)
            // The union has already looked at the discriminator.
            .filter(([key, field]) => !(key === "type" && field.const !== undefined))
            .map(([key, field]) => [
              schema.required?.includes(key) ? key : `${key}?`,
              shapeOf(field, `${path}/${key}`),
            ]),
        ),
      };
    default:
      return "u";
  }
}

function tableOf(roots: string[]): Record<string, Shape> {
  const table: Record<string, Shape> = {};
  const visit = (name: string) => {
    if (table[name]) return;
    const shape = shapeOf(schemas[name] as Schema, name);
    table[name] = shape;
    for (const [, ref] of JSON.stringify(shape).matchAll(/"#(\w+)"/g)) visit(ref as string);
  };
  roots.forEach(visit);
  return table;
}

const output = [
  "// Written by `npm run generate` from contract.ts. Do not edit.",
  'import type { Table } from "./check.ts";',
  "",
  ...Object.entries(schemas).map(([name, schema]) => `${declarationOf(name, schema)}\n`),
  "/** What `check()` reads, for everything that a browser receives. */",
  `export const wire: Table = ${JSON.stringify(tableOf(RECEIVED))};`,
  "",
].join("\n");

if (process.argv.includes("--check")) {
  if (readFileSync(target, "utf8") !== output) {
    console.error("src/api/wire.ts is stale: run npm run generate");
    process.exit(1);
  }
} else {
  writeFileSync(target, output);
}

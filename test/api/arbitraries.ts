/** Random values of the contract's schemas, and ways to spoil them. */
import fc from "fast-check";
import { z } from "zod";

interface Schema {
  $ref?: string;
  $defs?: Record<string, Schema>;
  type?: string | string[];
  const?: unknown;
  enum?: unknown[];
  anyOf?: Schema[];
  oneOf?: Schema[];
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
  additionalProperties?: boolean | Schema;
}

/** Values that the schema takes, as they come out of JSON.parse. */
export function valuesOf(schema: z.ZodType): fc.Arbitrary<unknown> {
  const root = z.toJSONSchema(schema) as Schema;
  return arbitraryOf(root, root.$defs ?? {}).map((value) => JSON.parse(JSON.stringify(value)) as unknown);
}

function arbitraryOf(schema: Schema, defs: Record<string, Schema>): fc.Arbitrary<unknown> {
  const inner = (each: Schema) => arbitraryOf(each, defs);
  if (schema.$ref) return inner(defs[schema.$ref.replace(/^.*\//, "")] as Schema);
  if (schema.const !== undefined) return fc.constant(schema.const);
  if (schema.enum) return fc.constantFrom(...schema.enum);
  const options = schema.oneOf ?? schema.anyOf;
  if (options) return fc.oneof(...options.map(inner));
  if (Array.isArray(schema.type)) return fc.oneof(...schema.type.map((type) => inner({ type })));
  switch (schema.type) {
    case "string":
      return fc.string({ maxLength: 8 });
    case "boolean":
      return fc.boolean();
    case "integer":
      return fc.maxSafeInteger();
    case "number":
      return fc.double({ noNaN: true, noDefaultInfinity: true });
    case "array":
      return fc.array(inner(schema.items ?? {}), { maxLength: 3 });
    case "object": {
      if (!schema.properties) return fc.dictionary(fc.string(), inner(schema.additionalProperties as Schema));
      const fields = Object.entries(schema.properties).map(([key, field]) => [key, inner(field)] as const);
      return fc.record(Object.fromEntries(fields), { requiredKeys: schema.required ?? [] });
    }
    default:
      return fc.jsonValue();
  }
}

export type Path = readonly (string | number)[];

/** The paths of everything inside a value, and of the value itself. */
export function pathsOf(value: unknown, path: Path = []): Path[] {
  if (typeof value !== "object" || !value) return [path];
  const inside = Object.entries(value).flatMap(([key, item]) =>
    pathsOf(item, [...path, Array.isArray(value) ? Number(key) : key]),
  );
  return [path, ...inside];
}

export function at(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (inner, key) => (inner as Record<PropertyKey, unknown> | undefined)?.[key],
    value,
  );
}

export interface Spoiling {
  where: number;
  /** Nothing: the key is deleted. */
  by: { value: unknown } | undefined;
}

const anything = fc.oneof(
  fc.constantFrom<unknown>(null, undefined, "", "text", "month", "active", 0, -0, -1, 1.5, true, false),
  fc.constantFrom<unknown>(Number.NaN, Number.POSITIVE_INFINITY, 1e300, 2 ** 53, 2 ** 53 - 1, -(2 ** 53)),
  fc.constantFrom<unknown>(
    [],
    [null],
    {},
    { type: 1 },
    { toString: 1 },
    JSON.parse('{"__proto__":{"id":"x"}}'),
  ),
);

export const spoiling: fc.Arbitrary<Spoiling> = fc.record({
  where: fc.nat(),
  by: fc.option(fc.record({ value: anything }), { nil: undefined, freq: 4 }),
});

/** A copy with one part replaced or deleted. */
export function spoil(value: unknown, { where, by }: Spoiling): unknown {
  const paths = pathsOf(value);
  const path = paths[where % paths.length] as Path;
  if (!path.length) return by?.value;
  const copy = structuredClone(value);
  const owner = at(copy, path.slice(0, -1)) as Record<PropertyKey, unknown>;
  const key = path.at(-1) as PropertyKey;
  if (by) owner[key] = by.value;
  else if (Array.isArray(owner)) owner.splice(key as number, 1);
  else delete owner[key];
  return copy;
}

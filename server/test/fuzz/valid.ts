/** Values that fit a schema of the document. */
import fc from "fast-check";
import type { Schema } from "./document.ts";
import { Known } from "./known.ts";

/** Made once: it knows all characters. */
const letter = fc.string({ unit: "grapheme", minLength: 1, maxLength: 1 });
export const words = (minLength: number, maxLength: number) =>
  fc.string({ unit: letter, minLength, maxLength });

/** How deep lists and objects may be within each other. */
const DEEPEST = 6;

/** By what something is called in its field: something that is known, three times out of four. */
function named(name: string, other: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  const known = fc
    .tuple(fc.noBias(fc.nat(1000)), other)
    .map(([at, otherwise]) => new Known(name, at, otherwise));
  return fc.oneof({ weight: 4, arbitrary: known }, { weight: 1, arbitrary: other });
}

/** @param name of the field */
export function valid(
  schema: Schema,
  schemas: Record<string, Schema>,
  name = "",
  depth = 0,
): fc.Arbitrary<unknown> {
  const within = (each: Schema, as = name) => valid(each, schemas, as, depth + 1);
  if (schema.$ref) return within(schemas[schema.$ref.split("/").at(-1) as string] as Schema);
  if ("const" in schema) return fc.constant(schema.const);
  if (schema.enum) return fc.constantFrom(...schema.enum);
  const members = schema.oneOf ?? schema.anyOf;
  if (members) return fc.oneof(...members.map((each) => within(each)));
  const types = [schema.type ?? "string"].flat();
  if (types.length > 1) return fc.oneof(...types.map((type) => within({ ...schema, type })));
  switch (types[0]) {
    case "object":
      return object(schema, within, { depth, name });
    case "array": {
      const { items = {}, minItems = 0, maxItems = 3 } = schema;
      const most = Math.max(minItems, Math.min(maxItems, minItems + 2));
      return fc.array(within(items), { minLength: minItems, maxLength: depth > DEEPEST ? minItems : most });
    }
    case "integer":
      return whole(schema);
    case "number":
      return fc.oneof(whole(schema), fc.double({ ...bounds(schema), noNaN: true }));
    case "boolean":
      return fc.boolean();
    case "null":
      return fc.constant(null);
    default:
      return named(name, text(schema));
  }
}

function object(
  { properties = {}, required = [], additionalProperties, propertyNames, maxProperties = 4 }: Schema,
  within: (schema: Schema, name?: string) => fc.Arbitrary<unknown>,
  { depth, name: called }: { depth: number; name: string },
): fc.Arbitrary<unknown> {
  const fields = Object.entries(properties).filter(([name]) => depth <= DEEPEST || required.includes(name));
  const own = fc.record(Object.fromEntries(fields.map(([name, each]) => [name, within(each, name)])), {
    requiredKeys: required,
  });
  if (fields.length > 0 || typeof additionalProperties !== "object") return own;
  const names = text(propertyNames ?? {}) as fc.Arbitrary<string>;
  const most = { maxKeys: Math.min(4, maxProperties) };
  return named(called, fc.dictionary(names, within(additionalProperties), most));
}

const bounds = ({ minimum = -1e6, maximum = 1e9 }: Schema) => ({
  min: minimum,
  max: Math.min(maximum, 2 ** 52),
});

function whole(schema: Schema): fc.Arbitrary<number> {
  const { min, max } = bounds(schema);
  // Small ones are what most things are about: a place in a list, a number of months.
  return fc.oneof(fc.integer({ min, max: Math.min(max, min + 40) }), fc.integer({ min, max }));
}

function text({ pattern, format, minLength = 0, maxLength = 255 }: Schema): fc.Arbitrary<string> {
  if (format === "date-time") {
    const min = new Date("2027-01-01T00:00:00Z");
    const max = new Date("2027-05-14T00:00:00Z");
    return fc.date({ min, max, noInvalidDate: true }).map((each) => each.toISOString());
  }
  if (format === "email") return fc.emailAddress();
  if (format === "uri") return fc.webUrl();
  if (pattern) return fc.stringMatching(new RegExp(pattern));
  return words(minLength, Math.min(maxLength, minLength + 24));
}

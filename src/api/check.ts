/**
 * The compact checker that stands in for zod in the browser. It reads the shapes in `wire.ts`, which are generated from
 * the contract, so both give the same verdict.
 */

/**
 * What a value must look like. A text lists the primitive types that fit, by their letters in `primitives`, or, after a
 * `=`, the only texts that do: `"=day|week"`. `[shape]` is a list. `{"*": shape}` is a record, any other object names its
 * fields, the optional ones with a `?` at the end. A field `type` that is itself an object tells kinds apart: under the
 * name of each kind it has the fields that this kind adds to the common ones.
 */
export type Shape = string | readonly [Shape] | Fields;

export interface Fields {
  readonly [field: string]: Shape;
}

const primitives: Record<string, (value: unknown) => boolean> = {
  s: (value) => typeof value === "string",
  n: Number.isFinite,
  i: Number.isSafeInteger,
  b: (value) => typeof value === "boolean",
  /** Unknown: anything. */
  u: () => true,
};

/** Answers of a newer server may hold kinds of steps and offers that this build does not know: these are left out. */
const SKIP = Symbol();

/**
 * Returns the value with unknown kinds left out of lists and optional fields.
 * @throws TypeError that names the path of the first fault
 */
export function check(shape: Shape, value: unknown, path = ""): unknown {
  const result = walk(shape, value, path);
  return result === SKIP ? fail(path) : result;
}

function fail(path: string): never {
  throw new TypeError(`unexpected value at ${path || "/"}`);
}

function walk(shape: Shape, value: unknown, path: string): unknown {
  if (typeof shape === "string") {
    const fits =
      shape[0] === "="
        ? shape
            .slice(1)
            .split("|")
            .includes(value as string)
        : [...shape].some((letter) => primitives[letter]?.(value));
    return fits ? value : fail(path);
  }
  if (Array.isArray(shape)) {
    if (!Array.isArray(value)) fail(path);
    return (value as unknown[])
      .map((item, index) => walk(shape[0], item, `${path}/${index}`))
      .filter((item) => item !== SKIP);
  }
  if (typeof value !== "object" || !value || Array.isArray(value)) fail(path);
  return walkFields(shape as Fields, value as Record<string, unknown>, path);
}

function walkFields(shape: Fields, source: Record<string, unknown>, path: string): unknown {
  const { type: kinds, "*": any } = shape;
  if (typeof kinds === "object") {
    const kind = source.type;
    if (typeof kind !== "string") return fail(`${path}/type`);
    return Object.hasOwn(kinds, kind)
      ? walkFields({ ...shape, type: "s", ...(kinds as Record<string, Fields>)[kind] }, source, path)
      : SKIP;
  }
  // What is left out must be absent, whatever is on Object.prototype: a settlement that nobody has sent, say.
  const result: Record<string, unknown> = Object.create(null);
  for (const entry of Object.keys(any ? source : shape)) {
    const optional = !any && entry.endsWith("?");
    const key = optional ? entry.slice(0, -1) : entry;
    const raw = Object.hasOwn(source, key) ? source[key] : undefined;
    if (key === "__proto__" || (optional && raw === undefined)) continue;
    const item = walk(any ?? (shape[entry] as Shape), raw, `${path}/${key}`);
    if (item !== SKIP) result[key] = item;
    // A step whose one offer is of an unknown kind cannot be shown: the step as a whole is skipped.
    else if (!optional) return SKIP;
  }
  return result;
}

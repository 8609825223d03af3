/**
 * The compact checker that stands in for zod in the browser. It reads the table in `wire.ts`, which is generated from
 * the contract, so both give the same verdict.
 */

/**
 * A node of the table: `"s"` string, `"n"` number, `"i"` integer, `"b"` boolean, `"u"` anything, `"#Name"` another
 * entry; `[x]` a list; `{o}` an object whose optional keys end in `?`; `{r}` a record; `{e}` one of these values;
 * `{a}` any one of these shapes; `{t}` a union told apart by its `type`.
 */
export type Shape =
  | string
  | readonly [Shape]
  | { readonly o: Readonly<Record<string, Shape>> }
  | { readonly r: Shape }
  | { readonly e: readonly unknown[] }
  | { readonly a: readonly Shape[] }
  | { readonly t: Readonly<Record<string, Shape>> };

export type Table = Readonly<Record<string, Shape>>;

/** Answers of a newer server may hold kinds of steps and offers that this build does not know: these are left out. */
const SKIP = Symbol();

/**
 * Returns the value with unknown kinds left out of lists and optional fields.
 * @throws TypeError that names the path of the first fault
 */
export function check(table: Table, shape: Shape, value: unknown, path = ""): unknown {
  const result = walk(table, shape, value, path);
  return result === SKIP ? fail(path) : result;
}

function fail(path: string): never {
  throw new TypeError(`unexpected value at ${path || "/"}`);
}

function walk(table: Table, shape: Shape, value: unknown, path: string): unknown {
  if (typeof shape === "string") {
    if (shape[0] === "#") return walk(table, table[shape.slice(1)] as Shape, value, path);
    const fits =
      shape === "u" ||
      (shape === "s" && typeof value === "string") ||
      (shape === "b" && typeof value === "boolean") ||
      (shape === "n" && Number.isFinite(value)) ||
      (shape === "i" && Number.isSafeInteger(value));
    return fits ? value : fail(path);
  }
  if ("e" in shape) return shape.e.includes(value) ? value : fail(path);
  if ("a" in shape) {
    for (const option of shape.a) {
      try {
        return walk(table, option, value, path);
      } catch {}
    }
    return fail(path);
  }
  if (Array.isArray(shape)) {
    if (!Array.isArray(value)) fail(path);
    return (value as unknown[])
      .map((item, index) => walk(table, shape[0] as Shape, item, `${path}/${index}`))
      .filter((item) => item !== SKIP);
  }
  if (typeof value !== "object" || !value || Array.isArray(value)) fail(path);
  const source = value as Record<string, unknown>;
  if ("t" in shape) {
    const kind = source.type;
    if (typeof kind !== "string") fail(`${path}/type`);
    if (!Object.hasOwn(shape.t, kind as string)) return SKIP;
    const rest = walk(table, shape.t[kind as string] as Shape, value, path);
    return rest === SKIP ? SKIP : { type: kind, ...(rest as object) };
  }
  const result: Record<string, unknown> = {};
  if ("r" in shape) {
    for (const key of Object.keys(source)) {
      if (key !== "__proto__") result[key] = walk(table, shape.r, source[key], `${path}/${key}`);
    }
    return result;
  }
  const { o } = shape as { o: Record<string, Shape> };
  for (const entry of Object.keys(o)) {
    const optional = entry.endsWith("?");
    const key = optional ? entry.slice(0, -1) : entry;
    const raw = Object.hasOwn(source, key) ? source[key] : undefined;
    if (raw === undefined && optional) continue;
    const item = walk(table, o[entry] as Shape, raw, `${path}/${key}`);
    if (item !== SKIP) result[key] = item;
    // A step whose one offer is of an unknown kind cannot be shown: the step as a whole is skipped.
    else if (!optional) return SKIP;
  }
  return result;
}

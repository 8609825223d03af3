/**
 * JSON of what is meant. Old libraries put a `toJSON` on every array, which turns lists into text; values of other
 * classes, such as dates in the answer of a custom step, keep theirs.
 */
export const toJson = (value: unknown): string =>
  JSON.stringify(value, function (this: Record<string, unknown>, key, made: unknown) {
    const own = this[key];
    const isPlain = Array.isArray(own) || (own && Object.getPrototypeOf(own) === Object.prototype);
    return isPlain ? own : made;
  });

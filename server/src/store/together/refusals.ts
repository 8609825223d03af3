/** Which errors are about what was to be written, and not about the database or the way to it. */

/** Of what could not be: data exceptions, broken constraints, more than there is room for in a row. */
const POSTGRES = /^(22|23|54)/;
/** SQLITE_TOOBIG, SQLITE_CONSTRAINT, SQLITE_MISMATCH, SQLITE_RANGE */
const SQLITE: readonly number[] = [18, 19, 20, 25];

export function isRefusal(error: unknown): boolean {
  const { code, errcode } = Object(error) as { code?: unknown; errcode?: unknown };
  // The low byte is the primary code, the others tell variants apart.
  if (typeof errcode === "number") return SQLITE.includes(errcode & 0xff);
  return typeof code === "string" && code.length === 5 && POSTGRES.test(code);
}

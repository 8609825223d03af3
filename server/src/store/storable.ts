/**
 * PostgreSQL refuses text with a NUL, SQLite takes it. A customer who pastes one must still be able to cancel,
 * so both homes store the replacement character. (In JSON a NUL is escaped and passes unharmed.)
 */
export function storable(value: unknown): unknown {
  return typeof value === "string" ? value.replaceAll("\0", "\uFFFD") : value;
}

/** Helpers between a table's row and the plain row that the domain sees. */

type Absent<T> = { [K in keyof T]: null extends T[K] ? Exclude<T[K], null> | undefined : T[K] };

/** Columns that are null become absent fields, so that a row reads as it was written. */
export function withoutNulls<T extends object>(row: T): Absent<T> {
  return Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null)) as Absent<T>;
}

/** JSON for a column: absent is null. */
export function toJson(value: unknown): string | null {
  return value === undefined ? null : JSON.stringify(value);
}

/** @param T the shape that was written to this column */
export function fromJson<T>(text: string): T;
export function fromJson<T>(text: string | null): T | null;
export function fromJson<T>(text: string | null): T | null {
  return text === null ? null : (JSON.parse(text) as T);
}

export const flag = (value: boolean): 0 | 1 => (value ? 1 : 0);

/** Whether a change says anything at all: an UPDATE without columns is a syntax error. */
export function changesSomething(change: object): boolean {
  return Object.values(change).some((value) => value !== undefined);
}

/** How many rows are given to one statement, whose text is then the same for any number of them. */
import { type RawBuilder, sql } from "kysely";
import { storable } from "../storable.ts";

/** An array of text. Every text is what the stores take. */
export const texts = (values: readonly string[]): readonly string[] =>
  values.map((value) => storable(value) as string);

/** What JSON can say and text in PostgreSQL cannot be: a NUL, half a pair. Also where the text is JSON in its turn. */
const UNSTORABLE = /\\u(0000|d[89a-f])/;

/** For `json_to_recordset`. Texts arrive as they would each as a parameter. */
export function rowsOf(rows: readonly object[]): string {
  const json = JSON.stringify(rows);
  if (!UNSTORABLE.test(json)) return json;
  return JSON.stringify(rows, (_, value: unknown) =>
    typeof value === "string" ? (storable(value) as string).toWellFormed() : value,
  );
}

/** `a, b, c` */
export const columns = (names: readonly string[]): RawBuilder<unknown> =>
  sql.join(names.map((name) => sql.ref(name)));

/** `a text, b bigint`: what the fields of such rows are. */
export const fields = (types: Readonly<Record<string, "text" | "bigint">>): RawBuilder<unknown> =>
  sql.join(Object.entries(types).map(([name, type]) => sql`${sql.ref(name)} ${sql.raw(type)}`));

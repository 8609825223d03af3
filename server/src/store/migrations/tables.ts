/** What the migrations have in common. A released one goes on making what it made: change nothing here. */
import type { ColumnDefinitionBuilder, Kysely } from "kysely";
import type { Home } from "../differences.ts";

export type Column = (column: ColumnDefinitionBuilder) => ColumnDefinitionBuilder;

export const key: Column = (column) => column.primaryKey();
export const some: Column = (column) => column.notNull();
export const unique: Column = (column) => column.notNull().unique();

// A migration sees the schema of its own time, so it knows no table types.
export function tables(db: Kysely<unknown>, { text, strict }: Home) {
  const table = (name: string) => strict(db.schema.createTable(name));
  return {
    table,
    scoped: (name: string) =>
      table(name).addColumn("workspace_id", text, some).addColumn("environment", text, some),
    index: (name: string, on: string) => db.schema.createIndex(name).on(on),
  };
}

/** What differs between the two homes, side by side; whatever is not in here is the same on both. */
import type {
  ColumnDataType,
  ColumnDefinitionBuilder,
  CreateTableBuilder,
  Kysely,
  RawBuilder,
  SelectQueryBuilder,
} from "kysely";
import { sql } from "kysely";
import { counting } from "./counting.ts";
import type { Schema } from "./schema.ts";
import type { Store } from "./store.ts";

export interface Home {
  readonly name: "sqlite" | "postgres";
  /** Column types. Text sorts and compares by code point, integers hold 53 bits and refuse fractions. */
  readonly text: ColumnDataType | RawBuilder<unknown>;
  readonly integer: ColumnDataType | RawBuilder<unknown>;
  /** Makes an integer column the primary key, numbered in increasing order and never reused. */
  numbered(column: ColumnDefinitionBuilder): ColumnDefinitionBuilder;
  /** Applied to every table: types are enforced. */
  strict<TB extends string, C extends string>(table: CreateTableBuilder<TB, C>): CreateTableBuilder<TB, C>;
  /** Locks the rows it selects and passes over those that another worker has locked. */
  takeUnlocked<TB extends keyof Schema, O>(
    query: SelectQueryBuilder<Schema, TB, O>,
  ): SelectQueryBuilder<Schema, TB, O>;
  /** Holds until the transaction ends. */
  lock(tx: Kysely<Schema>, key: string): Promise<void>;
  /** See `Store.countRequest`. */
  counter?(db: Kysely<Schema>): NonNullable<Store["countRequest"]>;
  isUniqueViolation(error: unknown): boolean;
  /** Two transactions were in each other's way: the same work can succeed when it is tried again. */
  isTransient(error: unknown): boolean;
  /** Of two queries that failed in one transaction, what the first failed with, whichever is heard of first. */
  firstOf(known: unknown, error: unknown): unknown;
}

const property = (error: unknown, name: string): unknown =>
  error instanceof Error ? (error as Error & Record<string, unknown>)[name] : undefined;

// SQLITE_CONSTRAINT_UNIQUE and SQLITE_CONSTRAINT_PRIMARYKEY
const SQLITE_UNIQUE: readonly unknown[] = [2067, 1555];
// serialization_failure and deadlock_detected
const POSTGRES_TRANSIENT: readonly unknown[] = ["40001", "40P01"];

export const sqlite: Home = {
  name: "sqlite",
  text: "text",
  integer: "integer",
  numbered: (column) => column.primaryKey().autoIncrement(),
  strict: (table) => table.modifyEnd(sql`strict`),
  // Every transaction takes the write lock when it begins, so nobody else is inside.
  takeUnlocked: (query) => query,
  lock: async () => {},
  isUniqueViolation: (error) => SQLITE_UNIQUE.includes(property(error, "errcode")),
  // The driver waits its turn instead.
  isTransient: () => false,
  firstOf: (known, error) => known ?? error,
};

export const postgres: Home = {
  name: "postgres",
  text: sql`text collate "C"`,
  integer: "bigint",
  numbered: (column) => column.primaryKey().generatedAlwaysAsIdentity(),
  strict: (table) => table,
  takeUnlocked: (query) => query.forUpdate().skipLocked(),
  // Two keys with one hash wait for each other needlessly, which is harmless.
  lock: async (tx, key) => {
    await sql`select pg_advisory_xact_lock(hashtextextended(${key}, 0))`.execute(tx);
  },
  counter: counting,
  isUniqueViolation: (error) => property(error, "code") === "23505",
  isTransient: (error) => POSTGRES_TRANSIENT.includes(property(error, "code")),
  // What was on its way already fails because the other has: in_failed_sql_transaction
  firstOf: (known, error) => (known === undefined || property(known, "code") === "25P02" ? error : known),
};

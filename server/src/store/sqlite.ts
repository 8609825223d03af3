/**
 * Kysely on `node:sqlite`: one connection per process, in WAL mode, with a sync to disk on every commit. It
 * hands the connection to one transaction or query at a time; everything else waits in line.
 */

import { resolve } from "node:path";
import { DatabaseSync, type SQLInputValue, type StatementSync } from "node:sqlite";
import { setTimeout as delay } from "node:timers/promises";
import type { CompiledQuery, DatabaseConnection, Dialect, Driver, QueryResult } from "kysely";
import { SqliteAdapter, SqliteIntrospector, SqliteQueryCompiler } from "kysely";
import { Changes, writtenBy } from "./changes.ts";
import { createMemory, type Memory } from "./memory.ts";
import { storable } from "./storable.ts";

/** How long to wait for another process that writes to the same file, ms. */
const PATIENCE = 5000;
const SQLITE_BUSY = 5;
const KEPT_STATEMENTS = 256;

export function sqliteDialect(file: string): Dialect & { memory: Memory } {
  const driver = new SqliteDriver(file);
  return {
    memory: createMemory(driver.changes, () => driver.look()),
    createDriver: () => driver,
    createQueryCompiler: () => new Compiler(),
    createAdapter: () => new Adapter(),
    createIntrospector: (db) => new SqliteIntrospector(db),
  };
}

/** SQLite can undo changes to the schema; Kysely leaves that unused for pragmas that we do not need. */
class Adapter extends SqliteAdapter {
  override get supportsTransactionalDdl(): boolean {
    return true;
  }
}

class Compiler extends SqliteQueryCompiler {
  protected override appendValue(value: unknown): void {
    super.appendValue(storable(value));
  }
}

/** By file: what one handle of this process writes, the others know of at once. */
const changesOf = new Map<string, { changes: Changes; handles: number }>();

class SqliteDriver implements Driver {
  readonly #file: string;
  readonly changes: Changes;
  #connection: Connection | undefined;
  #version: unknown;
  #looked = false;
  /** Settles when whoever has the connection gives it back. */
  #idle: Promise<void> = Promise.resolve();
  #release = (): void => {};

  constructor(file: string) {
    this.#file = resolve(file);
    const shared = changesOf.get(this.#file) ?? { changes: new Changes(), handles: 0 };
    changesOf.set(this.#file, { ...shared, handles: shared.handles + 1 });
    this.changes = shared.changes;
  }

  /** Whether other processes have written. Asked once for all that goes on at this moment: no request that it answers came later. */
  look(): void {
    if (this.#looked || !this.#connection) return;
    this.#looked = true;
    // Not the next immediate: between a timer or an immediate and that one requests come in.
    process.nextTick(() => {
      this.#looked = false;
    });
    const version = this.#connection.version();
    if (version !== this.#version) this.changes.note(undefined);
    this.#version = version;
  }

  async init(): Promise<void> {
    const connection = new Connection(this.#file, this.changes);
    try {
      for (const pragma of ["journal_mode = wal", "synchronous = full", "foreign_keys = on"]) {
        await connection.run(`pragma ${pragma}`);
      }
    } catch (error) {
      connection.close();
      throw error;
    }
    this.#connection = connection;
  }

  async acquireConnection(): Promise<DatabaseConnection> {
    this.#idle = new Promise((free) => {
      this.#release = free;
    });
    return this.#open();
  }

  async releaseConnection(): Promise<void> {
    this.#release();
  }

  // Immediate: one that reads first and writes later would fail if another process wrote in between.
  async beginTransaction(): Promise<void> {
    await this.#open().begin();
  }

  async commitTransaction(): Promise<void> {
    await this.#open().commit();
  }

  async rollbackTransaction(): Promise<void> {
    this.#open().rollback();
  }

  // As PostgreSQL's pool does, it lets a running transaction end.
  async destroy(): Promise<void> {
    await this.#idle;
    this.#connection?.close();
    this.#connection = undefined;
    const shared = changesOf.get(this.#file);
    if (shared && shared.handles > 1) changesOf.set(this.#file, { ...shared, handles: shared.handles - 1 });
    else changesOf.delete(this.#file);
  }

  #open(): Connection {
    if (!this.#connection) throw new Error("The database is not open");
    return this.#connection;
  }
}

interface Statement {
  prepared: StatementSync;
  answers: boolean;
  writes: ReturnType<typeof writtenBy>;
}

class Connection implements DatabaseConnection {
  readonly #db: DatabaseSync;
  readonly #changes: Changes;
  readonly #statements = new Map<string, Statement>();
  readonly #version: StatementSync;
  #transaction = false;
  /** In this transaction: until it is committed, others read what was there before. */
  readonly #written = new Set<string | undefined>();

  constructor(file: string, changes: Changes) {
    this.#changes = changes;
    // No waiting inside SQLite: it would stop the whole process, which may itself hold what it waits for.
    this.#db = new DatabaseSync(file, { timeout: 0 });
    this.#version = this.#db.prepare("pragma data_version");
  }

  async executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    return this.#patiently(() => {
      const { prepared, answers, writes } = this.#prepare(query);
      // What cannot be bound is refused by SQLite itself.
      const parameters = query.parameters as readonly SQLInputValue[];
      if (writes !== "none") {
        this.#changes.note(writes);
        if (this.#transaction) this.#written.add(writes);
      }
      if (answers) return { rows: prepared.all(...parameters) as R[] };
      const { changes, lastInsertRowid } = prepared.run(...parameters);
      return { numAffectedRows: BigInt(changes), insertId: BigInt(lastInsertRowid), rows: [] };
    });
  }

  // biome-ignore lint/correctness/useYield: the interface asks for it, nobody uses it
  async *streamQuery<R>(): AsyncIterableIterator<QueryResult<R>> {
    throw new Error("Streaming would hold the only connection");
  }

  run(statement: string): Promise<void> {
    return this.#patiently(() => this.#db.exec(statement));
  }

  async begin(): Promise<void> {
    await this.run("begin immediate");
    this.#written.clear();
    this.#transaction = true;
  }

  async commit(): Promise<void> {
    await this.run("commit");
    this.#transaction = false;
    for (const table of this.#written) this.#changes.note(table);
  }

  rollback(): void {
    this.#transaction = false;
    // A full disk, for one, makes SQLite roll back on its own.
    if (this.#db.isOpen && this.#db.isTransaction) this.#db.exec("rollback");
  }

  close(): void {
    if (this.#db.isOpen) this.#db.close();
  }

  /** Another one whenever another connection has written. */
  version(): unknown {
    try {
      return this.#db.isOpen ? this.#version.get()?.data_version : undefined;
    } catch (error) {
      if (isBusy(error)) return undefined;
      throw error;
    }
  }

  #prepare(query: CompiledQuery): Statement {
    const known = this.#statements.get(query.sql);
    if (known) return known;
    if (this.#statements.size >= KEPT_STATEMENTS) this.#statements.clear();
    const prepared = this.#db.prepare(query.sql);
    const statement = { prepared, answers: prepared.columns().length > 0, writes: writtenBy(query) };
    this.#statements.set(query.sql, statement);
    return statement;
  }

  /** Tries again, without blocking the process, while another process writes. */
  async #patiently<T>(work: () => T): Promise<T> {
    const deadline = performance.now() + PATIENCE;
    for (let wait = 1; ; wait = Math.min(wait * 2, 20)) {
      // What follows a rollback by SQLite itself would be committed one by one.
      if (this.#transaction && !this.#db.isTransaction) throw new Error("The transaction was rolled back");
      try {
        return work();
      } catch (error) {
        if (!isBusy(error) || performance.now() > deadline) throw error;
      }
      await delay(wait * (0.5 + Math.random()));
    }
  }
}

function isBusy(error: unknown): boolean {
  // The low byte is the primary code, the others tell variants apart.
  return (
    error instanceof Error &&
    "errcode" in error &&
    typeof error.errcode === "number" &&
    (error.errcode & 0xff) === SQLITE_BUSY
  );
}

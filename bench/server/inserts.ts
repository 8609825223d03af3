/** The yardstick for all that is written down: the driver alone, one row of the same JSON a call, durable when it returns. */
import { DatabaseSync } from "node:sqlite";
import pg from "pg";
import { answer } from "./answering.ts";

export interface Inserting {
  callers: number;
  rows: readonly string[];
  count: number;
}

type Insert = (row: string) => unknown;

/** As many as the server's own pool has. */
const POOL = 10;

let insert: Insert = () => {
  throw new Error("Nothing is open");
};

function openSqlite(file: string): Insert {
  const db = new DatabaseSync(file);
  db.exec(
    "pragma journal_mode = wal; pragma synchronous = full; create table raw (id integer primary key, data text not null)",
  );
  const statement = db.prepare("insert into raw (data) values (?)");
  return (row) => statement.run(row);
}

async function openPostgres(url: string): Promise<Insert> {
  const pool = new pg.Pool({ connectionString: url, max: POOL });
  await pool.query(
    "create table raw (id bigint generated always as identity primary key, data text not null)",
  );
  return (row) => pool.query("insert into raw (data) values ($1)", [row]);
}

async function run({ callers, rows, count }: Inserting): Promise<{ seconds: number }> {
  let next = 0;
  const caller = async () => {
    while (next < count) await insert(rows[next++ % rows.length] as string);
  };
  const begun = performance.now();
  await Promise.all(Array.from({ length: callers }, caller));
  return { seconds: (performance.now() - begun) / 1000 };
}

answer({
  open: async ({ file, url }: { file?: string; url?: string }) => {
    insert = url === undefined ? openSqlite(file as string) : await openPostgres(url);
  },
  run,
});

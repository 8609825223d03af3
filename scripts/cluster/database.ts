/** Databases for a while, on a PostgreSQL where this user may make some. */
import { randomUUID } from "node:crypto";
import pg from "pg";
import { beforeLeaving } from "../leaving.ts";

export interface Database {
  url: string;
  drop(): Promise<void>;
}

/** @param from template0, so that neither the server's encoding nor its local additions matter, or a database of ours */
export async function createDatabase(server: string, from = "template0"): Promise<Database> {
  const name = `renumerate_${randomUUID().replaceAll("-", "")}`;
  await run(server, `create database ${name} encoding 'UTF8' template ${from}`);
  const url = new URL(server);
  url.pathname = `/${name}`;
  const drop = () => run(server, `drop database if exists ${name} with (force)`);
  const dropped = beforeLeaving(drop);
  return {
    url: url.href,
    async drop() {
      dropped();
      await drop();
    },
  };
}

async function run(server: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: server });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}

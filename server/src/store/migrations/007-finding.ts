import { type Kysely, sql } from "kysely";
import type { Home } from "../differences.ts";

/** Ways to what was saved, for exports, and to all rows about one customer. */
export async function finding(db: Kysely<unknown>, home: Home): Promise<void> {
  const create = (statement: string) => sql.raw(`create index ${statement}`).execute(db);
  const scope = "workspace_id, environment";

  await create(`ledger_saves on ledger
    (${scope}, coalesce(undone_at, completed_at, occurred_at), coalesce(session_id, id))
    where started_at is not null and (undone_at is not null or outcome = 'retained')`);

  for (const table of ["sessions", "ledger", "recoveries"])
    await create(`${table}_email on ${table} (${scope}, lower(email)) where email is not null`);
  await create(`mails_recipient on mails (${scope}, lower(recipient))`);
  await customersOfEvents(db, home);
  await create(`events_customer on events (${scope}, customer_id) where customer_id is not null`);
}

const NAMES = ["customer_id", "customerId", "userId"];

/** Whom an event is about. Of those that there are it is read from what they carry. */
async function customersOfEvents(db: Kysely<unknown>, home: Home): Promise<void> {
  await db.schema.alterTable("events").addColumn("customer_id", home.text).execute();
  const first = (of: (name: string) => string) => sql.raw(`coalesce(${NAMES.map(of).join(", ")})`);
  if (home.name === "sqlite") {
    await sql`update events set customer_id = cast(${first((name) => `json_extract(data, '$.${name}')`)} as text)`.execute(
      db,
    );
    return;
  }
  // PostgreSQL's own functions for JSON refuse a document with a NUL, or half a pair, anywhere in it.
  const isPlain = sql`data !~* '\\\\u(0000|d[89a-f])'`;
  await sql`update events set customer_id = ${first((name) => `data::jsonb ->> '${name}'`)} where ${isPlain}`.execute(
    db,
  );
  // In those the first name that is written anywhere has to do.
  const written = sql`substring(data from ${sql.lit(`"(?:${NAMES.join("|")})":"([^"\\\\]*)"`)})`;
  await sql`update events set customer_id = ${written} where not (${isPlain})`.execute(db);
}

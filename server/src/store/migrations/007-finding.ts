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
  // PostgreSQL's own functions for JSON refuse a document with a NUL anywhere in it.
  const customer =
    home.name === "postgres"
      ? `substring(data from '"(?:customer_id|customerId|userId)":("(?:[^"\\\\]|\\\\.)*")')`
      : "coalesce(json_extract(data, '$.customer_id'), json_extract(data, '$.customerId'), json_extract(data, '$.userId'))";
  await create(`events_customer on events (${scope}, ${customer})`);

  const heard = {
    sessions: "touched_at",
    ledger: "updated_at",
    recoveries: "last_attempt_at",
    changes: "created_at",
    offer_dismissals: '"at"',
    cancel_links: "created_at",
  };
  // Who was forgotten is in none of them, nor what is of nobody.
  for (const [table, at] of Object.entries(heard))
    await create(`${table}_silent on ${table} (${at}) where substr(customer_id, 1, 5) <> 'gone_'`);
}

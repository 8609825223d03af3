import { type Kysely, sql } from "kysely";
import type { Home } from "../differences.ts";
import { key, some, tables, unique } from "./tables.ts";

/** What billing tells of its own accord: ends that no session brought about, and payments that fail. */
export async function billingEvents(db: Kysely<unknown>, home: Home): Promise<void> {
  const { text, integer } = home;
  const { table, scoped, index } = tables(db, home);

  await withoutSession(db, home);
  // A subscription ends once.
  await index("ledger_ending", "ledger")
    .unique()
    .columns(["workspace_id", "environment", "subscription_id"])
    .where(sql.ref("source"), "=", sql.lit("stripe"))
    .where(sql.ref("undone_at"), "is", null)
    .execute();

  await scoped("billing_events")
    .addColumn("id", text, some)
    .addColumn("subject", text, some)
    .addColumn("data", text, some)
    .addColumn("received_at", integer, some)
    .addPrimaryKeyConstraint("billing_events_pk", ["workspace_id", "environment", "id"])
    .execute();
  await index("billing_events_subject", "billing_events")
    .columns(["workspace_id", "environment", "subject"])
    .execute();
  await index("billing_events_received", "billing_events").column("received_at").execute();

  await scoped("recoveries")
    .addColumn("id", text, key)
    .addColumn("invoice_id", text, some)
    .addColumn("subscription_id", text)
    .addColumn("customer_id", text, some)
    .addColumn("email", text)
    .addColumn("amount", integer, some)
    .addColumn("currency", text, some)
    .addColumn("decline_code", text)
    .addColumn("status", text, some)
    .addColumn("attempt_count", integer, some)
    .addColumn("first_failed_at", integer, some)
    .addColumn("last_attempt_at", integer, some)
    .addColumn("next_attempt_at", integer)
    .addColumn("recovered_at", integer)
    .addColumn("closed_reason", text)
    .addUniqueConstraint("recoveries_invoice", ["workspace_id", "environment", "invoice_id"])
    .execute();
  await index("recoveries_subscription", "recoveries")
    // With what they are listed by: SQLite would take the next index for that order.
    .columns(["workspace_id", "environment", "subscription_id", "first_failed_at", "id"])
    .execute();
  await index("recoveries_recent", "recoveries")
    .columns(["workspace_id", "environment", "first_failed_at", "id"])
    .execute();
  await index("recoveries_pending", "recoveries")
    .columns(["last_attempt_at", "id"])
    .where(sql.ref("status"), "=", sql.lit("pending"))
    .execute();

  await table("recovery_attempts")
    .addColumn("id", text, key)
    .addColumn("recovery_id", text, (column) => column.notNull().references("recoveries.id"))
    .addColumn("attempt", integer, some)
    .addColumn("decline_code", text)
    .addColumn("status", text, some)
    .addColumn("attempted_at", integer, some)
    // One by hand has the number of the one before it, and another time.
    .addUniqueConstraint("recovery_attempts_one", ["recovery_id", "attempt", "attempted_at", "status"])
    .execute();
}

/** Events may have no session. SQLite cannot take a rule off a column: the table is made anew, its rows keep their places. */
async function withoutSession(db: Kysely<unknown>, home: Home): Promise<void> {
  if (home.name === "postgres") {
    await db.schema
      .alterTable("events")
      .alterColumn("session_id", (column) => column.dropNotNull())
      .execute();
    return;
  }
  const { text, integer } = home;
  const { scoped, index } = tables(db, home);
  await scoped("events_anew")
    .addColumn("position", integer, home.numbered)
    .addColumn("id", text, unique)
    .addColumn("type", text, some)
    .addColumn("session_id", text)
    .addColumn("data", text, some)
    .addColumn("at", integer, some)
    .execute();
  const columns = sql.raw("workspace_id, environment, position, id, type, session_id, data, at");
  await sql`insert into events_anew (${columns}) select ${columns} from events`.execute(db);
  await db.schema.dropTable("events").execute();
  await db.schema.alterTable("events_anew").renameTo("events").execute();
  await index("events_recent", "events").columns(["workspace_id", "environment", "position"]).execute();
}

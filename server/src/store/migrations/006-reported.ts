import { type Kysely, sql } from "kysely";
import type { Home } from "../differences.ts";
import { key, some, tables, unique } from "./tables.ts";

/** Cancellations that a business reports, links to hosted flows, and what is made of the ledger: issues and mails. */
export async function reported(db: Kysely<unknown>, home: Home): Promise<void> {
  const { text, integer } = home;
  const { table, scoped, index } = tables(db, home);

  await (home.name === "postgres" ? alteredLedger(db, home) : ledgerAnew(db, home));
  await index("ledger_event", "ledger")
    .unique()
    .columns(["workspace_id", "environment", "event_id"])
    .where(sql.ref("event_id"), "is not", null)
    .execute();
  await index("billing_events_recent", "billing_events")
    .columns(["workspace_id", "environment", "received_at"])
    .execute();

  await table("ledger_outcomes")
    .addColumn("position", integer, home.numbered)
    .addColumn("id", text, unique)
    .addColumn("ledger_id", text, (column) => column.notNull().references("ledger.id"))
    .addColumn("outcome", text, some)
    .addColumn("effective_at", integer)
    .addColumn("metadata", text)
    .addColumn("at", integer, some)
    .execute();
  await index("ledger_outcomes_ledger", "ledger_outcomes").columns(["ledger_id", "position"]).execute();

  await scoped("cancel_links")
    .addColumn("id", text, key)
    .addColumn("token_hash", text, unique)
    .addColumn("user_id", text, some)
    .addColumn("customer_id", text, some)
    .addColumn("subscription_id", text, some)
    .addColumn("return_url", text, some)
    .addColumn("context", text, some)
    .addColumn("currency", text, some)
    .addColumn("metadata", text, some)
    .addColumn("created_at", integer, some)
    .addColumn("expires_at", integer, some)
    .addColumn("opened_at", integer)
    .addColumn("completed_at", integer)
    .addColumn("result", text)
    .addColumn("result_id", text)
    .addColumn("issued_at", integer)
    .addColumn("verified_at", integer)
    .execute();

  await scoped("issues")
    .addColumn("id", text, key)
    .addColumn("reason", text, some)
    .addColumn("status", text, some)
    .addColumn("week", integer, some)
    .addColumn("count", integer, some)
    .addColumn("before", integer, some)
    .addColumn("total", integer, some)
    .addColumn("rules", text, some)
    .addColumn("mrr_at_risk", integer, some)
    .addColumn("currency", text, some)
    .addColumn("other_currency", integer, some)
    .addColumn("first_seen", integer, some)
    .addColumn("last_seen", integer, some)
    .addColumn("opened_at", integer, some)
    .addColumn("dismissed_count", integer)
    .addColumn("owner", text)
    .addColumn("note", text)
    .addColumn("updated_at", integer, some)
    .addUniqueConstraint("issues_reason", ["workspace_id", "environment", "reason"])
    .execute();

  await scoped("issue_weeks")
    .addColumn("reason", text, some)
    .addColumn("week", integer, some)
    .addColumn("count", integer, some)
    .addColumn("before", integer, some)
    .addColumn("total", integer, some)
    .addColumn("rules", text, some)
    .addColumn("mrr_at_risk", integer, some)
    .addColumn("currency", text, some)
    .addColumn("other_currency", integer, some)
    .addColumn("at", integer, some)
    .addPrimaryKeyConstraint("issue_weeks_pk", ["workspace_id", "environment", "reason", "week"])
    .execute();

  await scoped("mails")
    .addColumn("id", text, key)
    .addColumn("kind", text, some)
    .addColumn("about", text, some)
    .addColumn("recipient", text, some)
    .addColumn("status", text, some)
    .addColumn("attempts", integer, some)
    .addColumn("reason", text)
    .addColumn("created_at", integer, some)
    .addColumn("settled_at", integer)
    .addUniqueConstraint("mails_one", ["workspace_id", "environment", "kind", "about", "recipient"])
    .execute();
  await index("mails_recent", "mails").columns(["workspace_id", "created_at", "id"]).execute();
  await index("mails_settled", "mails").column("settled_at").execute();
  await index("cancel_links_expiring", "cancel_links").column("expires_at").execute();
}

/** `created_at` may be null: a server of the version before goes on writing, without it, until it is stopped. */
async function alteredLedger(db: Kysely<unknown>, { text, integer }: Home): Promise<void> {
  await db.schema
    .alterTable("ledger")
    .addColumn("event_id", text)
    .addColumn("offer_label", text)
    .addColumn("tenure_days", integer)
    .addColumn("metadata", text)
    .addColumn("digest", text)
    .addColumn("created_at", integer)
    .execute();
  await sql`update ledger set created_at = updated_at`.execute(db);
  const change = db.schema.alterTable("ledger").alterColumn("customer_id", (column) => column.dropNotNull());
  await ["subscription_id", "plan", "mrr"]
    .reduce((all, name) => all.alterColumn(name, (column) => column.dropNotNull()), change)
    .execute();
}

/** SQLite cannot take a rule off a column. */
async function ledgerAnew(db: Kysely<unknown>, home: Home): Promise<void> {
  const { text, integer } = home;
  const { scoped, index } = tables(db, home);
  const kept = [
    ...["workspace_id", "environment", "id", "source", "session_id", "customer_id", "subscription_id"],
    ...["email", "reason", "reason_text", "feedback", "outcome", "confirmed", "offer_id", "offer_type"],
    ...[
      "offer_accepted",
      "plan",
      "mrr",
      "currency",
      "occurred_at",
      "effective_at",
      "undone_at",
      "updated_at",
    ],
  ].map((name) => sql.ref(name));
  await scoped("ledger_anew")
    .addColumn("id", text, key)
    .addColumn("source", text, some)
    .addColumn("session_id", text, (column) => column.references("sessions.id"))
    .addColumn("event_id", text)
    .addColumn("customer_id", text)
    .addColumn("subscription_id", text)
    .addColumn("email", text)
    .addColumn("reason", text)
    .addColumn("reason_text", text)
    .addColumn("feedback", text)
    .addColumn("outcome", text)
    .addColumn("confirmed", integer, some)
    .addColumn("offer_id", text)
    .addColumn("offer_type", text)
    .addColumn("offer_label", text)
    .addColumn("offer_accepted", integer, some)
    .addColumn("plan", text)
    .addColumn("mrr", integer)
    .addColumn("currency", text, some)
    .addColumn("tenure_days", integer)
    .addColumn("metadata", text)
    .addColumn("digest", text)
    .addColumn("occurred_at", integer, some)
    .addColumn("effective_at", integer)
    .addColumn("undone_at", integer)
    .addColumn("created_at", integer)
    .addColumn("updated_at", integer, some)
    .execute();
  const columns = sql.join(kept);
  await sql`insert into ledger_anew (${columns}, created_at) select ${columns}, updated_at from ledger`.execute(
    db,
  );
  await db.schema.dropTable("ledger").execute();
  await db.schema.alterTable("ledger_anew").renameTo("ledger").execute();

  // As they were: an index goes with its table.
  const scope = ["workspace_id", "environment"];
  await index("ledger_session", "ledger")
    .unique()
    .column("session_id")
    .where(sql.ref("session_id"), "is not", null)
    .execute();
  await index("ledger_recent", "ledger")
    .columns([...scope, "occurred_at", "id"])
    .execute();
  await index("ledger_customer", "ledger")
    .columns([...scope, "customer_id", "occurred_at", "id"])
    .execute();
  await index("ledger_ending", "ledger")
    .unique()
    .columns([...scope, "subscription_id"])
    .where(sql.ref("source"), "=", sql.lit("stripe"))
    .where(sql.ref("undone_at"), "is", null)
    .execute();
}

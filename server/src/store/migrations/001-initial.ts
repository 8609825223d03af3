import { type Kysely, sql } from "kysely";
import type { Home } from "../differences.ts";
import { type Column, key, some, tables, unique } from "./tables.ts";

/** What children of a session refer to; facts that outlive it (events) do not. */
const ofSession: Column = (column) => column.references("sessions.id");
const ofWorkspace: Column = (column) => column.notNull().references("workspaces.id");

export async function initial(db: Kysely<unknown>, home: Home): Promise<void> {
  const { text, integer } = home;
  const { table, scoped, index } = tables(db, home);

  await table("workspaces")
    .addColumn("id", text, key)
    .addColumn("name", text, some)
    .addColumn("status", text, some)
    .addColumn("settings", text, some)
    .addColumn("created_at", integer, some)
    .execute();

  await table("api_keys")
    .addColumn("workspace_id", text, ofWorkspace)
    .addColumn("environment", text, some)
    .addColumn("id", text, key)
    .addColumn("kind", text, some)
    .addColumn("name", text, some)
    .addColumn("hash", text, unique)
    .addColumn("last_four", text, some)
    .addColumn("scopes", text, some)
    .addColumn("created_at", integer, some)
    .addColumn("last_used_at", integer)
    .addColumn("revoked_at", integer)
    .execute();
  await index("api_keys_workspace", "api_keys").columns(["workspace_id", "created_at"]).execute();

  await table("flows")
    .addColumn("workspace_id", text, ofWorkspace)
    .addColumn("environment", text, some)
    .addColumn("id", text, some)
    .addColumn("version", integer, some)
    .addColumn("definition", text, some)
    .addColumn("active", integer, some)
    .addColumn("created_at", integer, some)
    .addPrimaryKeyConstraint("flows_pk", ["id", "version"])
    .addUniqueConstraint("flows_version", ["workspace_id", "environment", "version"])
    .execute();
  await index("flows_active", "flows")
    .unique()
    .columns(["workspace_id", "environment"])
    .where(sql.ref("active"), "=", sql.lit(1))
    .execute();

  await scoped("sessions")
    .addColumn("id", text, key)
    .addColumn("token_id", text, some)
    .addColumn("ordinal", integer, some)
    .addColumn("customer_id", text, some)
    .addColumn("subscription_id", text, some)
    .addColumn("email", text)
    .addColumn("flow_id", text, some)
    .addColumn("flow_version", integer, some)
    .addColumn("config", text, some)
    .addColumn("plan", text, some)
    .addColumn("mrr", integer, some)
    .addColumn("currency", text, some)
    .addColumn("outcome", text)
    .addColumn("settlement", text)
    .addColumn("created_at", integer, some)
    .addColumn("started_at", integer)
    .addColumn("completed_at", integer)
    .addColumn("touched_at", integer, some)
    // Also finds the latest one of a token and subscription.
    .addUniqueConstraint("sessions_ordinal", ["token_id", "subscription_id", "ordinal"])
    .execute();
  await index("sessions_open", "sessions")
    .columns(["touched_at", "id"])
    .where(sql.ref("started_at"), "is not", null)
    .where(sql.ref("outcome"), "is", null)
    .execute();
  await index("sessions_customer", "sessions")
    .columns(["workspace_id", "environment", "customer_id"])
    .execute();

  await table("session_events")
    .addColumn("session_id", text, (column) => ofSession(column).notNull())
    .addColumn("id", text, some)
    .addColumn("run", text, some)
    .addColumn("seq", integer, some)
    .addColumn("data", text, some)
    .addColumn("received_at", integer, some)
    .addPrimaryKeyConstraint("session_events_pk", ["session_id", "id"])
    .addUniqueConstraint("session_events_seq", ["session_id", "run", "seq"])
    .execute();

  await table("actions")
    .addColumn("id", text, key)
    .addColumn("session_id", text, (column) => ofSession(column).notNull())
    .addColumn("event_id", text, some)
    .addColumn("decision", text, some)
    .addColumn("offer_id", text)
    .addColumn("action", text)
    .addColumn("status", text, some)
    .addColumn("fault", text)
    .addColumn("created_at", integer, some)
    .addColumn("settled_at", integer)
    .execute();
  await index("actions_session", "actions").columns(["session_id", "created_at"]).execute();
  await index("actions_one", "actions")
    .unique()
    .column("session_id")
    .where(sql.ref("status"), "in", [sql.lit("pending"), sql.lit("succeeded")])
    .execute();

  await scoped("ledger")
    .addColumn("id", text, key)
    .addColumn("source", text, some)
    .addColumn("session_id", text, ofSession)
    .addColumn("customer_id", text, some)
    .addColumn("subscription_id", text, some)
    .addColumn("email", text)
    .addColumn("reason", text)
    .addColumn("reason_text", text)
    .addColumn("feedback", text)
    .addColumn("outcome", text)
    .addColumn("confirmed", integer, some)
    .addColumn("offer_id", text)
    .addColumn("offer_type", text)
    .addColumn("offer_accepted", integer, some)
    .addColumn("plan", text, some)
    .addColumn("mrr", integer, some)
    .addColumn("currency", text, some)
    .addColumn("occurred_at", integer, some)
    .addColumn("effective_at", integer)
    .addColumn("updated_at", integer, some)
    .execute();
  await index("ledger_session", "ledger")
    .unique()
    .column("session_id")
    .where(sql.ref("session_id"), "is not", null)
    .execute();
  await index("ledger_recent", "ledger")
    .columns(["workspace_id", "environment", "occurred_at", "id"])
    .execute();
  await index("ledger_customer", "ledger")
    .columns(["workspace_id", "environment", "customer_id", "occurred_at", "id"])
    .execute();

  await scoped("events")
    .addColumn("position", integer, home.numbered)
    .addColumn("id", text, unique)
    .addColumn("type", text, some)
    .addColumn("session_id", text, some)
    .addColumn("data", text, some)
    .addColumn("at", integer, some)
    .execute();
  await index("events_recent", "events").columns(["workspace_id", "environment", "position"]).execute();

  await table("jobs")
    .addColumn("id", integer, home.numbered)
    .addColumn("topic", text, some)
    .addColumn("key", text, some)
    .addColumn("payload", text, some)
    .addColumn("attempts", integer, (column) => column.notNull().defaultTo(0))
    .addColumn("due_at", integer, some)
    .addColumn("leased_until", integer)
    .addColumn("last_error", text)
    .addUniqueConstraint("jobs_open", ["topic", "key"])
    .execute();
  await index("jobs_due", "jobs").columns(["due_at", "id"]).execute();

  await table("schedules")
    .addColumn("name", text, key)
    .addColumn("next_at", integer, some)
    .addColumn("leased_until", integer)
    .execute();

  await table("simulator_objects")
    .addColumn("scope", text, some)
    .addColumn("type", text, some)
    .addColumn("id", text, some)
    .addColumn("customer_id", text)
    .addColumn("data", text, some)
    .addPrimaryKeyConstraint("simulator_objects_pk", ["scope", "type", "id"])
    .execute();
  await index("simulator_objects_customer", "simulator_objects")
    .columns(["scope", "type", "customer_id"])
    .execute();

  await table("simulator_requests")
    .addColumn("scope", text, some)
    .addColumn("key", text, some)
    .addColumn("data", text, some)
    .addPrimaryKeyConstraint("simulator_requests_pk", ["scope", "key"])
    .execute();

  await table("simulator_clocks").addColumn("scope", text, key).addColumn("ahead", integer, some).execute();
}

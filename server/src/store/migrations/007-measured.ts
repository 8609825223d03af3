import { type Kysely, sql } from "kysely";
import type { Home } from "../differences.ts";
import { finding } from "./007-finding.ts";
import { firstSums } from "./007-sums.ts";
import { key, some, tables } from "./tables.ts";

/** Visits and what they were worth, sums that are kept of them, and webhooks to the business's own endpoints. */
export async function measured(db: Kysely<unknown>, home: Home): Promise<void> {
  const { text, integer } = home;
  const { table, scoped, index } = tables(db, home);
  const scope = ["workspace_id", "environment"];

  for (const name of ["started_at", "completed_at", "saved_mrr", "lost_mrr"])
    await db.schema.alterTable("ledger").addColumn(name, integer).execute();
  await sql`update ledger set
    started_at = case
      when source = 'stripe' then null
      when session_id is null then occurred_at
      else coalesce((select started_at from sessions where sessions.id = ledger.session_id), occurred_at)
    end,
    completed_at = case
      when source = 'stripe' or outcome is null then null
      when session_id is null then occurred_at
      else coalesce((select completed_at from sessions where sessions.id = ledger.session_id), occurred_at)
    end,
    saved_mrr = case when source != 'stripe' and (outcome = 'retained' or undone_at is not null) then mrr end,
    lost_mrr = case when source != 'stripe' and outcome = 'cancelled' and undone_at is null then mrr end`.execute(
    db,
  );
  await index("ledger_visits", "ledger")
    .columns([...scope, "started_at", "id"])
    .where(sql.ref("started_at"), "is not", null)
    .execute();
  // What a visit has come to, as the index of the same words finds it: see visitEnd in visits.ts.
  await sql`create index ledger_visits_by_end on ledger
    (workspace_id, environment, (case when undone_at is not null then 'retained' else outcome end), started_at, id)
    where started_at is not null`.execute(db);

  await index("recoveries_recovered", "recoveries")
    .columns([...scope, "recovered_at", "id"])
    .execute();
  await index("recoveries_customer", "recoveries")
    .columns([...scope, "customer_id", "first_failed_at", "id"])
    .execute();
  await index("recoveries_status", "recoveries")
    .columns([...scope, "status", "first_failed_at", "id"])
    .execute();
  await index("recovery_attempts_recent", "recovery_attempts").columns(["attempted_at", "id"]).execute();

  await scoped("figures")
    .addColumn("measure", text, some)
    .addColumn("currency", text, some)
    .addColumn("span", text, some)
    .addColumn("start", integer, some)
    .addColumn("count", integer, some)
    .addColumn("amount", integer, some)
    .addPrimaryKeyConstraint("figures_pk", [
      "workspace_id",
      "environment",
      "span",
      "start",
      "measure",
      "currency",
    ])
    .execute();
  await scoped("figure_changes")
    .addColumn("position", integer, home.numbered)
    .addColumn("measure", text, some)
    .addColumn("currency", text, some)
    .addColumn("at", integer, some)
    .addColumn("count", integer, some)
    .addColumn("amount", integer, some)
    .execute();
  await index("figure_changes_at", "figure_changes")
    .columns([...scope, "at"])
    .execute();
  await firstSums(db, home);

  await scoped("webhook_endpoints")
    .addColumn("id", text, key)
    .addColumn("url", text, some)
    .addColumn("description", text)
    .addColumn("events", text, some)
    .addColumn("status", text, some)
    .addColumn("disabled_reason", text)
    .addColumn("disabled_at", integer)
    .addColumn("failing_since", integer)
    .addColumn("secrets", text, some)
    .addColumn("created_at", integer, some)
    .addColumn("updated_at", integer, some)
    .execute();
  await index("webhook_endpoints_scope", "webhook_endpoints").columns(scope).execute();
  await table("webhook_deliveries")
    .addColumn("id", text, key)
    .addColumn("endpoint_id", text, (column) =>
      column.notNull().references("webhook_endpoints.id").onDelete("cascade"),
    )
    .addColumn("event_id", text, some)
    .addColumn("type", text, some)
    .addColumn("status", text, some)
    .addColumn("attempts", integer, some)
    .addColumn("tries", integer, some)
    .addColumn("due_at", integer, some)
    .addColumn("leased_until", integer)
    .addColumn("created_at", integer, some)
    .addColumn("settled_at", integer)
    .execute();
  await index("webhook_deliveries_due", "webhook_deliveries")
    .columns(["endpoint_id", "due_at"])
    .where(sql.ref("status"), "=", sql.lit("pending"))
    .execute();
  await index("webhook_deliveries_recent", "webhook_deliveries")
    .columns(["endpoint_id", "created_at", "id"])
    .execute();
  await index("webhook_deliveries_status", "webhook_deliveries")
    .columns(["endpoint_id", "status", "created_at", "id"])
    .execute();
  await index("webhook_deliveries_event", "webhook_deliveries").column("event_id").execute();
  await table("webhook_attempts")
    .addColumn("id", text, key)
    .addColumn("delivery_id", text, (column) =>
      column.notNull().references("webhook_deliveries.id").onDelete("cascade"),
    )
    .addColumn("attempt", integer, some)
    .addColumn("at", integer, some)
    .addColumn("duration", integer, some)
    .addColumn("status", integer)
    .addColumn("error", text)
    .addColumn("excerpt", text)
    .execute();
  await index("webhook_attempts_delivery", "webhook_attempts").columns(["delivery_id", "attempt"]).execute();

  await index("events_old", "events").column("at").execute();
  await index("cancel_links_customer", "cancel_links")
    .columns([...scope, "customer_id"])
    .execute();
  await index("cancel_links_user", "cancel_links")
    .columns([...scope, "user_id"])
    .execute();

  // Of no use after a crash, so it need not reach the disk.
  if (home.name === "postgres")
    await sql`create unlogged table rate_limits (caller text collate "C" primary key, hits bigint[] not null)`.execute(
      db,
    );

  await finding(db, home);
}

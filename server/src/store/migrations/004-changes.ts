import type { ColumnDefinitionBuilder, Kysely } from "kysely";
import { sql } from "kysely";
import type { Home } from "../differences.ts";

const some = (column: ColumnDefinitionBuilder) => column.notNull();

/** What customers change in a hub, what they do not want to be offered, and which cancellations were taken back. */
export async function changes(db: Kysely<unknown>, { text, integer, strict }: Home): Promise<void> {
  await db.schema.alterTable("sessions").addColumn("undone_at", integer).execute();
  await db.schema.alterTable("ledger").addColumn("undone_at", integer).execute();

  await strict(db.schema.createTable("changes"))
    .addColumn("workspace_id", text, some)
    .addColumn("environment", text, some)
    .addColumn("id", text, (column) => column.primaryKey())
    .addColumn("key", text, some)
    .addColumn("token_id", text, some)
    .addColumn("customer_id", text, some)
    .addColumn("subscription_id", text, some)
    .addColumn("change", text, some)
    .addColumn("seen", text, some)
    .addColumn("before", text, some)
    .addColumn("action", text, some)
    .addColumn("offer_id", text)
    .addColumn("status", text, some)
    .addColumn("fault", text)
    .addColumn("created_at", integer, some)
    .addColumn("settled_at", integer)
    // Also finds what a customer has accepted.
    .addUniqueConstraint("changes_key", ["workspace_id", "environment", "customer_id", "key"])
    .execute();
  const index = (name: string) =>
    db.schema.createIndex(name).on("changes").columns(["workspace_id", "environment", "subscription_id"]);
  await index("changes_subscription").execute();
  await index("changes_one").unique().where(sql.ref("status"), "=", sql.lit("pending")).execute();

  await strict(db.schema.createTable("offer_dismissals"))
    .addColumn("workspace_id", text, some)
    .addColumn("environment", text, some)
    .addColumn("customer_id", text, some)
    .addColumn("offer_id", text, some)
    .addColumn("at", integer, some)
    .addPrimaryKeyConstraint("offer_dismissals_pk", [
      "workspace_id",
      "environment",
      "customer_id",
      "offer_id",
    ])
    .execute();
}

import { type Kysely, sql } from "kysely";
import type { Home } from "../differences.ts";
import { key, some, tables } from "./tables.ts";

/** What customers change in a hub, what they do not want to be offered, and which cancellations were taken back. */
export async function changes(db: Kysely<unknown>, home: Home): Promise<void> {
  const { text, integer } = home;
  const { scoped, index } = tables(db, home);

  await db.schema.alterTable("sessions").addColumn("undone_at", integer).execute();
  await db.schema.alterTable("ledger").addColumn("undone_at", integer).execute();

  await scoped("changes")
    .addColumn("id", text, key)
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
  const ofSubscription = (name: string) =>
    index(name, "changes").columns(["workspace_id", "environment", "subscription_id"]);
  await ofSubscription("changes_subscription").execute();
  await ofSubscription("changes_one").unique().where(sql.ref("status"), "=", sql.lit("pending")).execute();

  await scoped("offer_dismissals")
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

import type { Kysely } from "kysely";
import type { Home } from "../differences.ts";

/** What late deliveries, languages and signed handshakes need. */
export async function lateAndSigned(db: Kysely<unknown>, { text, integer, strict }: Home): Promise<void> {
  await db.schema.alterTable("api_keys").addColumn("sealed", text).execute();
  // Null for rows that are there already: they answer with the instant of their latest configuration.
  await db.schema.alterTable("sessions").addColumn("opened_at", integer).execute();
  await db.schema.alterTable("sessions").addColumn("locale", text).execute();

  await strict(db.schema.createTable("nonces"))
    .addColumn("workspace_id", text, (column) => column.notNull())
    .addColumn("environment", text, (column) => column.notNull())
    .addColumn("nonce", text, (column) => column.notNull())
    .addColumn("expires_at", integer, (column) => column.notNull())
    .addPrimaryKeyConstraint("nonces_pk", ["workspace_id", "environment", "nonce"])
    .execute();
  await db.schema.createIndex("nonces_expired").on("nonces").column("expires_at").execute();
}

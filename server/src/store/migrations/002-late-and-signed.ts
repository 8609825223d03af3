import type { Kysely } from "kysely";
import type { Home } from "../differences.ts";
import { some, tables } from "./tables.ts";

/** What late deliveries, languages and signed handshakes need. */
export async function lateAndSigned(db: Kysely<unknown>, home: Home): Promise<void> {
  const { text, integer } = home;
  const { scoped, index } = tables(db, home);
  await db.schema.alterTable("api_keys").addColumn("sealed", text).execute();
  // Null for rows that are there already: they answer with the instant of their latest configuration.
  await db.schema.alterTable("sessions").addColumn("opened_at", integer).execute();
  await db.schema.alterTable("sessions").addColumn("locale", text).execute();

  await scoped("nonces")
    .addColumn("nonce", text, some)
    .addColumn("expires_at", integer, some)
    .addPrimaryKeyConstraint("nonces_pk", ["workspace_id", "environment", "nonce"])
    .execute();
  await index("nonces_expired", "nonces").column("expires_at").execute();
}

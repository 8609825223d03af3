/**
 * The schema's history. A migration that has been released never changes; the next one is added below it. All
 * pending ones run in one transaction, and processes that start together wait for each other.
 */
import type { Kysely } from "kysely";
import { type Migration, Migrator } from "kysely/migration";
import type { Home } from "./differences.ts";
import { initial } from "./migrations/001-initial.ts";
import { lateAndSigned } from "./migrations/002-late-and-signed.ts";
import { sessionsOfASubscription } from "./migrations/003-sessions-of-a-subscription.ts";
import { changes } from "./migrations/004-changes.ts";
import { billingEvents } from "./migrations/005-billing-events.ts";
import { reported } from "./migrations/006-reported.ts";
import { measured } from "./migrations/007-measured.ts";
import type { Schema } from "./schema.ts";

/** @throws whatever the database said; then nothing has changed. */
export async function migrate(db: Kysely<Schema>, home: Home): Promise<void> {
  if (home.name === "sqlite") return toLatest(db, home);
  // A lock of the session would be lost between the connections of a pooler; this one ends with the transaction.
  await db.transaction().execute(async (tx) => {
    await home.lock(tx, "migrations");
    await toLatest(tx, home);
  });
}

async function toLatest(db: Kysely<Schema>, home: Home): Promise<void> {
  const { error } = await migrator(db, home).migrateToLatest();
  if (error) throw error;
}

/** All that has been released, so that a test can begin where an older version ended. */
export function migrator(db: Kysely<Schema>, home: Home): Migrator {
  const migrations: Record<string, Migration> = {
    "001_initial": { up: (tx) => initial(tx, home) },
    "002_late_and_signed": { up: (tx) => lateAndSigned(tx, home) },
    "003_sessions_of_a_subscription": { up: sessionsOfASubscription },
    "004_changes": { up: (tx) => changes(tx, home) },
    "005_billing_events": { up: (tx) => billingEvents(tx, home) },
    "006_reported": { up: (tx) => reported(tx, home) },
    "007_measured": { up: (tx) => measured(tx, home) },
  };
  return new Migrator({ db, provider: { getMigrations: async () => migrations } });
}

import type { Kysely } from "kysely";

/** Every opening of a flow asks for the other sessions of its subscription. */
export async function sessionsOfASubscription(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createIndex("sessions_subscription")
    .on("sessions")
    .columns(["workspace_id", "environment", "subscription_id"])
    .execute();
}

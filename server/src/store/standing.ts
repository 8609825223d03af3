/** How things stand with a subscription when a customer opens its flow: one query, because nearly always nothing is the matter. */
import { type Kysely, type Selectable, sql } from "kysely";
import { prepared } from "./prepared.ts";
import { toRow } from "./queries/sessions.ts";
import type { Schema, SessionsTable } from "./schema.ts";
import type { Store } from "./store.ts";

const standing = prepared<{
  workspaceId: string;
  environment: "prod" | "sandbox";
  subscriptionId: string;
  tokenId: string;
}>()((db, given) => {
  const own = db
    .selectFrom("sessions as own")
    .select("own.id")
    .where("own.workspace_id", "=", given("workspaceId"))
    .where("own.environment", "=", given("environment"))
    .where("own.subscription_id", "=", given("subscriptionId"));
  const latest = db
    .selectFrom("sessions as last")
    .select("last.id")
    .where("last.token_id", "=", given("tokenId"))
    .where("last.subscription_id", "=", given("subscriptionId"))
    .orderBy("last.ordinal", "desc")
    .limit(1);
  const open = db.selectNoFrom(({ exists, selectFrom }) => [
    exists(
      own
        .innerJoin("actions", "actions.session_id", "own.id")
        .where("actions.status", "=", sql.lit("pending" as const)),
    ).as("sessions_pending"),
    exists(
      selectFrom("changes")
        .select("id")
        .where("workspace_id", "=", given("workspaceId"))
        .where("environment", "=", given("environment"))
        .where("subscription_id", "=", given("subscriptionId"))
        .where("status", "=", sql.lit("pending" as const)),
    ).as("changes_pending"),
    exists(
      own
        .where("own.outcome", "in", [sql.lit("cancelled" as const), sql.lit("abandoned" as const)])
        .where("own.settlement", "is not", null)
        .where("own.undone_at", "is", null),
    ).as("cancelled"),
    exists(
      selectFrom("ledger")
        .select("id")
        .where("workspace_id", "=", given("workspaceId"))
        .where("environment", "=", given("environment"))
        .where("subscription_id", "=", given("subscriptionId"))
        .where("source", "=", sql.lit("stripe" as const))
        .where("undone_at", "is", null),
    ).as("ending"),
  ]);
  return db
    .selectFrom(open.as("standing"))
    .leftJoin("sessions", (join) => join.on("sessions.id", "=", latest))
    .selectAll();
});

export const standingQueries = (db: Kysely<Schema>): Pick<Store, "standing"> => ({
  async standing({ workspaceId, environment }, { subscriptionId, tokenId }) {
    const [row] = await standing(db, { workspaceId, environment, subscriptionId, tokenId });
    if (!row) throw new Error("A query without conditions has no answer");
    const { sessions_pending, changes_pending, cancelled, ending, ...session } = row;
    return {
      // One database says true and the other 1.
      isPending: !!sessions_pending || !!changes_pending,
      isEnding: !!cancelled || !!ending,
      // All of its columns are null, or those alone that may be.
      ...(session.id === null ? {} : { latest: toRow(session as Selectable<SessionsTable>) }),
    };
  },
});

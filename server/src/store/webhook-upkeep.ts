/** Deliveries as workers share them: by endpoint, and by leases as in jobs.ts. */
import { type Expression, type ExpressionBuilder, type Kysely, type SqlBool, sql } from "kysely";
import { deliveryHealth } from "./delivery-health.ts";
import type { Home } from "./differences.ts";
import { toRow } from "./queries/events.ts";
import { notDeleted, toDelivery } from "./queries/webhooks.ts";
import type { Schema } from "./schema.ts";
import type { DeliveryRow, WebhookUpkeep } from "./webhooks.ts";

/** Longer than a delivery is ever put off, ms: what is due later was written down while a clock ran ahead. */
const FARTHEST = 27 * 3_600_000;

/** In the words of the index of those that are due. */
const pending = sql<boolean>`webhook_deliveries.status = 'pending'`;

type Deliveries = ExpressionBuilder<Schema, "webhook_deliveries">;

/** Nor does a lease that a clock gave which ran ahead hold. */
const unleased = (now: number, leaseMs: number) => (where: Deliveries) =>
  where.or([
    where("leased_until", "is", null),
    where("leased_until", "<=", now),
    where("leased_until", ">", now + 2 * leaseMs),
  ]);

/** Side by side and not in one condition, so that each is a stretch of the index. */
const whenDue = (now: number) => [
  (where: Deliveries) => where("due_at", "<=", now),
  (where: Deliveries) => where("due_at", ">", now + FARTHEST),
];

export function webhookUpkeep(db: Kysely<Schema>, home: Home): WebhookUpkeep {
  return {
    async dueEndpoints(now, leaseMs, { failing, limit, after }) {
      const rows = await db
        .selectFrom(waiting(db, { now, leaseMs, failing }).as("waiting"))
        .select("id")
        .where("since", "is not", null)
        .$if(after !== undefined, (query) => query.orderBy(sql`case when id > ${after} then 0 else 1 end`))
        .$if(after === undefined, (query) => query.orderBy("since"))
        .orderBy("id")
        .limit(limit)
        .execute();
      return rows.map(({ id }) => id);
    },

    claimDeliveries: (endpointId, of) =>
      db.transaction().execute(async (tx) => {
        const ids = await takeDue(tx, home, endpointId, of);
        return ids.length ? withEvents(tx, await lease(tx, ids, of)) : [];
      }),

    deliveryHealth: (now) => deliveryHealth(db, now),

    clearDeletedEndpoints: (limit) => db.transaction().execute((tx) => clearDeleted(tx, limit)),

    forgetEvents: (before, limit) =>
      db.transaction().execute(async (tx) => {
        const rows = await tx
          .selectFrom("events")
          .select("id")
          .where("at", "<", before)
          .where(({ not, exists, selectFrom }) =>
            not(
              exists(
                selectFrom("webhook_deliveries")
                  .select("webhook_deliveries.id")
                  .whereRef("event_id", "=", "events.id")
                  .where(pending),
              ),
            ),
          )
          .limit(limit)
          .execute();
        const ids = rows.map(({ id }) => id);
        if (!ids.length) return 0;
        await tx.deleteFrom("webhook_deliveries").where("event_id", "in", ids).execute();
        await tx.deleteFrom("events").where("id", "in", ids).execute();
        return ids.length;
      }),
  };
}

/** Since when something is due to each endpoint, if there is something. */
function waiting(
  db: Kysely<Schema>,
  { now, leaseMs, failing }: { now: number; leaseMs: number; failing: boolean },
) {
  // One step into the index for each, however much is on its way, or has been.
  const first = (due: (where: Deliveries) => Expression<SqlBool>) =>
    db
      .selectFrom("webhook_deliveries")
      .select("due_at")
      .where("endpoint_id", "=", sql.ref<string>("webhook_endpoints.id"))
      .where(pending)
      .where(due)
      .where(unleased(now, leaseMs))
      .orderBy("due_at")
      .limit(1);
  const [late, farthest] = whenDue(now).map(first);
  return (
    db
      .selectFrom("webhook_endpoints")
      .select("id")
      // What a clock put off that ran ahead is due now.
      .select(
        sql<
          number | null
        >`coalesce(${late}, case when ${farthest} is not null then cast(${now} as bigint) end)`.as("since"),
      )
      .where(notDeleted)
      .where("failing_since", failing ? "is not" : "is", null)
  );
}

async function clearDeleted(tx: Kysely<Schema>, limit: number): Promise<number> {
  const deleted = tx.selectFrom("webhook_endpoints").select("id").where("status", "=", "deleted");
  const theirs = tx
    .selectFrom("webhook_deliveries")
    .select("id")
    .where("endpoint_id", "in", deleted)
    .limit(limit);
  const sent = await tx.deleteFrom("webhook_deliveries").where("id", "in", theirs).executeTakeFirst();
  const count = Number(sent.numDeletedRows);
  if (count === limit) return count;
  const ends = await tx
    .deleteFrom("webhook_endpoints")
    .where("id", "in", deleted.limit(limit - count))
    .executeTakeFirst();
  return count + Number(ends.numDeletedRows);
}

type Claim = Parameters<WebhookUpkeep["claimDeliveries"]>[1];

async function takeDue(
  tx: Kysely<Schema>,
  home: Home,
  endpointId: string,
  { now, leaseMs, limit }: Claim,
): Promise<string[]> {
  const ids: string[] = [];
  for (const due of whenDue(now)) {
    if (ids.length === limit) break;
    const found = tx
      .selectFrom("webhook_deliveries")
      .select("id")
      .where("endpoint_id", "=", endpointId)
      .where(pending)
      .where(due)
      .where(unleased(now, leaseMs))
      .orderBy("due_at")
      .orderBy("id")
      .limit(limit - ids.length);
    ids.push(...(await home.takeUnlocked(found).execute()).map(({ id }) => id));
  }
  return ids;
}

async function lease(tx: Kysely<Schema>, ids: string[], { now, leaseMs }: Claim): Promise<DeliveryRow[]> {
  const rows = await tx
    .updateTable("webhook_deliveries")
    .set((row) => ({
      leased_until: now + leaseMs,
      attempts: row("attempts", "+", 1),
      tries: row("tries", "+", 1),
      due_at: sql<number>`case when due_at > ${now} then ${now} else due_at end`,
    }))
    .where("id", "in", ids)
    .returningAll()
    .execute();
  return rows.map(toDelivery);
}

/** What was forgotten with a customer is told to nobody. */
async function withEvents(tx: Kysely<Schema>, deliveries: DeliveryRow[]) {
  const ids = deliveries.map(({ eventId }) => eventId);
  const rows = await tx.selectFrom("events").selectAll().where("id", "in", ids).orderBy("position").execute();
  const claimed = rows.flatMap((row) =>
    deliveries
      .filter(({ eventId }) => eventId === row.id)
      .map((delivery) => ({ ...delivery, event: toRow(row) })),
  );
  const gone = deliveries.filter(({ id }) => !claimed.some((each) => each.id === id));
  if (gone.length)
    await tx
      .deleteFrom("webhook_deliveries")
      .where(
        "id",
        "in",
        gone.map(({ id }) => id),
      )
      .execute();
  return claimed.sort((a, b) => a.dueAt - b.dueAt);
}

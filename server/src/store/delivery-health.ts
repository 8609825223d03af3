/** Whether messages get on their way: what monitoring asks for again and again, so it costs the same however many there are. */
import { type Kysely, sql } from "kysely";
import type { Schema } from "./schema.ts";
import type { DeliveryHealth } from "./webhooks.ts";

const MOST = 10_000;
/** Of what is due at one endpoint, workers take the oldest: so many are looked at for one that somebody has in hand. */
const FIRST = 16;

export async function deliveryHealth(db: Kysely<Schema>, now: number): Promise<DeliveryHealth> {
  const [open, oldestDueAt, endpoints] = await Promise.all([
    openDeliveries(db),
    oldestWaiting(db, now),
    endpointsInTrouble(db),
  ]);
  return { open, ...endpoints, ...(oldestDueAt === null ? {} : { oldestDueAt }) };
}

async function openDeliveries(db: Kysely<Schema>): Promise<number> {
  const some = db
    .selectFrom("webhook_deliveries")
    .select("id")
    .where("status", "=", sql.lit("pending" as const))
    .limit(MOST);
  const { count } = await db
    .selectFrom(some.as("some"))
    .select(({ fn }) => fn.countAll<number>().as("count"))
    .executeTakeFirstOrThrow();
  return count;
}

/** What waits at an endpoint that fails waits for its owner, and what is behind one in hand will be next. */
async function oldestWaiting(db: Kysely<Schema>, now: number): Promise<number | null> {
  const waiting = db
    .selectFrom("webhook_endpoints")
    .where("status", "=", "enabled")
    .where("failing_since", "is", null)
    .where(({ not, exists }) =>
      not(
        exists(
          sql`(select 1 from (
            select leased_until from webhook_deliveries
            where endpoint_id = webhook_endpoints.id and webhook_deliveries.status = 'pending'
            order by due_at limit ${sql.lit(FIRST)}
          ) as first_ones where leased_until > ${now})`,
        ),
      ),
    )
    .select(
      sql<number | null>`(select min(due_at) from webhook_deliveries
        where endpoint_id = webhook_endpoints.id and webhook_deliveries.status = 'pending')`.as("due_at"),
    );
  const { oldest } = await db
    .selectFrom(waiting.as("waiting"))
    .select(({ fn }) => fn.min<number | null>("due_at").as("oldest"))
    .where("due_at", "<=", now)
    .executeTakeFirstOrThrow();
  return oldest;
}

async function endpointsInTrouble(db: Kysely<Schema>): Promise<{ failing: number; disabled: number }> {
  return db
    .selectFrom("webhook_endpoints")
    .select(({ fn }) => [
      fn
        .countAll<number>()
        .filterWhere("status", "=", "enabled")
        .filterWhere("failing_since", "is not", null)
        .as("failing"),
      fn
        .countAll<number>()
        .filterWhere("status", "=", "disabled")
        // What somebody has switched off is as they want it.
        .filterWhere("disabled_reason", "!=", "manual")
        .as("disabled"),
    ])
    .executeTakeFirstOrThrow();
}

/**
 * Work that several processes share. A claim is a lease: while it runs nobody else gets the work, and when
 * its holder dies the work becomes claimable again. So everything may happen twice, nothing not at all.
 */
import type { ExpressionBuilder, Kysely, Selectable } from "kysely";
import type { Home } from "./differences.ts";
import { fromJson, withoutNulls } from "./rows.ts";
import type { JobsTable, Schema } from "./schema.ts";
import type { JobRow, Json, Store } from "./store.ts";

type JobQueries = Pick<
  Store,
  "claimJobs" | "finishJob" | "retryJob" | "ensureSchedule" | "claimSchedule" | "finishSchedule"
>;

const unleased = (now: number) => (where: ExpressionBuilder<Schema, "jobs" | "schedules">) =>
  where.or([where("leased_until", "is", null), where("leased_until", "<=", now)]);

export function jobQueries(db: Kysely<Schema>, home: Home): JobQueries {
  return {
    claimJobs: (now, leaseMs, limit) =>
      db.transaction().execute(async (tx) => {
        const due = tx
          .selectFrom("jobs")
          .select("id")
          .where("due_at", "<=", now)
          .where(unleased(now))
          .orderBy("due_at")
          .orderBy("id")
          .limit(limit);
        const ids = (await home.takeUnlocked(due).execute()).map((job) => job.id);
        if (!ids.length) return [];
        const claimed = await tx
          .updateTable("jobs")
          .set((job) => ({ leased_until: now + leaseMs, attempts: job("attempts", "+", 1) }))
          .where("id", "in", ids)
          .returningAll()
          .execute();
        // An UPDATE returns its rows in any order.
        return claimed.sort((a, b) => a.due_at - b.due_at || a.id - b.id).map(toRow);
      }),

    async finishJob(id) {
      await db.deleteFrom("jobs").where("id", "=", Number(id)).execute();
    },

    async retryJob(id, dueAt, error) {
      await db
        .updateTable("jobs")
        .set({ due_at: dueAt, leased_until: null, last_error: error })
        .where("id", "=", Number(id))
        .execute();
    },

    async ensureSchedule(name, nextAt) {
      await db
        .insertInto("schedules")
        .values({ name, next_at: nextAt })
        .onConflict((conflict) => conflict.column("name").doNothing())
        .execute();
    },

    async claimSchedule(name, now, leaseMs) {
      const row = await db
        .updateTable("schedules")
        .set({ leased_until: now + leaseMs })
        .where("name", "=", name)
        .where("next_at", "<=", now)
        .where(unleased(now))
        .returning(["name", "next_at"])
        .executeTakeFirst();
      return row && { name: row.name, nextAt: row.next_at };
    },

    async finishSchedule(name, nextAt) {
      await db
        .updateTable("schedules")
        .set({ next_at: nextAt, leased_until: null })
        .where("name", "=", name)
        .execute();
    },
  };
}

function toRow(row: Selectable<JobsTable>): JobRow {
  // A payload may itself be null.
  const payload = fromJson<Json>(row.payload);
  const rest = withoutNulls({
    id: String(row.id),
    topic: row.topic,
    key: row.key,
    attempts: row.attempts,
    dueAt: row.due_at,
    lastError: row.last_error,
  });
  return { ...rest, payload };
}

/**
 * Work that several processes share. A claim is a lease: while it runs nobody else gets the work, and when
 * its holder dies the work becomes claimable again. So everything may happen twice, nothing not at all.
 */
import { type ExpressionBuilder, type Kysely, type Selectable, sql } from "kysely";
import type { Home } from "./differences.ts";
import { fromJson, withoutNulls } from "./rows.ts";
import type { JobsTable, Schema } from "./schema.ts";
import type { JobRow, Json, Store } from "./store.ts";

type JobQueries = Pick<
  Store,
  "claimJobs" | "finishJob" | "retryJob" | "schedules" | "ensureSchedule" | "claimSchedule" | "finishSchedule"
>;

/** Longer than anything is ever put off, ms: what is due later was written down while the clock ran ahead. */
const FARTHEST = 2 * 3_600_000;

/** Nor does a lease that a clock gave which ran ahead hold. That one runs a little ahead of the other is no reason. */
const unleased = (now: number, leaseMs: number) => (where: ExpressionBuilder<Schema, "jobs" | "schedules">) =>
  where.or([
    where("leased_until", "is", null),
    where("leased_until", "<=", now),
    where("leased_until", ">", now + 2 * leaseMs),
  ]);

export function jobQueries(db: Kysely<Schema>, home: Home): JobQueries {
  return {
    claimJobs: (now, leaseMs, limit, topics) =>
      db.transaction().execute(async (tx) => {
        const due = tx
          .selectFrom("jobs")
          .select("id")
          .where((job) => job.or([job("due_at", "<=", now), job("due_at", ">", now + FARTHEST)]))
          .where(unleased(now, leaseMs))
          .$if(topics !== undefined, (query) => query.where("topic", "in", topics as string[]))
          .orderBy("due_at")
          .orderBy("id")
          .limit(limit);
        const ids = (await home.takeUnlocked(due).execute()).map((job) => job.id);
        if (!ids.length) return [];
        const claimed = await tx
          .updateTable("jobs")
          .set((job) => ({
            leased_until: now + leaseMs,
            attempts: job("attempts", "+", 1),
            due_at: sql<number>`case when due_at > ${now} then ${now} else due_at end`,
          }))
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

    async schedules() {
      const rows = await db.selectFrom("schedules").select(["name", "next_at"]).execute();
      return rows.map((row) => ({ name: row.name, nextAt: row.next_at }));
    },

    async ensureSchedule(name, nextAt) {
      await db
        .insertInto("schedules")
        .values({ name, next_at: nextAt })
        .onConflict((conflict) =>
          conflict.column("name").doUpdateSet({ next_at: nextAt }).where("schedules.next_at", ">", nextAt),
        )
        .execute();
    },

    async claimSchedule(name, now, leaseMs) {
      const row = await db
        .updateTable("schedules")
        .set({ leased_until: now + leaseMs })
        .where("name", "=", name)
        .where("next_at", "<=", now)
        .where(unleased(now, leaseMs))
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

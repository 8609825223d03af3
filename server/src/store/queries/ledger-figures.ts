/** What the ledger adds up to: one statement each, so that all figures are of one moment. */
import { type Kysely, sql } from "kysely";
import type { Schema } from "../schema.ts";
import type { Outcome, Queries, Scope } from "../store.ts";

type LedgerFigures = Pick<Queries, "outcomeCounts" | "reasonCounts">;

export function ledgerFigures(db: Kysely<Schema>): LedgerFigures {
  /** Events that customers brought about, with what they have ended up with, and who that is. */
  const decided = ({ workspaceId, environment }: Scope, from: number, to: number | undefined) =>
    db
      .selectFrom("ledger")
      .select((row) => [
        "id",
        "reason",
        "currency",
        "occurred_at",
        // Two of one instant, which is what a date without a time is: the one that was written down later is the last.
        row.fn.coalesce("created_at", "updated_at").as("written_at"),
        row.fn.coalesce("subscription_id", "customer_id", "id").as("customer"),
        // Sums of integers overflow, on either store in its own way. Those of floating numbers are exact up to 2^53.
        row.cast<number | null>("mrr", "double precision").as("mrr"),
        row
          .case()
          .when("undone_at", "is not", null)
          .then(sql.lit<Outcome>("retained"))
          .else(row.ref("outcome"))
          .end()
          .as("outcome"),
      ])
      .where("workspace_id", "=", workspaceId)
      .where("environment", "=", environment)
      .where("occurred_at", ">=", from)
      .$if(to !== undefined, (query) => query.where("occurred_at", "<", to as number))
      // What is not known is not "involuntary" either.
      .where((row) =>
        row.or([
          row("source", "!=", "stripe"),
          row("reason", "is", null),
          row("reason", "!=", "involuntary"),
        ]),
      );

  return {
    async outcomeCounts(scope, { from, to, currency }) {
      const ranked = db
        .selectFrom(decided(scope, from, to).as("decided"))
        .selectAll()
        .select(({ fn, case: either, lit }) => {
          const openness = either()
            .when("outcome", "in", [sql.lit<Outcome>("retained"), sql.lit<Outcome>("cancelled")])
            .then(lit(0))
            .when("outcome", "=", sql.lit<Outcome>("abandoned"))
            .then(lit(1))
            .else(lit(2))
            .end();
          return fn
            .agg<number>("row_number")
            .over((over) =>
              over
                .partitionBy("customer")
                .orderBy(openness)
                .orderBy("occurred_at", "desc")
                .orderBy("written_at", "desc")
                .orderBy("id", "desc"),
            )
            .as("place");
        });
      const counts = await db
        .selectFrom(ranked.as("ranked"))
        .where("place", "=", 1)
        .select(({ fn, lit }) => {
          const count = fn.countAll<number>();
          const sum = (outcome: "retained" | "cancelled") => {
            const of = fn
              .sum<number>("mrr")
              .filterWhere("outcome", "=", outcome)
              .filterWhere("currency", "=", currency);
            return fn.coalesce(of, lit(0));
          };
          return [
            count.filterWhere("outcome", "=", "retained").as("retained"),
            count.filterWhere("outcome", "=", "cancelled").as("cancelled"),
            count.filterWhere("outcome", "=", "abandoned").as("abandoned"),
            count.filterWhere("outcome", "is", null).as("pending"),
            sum("retained").as("retainedMrr"),
            sum("cancelled").as("cancelledMrr"),
            count.filterWhere("currency", "!=", currency).as("otherCurrency"),
          ];
        })
        .executeTakeFirstOrThrow();
      const { retainedMrr, cancelledMrr } = counts;
      return { ...counts, retainedMrr: exact(retainedMrr), cancelledMrr: exact(cancelledMrr) };
    },

    async reasonCounts(scope, { from, length, parts, currency }) {
      const ranked = db
        .selectFrom(
          decided(scope, from, from + parts * length)
            // The driver of SQLite binds every number as a floating one: only the cast makes the division whole.
            .select(sql<number>`cast(occurred_at - ${from} as bigint) / ${sql.lit(length)}`.as("part"))
            .where("reason", "is not", null)
            .$narrowType<{ reason: string }>()
            .as("decided"),
        )
        .selectAll()
        .select(({ fn }) =>
          fn
            .agg<number>("row_number")
            .over((over) =>
              over
                .partitionBy(["part", "reason", "customer"])
                .orderBy("occurred_at", "desc")
                .orderBy("written_at", "desc")
                .orderBy("id", "desc"),
            )
            .as("place"),
        );
      const rows = await db
        .selectFrom(ranked.as("ranked"))
        .where("place", "=", 1)
        .select(({ fn }) => {
          const count = fn.countAll<number>();
          const sum = fn.sum<number | null>("mrr").filterWhere("currency", "=", currency);
          return [
            "reason",
            "part",
            count.as("count"),
            count.filterWhere("outcome", "=", "retained").as("retained"),
            count.filterWhere("outcome", "=", "cancelled").as("cancelled"),
            sum.as("mrr"),
            count.filterWhere("currency", "!=", currency).as("otherCurrency"),
          ];
        })
        .groupBy(["reason", "part"])
        .orderBy("reason")
        .orderBy("part")
        .execute();
      return rows.map(({ mrr, ...row }) => (mrr === null ? row : { ...row, mrr: exact(mrr) }));
    },
  };
}

/** A larger sum would neither be exact nor an integer to whoever reads it. */
const exact = (sum: number): number => Math.min(sum, Number.MAX_SAFE_INTEGER);

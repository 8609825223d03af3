/** What the ledger adds up to: one statement each, so that all figures are of one moment. */
import { type Kysely, sql } from "kysely";
import type { Schema } from "../schema.ts";
import type { Outcome, Queries, Scope } from "../store.ts";

type LedgerFigures = Pick<Queries, "outcomeCounts" | "reasonCounts">;

export function ledgerFigures(db: Kysely<Schema>): LedgerFigures {
  /** Events that customers brought about, with what they have ended up with. */
  const decided = ({ workspaceId, environment }: Scope, from: number, to: number | undefined) =>
    db
      .selectFrom("ledger")
      .select((row) => [
        "reason",
        "currency",
        row.fn.coalesce("mrr", row.lit(0)).as("mrr"),
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
      const counts = await db
        .selectFrom(decided(scope, from, to).as("decided"))
        .select(({ fn, cast, lit }) => {
          const count = fn.countAll<number>();
          // PostgreSQL adds up to a type of any size, which does not come back as a number.
          const sum = (outcome: "retained" | "cancelled") => {
            const of = fn
              .sum("mrr")
              .filterWhere("outcome", "=", outcome)
              .filterWhere("currency", "=", currency);
            return cast<number>(fn.coalesce(of, lit(0)), "bigint");
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
      // SQLite's driver makes objects without a prototype.
      return { ...counts };
    },

    async reasonCounts(scope, { from, length, parts, currency }) {
      const rows = await db
        .selectFrom(
          decided(scope, from, from + parts * length)
            // The driver of SQLite binds every number as a floating one: only the cast makes the division whole.
            .select(sql<number>`cast(occurred_at - ${from} as bigint) / ${sql.lit(length)}`.as("part"))
            .where("reason", "is not", null)
            .$narrowType<{ reason: string }>()
            .as("decided"),
        )
        .select(({ fn, cast, lit }) => {
          const count = fn.countAll<number>();
          const sum = fn.sum("mrr").filterWhere("currency", "=", currency);
          return [
            "reason",
            "part",
            count.as("count"),
            count.filterWhere("outcome", "=", "retained").as("retained"),
            count.filterWhere("outcome", "=", "cancelled").as("cancelled"),
            cast<number>(fn.coalesce(sum, lit(0)), "bigint").as("mrr"),
          ];
        })
        .groupBy(["reason", "part"])
        .orderBy("reason")
        .orderBy("part")
        .execute();
      return rows.map((row) => ({ ...row }));
    },
  };
}

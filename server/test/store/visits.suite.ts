import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { type KyselyPlugin, sql } from "kysely";
import { postgres, sqlite } from "../../src/store/differences.ts";
import { queries } from "../../src/store/queries.ts";
import type { LedgerRow, Queries } from "../../src/store/store.ts";
import type { Visit } from "../../src/store/visits.ts";
import type { TestHome, TestStore } from "../stores.ts";
import { aLedgerRow, anEnding, aRecovery, aReport, aScope, aSession, NOW } from "./rows.ts";

const startedAt = NOW;

const HOUR = 3_600_000;
const numbers = sql`with recursive numbers (n) as (select 1 union all select n + 1 from numbers where n < 2000)`;
const ago = sql`(cast(n as bigint) * ${sql.lit(HOUR)})`;

/** Most of them of other workspaces. */
const owner = sql`case n % 8 when 0 then workspace_id else workspace_id || n end`;

/** Copies of what there is, an hour apart. */
const crowds = [
  sql`${numbers} insert into ledger (id, workspace_id, environment, source, outcome, confirmed, feedback,
      offer_accepted, currency, started_at, occurred_at, updated_at)
    select id || n, ${owner}, environment, source, outcome, confirmed, feedback, offer_accepted, currency,
      started_at - ${ago}, occurred_at, updated_at from ledger cross join numbers`,
  sql`${numbers} insert into recoveries (id, workspace_id, environment, invoice_id, customer_id, amount, currency,
      status, attempt_count, first_failed_at, last_attempt_at, recovered_at)
    select id || n, ${owner}, environment, invoice_id || n, customer_id, amount, currency, status,
      attempt_count, first_failed_at - ${ago}, last_attempt_at, recovered_at - ${ago} from recoveries cross join numbers`,
];
const moreChanges = sql`insert into figure_changes (workspace_id, environment, measure, currency, at, count, amount)
  select workspace_id, environment, measure, currency, start, count, amount from figures where span = 'hour'`;

/** Visits as a list, and how the database finds them. */
export function visitsSuite(home: TestHome): void {
  describe("visits", () => {
    let opened: TestStore;
    before(async () => {
      opened = await home.open();
    });
    after(() => opened.drop());

    const put = async (rows: readonly LedgerRow[]) => {
      await opened.store.transaction(async (tx) => {
        for (const row of rows) await tx.putLedger(row);
      });
    };

    it("are listed by when they began, the latest first, page by page, and by what they have come to", async () => {
      const { store } = opened;
      const scope = aScope();
      const visit = (at: number, more: Partial<LedgerRow> = {}) => aReport(scope, { startedAt: at, ...more });
      // Three at once, two pages apart; and in an order that is not the one in which they began.
      const rows = [
        visit(NOW, { outcome: "retained" }),
        visit(NOW - 9, { outcome: "cancelled", undoneAt: NOW }),
        visit(NOW + 9),
        visit(NOW, { outcome: "cancelled" }),
        visit(NOW, { outcome: "retained" }),
      ];
      await put([
        ...rows,
        anEnding(scope),
        aReport({ ...scope, environment: "sandbox" }, { startedAt }),
        aReport(aScope(), { startedAt }),
      ]);
      const order = (a: LedgerRow, b: LedgerRow) =>
        (b.startedAt ?? 0) - (a.startedAt ?? 0) || (a.id < b.id ? 1 : -1);
      const sorted = [...rows].sort(order);
      const pages = async (by: object): Promise<Visit[]> => {
        const found: Visit[] = [];
        for (;;) {
          const last = found.at(-1);
          const cursor = last ? { after: { at: last.startedAt, id: last.id } } : {};
          const next = await store.visits(scope, { ...by, ...cursor, limit: 2 });
          const skipping = await store.visits(scope, { ...by, limit: 2, offset: found.length });
          assert.deepEqual(skipping, next);
          if (!next.length) return found;
          found.push(...next);
        }
      };
      assert.deepEqual(await pages({}), sorted);
      const retained = sorted.filter(({ outcome, undoneAt }) => outcome === "retained" || undoneAt);
      assert.equal(retained.length, 3);
      assert.deepEqual(await pages({ outcome: "retained" }), retained);
      assert.deepEqual(
        await pages({ outcome: "cancelled" }),
        sorted.filter(({ outcome, undoneAt }) => outcome === "cancelled" && !undoneAt),
      );
      assert.deepEqual(await pages({ outcome: "abandoned" }), []);
      const begun = sorted.filter(({ startedAt: at = 0 }) => at >= NOW - 9 && at < NOW + 9);
      assert.deepEqual(await pages({ from: NOW - 9, to: NOW + 9 }), begun);
      assert.deepEqual(await pages({ from: NOW + 9, to: NOW + 9 }), []);
    });

    it("are found by what they are called outside", async () => {
      const { store } = opened;
      const scope = aScope();
      const session = aSession(scope);
      await store.insertSession(session);
      const ofFlow = aLedgerRow(scope, session.id, { startedAt });
      const [report, ending] = [aReport(scope, { startedAt }), anEnding(scope)];
      await put([ofFlow, report, ending]);
      assert.deepEqual(await store.visit(scope, session.id), ofFlow);
      assert.deepEqual(await store.visit(scope, report.id), report);
      for (const id of [ofFlow.id, ending.id, "nobody"])
        assert.equal(await store.visit(scope, id), undefined, id);
      assert.equal(await store.visit({ ...scope, environment: "sandbox" }, report.id), undefined);
    });

    it("and their figures are reached over indexes, however many there are", async () => {
      const alone = await home.open();
      try {
        const { store, db } = alone;
        const scope = aScope();
        await store.putLedger(aReport(scope, { startedAt, outcome: "retained", feedback: "so".repeat(99) }));
        await store.putRecovery(aRecovery(scope, { status: "recovered", recoveredAt: NOW }));
        for (const statement of crowds) await statement.execute(db);
        await store.rebuildFigures();
        await moreChanges.execute(db);
        if (home.name === "PostgreSQL") await sql`analyze`.execute(db);
        const plans: string[] = [];
        const options = home.name === "SQLite" ? { options: sql`query plan`.toOperationNode() } : {};
        const explaining: KyselyPlugin = {
          transformQuery: ({ node }) =>
            ({ ...node, explain: { kind: "ExplainNode", ...options } }) as typeof node,
          async transformResult({ result }) {
            plans.push(JSON.stringify(result.rows));
            return { ...result, rows: [] };
          },
        };
        const explained = queries(db.withPlugin(explaining), home.name === "SQLite" ? sqlite : postgres);
        const [from, to] = [NOW - 99 * HOUR, NOW - HOUR];
        const after = { at: NOW - 9 * HOUR, id: "can" };
        const month = { from: Date.UTC(2026, 0), to: Date.UTC(2028, 0) };
        const ways: [(any: Queries) => Promise<unknown>, RegExp, unsorted?: RegExp][] = [
          [(any) => any.visits(scope, { limit: 9 }), /ledger_visits\b(?!_by_end)/, /TEMP B-TREE|Sort/],
          [(any) => any.visits(scope, { limit: 9, after }), /ledger_visits\b/, /TEMP B-TREE|Sort/],
          [(any) => any.visits(scope, { limit: 9, from, to }), /ledger_visits\b/, /TEMP B-TREE|Sort/],
          [
            (any) => any.visits(scope, { limit: 9, outcome: "retained", from, to }),
            /ledger_visits_by_end/,
            /TEMP B-TREE|Sort/,
          ],
          [
            (any) => any.visit(scope, "nobody"),
            /ledger_session.*(ledger_pkey|sqlite_autoindex_ledger)|ledger_visits/,
          ],
          [
            (any) => any.figures(scope, { from, to }),
            /figures_(pk|1).*figure_changes_at.*ledger_visits.*recoveries_recent.*recoveries_recovered/,
          ],
          [(any) => any.monthlyFigures(scope, month), /figures_(pk|1).*figure_changes_at/],
        ];
        for (const [ask, over, never] of ways) {
          plans.length = 0;
          await ask(explained);
          const [plan = ""] = plans;
          assert.match(plan, over, String(ask));
          assert.doesNotMatch(plan, /Seq Scan|"SCAN (?!addends|\(subquery)/, String(ask));
          if (never) assert.doesNotMatch(plan, never, String(ask));
        }
      } finally {
        await alone.drop();
      }
    });
  });
}

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type KyselyPlugin, sql } from "kysely";
import { sessionQueries } from "../../src/store/queries/sessions.ts";
import type { TestHome } from "../stores.ts";
import { anAction, aScope, aSession, id, NOW } from "./rows.ts";

/** What each opening of a flow asks does not grow with the number of a workspace's sessions. */
export function plansSuite(home: TestHome): void {
  describe("the way to the rows", () => {
    it("of one subscription leads over its index", async () => {
      const opened = await home.open();
      try {
        const { store, db } = opened;
        const scope = aScope();
        const rows = Array.from({ length: 300 }, () => aSession(scope, { subscriptionId: id("sub") }));
        await store.transaction(async (tx) => {
          for (const row of rows) {
            await tx.insertSession(row);
            await tx.insertAction(anAction(row.id));
          }
        });
        // SQLite plans without figures, as in an installation; PostgreSQL would sooner or later gather them itself.
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
        const explained = sessionQueries(db.withPlugin(explaining));
        const [session = assert.fail()] = rows;
        await explained.pendingSessions(scope, session.subscriptionId);
        await explained.cancelledSessions(scope, session.subscriptionId);
        await explained.isRetainedSince(scope, session.subscriptionId, NOW);
        await explained.isChangedSince(session, NOW);
        assert.equal(plans.length, 4);
        for (const plan of plans) assert.match(plan, /sessions_subscription/);
      } finally {
        await opened.drop();
      }
    });
  });
}

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type KyselyPlugin, NoResultError, sql } from "kysely";
import { postgres, sqlite } from "../../src/store/differences.ts";
import { queries } from "../../src/store/queries.ts";
import type { Queries } from "../../src/store/store.ts";
import type { TestHome } from "../stores.ts";
import {
  aBillingEvent,
  aChange,
  anAction,
  anAttempt,
  anEnding,
  anEvent,
  anOutcome,
  aRecovery,
  aReport,
  aScope,
  aSession,
  id,
  NOW,
} from "./rows.ts";

/** So many, and so long, that reading them all costs PostgreSQL more than an index does. */
const ROWS = 300;
const LONG_ID = "half".padEnd(64, "_");

const offer = { type: "contact", id: LONG_ID, terms: { url: "https://acme.example" } } as const;
const decision = { type: "accept", offer, choice: {} } as const;

/** What each opening of a flow or a hub asks does not grow with the number of a workspace's sessions. */
export function plansSuite(home: TestHome): void {
  describe("the way to the rows", () => {
    it("of one subscription, customer or key leads over an index", async () => {
      const opened = await home.open();
      try {
        const { store, db } = opened;
        const scope = aScope();
        const many = Array.from({ length: ROWS }, () => ({
          customerId: id("cus"),
          subscriptionId: id("sub"),
        }));
        const sessions = many.map((one) => aSession(scope, one));
        const changes = many.map((one) => aChange(scope, { ...one, status: "succeeded" }));
        const reports = many.map((one) => aReport(scope, one));
        const recoveries = many.map((one) => aRecovery(scope, { ...one, status: "recovered" }));
        await store.transaction(async (tx) => {
          for (const row of sessions) {
            await tx.insertSession(row);
            await tx.insertAction(anAction(row.id, { decision }));
            await tx.insertSessionEvents(row.id, [anEvent("r", 0)], NOW);
          }
          for (const row of reports) {
            await tx.putLedger(row);
            await tx.insertLedgerOutcome(anOutcome(row.id, { metadata: { note: LONG_ID } }));
          }
          for (const row of changes) {
            await tx.insertChange(row);
            await tx.dismissOffer(scope, row.customerId, LONG_ID, NOW);
            await tx.putLedger(anEnding(scope, { subscriptionId: row.subscriptionId }));
            await tx.insertBillingEvent(aBillingEvent(scope, { subject: row.subscriptionId }));
          }
          for (const row of recoveries) {
            await tx.putRecovery(row);
            await tx.insertRecoveryAttempt(anAttempt(row.id, { declineCode: LONG_ID }));
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
        const explained = queries(db.withPlugin(explaining), home.name === "SQLite" ? sqlite : postgres);
        const [session = assert.fail()] = sessions;
        const [recovery = assert.fail()] = recoveries;
        const [report = assert.fail()] = reports;
        const [{ customerId, subscriptionId, key } = assert.fail()] = changes;
        const ofSubscription = /changes_(subscription|one)/;
        const ofCustomer = home.name === "SQLite" ? /autoindex_changes_2/ : /changes_key/;
        const ways: [(any: Queries) => Promise<unknown>, ...RegExp[]][] = [
          [(any) => any.pendingSessions(scope, subscriptionId), /sessions_subscription/],
          [(any) => any.cancelledSessions(scope, subscriptionId), /sessions_subscription/],
          [(any) => any.isRetainedSince(scope, subscriptionId, NOW), /sessions_subscription/, ofSubscription],
          [(any) => any.isChangedSince(session, NOW), /sessions_subscription/, ofSubscription],
          [(any) => any.pendingChanges(scope, subscriptionId), ofSubscription],
          [(any) => any.changeByKey(scope, customerId, key), ofCustomer],
          [(any) => any.acceptedOffers(scope, customerId), ofCustomer],
          [(any) => any.dismissedOffers(scope, customerId), /offer_dismissals_(pk|1)/],
          [(any) => any.openEnding(scope, subscriptionId), /ledger_ending/],
          [(any) => any.ledgerOfEvent(scope, report.eventId), /ledger_event/],
          [(any) => any.ledgerOutcomes(report.id, 101), /ledger_outcomes_ledger/],
          [(any) => any.insertLedgerOutcome(anOutcome(report.id)), /^\[/, /ledger_outcomes_ledger/],
          [(any) => any.outcomeCounts(scope, { from: NOW + 1, currency: "eur" }), /ledger_recent/],
          [
            (any) =>
              any.reasonCounts(scope, { from: NOW + 1, length: 86_400_000, parts: 1, currency: "eur" }),
            /ledger_recent/,
          ],
          [(any) => any.eventsOfToken(session.tokenId), /sessions_(ordinal|2).*session_events_(pk|seq|1)/],
          [(any) => any.billingEvents(scope, subscriptionId), /billing_events_subject/],
          [(any) => any.forgetBillingEvents(NOW - 1), /billing_events_received/],
          [(any) => any.recovery(scope, recovery.invoiceId), /recoveries_(invoice|2)/],
          [(any) => any.recoveriesOf(scope, subscriptionId), /recoveries_subscription/],
          [(any) => any.silentRecoveries(NOW, 9), /recoveries_pending/],
          [(any) => any.recoveryAttempts(recovery.id), /recovery_attempts_(one|2)/],
        ];
        for (const [ask, ...over] of ways) {
          plans.length = 0;
          await ask(explained).catch((error) => assert.ok(error instanceof NoResultError, error));
          assert.equal(plans.length, over.length, String(ask));
          for (const [index, way] of over.entries()) {
            assert.match(plans[index] as string, way);
            // What a statement has found itself may be gone through.
            assert.doesNotMatch(plans[index] as string, /Seq Scan|"SCAN (?!ranked"|\(subquery)/);
          }
        }
      } finally {
        await opened.drop();
      }
    });
  });
}

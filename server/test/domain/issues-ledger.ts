/** Cancellations as they stand in the ledger, for what is made of them. */
import { randomText } from "../../src/domain/workspaces.ts";
import type { LedgerRow, Scope, Store } from "../../src/store/store.ts";

/** One that the business has reported. */
export const cancellation = (
  { workspaceId, environment }: Scope,
  more: Partial<LedgerRow> & Pick<LedgerRow, "occurredAt">,
): LedgerRow => ({
  id: `can_${randomText(22)}`,
  workspaceId,
  environment,
  source: "api",
  eventId: `evt_${randomText(22)}`,
  subscriptionId: `sub_${randomText(22)}`,
  outcome: "cancelled",
  confirmed: true,
  offerAccepted: false,
  mrr: 4_900,
  currency: "eur",
  createdAt: more.occurredAt,
  updatedAt: more.occurredAt,
  ...more,
});

export const putAll = (store: Store, rows: readonly LedgerRow[]): Promise<void> =>
  store.transaction(async (tx) => {
    for (const row of rows) await tx.putLedger(row);
  });

/** As many of each reason as it says. */
export async function report(
  store: Store,
  scope: Scope,
  reasons: Readonly<Record<string, number>>,
  more: Partial<LedgerRow> & Pick<LedgerRow, "occurredAt">,
): Promise<void> {
  const rows = Object.entries(reasons).flatMap(([reason, count]) =>
    Array.from({ length: count }, () => cancellation(scope, { reason, ...more })),
  );
  await putAll(store, rows);
}

/** Eight a week that are never an issue: with three of another reason that one is more than a quarter. */
export const SMALL = { moving: 2, bugs: 2, support: 2, quality: 2 };

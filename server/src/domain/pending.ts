/** A subscription has at most one thing that billing has not answered, be it a flow's decision or a change in a hub. */
import type { Deps } from "../deps.ts";
import type { Queries, Scope } from "../store/store.ts";
import { settleChanges } from "./change-settlement.ts";
import { settlePending } from "./settlement.ts";

export async function isAnythingPending(
  queries: Queries,
  scope: Scope,
  subscriptionId: string,
): Promise<boolean> {
  return (
    (await queries.pendingChanges(scope, subscriptionId)).length > 0 ||
    (await queries.pendingSessions(scope, subscriptionId)).length > 0
  );
}

/** Finds out what became of it. */
export async function settleAll(deps: Deps, scope: Scope, subscriptionId: string): Promise<void> {
  for (const session of await deps.store.pendingSessions(scope, subscriptionId))
    await settlePending(deps, session);
  await settleChanges(deps, scope, subscriptionId);
}

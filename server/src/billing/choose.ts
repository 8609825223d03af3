/** Which billing a subscription has: what its business does by itself, or what the workspace is connected to. */
import type { Deps } from "../deps.ts";
import { isLinkId } from "../domain/link-ids.ts";
import type { Scope, Store } from "../store/store.ts";
import { ownBilling } from "./own.ts";
import type { BillingProvider } from "./provider.ts";
import { withTimeLimit } from "./time-limit.ts";

/**
 * @param of.limit how long a customer can wait for billing, ms
 * @param connected billing of a workspace in one environment
 */
export const chooseBilling =
  (
    {
      limit,
      ...own
    }: { store: Pick<Store, "cancelLink" | "latestSession">; clock: () => number; limit: number },
    connected: (scope: Scope) => BillingProvider,
  ): Deps["billing"] =>
  ({ subscriptionId, workspaceId, environment }) => {
    // A link to a hosted flow is the subscription of a business that bills by itself.
    if (subscriptionId !== undefined && isLinkId(subscriptionId))
      return withTimeLimit(ownBilling(own, subscriptionId), limit);
    return limited(connected({ workspaceId, environment }), limit);
  };

/** One provider is asked for by every request. */
const known = new WeakMap<BillingProvider, { limit: number; limited: BillingProvider }>();

function limited(provider: BillingProvider, limit: number): BillingProvider {
  const found = known.get(provider);
  if (found?.limit === limit) return found.limited;
  const made = withTimeLimit(provider, limit);
  known.set(provider, { limit, limited: made });
  return made;
}

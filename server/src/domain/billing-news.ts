/** What billing that is simulated has to tell. Nobody sends it here, so it is asked for. */
import type { Environment } from "../billing/provider.ts";
import { BillingError } from "../billing/provider.ts";
import { type Deps, loggable } from "../deps.ts";
import { keepBillingEvent } from "./billing-events.ts";

const ENVIRONMENTS: readonly Environment[] = ["prod", "sandbox"];

/** What was kept and not acknowledged is told again, and kept once. */
export async function hearSimulated(deps: Deps): Promise<void> {
  for (const { id: workspaceId } of await deps.store.workspaces()) {
    for (const environment of ENVIRONMENTS) {
      const scope = { workspaceId, environment };
      const billing = deps.billing(scope);
      if (!billing.news || !billing.heard) continue;
      try {
        const events = await billing.news();
        for (const event of events) await keepBillingEvent(deps, scope, event);
        if (events.length) await billing.heard(events.map(({ id }) => id));
      } catch (error) {
        // One business's must not keep the others' from being heard.
        if (!(error instanceof BillingError)) throw error;
        deps.log.warn({ ...scope, err: loggable(error) }, "billing could not be asked for news");
      }
    }
  }
}

/** A business's hub settings, checked against what billing sells. */
import { BillingError, type BillingProvider, type CatalogPrice } from "../billing/provider.ts";
import type { HubDefinition } from "../contract/hub-settings.ts";
import type { Deps } from "../deps.ts";
import type { LintIssue } from "./flows.ts";

/**
 * Prices that billing does not have in either environment: nobody could ever change to them.
 * @throws BillingError if billing does not answer
 */
export async function unknownPlans(
  { billing }: Pick<Deps, "billing">,
  workspaceId: string,
  { plans = [] }: Pick<HubDefinition, "plans">,
): Promise<LintIssue[]> {
  const both = (["prod", "sandbox"] as const).map((environment) => billing({ workspaceId, environment }));
  const issues: LintIssue[] = [];
  for (const [index, id] of plans.entries()) {
    const found = await Promise.all(both.map((each) => priceOf(each, id)));
    if (!found.some(Boolean))
      issues.push({ path: `plans/${index}`, message: `billing has no price "${id}"` });
  }
  return issues;
}

/** An environment without billing sells nothing, and is no reason not to check the other. */
async function priceOf(billing: BillingProvider, id: string): Promise<CatalogPrice | undefined> {
  try {
    return await billing.price(id);
  } catch (error) {
    if (error instanceof BillingError && error.code === "not_configured") return undefined;
    throw error;
  }
}

/** What is not done with a subscription, whatever its state: the same as it says of itself. */
import type { BillingAction } from "../../provider.ts";
import type { Snapshot, Tools } from "../model.ts";
import { takesDays } from "../payment-methods.ts";
import { refuse } from "../rules.ts";
import { hasOnceLeft, isForeign, refusals } from "../view.ts";

/** @throws BillingError rejected */
export function checkPossible(
  before: Snapshot,
  type: BillingAction["type"],
  { settings }: Pick<Tools, "settings">,
): void {
  if (!refusals(before, settings).includes(type)) return;
  if (type === "retry_payment") checkCharged(before);
  const { id, items, collection_method: method } = before.subscription;
  if (isForeign(before)) refuse("managed_elsewhere", `${id} follows a schedule that was not made here`);
  if (type === "promo_code") refuse("promo_code_not_applicable", `${id} is paused`);
  if (type === "pause" && hasOnceLeft(before))
    refuse("discount_waiting", `${id} has a discount for one charge`);
  if (type === "pause") refuse("period_too_long", `${id} would not be charged for a whole long period`);
  if (method === "send_invoice") refuse("not_charged_automatically", `${id} is paid by invoice`);
  const plans = items.data.filter(({ price }) => price.recurring?.usage_type === "licensed");
  // What is paid by use may stand beside the plan; of several plans nobody can say which is meant.
  if (plans.length !== 1) refuse("several_items", `${id} has ${plans.length} plans`);
  refuse("price_not_supported", `What ${id} costs for one does not say what it costs for several`);
}

/**
 * @throws BillingError rejected where an invoice would be sent, which is a debt until somebody pays it, or where the money
 * comes, or does not, days later
 */
export function checkCharged({ subscription, customer }: Snapshot): void {
  const { id, collection_method: method } = subscription;
  if (method !== "charge_automatically")
    refuse("not_charged_automatically", `What ${id} costs is paid by invoice and not at once`);
  if (takesDays(subscription, customer))
    refuse("payment_takes_days", `Whether a payment for ${id} has come in is known days later`);
}

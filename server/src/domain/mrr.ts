import { monthlyAmount } from "../../../src/flow/offers.ts";
import type { BilledSubscription } from "../billing/provider.ts";

/** Monthly recurring revenue of a subscription in minor units, before discounts. */
export const mrrOf = ({ mrr, price }: Pick<BilledSubscription, "mrr" | "price">): number =>
  mrr ?? monthlyAmount(price);

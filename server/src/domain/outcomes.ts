/**
 * What a visit has come to, and what that has kept and lost: monthly revenue before discounts, minor units. A discount or a
 * pause keeps all of it; a cheaper plan keeps what that costs, and the difference is lost. A dearer one keeps no more than
 * there was.
 */
import type { FlowConfig, Offer, Settlement } from "../../../src/api/wire.ts";
import { monthlyAmount } from "../../../src/flow/offers.ts";
import type { LedgerRow, Outcome } from "../store/store.ts";

/** A cancellation that was taken back is one that was kept. */
export const endOf = ({ outcome, undoneAt }: Pick<LedgerRow, "outcome" | "undoneAt">): Outcome | undefined =>
  undoneAt === undefined ? outcome : "retained";

/**
 * The row with what its outcome is worth; nothing where nobody has said what the subscription costs.
 * @param kept of what was paid, what the customer pays now if they have stayed
 */
export function valued(row: LedgerRow, kept = row.mrr): LedgerRow {
  const { savedMrr: _s, lostMrr: _l, ...rest } = row;
  const end = endOf(row);
  // What billing has ended by itself was no visit.
  if (row.mrr === undefined || kept === undefined || row.startedAt === undefined) return rest;
  if (end === "cancelled") return { ...rest, lostMrr: row.mrr };
  if (end !== "retained") return rest;
  const savedMrr = Math.min(kept, row.mrr);
  return { ...rest, savedMrr, ...(savedMrr < row.mrr ? { lostMrr: row.mrr - savedMrr } : {}) };
}

/** What the customer pays a month with what they have accepted; undefined if that changes no price. */
export function keptMrr(config: FlowConfig, { offer, choice }: Settlement): number | undefined {
  const accepted = offer && offersIn(config.flow).find(({ id }) => id === offer.id);
  const plan =
    accepted?.type === "plan_change"
      ? accepted.terms.plans.find(({ price }) => price.id === choice?.priceId)
      : accepted?.type === "annual_switch"
        ? accepted.terms.plan
        : undefined;
  return plan && monthlyAmount(plan.price);
}

/** All that this customer may be shown, in the order of the steps. */
export const offersIn = ({ steps }: FlowConfig["flow"]): Offer[] =>
  steps
    .flatMap((step) =>
      step.type === "survey"
        ? step.reasons.map(({ offer }) => offer)
        : step.type === "offer"
          ? [step.offer]
          : [],
    )
    .filter((offer) => offer !== undefined);

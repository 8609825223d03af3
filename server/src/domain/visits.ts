/** Visits of customers who thought of leaving, as a list: in a flow of ours, over a link, or as the business reported them. */
import type { z } from "zod";
import type { ListedSession, SessionsQuery } from "../contract/analytics.ts";
import type { Deps } from "../deps.ts";
import type { LedgerRow, Outcome, Scope, WorkspaceRow } from "../store/store.ts";
import type { Cursor, Visit } from "../store/visits.ts";
import { countVisits } from "./analytics.ts";
import { currencyOf } from "./currency.ts";
import { rangeOf } from "./date-ranges.ts";
import { isoOf, isoOrNull } from "./dates.ts";
import { endOf } from "./outcomes.ts";
import { Problem } from "./problem.ts";
import { OUTCOMES_BY_WORD, offerWord, outcomeWord } from "./retainly-words.ts";

/** What a visit is called outside. */
export const visitId = ({ sessionId, id }: Pick<LedgerRow, "sessionId" | "id">): string => sessionId ?? id;

/** @param currency of the workspace: amounts in any other would pass for ones in it, so there are none */
export function visitView(visit: Visit, currency: string): z.input<typeof ListedSession> {
  const { offerType, completedAt } = visit;
  const isSummed = visit.currency === currency;
  return {
    id: visitId(visit),
    customer_id: visit.customerId ?? null,
    subscription_id: visit.subscriptionId ?? null,
    email: visit.email ?? null,
    reason: visit.reason ?? null,
    outcome: outcomeWord(endOf(visit)),
    offer_type: offerType === undefined ? null : offerWord(offerType),
    offer_accepted: visit.offerAccepted,
    mrr_cents: (isSummed ? visit.mrr : undefined) ?? null,
    saved_mrr_cents: (isSummed ? visit.savedMrr : undefined) ?? null,
    metadata: visit.metadata ?? {},
    started_at: isoOf(visit.startedAt),
    completed_at: isoOrNull(completedAt),
  };
}

export interface VisitPage {
  visits: Visit[];
  currency: string;
  /** Of all pages. */
  total: number;
  hasMore: boolean;
}

type Wanted = Omit<z.output<typeof SessionsQuery>, "environment" | "workspace_id">;

/** Latest first. @throws Problem parameter_invalid */
export async function listVisits(
  { store }: Pick<Deps, "store">,
  { settings }: Pick<WorkspaceRow, "settings">,
  scope: Scope,
  { outcome: word, since, until, after, limit, offset }: Wanted,
): Promise<VisitPage> {
  const range = rangeOf(since, until);
  const outcome: Outcome | undefined = word && OUTCOMES_BY_WORD[word];
  const cursor = after === undefined ? {} : { after: await cursorOf({ store }, scope, after) };
  const by = { ...range, ...cursor, ...(outcome ? { outcome } : {}), offset };
  // One more says whether there is another page.
  const visits = await store.visits(scope, { ...by, limit: limit + 1 });
  return {
    visits: visits.slice(0, limit),
    currency: currencyOf(settings),
    total: countVisits(await store.figures(scope, range), outcome),
    hasMore: visits.length > limit,
  };
}

/** @throws Problem session_not_found */
export async function readVisit({ store }: Pick<Deps, "store">, scope: Scope, id: string): Promise<Visit> {
  const visit = await store.visit(scope, id);
  if (!visit) throw new Problem("session_not_found");
  return visit;
}

/** @throws Problem parameter_invalid */
async function cursorOf({ store }: Pick<Deps, "store">, scope: Scope, id: string): Promise<Cursor> {
  const visit = await store.visit(scope, id);
  if (!visit) throw new Problem("parameter_invalid", { param: "after", message: "after: no such session" });
  return { at: visit.startedAt, id: visit.id };
}

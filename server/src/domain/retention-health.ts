/** One number for how many of those who wanted to leave have stayed, and what it is made of. */
import type { Environment } from "../billing/provider.ts";
import type { Deps } from "../deps.ts";
import type { OutcomeCounts, WorkspaceRow } from "../store/store.ts";
import { currencyOf } from "./currency.ts";

export const HEALTH_DAYS = 30;

/** With fewer decided cancellations than this, one customer would move the score by more than 20 points. */
export const LEAST_DECIDED = 5;

const PERIOD = HEALTH_DAYS * 86_400_000;

/** Numbers are of customers. Money is in minor units of `currency`. */
export interface RetentionHealth extends OutcomeCounts {
  environment: Environment;
  /** When it was computed, and since when events count. What billing dates later counts as well. */
  at: number;
  from: number;
  currency: string;
  /** Of 100 customers who decided, how many have stayed. Null if too few have. */
  score: number | null;
  /** Points more than in the 30 days before. Null if either score is. */
  trend: number | null;
  previous: { from: number; to: number; score: number | null; retained: number; cancelled: number };
}

/** Whole points, halves upwards. */
export function scoreOf({
  retained,
  cancelled,
}: Pick<OutcomeCounts, "retained" | "cancelled">): number | null {
  const decided = retained + cancelled;
  return decided < LEAST_DECIDED ? null : Math.round((100 * retained) / decided);
}

export async function retentionHealth(
  { store, clock }: Pick<Deps, "store" | "clock">,
  workspace: Pick<WorkspaceRow, "id" | "settings">,
  environment: Environment = "prod",
): Promise<RetentionHealth> {
  const scope = { workspaceId: workspace.id, environment };
  const currency = currencyOf(workspace.settings);
  const at = clock();
  const from = at - PERIOD;
  const before = { from: from - PERIOD, to: from };
  // Without an end: a simulated billing's clock can be ahead of ours.
  const counts = await store.outcomeCounts(scope, { from, currency });
  const { retained, cancelled } = await store.outcomeCounts(scope, { ...before, currency });
  const score = scoreOf(counts);
  const previous = { ...before, score: scoreOf({ retained, cancelled }), retained, cancelled };
  const trend = score === null || previous.score === null ? null : score - previous.score;
  return { environment, at, from, currency, ...counts, score, trend, previous };
}

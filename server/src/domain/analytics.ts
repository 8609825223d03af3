/** What visits have come to, and payments that had failed: of the last thirty days, and month by month. */
import { setImmediate } from "node:timers/promises";
import type { Deps } from "../deps.ts";
import type { Figure, Measure } from "../store/figures.ts";
import type { Outcome, Scope, WorkspaceRow } from "../store/store.ts";
import { currencyOf } from "./currency.ts";
import { lastMonths, monthOf } from "./months.ts";

const PERIOD = 30 * 86_400_000;

/** So many changes are added up in one transaction: others wait for it on SQLite. */
const BATCH = 5_000;

/** Of a schedule's lease, ms: what is left then waits for the next time. */
const LONGEST = 20_000;

type Reading = Pick<Deps, "store" | "clock">;

/** Numbers are of visits and invoices in any currency; amounts are minor units of the workspace's. */
export interface Analytics {
  sessions: number;
  saves: number;
  failedPayments: number;
  /** Of these, those that were paid since. */
  recoveries: number;
  savedMrr: number;
  lostMrr: number;
  /** How many saved and cancelled visits are in no amount. */
  otherCurrency: number;
}

export interface MonthOfRevenue {
  /** Its beginning. */
  month: number;
  saves: number;
  savedMrr: number;
  lostMrr: number;
  /** Invoices that were paid in this month, whenever they had failed. */
  recoveries: number;
  recovered: number;
}

export interface Revenue {
  currency: string;
  /** Ascending; the last one is still running, and takes what a simulated billing dates later. */
  months: MonthOfRevenue[];
  totals: Omit<MonthOfRevenue, "month">;
  /** How many saved and cancelled visits and paid invoices are in no amount. */
  otherCurrency: number;
}

export async function analytics(
  { store, clock }: Reading,
  { settings }: Pick<WorkspaceRow, "settings">,
  scope: Scope,
): Promise<Analytics> {
  // Without an end: a simulated billing's clock can be ahead of ours.
  const figures = await store.figures(scope, { from: clock() - PERIOD });
  const currency = currencyOf(settings);
  return {
    sessions: countVisits(figures),
    saves: countVisits(figures, "retained"),
    failedPayments: countOf(figures, "failures"),
    recoveries: countOf(figures, "failures.recovered"),
    savedMrr: amountOf(figures, currency, "visits.retained"),
    lostMrr: amountOf(figures, currency, "visits.cancelled", "lowered"),
    otherCurrency: countOf(inOther(figures, currency), "visits.retained", "visits.cancelled"),
  };
}

/** @param count of months, the running one included */
export async function revenue(
  { store, clock }: Reading,
  { settings }: Pick<WorkspaceRow, "settings">,
  scope: Scope,
  count: number,
): Promise<Revenue> {
  const currency = currencyOf(settings);
  const now = clock();
  const [from, to] = [monthOf(now, 1 - count), monthOf(now, 1)];
  const [past, ahead] = await Promise.all([
    store.monthlyFigures(scope, { from, to }),
    store.figures(scope, { from: to }),
  ]);
  const last = monthOf(now);
  const figures = [...past, ...ahead.map((figure) => ({ ...figure, month: last }))];
  const months = lastMonths(now, count).map((month) => {
    const of = figures.filter((figure) => figure.month === month);
    return { month, ...revenueOf(of, currency) };
  });
  return {
    currency,
    months,
    totals: revenueOf(figures, currency),
    otherCurrency: countOf(inOther(figures, currency), "visits.retained", "visits.cancelled", "recoveries"),
  };
}

const revenueOf = (figures: readonly Figure[], currency: string): Revenue["totals"] => ({
  saves: countVisits(figures, "retained"),
  savedMrr: amountOf(figures, currency, "visits.retained"),
  lostMrr: amountOf(figures, currency, "visits.cancelled", "lowered"),
  recoveries: countOf(figures, "recoveries"),
  recovered: amountOf(figures, currency, "recoveries"),
});

/** @param outcome only these; all where it is left out, open ones too */
export const countVisits = (figures: readonly Figure[], outcome?: Outcome): number =>
  outcome === undefined
    ? countOf(figures, "visits.open", "visits.retained", "visits.cancelled", "visits.abandoned")
    : countOf(figures, `visits.${outcome}`);

/** Never less than none: what a server without these figures changes is put right by a rebuild. */
const countOf = (figures: readonly Figure[], ...measures: Measure[]): number =>
  Math.max(
    0,
    figures.reduce((sum, { measure, count }) => (measures.includes(measure) ? sum + count : sum), 0),
  );

const amountOf = (figures: readonly Figure[], wanted: string, ...measures: Measure[]): number =>
  figures.reduce(
    (sum, { measure, currency, amount }) =>
      currency === wanted && measures.includes(measure)
        ? Math.min(sum + amount, Number.MAX_SAFE_INTEGER)
        : sum,
    0,
  );

const inOther = (figures: readonly Figure[], currency: string): Figure[] =>
  figures.filter((figure) => figure.currency !== currency);

/** Adds changes up. What is not done within a while is done the next time: figures are exact in any case. */
export async function foldFigures({ store, clock }: Reading): Promise<void> {
  const end = clock() + LONGEST;
  // SQLite answers at once: between two batches, requests have their turn.
  while ((await store.foldFigures(BATCH)) === BATCH && clock() < end) await setImmediate();
}
